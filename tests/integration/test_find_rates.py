"""Units that answer late more often than the others, on rows as the city's views hold them."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from jobs.home import ZONE
from jobs.warn.candidate import say
from jobs.warn.find import find
from schemas.warning_rule import load_rules

pytestmark = pytest.mark.spark

AS_OF = date(2026, 6, 29)
RULE = next(rule for rule in load_rules() if rule.family == "hotline_unit_late")
USUAL = {f"unit {n}": (200, 16 + n % 5) for n in range(10)}


@pytest.fixture
def found(spark):
    """units: name -> (orders, late ones) 40 days ago. more: (unit, called days ago, answered after days or None, status, due after days)."""

    def told(units, more=()):
        rows = [
            (who, 40, 9 if n < late else 2, "closed", 7) for who, (count, late) in units.items() for n in range(count)
        ]
        orders = []
        for n, (who, ago, after, status, due) in enumerate([*rows, *more]):
            called = datetime(2026, 6, 29, tzinfo=ZONE) - timedelta(days=ago)
            closed = None if after is None else called + timedelta(days=after)
            orders.append(("d", n, who, called, called + timedelta(days=due), closed, status))
        columns = "delivery_id STRING, row_no BIGINT, unit STRING, called_at TIMESTAMP, due_at TIMESTAMP, closed_at TIMESTAMP, status STRING"
        spark.createDataFrame(orders, columns).createOrReplaceTempView("hotline")
        return find(spark, RULE, AS_OF)

    return told


def test_a_unit_out_of_the_funnel_is_told_with_its_late_orders(found) -> None:
    (warning,) = found(USUAL | {"slow": (200, 70)})
    assert (warning.subject_key, warning.observed) == ("slow", 70) and len(warning.evidence) == 70
    assert warning.bound is not None and 16 < warning.expected < warning.bound < 70
    assert RULE.level_of(warning.score) == "blue"
    assert "slow近90天到期工单200件,超期70件(35%)" in say(warning)


@pytest.mark.parametrize(
    "units",
    [
        USUAL,
        USUAL | {"small": (29, 20)},
        USUAL | {"good": (200, 0)},
        {f"unit {n}": (200, 5 + 6 * n) for n in range(12)},
        {"slow": (200, 70), **dict(list(USUAL.items())[:3])},
    ],
    ids=["alike", "too few orders", "better than the others", "all over the place", "too few units"],
)
def test_a_unit_that_is_only_last_is_not_told(found, units) -> None:
    assert found(units) == []


def test_only_what_is_due_and_was_not_returned_is_judged(found) -> None:
    open_and_due = [("unit 0", 20, None, "open", 7)] * 60
    assert [one.subject_key for one in found(USUAL, open_and_due)] == ["unit 0"]
    not_due, returned, long_ago = (
        [("unit 0", 5, None, "open", 7)] * 60,
        [("unit 0", 20, None, "returned", 7)] * 60,
        [("unit 0", 95, 9, "closed", 7)] * 60,
    )
    assert found(USUAL, [*not_due, *returned, *long_ago]) == []

"""What is kept of a delivery as a whole: enough to compare the next one with, nothing that tells of a person."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from small_feed import feed_of

from jobs.home import ZONE
from jobs.lake import connect
from quality.profile import FEWEST, SAMPLED_ROWS, SEALED_ROWS, Profile, profile
from quality.sift import sift
from schemas.contract import Contract
from schemas.watch import days_of

RECEIVED = datetime(2026, 6, 29, 12, tzinfo=ZONE)
PEOPLE = {
    "name": {"from": ["姓名"], "type": "person_name"},
    "mobile": {"from": ["电话"], "type": "mobile"},
    "words": {"from": ["内容"], "type": "free_text"},
    "unit": {"from": ["单位"], "type": "string"},
    "pension": {"from": ["金额"], "type": "money", "privacy": "L4"},
    "kind": {"from": ["类别"], "type": "string", "map": {"甲": "a", "乙": "b"}},
    "at": {"from": ["时间"], "type": "timestamp", "formats": ["yyyy-MM-dd HH:mm"], "required": True},
}


def profiled(contract: Contract, period: str, sent: list[dict[str, Any]], received_at: datetime = RECEIVED) -> Profile:
    """The profile of rows of texts, one dict a row, as they come out of the screening."""
    with connect(reads_delta=False) as con:
        texts = {column: pa.array([row.get(column) for row in sent], pa.string()) for column in contract.columns}
        nothing = pa.nulls(len(sent), pa.string())
        con.register(
            "sent", pa.table({"row_no": range(1, len(sent) + 1), "defect": nothing, **texts, "extra": nothing})
        )
        con.execute("CREATE TABLE landed AS SELECT * FROM sent")
        assert sift(con, contract, received_at).held == len(sent) - len({row["item_no"] for row in sent})
        return profile(
            con, contract, period, ["编号"], received_at, lambda text: hashlib.sha256(text.encode()).hexdigest()
        )


def people(rows: int) -> list[dict[str, str | None]]:
    begins = datetime(2026, 5, 1, 9)
    return [
        {
            "item_no": f"N{n}", "name": "张" + chr(0x4E00 + n % 5000), "mobile": f"1371234{n % 10000:04d}", "words": f"楼上漏水第{n}次",
            "unit": f"东湖街道{n}号", "pension": f"{3000 + n * 7.31:.2f}", "kind": "甲" if n % 4 else "乙" if n else None,
            "at": f"{begins + timedelta(days=n % 31, minutes=n % 600):%Y-%m-%d %H:%M}",
        }
        for n in range(rows)
    ]  # fmt: skip


def test_no_value_of_a_row_is_kept_but_codes_and_the_period_s_edges() -> None:
    sent = people(400)
    kept = profiled(feed_of(PEOPLE), "202605", sent)
    said = repr(kept)
    values = {row[column] for row in sent for column in ("item_no", "name", "mobile", "words", "unit", "pension")}
    assert len(values) == 2400 and not [value for value in values if f"'{value}'" in said or f" {value}," in said]
    assert all(float(f"{value:.3g}") == value for value in kept.columns["pension"].deciles), "nobody's own figure"


def test_counts_shares_deciles_days_and_edges_are_those_of_the_rows() -> None:
    sent = people(400)
    kept = profiled(feed_of(PEOPLE), "202605", [*sent, sent[7]])
    assert (kept.rows, kept.copies, kept.columns["kind"].filled) == (400, 1, 399)
    assert kept.columns["kind"].codes == {"a": 300, "b": 99}
    assert kept.days == [13] * 28 + [12] * 3
    assert kept.columns["mobile"].deciles == [11.0] * 9
    assert (
        kept.columns["at"].deciles == sorted(kept.columns["at"].deciles) and -31 < kept.columns["at"].deciles[0] < -26
    )
    assert (kept.newest, kept.behind_days) == (datetime(2026, 5, 31, 15, 11, tzinfo=ZONE), pytest.approx(529 / 1440))


def test_few_rows_leave_counts_alone() -> None:
    kept = profiled(feed_of(PEOPLE), "202605", people(FEWEST - 1))
    assert kept.rows == FEWEST - 1 and all(one.filled for one in kept.columns.values())
    assert not [one for one in kept.columns.values() if one.codes or one.deciles]


def test_a_delivery_has_the_same_profile_each_time_and_its_size_is_bounded() -> None:
    contract = feed_of({"value": {"from": ["值"], "type": "number"}})
    sent = [{"item_no": f"N{n}", "value": str(n % 977)} for n in range(2 * SAMPLED_ROWS + 1)]
    first = profiled(contract, "202605", sent)
    assert first == profiled(contract, "202605", sent)
    assert len(first.sealed) == SEALED_ROWS and len(repr(first)) < 30_000
    assert first.columns["value"].deciles == pytest.approx([97.6 * n for n in range(1, 10)], abs=10)


def test_the_sealed_rows_of_two_deliveries_are_the_same_as_far_as_the_deliveries_are() -> None:
    contract, sent = feed_of(PEOPLE), people(2000)
    all_of_it, again, other = (
        set(profiled(contract, "202605", some).sealed)
        for some in (sent, sent[::-1], [{**r, "item_no": f"X{r['item_no']}"} for r in sent])
    )
    assert all_of_it == again and not all_of_it & other


def test_a_month_that_is_not_over_is_measured_to_the_day_it_came() -> None:
    some = [row for row in people(400) if str(row["at"]) < "2026-05-16"]
    kept = profiled(feed_of(PEOPLE), "202605", some, datetime(2026, 5, 16, 8, tzinfo=ZONE))
    assert len(kept.days) == 15 and kept.behind_days is not None and kept.behind_days < 2


@pytest.mark.parametrize(
    ("period", "every", "days"),
    [
        ("202602", "0 4 3 * *", ("2026-02-01", "2026-02-28")),
        ("20260301", "0 2 * * *", ("2026-03-01", "2026-03-01")),
        ("20260301", "0 2 * * 1", ("2026-02-23", "2026-03-01")),
        ("2026", "0 4 3 1 *", ("2026-01-01", "2026-12-31")),
        ("202613", "0 4 3 * *", None),
        ("2026Q1", "0 4 3 * *", None),
    ],
)
def test_a_period_is_about_the_days_it_names(period: str, every: str, days: tuple[str, str] | None) -> None:
    span = days_of(period, every)
    assert (span and tuple(map(str, span))) == days

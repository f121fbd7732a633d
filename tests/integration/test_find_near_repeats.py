"""Thefts that follow each other, on rows as the city's views hold them."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import numpy as np
import pytest

from jobs.home import ZONE
from jobs.warn.candidate import say
from jobs.warn.find import find
from schemas.warning_rule import load_rules

pytestmark = pytest.mark.spark

AS_OF = date(2026, 6, 29)
RULE = next(rule for rule in load_rules() if rule.family == "burglary_near_repeat")
CHAIN = [(120.55, 30.55 + 0.0008 * n, 5.5 - n, "theft") for n in range(5)]  # 89 m and a day apart


@pytest.fixture
def found(spark):
    """A year of 300 thefts in 9 km by 11 km, with what is added; row_no 300 on is the added."""
    dice = np.random.default_rng(4)
    usual = [
        (120.5 + dice.random() * 0.1, 30.5 + dice.random() * 0.1, dice.integers(365) + 0.4, "theft") for _ in range(300)
    ]

    def told(more):
        rows = [
            ("d", n, datetime(2026, 6, 29, tzinfo=ZONE) - timedelta(days=float(ago)), kind, "g01", lon, lat)
            for n, (lon, lat, ago, kind) in enumerate(usual + more)
        ]
        columns = "delivery_id STRING, row_no BIGINT, reported_at TIMESTAMP, category STRING, grid_code STRING, lon DOUBLE, lat DOUBLE"
        spark.createDataFrame(rows, columns).createOrReplaceTempView("police_incident")
        return find(spark, RULE, AS_OF)

    return told


def test_a_chain_is_one_warning_with_its_rows(found) -> None:
    (warning,) = found(CHAIN)
    assert {item.row_no for item in warning.evidence} == set(range(300, 305))
    assert (warning.grid_code, warning.category, warning.observed) == ("g01", "theft", 5)
    assert (warning.window_start, warning.window_end) == (date(2026, 6, 23), date(2026, 6, 27))
    assert RULE.level_of(warning.score) == "orange" and warning.expected < 1
    assert warning.more["ratio"] > 1 and f"{warning.more['ratio']:.1f}倍" in say(warning)


@pytest.mark.parametrize(
    "more",
    [
        [],
        [(lon, lat, ago, "noise") for lon, lat, ago, _ in CHAIN],
        [(lon, lat, ago + 10, kind) for lon, lat, ago, kind in CHAIN],
        [(None, None, ago, kind) for _, _, ago, kind in CHAIN],
        [(lon, lat + 0.005 * n, ago, kind) for n, (lon, lat, ago, kind) in enumerate(CHAIN)],
    ],
    ids=["none", "of another kind", "over", "without points", "too far apart"],
)
def test_what_is_no_chain_of_thefts_is_not_told(found, more) -> None:
    assert found(more) == []


def test_two_chains_in_one_grid_are_two_matters(found) -> None:
    other = [(lon + 0.03, lat, ago, kind) for lon, lat, ago, kind in CHAIN]
    assert len({warning.subject_key for warning in found(CHAIN + other)}) == 2

"""Families by cluster and by silence, on rows as the city's views hold them."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import numpy as np
import pytest

from jobs.home import ZONE
from jobs.warn.clusters import score_of
from jobs.warn.find import find, judge_newest
from schemas.warning_rule import Surge, load_rules

AS_OF = date(2026, 6, 29)
RULES = {rule.family: rule for rule in load_rules()}


def at(days_ago: float) -> datetime:
    return datetime(2026, 6, 29, tzinfo=ZONE) - timedelta(days=days_ago)


@pytest.fixture
def hotline(spark):
    """Two years of calls about water in 25 grids, one a day on average; and a burst in three neighbouring ones."""
    dice = np.random.default_rng(3)
    grids = [(f"g{n:02d}", 120.5 + n % 5 * 0.005, 30.5 + n // 5 * 0.005) for n in range(25)]
    spark.createDataFrame(grids, "grid_code STRING, lon DOUBLE, lat DOUBLE").createOrReplaceTempView("grid")
    usual = [(f"g{dice.integers(25):02d}", float(day) + 0.4) for day in dice.integers(0, 365, 400)]
    burst = [(grid, 0.4 + day) for grid in ("g06", "g07", "g11") for day in (0, 1, 2, 2)]

    def calls(rows):
        told = [("d", n, at(ago), grid, "water") for n, (grid, ago) in enumerate(rows)]
        columns = "delivery_id STRING, row_no BIGINT, called_at TIMESTAMP, grid_code STRING, kind STRING"
        spark.createDataFrame(told, columns).createOrReplaceTempView("hotline")
        return find(spark, RULES["hotline_cluster"], AS_OF)

    return usual, burst, calls


def test_calls_that_crowd_are_one_warning_with_their_rows(hotline) -> None:
    usual, burst, calls = hotline
    (found,) = calls(usual + burst)
    assert found.category == "water" and found.grid_code in ("g06", "g07", "g11")
    assert found.window_start >= date(2026, 6, 25) and found.window_end == date(2026, 6, 28)
    told = {item.row_no for item in found.evidence}
    assert len(told) == found.observed and len(told & set(range(len(usual), len(usual) + 12))) >= 10
    assert found.rule.level_of(found.score) == "orange"


def test_a_usual_year_has_no_cluster(hotline) -> None:
    usual, _, calls = hotline
    assert calls(usual) == []


def test_a_cluster_s_score_is_orange_from_a_year_on() -> None:
    assert score_of(100, 100) == 1
    assert score_of(365, 100) == pytest.approx(2.5)
    assert score_of(10_000, 100) > score_of(1_000, 100) > 2.5


@pytest.fixture
def doors(spark):
    """Three homes with four openings a day for ten weeks; a's door has not been opened for three days, b's sensor is dead, c lives on."""
    openings, beats = [], []
    for device in "abc":
        for day in range(70):
            beats.append((device, at(day + 0.25)))
            openings += [(device, at(day + hour / 24), "open") for hour in (2, 6, 10, 14)]
    openings = [row for row in openings if not (row[0] in "ab" and row[1] > at(3))]
    beats = [row for row in beats if not (row[0] == "b" and row[1] > at(3))]
    tables = {
        "door_sensor": (openings, "device_no STRING, occurred_at TIMESTAMP, event STRING"),
        "device_heartbeat": (beats, "device_no STRING, beat_at TIMESTAMP"),
        "elder_registry": (
            [(device, "g01", date(2025, 1, 1)) for device in "abc"],
            "device_no STRING, grid_code STRING, registered_on DATE",
        ),
    }
    for name, (rows, columns) in tables.items():
        told = [("d", n, *row) for n, row in enumerate(rows)]
        spark.createDataFrame(told, f"delivery_id STRING, row_no BIGINT, {columns}").createOrReplaceTempView(name)
    return spark


def test_a_door_that_stays_shut_is_told_apart_from_a_dead_sensor(doors) -> None:
    (silent,) = find(doors, RULES["elder_silent"], AS_OF)
    assert (silent.subject_key, silent.grid_code) == ("a", "g01")
    assert silent.bound is not None and silent.observed > silent.bound >= 12
    assert {item.feed for item in silent.evidence} == {"door_sensor", "elder_registry"}
    (dead,) = find(doors, RULES["device_failed"], AS_OF)
    assert dead.subject_key == "b"


def test_a_feed_that_has_stopped_as_a_whole_makes_nobody_silent(doors) -> None:
    (then,), (now,) = (find(doors, RULES["elder_silent"], day) for day in (AS_OF + timedelta(days=10), AS_OF))
    assert (then.subject_key, then.observed) == (now.subject_key, now.observed), "as of the last sign of any sensor"


def test_a_surge_is_judged_by_its_seasons_once_there_are_three_years() -> None:
    """Twelve a week every summer: unusual beside the last eight weeks, as ever beside past summers."""
    surge = RULES["incident_surge"].method
    assert isinstance(surge, Surge)
    week = np.arange(261)
    dice = np.random.default_rng(5)
    summer = np.where((week - 250) % 52 < 11, 12.0, 2.0)
    counts = dice.poisson(np.tile(summer, (3, 1))).astype(float)[:, :251]
    counts[:, -1] = (12, 12, 30)
    newest_first = counts[:, ::-1]
    assert (judge_newest(newest_first[:, :20], surge, alpha=0.01).score > 1).tolist() == [True, True, True]
    seasoned = judge_newest(newest_first, surge, alpha=0.01)
    assert (seasoned.score > 1).tolist() == [False, False, True]
    assert seasoned.expected.shape == (3,)

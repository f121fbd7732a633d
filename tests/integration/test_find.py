"""Families by cluster and by silence, on rows as the city's views hold them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from jobs.home import ZONE
from jobs.warn.clusters import score_of
from jobs.warn.find import find
from jobs.warn.methods.calendar_factors import AROUND_NEW_YEAR, HOLIDAY, day_kinds
from jobs.warn.surges import Streams, judge_newest, surging, usual_windows
from jobs.warn.workdays import is_workday, season_of
from schemas.warning_rule import Surge, load_rules

pytestmark = pytest.mark.spark

AS_OF = date(2026, 6, 29)
RULES = {rule.family: rule for rule in load_rules()}
SURGE = RULES["incident_surge"].method
assert isinstance(SURGE, Surge)


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
    week = np.arange(261)
    dice = np.random.default_rng(5)
    summer = np.where((week - 250) % 52 < 11, 12.0, 2.0)
    counts = dice.poisson(np.tile(summer, (3, 1))).astype(float)[:, :251]
    counts[:, -1] = (12, 12, 30)
    streams = Streams(np.array(["a", "b", "c"]), np.array(["noise"] * 3), counts[:, ::-1], np.zeros(counts.shape))
    recent = replace(streams, counts=streams.counts[:, :20], rest=streams.rest[:, :20])
    assert (judge_newest(recent, SURGE, alpha=0.01).score > 1).tolist() == [True, True, True]
    seasoned = judge_newest(streams, SURGE, alpha=0.01)
    assert (seasoned.score > 1).tolist() == [False, False, True]
    assert seasoned.expected.shape == (3,)


def counted(now: dict[str, int]) -> pd.DataFrame:
    """24 grids of two towns with two calls about noise a week each, and what each had in the last week where it is told."""
    grids = [
        f"330499{town:03d}{community:03d}{grid:03d}"
        for town in (1, 2)
        for community in (1, 2, 3)
        for grid in (1, 2, 3, 4)
    ]
    past = np.tile([2, 1, 3, 2, 2, 3, 1, 2, 2], (24, 1))
    past[:, 0] = [now.get(grid, 2) for grid in grids]
    return pd.DataFrame(past, index=pd.MultiIndex.from_product([grids, ["noise"]], names=["area", "category"]))


def test_a_town_surges_although_none_of_its_grids_does() -> None:
    """Twice the mean in each grid of one town: four where two are usual is nothing, 48 where 24 are usual is something."""
    doubled = counted({f"330499001{community:03d}{grid:03d}": 4 for community in (1, 2, 3) for grid in (1, 2, 3, 4)})
    (found,) = surging(doubled, SURGE, budget=1)
    assert (found.area, found.observed) == ("330499001", 48)
    assert found.expected == pytest.approx(24, abs=1) and found.score > 1


def test_a_town_is_not_told_for_the_one_grid_in_it_that_is() -> None:
    (found,) = surging(counted({"330499001001001": 30}), SURGE, budget=1)
    assert (found.area, found.observed) == ("330499001001001", 30)


def test_what_swells_in_the_whole_city_is_told_of_the_city_alone() -> None:
    everywhere = counted(dict.fromkeys(counted({}).index.get_level_values(0), 4)) * 10
    assert [found.area for found in surging(everywhere, SURGE, budget=0.1)] == ["330499"]


def test_areas_without_a_code_of_the_city_are_judged_as_they_are() -> None:
    table = counted({"330499001001001": 30}).rename(index=lambda code: code[-5:], level=0)
    assert [found.area for found in surging(table, SURGE, budget=1)] == ["01001"]


def test_after_a_holiday_week_the_usual_is_no_surge_of_the_city() -> None:
    """The calendar is known: half as much on days off and around New Year, learnt from last year's, is expected to be over by now."""
    as_of = date(2026, 3, 9)
    days = [as_of - timedelta(days=ago) for ago in range(1, 500)]
    kinds = day_kinds(days, is_workday, season_of)
    quiet = np.isin(kinds, [5, 6, HOLIDAY, AROUND_NEW_YEAR])
    table = pd.DataFrame([np.where(quiet, 50, 100)], index=["noise"], columns=range(1, 500))
    usual = usual_windows(table, SURGE, as_of).loc["noise"].to_numpy()
    counts = np.where(quiet, 50, 100)[:63].reshape(9, 7).sum(axis=1)
    ratio = counts / (usual * counts[-1] / usual[-1])
    assert counts.min() < 0.7 * counts.max(), "New Year's weeks are among the last nine"
    assert np.abs(ratio - 1).max() < 0.15, "one past New Year is leant towards an ordinary working day"


def test_the_rows_of_a_town_s_surge_are_those_of_its_grids(spark) -> None:
    dice = np.random.default_rng(8)
    grids = [f"330499{town:03d}001{grid:03d}" for town in (1, 2, 3) for grid in range(1, 9)]
    usual = [(grid, day + 0.4) for grid in grids for day in range(70) if dice.random() < 0.3]
    more = [(grid, day + 0.6) for grid in grids[:8] for day in (0, 2, 4)]
    told = [("d", n, at(ago), grid, "noise") for n, (grid, ago) in enumerate(usual + more)]
    columns = "delivery_id STRING, row_no BIGINT, called_at TIMESTAMP, grid_code STRING, kind STRING"
    spark.createDataFrame(told, columns).createOrReplaceTempView("hotline")
    found = find(spark, RULES["hotline_surge"], AS_OF)
    assert [one.grid_code for one in found if len(one.grid_code or "") < 15] in (["330499001001"], ["330499001"])
    last_week = {n for _, n, when, grid, _ in told if grid.startswith("330499001") and when >= at(7)}
    assert {item.row_no for item in found[-1].evidence} == last_week

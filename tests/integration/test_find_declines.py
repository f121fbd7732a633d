"""Doors that are opened less and less, on rows as the city's views hold them."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import numpy as np
import pytest

from jobs.home import ZONE
from jobs.warn.declines import daily_openings
from jobs.warn.find import find
from schemas.warning_rule import load_rules

pytestmark = pytest.mark.spark

AS_OF = date(2026, 6, 29)
RULES = {rule.family: rule for rule in load_rules()}
HOURS = (7, 9, 11, 14, 16, 18)


def a_day(device: str) -> int:
    """Openings of yesterday minus 0, 1, 2 ... days, by what becomes of the home."""
    return {
        "sinks": lambda ago: 6 if ago > 12 else 1,
        "steady": lambda ago: 6,
        "once away": lambda ago: 1 if 30 < ago < 40 else 6,
        "one poor day": lambda ago: 1 if ago == 0 else 6,
        "shut": lambda ago: 6 if ago > 3 else 0,
        "device dead": lambda ago: 6 if ago > 12 else 0,
        "new": lambda ago: 6 if 12 < ago < 20 else 1 if ago <= 12 else 0,
    }[device]


DEVICES = ("sinks", "steady", "once away", "one poor day", "shut", "device dead", "new")


def test_only_a_door_that_sinks_is_told_and_a_shut_one_is_another_matter(spark) -> None:
    openings, beats = [], []
    for device in DEVICES:
        for ago in range(60):
            day = datetime(2026, 6, 28, tzinfo=ZONE) - timedelta(days=ago)
            openings += [(device, day + timedelta(hours=hour), "open") for hour in HOURS[: a_day(device)(ago)]]
            if not (device == "device dead" and ago <= 12) and not (device == "new" and ago >= 20):
                beats += [(device, day + timedelta(hours=hour)) for hour in range(0, 24, 4)]
    tables = {
        "door_sensor": (openings, "device_no STRING, occurred_at TIMESTAMP, event STRING"),
        "device_heartbeat": (beats, "device_no STRING, beat_at TIMESTAMP"),
        "elder_registry": (
            [(device, "g01", date(2025, 1, 1)) for device in DEVICES],
            "device_no STRING, grid_code STRING, registered_on DATE",
        ),
    }
    for name, (rows, columns) in tables.items():
        told = [("d", n, *row) for n, row in enumerate(rows)]
        spark.createDataFrame(told, f"delivery_id STRING, row_no BIGINT, {columns}").createOrReplaceTempView(name)
    (sinking,) = find(spark, RULES["elder_declining"], AS_OF)
    assert (sinking.subject_key, sinking.grid_code, sinking.expected) == ("sinks", "g01", 6)
    assert sinking.bound is not None and 1 < sinking.observed < sinking.bound < 6
    assert RULES["elder_declining"].level_of(sinking.score) == "blue"
    assert (sinking.window_start, sinking.window_end) == (date(2026, 6, 15), date(2026, 6, 28))
    assert [item.feed for item in sinking.evidence].count("door_sensor") == 6 + 13
    assert [one.subject_key for one in find(spark, RULES["elder_silent"], AS_OF)] == ["shut"]


def test_a_day_without_a_heartbeat_is_not_a_day_without_openings() -> None:
    at = np.array(["2026-06-28T08", "2026-06-28T09", "2026-06-26T08", "2026-06-29T08"], dtype="datetime64[s]")
    counts = daily_openings(at, np.array([True, False, False, True]), date(2026, 6, 28))
    assert len(counts) == 56 and counts[-1] == 1 and np.isnan(counts[-2]) and counts[-3] == 0

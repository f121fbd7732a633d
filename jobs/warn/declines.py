"""Old people's doors that are opened less and less: no alarm, but a reason to look in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from jobs.warn.candidate import Candidate
from jobs.warn.doors import last_heard, resting_on, signs_of
from jobs.warn.methods.silence import HISTORY_DAYS, WATCHED_DAYS, concern, door_silence, slow_decline
from schemas.warning_rule import Decline, WarningRule

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

EVENING = 20  # o'clock: a day of which nothing was heard later is not over yet
JUDGED = "device STRING, level DOUBLE, lower DOUBLE, usual DOUBLE"


def find_declines(spark: SparkSession, rule: WarningRule, decline: Decline, as_of: date) -> Iterator[Candidate]:
    """Homes whose smoothed openings a day have sunk below what their weeks before allow. A door that stays shut is another family's."""
    signs = signs_of(decline, as_of)
    until = last_heard(spark, signs)
    if until is None:
        return
    judged = spark.sql(signs).groupBy("device").applyInPandas(_judge(decline, until), JUDGED)
    judged.createOrReplaceTempView("sinking")
    for row in spark.sql(
        f"SELECT s.*, h.grid_code, h.delivery_id, h.row_no, h.registered_on FROM sinking s JOIN {decline.homes} h "
        "ON h.device_no = s.device ORDER BY s.device"
    ).collect():
        yield _candidate(spark, rule, decline, row.asDict(), _last_day(until))


def daily_openings(at: np.ndarray, opened: np.ndarray, last: date) -> np.ndarray:
    """(days,) openings a day up to `last`, NaN on a day without a heartbeat. at: (signs,) local times; opened: which are openings."""
    ago = (np.datetime64(last) - at.astype("datetime64[D]")).astype(int)
    kept = (ago >= 0) & (ago < HISTORY_DAYS)
    opens, beats = (np.bincount(ago[kept & which], minlength=HISTORY_DAYS) for which in (opened, ~opened))
    return np.where(beats > 0, opens, np.nan)[::-1]


def _last_day(until: str) -> date:
    heard = datetime.fromisoformat(until)
    return heard.date() if heard.hour >= EVENING else heard.date() - timedelta(days=1)


def _judge(decline: Decline, until: str) -> Callable[[pd.DataFrame], pd.DataFrame]:
    lost_hours, now, last = decline.lost_hours, np.datetime64(until), _last_day(until)

    def judge(signs: pd.DataFrame) -> pd.DataFrame:
        at, opened = signs["at"].to_numpy(), signs["opened"].to_numpy(dtype=bool)
        counts = daily_openings(at, opened, last)
        try:
            sunk = slow_decline(counts)
        except ValueError:
            return pd.DataFrame([])
        silent = door_silence(at[opened], at[~opened], now, lost_hours=lost_hours)
        if concern(silent, sunk, second_signal=False) != "blue":
            return pd.DataFrame([])
        usual = float(np.nanmean(counts[:-WATCHED_DAYS]))
        told = {"level": float(sunk.ewma[-1]), "lower": float(sunk.lower[-1]), "usual": usual}
        return pd.DataFrame([{"device": signs["device"].iloc[0], **told}])

    return judge


def score_of(level: float, lower: float, usual: float) -> float:
    """1 at the limit, more by how much of the usual is missing below it."""
    return 1 + (lower - level) / usual


def _candidate(spark: SparkSession, rule: WarningRule, decline: Decline, home: dict[str, Any], last: date) -> Candidate:
    """Rests on the openings of the days watched, and on the home's entry in the register."""
    first = last - timedelta(days=WATCHED_DAYS - 1)
    rows = spark.sql(
        f"SELECT * FROM {decline.feed} WHERE {decline.device} = '{home['device']}' AND {decline.where} "
        f"AND CAST({decline.time} AS DATE) BETWEEN DATE '{first}' AND DATE '{last}' ORDER BY {decline.time}"
    ).collect()
    return Candidate(
        rule, home["device"], home["grid_code"], None, first, last, home["level"], home["usual"], home["lower"],
        score_of(home["level"], home["lower"], home["usual"]), resting_on(decline, home, rows),
    )  # fmt: skip

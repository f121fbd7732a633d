"""Old people's doors that stay shut although their sensors live."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from jobs.warn.candidate import Candidate, Evidence, facts
from jobs.warn.methods.silence import HISTORY_DAYS, door_silence
from schemas.warning_rule import Doors, Silence, WarningRule

if TYPE_CHECKING:
    from pyspark.sql import Row, SparkSession

MARGIN_DAYS = 7  # a gap of the history may have begun before it
JUDGED = "device STRING, hours DOUBLE, limit DOUBLE, unusual BOOLEAN"


def find_silence(spark: SparkSession, rule: WarningRule, silence: Silence, as_of: date) -> Iterator[Candidate]:
    """Homes whose door is shut for longer than they ever leave it, as of the last sign of life of any sensor before as_of.

    Judged a device at a time by Spark's workers, so that memory holds one home's two months.
    """
    signs = signs_of(silence, as_of)
    until = last_heard(spark, signs)
    if until is None:
        return
    judged = spark.sql(signs).groupBy("device").applyInPandas(_judge(silence, until), JUDGED)
    judged.where("unusual").createOrReplaceTempView("silent")
    for row in spark.sql(
        f"SELECT s.device, s.hours, s.limit, h.grid_code, h.delivery_id, h.row_no, h.registered_on FROM silent s JOIN {silence.homes} h "
        "ON h.device_no = s.device ORDER BY s.device"
    ).collect():
        yield _candidate(spark, rule, silence, row.asDict(), until)


def last_heard(spark: SparkSession, signs: str) -> str | None:
    """The last sign of life of any sensor, as 2026-06-28 23:40:00."""
    (until,) = spark.sql(f"SELECT date_format(max(at), 'yyyy-MM-dd HH:mm:ss') FROM ({signs})").first() or (None,)
    return until


def signs_of(doors: Doors, as_of: date) -> str:
    """device, at, opened: every opening, and every heartbeat."""
    start = as_of - timedelta(days=HISTORY_DAYS + MARGIN_DAYS)
    within = "{0} >= TIMESTAMP '" + f"{start} 00:00:00' AND {{0}} < TIMESTAMP '{as_of} 00:00:00'"
    return (
        f"SELECT {doors.device} AS device, {doors.time} AS at, true AS opened FROM {doors.feed} "
        f"WHERE {doors.where} AND {within.format(doors.time)} UNION ALL "
        f"SELECT {doors.device}, {doors.beat_time}, false FROM {doors.heartbeats} WHERE {within.format(doors.beat_time)}"
    )


def _judge(silence: Silence, until: str) -> Callable[[pd.DataFrame], pd.DataFrame]:
    quantile, lost_hours, now = silence.quantile, silence.lost_hours, np.datetime64(until)

    def judge(signs: pd.DataFrame) -> pd.DataFrame:
        at, opened = signs["at"].to_numpy(), signs["opened"].to_numpy(dtype=bool)
        found = door_silence(at[opened], at[~opened], now, quantile=quantile, lost_hours=lost_hours)
        told = {"device": signs["device"].iloc[0], "hours": found.hours, "limit": found.limit, "unusual": found.unusual}
        return pd.DataFrame([told])

    return judge


def _candidate(spark: SparkSession, rule: WarningRule, silence: Silence, home: dict[str, Any], until: str) -> Candidate:
    """Rests on the last time that the door was opened, and on the home's entry in the register."""
    last = spark.sql(
        f"SELECT * FROM {silence.feed} WHERE {silence.device} = '{home['device']}' AND {silence.where} AND {silence.time} <= TIMESTAMP '{until}' "
        f"ORDER BY {silence.time} DESC LIMIT 1"
    ).collect()
    today = datetime.fromisoformat(until).date()
    since = last[0][silence.time].date() if last else today
    return Candidate(
        rule, home["device"], home["grid_code"], None, since, today, home["hours"], 0.0, home["limit"],
        home["hours"] / home["limit"], resting_on(silence, home, last),
    )  # fmt: skip


def resting_on(doors: Doors, home: dict[str, Any], signs: list[Row]) -> list[Evidence]:
    """The signs of the door, and the home's entry in the register."""
    evidence = [
        Evidence(doors.feed, row["delivery_id"], row["row_no"], row[doors.time].date(), facts(row.asDict())) for row in signs
    ]  # fmt: skip
    entry = {"device_no": home["device"], "grid_code": home["grid_code"], "registered_on": home["registered_on"]}
    return [*evidence, Evidence(doors.homes, home["delivery_id"], home["row_no"], home["registered_on"], facts(entry))]

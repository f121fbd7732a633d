"""Vital signs of the city that have left their band: a figure whose last day or last week is more, or less, than chance explains."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

from jobs.city.vitals import VitalDays, vital_days
from jobs.warn.candidate import Candidate, Evidence, facts
from jobs.warn.clusters import LONGEST_DAYS, score_of
from jobs.warn.methods.expected_band import Band
from schemas.vitals import Vital, load_vitals
from schemas.warning_rule import Vitals, WarningRule

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

FRESH_DAYS = 8  # before the run: a figure whose feed reaches no further is not news
WEEK = 7
MOST_ROWS = 500  # of the days told, newest first: a figure may be of ten thousand rows
SAID = {"more": ("偏多", "more"), "less": ("偏少", "fewer")}


def find_vitals(spark: SparkSession, rule: WarningRule, vitals: Vitals, as_of: date) -> Iterator[Candidate]:
    """Each vital sign on the last day its feed reaches, and in the week up to it: whichever is less likely by chance.

    A recurrence interval is that of all vital signs together: 1 / (p · signs · 2 spans), p of one side, or twice that where both are told.
    """
    told = vital_days(spark, as_of)
    if told.band is None:
        return
    known = load_vitals()
    judged = [
        (at, name, newest)
        for at, (name, newest) in enumerate(zip(told.names, told.newest, strict=True))
        if newest is not None
    ]
    for at, name, newest in judged:
        if (as_of - told.days[newest]).days > FRESH_DAYS:
            continue
        p, side, days = _least_likely(told.band, at, newest, known[name])
        recurrence = min(LONGEST_DAYS, 1 / (p * len(judged))) if p > 0 else LONGEST_DAYS
        if recurrence >= vitals.recurrence_days:
            yield _candidate(spark, rule, vitals, known[name], told, told.band, at, newest, side, days, recurrence)


def _least_likely(band: Band, at: int, newest: int, vital: Vital) -> tuple[float, str, int]:
    """p for both spans and the sides that are told, the side, and the days of the span."""
    tails = {
        ("more", 1): band.more,
        ("less", 1): band.less,
        ("more", WEEK): band.more_week,
        ("less", WEEK): band.less_week,
    }
    sides = ("more", "less") if vital.bad == "both" else (vital.bad,)
    found = [(float(tail[at, newest]), side, days) for (side, days), tail in tails.items() if side in sides]
    p, side, days = min(((p, side, days) for p, side, days in found if np.isfinite(p)), default=(1.0, sides[0], 1))
    return min(1.0, p * 2 * len(sides)), side, days


def _candidate(
    spark: SparkSession, rule: WarningRule, vitals: Vitals, vital: Vital, told: VitalDays, band: Band, at: int, newest: int, side: str, days: int,
    recurrence: float,
) -> Candidate:  # fmt: skip
    span = slice(newest - days + 1, newest + 1)
    observed, expected = float(told.observed[at, span].sum()), float(band.expected[at, span].sum())
    edge = float((band.upper if side == "more" else band.lower)[at, newest]) if days == 1 else None
    first, last = told.days[span][0], told.days[newest]
    said: dict[str, float | str] = {
        "name": vital.title.zh, "name_en": vital.title.en, "side": SAID[side][0], "side_en": SAID[side][1], "days": days,
        "recurrence_days": recurrence, "listed": "", "listed_en": "",
    }  # fmt: skip
    rows = _rows(spark, vital, first, last)
    if len(rows) == MOST_ROWS:
        said |= {"listed": f";依据只列最新{MOST_ROWS}行", "listed_en": f"; its newest {MOST_ROWS} rows are listed"}
    return Candidate(
        rule, vital.title.zh, None, None, first, last, observed, expected, edge, score_of(recurrence, vitals.recurrence_days),
        rows, unit_zh=vital.unit, more=said,
    )  # fmt: skip


def _rows(spark: SparkSession, vital: Vital, first: date, last: date) -> list[Evidence]:
    """The newest rows of the days that count. Of a fall, those that came; of a day without any, the last ones before it."""
    asked = "SELECT * FROM {feed} WHERE ({where}) AND {at} < TIMESTAMP '{end} 00:00:00' {since} ORDER BY {at} DESC, delivery_id, row_no LIMIT {most}"
    given = {"feed": vital.feed, "where": vital.where, "at": vital.at, "end": last + timedelta(days=1)}
    rows = spark.sql(
        asked.format(**given, since=f"AND {vital.at} >= TIMESTAMP '{first} 00:00:00'", most=MOST_ROWS)
    ).collect()
    rows = rows or spark.sql(asked.format(**given, since="", most=1)).collect()
    return [
        Evidence(vital.feed, row["delivery_id"], row["row_no"], _day(row[vital.at]), facts(row.asDict()))
        for row in rows
    ]


def _day(moment: date) -> date:
    return date(moment.year, moment.month, moment.day)

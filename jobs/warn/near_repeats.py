"""Cases that follow each other near by and soon, more than their street is used to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import count
from typing import TYPE_CHECKING

import numpy as np

from jobs.warn.candidate import Candidate
from jobs.warn.clusters import LONGEST_DAYS, rows_behind, score_of
from jobs.warn.methods.near_repeat import Chain, chains, knox
from jobs.warn.methods.plane import plane_of
from schemas.warning_rule import NearRepeat, WarningRule

if TYPE_CHECKING:
    import pandas as pd
    from pyspark.sql import SparkSession

LEAST_HISTORY = 8  # times the days of a link, before a street's usual is known
KNOX_METRES, SHUFFLES = 100.0, 999


def find_near_repeats(spark: SparkSession, rule: WarningRule, near: NearRepeat, as_of: date) -> Iterator[Candidate]:
    """The chains of each code that go on on the day before as_of. Where there is one, Knox's test says how usual near repeats are here."""
    cases = _cases(spark, near, as_of)
    for kind in sorted(cases["category"].unique()):
        mine = cases[cases["category"] == kind].reset_index(drop=True)
        day = -mine["ago"].to_numpy()
        if np.ptp(day) < LEAST_HISTORY * near.days:
            continue
        plane = plane_of(mine["x"].to_numpy(), mine["y"].to_numpy())
        x, y = plane.metres(mine["x"].to_numpy(), mine["y"].to_numpy())
        found = [
            chain
            for chain in chains(x, y, day, today=0, metres=near.metres, days=near.days)
            if chain.recurrence_days >= near.recurrence_days
        ]
        if found:
            usual = knox(x, y, day, metres=(KNOX_METRES,), days=(near.days,), permutations=SHUFFLES)
            said: dict[str, float | str] = {
                "ratio": float(usual.observed[0, 0] / max(usual.expected[0, 0], 1 / SHUFFLES)),
                "p": float(usual.p[0, 0]),
            }
            keys: set[str] = set()
            for chain in found:
                cases_of = mine.iloc[chain.rows]
                area = str(cases_of["area"].mode().iloc[0])
                key = next(k for n in count(1) if (k := f"{area}|{kind}" + f"|{n}" * (n > 1)) not in keys)
                keys.add(key)
                yield _candidate(spark, rule, near, cases_of, chain, key, as_of, said)


def _cases(spark: SparkSession, near: NearRepeat, as_of: date) -> pd.DataFrame:
    """Each case with a point of its own: category, area, point and how many days ago."""
    start, only = as_of - timedelta(days=near.history_days), ", ".join(f"'{code}'" for code in near.only)
    return spark.sql(
        f"SELECT delivery_id, row_no, {near.category} AS category, {near.area} AS area, lon AS x, lat AS y, "
        f"datediff(DATE '{as_of}', CAST({near.time} AS DATE)) - 1 AS ago FROM {near.feed} "
        f"WHERE {near.time} >= TIMESTAMP '{start} 00:00:00' AND {near.time} < TIMESTAMP '{as_of} 00:00:00' "
        f"AND lon IS NOT NULL AND lat IS NOT NULL AND {near.category} IN ({only}) ORDER BY delivery_id, row_no"
    ).toPandas()


def _candidate(
    spark: SparkSession, rule: WarningRule, near: NearRepeat, cases: pd.DataFrame, chain: Chain, key: str, as_of: date,
    said: dict[str, float | str],
) -> Candidate:  # fmt: skip
    """Named by the area that has most of its cases."""
    category, area = str(cases["category"].iloc[0]), str(cases["area"].mode().iloc[0])
    first, last = (as_of + timedelta(days=day - 1) for day in (chain.first_day, chain.last_day))
    return Candidate(
        rule, key, area, category, first, last, float(len(cases)), chain.expected, None,
        score_of(chain.recurrence_days, near.recurrence_days), list(rows_behind(spark, near.feed, near.time, cases)),
        more=said | {"recurrence_days": min(LONGEST_DAYS, chain.recurrence_days)},
    )  # fmt: skip

"""The city's vital signs (schemas/vitals.yaml) day by day, each beside the band that its past, the kind of day and the trend lead to expect."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from jobs.warn.methods.bounds import Array
from jobs.warn.methods.calendar_factors import day_kinds
from jobs.warn.methods.expected_band import LEAST_DAYS, Band, expected_band
from jobs.warn.workdays import is_workday, season_of
from schemas.vitals import Vital, load_vitals

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

HISTORY_DAYS = 400
BAND_ALPHA = 0.05
VITAL_DAYS = "day DATE, vital STRING, observed DOUBLE, expected DOUBLE, lower DOUBLE, upper DOUBLE"


@dataclass(frozen=True)
class VitalDays:
    """Of every vital sign whose feed has come. days: the last HISTORY_DAYS before the day of the run; observed: (vitals, days), NaN where its
    feed does not reach; band: None while there are too few days."""

    names: list[str]
    days: list[date]
    observed: Array
    band: Band | None

    @property
    def newest(self) -> list[int | None]:
        """The last day that each vital's feed reaches, as a position in days."""
        known = [np.flatnonzero(np.isfinite(row)) for row in self.observed]
        return [int(at[-1]) if len(at) else None for at in known]

    def table(self) -> pd.DataFrame:
        """The columns of VITAL_DAYS, a row for each day that is known."""
        parts = []
        for at, name in enumerate(self.names):
            known = np.isfinite(self.observed[at])
            band = [self.band.expected, self.band.lower, self.band.upper] if self.band else [self.observed * np.nan] * 3
            figures = np.array([self.observed[at], *(of[at] for of in band)])[:, known]
            parts.append(
                pd.DataFrame({"day": np.array(self.days)[known], "vital": name})
                .join(pd.DataFrame(figures.T, columns=["observed", "expected", "lower", "upper"]))
            )  # fmt: skip
        return pd.concat(parts) if parts else pd.DataFrame(columns=[part.split()[0] for part in VITAL_DAYS.split(", ")])


def vital_days(spark: SparkSession, as_of: date) -> VitalDays:
    """From the views of the feeds that there are; days before as_of count."""
    vitals = {name: vital for name, vital in load_vitals().items() if spark.catalog.tableExists(vital.feed)}
    days = [as_of - timedelta(days=ago) for ago in range(HISTORY_DAYS, 0, -1)]
    if not vitals:
        return VitalDays([], days, np.zeros((0, len(days))), None)
    counted = spark.sql(" UNION ALL ".join(_counts(name, vital, as_of) for name, vital in vitals.items())).toPandas()
    observed = np.array([_row(rows, as_of, days) for rows in _of_each(list(vitals), counted)])
    longest = np.isfinite(observed).sum(axis=1).max()
    kinds = day_kinds(days, is_workday, season_of)
    band = expected_band(observed, kinds, alpha=BAND_ALPHA) if longest > LEAST_DAYS else None
    return VitalDays(list(vitals), days, observed, band)


def _counts(name: str, vital: Vital, as_of: date) -> str:
    """SQL: a row for each day on which the feed has a row at all, 0 where none of them counts."""
    day, figure = f"CAST({vital.at} AS DATE)", f"coalesce({vital.sum}, 0)" if vital.sum else "1"
    start = as_of - timedelta(days=HISTORY_DAYS)
    return (
        f"SELECT '{name}' AS vital, {day} AS day, CAST(sum(CASE WHEN {vital.where} THEN {figure} ELSE 0 END) AS DOUBLE) AS n FROM {vital.feed} "
        f"WHERE {day} >= DATE '{start}' AND {day} < DATE '{as_of}' GROUP BY 1, 2"
    )


def _of_each(names: list[str], counted: pd.DataFrame) -> list[pd.DataFrame]:
    return [counted[counted["vital"] == name] for name in names]


def _row(counted: pd.DataFrame, as_of: date, days: list[date]) -> Array:
    """(days,) figures; from the feed's first day to its last a day without a row is a 0."""
    figures = np.full(len(days), np.nan)
    if len(counted):
        at = np.array([len(days) - (as_of - day).days for day in counted["day"]])
        figures[at.min() : at.max() + 1] = 0.0
        figures[at] = counted["n"].to_numpy()
    return figures

"""Units whose cases go wrong more often than their size and the usual unrest between units explain."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from math import log10
from typing import TYPE_CHECKING, Any

import numpy as np

from jobs.warn.candidate import Candidate, Evidence, facts
from jobs.warn.methods.funnel import FAR, Funnel, funnel
from schemas.warning_rule import Rates, WarningRule

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

FEWEST_UNITS = 5  # of the size that is judged: among fewer, what is usual between units cannot be told


def find_rates(spark: SparkSession, rule: WarningRule, rates: Rates, as_of: date) -> Iterator[Candidate]:
    """The units beyond the funnel's limit on the worse side, on the cases of the days before as_of. Nothing is said of those within."""
    rated = _rated(rates, as_of)
    units = spark.sql(
        f"SELECT who, count(*) AS cases, count_if(wrong) AS wrong FROM ({rated}) GROUP BY who ORDER BY who"
    ).collect()
    cases, wrong = (np.array([unit[name] for unit in units], dtype=float) for name in ("cases", "wrong"))
    if (cases >= rates.least_cases).sum() < FEWEST_UNITS:
        return
    plot = funnel(wrong, cases, least=rates.least_cases)
    beyond = {str(units[at]["who"]): int(at) for at in np.flatnonzero(plot.z > FAR)}
    if beyond:
        rows = spark.sql(f"SELECT * FROM ({rated}) WHERE wrong ORDER BY delivery_id, row_no").collect()
        for who, at in beyond.items():
            mine = [row.asDict() for row in rows if row["who"] == who]
            yield _candidate(rule, rates, who, float(cases[at]), mine, plot, at, as_of)


def score_of(z: float) -> float:
    """1 at the funnel's limit, 2 at ten times as far."""
    return 1 + log10(z / FAR)


def _rated(rates: Rates, as_of: date) -> str:
    """SQL of the cases that are judged, each with its unit and whether it went wrong."""
    start = as_of - timedelta(days=rates.window_days)
    judged, counted = (condition.format(as_of=as_of) for condition in (rates.judged, rates.counted))
    return (
        f"SELECT *, {rates.by} AS who, coalesce({counted}, false) AS wrong FROM {rates.feed} WHERE {rates.by} IS NOT NULL "
        f"AND {rates.time} >= TIMESTAMP '{start} 00:00:00' AND {rates.time} < TIMESTAMP '{as_of} 00:00:00' AND ({judged})"
    )


def _candidate(
    rule: WarningRule, rates: Rates, who: str, cases: float, rows: list[dict[str, Any]], plot: Funnel, at: int, as_of: date
) -> Candidate:  # fmt: skip
    """Rests on the cases that went wrong. Expected and bound are numbers of such cases, at all units' share and at the limit."""
    evidence = [
        Evidence(rates.feed, row["delivery_id"], row["row_no"], row[rates.time].date(), facts(_as_sent(row))) for row in rows
    ]  # fmt: skip
    said: dict[str, float | str] = {"who": who, "cases": cases, "share": float(plot.rate[at]), "usual": plot.target}
    return Candidate(
        rule, who, None, None, min(item.day for item in evidence), as_of - timedelta(days=1), float(len(evidence)),
        plot.target * cases, float(plot.upper[at]) * cases, score_of(float(plot.z[at])), evidence, more=said,
    )  # fmt: skip


def _as_sent(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in ("who", "wrong")}

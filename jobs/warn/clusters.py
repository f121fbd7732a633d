"""Cases of one category that crowd in neighbouring places within days, by the space-time permutation scan."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from math import log10
from typing import TYPE_CHECKING

from jobs.warn.candidate import Candidate, Evidence, facts
from jobs.warn.methods.plane import plane_of
from jobs.warn.methods.scan import Cluster as Found
from jobs.warn.methods.scan import TooShort, space_time_permutation
from schemas.warning_rule import Cluster, WarningRule

if TYPE_CHECKING:
    import pandas as pd
    from pyspark.sql import SparkSession

ORANGE_DAYS, ORANGE_SCORE = 365, 2.5  # a recurrence interval of a year is an orange warning
BEYOND = 0.5  # of a score, for each power of ten beyond a year
LONGEST_DAYS = 36_500.0  # beyond a century a recurrence interval says no more


def find_clusters(spark: SparkSession, rule: WarningRule, cluster: Cluster, as_of: date) -> Iterator[Candidate]:
    """A scan for each category, on the days before as_of. Recurrence intervals are a category's, as health departments give a disease's."""
    cases = _cases(spark, cluster, as_of)
    for kind in sorted(cases["category"].unique()):
        mine = cases[cases["category"] == kind].reset_index(drop=True)
        plane = plane_of(mine["x"].to_numpy(), mine["y"].to_numpy())
        x, y = plane.metres(mine["x"].to_numpy(), mine["y"].to_numpy())
        day = mine["ago"].to_numpy()
        try:
            scan = space_time_permutation(
                x,
                y,
                -day,
                today=0,
                window_days=cluster.history_days,
                longest=cluster.longest_days,
                least_recurrence_days=cluster.recurrence_days,
            )
        except TooShort:
            continue
        for found in scan.clusters:
            if found.recurrence_days >= cluster.recurrence_days:
                yield _candidate(spark, rule, cluster, mine.iloc[found.rows], found, as_of)


def _cases(spark: SparkSession, cluster: Cluster, as_of: date) -> pd.DataFrame:
    """Each case: category, area, its point and how many days ago; none without a point."""
    own = "coalesce(f.lon, g.lon) AS x, coalesce(f.lat, g.lat) AS y" if cluster.points else "g.lon AS x, g.lat AS y"
    start = as_of - timedelta(days=cluster.history_days)
    return spark.sql(
        f"SELECT * FROM (SELECT f.delivery_id, f.row_no, f.{cluster.category} AS category, f.{cluster.area} AS area, {own}, "
        f"datediff(DATE '{as_of}', CAST(f.{cluster.time} AS DATE)) - 1 AS ago FROM {cluster.feed} f LEFT JOIN grid g ON f.{cluster.area} = g.grid_code "
        f"WHERE f.{cluster.time} >= TIMESTAMP '{start} 00:00:00' AND f.{cluster.time} < TIMESTAMP '{as_of} 00:00:00') "
        "WHERE x IS NOT NULL AND y IS NOT NULL AND category IS NOT NULL ORDER BY delivery_id, row_no"
    ).toPandas()


def _candidate(
    spark: SparkSession, rule: WarningRule, cluster: Cluster, cases: pd.DataFrame, found: Found, as_of: date
) -> Candidate:
    """Named by the area that has most of its cases."""
    category, area = str(cases["category"].iloc[0]), str(cases["area"].mode().iloc[0])
    first, last = (as_of + timedelta(days=int(day) - 1) for day in (found.first_day, found.last_day))
    return Candidate(
        rule, f"{area}|{category}", area, category, first, last, float(found.observed), float(found.expected), None,
        score_of(found.recurrence_days, cluster.recurrence_days), list(rows_behind(spark, cluster.feed, cluster.time, cases)),
        more={"recurrence_days": min(LONGEST_DAYS, found.recurrence_days)},
    )  # fmt: skip


def score_of(recurrence_days: float, least_days: float) -> float:
    """1 at the least recurrence interval that is told, 2.5 at a year, half as much as one more with each further power of ten.

    So what comes once in ten years ranks with a surge of three times its margin, and no certainty, however great, crowds out all else.
    """
    if least_days >= ORANGE_DAYS:
        return 1 + BEYOND * log10(recurrence_days / least_days)
    steps = log10(min(recurrence_days, ORANGE_DAYS) / least_days) / log10(ORANGE_DAYS / least_days)
    return 1 + (ORANGE_SCORE - 1) * steps + BEYOND * log10(max(1.0, recurrence_days / ORANGE_DAYS))


def rows_behind(spark: SparkSession, feed: str, time: str, cases: pd.DataFrame) -> Iterator[Evidence]:
    """The feed's rows of cases, which have delivery_id and row_no."""
    chosen = spark.createDataFrame(
        [(str(row.delivery_id), int(row.row_no)) for row in cases.itertuples()], "delivery_id STRING, row_no BIGINT"
    )
    for row in spark.table(feed).join(chosen, ["delivery_id", "row_no"]).collect():
        yield Evidence(feed, row["delivery_id"], row["row_no"], row[time].date(), facts(row.asDict()))

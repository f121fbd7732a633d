"""From a rule and the city's current rows to candidate warnings with their evidence."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from jobs.warn.candidate import Candidate, Evidence, facts
from jobs.warn.clusters import find_clusters
from jobs.warn.doors import find_silence
from jobs.warn.methods.bayes import bayes_predictive
from jobs.warn.methods.bounds import Bounds
from jobs.warn.methods.budget import alpha_of_budget
from jobs.warn.methods.farrington import NOUFAILY, farrington_scan
from schemas.warning_rule import Cluster, Query, Silence, Surge, WarningRule

if TYPE_CHECKING:
    import pandas as pd
    from pyspark.sql import SparkSession

BUDGET_A_DAY = 5
WEEK_DAYS = 7
MOST_WINDOWS = NOUFAILY.spans()[-1].reach + 1  # more past than this is not compared with


def find_all(
    spark: SparkSession, rules: list[WarningRule], as_of: date, threshold_of: Callable[[str], float]
) -> list[Candidate]:
    """What every family finds. Those that compete for the commander's day have equal shares of its budget to alarm by chance in.

    threshold_of: how far verdicts have moved a family's threshold; only families that are cut to the budget are moved.
    """
    share = BUDGET_A_DAY / max(1, sum(isinstance(rule.method, Surge) for rule in rules))
    moved = {rule.family: threshold_of(rule.family) if rule.lane == "budget" else 1.0 for rule in rules}
    return [candidate for rule in rules for candidate in find(spark, rule, as_of, share, moved[rule.family])]


def find(
    spark: SparkSession, rule: WarningRule, as_of: date, budget: float = BUDGET_A_DAY, threshold: float = 1.0
) -> list[Candidate]:
    """Every matter at or above the rule's lowest level times the threshold, judged on the days before as_of.

    budget: warnings a day by chance, of a surge rule.
    """
    match rule.method:
        case Surge() as surge:
            found = _surges(spark, rule, surge, as_of, budget)
        case Cluster() as cluster:
            found = find_clusters(spark, rule, cluster, as_of)
        case Silence() as silence:
            found = find_silence(spark, rule, silence, as_of)
        case Query() as query:
            found = _matters(spark, rule, query, as_of)
    return [candidate for candidate in found if rule.level_of(candidate.score / threshold)]


def _surges(spark: SparkSession, rule: WarningRule, surge: Surge, as_of: date, budget: float) -> Iterator[Candidate]:
    """Each area and category's last window against the windows before it; alpha is what the budget leaves a stream a day."""
    table = _windows(spark, surge, as_of)
    if table.empty:
        return
    counted = table.to_numpy(dtype=float)
    bounds = judge_newest(counted, surge, alpha=alpha_of_budget(budget, len(counted)))
    window = (as_of - timedelta(days=surge.window_days), as_of - timedelta(days=1))
    hits = np.flatnonzero((bounds.score > 1) & (counted[:, 0] >= surge.least))
    for i in hits:
        area, category = table.index[i]
        yield Candidate(
            rule, f"{area}|{category}", area, category, *window, float(counted[i, 0]), float(bounds.expected[i]),
            float(bounds.bound[i]), float(bounds.score[i]), _surge_evidence(spark, surge, area, category, *window),
        )  # fmt: skip


def _windows(spark: SparkSession, surge: Surge, as_of: date) -> pd.DataFrame:
    """(area, category) x windows ago, events in each: as far back as the feed goes, the baseline at least."""
    start = as_of - timedelta(days=surge.window_days * (MOST_WINDOWS + 1))
    counts = spark.sql(
        f"SELECT {surge.area} AS area, {surge.category} AS category, "
        f"CAST(floor((datediff(DATE '{as_of}', CAST({surge.time} AS DATE)) - 1) / {surge.window_days}) AS INT) AS ago, count(*) AS n "
        f"FROM {surge.feed} WHERE {surge.time} >= TIMESTAMP '{start} 00:00:00' AND {surge.time} < TIMESTAMP '{as_of} 00:00:00' "
        f"AND {surge.area} IS NOT NULL GROUP BY 1, 2, 3"
    ).toPandas()
    if counts.empty:
        return counts
    whole = max(int(counts["ago"].max()), surge.baseline_weeks + 1)  # the oldest window began before the feed did
    table = counts.pivot_table(index=["area", "category"], columns="ago", values="n", fill_value=0)
    return table.reindex(columns=range(whole), fill_value=0)


def judge_newest(counted: NDArray[np.float64], surge: Surge, *, alpha: float) -> Bounds:
    """Each series' newest window, by its seasons where it has three years of weeks, else by its last windows.

    counted: (series, windows) events, newest first. Sources: see farrington_scan and bayes_predictive.
    """
    if surge.window_days == WEEK_DAYS and counted.shape[1] > NOUFAILY.spans()[0].reach:
        return farrington_scan(counted[:, ::-1], alpha=alpha).shaped((len(counted),))
    return bayes_predictive(counted[:, 0], counted[:, 1 : surge.baseline_weeks + 1], alpha=alpha)


def _surge_evidence(
    spark: SparkSession, surge: Surge, area: str, category: str, start: date, end: date
) -> list[Evidence]:
    rows = spark.table(surge.feed).where(
        (spark.table(surge.feed)[surge.area] == area) & (spark.table(surge.feed)[surge.category] == category)
    )
    rows = rows.where(f"CAST({surge.time} AS DATE) BETWEEN DATE '{start}' AND DATE '{end}'").collect()
    return [
        Evidence(surge.feed, row["delivery_id"], row["row_no"], row[surge.time].date(), facts(row.asDict()))
        for row in rows
    ]


def _matters(spark: SparkSession, rule: WarningRule, query: Query, as_of: date) -> Iterator[Candidate]:
    """A rule's rows, gathered by matter; a row with counted = true is one of those observed."""
    rows = [row.asDict() for row in spark.sql(query.sql.format(as_of=as_of)).collect()]
    for key in sorted({row["subject_key"] for row in rows}):
        mine = sorted(
            (row for row in rows if row["subject_key"] == key), key=lambda row: (row["feed"], row["day"], row["row_no"])
        )
        counted = [row for row in mine if row["counted"]]
        observed = float(len(counted))
        yield Candidate(
            rule, key, mine[0].get("grid_code"), None, min(row["day"] for row in mine), max(row["day"] for row in counted),
            observed, float(mine[0]["expected"]), _figure(mine[0].get("bound")), observed * float(mine[0]["weight"]),
            [Evidence(row["feed"], row["delivery_id"], row["row_no"], row["day"], facts(row)) for row in mine],
        )  # fmt: skip


def _figure(said: Any) -> float | None:
    """Of SQL's, which may be a decimal."""
    return None if said is None else float(said)

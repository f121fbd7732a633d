"""From a rule and the city's current rows to candidate warnings with their evidence."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from jobs.warn.surge import bayes_predictive
from schemas.codes import load_code_list
from schemas.warning_rule import Query, Surge, WarningRule

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

BUDGET_A_DAY = 5


@dataclass(frozen=True)
class Evidence:
    """A row that a warning rests on, copied without what identifies a person."""

    feed: str
    delivery_id: str
    row_no: int
    day: date
    facts: str


@dataclass(frozen=True)
class Candidate:
    """One matter that a rule found. subject_key names the matter inside; figures in events or as the rule's words say."""

    rule: WarningRule
    subject_key: str
    grid_code: str | None
    category: str | None
    window_start: date
    window_end: date
    observed: float
    expected: float
    bound: float | None
    score: float
    evidence: list[Evidence] = field(default_factory=list, compare=False)


def find(spark: SparkSession, rule: WarningRule, as_of: date, threshold: float = 1.0) -> list[Candidate]:
    """Every matter at or above the rule's lowest level times the threshold that feedback set, judged on the days before as_of."""
    found = _surges(spark, rule, rule.surge, as_of) if rule.surge else _matters(spark, rule, rule.query, as_of)
    return [candidate for candidate in found if rule.level_of(candidate.score / threshold)]


def _surges(spark: SparkSession, rule: WarningRule, surge: Surge, as_of: date) -> Iterator[Candidate]:
    """Each area and category's last window against the windows before it; alpha is what the budget leaves a stream a day."""
    start = as_of - timedelta(days=surge.window_days * (surge.baseline_weeks + 1))
    counts = spark.sql(
        f"SELECT {surge.area} AS area, {surge.category} AS category, "
        f"CAST(floor(datediff(DATE '{as_of}', CAST({surge.time} AS DATE) + INTERVAL 1 DAY) / {surge.window_days}) AS INT) AS ago, count(*) AS n "
        f"FROM {surge.feed} WHERE {surge.time} >= TIMESTAMP '{start} 00:00:00' AND {surge.time} < TIMESTAMP '{as_of} 00:00:00' "
        "GROUP BY 1, 2, 3"
    ).toPandas()
    if counts.empty:
        return
    table = counts.pivot_table(index=["area", "category"], columns="ago", values="n", fill_value=0)
    table = table.reindex(columns=range(surge.baseline_weeks + 1), fill_value=0)
    counted = table.to_numpy(dtype=float)
    bounds = bayes_predictive(counted[:, 0], counted[:, 1:], alpha=BUDGET_A_DAY / len(counted))
    window = (as_of - timedelta(days=surge.window_days), as_of - timedelta(days=1))
    hits = np.flatnonzero((bounds.score > 1) & (counted[:, 0] >= surge.least))
    for i in hits:
        area, category = table.index[i]
        yield Candidate(
            rule, f"{area}|{category}", area, category, *window, float(counted[i, 0]), float(bounds.expected[i]),
            float(bounds.bound[i]), float(bounds.score[i]), _surge_evidence(spark, surge, area, category, *window),
        )  # fmt: skip


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


def _matters(spark: SparkSession, rule: WarningRule, query: Query | None, as_of: date) -> Iterator[Candidate]:
    """A rule's rows, gathered by matter; a row with counted = true is one of those observed."""
    if query is None:
        return
    rows = [row.asDict() for row in spark.sql(query.sql.format(as_of=as_of)).collect()]
    for key in sorted({row["subject_key"] for row in rows}):
        mine = sorted(
            (row for row in rows if row["subject_key"] == key), key=lambda row: (row["feed"], row["day"], row["row_no"])
        )
        counted = [row for row in mine if row["counted"]]
        observed = float(len(counted))
        yield Candidate(
            rule, key, mine[0].get("grid_code"), None, min(row["day"] for row in mine), max(row["day"] for row in counted),
            observed, float(mine[0]["expected"]), mine[0].get("bound"), observed * float(mine[0]["weight"]),
            [Evidence(row["feed"], row["delivery_id"], row["row_no"], row["day"], facts(row)) for row in mine],
        )  # fmt: skip


def facts(row: dict[str, Any]) -> str:
    """A row's facts as JSON. Current rows hold no identifying column; the person's id stays inside."""
    hidden = {"delivery_id", "row_no", "row_key", "newest", "period", "attempt", "person_id", "subject_key"}
    return json.dumps(
        {k: str(v) for k, v in row.items() if v is not None and k not in hidden}, ensure_ascii=False, sort_keys=True
    )


def say(candidate: Candidate, language: str = "zh") -> str:
    """The reason in words, from the rule's sentence."""
    rule = candidate.rule
    category = candidate.category or ""
    if rule.surge and category:
        category = load_code_list(rule.surge.codes).codes[category][0 if language == "zh" else 1]
    figures = {
        "observed": candidate.observed,
        "expected": candidate.expected,
        "bound": candidate.bound,
        "category": category,
    }
    params = rule.surge.model_dump() if rule.surge else {}
    return getattr(rule.says, language).format(**(params | figures))

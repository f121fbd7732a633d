"""gold.warning and gold.warning_evidence: a matter found again is the same warning, and its evidence is only ever added to."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from dataclasses import asdict
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from jobs import lake
from jobs.city.views import read
from jobs.home import Home
from jobs.warn.candidate import Candidate, say
from jobs.warn.doubt import Trust
from jobs.warn.find import BUDGET_A_DAY
from schemas.warning_rule import LEVELS_ZH

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SAME_MATTER_DAYS = 14
NAMESPACE = uuid.UUID("6a1f5e0e-4b8b-4f2e-9c58-0d5a3f1f7c11")

WARNING = (
    "warning_id STRING, family STRING, family_zh STRING, lane STRING, level STRING, level_zh STRING, title_zh STRING, reason_zh STRING, "
    "reason_en STRING, subject STRING, subject_key STRING, grid_code STRING, category STRING, raised_at TIMESTAMP, raised_on DATE, "
    "seen_on DATE, window_start DATE, window_end DATE, observed DOUBLE, expected DOUBLE, bound DOUBLE, score DOUBLE, confidence DOUBLE, "
    "confidence_why STRING, unit_zh STRING, deadline_at TIMESTAMP, status STRING, evidence_rows BIGINT, table_versions STRING"
)
EVIDENCE = (
    "warning_id STRING, feed STRING, delivery_id STRING, row_no BIGINT, day DATE, facts STRING, table_version BIGINT"
)


def record(
    spark: SparkSession, home: Home, candidates: list[Candidate], as_of: date, now: datetime, trust: Trust
) -> list[dict[str, Any]]:
    """Merge the day's candidates into the tables and return their warnings, worst first.

    A matter of the same family and subject, seen within 14 days, keeps its id and its time of raising.
    """
    _create(spark, home)
    known = _known(spark, home, as_of)
    versions = {f"silver.{feed}": lake.version(home.table("silver", feed)) for c in candidates for feed in c.feeds}
    warnings = cut([warning_of(home, c, known, trust, versions, as_of, now) for c in candidates])
    evidence = [
        {"warning_id": warning["warning_id"], "table_version": versions[f"silver.{item.feed}"], **asdict(item)}
        for candidate, warning in zip(candidates, warnings, strict=True)
        for item in candidate.evidence
    ]
    _merge(
        spark,
        home.table("gold", "warning_evidence"),
        evidence,
        EVIDENCE,
        ["warning_id", "feed", "delivery_id", "row_no"],
        False,
    )
    _merge(spark, home.table("gold", "warning"), warnings, WARNING, ["warning_id"], True)
    return sorted(warnings, key=lambda warning: (-list(LEVELS_ZH).index(warning["level"]), -warning["score"]))


def warning_of(
    home: Home, c: Candidate, known: dict[tuple[str, str], dict[str, Any]], trust: Trust, versions: dict[str, Any],
    as_of: date, now: datetime,
) -> dict[str, Any]:  # fmt: skip
    """A candidate as a row of gold.warning. known: matter -> its last warning within 14 days, whose id and time of raising it keeps."""
    rule = c.rule
    before = known.get((rule.family, c.subject_key), {})
    level = rule.level_of(c.score) or "blue"
    about_person = rule.about_person
    confidence, why = trust.confidence(c.feeds)
    raised_at = before.get("raised_at") or now
    return {
        "warning_id": before.get("warning_id") or str(uuid.uuid5(NAMESPACE, f"{rule.family}|{c.subject_key}|{as_of}")),
        "family": rule.family, "family_zh": rule.title.zh, "lane": rule.lane, "level": level, "level_zh": LEVELS_ZH[level],
        "title_zh": rule.title.zh, "reason_zh": say(c), "reason_en": say(c, "en"),
        "subject": home.pseudonym(c.subject_key, as_of.year) if about_person else c.subject_key.replace("|", " "),
        "subject_key": c.subject_key, "grid_code": c.grid_code, "category": c.category, "raised_at": raised_at,
        "raised_on": before.get("raised_on") or as_of, "seen_on": as_of, "window_start": c.window_start, "window_end": c.window_end,
        "observed": c.observed, "expected": c.expected, "bound": c.bound, "score": c.score,
        "confidence": confidence, "confidence_why": why, "unit_zh": c.unit_zh or rule.unit.zh, "deadline_at": raised_at + rule.deadline,
        "status": "new", "evidence_rows": len(c.evidence),
        "table_versions": json.dumps({f"silver.{feed}": versions[f"silver.{feed}"] for feed in c.feeds}, sort_keys=True),
    }  # fmt: skip


def cut(warnings: list[dict[str, Any]], budget: int = BUDGET_A_DAY) -> list[dict[str, Any]]:
    """The commander's budget: ranked by score, what is past B stays for analysts, below the line. Other lanes are never cut."""
    ranked = sorted((w for w in warnings if w["lane"] == "budget"), key=lambda warning: -warning["score"])
    for warning in ranked[budget:]:
        warning["status"] = "below_line"
    return warnings


def _create(spark: SparkSession, home: Home) -> None:
    for name, schema in (("warning", WARNING), ("warning_evidence", EVIDENCE)):
        if not lake.exists(home.table("gold", name)):
            spark.createDataFrame([], schema).write.format("delta").save(home.table("gold", name))


def _known(spark: SparkSession, home: Home, as_of: date) -> dict[tuple[str, str], dict[str, Any]]:
    rows = (
        read(spark, home.table("gold", "warning"))
        .where(f"seen_on >= date_sub(DATE '{as_of}', {SAME_MATTER_DAYS})")
        .collect()
    )
    return by_matter(row.asDict() for row in rows)


def by_matter(rows: Iterable[dict[str, Any]]) -> dict[tuple[str, str], dict[str, Any]]:
    """Family and subject -> the warning raised last."""
    return {(row["family"], row["subject_key"]): row for row in sorted(rows, key=lambda row: row["raised_at"])}


def _merge(
    spark: SparkSession, path: str, rows: list[dict[str, Any]], schema: str, key: list[str], update: bool
) -> None:
    if not rows:
        return
    from delta.tables import DeltaTable

    names = [part.split()[0] for part in schema.split(", ")]
    source = spark.createDataFrame([tuple(row[name] for name in names) for row in rows], schema)
    merge = (
        DeltaTable.forPath(spark, path).alias("t").merge(source.alias("s"), " AND ".join(f"t.{k} = s.{k}" for k in key))
    )
    (merge.whenMatchedUpdateAll() if update else merge).whenNotMatchedInsertAll().execute()

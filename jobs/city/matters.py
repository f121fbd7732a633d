"""The view `overdue_matter`: every matter past its deadline that is not over yet, or was closed late and not confirmed."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from quality.text import quote
from schemas.matters import ANY, Matter, load_matters

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

COLUMNS = (
    "feed STRING, matter_zh STRING, kind STRING, matter_no STRING, estate STRING, building STRING, grid_code STRING, desk STRING, above STRING, "
    "by_town BOOLEAN, due_on DATE, days_overdue INT, delivery_id STRING, row_no BIGINT"
)


def register_matters(spark: SparkSession, as_of: date) -> None:
    """Over the views of the feeds that there are. Days before as_of count."""
    parts = [
        overdue_of(feed, matter, spark.table(feed).columns)
        for feed, matter in load_matters().items()
        if spark.catalog.tableExists(feed)
    ]
    if not parts:
        spark.createDataFrame([], COLUMNS).createOrReplaceTempView("overdue_matter")
        return
    spark.sql(" UNION ALL ".join(parts).format(as_of=as_of)).createOrReplaceTempView("overdue_matter")


def overdue_of(feed: str, matter: Matter, columns: list[str]) -> str:
    """SQL of one feed's matters, with {as_of} to be filled in. What was closed late counts its days up to then."""
    days = f"CAST({_by_tier(matter, {tier: str(days) for tier, days in matter.days.items()})} AS INT)"
    due = f"{matter.reported} + make_dt_interval({days})"
    due = f"coalesce({matter.due}, {due})" if matter.due else due
    over = f"status IN ({', '.join(map(quote, matter.shut))})"
    late = "false"
    if matter.confirmed:
        late = f"{over} AND status <> {quote(matter.confirmed)} AND closed_at > due_by AND closed_at >= date_sub(DATE '{{as_of}}', {matter.confirm_days})"
    desk = matter.desk or _by_tier(matter, {tier: quote(name) for tier, name in matter.desks.items()})
    above = _by_tier(matter, {tier: quote(name) for tier, name in matter.above.items()})
    estate, building = (
        name if name in columns else f"CAST(NULL AS STRING) AS {name}" for name in ("estate", "building")
    )
    return f"""
        SELECT '{feed}' AS feed, {quote(matter.title.zh)} AS matter_zh, kind, {matter.number} AS matter_no, {estate}, {building}, grid_code,
               {desk} AS desk, {above} AS above, {str(matter.by_town).lower()} AS by_town, CAST(due_by AS DATE) AS due_on,
               greatest(1, datediff(CASE WHEN {over} THEN CAST(closed_at AS DATE) ELSE DATE '{{as_of}}' END, CAST(due_by AS DATE))) AS days_overdue,
               delivery_id, row_no
        FROM (SELECT *, {due} AS due_by FROM {feed}) WHERE due_by < DATE '{{as_of}}' AND (NOT ({over}) OR ({late}))"""


def _by_tier(matter: Matter, told: dict[str, str]) -> str:
    """SQL for what is said of a row's tier; the lowest one's where the row names none."""
    if ANY in told:
        return told[ANY]
    whens = " ".join(f"WHEN {quote(tier)} THEN {value}" for tier, value in told.items())
    return f"CASE {matter.tier} {whens} ELSE {next(iter(told.values()))} END"

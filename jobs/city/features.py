"""What the city counts: events by grid and day, its vital signs beside their bands, and what is overdue (by schemas/matters.yaml)."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from jobs.city.matters import register_matters
from jobs.city.vitals import VITAL_DAYS, vital_days
from jobs.home import Home
from schemas.matters import load_matters
from schemas.vitals import feeds_of_vitals

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

FEEDS_OF_FEATURES = {"police_incident", "repair", "equipment_inspection", *load_matters(), *feeds_of_vitals()}
EVENTS = """
    SELECT grid_code, CAST(reported_at AS DATE) AS day, 'incident' AS measure, category FROM police_incident
    UNION ALL SELECT grid_code, CAST(reported_at AS DATE), 'repair', kind FROM repair"""
OVERDUE = """
    WITH faults AS (SELECT estate, building, count(*) AS complaints FROM repair
                    WHERE reported_at >= date_sub(DATE '{as_of}', 30) AND reported_at < DATE '{as_of}' GROUP BY estate, building)
    SELECT 'inspection' AS matter_kind, '' AS matter_zh, i.kind, i.equipment_no AS matter_no, i.estate, i.building, i.grid_code, i.next_due_on AS due_on,
           datediff(DATE '{as_of}', i.next_due_on) AS days_overdue, coalesce(f.complaints, 0) AS complaints_30d,
           CAST(NULL AS STRING) AS unit
    FROM equipment_inspection i LEFT JOIN faults f ON i.estate = f.estate AND i.building = f.building
    WHERE i.next_due_on < DATE '{as_of}'
    UNION ALL
    SELECT m.feed, m.matter_zh, m.kind, m.matter_no, m.estate, m.building, m.grid_code, m.due_on, m.days_overdue, coalesce(f.complaints, 0), m.desk
    FROM overdue_matter m LEFT JOIN faults f ON m.estate = f.estate AND m.building = f.building"""


def compute_features(spark: SparkSession, home: Home, as_of: date) -> None:
    """Write gold.grid_daily, gold.city_vital and gold.overdue. Days before as_of count; the day itself has not ended."""
    daily = spark.sql(
        f"SELECT grid_code, day, measure, category, count(*) AS events FROM ({EVENTS}) WHERE day < DATE '{as_of}' "
        "GROUP BY grid_code, day, measure, category"
    )
    _overwrite(daily, home.table("gold", "grid_daily"))
    vitals = vital_days(spark, as_of).table()
    _overwrite(spark.createDataFrame(vitals, VITAL_DAYS), home.table("gold", "city_vital"))
    register_matters(spark, as_of)
    _overwrite(spark.sql(OVERDUE.format(as_of=as_of)), home.table("gold", "overdue"))


def _overwrite(frame, path: str) -> None:
    frame.write.format("delta").mode("overwrite").option("overwriteSchema", "true").save(path)

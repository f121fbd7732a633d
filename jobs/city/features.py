"""What the city counts: events by grid and day, each day beside what its weekday led to expect, and what is overdue (by schemas/matters.yaml)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from jobs.city.matters import register_matters
from jobs.city.views import read
from jobs.home import Home
from jobs.warn.methods.bayes import predictive_band
from schemas.matters import load_matters

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

BAND_WEEKS, LEAST_WEEKS = 8, 4
BAND_ALPHA = 0.05
FEEDS_OF_FEATURES = {"police_incident", "repair", "petition", "equipment_inspection", *load_matters()}
EVENTS = """
    SELECT grid_code, CAST(reported_at AS DATE) AS day, 'incident' AS measure, category FROM police_incident
    UNION ALL SELECT grid_code, CAST(reported_at AS DATE), 'repair', kind FROM repair
    UNION ALL SELECT NULL, CAST(filed_at AS DATE), 'petition', 'petition' FROM petition"""
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
    """Write gold.grid_daily, gold.trend_daily and gold.overdue. Days before as_of count; the day itself has not ended."""
    daily = spark.sql(
        f"SELECT grid_code, day, measure, category, count(*) AS events FROM ({EVENTS}) WHERE day < DATE '{as_of}' "
        "GROUP BY grid_code, day, measure, category"
    )
    _overwrite(daily, home.table("gold", "grid_daily"))
    read(spark, home.table("gold", "grid_daily")).createOrReplaceTempView("grid_daily")
    totals = spark.sql("SELECT day, measure, sum(events) AS observed FROM grid_daily GROUP BY day, measure").toPandas()
    _overwrite(spark.createDataFrame(with_band(totals, as_of), TREND), home.table("gold", "trend_daily"))
    register_matters(spark, as_of)
    _overwrite(spark.sql(OVERDUE.format(as_of=as_of)), home.table("gold", "overdue"))


TREND = "day DATE, measure STRING, observed DOUBLE, expected DOUBLE, lower DOUBLE, upper DOUBLE"


def with_band(totals: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """Each day of each measure beside the band its weekday's last eight weeks predict; none while fewer than four weeks have passed.

    totals: day (date), measure, observed; days without events may be missing and count as zero. Returns the columns of TREND.
    """
    series = [_series(measure, rows, as_of) for measure, rows in totals.groupby("measure")]
    return pd.concat(series) if series else pd.DataFrame(columns=[part.split()[0] for part in TREND.split(", ")])


def _series(measure: object, rows: pd.DataFrame, as_of: date) -> pd.DataFrame:
    days = pd.date_range(min(rows["day"]), as_of - timedelta(days=1)).date
    observed = rows.set_index("day")["observed"].astype(float).reindex(days, fill_value=0.0).to_numpy()
    band = np.full((3, len(days)), np.nan)
    for i in range(7 * LEAST_WEEKS, len(days)):
        past = observed[i - 7 :: -7][:BAND_WEEKS]
        band[:, i] = [figure[0] for figure in predictive_band(past[None, :], alpha=BAND_ALPHA)]
    expected, lower, upper = band
    return pd.DataFrame(
        {"day": days, "measure": measure, "observed": observed, "expected": expected, "lower": lower, "upper": upper}
    )


def _overwrite(frame, path: str) -> None:
    frame.write.format("delta").mode("overwrite").option("overwriteSchema", "true").save(path)

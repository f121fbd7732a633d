"""The rules of the police-incident feed written by hand for Spark: what screening costs without ours."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from jobs.bench.incidents import COLUMNS
from quality.forms import PLACEHOLDERS
from schemas.codes import load_code_list

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

NAMES = ("incident_no", "reported_at", "category", "grid_code", "lon", "lat", "arrived_at", "caller_mobile", "detail")
TIME = "yyyy-MM-dd HH:mm:ss"


def screen(spark: SparkSession, source: Path, folder: Path) -> tuple[int, int]:
    """Bronze, silver and held tables, and the batch's figures; (kept, held)."""
    sent = spark.read.csv(str(source), header=True, schema=", ".join(f"`{column}` STRING" for column in COLUMNS))
    bronze = sent.toDF(*NAMES).selectExpr("monotonically_increasing_id() AS row_no", *NAMES)
    _save(bronze, folder / "bronze")
    judged = _judged(spark, spark.read.format("delta").load(str(folder / "bronze"))).cache()
    kept = judged.where("size(reasons) = 0")
    held = judged.where("size(reasons) > 0")
    _save(held.selectExpr("row_no", "to_json(struct(raw.*)) AS raw", "reasons"), folder / "held")
    _save(kept.select("row_no", *(f"value.{name}" for name in NAMES)), folder / "silver")
    figures = kept.selectExpr(
        "count(*)", "count(DISTINCT value.incident_no)", *(f"count_if(value.{name} IS NULL)" for name in NAMES)
    ).first()
    counted = (figures[0] if figures else 0, held.count())
    judged.unpersist()
    return counted


def _judged(spark: SparkSession, bronze: DataFrame) -> DataFrame:
    """row_no, raw STRUCT, value STRUCT, reasons ARRAY: trimmed, placeholders emptied, typed, then every rule."""
    words = load_code_list("incident_category").words
    lookup = ", ".join(f"'{word}', '{code}'" for word, code in words.items())
    said = ", ".join(f"'{word}'" for word in PLACEHOLDERS if "\\" not in word)
    trimmed = [f"CASE WHEN trim({name}) NOT IN ({said}, '') THEN trim({name}) END AS {name}" for name in NAMES]
    typed = [
        "CASE WHEN incident_no RLIKE '^JQ[0-9]{12}$' THEN incident_no END AS incident_no",
        f"try_to_timestamp(reported_at, '{TIME}') AS reported_at",
        f"map({lookup})[category] AS category",
        "CASE WHEN grid_code RLIKE '^[0-9]{15}$' THEN grid_code END AS grid_code",
        "try_cast(lon AS DOUBLE) AS lon", "try_cast(lat AS DOUBLE) AS lat",
        f"try_to_timestamp(arrived_at, '{TIME}') AS arrived_at",
        "CASE WHEN caller_mobile RLIKE '^1[3-9][0-9]{9}$' THEN caller_mobile END AS caller_mobile", "detail",
    ]  # fmt: skip
    rules = {
        "missing": "text.incident_no IS NULL OR text.reported_at IS NULL OR text.category IS NULL OR text.grid_code IS NULL",
        **{f"form:{name}": f"text.{name} IS NOT NULL AND value.{name} IS NULL" for name in NAMES},
        "range:lon": "value.lon NOT BETWEEN 73 AND 136",
        "range:lat": "value.lat NOT BETWEEN 3 AND 54",
        "row:arrived_after_reported": "value.arrived_at < value.reported_at",
        "row:not_in_the_future": "value.reported_at > current_timestamp()",
    }
    wrong = ", ".join(f"CASE WHEN {rule} THEN '{name}' END" for name, rule in rules.items())
    raw = bronze.selectExpr("row_no", f"struct({', '.join(NAMES)}) AS raw", *trimmed)
    value = raw.selectExpr(
        "row_no", "raw", f"struct({', '.join(NAMES)}) AS text", f"struct({', '.join(typed)}) AS value"
    )
    judged = value.selectExpr("row_no", "raw", "value", f"filter(array({wrong}), r -> r IS NOT NULL) AS reasons")
    judged.createOrReplaceTempView("judged")
    return spark.sql(
        "SELECT row_no, raw, value, CASE WHEN size(reasons) = 0 AND copies > 1 THEN array('duplicate') ELSE reasons END AS reasons "
        "FROM (SELECT *, count(*) OVER (PARTITION BY value.incident_no) AS copies FROM judged)"
    )


def _save(rows: DataFrame, path: Path) -> None:
    rows.write.format("delta").mode("overwrite").save(str(path))

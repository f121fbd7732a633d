"""Who is who: every current row that carries a resident ID, and the person it is about."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import reduce
from typing import TYPE_CHECKING

from jobs import lake
from jobs.city.views import read, tells_of_a_person
from jobs.home import Home
from schemas.contract import Contract

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

PERSON = "person_id STRING, resident_id STRING"


def register_people(spark: SparkSession, home: Home, contracts: dict[str, Contract]) -> None:
    """Extend identity.person by the resident IDs met for the first time; write register.person_row and register.person.

    A person's id is random and, once given, stays; it is never derived from the resident ID. Leaves the view `person_row`.
    """
    rows = identified_rows(spark, home, contracts).cache()
    people = _people(spark, home, rows)
    linked = rows.join(people, "resident_id").select("feed", "delivery_id", "row_no", "person_id")
    linked.write.format("delta").mode("overwrite").save(home.table("register", "person_row"))
    read(spark, home.table("register", "person_row")).createOrReplaceTempView("person_row")
    _describe(spark, home, contracts)


def identified_rows(spark: SparkSession, home: Home, contracts: dict[str, Contract]) -> DataFrame:
    """(feed, delivery_id, row_no, resident_id) of every row of a period's current delivery."""
    from pyspark.sql import DataFrame

    empty = spark.createDataFrame([], "feed STRING, delivery_id STRING, row_no BIGINT, resident_id STRING")
    telling = [c for c in contracts.values() if tells_of_a_person(c) and lake.exists(home.table("identity", c.feed))]
    with ThreadPoolExecutor(2) as pool:  # Delta reads a table's log in the driver: two at a time
        parts = list(pool.map(lambda contract: _rows_of(spark, home, contract), telling))
    return reduce(DataFrame.unionByName, parts, empty)


def _rows_of(spark: SparkSession, home: Home, contract: Contract) -> DataFrame:
    feed = contract.feed
    column = next(name for name, spec in contract.columns.items() if spec.type == "resident_id")
    read(spark, home.table("identity", feed)).createOrReplaceTempView(f"identity_{feed}")
    return spark.sql(
        f"SELECT '{feed}' AS feed, i.delivery_id, i.row_no, i.`{column}` AS resident_id "
        f"FROM identity_{feed} i JOIN delivery_now d ON i.delivery_id = d.delivery_id WHERE i.`{column}` IS NOT NULL"
    )


def _people(spark: SparkSession, home: Home, rows: DataFrame) -> DataFrame:
    path = home.table("identity", "person")
    if not lake.exists(path):
        spark.createDataFrame([], PERSON).write.format("delta").save(path)
    strangers = rows.select("resident_id").distinct().join(read(spark, path), "resident_id", "left_anti")
    strangers.selectExpr("uuid() AS person_id", "resident_id").write.format("delta").mode("append").save(path)
    return read(spark, path)


def _describe(spark: SparkSession, home: Home, contracts: dict[str, Contract]) -> None:
    """register.person: what the register says of each person, without what identifies them."""
    registered = ""
    if "household_registration" in contracts and lake.exists(home.table("silver", "household_registration")):
        registered = f"delta.`{home.table('silver', 'household_registration')}`"
    attributes = (
        f"SELECT r.person_id, max(s.sex) AS sex, max(year(s.birth_date)) AS birth_year, max(s.grid_code) AS grid_code FROM {registered} s "
        "JOIN person_row r ON r.feed = 'household_registration' AND r.delivery_id = s.delivery_id AND r.row_no = s.row_no GROUP BY r.person_id"
        if registered
        else "SELECT '' AS person_id, '' AS sex, 0 AS birth_year, '' AS grid_code WHERE false"
    )
    spark.sql(
        f"SELECT p.person_id, a.sex, a.birth_year, a.grid_code, a.person_id IS NOT NULL AS registered, p.feeds, p.rows FROM "
        "(SELECT person_id, array_sort(collect_set(feed)) AS feeds, count(*) AS rows FROM person_row GROUP BY person_id) p "
        f"LEFT JOIN ({attributes}) a ON p.person_id = a.person_id"
    ).write.format("delta").mode("overwrite").option("overwriteSchema", "true").save(home.table("register", "person"))

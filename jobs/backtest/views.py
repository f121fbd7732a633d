"""The city's views as they were on the morning of a day: each feed's rows are read and cached once, a day is a filter over them."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from jobs import lake
from jobs.backtest.known import Known, event_time
from jobs.city.register import identified_rows
from jobs.city.views import read, schema_of, tells_of_a_person
from jobs.home import Home
from schemas.contract import Contract

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

DELIVERY = "feed STRING, delivery_id STRING, period STRING, attempt INT, since DATE, until DATE"


def cache_history(spark: SparkSession, home: Home, contracts: list[Contract], known: list[Known]) -> None:
    """View `past_<feed>`: every row that was ever current, with the days its delivery was, and whether its key is in no other delivery."""
    rows = [(one.feed, one.delivery_id, one.period, one.attempt, one.since, one.until) for one in known]
    spark.createDataFrame(rows, DELIVERY).createOrReplaceTempView("delivery_now")
    people = identified_rows(spark, home, {contract.feed: contract for contract in contracts})
    if lake.exists(home.table("identity", "person")):
        people = people.join(read(spark, home.table("identity", "person")), "resident_id")
    else:
        people = people.selectExpr("*", "CAST(NULL AS STRING) AS person_id").where("false")
    people.select("feed", "delivery_id", "row_no", "person_id").createOrReplaceTempView("person_row")
    for contract in contracts:
        _cache(spark, home, contract)


def see(spark: SparkSession, contracts: list[Contract], day: date) -> None:
    """Each feed's view under its name, as it was that morning."""
    for contract in contracts:
        spark.sql(seen(contract, day)).createOrReplaceTempView(contract.feed)


def seen(contract: Contract, day: date) -> str:
    """The rows of current_rows among what was known; none that happened on the day or later."""
    feed = contract.feed
    known = f"since <= DATE '{day}' AND until > DATE '{day}'"
    if contract.delivery.kind == "snapshot":
        known += f" AND period = (SELECT max(period) FROM delivery_now WHERE feed = '{feed}' AND {known})"
    if time := event_time(contract):
        known += f" AND (`{time}` IS NULL OR `{time}` < TIMESTAMP '{day} 00:00:00')"
    newest = "row_number() OVER (PARTITION BY row_key ORDER BY period DESC, attempt DESC)"
    return (
        f"SELECT *, 1 AS newest FROM past_{feed} WHERE only AND {known} UNION ALL "
        f"SELECT * FROM (SELECT *, {newest} AS newest FROM past_{feed} WHERE NOT only AND {known}) WHERE newest = 1"
    )


def _cache(spark: SparkSession, home: Home, contract: Contract) -> None:
    feed, path = contract.feed, home.table("silver", contract.feed)
    silver = (
        read(spark, path)
        if lake.exists(path)
        else spark.createDataFrame([], schema_of(contract)).drop("period", "attempt")
    )
    silver.createOrReplaceTempView(f"silver_{feed}")
    person = "p.person_id, " if tells_of_a_person(contract) else ""
    joined = (
        f"LEFT JOIN (SELECT delivery_id, row_no, person_id FROM person_row WHERE feed = '{feed}') p ON s.delivery_id = p.delivery_id AND s.row_no = p.row_no"
        if person
        else ""
    )
    spark.sql(
        f"SELECT s.*, {person}d.period, d.attempt, d.since, d.until, count(*) OVER (PARTITION BY s.row_key) = 1 AS only FROM silver_{feed} s "
        f"JOIN (SELECT * FROM delivery_now WHERE feed = '{feed}') d ON s.delivery_id = d.delivery_id {joined}"
    ).createOrReplaceTempView(f"past_{feed}")
    spark.catalog.cacheTable(f"past_{feed}")

"""The city's views as they were on the morning of a day: each feed's rows are read and cached once, a day is a filter over them."""

from __future__ import annotations

from dataclasses import dataclass
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


def cache_history(spark: SparkSession, home: Home, contracts: list[Contract], known: list[Known]) -> list[PastFeed]:
    """View `past_<feed>`: every row that was ever current, with the days its delivery was, and whether its key is in no other delivery."""
    rows = [(one.feed, one.delivery_id, one.period, one.attempt, one.since, one.until) for one in known]
    spark.createDataFrame(rows, DELIVERY).createOrReplaceTempView("delivery_now")
    people = identified_rows(spark, home, {contract.feed: contract for contract in contracts})
    if lake.exists(home.table("identity", "person")):
        people = people.join(read(spark, home.table("identity", "person")), "resident_id")
    else:
        people = people.selectExpr("*", "CAST(NULL AS STRING) AS person_id").where("false")
    people.select("feed", "delivery_id", "row_no", "person_id").createOrReplaceTempView("person_row")
    return [PastFeed(one, [of for of in known if of.feed == one.feed], _cache(spark, home, one)) for one in contracts]


@dataclass(frozen=True)
class PastFeed:
    """A feed whose view `past_<feed>` is cached. known: its deliveries; repeats: whether a key is in two of them."""

    contract: Contract
    known: list[Known]
    repeats: bool


def see(spark: SparkSession, feeds: list[PastFeed], day: date) -> None:
    """Each feed's view under its name, as it was that morning."""
    for feed in feeds:
        spark.sql(seen(feed, day)).createOrReplaceTempView(feed.contract.feed)


def seen(feed: PastFeed, day: date) -> str:
    """The rows of current_rows among what was known; none that happened on the day or later."""
    contract, past = feed.contract, f"past_{feed.contract.feed}"
    known = f"since <= DATE '{day}' AND until > DATE '{day}'"
    if contract.delivery.kind == "snapshot":
        newest_period = max((one.period for one in feed.known if one.since <= day < one.until), default="")
        known += f" AND period = '{newest_period}'"
    if time := event_time(contract):
        known += f" AND (`{time}` IS NULL OR `{time}` < TIMESTAMP '{day} 00:00:00')"
    if not feed.repeats or contract.delivery.kind == "snapshot":
        return f"SELECT *, 1 AS newest FROM {past} WHERE {known}"
    newest = "row_number() OVER (PARTITION BY row_key ORDER BY period DESC, attempt DESC)"
    return (
        f"SELECT *, 1 AS newest FROM {past} WHERE only AND {known} UNION ALL "
        f"SELECT * FROM (SELECT *, {newest} AS newest FROM {past} WHERE NOT only AND {known}) WHERE newest = 1"
    )


def _cache(spark: SparkSession, home: Home, contract: Contract) -> bool:
    """Whether a key is in two deliveries."""
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
    return spark.sql(f"SELECT 1 FROM past_{feed} WHERE NOT only LIMIT 1").first() is not None

"""Every feed's current rows as a Spark view under the feed's name, each with its person where it tells of one."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from jobs import lake
from jobs.current import current_deliveries, current_rows
from jobs.home import Home
from jobs.ingest import ledger
from schemas.contract import Contract

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

SPARK_TYPES = {
    "integer": "BIGINT", "number": "DOUBLE", "money": "DECIMAL(18,2)", "date": "DATE", "timestamp": "TIMESTAMP", "boolean": "BOOLEAN",
}  # fmt: skip


def read(spark: SparkSession, path: str) -> DataFrame:
    return spark.read.format("delta").load(path)


def register_deliveries(spark: SparkSession, home: Home) -> None:
    """View `delivery_now`: the committed delivery of each feed and period. Read once, so that one run sees one state of the lake."""
    read(spark, ledger.path(home)).createOrReplaceTempView("ops_delivery")
    spark.sql(current_deliveries("ops_delivery")).cache().createOrReplaceTempView("delivery_now")


def register_feeds(spark: SparkSession, home: Home, contracts: list[Contract], torn: Collection[str] = ()) -> None:
    """A view a feed, empty when nothing of it was ever committed or its table is torn. Delta reads a table's log in the driver: two at a time."""
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda contract: _register_feed(spark, home, contract, contract.feed in torn), contracts))


def _register_feed(spark: SparkSession, home: Home, contract: Contract, torn: bool) -> None:
    feed, path = contract.feed, home.table("silver", contract.feed)
    if lake.exists(path) and not torn:
        read(spark, path).createOrReplaceTempView(f"silver_{feed}")
        rows = spark.sql(current_rows(contract, f"silver_{feed}", "delivery_now"))
    else:
        rows = spark.createDataFrame([], schema_of(contract))
    rows.createOrReplaceTempView(f"now_{feed}")
    spark.sql(_with_person(contract)).createOrReplaceTempView(feed)
    spark.catalog.cacheTable(feed)  # features and every rule read it again; Spark spills what does not fit


def register_hidden(spark: SparkSession, home: Home, feeds: Iterable[str]) -> None:
    """View `identity_<feed>` of what the feed keeps apart because it identifies, for the families that link by it."""
    for feed in feeds:
        path = home.table("identity", feed)
        if lake.exists(path):
            read(spark, path).createOrReplaceTempView(f"identity_{feed}")
        else:  # an earlier run's in the same session is not this one's
            spark.catalog.dropTempView(f"identity_{feed}")


def tells_of_a_person(contract: Contract) -> bool:
    return any(column.type == "resident_id" for column in contract.columns.values())


def _with_person(contract: Contract) -> str:
    if not tells_of_a_person(contract):
        return f"SELECT * FROM now_{contract.feed}"
    return (
        f"SELECT n.*, p.person_id FROM now_{contract.feed} n LEFT JOIN (SELECT delivery_id, row_no, person_id FROM person_row "
        f"WHERE feed = '{contract.feed}') p ON n.delivery_id = p.delivery_id AND n.row_no = p.row_no"
    )


def schema_of(contract: Contract) -> str:
    """Of a feed without a row, in SQL."""
    typed = [
        f"{c} {SPARK_TYPES.get(spec.type, 'STRING')}" for c, spec in contract.columns.items() if not spec.identifies
    ]
    return ", ".join(["delivery_id STRING", "row_no BIGINT", "row_key STRING", *typed, "period STRING", "attempt INT"])

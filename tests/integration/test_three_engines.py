"""A Delta table that one engine wrote is the same table to the other two, and its protocol is on the list."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable

from jobs import lake

pytestmark = pytest.mark.spark

PROTOCOLS = {"reader": 1, "writer": 2, "features": []}  # every reader knows it; a change here is a decision
ROWS = """
    SELECT i::BIGINT AS id, TIMESTAMPTZ '2026-01-01 08:00:00+08' + i * INTERVAL 1 MINUTE AS seen_at, DATE '2026-01-01' + (i % 30)::INT AS day,
           (i * 1.05)::DECIMAL(18,2) AS amount, '人' || i AS name, i % 2 = 0 AS even, i * 0.5::DOUBLE AS share, ['甲', '乙'] AS reasons,
           CASE WHEN i % 2 = 0 THEN 'd-1' ELSE 'd-2' END AS delivery_id
    FROM range(1000) t(i)"""
FACTS = "count(*) AS n, sum(id) AS ids, max(seen_at) AS last, sum(amount) AS money, count(DISTINCT name) AS names, max({first}) AS why, min(day) AS day"


def facts_in_duckdb(path: str) -> tuple[Any, ...]:
    with lake.connect() as con:
        n, ids, last, *rest = (
            con.execute(f"SELECT {FACTS.format(first='reasons[1]')} FROM {lake.scan(path)}").fetchone() or ()
        )
        return (n, ids, last.timestamp(), *rest)


def facts_in_delta_rs(path: str) -> tuple[Any, ...]:
    table = DeltaTable(path).to_pyarrow_table()
    data = table.to_pydict()
    return (
        table.num_rows, sum(data["id"]), max(data["seen_at"]).timestamp(), sum(data["amount"], Decimal(0)), len(set(data["name"])),
        max(reasons[0] for reasons in data["reasons"]), min(data["day"]),
    )  # fmt: skip


def facts_in_spark(spark: Any, path: str) -> tuple[Any, ...]:
    row = spark.read.format("delta").load(path).selectExpr(*FACTS.format(first="reasons[0]").split(", ")).first()
    return (row.n, row.ids, row.last.timestamp(), row.money, row.names, row.why, row.day)


def written_by_delta_rs(path: str) -> None:
    with lake.connect(reads_delta=False) as con:
        lake.put_rows(path, con.sql(ROWS))


@pytest.fixture(params=["delta-rs", "spark"])
def table(request: pytest.FixtureRequest, spark: Any, tmp_path: Path) -> str:
    """The same thousand rows, written by delta-rs or by Spark."""
    path = str(tmp_path / "delta_rs")
    written_by_delta_rs(path)
    if request.param == "delta-rs":
        return path
    again = str(tmp_path / "spark")
    spark.read.format("delta").load(path).write.format("delta").save(again)
    return again


def test_each_engine_reads_the_same_rows(spark: Any, table: str) -> None:
    said = facts_in_duckdb(table), facts_in_delta_rs(table), facts_in_spark(spark, table)
    assert said[0][0] == 1000
    assert said[0] == said[1] == said[2]


def test_the_protocol_is_on_the_list(table: str) -> None:
    assert lake.protocol(table) == PROTOCOLS


def test_spark_merges_into_what_delta_rs_wrote_and_the_others_see_it(spark: Any, table: str) -> None:
    from delta.tables import DeltaTable as SparkTable

    source = spark.createDataFrame([(5, "改名"), (2000, "新来")], "id LONG, name STRING")
    merge = SparkTable.forPath(spark, table).alias("t").merge(source.alias("s"), "t.id = s.id")
    merge.whenMatchedUpdate(set={"name": "s.name"}).whenNotMatchedInsert(
        values={"id": "s.id", "name": "s.name"}
    ).execute()
    with lake.connect() as con:
        seen = con.execute(f"SELECT id, name FROM {lake.scan(table)} WHERE id IN (5, 2000) ORDER BY id").fetchall()
    assert seen == [(5, "改名"), (2000, "新来")]
    assert DeltaTable(table).to_pyarrow_table().num_rows == 1001
    assert lake.protocol(table) == PROTOCOLS


def test_delta_rs_replaces_one_delivery_of_what_spark_wrote(spark: Any, table: str) -> None:
    with lake.connect(reads_delta=False) as con:
        lake.put_rows(
            table,
            con.sql(f"SELECT * FROM ({ROWS}) WHERE delivery_id = 'd-1' LIMIT 3"),
            instead_of="delivery_id = 'd-1'",
        )
    assert spark.read.format("delta").load(table).groupBy("delivery_id").count().orderBy("delivery_id").collect() == [
        ("d-1", 3),
        ("d-2", 500),
    ]


def test_a_stream_that_fails_midway_leaves_the_table_as_it_was(spark: Any, table: str) -> None:
    before = lake.version(table)
    with lake.connect(reads_delta=False) as con, pytest.raises(Exception, match=r"(?i)error|could not"):
        broken = con.sql(
            f"SELECT * REPLACE (CASE WHEN id = 999 THEN error('gone') ELSE name END AS name) FROM ({ROWS})"
        )
        lake.put_rows(table, broken, instead_of="delivery_id = 'd-1'")
    assert lake.version(table) == before

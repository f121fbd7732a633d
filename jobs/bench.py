"""How fast intake is, beside DuckDB's bare copy of the same file in the same run."""

from __future__ import annotations

import os
import resource
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from jobs.home import Home
from jobs.ingest.delivery import ingest

FEED = "police_incident"


@dataclass(frozen=True)
class Bench:
    """rows; seconds of a delivery from landing to receipt and of the bare typed CSV to Parquet copy; peak resident memory in MB."""

    rows: int
    ingest_seconds: float
    copy_seconds: float
    peak_mb: int

    @property
    def ratio(self) -> float:
        return self.ingest_seconds / self.copy_seconds


def bench_ingest(rows: int, told: Callable[[str], None] = lambda step: None) -> Bench:
    """Write a CSV of police incidents, one in two hundred of them bad, and take it in: bronze, silver, held, gate, receipt, ledger.

    Great Expectations is imported before the clock starts; the peak of memory is of the whole process.
    """
    import great_expectations.expectations  # noqa: F401

    with tempfile.TemporaryDirectory() as folder:
        os.environ["CITYBRAIN_KEY"] = os.environ.get("CITYBRAIN_KEY", "bench")
        home = Home(Path(folder))
        contract = home.contracts()[0][FEED]
        source = home.drop / contract.owner.folder / "jq_202601.csv"
        source.parent.mkdir(parents=True)
        told("writing the file")
        _write(source, rows)
        told("bare copy")
        began = time.perf_counter()
        _copy(source, Path(folder) / "copy.parquet")
        copied = time.perf_counter() - began
        told("ingest")
        began = time.perf_counter()
        (entry,) = ingest(home, contract, still_seconds=0)
        ingested = time.perf_counter() - began
        if entry.read_rows != rows or not entry.held_rows:
            raise AssertionError(f"the bench's own file was read wrong: {entry}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return Bench(rows, ingested, copied, peak)


def _write(path: Path, rows: int) -> None:
    """A file of the feed in GB18030, and the same in UTF-8 beside it for the bare copy."""
    utf8 = path.with_suffix(".utf8")
    with duckdb.connect() as con:
        con.execute(f"""
            COPY (SELECT 'JQ' || lpad(i::VARCHAR, 12, '0') AS 警情编号,
                         strftime(TIMESTAMP '2026-01-01' + to_seconds(i % 2592000), '%Y-%m-%d %H:%M:%S') AS 报警时间,
                         CASE WHEN i % 200 = 0 THEN '未定' ELSE ['盗窃', '诈骗', '纠纷', '交通事故'][1 + i % 4] END AS 警情类别,
                         '330499' || lpad((1 + i % 4608)::VARCHAR, 9, '0') AS 所属网格, 120 + (i % 9973) / 9973.0 AS 经度, 30 + (i % 9967) / 9967.0 AS 纬度,
                         strftime(TIMESTAMP '2026-01-01' + to_seconds(i % 2592000 + 600), '%Y-%m-%d %H:%M:%S') AS 到场时间,
                         '137' || lpad((i % 100000000)::VARCHAR, 8, '0') AS 报警电话, '简要警情' || i AS 简要警情
                  FROM range({rows}) t(i)) TO '{utf8}' (HEADER)""")
    with utf8.open(encoding="utf-8") as source, path.open("w", encoding="gb18030", newline="") as target:
        while chunk := source.read(1 << 22):
            target.write(chunk)


def _copy(path: Path, target: Path) -> None:
    """The least anyone could do: the same rows, typed, into one Parquet file (from UTF-8, which costs it nothing)."""
    types = "{'警情编号': 'VARCHAR', '报警时间': 'TIMESTAMP', '警情类别': 'VARCHAR', '所属网格': 'VARCHAR', '经度': 'DOUBLE', '纬度': 'DOUBLE', '到场时间': 'TIMESTAMP', '报警电话': 'VARCHAR', '简要警情': 'VARCHAR'}"
    with duckdb.connect() as con:
        con.execute(
            f"COPY (SELECT * FROM read_csv('{path.with_suffix('.utf8')}', header = true, columns = {types})) TO '{target}'"
        )

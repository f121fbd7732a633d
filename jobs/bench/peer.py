"""One peer of the ingest bench in a process of its own: `python -m jobs.bench.peer ours|copy|spark|pandas FILE` prints one line of JSON."""

from __future__ import annotations

import json
import logging
import os
import resource
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import duckdb

from jobs.bench.incidents import FEED
from jobs.home import Home


def ours(source: Path, folder: Path) -> dict[str, Any]:
    """A delivery from landing to ledger: bronze, silver, identity, held, gate, receipt. Great Expectations is imported before the clock starts."""
    import great_expectations.expectations  # noqa: F401

    from jobs.ingest import delivery

    steps: dict[str, float] = {}
    clock = logging.Handler()
    clock.emit = lambda record: steps.update({record.step: round(record.seconds, 2)})  # type: ignore[attr-defined]
    clock.addFilter(lambda record: hasattr(record, "step"))
    delivery.log.addHandler(clock)
    delivery.log.setLevel(logging.INFO)
    os.environ["CITYBRAIN_KEY"] = "a key of the bench, of no other use"
    home = Home(folder)
    contract = home.contracts()[0][FEED]
    dropped = home.drop / contract.owner.folder / source.name
    dropped.parent.mkdir(parents=True)
    shutil.copy(source, dropped)
    began = time.perf_counter()
    (entry,) = delivery.ingest(home, contract, still_seconds=0)
    return {"seconds": time.perf_counter() - began, "kept": entry.kept_rows, "held": entry.held_rows, "steps": steps}


def copy(source: Path, folder: Path) -> dict[str, Any]:
    """The least anyone could do: the same rows, typed, into one Parquet file (from UTF-8, which costs it nothing)."""
    types = "{'警情编号': 'VARCHAR', '报警时间': 'TIMESTAMP', '警情类别': 'VARCHAR', '所属网格': 'VARCHAR', '经度': 'DOUBLE', '纬度': 'DOUBLE', '到场时间': 'TIMESTAMP', '报警电话': 'VARCHAR', '简要警情': 'VARCHAR'}"
    began = time.perf_counter()
    with duckdb.connect() as con:
        rows = f"SELECT * FROM read_csv('{source.with_suffix('.utf8')}', header = true, columns = {types})"
        con.execute(f"COPY ({rows}) TO '{folder / 'copy.parquet'}'")
    return {"seconds": time.perf_counter() - began, "kept": 0, "held": 0, "steps": {}}


def spark(source: Path, folder: Path) -> dict[str, Any]:
    """The same screening as plain Spark and Delta would do it, from UTF-8; the session is started before the clock.

    Not by databricks-labs-dqx: its licence allows its use with the Databricks services only.
    """
    from jobs.bench.spark_screening import screen
    from jobs.spark import session

    started = session()
    started.range(10).count()
    began = time.perf_counter()
    kept, held = screen(started, source.with_suffix(".utf8"), folder)
    return {"seconds": time.perf_counter() - began, "kept": kept, "held": held, "steps": {}}


def pandas(source: Path, folder: Path) -> dict[str, Any]:
    """The same rules as a Great Expectations suite over a pandas DataFrame, from UTF-8; imported before the clock, as for ours."""
    import great_expectations.expectations  # noqa: F401

    from jobs.bench.pandas_screening import screen

    began = time.perf_counter()
    kept, held = screen(source.with_suffix(".utf8"), folder)
    return {"seconds": time.perf_counter() - began, "kept": kept, "held": held, "steps": {}}


def main(peer: str, source: Path) -> None:
    with tempfile.TemporaryDirectory(dir=source.parent) as folder:
        said = {"ours": ours, "copy": copy, "spark": spark, "pandas": pandas}[peer](source, Path(folder))
    peak = None if peer == "spark" else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps(said | {"peak_mb": peak}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))

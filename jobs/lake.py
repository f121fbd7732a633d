"""The lake's tables: the one adapter between DuckDB, delta-rs and the places where tables live."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import duckdb
import pyarrow as pa
from deltalake import DeltaTable, write_deltalake
from deltalake.exceptions import CommitFailedError

MEMORY_LIMIT = "900MB"  # of DuckDB; the writer and the interpreter take as much again, and a delivery stays below 2 GB
HISTORY_DAYS = 400  # of tables that warnings and reports rest on
BATCH_ROWS = 100_000
ATTEMPTS = 5


@contextmanager
def connect(path: Path | str = ":memory:", *, reads_delta: bool = True, spill: Path | None = None):
    """A DuckDB connection in the city's zone with its memory bounded; what does not fit goes to the folder `spill`.

    Loading Delta's reader takes .3 s: only who reads it asks.
    """
    con = duckdb.connect(str(path))
    try:
        con.execute(
            f"SET TimeZone = 'Asia/Shanghai'; SET memory_limit = '{MEMORY_LIMIT}'; SET preserve_insertion_order = true"
        )
        if spill:
            con.execute(f"SET temp_directory = '{spill}'")
        if reads_delta:
            load_delta(con)
        yield con
    finally:
        con.close()


def load_delta(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(f"LOAD '{_delta_extension()}'")


def exists(path: str) -> bool:
    return DeltaTable.is_deltatable(path)


def scan(path: str, version: int | None = None) -> str:
    """SQL that reads a Delta table."""
    at = f", version => {version}" if version is not None else ""
    return f"delta_scan('{path}'{at})"


def offer(con: duckdb.DuckDBPyConnection, name: str, path: str) -> None:
    """A Delta table's rows under a name, for a connection that has no Delta reader of its own: sooner there, where rows are few."""
    con.register(name, DeltaTable(path).to_pyarrow_dataset())


def put_rows(
    path: str,
    rows: duckdb.DuckDBPyRelation | pa.Table,
    *,
    instead_of: str | None = None,
    by: list[str] | None = None,
    history_days: int | None = None,
) -> None:
    """Write rows, streamed; a stream that fails midway leaves the table as it was. Creates the table if need be.

    instead_of: a predicate of the rows that these replace. Without it they are only added, which meets no other writer and
    reads nothing of the table. by: columns that a new table is partitioned by. history_days: how long its versions can be
    opened, unless vacuumed before (else Delta's 30 days). A column of the table that the rows lack is empty in them.
    """

    def write() -> None:
        stream: Any = rows if isinstance(rows, pa.Table) else rows.to_arrow_reader(BATCH_ROWS)
        has = {field.name for field in DeltaTable(path).schema().fields} if exists(path) else set[str]()
        merge = "merge" if has - set(stream.schema.names) else None
        if instead_of and has:
            write_deltalake(path, stream, mode="overwrite", predicate=instead_of, schema_mode=merge)
        else:
            settings = {"delta.logRetentionDuration": f"interval {history_days} days"} if history_days else None
            write_deltalake(path, stream, mode="append", partition_by=by, schema_mode=merge, configuration=settings)

    _retried(write)


def append(path: str, rows: pa.Table, *, by: list[str] | None = None) -> None:
    """Add rows. A column that the table does not have yet is empty in its older rows."""
    _retried(lambda: write_deltalake(path, rows, mode="append", partition_by=by, schema_mode="merge"))


def _retried(write: Callable[[], None]) -> None:
    """Two writers of one table: one wins, the other tries again a bounded number of times."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return write()
        except (CommitFailedError, FileExistsError):
            if attempt == ATTEMPTS:
                raise
            time.sleep(0.2 * attempt)


def columns(path: str) -> list[str]:
    """The columns of a table, in its order."""
    return [field.name for field in DeltaTable(path).schema().fields]


def files(path: str) -> Iterator[tuple[Path, int]]:
    """The files that hold a table's rows now, and the bytes of each as its log says."""
    told = pa.table(DeltaTable(path).get_add_actions(flatten=True)).select(["path", "size_bytes"]).to_pylist()
    yield from ((Path(path) / unquote(row["path"]), row["size_bytes"]) for row in told)


def version(path: str) -> int | None:
    return DeltaTable(path).version() if exists(path) else None


def _delta_extension() -> str:
    import duckdb_extension_delta

    root = Path(str(duckdb_extension_delta.__file__)).parent / "extensions" / f"v{duckdb.__version__}"
    return str(root / "delta.duckdb_extension")


def protocol(path: str) -> dict[str, Any]:
    """Reader and writer versions and named features of a table."""
    table = DeltaTable(path).protocol()
    return {
        "reader": table.min_reader_version,
        "writer": table.min_writer_version,
        "features": sorted({*(table.reader_features or []), *(table.writer_features or [])}),
    }

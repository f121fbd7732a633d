"""The tables' upkeep: small files made large, versions that nothing needs taken away, columns brought in line with a changed contract."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
from deltalake import DeltaTable, write_deltalake
from deltalake.exceptions import CommitFailedError, DeltaError

from jobs import lake
from jobs.home import Home
from jobs.ingest.alone import alone
from quality.forms import sql_type
from schemas.contract import Contract

KEEP_DAYS = 30
UPKEEP = "upkeep"  # the lock of what rewrites or removes files
EVIDENCE_PIN = (
    "json_object('silver.' || feed, table_version)::VARCHAR"  # a warning found again moves on, its first evidence stays
)
OURS = {
    "bronze": ["delivery_id VARCHAR", "file_name VARCHAR", "row_no BIGINT", "defect VARCHAR"],
    "silver": ["delivery_id VARCHAR", "row_no BIGINT", "row_key VARCHAR"],
    "identity": ["delivery_id VARCHAR", "row_no BIGINT"],
}


class CannotMigrate(ValueError):
    """A change of a contract that no table can follow by itself."""


@dataclass(frozen=True)
class Done:
    """What was done to one table; files: how many were rewritten or taken away."""

    table: str
    files: int
    says: str


def compact(home: Home) -> Iterator[Done]:
    """Rewrite each table's small files into large ones. Rows stay; versions stay readable until vacuumed.

    A feed's tables are compacted under its lock. One that others write meanwhile is left as it is until the next time.
    """
    for path in filter(_is_ours_to_write, tables(home)):
        with alone(home, UPKEEP), alone(home, path.name):
            try:
                done = DeltaTable(str(path)).optimize.compact()
            except CommitFailedError as fault:
                yield Done(_named(home, path), 0, f"left as it is, another run was writing it: {fault}")
                continue
        yield Done(
            _named(home, path), done["numFilesRemoved"], f"{done['numFilesRemoved']} files into {done['numFilesAdded']}"
        )


def vacuum(home: Home, keep_days: int = KEEP_DAYS, dry_run: bool = False) -> Iterator[Done]:
    """Take away files that belong to no version younger than `keep_days` and to none that a warning or a report is pinned to.

    A pin holds as long as the table's log does (`delta.logRetentionDuration`); what it can no longer open is said.
    """
    pinned = pins(home)
    for path in tables(home):
        name = _named(home, path)
        with alone(home, UPKEEP):
            table = DeltaTable(str(path))
            asked = sorted(version for version in pinned.get(name, set()) if version <= table.version())
            versions = [version for version in asked if _opens(path, version)]
            gone = table.vacuum(
                retention_hours=keep_days * 24,
                dry_run=dry_run,
                enforce_retention_duration=False,
                keep_versions=versions or None,
            )
        lost = f", {len(asked) - len(versions)} older than the log" if len(asked) > len(versions) else ""
        says = f"{len(gone)} files {'would go' if dry_run else 'gone'}; {len(versions)} pinned versions kept{lost}"
        yield Done(name, len(gone), says)


def _opens(path: Path, version: int) -> bool:
    try:
        DeltaTable(str(path), version=version)
    except (DeltaError, FileNotFoundError):
        return False
    return True


def pins(home: Home) -> dict[str, set[int]]:
    """Table -> versions that warnings, the serving files and reports rest on."""
    found: dict[str, set[int]] = {}
    for said in [*_warnings(home), *_serving(home), *_reports(home)]:
        for table, version in json.loads(said or "{}").items():
            if version is not None:
                found.setdefault(table, set()).add(int(version))
    return found


def migrate(home: Home, contract: Contract, dry_run: bool = False) -> list[Done]:
    """Give a feed's tables the columns that its contract has gained; old rows are empty there. A column that was taken out stays, empty from now on.

    Raises CannotMigrate when a column changed its type, or now tells who a person is and its old values lie in silver.
    """
    with alone(home, contract.feed):
        return [done for room in OURS for done in _migrated(home, contract, room, dry_run)]


def _migrated(home: Home, contract: Contract, room: str, dry_run: bool) -> Iterator[Done]:
    path = home.table(room, contract.feed)
    if not lake.exists(path):
        return
    has = {field.name: field for field in pa.schema(DeltaTable(path).schema().to_arrow())}
    wants = _schema([*OURS[room], *_columns(contract, room)])
    changed = [f for f in wants if f.name in has and not _alike(has[f.name].type, f.type)]
    if changed:
        raise CannotMigrate(
            f"{room}.{contract.feed}: column {changed[0].name!r} is {has[changed[0].name].type} in the table and {changed[0].type} in the contract; "
            f"name the new one differently, or archive {path} and `citybrain replay` the periods"
        )
    if room == "silver" and (personal := [c for c, spec in contract.columns.items() if spec.identifies and c in has]):
        raise CannotMigrate(
            f"silver.{contract.feed}: column {personal[0]!r} now tells who a person is, and its old values lie in {path}: "
            f"archive that table and `citybrain replay` the periods"
        )
    missing = [field for field in wants if field.name not in has]
    if missing and not dry_run:
        empty = pa.schema(missing).empty_table()
        for name, field in has.items():
            empty = empty.append_column(pa.field(name, field.type), pa.array([], field.type))
        write_deltalake(
            path, empty.select([*has, *(field.name for field in missing)]), mode="append", schema_mode="merge"
        )
    names = "、".join(field.name for field in missing)
    yield Done(f"{room}.{contract.feed}", 0, f"{'would gain' if dry_run else 'gained'} {names}" if missing else "fits")


def _columns(contract: Contract, room: str) -> list[str]:
    columns = contract.columns.items()
    if room == "bronze":
        return [f"{column} VARCHAR" for column, _ in columns] + ["extra VARCHAR"]
    return [f"{column} {sql_type(spec)}" for column, spec in columns if spec.identifies == (room == "identity")]


def _schema(columns: list[str]) -> pa.Schema:
    with duckdb.connect() as con:
        con.execute(f"SET TimeZone = 'Asia/Shanghai'; CREATE TABLE shape ({', '.join(columns)})")
        return con.table("shape").to_arrow_reader().schema


def _alike(one: pa.DataType, other: pa.DataType) -> bool:
    """A zone's spelling and a string's width are no difference."""
    if pa.types.is_timestamp(one) and pa.types.is_timestamp(other):
        return (one.tz is None) == (other.tz is None)
    texts = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
    return one == other or (any(is_(one) for is_ in texts) and any(is_(other) for is_ in texts))


def tables(home: Home) -> list[Path]:
    """Every table of the lake."""
    return sorted(log.parent for log in home.lake.glob("*/*/_delta_log"))


def _is_ours_to_write(path: Path) -> bool:
    """True of what ingest writes; register, gold and the people are Spark's, which writes them anew."""
    return path.parent.name in (*OURS, "held", "ops") and path.name != "person"


def _named(home: Home, path: Path) -> str:
    return ".".join(path.relative_to(home.lake).parts)


def _warnings(home: Home) -> list[str]:
    said: set[str] = set()
    for table, column in (("warning", "table_versions"), ("warning_evidence", EVIDENCE_PIN)):
        path = home.table("gold", table)
        if lake.exists(path):
            with lake.connect() as con:
                said |= {row[0] for row in con.execute(f"SELECT DISTINCT {column} FROM {lake.scan(path)}").fetchall()}
    return sorted(filter(None, said))


def _serving(home: Home) -> list[str]:
    said = []
    for path in home.serving.glob("serving-*.duckdb"):
        with duckdb.connect(str(path), read_only=True) as con:
            said += [row[0] for row in con.execute("SELECT table_versions FROM about").fetchall()]
    return said


def _reports(home: Home) -> list[str]:
    read = (json.loads(path.read_text(encoding="utf-8")) for path in home.reports.glob("*.json"))
    return [json.dumps(report["table_versions"]) for report in read]

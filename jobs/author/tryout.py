"""`citybrain try`: a contract tried on a file, without touching the lake: what would be kept, mended, marked and held, and why."""

from __future__ import annotations

import csv
import json
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from jobs import lake
from jobs.home import ZONE, Home
from jobs.ingest.land import Landed, extra_titles, land
from jobs.ingest.references import bring_references
from jobs.whole import written_whole
from quality import dates, forms
from quality.forms import name
from quality.reasons import say_held, say_repaired
from quality.sift import Sifted, repairs, sift
from schemas.contract import Column, Contract
from schemas.written import ROC_YEAR

CHUNK = 5_000


@dataclass(frozen=True)
class Tried:
    """What came of it: rows, and how often each repair and each reason was met (said in Chinese)."""

    sifted: Sifted
    landed: Landed
    marked: int
    repaired: Counter[str] = field(default_factory=Counter)
    held: Counter[str] = field(default_factory=Counter)
    marks: Counter[str] = field(default_factory=Counter)


def try_contract(home: Home, contract: Contract, path: Path, out: Path | None) -> Tried:
    """Screen a file by a contract. With `out`, write there:

    kept.csv     row, then the original columns in their order, each cell as sent or as mended
    flags.csv    row, column, reason, verdict (held or marked): every cell or row that is not believed
    repairs.csv  row, column, before, after, rule, evidence
    Rows are counted from 1 under the header. Raises Unreadable when the file as a whole cannot be read, or lacks a required column.
    """
    with tempfile.TemporaryDirectory(prefix="try-") as folder, lake.connect(spill=Path(folder)) as con:
        landed = land(con, contract, path, Path(folder))
        if not landed.map.fits:
            raise Unfit(landed, [contract.title_of(column) for column in landed.map.missing])
        bring_references(home, con, contract)
        sifted = sift(con, contract, datetime.now(ZONE))
        tried = _counted(con, contract, landed, sifted)
        if out:
            out.mkdir(parents=True, exist_ok=True)
            _write(out / "kept.csv", ["row", *landed.headers], _kept(con, contract, landed))
            _write(out / "flags.csv", ["row", "column", "reason", "verdict"], _flags(con, contract, landed))
            _write(
                out / "repairs.csv",
                ["row", "column", "before", "after", "rule", "evidence"],
                _repairs(con, contract, landed),
            )
        return tried


class Unfit(ValueError):
    """The file lacks required columns."""

    def __init__(self, landed: Landed, missing: list[str]) -> None:
        near = [f"「{header}」是否应为「{nearest}」?" for header, nearest in landed.map.unknown if nearest]
        super().__init__(f"缺少必填列:{'、'.join(missing)}。{' '.join(near)}")


def _counted(con: duckdb.DuckDBPyConnection, contract: Contract, landed: Landed, sifted: Sifted) -> Tried:
    tried = Tried(sifted, landed, _one(con, "SELECT count(*) FROM kept WHERE len(marks) > 0"))
    if log := repairs(contract):
        for rule, column, n in con.execute(f"SELECT rule, column_name, count(*) FROM ({log}) GROUP BY ALL").fetchall():
            tried.repaired[say_repaired(contract, rule, column)] += n
    for table, said, counts in (("held", "reasons", tried.held), ("kept", "marks", tried.marks)):
        for reason, n in con.execute(
            f"SELECT reason, count(*) FROM (SELECT unnest({said}) AS reason FROM {table}) GROUP BY 1"
        ).fetchall():
            counts[say_held(contract, reason)] += n
    return tried


def _one(con: duckdb.DuckDBPyConnection, sql: str) -> int:
    return (con.execute(sql).fetchone() or (0,))[0]


def _kept(con: duckdb.DuckDBPyConnection, contract: Contract, landed: Landed) -> Iterator[list[Any]]:
    """Each kept row: its number, then every cell as it was sent, or its mended value as the contract writes it."""
    titles = extra_titles(landed.headers)
    placed = {position: column for column, position in landed.map.columns.items()}
    columns = ", ".join(f"l.{name(c)} AS {name(f'sent {c}')}, k.{name(c)}" for c in contract.columns)
    found = con.execute(
        f"SELECT k.row_no, k.repairs, l.extra, {columns} FROM kept k JOIN landed l USING (row_no) ORDER BY k.row_no"
    )
    names = [column[0] for column in found.description or []]
    for values in _rows(found):
        row = dict(zip(names, values, strict=True))
        extra = json.loads(row["extra"] or "{}")
        cells = [
            extra.get(titles[i])
            if (c := placed.get(i)) is None
            else written(contract.columns[c], row[c])
            if c in row["repairs"]
            else row[f"sent {c}"]
            for i in range(len(titles))
        ]
        yield [row["row_no"], *("" if cell is None else cell for cell in cells)]


def _flags(con: duckdb.DuckDBPyConnection, contract: Contract, landed: Landed) -> Iterator[list[Any]]:
    found = con.execute(
        "SELECT row_no, unnest(reasons) AS reason, 'held' FROM held UNION ALL SELECT row_no, unnest(marks), 'marked' FROM kept ORDER BY ALL"
    )
    for row_no, reason, verdict in _rows(found):
        yield [row_no, _header(contract, landed, reason), say_held(contract, reason), verdict]


def _header(contract: Contract, landed: Landed, reason: str) -> str:
    """The header, as sent, of the column that a reason names; '' of a reason about the whole row."""
    rule, _, column = reason.partition(":")
    position = None if rule == "row" else landed.map.columns.get(column)
    return "" if position is None else landed.headers[position]


def _repairs(con: duckdb.DuckDBPyConnection, contract: Contract, landed: Landed) -> Iterator[list[Any]]:
    if not (log := repairs(contract)):
        return
    columns = ", ".join(f"k.{name(c)} AS {name(f'new {c}')}" for c in contract.columns)
    found = con.execute(
        f"SELECT r.*, {columns} FROM ({log}) r JOIN kept k USING (row_no) ORDER BY r.row_no, r.column_name"
    )
    names = [column[0] for column in found.description or []]
    for values in _rows(found):
        row = dict(zip(names, values, strict=True))
        column = row["column_name"]
        if column in landed.map.columns:
            after = written(contract.columns[column], row[f"new {column}"])
            yield [
                row["row_no"],
                landed.headers[landed.map.columns[column]],
                row["before_value"] or "",
                after,
                row["rule"],
                row["evidence"] or "",
            ]


def written(column: Column, value: Any) -> str:
    """A mended value as the contract writes it: times in its first format, numbers without needless zeros, a code by its word."""
    match value:
        case None:
            return ""
        case bool():
            return "是" if value else "否"
        case datetime() | date():
            local = value.astimezone(ZONE) if isinstance(value, datetime) else value
            form = forms.declared(column)[0]
            return dates.republican(local, form) if form.startswith(ROC_YEAR) else local.strftime(form)
        case float() | Decimal():
            plain = f"{Decimal(f'{value:.15g}'):f}"  # 0.052000000000000005 is what a computer makes of 0.052
            return plain.rstrip("0").rstrip(".") if "." in plain else plain
        case _ if column.words:
            return next((word for word, code in column.words.items() if code == value), str(value))
        case _:
            return str(value)


def _rows(found: duckdb.DuckDBPyConnection) -> Iterator[Sequence[Any]]:
    while chunk := found.fetchmany(CHUNK):
        yield from chunk


def _write(path: Path, header: list[str], rows: Iterable[list[Any]]) -> None:
    with written_whole(path) as draft, draft.open("w", encoding="utf-8", newline="") as file:
        sheet = csv.writer(file)
        sheet.writerow(header)
        sheet.writerows(rows)

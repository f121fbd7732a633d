"""Land a file: its rows as text in `landed`, each with its number, whatever the container was."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from jobs.ingest.csv_text import csv_sent
from jobs.ingest.decode import CHUNK_BYTES
from jobs.ingest.json_lines import json_sent
from jobs.ingest.sheet import sheet_sent
from jobs.ingest.unzip import unpacked
from quality.forms import name, quote
from quality.headers import HeaderMap, map_headers
from schemas.contract import Contract, Delivery


@dataclass(frozen=True)
class Landed:
    """headers as sent; map from contract columns to positions; rows landed; above: lines that stand above the rows, None when a row's line cannot be told."""

    headers: list[str]
    map: HeaderMap
    rows: int
    above: int | None = None


def land(con: duckdb.DuckDBPyConnection, contract: Contract, path: Path, staging: Path) -> Landed:
    """Leave the view `landed`: row_no BIGINT (1 is the first row under the header), defect VARCHAR, one VARCHAR a column, extra VARCHAR (JSON).

    A row whose shape is broken has defect 'shape' and its raw text in extra. A row of empty cells only is no row.
    Raises Unreadable when the file as a whole cannot be read.
    """
    con.execute("CREATE OR REPLACE TABLE broken (row_no BIGINT, raw VARCHAR)")
    send = {"csv": csv_sent, "xlsx": sheet_sent, "jsonl": json_sent}[contract.delivery.format]
    whole = unpacked(path, contract.delivery.format, staging)
    headers = send(con, contract.delivery, whole, staging)
    mapped = map_headers(contract, headers)
    con.execute(_landed(con, contract, headers, mapped))
    rows = con.execute("SELECT count(*) FROM landed").fetchone()
    return Landed(headers, mapped, rows[0] if rows else 0, lines_above(con, contract.delivery, whole))


def lines_above(con: duckdb.DuckDBPyConnection, delivery: Delivery, path: Path) -> int | None:
    """How many lines of the file, as a spreadsheet shows it, stand above row 1.

    In a text file only when each record is one line: any that is longer, and any empty line, makes more lines than records.
    """
    above = 0 if delivery.format == "jsonl" else delivery.header_row + delivery.header_lines - 1
    if delivery.format == "xlsx":
        return above
    sent = con.execute("SELECT count(*) FROM sent").fetchone()
    return above if sent and _lines(path) == above + sent[0] else None


def _lines(path: Path) -> int:
    """Line ends of any kind; never fewer than there are, in whatever encoding."""
    lines, last = 0, b""
    with path.open("rb") as source:
        while chunk := source.read(CHUNK_BYTES):
            if chunk.endswith(b"\r"):
                chunk += source.read(1)
            lines += chunk.count(b"\n")
            if returns := chunk.count(b"\r"):
                lines += returns - chunk.count(b"\r\n")
            last = chunk[-1:]
    return lines + (last not in (b"\n", b"\r"))


def extra_titles(headers: list[str]) -> list[str]:
    """A name of its own for each position, for what the contract does not know: '' is the mark of a row without shape."""
    return [
        header if header and header not in headers[:i] else f"{header}(第{i + 1}列)" for i, header in enumerate(headers)
    ]


def _landed(con: duckdb.DuckDBPyConnection, contract: Contract, headers: list[str], mapped: HeaderMap) -> str:
    """The rows of `sent` (c0, c1, ...: all text, in the file's order) under the contract's names."""
    columns = [
        f"{f's.c{mapped.columns[column]}' if column in mapped.columns else 'NULL'}::VARCHAR AS {name(column)}"
        for column in contract.columns
    ]
    extra, filled = _extra(headers, mapped), _filled(headers, mapped)
    if not con.execute("SELECT 1 FROM broken LIMIT 1").fetchone():
        return f"""
            CREATE OR REPLACE VIEW landed AS
            SELECT s.rowid + 1 AS row_no, NULL::VARCHAR AS defect, {", ".join(columns)}, {extra} AS extra
            FROM sent s WHERE {filled}"""
    return f"""
        CREATE OR REPLACE VIEW landed AS
        SELECT s.rowid + 1 AS row_no, CASE WHEN b.row_no IS NOT NULL THEN 'shape' END AS defect, {", ".join(columns)},
               CASE WHEN b.row_no IS NOT NULL THEN json_object('', b.raw)::VARCHAR ELSE {extra} END AS extra
        FROM sent s LEFT JOIN broken b ON b.row_no = s.rowid + 1 WHERE b.row_no IS NOT NULL OR {filled}"""


def _extra(headers: list[str], mapped: HeaderMap) -> str:
    """What the contract does not know, as JSON; NULL where there is nothing of it."""
    used, titles = set(mapped.columns.values()), extra_titles(headers)
    strangers = [i for i in range(len(headers)) if i not in used]
    if not strangers:
        return "NULL::VARCHAR"
    pairs = ", ".join(f"{quote(titles[i])}, s.c{i}" for i in strangers)
    empty = " AND ".join(f"s.c{i} IS NULL" for i in strangers)
    return f"CASE WHEN NOT ({empty}) THEN json_object({pairs})::VARCHAR END"


def _filled(headers: list[str], mapped: HeaderMap) -> str:
    """True of a row with anything in it; the columns we know are looked at first, since the first cell settles it."""
    known = list(mapped.columns.values())
    order = [*known, *(i for i in range(len(headers)) if i not in known)]
    return f"coalesce({', '.join(f's.c{i}' for i in order)}) IS NOT NULL"

"""A CSV file's records: the fast way when every line has the header's shape, else line by line, so that a broken one costs itself alone."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import duckdb
import pyarrow as pa

from jobs.ingest.decode import LONGEST_LINE, decoded
from jobs.ingest.header_lines import bounded, one_line
from jobs.ingest.unreadable import Unreadable
from quality.forms import quote
from schemas.contract import Delivery

LONGEST_RECORD = 1 << 20
LONGEST_RECORD_LINES = 200
BATCH_ROWS = 10_000

csv.field_size_limit(LONGEST_LINE)


def csv_sent(con: duckdb.DuckDBPyConnection, delivery: Delivery, path: Path, staging: Path) -> list[str]:
    """Fill `sent` (c0, c1, ... VARCHAR) with the records under the header, and `broken` with those that have no shape. Returns the headers."""
    text = decoded(path, delivery.encoding, staging)
    headers, lines = _headers(text, delivery)
    try:
        con.execute(_read(text, delivery.delimiter, len(headers), delivery.header_row + delivery.header_lines - 1))
    except (duckdb.InvalidInputException, UnicodeDecodeError):  # its message may quote half a character
        even = _evened(con, text, delivery.delimiter, len(headers), lines, staging)
        con.execute(_read(even, delivery.delimiter, len(headers), 0))
    return headers


def _headers(text: Path, delivery: Delivery) -> tuple[list[str], int]:
    """The headers, and how many lines of the file they and what stands above them take."""
    last = delivery.header_row + delivery.header_lines - 1
    with text.open(encoding="utf-8-sig", newline="") as lines:
        reader = csv.reader(lines, delimiter=delivery.delimiter)
        try:
            rows = list(islice(reader, last))
        except csv.Error:  # a cell without end
            raise Unreadable("表头读不出来:引号没有成对。请重新导出后上传。") from None
    if len(rows) < last or not any(cell.strip() for cell in rows[-1]):
        raise Unreadable(f"第 {last} 行应当是表头,但没有内容。请带表头重新导出。")
    return bounded(one_line(rows[delivery.header_row - 1 :])), reader.line_num


def _read(text: Path, delimiter: str, width: int, skip: int) -> str:
    """skip: records above the rows; a header may hold line breaks."""
    columns = ", ".join(f"{quote(f'c{i}')}: 'VARCHAR'" for i in range(width))
    return f"""
        CREATE OR REPLACE TABLE sent AS
        SELECT * FROM read_csv({quote(str(text))}, columns = {{{columns}}}, auto_detect = false, header = false,
                               skip = {skip}, delim = {quote(delimiter)}, quote = '"', escape = '"',
                               strict_mode = true, null_padding = false, max_line_size = {2 * LONGEST_LINE})"""


def _evened(con: duckdb.DuckDBPyConnection, text: Path, delimiter: str, width: int, skip: int, staging: Path) -> Path:
    """A copy in which every record has its shape: a broken one leaves an empty record in its place, and its text in `broken`."""
    even, broken, blank = staging / "even.csv", {}, delimiter * (width - 1) if width > 1 else '""'
    with text.open(encoding="utf-8-sig", newline="") as lines, even.open("w", encoding="utf-8", newline="") as out:
        sheet = csv.writer(out, delimiter=delimiter, lineterminator="\n", quoting=csv.QUOTE_MINIMAL)
        for number, record in enumerate(_records(islice(lines, skip, None), delimiter, width), 1):
            if isinstance(record, list):
                sheet.writerow(record)
            elif isinstance(record, Broken):
                broken[number] = str(record)
                out.write(f"{blank}\n")
            else:
                out.write(f"{record}\n")
            if len(broken) == BATCH_ROWS:
                _keep(con, broken)
    _keep(con, broken)
    return even


def _keep(con: duckdb.DuckDBPyConnection, broken: dict[int, str]) -> None:
    """Move the texts, by their numbers, into the table."""
    found = pa.table({"row_no": pa.array(broken, pa.int64()), "raw": pa.array(broken.values(), pa.string())})
    con.register("found", found)
    con.execute("INSERT INTO broken SELECT * FROM found")
    con.unregister("found")
    broken.clear()


class Broken(str):
    """The text of a line that has no right shape."""


def _records(lines: Iterable[str], delimiter: str, width: int) -> Iterator[list[str] | Broken | str]:
    """Each record: as its own line where that is plain, as cells where it is quoted, or Broken."""
    waiting = ""
    for line in lines:
        if not waiting and '"' not in line:
            plain = line.rstrip("\r\n")
            if plain.count(delimiter) == width - 1:
                yield plain
            elif plain.strip():
                yield Broken(plain)
            continue
        waiting += line
        may_go_on = len(waiting) < LONGEST_RECORD and waiting.count("\n") < LONGEST_RECORD_LINES
        if may_go_on and '"' not in line:
            continue
        cells = _cells(waiting, delimiter)
        quote_is_open = cells is None and waiting.count('"') % 2
        if quote_is_open and may_go_on:
            continue
        if cells is not None and len(cells) == width:
            yield cells
        else:
            yield from _line_by_line(waiting, delimiter, width)
        waiting = ""
    if waiting:
        yield from _line_by_line(waiting, delimiter, width)


def _line_by_line(text: str, delimiter: str, width: int) -> Iterator[list[str] | Broken]:
    for line in re.split(r"\r\n|\r|\n", text):
        if line.strip():
            cells = _cells(line, delimiter)
            yield cells if cells is not None and len(cells) == width else Broken(line)


def _cells(text: str, delimiter: str) -> list[str] | None:
    """One record's cells; None while a quote is still open or the quoting is broken."""
    try:
        rows = list(csv.reader([text], delimiter=delimiter, strict=True))
    except csv.Error:
        return None
    return rows[0] if len(rows) == 1 else None

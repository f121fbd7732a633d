"""Land a file: its rows as text in the table `landed`, each with its number, whatever the container was."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import duckdb
import pyarrow as pa

from jobs.ingest.decode import decoded
from jobs.ingest.sheet import sheet_rows
from jobs.ingest.unreadable import Unreadable
from quality.forms import name, quote
from quality.headers import HeaderMap, map_headers
from schemas.contract import Contract

BATCH_ROWS = 20_000
LONGEST_LINE = 16 << 20
LONGEST_RECORD = 1 << 20
LONGEST_RECORD_LINES = 200
NO_DELIMITER = "\x1f\x07\x1e\x07"  # four bytes that no line of JSON holds

csv.field_size_limit(LONGEST_LINE)

Record = tuple[int, str | None, list[str | None]]


@dataclass(frozen=True)
class Landed:
    """headers as sent; map from contract columns to positions; rows landed."""

    headers: list[str]
    map: HeaderMap
    rows: int


def land(con: duckdb.DuckDBPyConnection, contract: Contract, path: Path, staging: Path) -> Landed:
    """Fill `landed`: row_no BIGINT (1 is the first row under the header), defect VARCHAR, one VARCHAR a column, extra VARCHAR (JSON).

    A row whose shape is broken has defect 'shape' and its raw text in extra. Raises Unreadable when the file as a whole cannot be read.
    """
    read = {"csv": _land_csv, "xlsx": _land_xlsx, "jsonl": _land_jsonl}[contract.delivery.format]
    headers = read(con, contract, path, staging)
    rows = con.execute("SELECT count(*) FROM landed").fetchone()
    return Landed(headers, map_headers(contract, headers), rows[0] if rows else 0)


def _land_csv(con: duckdb.DuckDBPyConnection, contract: Contract, path: Path, staging: Path) -> list[str]:
    text = decoded(path, contract.delivery.encoding, staging)
    headers = _csv_headers(contract, text)
    try:
        con.execute(_strict_csv(contract, text, headers))
    except duckdb.Error:
        _fill(con, contract, headers, _tolerant_csv(contract, text, len(headers)))
    return headers


def _csv_headers(contract: Contract, text: Path) -> list[str]:
    with text.open(encoding="utf-8-sig", newline="") as lines:
        try:
            rows = list(islice(csv.reader(lines, delimiter=contract.delivery.delimiter), contract.delivery.header_row))
        except csv.Error as fault:
            raise Unreadable(f"表头读不出来({fault})。请重新导出后上传。") from None
    if len(rows) < contract.delivery.header_row or not any(cell.strip() for cell in rows[-1]):
        raise Unreadable(f"第 {contract.delivery.header_row} 行应当是表头,但没有内容。请带表头重新导出。")
    return rows[-1]


def _strict_csv(contract: Contract, text: Path, headers: list[str]) -> str:
    """The fast way, for a file whose every line has the header's shape."""
    columns = ", ".join(f"{quote(f'c{i}')}: 'VARCHAR'" for i in range(len(headers)))
    return f"""
        CREATE OR REPLACE TABLE landed AS
        SELECT row_number() OVER () AS row_no, NULL::VARCHAR AS defect, {_placed(contract, headers)}
        FROM read_csv({quote(str(text))}, columns = {{{columns}}}, auto_detect = false, header = false,
                      skip = {contract.delivery.header_row}, delim = {quote(contract.delivery.delimiter)}, quote = '"', escape = '"',
                      strict_mode = true, null_padding = false, max_line_size = {LONGEST_LINE})"""


def extra_titles(headers: list[str]) -> list[str]:
    """A name of its own for each position, for what the contract does not know: '' is the mark of a row without shape."""
    return [
        header if header and header not in headers[:i] else f"{header}(第{i + 1}列)" for i, header in enumerate(headers)
    ]


def _placed(contract: Contract, headers: list[str]) -> str:
    """The contract's columns out of c0, c1, ... and what the contract does not know as JSON."""
    mapped = map_headers(contract, headers)
    columns = [
        f"{f'c{mapped.columns[column]}' if column in mapped.columns else 'NULL'}::VARCHAR AS {name(column)}"
        for column in contract.columns
    ]
    used = set(mapped.columns.values())
    titles = extra_titles(headers)
    strangers = ", ".join(f"{quote(titles[i])}, c{i}" for i in range(len(headers)) if i not in used)
    extra = f"json_object({strangers})" if strangers else "NULL"
    return ", ".join([*columns, f"{extra}::VARCHAR AS extra"])


def _tolerant_csv(contract: Contract, text: Path, width: int) -> Iterator[Record]:
    """The careful way: a record of another width is given out as broken, line by line, so one stray quote costs one line."""
    delimiter = contract.delivery.delimiter
    row_no = 0
    with text.open(encoding="utf-8-sig", newline="") as lines:
        for _ in islice(csv.reader(lines, delimiter=delimiter), contract.delivery.header_row):
            pass
        for record in _records(lines, delimiter, width):
            row_no += 1
            yield (row_no, None, list(record)) if isinstance(record, list) else (row_no, record, [])


def _records(lines: Iterable[str], delimiter: str, width: int) -> Iterator[list[str] | str]:
    """Cells of each record, or the raw text of a line that has no right shape."""
    waiting = ""
    for line in lines:
        waiting += line
        cells = _cells(waiting, delimiter)
        quote_is_open = cells is None and waiting.count('"') % 2
        if quote_is_open and len(waiting) < LONGEST_RECORD and waiting.count("\n") < LONGEST_RECORD_LINES:
            continue
        if cells is not None and len(cells) == width:
            yield cells
        else:
            yield from _line_by_line(waiting, delimiter, width)
        waiting = ""
    if waiting:
        yield from _line_by_line(waiting, delimiter, width)


def _line_by_line(text: str, delimiter: str, width: int) -> Iterator[list[str] | str]:
    for line in re.split(r"\r\n|\r|\n", text):
        if line.strip():
            cells = _cells(line, delimiter)
            yield cells if cells is not None and len(cells) == width else line


def _cells(text: str, delimiter: str) -> list[str] | None:
    """One record's cells; None while a quote is still open or the quoting is broken."""
    try:
        rows = list(csv.reader([text], delimiter=delimiter, strict=True))
    except csv.Error:
        return None
    return rows[0] if len(rows) == 1 else None


def _land_xlsx(con: duckdb.DuckDBPyConnection, contract: Contract, path: Path, staging: Path) -> list[str]:
    rows = sheet_rows(path)
    headers = next((cells for number, cells in rows if number == contract.delivery.header_row), None)
    if not headers or not any(headers):
        raise Unreadable(f"工作表第 {contract.delivery.header_row} 行应当是表头,但没有内容。请按约定的样式导出。")
    header_row = contract.delivery.header_row
    data = ((number - header_row, None, cells) for number, cells in rows if any(cells))
    _fill(con, contract, [header or "" for header in headers], data)
    return [header or "" for header in headers]


def _land_jsonl(con: duckdb.DuckDBPyConnection, contract: Contract, path: Path, staging: Path) -> list[str]:
    text = decoded(path, contract.delivery.encoding, staging)
    con.execute(f"""
        CREATE OR REPLACE TABLE json_line AS
        SELECT *, coalesce(CASE WHEN json_valid(line) THEN json_type(line) = 'OBJECT' END, false) AS whole
        FROM (SELECT row_number() OVER () AS row_no, line
              FROM read_csv({quote(str(text))}, columns = {{'line': 'VARCHAR'}}, auto_detect = false, header = false,
                            delim = '{NO_DELIMITER}', quote = '', escape = '', max_line_size = {LONGEST_LINE})
              WHERE trim(line) <> '')""")
    headers = _json_keys(con)
    if not headers:
        raise Unreadable("文件中没有一行是 JSON 对象。请按“每行一个 JSON 对象”重新导出。")
    cells = ", ".join(
        f"CASE WHEN whole THEN json_extract_string(line, {quote(_json_path(key))}) END AS c{i}"
        for i, key in enumerate(headers)
    )
    con.execute(f"""
        CREATE OR REPLACE TABLE landed AS
        WITH cells AS (SELECT row_no, line, whole, {cells} FROM json_line)
        SELECT * EXCLUDE (line, whole) REPLACE (CASE WHEN whole THEN extra ELSE json_object('', line)::VARCHAR END AS extra)
        FROM (SELECT row_no, CASE WHEN NOT whole THEN 'shape' END AS defect, {_placed(contract, headers)}, line, whole FROM cells)""")
    return headers


def _json_keys(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Every key of the file's objects, in the order they are met."""
    found = con.execute("""
        SELECT key FROM (SELECT row_no, unnest(keys) AS key, generate_subscripts(keys, 1) AS place
                         FROM (SELECT row_no, CASE WHEN whole THEN json_keys(line) END AS keys FROM json_line))
        GROUP BY key ORDER BY min(row_no), arg_min(place, row_no)""")
    return [key for (key,) in found.fetchall()]


def _json_path(key: str) -> str:
    return "/" + key.replace("~", "~0").replace("/", "~1")


def _fill(con: duckdb.DuckDBPyConnection, contract: Contract, headers: list[str], records: Iterator[Record]) -> None:
    """Write records into `landed` in batches, so that memory stays flat."""
    mapped = map_headers(contract, headers)
    columns = list(contract.columns)
    strangers = {i: title for i, title in enumerate(extra_titles(headers)) if i not in mapped.columns.values()}
    con.execute(_empty(contract))
    schema = pa.schema(
        [("row_no", pa.int64()), ("defect", pa.string()), *((c, pa.string()) for c in columns), ("extra", pa.string())]
    )
    while batch := list(islice(records, BATCH_ROWS)):
        rows = pa.Table.from_pylist(
            [_placed_row(columns, mapped, strangers, len(headers), *record) for record in batch], schema
        )
        con.register("batch_rows", rows)
        con.execute("INSERT INTO landed SELECT * FROM batch_rows")
        con.unregister("batch_rows")


def _placed_row(
    columns: list[str],
    mapped: HeaderMap,
    strangers: dict[int, str],
    width: int,
    row_no: int,
    broken: str | None,
    cells: list[str | None],
) -> dict[str, object]:
    if broken is not None:
        return {"row_no": row_no, "defect": "shape", "extra": json.dumps({"": broken}, ensure_ascii=False)}
    padded = cells + [None] * (width - len(cells))
    row: dict[str, object] = {column: padded[mapped.columns[column]] for column in columns if column in mapped.columns}
    more = {header: padded[i] for i, header in strangers.items() if padded[i]}
    return {**row, "row_no": row_no, "extra": json.dumps(more, ensure_ascii=False) if more else None}


def _empty(contract: Contract) -> str:
    columns = ", ".join(f"{name(column)} VARCHAR" for column in contract.columns)
    return f"CREATE OR REPLACE TABLE landed (row_no BIGINT, defect VARCHAR, {columns}, extra VARCHAR)"

"""JSON lines: one object a line, its keys the headers; a line that is no object costs itself alone."""

from __future__ import annotations

from pathlib import Path

import duckdb

from jobs.ingest.decode import LONGEST_LINE, decoded
from jobs.ingest.header_lines import bounded
from jobs.ingest.unreadable import Unreadable
from quality.forms import quote
from schemas.contract import Delivery

NO_DELIMITER = "\x1f\x07\x1e\x07"  # four bytes that no line of JSON holds
NUL = "\\u0000"  # no text of a person, and no SQL of ours can name a key with it
DEEPEST = 32


def json_sent(con: duckdb.DuckDBPyConnection, delivery: Delivery, path: Path, staging: Path) -> list[str]:
    """Fill `sent` (c0, c1, ... VARCHAR) with the objects' values, and `broken` with the lines that are no object. Returns the keys."""
    text = decoded(path, delivery.encoding, staging)
    try:
        con.execute(_lines(text))
    except (duckdb.InvalidInputException, UnicodeDecodeError):  # its message may quote half a character
        con.execute(_lines(_even(text, staging)))
    if _one_array(con):
        raise Unreadable("整个文件是一个 JSON 数组。请按“每行一个 JSON 对象”重新导出,行首行尾不要方括号和逗号。")
    _hold_ambiguous(con)
    headers = bounded(_keys(con))
    if not headers:
        raise Unreadable("文件中没有一行是 JSON 对象。请按“每行一个 JSON 对象”重新导出。")
    cells = ", ".join(
        f"CASE WHEN whole THEN json_extract_string(line, {quote(_pointer(key))}) END AS c{i}"
        for i, key in enumerate(headers)
    )
    con.execute(f"CREATE OR REPLACE TABLE sent AS SELECT {cells} FROM json_line")
    con.execute("INSERT INTO broken SELECT rowid + 1, line FROM json_line WHERE NOT whole")
    con.execute("DROP TABLE json_line")
    return headers


def _lines(text: Path) -> str:
    return f"""
        CREATE OR REPLACE TABLE json_line AS
        SELECT line, coalesce(CASE WHEN {_shallow("line")} AND NOT contains(line, '{NUL}') AND json_valid(line) THEN json_type(line) = 'OBJECT' END, false) AS whole
        FROM read_csv({quote(str(text))}, columns = {{'line': 'VARCHAR'}}, auto_detect = false, header = false,
                      delim = '{NO_DELIMITER}', quote = '', escape = '', max_line_size = {2 * LONGEST_LINE})
        WHERE trim(line) <> ''"""


def _even(text: Path, staging: Path) -> Path:
    """A copy with one kind of line end, in which no line looks as if it had two cells."""
    even = staging / "even.jsonl"
    with text.open(encoding="utf-8-sig") as lines, even.open("w", encoding="utf-8", newline="\n") as out:
        out.writelines(line.replace(NO_DELIMITER, "\ufffd") for line in lines)
    return even


def _shallow(line: str) -> str:
    """True of a line that cannot be nested beyond reason: the parser recurses."""
    return f"length({line}) - length(replace(replace({line}, '[', ''), '{{', '')) < {DEEPEST * 32}"


def _one_array(con: duckdb.DuckDBPyConnection) -> bool:
    first = con.execute("SELECT trim(line) FROM json_line ORDER BY rowid LIMIT 1").fetchone()
    return first == ("[",)


def _hold_ambiguous(con: duckdb.DuckDBPyConnection) -> None:
    """An object that gives one key twice has no one meaning: readers differ in which value they take."""
    con.execute("""
        UPDATE json_line SET whole = false WHERE rowid IN (
            SELECT unnest(rows) FROM (SELECT json_keys(line) AS keys, list(rowid) AS rows FROM json_line WHERE whole GROUP BY keys)
            WHERE len(keys) > len(list_distinct(keys)))""")


def _keys(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Every key of the file's objects, in the order they are met."""
    found = con.execute("""
        SELECT key FROM (SELECT row_no, unnest(keys) AS key, generate_subscripts(keys, 1) AS place
                         FROM (SELECT min(rowid) AS row_no, CASE WHEN whole THEN json_keys(line) END AS keys FROM json_line GROUP BY 2))
        GROUP BY key ORDER BY min(row_no), arg_min(place, row_no)""")
    return [key for (key,) in found.fetchall()]


def _pointer(key: str) -> str:
    return "/" + key.replace("~", "~0").replace("/", "~1")

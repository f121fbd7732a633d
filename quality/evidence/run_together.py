"""Two columns written into the first, the second left empty: 'Madison WI' and nothing."""

from __future__ import annotations

import duckdb

from quality.evidence.decide import Mended
from quality.forms import name

KNOWN = 2  # rows in which the second column has a value by itself, for it to be recognised at the end of the first
LEAST = 3  # rows run together, for two columns to be a pair


def apart(con: duckdb.DuckDBPyConnection, table: str, first: str, second: str) -> list[Mended]:
    """Both cells of each row that is run together, where the second's value stands by itself in other rows."""
    mended = []
    for row_no, rest, tail, rows in con.execute(
        f"SELECT row_no, rest, tail, rows FROM ({_run_together(table, first, second)}) ORDER BY row_no"
    ).fetchall():
        evidence = f"{second}: {rows} rows"
        mended += [
            Mended(row_no, first, rest, "run_together", evidence),
            Mended(row_no, second, tail, "run_together", evidence),
        ]
    return mended


def is_pair(con: duckdb.DuckDBPyConnection, table: str, first: str, second: str) -> int:
    """Rows in which the two look run together; 0 when they are too few to tell, or when the second column is mostly empty anyway."""
    rows, empty, found = (
        con.execute(f"""
        SELECT count(*), count(*) FILTER ({name(second)} IS NULL), (SELECT count(*) FROM ({_run_together(table, first, second)})) FROM {table}""").fetchone()
        or (0, 0, 0)
    )
    return found if found >= LEAST and 2 * empty < rows and 2 * found > empty else 0


def _run_together(table: str, first: str, second: str) -> str:
    a, b = name(first), name(second)
    return f"""
        WITH known AS (SELECT {b} AS tail, count(*) AS rows FROM {table} WHERE {b} IS NOT NULL GROUP BY 1 HAVING count(*) >= {KNOWN}),
             joined AS (SELECT row_no, {a} AS joint, regexp_extract({a}, '[ ,,、/-]+([^ ,,、/-]+)$', 1) AS tail FROM {table} WHERE {b} IS NULL AND {a} IS NOT NULL)
        SELECT row_no, rtrim(left(joint, length(joint) - length(tail)), ' ,,、/-') AS rest, tail, rows FROM joined JOIN known USING (tail) WHERE rest <> ''"""

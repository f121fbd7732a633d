"""What the other rows alike in a determinant say of a cell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

import duckdb

from quality.forms import name

CHUNK = 10_000


@dataclass(frozen=True)
class Witness:
    """Of the `rows` other rows alike in the determinant, `says` have `value` and `agrees` have what the cell has."""

    determinant: tuple[str, ...]
    value: str
    says: int
    agrees: int
    rows: int


@dataclass(frozen=True)
class Cell:
    """A cell that at least one witness contradicts, or that is empty or odd.

    value: None when it is empty; elsewhere: other rows that have the same value.
    """

    row_no: int
    column: str
    value: str | None
    odd: bool
    witnesses: list[Witness]
    elsewhere: int = 0


def odd(column: str) -> str:
    """The name of the column that says whether a cell's own form is against it."""
    return f"?{column}"


def doubtful(
    con: duckdb.DuckDBPyConnection, table: str, dependent: str, determinants: Sequence[tuple[str, ...]]
) -> Iterator[Cell]:
    """Cells of a dependent column with what each determinant's rows say of them.

    table: row_no, text columns, and a BOOLEAN `?<column>` for each. Odd cells are no witnesses. Rows are grouped in the database;
    only doubtful cells come out of it, a chunk at a time.
    """
    if not determinants:
        return
    a = name(dependent)
    for i, determinant in enumerate(determinants):
        x = ", ".join(map(name, determinant))
        sound = " AND ".join(f"{name(c)} IS NOT NULL AND NOT {name(odd(c))}" for c in (*determinant, dependent))
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE said_{i} AS SELECT {x}, {a} AS said, count(*) AS n FROM {table} WHERE {sound} GROUP BY ALL"
        )
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE most_{i} AS SELECT {x}, max_by(said, n) AS most, max(n) AS most_n, sum(n) AS rows FROM said_{i} GROUP BY {x}"
        )
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE suspect AS {' UNION '.join(_suspects(table, a, dependent, i, d) for i, d in enumerate(determinants))}"
    )
    opinions = " UNION ALL ".join(_opinion(table, a, dependent, i, d) for i, d in enumerate(determinants))
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE used AS SELECT {a} AS value, count(*) AS n FROM {table} WHERE {a} IS NOT NULL GROUP BY 1"
    )
    found = con.execute(
        f"SELECT o.*, coalesce(u.n - 1, 0)::INT FROM ({opinions}) o LEFT JOIN used u USING (value) ORDER BY row_no, i"
    )
    rows = iter(lambda: found.fetchmany(CHUNK), [])
    for row_no, said in groupby((row for chunk in rows for row in chunk), itemgetter(0)):
        opinions = list(said)
        value, is_odd, elsewhere = opinions[0][1], opinions[0][2], opinions[0][-1]
        heard = [
            Witness(determinants[i], most, n, agrees, total)
            for _, _, _, i, most, n, agrees, total, _ in opinions
            if total > 0
        ]
        yield Cell(row_no, dependent, value, is_odd, heard, elsewhere)


def _suspects(table: str, a: str, dependent: str, i: int, determinant: tuple[str, ...]) -> str:
    same = " AND ".join(f"t.{name(c)} = m.{name(c)}" for c in determinant)
    return f"SELECT t.row_no FROM {table} t JOIN most_{i} m ON {same} WHERE t.{name(odd(dependent))} OR t.{a} IS DISTINCT FROM m.most"


def _opinion(table: str, a: str, dependent: str, i: int, determinant: tuple[str, ...]) -> str:
    """A witness does not count the row itself."""
    same = " AND ".join(f"t.{name(c)} = m.{name(c)}" for c in determinant)
    mine = " AND ".join(f"t.{name(c)} = s.{name(c)}" for c in determinant)
    own = " AND ".join(f"NOT t.{name(odd(c))}" for c in (*determinant, dependent)) + f" AND t.{a} IS NOT NULL"
    self = f"({own})::INT"
    return f"""
        SELECT t.row_no, t.{a} AS value, t.{name(odd(dependent))} AS odd, {i} AS i, m.most,
               (m.most_n - CASE WHEN t.{a} = m.most THEN {self} ELSE 0 END)::INT AS n, greatest(coalesce(s.n, 0) - {self}, 0)::INT AS agrees, (m.rows - {self})::INT AS total
        FROM {table} t SEMI JOIN suspect USING (row_no) JOIN most_{i} m ON {same} LEFT JOIN said_{i} s ON {mine} AND t.{a} = s.said"""

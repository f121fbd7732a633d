"""Statistical disclosure control of what leaves in rows: nobody is to be found in them by what others know of him.

Generalisation and local suppression after GB/T 37964-2019 (guide for de-identifying personal information) and Samarati and Sweeney 1998,
Protecting privacy when disclosing information: k-anonymity and its enforcement through generalization and suppression.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from quality.forms import name

K = 5  # inside one administration


@dataclass(frozen=True)
class Disclosed:
    """Rows that leave; of them those with a quasi-identifying cell that was emptied; rows that could not leave."""

    rows: int
    emptied: int
    left_out: int


def disclose(
    con: duckdb.DuckDBPyConnection, table: str, rows: str, columns: list[str], quasi: list[str], k: int = K
) -> Disclosed:
    """Make `table` of the columns of `rows` (SQL), each combination of the quasi-identifying columns (of those) in at least k rows.

    A day or moment among them becomes its month. In the rows of a rarer combination the column of most values is emptied, then the
    next. A few rows that lost all would be told apart by that: the rarest other combination loses all with them, and where there is
    none, no row leaves.
    """
    if not quasi:
        con.execute(f"CREATE TABLE {name(table)} AS SELECT {', '.join(map(name, columns))} FROM ({rows})")
        return Disclosed(_count(con, f"FROM {name(table)}"), 0, 0)
    con.execute(f"CREATE OR REPLACE TEMP TABLE leaving AS {_coarse(con, rows, columns, quasi)}")
    told = ", ".join(f"{name(column)}, {name(column)} AS {_said(column)}" for column in quasi)
    con.execute(f"CREATE OR REPLACE TEMP TABLE combination AS SELECT {told}, count(*) AS n FROM leaving GROUP BY ALL")
    for column in _most_values_first(con, quasi):
        con.execute(f"UPDATE combination SET {_said(column)} = NULL WHERE rowid IN ({_rarer_than(k, quasi)})")
    bare = " AND ".join(f"{_said(column)} IS NULL" for column in quasi)
    if 0 < _rows(con, bare) < k:
        nothing = ", ".join(f"{_said(column)} = NULL" for column in quasi)
        con.execute(f"UPDATE combination SET {nothing} WHERE rowid IN ({_rarest(quasi, bare)})")
    few = f"(SELECT sum(n) FROM combination WHERE {bare}) < {k}"
    chosen = ", ".join(
        f"c.{_said(column)} AS {name(column)}" if column in quasi else f"l.{name(column)}" for column in columns
    )
    same = " AND ".join(f"l.{name(column)} IS NOT DISTINCT FROM c.{name(column)}" for column in quasi)
    con.execute(
        f"CREATE TABLE {name(table)} AS SELECT {chosen} FROM leaving l JOIN combination c ON {same} WHERE NOT coalesce(({bare}) AND {few}, false)"
    )
    changed = " OR ".join(f"{_said(column)} IS DISTINCT FROM {name(column)}" for column in quasi)
    left = _count(con, f"FROM {name(table)}")
    found = Disclosed(left, _rows(con, changed) if left else 0, _count(con, "FROM leaving") - left)
    con.execute("DROP TABLE leaving; DROP TABLE combination")
    return found


def _coarse(con: duckdb.DuckDBPyConnection, rows: str, columns: list[str], quasi: list[str]) -> str:
    """The rows with months for the days and moments of their quasi-identifying columns."""
    kinds = {column: kind for column, kind, *_ in con.execute(f"DESCRIBE {rows}").fetchall()}
    months = {c for c in quasi if kinds[c] == "DATE" or kinds[c].startswith("TIMESTAMP")}
    chosen = [f"date_trunc('month', {name(c)})::{kinds[c]} AS {name(c)}" if c in months else name(c) for c in columns]
    return f"SELECT {', '.join(chosen)} FROM ({rows})"


def _most_values_first(con: duckdb.DuckDBPyConnection, quasi: list[str]) -> list[str]:
    values = {column: _count(con, f"FROM (SELECT DISTINCT {name(column)} FROM combination)") for column in quasi}
    return sorted(quasi, key=lambda column: (-values[column], column))


def _rarer_than(k: int, quasi: list[str]) -> str:
    """The combinations that, as they are said by now, stand in fewer than k rows."""
    said = ", ".join(map(_said, quasi))
    return f"SELECT row FROM (SELECT rowid AS row, sum(n) OVER (PARTITION BY {said}) AS together FROM combination) WHERE together < {k}"


def _rarest(quasi: list[str], bare: str) -> str:
    """Of what still says something, the combination in the fewest rows."""
    said = ", ".join(map(_said, quasi))
    return (
        f"SELECT rowid FROM combination WHERE ({said}) IS NOT DISTINCT FROM "
        f"(SELECT ({said}) FROM combination WHERE NOT ({bare}) GROUP BY {said} ORDER BY sum(n), {said} LIMIT 1)"
    )


def _said(column: str) -> str:
    return name(f"said {column}")


def _rows(con: duckdb.DuckDBPyConnection, which: str) -> int:
    return (con.execute(f"SELECT coalesce(sum(n), 0) FROM combination WHERE {which}").fetchone() or (0,))[0]


def _count(con: duckdb.DuckDBPyConnection, source: str) -> int:
    return (con.execute(f"SELECT count(*) {source}").fetchone() or (0,))[0]

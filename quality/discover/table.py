"""A whole sample: its key, what depends on what, columns run together; and the columns one by one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations

import duckdb

from quality import forms
from quality.discover.column import Drafted, draft_column
from quality.evidence import dependencies, run_together
from quality.evidence.dependencies import Dependency
from quality.forms import name
from schemas.contract import Column

MOST_ROWS = 200_000  # looked at for dependencies
MOST_DISTINCT = 100_000  # values of a column that are looked at one by one
KEY_TITLE = ("编号", "编码", "号", "id", "no", "code", "index", "key", "序号", "流水")


@dataclass
class DraftedTable:
    """columns by their name in `sent` (c0, c1, ...); key, dependencies and pairs by the same names."""

    rows: int
    columns: dict[str, Drafted]
    key: list[str] = field(default_factory=list)
    unique: bool = True
    dependencies: list[Dependency] = field(default_factory=list)
    run_together: list[tuple[str, str, int]] = field(default_factory=list)


def draft_table(con: duckdb.DuckDBPyConnection, headers: Sequence[str]) -> DraftedTable:
    """What `sent` (c0, c1, ... VARCHAR, rows in their order) tells. Leaves nothing behind but temporary tables."""
    names = [f"c{i}" for i in range(len(headers))]
    trimmed = ", ".join(f"{forms.trimmed(name(c))} AS {name(c)}" for c in names)
    con.execute(f"CREATE OR REPLACE TABLE sampled AS SELECT rowid + 1 AS row_no, {trimmed} FROM sent")
    filled = " OR ".join(f"{name(c)} IS NOT NULL" for c in names)
    con.execute(f"DELETE FROM sampled WHERE NOT ({filled})")
    rows = (con.execute("SELECT count(*) FROM sampled").fetchone() or (0,))[0]
    drafted = DraftedTable(rows, {c: _column(con, c, header, rows) for c, header in zip(names, headers, strict=True)})
    drafted.key, drafted.unique = _key(con, drafted, dict(zip(names, headers, strict=True)))
    _between(con, drafted)
    return drafted


def _column(con: duckdb.DuckDBPyConnection, column: str, header: str, rows: int) -> Drafted:
    c = name(column)
    counts = con.execute(
        f"SELECT {c}, count(*) AS n FROM sampled WHERE {c} IS NOT NULL GROUP BY 1 ORDER BY n DESC, 1 LIMIT {MOST_DISTINCT}"
    ).fetchall()
    return draft_column(con, header, dict(counts), rows)


def _key(con: duckdb.DuckDBPyConnection, drafted: DraftedTable, headers: dict[str, str]) -> tuple[list[str], bool]:
    """The smallest set of full columns in which no two rows are alike: one that is called a number, any one, any two; else all full ones."""
    full = [
        c
        for c, column in drafted.columns.items()
        if column.keys.get("required") and column.keys["type"] not in ("free_text", "number")
    ]
    full.sort(key=lambda c: not any(word in headers[c].lower() for word in KEY_TITLE))
    for c in full:
        if drafted.columns[c].distinct >= drafted.columns[c].filled * 0.999 and _unique(con, [c]):
            return [c], True
    telling = sorted(full, key=lambda c: -drafted.columns[c].distinct)[:8]
    for pair in combinations(telling, 2):
        if _unique(con, list(pair)):
            return list(pair), True
    every = [c for c, column in drafted.columns.items() if column.filled]
    return full or every[:1] or list(drafted.columns)[:1], False


def _unique(con: duckdb.DuckDBPyConnection, columns: list[str]) -> bool:
    keys = ", ".join(map(name, columns))
    known = " AND ".join(f"{name(c)} IS NOT NULL" for c in columns)
    found = con.execute(f"SELECT count(*), count(DISTINCT ({keys})) FROM sampled WHERE {known}").fetchone()
    return bool(found) and found[0] == found[1]


def _between(con: duckdb.DuckDBPyConnection, drafted: DraftedTable) -> None:
    """Pairs run together, then dependencies, over the values without what their own form speaks against."""
    looked = [
        c for c, column in drafted.columns.items() if column.distinct > 1 and column.keys["type"] not in ("free_text",)
    ]
    sound = ", ".join(
        f"{_sound(column)} AS {name(c)}"
        for c, column in drafted.columns.items()
        if c in looked
        for column in [_as_column(c, column)]
    )
    if not looked:
        return
    con.execute(
        f"CREATE OR REPLACE TABLE sound AS SELECT row_no, {sound} FROM sampled ORDER BY row_no LIMIT {MOST_ROWS}"
    )
    texts = [c for c in looked if drafted.columns[c].keys["type"] == "string"]
    for first in texts:
        for second in texts:
            if (
                first != second
                and not drafted.columns[second].keys.get("required")
                and (n := run_together.is_pair(con, "sound", first, second))
            ):
                drafted.run_together.append((first, second, n))
    for first, second, _ in drafted.run_together:
        for mended in run_together.apart(con, "sound", first, second):
            con.execute(
                f"UPDATE sound SET {name(mended.column_name)} = ? WHERE row_no = ?", [mended.value, mended.row_no]
            )
    judged = [c for c in looked if drafted.columns[c].keys["type"] not in ("number", "money")]
    drafted.dependencies = dependencies.discover(con, "sound", judged)


@dataclass(frozen=True)
class _Named:
    name: str
    spec: Column


def _as_column(column: str, drafted: Drafted) -> _Named:
    return _Named(column, Column.model_validate(drafted.keys))


def _sound(column: _Named) -> str:
    """The text where its form is right, else NULL."""
    text, spec = name(column.name), column.spec
    return f"CASE WHEN NOT {forms.is_placeholder(spec, text)} AND {forms.read(spec, text)} IS NOT NULL THEN {text} END"


def grouped(found: Sequence[Dependency]) -> dict[tuple[str, ...], list[Dependency]]:
    """Dependencies by their determinant."""
    by: dict[tuple[str, ...], list[Dependency]] = defaultdict(list)
    for dependency in found:
        by[dependency.determinant].append(dependency)
    return by

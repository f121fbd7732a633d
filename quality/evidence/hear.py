"""The batch is heard about its own odd cells: what it mends is left in `mended_cell`, what it doubts in `doubt`.

Works on `single` (row_no, typed columns, reasons, repairs, marks), every row as judged by itself, and `landed`, the texts as sent.
"""

from __future__ import annotations

from collections.abc import Iterable

import duckdb
import pyarrow as pa

from quality import forms
from quality.evidence.decide import Mended, decide
from quality.evidence.run_together import apart
from quality.evidence.spelling import Spelling, misspelt, nearest
from quality.evidence.witness import doubtful, odd
from quality.forms import name, quote
from schemas.contract import Contract, Dependency

ROUNDS = 2  # a mended determinant is a new witness; a third round hardly finds more
DOUBT = pa.schema([("row_no", pa.int64()), ("reason", pa.string()), ("policy", pa.string())])


def hear(con: duckdb.DuckDBPyConnection, contract: Contract) -> None:
    """Leave `mended_cell` (row_no, column_name, value as text, rule, evidence) and `doubt` (row_no, reason, policy)."""
    con.register("none_yet", Mended.SCHEMA.empty_table())
    con.execute("CREATE OR REPLACE TABLE mended_cell AS SELECT * FROM none_yet")
    con.register("none_yet", DOUBT.empty_table())
    con.execute("CREATE OR REPLACE TABLE doubt AS SELECT * FROM none_yet")
    con.unregister("none_yet")
    if looked := _looked_at(contract):
        _cells(con, contract, looked)
        for pair in contract.run_together:
            _mend(con, apart(con, "cell", *pair))
        for turn in range(ROUNDS):
            _round(con, contract, looked, last=turn == ROUNDS - 1)
        con.execute("DROP TABLE cell")


def _looked_at(contract: Contract) -> list[str]:
    """Columns of which the batch has something to say, or that say something of others."""
    named = {c for d in contract.dependencies for c in (*d.determinant, *d.dependent)}
    named |= {c for pair in contract.run_together for c in pair}
    return [c for c, spec in contract.columns.items() if c in named or spec.spelling]


def _cells(con: duckdb.DuckDBPyConnection, contract: Contract, columns: list[str]) -> None:
    """`cell`: the value of each such cell as text, and whether its form is against it; then the text as sent, where it has one."""
    texts = []
    for c in columns:
        spec, sent = contract.columns[c], forms.trimmed(f"l.{name(c)}")
        unread = f"s.{name(c)} IS NULL AND {sent} IS NOT NULL AND NOT {forms.is_placeholder(spec, sent)}"
        malformed = f"list_contains(list_concat(s.reasons, s.marks), {quote(f'{forms.malformed(spec)}:{c}')})"
        texts.append(
            f"CASE WHEN {unread} THEN {sent} ELSE s.{name(c)}::VARCHAR END AS {name(c)}, "
            f"coalesce(({unread}) OR {malformed}, false) AS {name(odd(c))}"
        )
    con.execute(
        f"CREATE OR REPLACE TABLE cell AS SELECT s.row_no, {', '.join(texts)} "
        "FROM single s JOIN landed l USING (row_no) WHERE l.defect IS NULL"
    )


def _round(con: duckdb.DuckDBPyConnection, contract: Contract, looked: list[str], *, last: bool) -> None:
    """Every column once; in the last round what no witness settles becomes a doubt."""
    spelt = {c: _spellings(con, contract, c) for c in looked if contract.columns[c].spelling}
    for c, found in spelt.items():
        _mark_odd(con, c, found)
    for c in looked:
        by = [d for d in contract.dependencies if c in d.dependent]
        mended, doubts = _settle(con, contract, c, by, spelt.get(c, {}))
        _mend(con, mended)
        if last:
            _doubt(con, doubts)


def _spellings(con: duckdb.DuckDBPyConnection, contract: Contract, column: str) -> dict[str, Spelling]:
    """Odd values and what they are taken for: of a coded column among the contract's words, else among the batch's frequent values."""
    if words := contract.columns[column].words:
        sent = con.execute(f"SELECT {name(column)}, count(*) FROM cell WHERE {name(odd(column))} GROUP BY 1").fetchall()
        return nearest(dict(sent), words)
    return misspelt(con, "cell", column)


def _mark_odd(con: duckdb.DuckDBPyConnection, column: str, found: dict[str, Spelling]) -> None:
    con.register("odd_value", pa.table({"value": pa.array(found, pa.string())}))
    con.execute(f"UPDATE cell SET {name(odd(column))} = true WHERE {name(column)} IN (SELECT value FROM odd_value)")
    con.unregister("odd_value")


def _settle(
    con: duckdb.DuckDBPyConnection,
    contract: Contract,
    column: str,
    by: list[Dependency],
    spellings: dict[str, Spelling],
) -> tuple[list[Mended], list[tuple[int, str, str]]]:
    """What the column's witnesses and letters mend, and what its witnesses only doubt."""
    spec = contract.columns[column]
    mended: list[Mended] = []
    doubts: list[tuple[int, str, str]] = []
    heard: set[int] = set()
    told_by_it = {c for d in contract.dependencies if d.determinant == [column] for c in d.dependent}
    for cell in doubtful(con, "cell", column, [tuple(d.determinant) for d in by]):
        verdict = decide(
            cell,
            spellings.get(cell.value or ""),
            told_by_it,
            coded=bool(spec.words),
            vouched=all(d.repair is True for d in by),
        )
        heard.add(cell.row_no)
        if isinstance(verdict, Mended) and spec.repair and all(d.repair for d in by):
            mended.append(verdict)
        elif verdict:
            policy = "hold" if any(d.policy == "hold" for d in by) else "mark"
            doubts.append((cell.row_no, f"dependency:{column}", policy))
    if spec.repair:
        unheard = ((row_no, value) for row_no, value in _odd_cells(con, column, spellings) if row_no not in heard)
        mended += [Mended.by_letters(row_no, column, spellings[value]) for row_no, value in unheard]
    return mended, doubts


def _odd_cells(
    con: duckdb.DuckDBPyConnection, column: str, spellings: dict[str, Spelling]
) -> Iterable[tuple[int, str]]:
    """Cells that their letters alone explain."""
    sure = [value for value, spelling in spellings.items() if spelling.sure]
    if not sure:
        return []
    con.register("odd_value", pa.table({"value": pa.array(sure, pa.string())}))
    found = con.execute(
        f"SELECT row_no, {name(column)} FROM cell WHERE {name(column)} IN (SELECT value FROM odd_value)"
    ).fetchall()
    con.unregister("odd_value")
    return found


def _mend(con: duckdb.DuckDBPyConnection, mended: list[Mended]) -> None:
    """Note what was mended, and let it bear witness from now on."""
    if not mended:
        return
    con.register("now", Mended.table(mended))
    con.execute("DELETE FROM mended_cell WHERE (row_no, column_name) IN (SELECT (row_no, column_name) FROM now)")
    con.execute("INSERT INTO mended_cell SELECT * FROM now")
    for (c,) in con.execute("SELECT DISTINCT column_name FROM now ORDER BY 1").fetchall():
        con.execute(
            f"UPDATE cell SET {name(c)} = now.value, {name(odd(c))} = false FROM now WHERE now.row_no = cell.row_no AND now.column_name = {quote(c)}"
        )
    con.unregister("now")


def _doubt(con: duckdb.DuckDBPyConnection, doubts: list[tuple[int, str, str]]) -> None:
    if doubts:
        con.register("now", pa.Table.from_pylist([dict(zip(DOUBT.names, row, strict=True)) for row in doubts], DOUBT))
        con.execute("INSERT INTO doubt SELECT * FROM now")
        con.unregister("now")

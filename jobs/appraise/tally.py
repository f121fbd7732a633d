"""What each delivery of a feed counts, from the ledger and its tables: rows by what became of them, reasons, cells filled, rows mended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import duckdb

from jobs import lake
from jobs.current import latest_outcomes
from jobs.home import Home
from jobs.ingest import ledger
from jobs.ingest.publish import row_key
from quality import forms, prose
from quality.forms import name, quote
from schemas.contract import Contract


@dataclass
class Tally:
    """One delivery: read = kept + held + refused, repaired among the kept.

    reasons: held rows by their set of reasons; marks: kept but doubtful rows by their set of marks; repairs: repaired cells by 'rule:column'. redropped: rows held in the attempt before this one, of
    which mended are kept in this one.
    """

    delivery_id: str
    period: str
    attempt: int
    admitted: bool
    day: date
    read: int
    kept: int
    repaired: int
    held: int
    refused: int
    reasons: Counter[tuple[str, ...]] = field(default_factory=Counter)
    marks: Counter[tuple[str, ...]] = field(default_factory=Counter)
    repairs: Counter[str] = field(default_factory=Counter)
    optional_filled: int = 0
    redropped: int = 0
    mended: int = 0


def read_ledger(con: duckdb.DuckDBPyConnection, home: Home) -> None:
    """Temporary tables `told`, the ledger, and `outcome`, each delivery's last word."""
    con.execute(f"CREATE TEMP TABLE told AS SELECT * FROM {lake.scan(ledger.path(home))}")
    con.execute(f"CREATE TEMP TABLE outcome AS {latest_outcomes('told')}")


def tallies(con: duckdb.DuckDBPyConnection, home: Home, contract: Contract, counted_to: int) -> list[Tally]:
    """Every delivery received on a day of which the ledger has told since its entry counted_to. Needs `read_ledger`'s tables."""
    found = con.execute(
        f"""SELECT delivery_id, period, attempt, status IN {ledger.COMMITTED}, received_at::DATE, read_rows, kept_rows, repaired_rows, held_rows, refused_rows
            FROM outcome WHERE feed = $feed AND received_at::DATE IN (
                SELECT received_at::DATE FROM outcome WHERE delivery_id IN (SELECT delivery_id FROM told WHERE feed = $feed AND entry_no > $counted_to))
            ORDER BY period, attempt""",
        {"feed": contract.feed, "counted_to": counted_to},
    ).fetchall()
    told = {row[0]: Tally(*row) for row in found}
    if admitted := [tally.delivery_id for tally in told.values() if tally.admitted]:
        _reasons(con, home, contract, told, admitted)
        _marks(con, home, contract, told, admitted)
        _repairs(con, home, contract, told, admitted)
        _optional_cells(con, home, contract, told, admitted)
        _mended(con, home, contract, told)
    return list(told.values())


def _among(deliveries: Iterable[str]) -> str:
    return f"delivery_id IN ({', '.join(map(quote, deliveries))})"


def _reasons(con: Any, home: Home, contract: Contract, told: dict[str, Tally], admitted: list[str]) -> None:
    if lake.exists(path := home.table("held", contract.feed)):
        for delivery, reasons, rows in con.execute(
            f"SELECT delivery_id, reasons, count(*) FROM {lake.scan(path)} WHERE {_among(admitted)} GROUP BY ALL"
        ).fetchall():
            told[delivery].reasons[tuple(reasons)] += rows


def _marks(con: Any, home: Home, contract: Contract, told: dict[str, Tally], admitted: list[str]) -> None:
    """Of rows that were kept though something in them is doubtful: ops.mark has a row a mark."""
    if lake.exists(path := home.table("ops", "mark")):
        marked = (
            f"SELECT delivery_id, list(DISTINCT reason ORDER BY reason) AS marks FROM {lake.scan(path)} "
            f"WHERE feed = {quote(contract.feed)} AND {_among(admitted)} GROUP BY delivery_id, row_no"
        )
        for delivery, marks, rows in con.execute(
            f"SELECT delivery_id, marks, count(*) FROM ({marked}) GROUP BY ALL"
        ).fetchall():
            told[delivery].marks[tuple(marks)] += rows


def _repairs(con: Any, home: Home, contract: Contract, told: dict[str, Tally], admitted: list[str]) -> None:
    if lake.exists(path := home.table("ops", "repair")):
        for delivery, repair, cells in con.execute(
            f"SELECT delivery_id, rule || ':' || column_name, count(*) FROM {lake.scan(path)} "
            f"WHERE feed = {quote(contract.feed)} AND {_among(admitted)} GROUP BY ALL"
        ).fetchall():
            told[delivery].repairs[repair] += cells


def _optional_cells(con: Any, home: Home, contract: Contract, told: dict[str, Tally], admitted: list[str]) -> None:
    """Of kept rows from silver and identity, of held ones from what was sent; a row without shape has no cells."""
    optional = [column for column, spec in contract.columns.items() if not spec.required]
    for room in ("silver", "identity"):
        path = home.table(room, contract.feed)
        has = set(lake.columns(path)) if lake.exists(path) else set()
        cells = " + ".join(f"count({name(column)})" for column in optional if column in has)
        if cells:
            _add_filled(con, told, f"SELECT delivery_id, {cells} FROM {lake.scan(path)} WHERE {_among(admitted)}")
    if optional and lake.exists(path := home.table("held", contract.feed)):
        texts = ", ".join(f"{_sent(column)} AS {name(column)}" for column in optional)
        cells = " + ".join(f"count(*) FILTER ({_filled(contract, column)})" for column in optional)
        held = f"SELECT delivery_id, {texts} FROM {lake.scan(path)} WHERE {_among(admitted)} AND NOT list_contains(reasons, 'shape:')"
        _add_filled(con, told, f"SELECT delivery_id, {cells} FROM ({held})")


def _add_filled(con: Any, told: dict[str, Tally], counts: str) -> None:
    for delivery, cells in con.execute(f"{counts} GROUP BY delivery_id").fetchall():
        told[delivery].optional_filled += cells


def _sent(column: str) -> str:
    """A held row's cell as it was sent, without surrounding white space."""
    return forms.trimmed(f"(raw ->> {quote(f'$.{column}')})")


def _filled(contract: Contract, column: str) -> str:
    spec = contract.columns[column]
    empty = f" AND NOT {forms.is_placeholder(spec, name(column))}" if spec.repair else ""
    return f"{name(column)} IS NOT NULL{empty}"


def _mended(con: Any, home: Home, contract: Contract, told: dict[str, Tally]) -> None:
    """A row is known again by its key: held before, and now kept and not held. Of a row whose key itself was wrong nobody can tell.

    Where the ledger itself counts rows mended within a delivery (`mended_rows`), those are added to what was held.
    """
    before = _attempts_before(con, contract, told)
    if before and lake.exists(home.table("held", contract.feed)):
        _known_again(con, home, contract, told, before)
    if "mended_rows" not in {column for column, *_ in con.execute("DESCRIBE told").fetchall()}:
        return
    counted = f"SELECT delivery_id, max(mended_rows) FROM told WHERE {_among(told)} AND mended_rows > 0 GROUP BY 1"
    for delivery, rows in con.execute(counted).fetchall():
        tally = told[delivery]
        tally.mended = max(tally.mended, rows)
        tally.redropped = max(tally.redropped, rows + tally.held)


def _attempts_before(con: Any, contract: Contract, told: dict[str, Tally]) -> dict[str, str]:
    """Delivery -> the admitted attempt before it of its period. The same file taken in again by an operator mends nothing."""
    attempts = con.execute(
        f"""WITH attempt AS (SELECT o.*, any_value(t.sha256) AS sha256 FROM outcome o JOIN told t USING (delivery_id)
                             WHERE o.feed = ? AND o.status IN {ledger.COMMITTED} GROUP BY ALL)
            SELECT a.delivery_id, max_by(b.delivery_id, b.attempt) FROM attempt a JOIN attempt b ON a.period = b.period AND b.attempt < a.attempt
            WHERE a.{_among(told)} GROUP BY a.delivery_id, a.sha256 HAVING max_by(b.sha256, b.attempt) <> a.sha256""",
        [contract.feed],
    ).fetchall()
    return dict(attempts)


def _known_again(con: Any, home: Home, contract: Contract, told: dict[str, Tally], before: dict[str, str]) -> None:
    pairs = ", ".join(f"({quote(after)}, {quote(earlier)})" for after, earlier in before.items())
    texts = ", ".join(f"{_sent(column)} AS {name(f'_t_{column}')}" for column in contract.key)
    values = ", ".join(f"{_value(contract, column)} AS {name(column)}" for column in contract.key)
    held = f"SELECT delivery_id, {texts} FROM {lake.scan(home.table('held', contract.feed))} WHERE {_among({*before, *before.values()})}"
    kept = f"SELECT DISTINCT delivery_id, row_key FROM {lake.scan(home.table('silver', contract.feed))} WHERE {_among(before)}"
    prose.teach(con)
    found = con.execute(
        f"""WITH pair (after, before) AS (VALUES {pairs}),
                 held AS (SELECT delivery_id, {row_key(home, contract)} AS row_key FROM (SELECT delivery_id, {values} FROM ({held}))),
                 kept AS ({kept}),
                 mended AS (SELECT * FROM kept ANTI JOIN held USING (delivery_id, row_key))
            SELECT p.after, count(*), count(m.row_key)
            FROM pair p JOIN held h ON h.delivery_id = p.before LEFT JOIN mended m ON m.delivery_id = p.after AND m.row_key = h.row_key
            GROUP BY p.after"""
    ).fetchall()
    for delivery, redropped, mended in found:
        told[delivery].redropped, told[delivery].mended = redropped, mended


def _value(contract: Contract, column: str) -> str:
    """A key's cell as the screening reads it."""
    spec, text = contract.columns[column], name(f"_t_{column}")
    read = forms.read(spec, text)
    return f"coalesce({read}, {forms.repaired(spec, text)})" if spec.repair else read

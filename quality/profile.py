"""What a delivery looks like as a whole: figures of bounded size to compare the next ones with, and no personal value among them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import duckdb

from quality.forms import name, quote
from schemas.contract import Column, Contract
from schemas.watch import days_of

DECILES = [n / 10 for n in range(1, 10)]
FEWEST = 50  # a decile of fewer values would come near to telling one person's; a share of fewer rows tells nothing
SAMPLED_ROWS = 100_000  # deciles of so many rows lie within half a percent of the whole delivery's
SEALED_ROWS = 256
MOST_CODES = 200
SECONDS_A_DAY = 86_400


@dataclass(frozen=True)
class ColumnProfile:
    """filled: kept rows with a value. codes: rows of each code. deciles: nine, of a number, of a time in days before (-) or
    after the period's end, or of a text's length in characters. Codes and deciles are empty below FEWEST values."""

    filled: int
    codes: dict[str, int] = field(default_factory=dict)
    deciles: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Profile:
    """One delivery. rows: kept. copies: rows held because they repeat another one exactly. headers: as sent.

    oldest, newest: event times; behind_days: from the newest to the period's end. days: kept rows on each day that the
    period is about, first day first; empty when that is one day or unknown. sealed: keyed digests of up to SEALED_ROWS rows,
    the same ones for the same rows.
    """

    period: str
    rows: int
    copies: int
    headers: list[str]
    columns: dict[str, ColumnProfile]
    oldest: dt.datetime | None = None
    newest: dt.datetime | None = None
    behind_days: float | None = None
    days: list[int] = field(default_factory=list)
    sealed: list[str] = field(default_factory=list)


def profile(
    con: duckdb.DuckDBPyConnection,
    contract: Contract,
    period: str,
    headers: list[str],
    received_at: dt.datetime,
    seal: Callable[[str], str],
) -> Profile:
    """Look at the sifted delivery in con (views `kept` and `duplicate`): one pass for counts, a sample for deciles.

    seal: makes of a row's text a digest that only the city can make. A delivery that comes before its period is over is
    measured to the day it came.
    """
    span = days_of(period, contract.delivery.every)
    last_day = min(span[1], received_at.date()) if span else received_at.date()
    counted = _counted(con, contract, span)
    sampled = _sampled(con, contract, counted["rows"], last_day + dt.timedelta(days=1))
    columns = {
        column: ColumnProfile(
            counted[f"filled {column}"],
            _most(counted.get(f"codes {column}") or {}, counted[f"filled {column}"]),
            sampled.get(column, []),
        )
        for column in contract.columns
    }
    newest = counted.get("newest")
    ends = dt.datetime.combine(last_day + dt.timedelta(days=1), dt.time(), received_at.tzinfo)
    behind = (ends - newest) / dt.timedelta(days=1) if span and newest else None
    copies = con.execute("SELECT count(*) FROM duplicate WHERE reason = 'duplicate_row:'").fetchone() or (0,)
    return Profile(
        period, counted["rows"], copies[0], headers, columns, counted.get("oldest"), newest, behind,
        _by_day(counted.get("days") or {}, span, received_at.date()), [seal(text) for text in _row_texts(con, contract)],
    )  # fmt: skip


def _counted(con: duckdb.DuckDBPyConnection, contract: Contract, span: Any) -> dict[str, Any]:
    """In one pass: rows, filled cells a column, rows a code, and the event times."""
    wanted = {"rows": "count(*)"}
    for column, spec in contract.columns.items():
        wanted[f"filled {column}"] = f"count({name(column)})"
        if is_coded(spec):
            wanted[f"codes {column}"] = f"histogram({name(column)}::VARCHAR)"
    if event := contract.event_time:
        wanted |= {"oldest": f"min({name(event)})::TIMESTAMPTZ", "newest": f"max({name(event)})::TIMESTAMPTZ"}
        if span and span[0] < span[1] and contract.delivery.kind != "snapshot":
            day = f"({name(event)}::DATE - DATE {quote(span[0].isoformat())})::INTEGER"
            days = (span[1] - span[0]).days
            wanted["days"] = f"histogram(CASE WHEN {day} BETWEEN 0 AND {days} THEN {day} END)"
    row = con.execute(f"SELECT {', '.join(wanted.values())} FROM kept").fetchone() or ()
    return dict(zip(wanted, row, strict=True))


def _sampled(con: duckdb.DuckDBPyConnection, contract: Contract, rows: int, ends: dt.date) -> dict[str, list[float]]:
    """Deciles by column, of the rows whose number's hash falls into the sample: the same rows each time."""
    measures = {c: m for c, spec in contract.columns.items() if (m := _measure(spec, name(c), ends))}
    if not measures or not rows:
        return {}
    every = -(-rows // SAMPLED_ROWS)
    texts = ", ".join(f"{measure} AS {name(column)}" for column, measure in measures.items())
    asked = ", ".join(
        f"CASE WHEN count({name(column)}) >= {FEWEST} THEN quantile_cont({name(column)}, {DECILES}) END"
        for column in measures
    )
    found = con.execute(f"SELECT {asked} FROM (SELECT {texts} FROM kept WHERE hash(row_no) % {every} = 0)").fetchone()
    told: dict[str, Any] = dict(zip(measures, found or (), strict=True))
    return {c: [_told(contract.columns[c], value) for value in deciles] for c, deciles in told.items() if deciles}


def _told(spec: Column, value: float) -> float:
    """A decile; of a personal column to three digits, so that it is nobody's own figure."""
    return value if spec.leaves else float(f"{value:.3g}")


def is_coded(spec: Column) -> bool:
    """Whether the contract knows all values that the column can have."""
    return bool(spec.words) or spec.type == "boolean"


def _measure(spec: Column, column: str, ends: dt.date) -> str | None:
    """What is measured of a value, as SQL of a DOUBLE: itself, days from the period's end, or its length. None for a code."""
    if is_coded(spec):
        return None
    if spec.type in ("integer", "number", "money"):
        return f"CASE WHEN isfinite({column}::DOUBLE) THEN {column}::DOUBLE END"
    if spec.type in ("date", "timestamp"):
        return f"(epoch({column}::TIMESTAMPTZ) - epoch({quote(ends.isoformat())}::TIMESTAMPTZ)) / {SECONDS_A_DAY}"
    return f"length({column})::DOUBLE"


def _most(codes: dict[str, int], filled: int) -> dict[str, int]:
    return dict(sorted(codes.items(), key=lambda item: (-item[1], item[0]))[:MOST_CODES]) if filled >= FEWEST else {}


def _by_day(counts: dict[int, int], span: tuple[dt.date, dt.date] | None, received: dt.date) -> list[int]:
    """Rows on each day from the first to the last, or to the day before the delivery came when it came earlier."""
    if not counts or not span:
        return []
    last = min(span[1], received - dt.timedelta(days=1))
    return [counts.get(n, 0) for n in range((last - span[0]).days + 1)]


def _row_texts(con: duckdb.DuckDBPyConnection, contract: Contract) -> list[str]:
    """The rows with the smallest hashes, as text: of events their keys, which come once; of other kinds the whole row.

    Two deliveries' smallest hashes are the same rows as far as the deliveries are the same. Source: Broder 1997, On the
    resemblance and containment of documents (bottom-k sketch).
    """
    columns = contract.key if contract.delivery.kind == "events" else list(contract.columns)
    text = " || '|' || ".join(f"coalesce({name(column)}::VARCHAR, '')" for column in columns)
    smallest = f"hash({', '.join(map(name, columns))})"
    rows = con.execute(f"SELECT {text} FROM kept ORDER BY {smallest}, 1 LIMIT {SEALED_ROWS}").fetchall()
    return [text for (text,) in rows]

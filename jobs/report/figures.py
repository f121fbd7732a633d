"""The figures of one day, read from the serving file and not yet put into words."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import duckdb

from jobs.warn.life import AT_HAND

SHANGHAI = ZoneInfo("Asia/Shanghai")
TREND_DAYS = 56


class Vital(NamedTuple):
    """One vital sign of the city; a name that ends in `_share` holds a fraction 0..1."""

    name: str
    name_zh: str
    value: float | None
    unit_zh: str | None
    note_zh: str | None


class NewWarning(NamedTuple):
    """One new warning, with where it is and who should act by when."""

    level: str
    level_zh: str
    title_zh: str
    reason_zh: str
    subject: str | None
    grid_name: str | None
    community: str | None
    town: str | None
    unit_zh: str | None
    deadline_at: datetime | None


class Muted(NamedTuple):
    """A family of warnings that was not judged on the day, and why."""

    family_zh: str
    why_zh: str


class Overdue(NamedTuple):
    """One inspection or repair past its date."""

    matter_kind_zh: str
    matter_no: str
    place: str | None
    town: str | None
    unit_zh: str | None
    due_on: date
    days_overdue: int
    complaints_30d: int | None


class Feed(NamedTuple):
    """How one department's feed stands: when it came, and what became of its rows."""

    feed: str
    title_zh: str
    department: str
    read_rows: int
    kept_rows: int
    held_rows: int
    refused_rows: int
    held_share: float | None
    verdict: str | None
    verdict_zh: str | None
    state: str
    state_zh: str
    hours_late: float | None
    waiting_zh: str | None


class TrendDay(NamedTuple):
    """Incidents of one day against their expected band; the band is None in the first four weeks."""

    day: date
    observed: float | None
    expected: float | None
    upper: float | None
    lower: float | None


class Cell(NamedTuple):
    """One grid of the city: its outline as [[lon, lat], ...] in JSON and its worst warning."""

    grid_code: str
    town: str | None
    residents: int
    incidents_7d: int
    warnings: int
    worst_level: str | None
    polygon: str


@dataclass(frozen=True)
class Figures:
    """All that a daily brief may say."""

    as_of: date
    built_at: datetime
    run_id: str
    clock: str
    table_versions: dict[str, Any]
    vitals: tuple[Vital, ...]
    new_warnings: tuple[NewWarning, ...]  # worst first
    below_line: int
    muted: tuple[Muted, ...]
    overdue: tuple[Overdue, ...]  # longest first
    feeds: tuple[Feed, ...]
    trend: tuple[TrendDay, ...]  # incidents, at most TREND_DAYS days up to as_of
    cells: tuple[Cell, ...]


def read_figures(serving: Path) -> Figures:
    """The figures in a serving file, in an order that does not depend on how the file was written.

    serving: the file or the symlink to it; it is resolved first, because the link may be swapped while we read.
    Raises FileNotFoundError without a file, duckdb.Error when a table or column is missing,
    ValueError when `about` does not hold exactly one row.
    """
    with duckdb.connect(str(serving.resolve(strict=True)), read_only=True) as lake:
        lake.execute("SET TimeZone = 'Asia/Shanghai'")
        as_of, built_at, run_id, clock, versions = _about(lake)
        return Figures(
            as_of=as_of,
            built_at=built_at.astimezone(SHANGHAI),
            run_id=run_id,
            clock=clock,
            table_versions=json.loads(versions or "{}"),
            vitals=_rows(lake, Vital, "FROM vital ORDER BY ordinal, name"),
            new_warnings=_rows(lake, NewWarning, _NEW_WARNINGS),
            below_line=_one(lake, "SELECT count(*) FROM warning WHERE status = 'below_line'"),
            muted=_rows(lake, Muted, "FROM muted_family ORDER BY family"),
            overdue=_rows(lake, Overdue, "FROM overdue ORDER BY days_overdue DESC, matter_kind, matter_no"),
            feeds=_rows(lake, Feed, "FROM source_health ORDER BY department, feed, period"),
            trend=_trend(lake, as_of),
            cells=_rows(lake, Cell, "FROM grid_map ORDER BY grid_code"),
        )


_NEW_WARNINGS = f"""FROM warning WHERE {AT_HAND}
    ORDER BY level_rank DESC, deadline_at NULLS LAST, score DESC NULLS LAST, warning_id"""


def _about(lake: duckdb.DuckDBPyConnection) -> tuple[Any, ...]:
    rows = lake.execute("SELECT as_of, built_at, run_id, clock, table_versions FROM about").fetchall()
    if len(rows) != 1:
        raise ValueError(f"serving file: table about holds {len(rows)} rows, one is needed; build the file again")
    return rows[0]


def _rows(lake: duckdb.DuckDBPyConnection, shape: Any, source: str, given: list[Any] | None = None) -> tuple[Any, ...]:
    """Rows of a table in the shape of a NamedTuple, whose fields are the columns that are read."""
    found = lake.execute(f"SELECT {', '.join(shape._fields)} {source}", given or []).fetchall()
    return tuple(shape(*row) for row in found)


def _one(lake: duckdb.DuckDBPyConnection, query: str) -> int:
    row = lake.execute(query).fetchone()
    return int(row[0]) if row else 0


def _trend(lake: duckdb.DuckDBPyConnection, as_of: date) -> tuple[TrendDay, ...]:
    newest_first = "FROM trend_daily WHERE measure = 'incident' AND day <= ? ORDER BY day DESC LIMIT ?"
    return _rows(lake, TrendDay, newest_first, [as_of, TREND_DAYS])[::-1]

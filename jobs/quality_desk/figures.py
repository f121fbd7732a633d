"""What each unit of a feed reported lately, out of the rows that count today: numbers, matters over time, closing times."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

import duckdb
import numpy as np

from jobs import lake
from jobs.current import current_deliveries, current_rows
from jobs.home import Home
from jobs.ingest import ledger
from quality.forms import name
from quality.integrity.judge import Reported
from schemas.contract import Contract
from schemas.integrity import Deadline, Integrity

Sort = Literal["number", "counted", "deadline"]


@dataclass(frozen=True)
class Figure:
    """One figure of a feed as all its units report it. column: the one it is read from. to_the_day: closings have no clock."""

    column: str
    sort: Sort
    units: list[Reported]
    first: np.datetime64
    last: np.datetime64
    to_the_day: bool = False


def figures_of(home: Home, contract: Contract, as_of: date, days: int) -> Iterator[Figure]:
    """Each figure that the contract names, of the `days` days before as_of. None where the feed has no rows yet."""
    asked = contract.integrity
    path = home.table("silver", contract.feed)
    if asked is None or not lake.exists(path) or not lake.exists(ledger.path(home)):
        return
    with lake.connect(spill=home.staging) as con:
        con.execute(f"CREATE TEMP TABLE delivery_now AS {current_deliveries(lake.scan(ledger.path(home)))}")
        con.execute(f"CREATE TEMP VIEW told AS {current_rows(contract, lake.scan(path), 'delivery_now')}")
        for column, sort, value in _wanted(contract, asked):
            units = _units(con, asked, value, as_of, days)
            if units:
                first = min(unit.at[0] for unit in units).astype("datetime64[D]")
                last = max(unit.at[-1] for unit in units).astype("datetime64[D]")
                yield Figure(column, sort, units, first, last, contract.columns[column].type == "date")


def _wanted(contract: Contract, asked: Integrity) -> Iterator[tuple[str, Sort, str]]:
    """Each figure: its column, its sort, and SQL for its value."""
    for column in asked.figures:
        yield column, "number", f"{name(column)}::DOUBLE"
    if asked.counted:
        yield asked.at, "counted", "1.0"
    if asked.deadline:
        yield asked.deadline.closed, "deadline", _minutes_left(contract, asked.at, asked.deadline)


def _minutes_left(contract: Contract, at: str, deadline: Deadline) -> str:
    """Minutes from closing to the deadline. A day without a clock lasts to its end."""
    closed = _moment(contract, deadline.closed)
    if isinstance(deadline.due, timedelta):
        due = f"({name(at)}::TIMESTAMP + INTERVAL {int(deadline.due.total_seconds())} SECOND)"
    else:
        due = _moment(contract, deadline.due)
    return f"date_diff('second', {closed}, {due}) / 60.0"


def _moment(contract: Contract, column: str) -> str:
    whole_day = contract.columns[column].type == "date"
    return f"({name(column)}::TIMESTAMP{' + INTERVAL 1 DAY' if whole_day else ''})"


def _units(con: duckdb.DuckDBPyConnection, asked: Integrity, value: str, as_of: date, days: int) -> list[Reported]:
    """Every unit with its values in order of time; local times without a zone."""
    unit = f"left({name(asked.by)}::VARCHAR, {asked.by_first})" if asked.by_first else f"{name(asked.by)}::VARCHAR"
    rows = con.execute(
        f"SELECT {unit} AS unit, {name(asked.at)}::TIMESTAMP AS moment, {value} AS figure FROM told "
        f"WHERE {unit} IS NOT NULL AND {name(asked.at)} >= ?::DATE AND {name(asked.at)} < ?::DATE AND ({value}) IS NOT NULL "
        "ORDER BY unit, moment, delivery_id, row_no",
        [as_of - timedelta(days=days), as_of],
    ).fetchnumpy()
    named = np.asarray(rows["unit"], dtype=str)
    at = np.asarray(rows["moment"]).astype("datetime64[s]")
    values = np.asarray(rows["figure"], dtype=float)
    begins = np.flatnonzero(np.r_[True, named[1:] != named[:-1]]) if len(named) else np.array([], dtype=int)
    ends = np.r_[begins[1:], len(named)] if len(begins) else begins
    return [Reported(str(named[b]), at[b:e], values[b:e]) for b, e in zip(begins, ends, strict=True)]

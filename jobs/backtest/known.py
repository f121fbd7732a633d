"""Since when each delivery was known: by the contract's calendar, or by the ledger."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Literal

from croniter import croniter

from jobs import lake
from jobs.current import latest_outcomes
from jobs.home import ZONE, Home
from jobs.ingest import ledger
from jobs.warn.life import rows_of
from schemas.contract import Contract

Knowing = Literal["schedule", "arrival"]
MORNING = time(6)  # of the day that is judged: what came or was due by then is known
MOST_DUE = 400  # due times looked at for one period


@dataclass(frozen=True)
class Known:
    """A delivery that was admitted, and the days on whose morning it was its period's current one: since <= day < until."""

    feed: str
    delivery_id: str
    period: str
    attempt: int
    since: date
    until: date


def known_deliveries(home: Home, contracts: dict[str, Contract], by: Knowing) -> list[Known]:
    """Of every admitted delivery in the ledger as it stands now."""
    with lake.connect(reads_delta=False) as con:
        lake.offer(con, "told", ledger.path(home))
        rows = rows_of(
            con.execute(f"SELECT * FROM ({latest_outcomes('told')}) WHERE status IN ('passed', 'warned', 'released')")
        )
    of_period: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in sorted(rows, key=lambda row: row["attempt"]):
        if row["feed"] in contracts:
            of_period.setdefault((row["feed"], row["period"]), []).append(row)
    return [one for (feed, _), rows in of_period.items() for one in _spans(contracts[feed], rows, by)]


def _spans(contract: Contract, attempts: list[dict[str, Any]], by: Knowing) -> list[Known]:
    """attempts: of one period, in their order. The first is known when it was due, each correction when it came."""
    since = [morning_after(row["received_at"].astimezone(ZONE)) for row in attempts]
    if by == "schedule":
        since[0] = morning_after(due_at(contract, attempts[0]["period"]) or attempts[0]["received_at"].astimezone(ZONE))
    untils = [min(since[n + 1 :], default=date.max) for n in range(len(since))]
    return [
        Known(row["feed"], row["delivery_id"], row["period"], row["attempt"], start, end)
        for row, start, end in zip(attempts, since, untils, strict=True)
        if start < end
    ]


def morning_after(moment: datetime) -> date:
    """The first day whose morning is not before the moment."""
    return moment.date() + timedelta(days=moment.time() > MORNING)


def due_at(contract: Contract, period: str) -> datetime | None:
    """When a period was promised; None of a period that is no date.

    What no due time brings was loaded later or lies outside the calendar: known the morning after its last day. What was promised in shorter
    periods, and tells when each row happened, would have come bit by bit: known from its first day, each row from the day after its own.
    """
    if not (span := days_of(period)):
        return None
    first, last = (datetime.combine(day, time(0), ZONE) for day in span)
    due = contract.delivery.period_due
    if due and len(due.at(first)) == len(period):
        times = croniter(contract.delivery.every, first - timedelta(seconds=1))
        for _ in range(MOST_DUE):
            at = times.get_next(datetime)
            if due.at(at) >= period:
                if due.at(at) == period:
                    return at
                break
    shorter = due and len(due.at(first)) > len(period)
    return first if shorter and event_time(contract) else last + timedelta(days=1)


def event_time(contract: Contract) -> str | None:
    """The column that says when a row happened: the first moment of a feed of events or changes, else of events the first day."""
    kind = contract.delivery.kind
    types = {"snapshot": (), "changes": ("timestamp",), "events": ("timestamp", "date")}[kind]
    named = [(column.type, name) for name, column in contract.columns.items() if not column.identifies]
    return next((name for type_ in types for said, name in named if said == type_), None)


def days_of(period: str) -> tuple[date, date] | None:
    """First and last day of a period written yyyyMMdd, yyyyMM or yyyy."""
    if not period.isdigit() or len(period) not in (4, 6, 8):
        return None
    try:
        first = datetime.strptime((period + "0101")[:8] if len(period) == 4 else (period + "01")[:8], "%Y%m%d").date()
    except ValueError:
        return None
    if len(period) == 8:
        return first, first
    month = 12 if len(period) == 4 else first.month
    return first, date(first.year, month, calendar.monthrange(first.year, month)[1])

"""What the contracts' calendars promise against what came: each period on time, late, missing, short or still to come."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any, Literal

from croniter import croniter

from jobs.ingest.ledger import COMMITTED
from schemas.contract import Contract

State = Literal["on_time", "late", "short", "refused", "overdue", "missing"]
LOOK_BACK = 400  # due times; a year of days


@dataclass(frozen=True)
class Arrival:
    """One promised delivery. late_hours: beyond the grace the contract gives, to its arrival or to now. ratio: its rows against the median."""

    feed: str
    period: str
    due_at: datetime
    state: State
    arrived_at: datetime | None
    late_hours: float
    read_rows: int
    rows_ratio: float | None
    attempts: int
    repeats: int

    @property
    def waited_for(self) -> bool:
        """True while nothing of the period has been admitted."""
        return self.state in ("overdue", "missing", "refused")


def arrivals(contract: Contract, outcomes: Iterable[dict[str, Any]], now: datetime) -> list[Arrival]:
    """Every period due by `now`, from the feed's first one of that form on, oldest first.

    outcomes: rows of the ledger in its order (period, attempt, status, received_at, read_rows). A period is `overdue` once its grace has
    passed, and `missing` when the next one is due as well; `short` came with fewer rows than the contract's volume allows.
    A contract without period_due promises only that something comes between two due times: the period is then the due day.
    What fell due before the feed's first delivery came is never late: nobody was listening yet.
    """
    rows = sorted(_last_words(outcomes), key=lambda row: row["received_at"])
    if not rows:
        return []
    due = _due_times(contract, rows, now)
    if not due:
        return []
    if contract.delivery.period_due is None:
        of_period = _by_interval(due, rows)
    else:
        of_period = {period: [row for row in rows if row["period"] == period] for _, period in due}
    usual_rows = _usual_rows(contract, of_period)
    next_due = [at for at, _ in due[1:]] + [croniter(contract.delivery.every, now).get_next(datetime)]
    return [
        _arrival(contract, period, (at, following), of_period[period], usual_rows, (rows[0]["received_at"], now))
        for (at, period), following in zip(due, next_due, strict=True)
        if of_period[period] or at + contract.delivery.late_after < now
    ]


def _usual_rows(contract: Contract, of_period: dict[str, list[dict[str, Any]]]) -> float | None:
    """What the gate holds a delivery's size against."""
    admitted = [[row["read_rows"] for row in rows if row["status"] in COMMITTED] for rows in of_period.values()]
    volume = contract.gate.volume
    return volume.usual_rows([rows[-1] for rows in admitted if rows][::-1]) if volume else None


def _due_times(contract: Contract, rows: list[dict[str, Any]], now: datetime) -> list[tuple[datetime, str]]:
    """(when, which period) of every promise since the feed's first delivery of this form."""
    calendar = croniter(contract.delivery.every, now + timedelta(seconds=1))
    back = (calendar.get_prev(datetime) for _ in range(LOOK_BACK))
    due = contract.delivery.period_due
    if due is None:
        first = rows[0]["received_at"]
        return [(at, due_period(contract, at)) for at in takewhile(lambda at: at >= first, back)][::-1]
    known = [row["period"] for row in rows if len(row["period"]) == len(due.at(now))]
    if not known:
        return []
    return [(at, due.at(at)) for at in takewhile(lambda at: due.at(at) >= min(known), back)][::-1]


def _by_interval(due: list[tuple[datetime, str]], rows: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """What came after each due time and before the next."""
    ends = [at for at, _ in due[1:]] + [datetime.max.replace(tzinfo=rows[0]["received_at"].tzinfo)]
    return {
        period: [row for row in rows if at <= row["received_at"] < end]
        for (at, period), end in zip(due, ends, strict=True)
    }


def _arrival(
    contract: Contract,
    period: str,
    due: tuple[datetime, datetime],
    rows: list[dict[str, Any]],
    usual_rows: float | None,
    heard: tuple[datetime, datetime],
) -> Arrival:
    """due: this period's time and the next one's; heard: since when and until when anybody listened."""
    (due_at, next_due), (since, now), grace = due, heard, contract.delivery.late_after
    admitted = [row for row in rows if row["status"] in COMMITTED]
    arrived_at = admitted[0]["received_at"] if admitted else None
    read = admitted[-1]["read_rows"] if admitted else 0
    ratio = read / usual_rows if admitted and usual_rows else None
    deadline, until = due_at + grace, arrived_at or now
    late = (until - deadline) / timedelta(hours=1) if until > deadline >= since else 0.0
    state: State = "on_time"
    if not admitted:
        waiting: State = "missing" if now > next_due + grace else "overdue"
        state = "refused" if any(row["status"] in ("refused", "rejected") for row in rows) else waiting
    elif contract.gate.volume and ratio is not None and ratio < contract.gate.volume.low:
        state = "short"
    elif late:
        state = "late"
    attempts = {row["attempt"] for row in rows if row["status"] != "repeated"}
    repeats = sum(row["status"] == "repeated" for row in rows)
    return Arrival(
        contract.feed, period, due_at, state, arrived_at, round(late, 1), read, ratio, len(attempts), repeats
    )


def _last_words(outcomes: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """What became of each attempt last, and every repeat: an attempt that was admitted and then sent back was never admitted."""
    rows = list(outcomes)
    last = {(row["period"], row["attempt"]): row for row in rows if row["status"] != "repeated"}
    return [row for row in rows if row["status"] == "repeated" or last[row["period"], row["attempt"]] is row]


def due_period(contract: Contract, due_at: datetime) -> str:
    """The period that a due time brings; the due day itself where the contract names none."""
    due = contract.delivery.period_due
    return due.at(due_at) if due else f"{due_at:%Y%m%d}"


def has_come(contract: Contract, outcomes: Iterable[dict[str, Any]], due_at: datetime) -> bool:
    """Whether what fell due has been admitted, and still is. outcomes: rows of the ledger in its order."""
    admitted = [row for row in _last_words(outcomes) if row["status"] in COMMITTED]
    if contract.delivery.period_due is None:
        return any(row["received_at"] >= due_at for row in admitted)
    return any(row["period"] == due_period(contract, due_at) for row in admitted)

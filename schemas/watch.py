"""How a contract says what the gate watches between deliveries, from which measure on, and which days a period is about."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal

from croniter import croniter
from pydantic import BaseModel, BeforeValidator, ConfigDict, model_validator


def _measure(said: Any) -> Any:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*%", said) if isinstance(said, str) else None
    return float(found[1]) / 100 if found else said


Measure = Annotated[float, BeforeValidator(_measure)]


class Limit(BaseModel):
    """From which measure on a delivery is warned, and from which it is refused (None: never)."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    warn: Measure
    refuse: Measure | None = None

    @model_validator(mode="after")
    def _warn_comes_first(self) -> Limit:
        if self.warn < 0 or (self.refuse is not None and self.refuse < self.warn):
            raise ValueError("a limit warns from 0 on and refuses no earlier than it warns")
        return self


def _watched_from(warn: float) -> Callable[[Any], Any]:
    """A key that is left out warns from `warn` on; what is written of it replaces that; off watches nothing."""

    def read(said: Any) -> Any:
        if said is False or said == "off":  # YAML reads a bare off as false
            return None
        return {"warn": warn, **said} if isinstance(said, dict) else said

    return read


class Watch(BaseModel):
    """What a delivery is compared with its feed's own history by. All of it only warns unless the contract says more.

    nulls: how far a column's share of empty cells lies above the usual one, in shares of the rows. drift: a distance
    between distributions (quality/wander.py). stale: how much further than ever the newest event lies before the
    period's end, in shares of the period's length. repeated: the share of rows that an earlier delivery had.
    missing_days: how many days that the history never lacks. headers: columns gone or come since the last delivery.
    event_time: the column that says when a row happened; by itself the first required time that is not personal.
    """

    nulls: Annotated[Limit | None, BeforeValidator(_watched_from(0.10))] = Limit(warn=0.10)
    drift: Annotated[Limit | None, BeforeValidator(_watched_from(0.25))] = Limit(warn=0.25)
    stale: Annotated[Limit | None, BeforeValidator(_watched_from(0.25))] = Limit(warn=0.25)
    repeated: Annotated[Limit | None, BeforeValidator(_watched_from(0.50))] = Limit(warn=0.50)
    missing_days: Annotated[Limit | None, BeforeValidator(_watched_from(1))] = Limit(warn=1)
    headers: Annotated[Literal["warn", "off"], BeforeValidator(lambda said: "off" if said is False else said)] = "warn"
    event_time: str | None = None


def days_of(period: str, every: str) -> tuple[date, date] | None:
    """First and last day that a period is about: yyyy and yyyyMM as they say, yyyyMMdd the days since the delivery before.

    every: the feed's cron expression. None when the period is not written as a date.
    """
    if not period.isdigit() or len(period) not in (4, 6, 8):
        return None
    try:
        first = datetime.strptime(f"{period}0101"[:8] if len(period) == 4 else f"{period}01"[:8], "%Y%m%d").date()
    except ValueError:
        return None
    if len(period) == 4:
        return first, date(first.year, 12, 31)
    if len(period) == 6:
        return first, first.replace(day=calendar.monthrange(first.year, first.month)[1])
    return first - timedelta(days=_days_between(every, first) - 1), first


def _days_between(every: str, about: date) -> int:
    """Whole days between the two deliveries due around a day, at least one."""
    due = croniter(every, datetime(about.year, about.month, about.day))
    later = due.get_next(datetime)
    return max(1, round((due.get_next(datetime) - later) / timedelta(days=1)))

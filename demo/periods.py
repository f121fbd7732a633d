"""Which days each file of a feed is about: a backlog in a few files, then the feed's own rhythm for the last ones."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from demo.plan import Plan, next_month


@dataclass(frozen=True)
class Period:
    """name: as in the file's name, yyyyMM or yyyyMMdd; the days from first to last, both included."""

    name: str
    first: date
    last: date

    @property
    def ends(self) -> np.datetime64:
        """The midnight that ends the last day."""
        return np.datetime64(self.last, "s") + np.timedelta64(86_400, "s")

    def slice_of(self, at: np.ndarray) -> slice:
        """The places of the moments (datetime64, ascending) that lie in the period."""
        begin, end = np.searchsorted(at, [np.datetime64(self.first, "s"), self.ends])
        return slice(int(begin), int(end))

    def holds(self, at: np.ndarray) -> np.ndarray:
        """Which moments lie in the period; NaT lies in none."""
        return (at >= np.datetime64(self.first)) & (at < self.ends)


def monthly(plan: Plan, start: date | None = None) -> list[Period]:
    """A file a calendar month, the last one up to the last day."""
    return _months(start or plan.start, plan.end, 1)


def last_month_closed(plan: Plan) -> list[Period]:
    """Files of departments that report once a month is over: the backlog, then the last whole month."""
    closed = (
        plan.end if next_month(plan.end) == plan.end + timedelta(days=1) else plan.end.replace(day=1) - timedelta(1)
    )
    if plan.long:
        return _months(plan.start, closed, 1)
    before = closed.replace(day=1) - timedelta(days=1)
    return [*_joined(_months(plan.start, before, 1)), *_months(closed.replace(day=1), closed, 1)]


def daily(plan: Plan, start: date | None = None, backlog: int = 2) -> list[Period]:
    """A file a day for the last week; what lies before in a few files, or a file a month when the days are many."""
    since = plan.end - timedelta(days=6)
    days = [since + timedelta(days=n) for n in range(7)]
    old = _backlog(plan, start or plan.start, since - timedelta(days=1), backlog)
    return old + [Period(f"{day:%Y%m%d}", day, day) for day in days]


def weekly(plan: Plan, weeks: int, backlog: int = 1) -> list[Period]:
    """A file a week for the last `weeks`, named by its last day, the backlog before them."""
    lasts = [plan.end - timedelta(days=7 * n) for n in reversed(range(weeks))]
    old = _backlog(plan, plan.start, lasts[0] - timedelta(days=7), backlog)
    return old + [Period(f"{last:%Y%m%d}", last - timedelta(days=6), last) for last in lasts]


def _backlog(plan: Plan, start: date, last: date, files: int) -> list[Period]:
    months = _months(start, last, 1)
    if plan.long or len(months) <= files:
        return months
    size = -(-len(months) // files)
    return [period for n in range(0, len(months), size) for period in _joined(months[n : n + size])]


def _months(first: date, last: date, step: int) -> list[Period]:
    periods = []
    while first <= last:
        end = min(next_month(first) - timedelta(days=1), last)
        periods.append(Period(f"{first:%Y%m}", first, end))
        first = end + timedelta(days=step)
    return periods


def _joined(months: list[Period]) -> list[Period]:
    """The months in one file that bears the last one's name."""
    return [Period(months[-1].name, months[0].first, months[-1].last)] if months else []

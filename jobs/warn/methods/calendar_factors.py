"""How a day of the week, a rest day moved by 调休, and a holiday change a daily count, learnt from the days before."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from jobs.warn.methods.bounds import Array

KINDS = 11  # Monday … Sunday, a make-up workday on a weekend, a day off in the week, a working day around New Year, one without school
MAKE_UP, HOLIDAY, AROUND_NEW_YEAR, SCHOOL_HOLIDAYS = 7, 8, 9, 10
WORKING, OFF = slice(0, 5), slice(5, 7)
SHRINK = (
    8.0  # days of the average day that a kind of day is pooled with: a kind seen once must not double the expectation
)


class Workday(Protocol):
    """Whether people work on a day; `chinesecalendar.is_workday` is one, a table of the city's own another."""

    def __call__(self, day: date, /) -> bool: ...


def weekend_only(day: date) -> bool:
    """A calendar without holidays."""
    return day.weekday() < 5


def day_kinds(
    days: list[date], workday: Workday = weekend_only, season: Callable[[date], int | None] = lambda day: None
) -> NDArray[np.int64]:
    """(days,) 0 … 6 the weekday; 7 a weekend that is worked (调休); 8 a working weekday that is off (National Day and the like).

    season: of a working day, 9 around New Year and 10 without school, where that matters more than its weekday; else None.
    """

    def kind(day: date) -> int:
        if workday(day) != (day.weekday() < 5):
            return MAKE_UP if workday(day) else HOLIDAY
        special = season(day) if workday(day) else None
        return day.weekday() if special is None else special

    return np.array([kind(day) for day in days], dtype=np.int64)


def calendar_factors(counts: Array, kinds: NDArray[np.int64]) -> Array:
    """(series, KINDS) mean count of each kind of day ÷ mean count of all, shrunk towards a like kind, then towards 1.

    counts: (series, days), NaN where not counted; kinds: (days,) of day_kinds. A make-up workday and a working day of a
    special season lean on the mean of the working days, a holiday on that of the weekend, each as if eight such days had been seen; a weekday leans on 1. A ratio-to-mean factor as in
    Cleveland & Devlin 1980's calendar adjustment; the shrinkage is the posterior mean of a Gamma–Poisson rate.
    """
    counted = np.isfinite(counts)
    member = (kinds[:, None] == np.arange(KINDS)).astype(float)
    level = np.nansum(counts, axis=1) / np.maximum(counted.sum(axis=1), 1)
    level = np.where(level > 0, level, 1.0)[:, None]
    events, days = np.nan_to_num(counts) @ member, counted.astype(float) @ member
    strength = SHRINK / np.maximum(level, 1.0)
    factors = (events / level + strength) / (days + strength)
    for kind, like in ((MAKE_UP, WORKING), (HOLIDAY, OFF), (AROUND_NEW_YEAR, WORKING), (SCHOOL_HOLIDAYS, WORKING)):
        leaned = factors[:, like].mean(axis=1, keepdims=True)
        one = slice(kind, kind + 1)
        factors[:, one] = (events[:, one] / level + SHRINK * leaned) / (days[:, one] + SHRINK)
    return factors

"""When China works: weekends, public holidays and the weekends worked for them (调休), Spring Festival's emptiness, school holidays."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache

import chinese_calendar
from chinese_calendar.constants import Holiday, holidays

from jobs.warn.methods.calendar_factors import AROUND_NEW_YEAR, SCHOOL_HOLIDAYS, weekend_only

LEAVING, RETURNING = (
    timedelta(days=10),
    timedelta(days=8),
)  # before and after Spring Festival's days off, when many are away
SUMMER = (7, 8)  # months without school


def known(day: date) -> bool:
    """Whether the State Council's table for the day's year is at hand. It is published each November; a newer `chinesecalendar` brings it."""
    return day.year <= max(holidays).year


def is_workday(day: date) -> bool:
    """In a year whose table is not at hand, Monday to Friday."""
    return chinese_calendar.is_workday(day) if known(day) else weekend_only(day)


def season_of(day: date) -> int | None:
    """The kind of a working day on which the city is not its usual self: AROUND_NEW_YEAR, SCHOOL_HOLIDAYS, or None."""
    if any(first - LEAVING <= day <= last + RETURNING for first, last in _spring_festivals()):
        return AROUND_NEW_YEAR
    return SCHOOL_HOLIDAYS if day.month in SUMMER else None


@cache
def _spring_festivals() -> list[tuple[date, date]]:
    """First and last day off of each."""
    days = sorted(day for day, name in holidays.items() if name == Holiday.spring_festival.value)
    years = sorted({day.year for day in days})
    return [(min(of), max(of)) for year in years for of in [[day for day in days if day.year == year]]]

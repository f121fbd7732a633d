"""The city's rhythm: working days, holidays with 调休, Spring Festival, school terms, seasons and the hours of the day."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import numpy as np

HOLIDAYS = Path(__file__).parent / "holidays.csv"
NEW_YEARS = [date(2023, 1, 22), date(2024, 2, 10), date(2025, 1, 29), date(2026, 2, 17)]  # first day of the first moon
AROUND_NEW_YEAR = ([-12, -1, 5, 16], [0.0, 1.0, 1.0, 0.0])  # days from New Year's Day, how empty the city is


@dataclass(frozen=True)
class Rhythm:
    """How often something happens on a day, against a normal working day in term.

    off: on weekends; holiday: on public holidays; festival: when Spring Festival has emptied the city (times the
    former); vacation: on working days without school; swing: how far the season moves it up, and down half a year
    later, around `peak` (a month, 7.5 is mid-July); hours: (24,) weights.
    """

    hours: np.ndarray
    off: float = 1.0
    holiday: float = 1.0
    festival: float = 1.0
    vacation: float = 1.0
    swing: float = 0.0
    peak: float = 7.0

    def factors(self, days: list[date]) -> np.ndarray:
        """(days,) factor of each day."""
        return np.array([self._base(day) * self._season(day) for day in days])

    def _base(self, day: date) -> float:
        usual = self.holiday if is_holiday(day) else self.off if is_off(day) else 1.0
        school = 1.0 if is_off(day) or is_term(day) else self.vacation
        return usual * school * (1 + (self.festival - 1) * emptiness(day))

    def _season(self, day: date) -> float:
        turn = 2 * np.pi * (day.timetuple().tm_yday / 365.25 - (self.peak - 0.5) / 12)
        return 1 + self.swing * np.cos(turn)


@cache
def holidays() -> dict[date, bool]:
    """Days of 2023 to 2026 that differ from their weekday: True is off work, False a weekend worked as 调休."""
    with HOLIDAYS.open(encoding="utf-8", newline="") as lines:
        return {date.fromisoformat(row["day"]): row["off"] == "1" for row in csv.DictReader(lines)}


def is_off(day: date) -> bool:
    return holidays().get(day, day.weekday() >= 5)


def is_holiday(day: date) -> bool:
    return holidays().get(day, False)


def is_term(day: date) -> bool:
    """Whether schools are in session: not in July and August, nor in the month around New Year's Day."""
    return day.month not in (7, 8) and not any(-18 <= (day - first).days <= 12 for first in NEW_YEARS)


def emptiness(day: date) -> float:
    """0 on ordinary days, 1 when all who do not belong here have gone home for Spring Festival."""
    return max(float(np.interp((day - first).days, *AROUND_NEW_YEAR)) for first in NEW_YEARS)


def days_between(start: date, end: date) -> list[date]:
    """Every day from start to end, both included."""
    return [start + timedelta(days=n) for n in range((end - start).days + 1)]


def moments(dice: np.random.Generator, days: np.ndarray, hours: np.ndarray) -> np.ndarray:
    """A moment to the second (datetime64[s]) on each of the days (datetime64[D]), its hour drawn by the 24 weights."""
    chance = np.cumsum(hours) / hours.sum()
    hour = np.searchsorted(chance, dice.random(len(days), dtype=np.float32))
    seconds = np.minimum(hour, 23) * 3600 + dice.integers(0, 3600, len(days))
    return days.astype("datetime64[s]") + seconds.astype("timedelta64[s]")


def hours_around(*peaks: tuple[float, float, float], floor: float = 0.15) -> np.ndarray:
    """(24,) weights: a floor and a bell for each (hour, width in hours, height), wrapping over midnight."""
    hour = np.arange(24)
    weights = np.full(24, floor)
    for peak, width, height in peaks:
        away = np.minimum(np.abs(hour - peak), 24 - np.abs(hour - peak))
        weights += height * np.exp(-((away / width) ** 2) / 2)
    return weights

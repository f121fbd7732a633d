"""The city's rhythm: working days, holidays with 调休, and the hours at which things happen."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

HOLIDAYS = Path(__file__).parent / "holidays.csv"


@cache
def holidays() -> dict[date, bool]:
    """Days that differ from their weekday: True is off work, False a weekend worked as 调休. Only 2026 is listed."""
    with HOLIDAYS.open(encoding="utf-8", newline="") as lines:
        return {date.fromisoformat(row["day"]): row["off"] == "1" for row in csv.DictReader(lines)}


def is_off(day: date) -> bool:
    return holidays().get(day, day.weekday() >= 5)


def is_holiday(day: date) -> bool:
    return holidays().get(day, False)


def days_between(start: date, end: date) -> list[date]:
    """Every day from start to end, both included."""
    return [start + timedelta(days=n) for n in range((end - start).days + 1)]


def day_factors(days: list[date], off: float, holiday: float) -> np.ndarray:
    """(days,) factor on a normal working day's count: `off` on weekends, `holiday` on public holidays."""
    return np.array([holiday if is_holiday(day) else off if is_off(day) else 1.0 for day in days])


def moments(dice: np.random.Generator, days: np.ndarray, hours: np.ndarray) -> pd.Series:
    """A moment to the second on each of the days (datetime64[D]), its hour drawn by the 24 weights."""
    hour = dice.choice(24, size=len(days), p=hours / hours.sum())
    seconds = hour * 3600 + dice.integers(0, 3600, len(days))
    return pd.Series(days.astype("datetime64[s]") + seconds.astype("timedelta64[s]"))


def hours_around(*peaks: tuple[float, float, float], floor: float = 0.15) -> np.ndarray:
    """(24,) weights: a floor and a bell for each (hour, width in hours, height), wrapping over midnight."""
    hour = np.arange(24)
    weights = np.full(24, floor)
    for peak, width, height in peaks:
        away = np.minimum(np.abs(hour - peak), 24 - np.abs(hour - peak))
        weights += height * np.exp(-((away / width) ** 2) / 2)
    return weights

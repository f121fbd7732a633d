"""Parking lots by the hour: full at night where people live, full by day where they work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
import pandas as pd

from demo.clock import days_between, emptiness, is_off
from demo.homes import Homes
from demo.plan import Plan

LOTS, MOST_LOTS = 12, 150
HISTORY_DAYS = 28  # of a short city
HOURS = np.arange(24)
AT_NIGHT = 0.55 + 0.38 * np.cos((HOURS - 2) / 24 * 2 * np.pi)
BY_DAY = np.clip(0.08 + 0.85 * np.exp(-(((HOURS - 14) / 4.2) ** 2)), 0, 1)


@dataclass(frozen=True)
class Lots:
    """table, one row a lot: lot, estate, grid, spaces, shared, offices (full by day). forged: by row, what a lot says on a
    day instead of its (24,) count."""

    plan: Plan
    table: pd.DataFrame
    forged: dict[int, Callable[[date, np.ndarray], np.ndarray]] = field(default_factory=dict)

    @property
    def start(self) -> date:
        return self.plan.start if self.plan.long else max(self.plan.start, self.plan.end - timedelta(HISTORY_DAYS - 1))

    def hours(self, first: date, last: date) -> pd.DataFrame:
        """row (of the table), at, taken: every lot at every full hour, in order of time."""
        return pd.concat([self._day(day) for day in days_between(first, last)], ignore_index=True)

    def _day(self, day: date) -> pd.DataFrame:
        taken = self.counted(day)
        for row, write in self.forged.items():
            taken[:, row] = write(day, taken[:, row])
        at = np.datetime64(day, "s") + np.repeat(HOURS * 3600, len(self.table)).astype("timedelta64[s]")
        return pd.DataFrame({"row": np.tile(np.arange(len(self.table)), 24), "at": at, "taken": taken.ravel()})

    def counted(self, day: date) -> np.ndarray:
        """(24, lots) cars that are really there."""
        dice, table = self.plan.dice(f"parking {day}"), self.table
        busy = 0.25 if is_off(day) else 1.0
        office = BY_DAY * busy * (1 - 0.7 * emptiness(day))
        home = np.clip(AT_NIGHT * (1.12 if is_off(day) else 1.0) * (1 - 0.35 * emptiness(day)), 0, 1)
        share = np.where(table["offices"].to_numpy()[None, :], office[:, None], home[:, None])
        share = np.clip(share + dice.normal(0, 0.03, share.shape), 0, 1.03)
        return np.round(share * table["spaces"].to_numpy()[None, :]).astype(int)


def open_lots(plan: Plan, homes: Homes) -> Lots:
    dice = plan.dice("parking lots")
    estates = homes.buildings.drop_duplicates("estate")
    chosen = estates.iloc[np.sort(dice.choice(len(estates), size=min(plan.count(LOTS), MOST_LOTS), replace=False))]
    spaces = dice.integers(8, 60, len(chosen)) * 10
    return Lots(plan, pd.DataFrame({
        "lot": np.arange(1, len(chosen) + 1), "estate": chosen["estate"].to_numpy(), "grid": chosen["grid"].to_numpy(),
        "spaces": spaces, "shared": (spaces * dice.uniform(0.05, 0.25, len(chosen))).astype(int),
        "offices": np.arange(len(chosen)) % 3 == 2,
    }))  # fmt: skip

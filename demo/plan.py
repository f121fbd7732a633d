"""What was asked for: the size of the city, the days it covers, and the dice that every part of it rolls."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from zlib import crc32

import numpy as np


@dataclass(frozen=True)
class Plan:
    """seed and arguments of one city; `days` calendar days ending with `end`, both included."""

    seed: int = 7
    residents: int = 20_000
    days: int = 120
    end: date = date(2026, 6, 28)
    quiet: bool = False
    noise: bool = True

    @property
    def start(self) -> date:
        return self.end - timedelta(days=self.days - 1)

    @property
    def scale(self) -> float:
        """Size of the city against the 20,000 residents that the departments' volumes are written for."""
        return self.residents / 20_000

    def dice(self, part: str) -> np.random.Generator:
        """A generator of its own for each part, so that a change in one part leaves the others as they were."""
        return np.random.default_rng([self.seed, crc32(part.encode())])

    def months(self) -> list[date]:
        """First day of each calendar month that the days touch."""
        first, months = self.start.replace(day=1), []
        while first <= self.end:
            months.append(first)
            first = next_month(first)
        return months

    def count(self, at_standard_size: float) -> int:
        return max(1, round(at_standard_size * self.scale))


def next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)

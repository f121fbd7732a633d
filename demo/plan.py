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

    @property
    def long(self) -> bool:
        """Whether the days are so many that backlog comes a month at a time, and devices report from the first day."""
        return self.days > 150

    @property
    def copies(self) -> int:
        """How many of each thing is planted: more in a larger city, but not in proportion."""
        return max(1, int((self.residents / 30_000) ** 0.5))

    def dice(self, part: str) -> np.random.Generator:
        """A generator of its own for each part, so that a change in one part leaves the others as they were."""
        return np.random.default_rng([self.seed, crc32(part.encode())])

    def lots(self, part: str, rows: np.ndarray) -> np.ndarray:
        """(rows,) a number in [0, 1) drawn for each row by its number: the same in whichever file the row is told."""
        step, a, b = (np.uint64(n) for n in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB))
        first = np.uint64((self.seed * 0x517CC1B7 + crc32(part.encode())) * 0xBF58476D1CE4E5B9 % 2**64)
        mixed = (np.asarray(rows).astype(np.uint64) + np.uint64(1)) * step + first  # splitmix64
        mixed = (mixed ^ (mixed >> np.uint64(30))) * a
        mixed = (mixed ^ (mixed >> np.uint64(27))) * b
        return ((mixed ^ (mixed >> np.uint64(31))) >> np.uint64(11)).astype(float) / 2**53

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

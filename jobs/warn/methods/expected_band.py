"""A figure of every day against a level that forgets, the kind of day, and how restless it has been: a band, and how far out a day or a week is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jobs.warn.methods.bounds import Array, ShortHistory, quantile, tail
from jobs.warn.methods.calendar_factors import calendar_factors

KEPT = 0.97  # of what was known of a level, a day later: half of it rests on the last 23 days
LEAST_DAYS = 28  # before a day is judged
BLOCK = 7  # days for which what a kind of day does is learnt anew, from the days before alone
REMEMBERED, LEANT = 0.99, 4.0  # of how restless it was, a day later; days of a Poisson count that leans on
OUTLIER = 2.58  # residual above which a day is weighed down


@dataclass(frozen=True)
class Band:
    """(series, days) each: what a day led to expect, and the central 1 − alpha of its distribution; NaN while too little was known.

    more, less: chance of as many and more, of as few and fewer, on that day alone; more_week, less_week: of the seven days that end with it,
    as known before them.
    """

    expected: Array
    lower: Array
    upper: Array
    more: Array
    less: Array
    more_week: Array
    less_week: Array


@dataclass(frozen=True)
class _Level:
    """(series,) of a moment: the level's Gamma, by its events and the average days they rest on."""

    events: Array
    days: Array

    def of(self, exposure: Array) -> tuple[Array, Array]:
        """Mean of a count of so many average days, and its variance as far as chance and the level's doubt go: a negative binomial's."""
        mean = self.events / self.days * exposure
        return mean, mean + mean**2 / self.events

    def a_day_later(self, counts: Array, exposure: Array, weight: Array) -> _Level:
        return _Level(KEPT * self.events + weight * counts, KEPT * self.days + weight * exposure)


class _Unrest:
    """(series,) by how much counts vary beyond what their means lead to expect: φ ≥ 1."""

    def __init__(self, series: int) -> None:
        self.squared, self.seen = np.zeros((2, series))

    @property
    def dispersion(self) -> Array:
        return np.maximum((self.squared + LEANT) / (self.seen + LEANT), 1.0)

    def weight(self, counts: Array, mean: Array, variance: Array) -> Array:
        """1 of a usual count, residual⁻² of an unusual one, 0 where none was taken."""
        away = np.abs(counts - mean) / np.sqrt(np.maximum(self.dispersion * variance, 1e-9))
        return np.where(np.isfinite(counts), (OUTLIER / np.maximum(np.nan_to_num(away), OUTLIER)) ** 2, 0.0)

    def learn(self, counts: Array, mean: Array, variance: Array) -> None:
        weight = self.weight(counts, mean, variance)
        squared = np.nan_to_num(weight * (counts - mean) ** 2 / np.maximum(variance, 1e-9))
        self.squared, self.seen = REMEMBERED * self.squared + squared, REMEMBERED * self.seen + weight


def expected_band(counts: Array, kinds: NDArray[np.int64], *, alpha: float, week: int = 7) -> Band:
    """Each day of each series against the days before it.

    counts: (series, days), NaN where not counted; kinds: (days,) of day_kinds; alpha: of the band; week: days judged together.
    The level is a Gamma whose events and days are forgotten by 3 % a day, so that it follows a trend and a season; a day's exposure is the
    factor of its kind (calendar_factors); the dispersion is that of the residuals ahead of a day, of a week, forgotten by 1 % a day and
    leaning on a Poisson's.
    A day whose residual exceeds 2.58 weighs residual⁻². No day depends on a later one. NaN for the first 28 days counted.
    Raises ShortHistory when no day has so many before it.
    Sources: Harvey & Fernandes 1989, J. Bus. Econ. Stat. 7(4) (the discounted Gamma–Poisson); Cleveland & Devlin 1980 (calendar factors).
    """
    series, days = counts.shape
    if days <= LEAST_DAYS:
        raise ShortHistory(f"expected_band needs {LEAST_DAYS} days before the one judged, not {max(days - 1, 0)}")
    found = np.full((7, series, days), np.nan)
    exposure = np.ones((series, days))
    levels = [_Level(np.full(series, 0.5), np.full(series, 1e-9))]
    of_day, of_week = _Unrest(series), _Unrest(series)
    counted = np.isfinite(counts).cumsum(axis=1)
    for day in range(days):
        if day % BLOCK == 0 and day >= LEAST_DAYS:
            exposure = calendar_factors(counts[:, :day], kinds[:day])[:, kinds]
        now, level = counts[:, day], levels[day]
        mean, variance = level.of(exposure[:, day])
        weight = of_day.weight(now, mean, variance)
        if day >= LEAST_DAYS:
            told = np.where(counted[:, day - 1] >= LEAST_DAYS, mean, np.nan)
            spread = of_day.dispersion * variance
            band = quantile(alpha / 2, told, spread), quantile(1 - alpha / 2, told, spread)
            found[:5, :, day] = told, *band, *_tails(now, told, spread)
        if day >= BLOCK:
            of_day.learn(now, mean, variance)
        if (first := day - week + 1) >= BLOCK:
            sums, ahead, unsure = (
                counts[:, first : day + 1].sum(axis=1),
                *levels[first].of(exposure[:, first : day + 1].sum(axis=1)),
            )
            if first >= LEAST_DAYS:
                told = np.where(counted[:, first - 1] >= LEAST_DAYS, ahead, np.nan)
                found[5:, :, day] = _tails(sums, told, np.maximum(of_day.dispersion, of_week.dispersion) * unsure)
            of_week.learn(sums, ahead, unsure)
        weight = weight if day >= BLOCK else np.isfinite(now).astype(float)
        levels.append(level.a_day_later(np.nan_to_num(now), exposure[:, day], weight))
    return Band(*found)


def _tails(now: Array, mean: Array, variance: Array) -> tuple[Array, Array]:
    """P(Y ≥ y) and P(Y ≤ y)."""
    return tail(now, mean, variance), 1 - tail(now + 1, mean, variance)

"""Negative-binomial CUSUM tuned to a doubling, for daily counts with a short past."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from jobs.warn.methods.bounds import Array, Bounds, ShortHistory
from jobs.warn.methods.calendar_factors import calendar_factors

WINDOW, LAG = 56, 7  # days
BLOCK = 28  # factors and dispersion are learnt anew so often, from the days before alone
RISE = 2.0
LEVELS = np.array([0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 500.0])
DISPERSIONS = np.array([1.0, 1.25, 1.5, 2.0, 3.0, 5.0, 10.0])
PATHS, QUIET_ALARMS, BISECTIONS = 400, 1200, 16


def cusum(
    counts: Array,
    *,
    kinds: NDArray[np.int64] | None = None,
    judged: int = 1,
    alpha: float = 1 / 365,
    rise: float = RISE,
) -> Bounds:
    """Sum of each day's log-likelihood ratio of `rise` times the usual against the usual, never below 0; an alarm above h resets it.

    counts: (series, days), NaN where not counted; kinds: (days,) kinds of day (`day_kinds`), or None for days all alike; alpha: alarms
    a day that quiet series raise, 1/365 for one a year. Returns (series, judged): expected is the usual; bound the count above which
    this day raises the alarm, given the sum so far, not below 0; score the sum ÷ h; tail is NaN, for a sum has none of its own. NaN for
    a day with fewer than 63 days before it. Raises ShortHistory when no day judged has them.
    The usual is the mean of 56 days that end 7 days before, times the kind of day's factor; factor and dispersion rest on the days
    before a 28-day block. h is found by simulating this very chart, its moving mean included, on quiet counts (`threshold`).
    Source: Höhle & Paul 2008, Comput. Stat. Data Anal. 52(9); Page 1954; lagged windows: Burkom et al. 2007, Stat. Med. 26(22).
    """
    series, days = counts.shape
    reach = WINDOW + LAG
    if days <= reach:
        raise ShortHistory(f"cusum needs {reach} days before the one judged, not {days - 1}")
    total = np.zeros(series)
    found = np.full((4, series, judged), np.nan)
    squared, seen = np.zeros((2, series))
    factor = np.ones((series, days))
    for day in range(reach, days):
        if (day - reach) % BLOCK == 0:
            if kinds is not None:
                factors = calendar_factors(counts[:, :day], kinds[:day])
                factor = factors[:, kinds]
            if day == reach:  # no forecast has been compared with a count yet: the first days' own mean stands in
                first = usual_count(counts[:, :day], factor[:, :day])[:, None] * factor[:, :day]
                counted = np.isfinite(counts[:, :day])
                squared = np.sum((counts[:, :day] - first) ** 2, axis=1, where=counted)
                seen = np.sum(first, axis=1, where=counted)
            dispersion = np.clip(np.divide(squared, seen, out=np.ones(series), where=seen > 0), 1.0, DISPERSIONS[-1])
            level = np.nanmean(counts[:, :day], axis=1, where=np.isfinite(counts[:, :day]))
            limit = threshold(level, dispersion, alpha, rise)
        window = slice(day - reach, day - LAG)
        usual = usual_count(counts[:, window], factor[:, window]) * factor[:, day]
        now = counts[:, day]
        slope, toll = ratio(usual, dispersion, rise)
        reached = total + np.where(np.isnan(now), 0.0, slope * now - toll)
        if day >= days - judged:
            bound = np.maximum((limit - total + toll) / slope, 0)
            score = np.where(np.isnan(now), np.nan, np.maximum(reached, 0) / limit)
            found[:3, :, day - days + judged] = usual, bound, score
        total = np.where(reached > limit, 0.0, np.maximum(reached, 0.0))
        squared += np.where(np.isnan(now), 0.0, (now - usual) ** 2)
        seen += np.where(np.isnan(now), 0.0, usual)
    return Bounds(*found)


def usual_count(counts: Array, factor: Array) -> Array:
    """(series,) mean count of an average day, with Jeffreys' half event so that it is never nothing."""
    counted = np.isfinite(counts)
    return (np.nansum(counts, axis=1) + 0.5) / np.maximum((factor * counted).sum(axis=1), 1.0)


def ratio(usual: Array, dispersion: Array, rise: float) -> tuple[Array, Array]:
    """The log-likelihood ratio of a count y is slope · y − toll: negative binomials of variance φ µ, size µ / (φ − 1)."""
    excess = np.maximum(dispersion - 1, 1e-6)
    size = usual / excess
    more = rise * usual
    slope = np.log(more / (more + size)) - np.log(usual / (usual + size))
    return slope, size * np.log((more + size) / (usual + size))


def threshold(level: Array, dispersion: Array, alpha: float, rise: float = RISE) -> Array:
    """(series,) h at which a quiet chart of this level and dispersion alarms on a share alpha of days, between simulated points."""
    x = np.clip(np.nan_to_num(np.log(np.maximum(level, 1e-9))), np.log(LEVELS[0]), np.log(LEVELS[-1]))
    column = np.clip(np.searchsorted(np.log(LEVELS), x, side="right") - 1, 0, len(LEVELS) - 2)
    row = np.clip(np.searchsorted(DISPERSIONS, dispersion, side="right") - 1, 0, len(DISPERSIONS) - 2)
    right = (x - np.log(LEVELS)[column]) / np.diff(np.log(LEVELS))[column]
    down = (dispersion - DISPERSIONS[row]) / np.diff(DISPERSIONS)[row]
    limit = np.zeros(len(level))
    for i, j, weight in (
        (row, column, (1 - down) * (1 - right)), (row, column + 1, (1 - down) * right),
        (row + 1, column, down * (1 - right)), (row + 1, column + 1, down * right),
    ):  # fmt: skip
        for a, b in {(int(a), int(b)) for a, b, w in zip(i, j, weight, strict=True) if w > 0}:
            here = (i == a) & (j == b)
            limit[here] += weight[here] * simulated_threshold(LEVELS[b], DISPERSIONS[a], alpha, rise)
    return limit


@lru_cache(maxsize=1024)
def simulated_threshold(level: float, dispersion: float, alpha: float, rise: float) -> float:
    """h by bisection on the same quiet paths, long enough for some 1,200 alarms; the draws are fixed, so the answer is too."""
    rng = np.random.default_rng(20080301)
    days = int(min(max(QUIET_ALARMS / (alpha * PATHS), 200), 4000))
    shape = (PATHS, days + WINDOW + LAG)
    draws = rng.poisson(level, shape)
    if dispersion > 1:
        draws = rng.negative_binomial(level / (dispersion - 1), 1 / dispersion, shape)
    summed = np.cumsum(np.pad(draws, ((0, 0), (1, 0))), axis=1)
    usual = (summed[:, WINDOW : WINDOW + days] - summed[:, :days] + 0.5) / WINDOW
    slope, toll = ratio(usual, np.array(dispersion), rise)
    steps = np.ascontiguousarray((slope * draws[:, WINDOW + LAG :] - toll).T)
    low, high = 0.0, 40.0
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        low, high = (middle, high) if _alarms(steps, middle) > alpha * steps.size else (low, middle)
    return (low + high) / 2


def _alarms(steps: Array, limit: float) -> int:
    """Alarms over (days, paths) of log-likelihood ratios, each path's sum starting anew after one."""
    total, alarms = np.zeros(steps.shape[1]), 0
    for step in steps:
        total += step
        np.maximum(total, 0.0, out=total)
        rung = total > limit
        alarms += int(np.count_nonzero(rung))
        total[rung] = 0.0
    return alarms

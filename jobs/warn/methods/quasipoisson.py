"""Quasi-Poisson regression of many series at once: a level per season, one log-linear trend, weights for each count."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jobs.warn.methods.bounds import Array

STEPS, STEEPEST, STRIDE, NEAR = 30, 40.0, 3.0, 1e-9


@dataclass(frozen=True)
class Fit:
    """Per row of counts. slope: (rows,) of the log mean a unit of time; mean: (rows, weeks) fitted; dispersion: (rows,) φ, not below 1;
    leverage: (rows, weeks) diagonal of the hat matrix.

    At the point asked, in the season asked: expected (rows,), and the information `known` (rows,) of its log so that
    Var(log expected) = φ / known, 0 where the season has no event.
    """

    slope: Array
    mean: Array
    dispersion: Array
    leverage: Array
    expected: Array
    known: Array


def fit(
    counts: Array,
    weights: Array,
    season: NDArray[np.int64],
    time: Array,
    *,
    at: tuple[int, float],
    trend: bool,
    start: Array | None = None,
) -> Fit:
    """log µ = level of the season + slope · time, by maximum quasi-likelihood.

    counts, weights: (rows, weeks), a weight of 0 leaves a count out; season: (weeks,) 0 … n−1; time: (weeks,) of order one;
    at: the season and time to predict; start: (rows,) a guess of the slopes. Given the slope, each level is known (the season's counts
    ÷ its exposure), so that Newton's steps are in one number a row and cost a few matrix products: the same estimate as iterated weighted least squares.
    A slope that the counts push to infinity stops at ±STEEPEST. Source: McCullagh & Nelder 1989, ch. 6 and 9.
    """
    member = (season[:, None] == np.arange(season.max() + 1)).astype(float)
    events = (weights * counts) @ member
    slope = _slope(counts, weights, events, member, time, start) if trend else np.zeros(len(counts))
    growth = np.exp(slope[:, None] * time)
    grown = weights * growth
    exposure = grown @ member
    level = events / np.where(exposure > 0, exposure, 1.0)
    mean = growth * level[:, season]

    centre = (grown * time) @ member / np.where(exposure > 0, exposure, 1.0)
    away = (time - centre[:, season]) ** 2
    info = (weights * mean * away).sum(axis=1) if trend else np.full(len(counts), np.inf)
    info = np.where(info > 0, info, np.inf)
    columns = (exposure > 0).sum(axis=1) + int(trend)
    freedom = np.maximum((weights > 0).sum(axis=1) - columns, 1)
    pearson = np.divide((counts - mean) ** 2, mean, out=np.zeros_like(mean), where=mean > 0)
    dispersion = np.maximum((weights * pearson).sum(axis=1) / freedom, 1.0)
    share = 1 / np.where(events > 0, events, np.inf)
    leverage = np.clip(weights * mean * (share[:, season] + away / info[:, None]), 0, 1)

    at_season, at_time = at
    then = np.exp(slope * at_time)
    seen = events[:, at_season] > 0
    unknown = share[:, at_season] + (at_time - centre[:, at_season]) ** 2 / info
    known = np.where(seen, 1 / np.where(seen, unknown, 1.0), 0.0)
    return Fit(
        slope, mean, dispersion, leverage, then * level[:, at_season], known
    )  # fmt: skip


def _slope(counts: Array, weights: Array, events: Array, member: Array, time: Array, start: Array | None) -> Array:
    """Newton on the profile likelihood of the slope, which is concave; rows that have settled are left alone."""
    slope = np.zeros(len(counts)) if start is None else start.copy()
    pull = (weights * counts) @ time
    left = np.arange(len(counts))
    moments = np.concatenate([member, member * time[:, None], member * time[:, None] ** 2], axis=1)
    seasons = member.shape[1]
    for _ in range(STEPS):
        grown = weights[left] * np.exp(slope[left, None] * time)
        zero, one, two = np.split(grown @ moments, (seasons, 2 * seasons), axis=1)
        zero = np.where(zero > 0, zero, 1.0)
        centre = one / zero
        gradient = pull[left] - (events[left] * centre).sum(axis=1)
        info = (events[left] * (two / zero - centre**2)).sum(axis=1)
        step = np.clip(np.divide(gradient, info, out=np.zeros_like(info), where=info > 1e-12), -STRIDE, STRIDE)
        slope[left] = np.clip(slope[left] + step, -STEEPEST, STEEPEST)
        left = left[np.abs(step) > NEAR]
        if not len(left):
            break
    return slope


def anscombe(counts: Array, found: Fit) -> Array:
    """Standardised Anscombe residuals: near normal also where counts are small."""
    mean = np.maximum(found.mean, 1e-12)
    spread = np.sqrt(found.dispersion[:, None] * np.maximum(1 - found.leverage, 1e-9))
    residual = 1.5 * (counts ** (2 / 3) * mean ** (-1 / 6) - np.sqrt(mean)) / spread
    return np.where(found.mean > 0, residual, 0.0)

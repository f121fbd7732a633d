"""Counts smoother than chance allows: fewer ups and downs than the calmest of natural processes has."""

from __future__ import annotations

import numpy as np
from scipy import stats

from quality.integrity.finding import Finding, cannot_judge

FEWEST_DAYS, FEWEST_EVENTS = 28, 60
NEIGHBOURS = 8  # counts of one stratum that are compared with each other, nearest in time
DRAWS = 9999


def too_smooth(counts: np.ndarray, strata: np.ndarray, seed: int = 0) -> Finding:
    """Variance of counts over time below Poisson's, by the index of dispersion within neighbours of the same stratum.

    counts: (days,) events a day in order of time; strata: (days,) what makes days alike, such as the weekday. Up to eight
    successive days of a stratum share a mean; whatever else moves the mean (seasons, holidays, bursts) only adds variance,
    so the test is conservative for over-dispersed counts. Given the sums, counts are multinomial: the p-value is the
    chi-square's lower tail where means are 5 or more, else Monte Carlo of that multinomial. effect: 1 − dispersion.
    Source: Fisher 1950, Biometrics 6:17–24; Brown & Zhao 2002, Sankhyā A 64:611–625.
    """
    if len(counts) < FEWEST_DAYS or counts.sum() < FEWEST_EVENTS:
        return cannot_judge("too_smooth", len(counts), f"fewer than {FEWEST_DAYS} days or {FEWEST_EVENTS} events")
    groups = [counts[rows] for rows in neighbours(strata) if counts[rows].sum() > 0 and len(rows) > 1]
    freedom = sum(len(group) - 1 for group in groups)
    if freedom < FEWEST_DAYS // 2:
        return cannot_judge("too_smooth", len(counts), "too few days have events and others like them to compare with")
    told = sum(_dispersion(group[None, :])[0] for group in groups)
    effect, p = 1 - told / freedom, float(stats.chi2.cdf(told, freedom))
    smallest = min(float(group.mean()) for group in groups)
    if smallest < 5 and p < 0.05:
        p = _by_drawing(groups, told, seed)
    return Finding("too_smooth", len(counts), p, effect, 0.2)


def neighbours(strata: np.ndarray) -> list[np.ndarray]:
    """Places of up to NEIGHBOURS successive members of each stratum."""
    parts = []
    for stratum in np.unique(strata):
        places = np.flatnonzero(strata == stratum)
        parts += np.array_split(places, max(1, -(-len(places) // NEIGHBOURS)))
    return parts


def _dispersion(groups: np.ndarray) -> np.ndarray:
    """(draws,) sum of (x − mean)² / mean over the last axis."""
    mean = groups.mean(axis=1, keepdims=True)
    return ((groups - mean) ** 2 / mean).sum(axis=1)


def _by_drawing(groups: list[np.ndarray], told: float, seed: int) -> float:
    dice, drawn = np.random.default_rng(seed), np.zeros(DRAWS)
    for group in groups:
        even = np.full(len(group), 1 / len(group))
        drawn += _dispersion(dice.multinomial(int(group.sum()), even, size=DRAWS))
    return float(((drawn <= told + 1e-9).sum() + 1) / (DRAWS + 1))

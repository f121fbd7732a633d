"""Is this window's count more than chance, given the same series' past windows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

JEFFREYS = 0.5


@dataclass(frozen=True)
class Bounds:
    """Per series: expected events a window, upper bound at 1 − alpha, and score (y − expected) / (bound − expected)."""

    expected: NDArray[np.float64]
    bound: NDArray[np.float64]
    score: NDArray[np.float64]


def bayes_predictive(counts: NDArray[np.float64], past: NDArray[np.float64], *, alpha: float) -> Bounds:
    """Upper bound of the next window's count from past windows of the same length.

    counts: (series,) events in the window judged; past: (series, windows) events in each past window; alpha: tail probability.
    A Poisson rate with Jeffreys' prior Γ(½, 0) has, after n windows with Σ events, the predictive distribution
    NegBin(½ + Σ, n / (n + 1)); the bound is its 1 − alpha quantile. Expected is its mean (½ + Σ) / n.
    Raises ValueError without past windows. Source: Riebler 2004; Höhle 2007, Comput. Stat. 22 (`algo.bayes`).
    """
    windows = past.shape[1]
    if windows == 0:
        raise ValueError("bayes_predictive needs at least one past window")
    size = JEFFREYS + past.sum(axis=1)
    expected = size / windows
    bound = stats.nbinom.ppf(1 - alpha, size, windows / (windows + 1))
    return Bounds(expected, bound, (counts - expected) / np.maximum(bound - expected, 1.0))


def predictive_band(
    past: NDArray[np.float64], *, alpha: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """(expected, lower, upper) of each series' next count: the central 1 − alpha of the distribution of bayes_predictive."""
    windows = past.shape[1]
    size, share = JEFFREYS + past.sum(axis=1), windows / (windows + 1)
    return size / windows, stats.nbinom.ppf(alpha / 2, size, share), stats.nbinom.ppf(1 - alpha / 2, size, share)

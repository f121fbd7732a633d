"""An area's last window against its own past ones, allowing for what the window was like in the rest of the city."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from jobs.warn.methods.bayes import JEFFREYS
from jobs.warn.methods.bounds import Array, Bounds, ShortHistory, judge

UNREST, LEAST_UNREST, UNREST_LEANT = (
    0.05,
    0.03,
    4.0,
)  # how a city's windows differ beyond chance and calendar, where no more is known: a coefficient of variation, in windows' worth
OUTBREAK = 2.58  # Anscombe residual above which a past window is weighed down: past outbreaks must not make the present ones usual
ROUNDS = 2  # of weighing
LEANT = 8.0  # residuals of a Poisson count that the dispersion leans on where few are at hand


def unrest(total: Array, usual: Array) -> Array:
    """(series,) squared coefficient of variation of the city's past windows beyond a Poisson's, by moments, leaning on UNREST².

    total: (series, windows) events of the category in the whole city; usual: what the calendar leads to expect of each window.
    """
    expected = total.sum(axis=1, keepdims=True) / usual.sum(axis=1, keepdims=True) * usual
    excess = ((total - expected) ** 2 - expected).sum(axis=1)
    own = np.divide(excess, (expected**2).mean(axis=1), out=np.zeros(len(total)), where=total.any(axis=1))
    known = total.shape[1] - 1
    return np.maximum((np.maximum(own, 0) + UNREST_LEANT * UNREST**2) / (known + UNREST_LEANT), LEAST_UNREST**2)


def exposure(counts: Array, rest: Array, usual: Array | None = None) -> tuple[Array, Array]:
    """How large each window is, told by the calendar and by the rest of the city, about 1 on average; and the relative variance left in it.

    counts, rest: (series, windows) events of the category inside the area and outside, newest first; usual: (series, windows) what the
    calendar leads to expect of a window, 1 an average one. The posterior of a Gamma of mean `usual` and of the city's unrest after the
    rest's events: where there is no rest, as for the city itself, or little, or the city is even, the calendar speaks alone.
    """
    usual = np.ones(rest.shape) if usual is None else usual
    shape = 1 / unrest((counts + rest)[:, 1:], usual[:, 1:])[:, None]
    level = rest[:, 1:].sum(axis=1, keepdims=True) / np.maximum(usual[:, 1:].sum(axis=1, keepdims=True), 1e-9)
    return usual * (shape + rest) / (shape + level * usual), 1 / (shape + rest)


def bayes_nested(
    counts: Array, rest: Array, *, alpha: float, usual: Array | None = None, group: NDArray[Any] | None = None
) -> Bounds:
    """Upper bound of the newest window of each series from its past windows and the size of each.

    counts, rest, usual: (series, 1 + windows), newest first, as in `exposure`; group: (series,) those that share a dispersion, all when
    None. A Poisson rate with Jeffreys' prior after Σ events in an exposure of n judged windows has the predictive mean (½ + Σ) / n and variance
    mean + mean² / (½ + Σ), here times the group's dispersion φ ≥ 1, plus mean² times the relative variance left in the judged window's
    own size; the bound is that of a negative binomial of these moments. Raises ShortHistory without past windows. Source: Riebler 2004 (`algo.bayes`), with a known offset;
    conditioning on the rest as in Kulldorff et al. 2005's permutation scan.
    """
    if counts.shape[1] < 2:
        raise ShortHistory("bayes_nested needs at least one past window")
    size, unsure = exposure(counts, rest, usual)
    weight = weights(counts[:, 1:], size[:, 1:])
    windows = (weight * size[:, 1:]).sum(axis=1) / size[:, 0]
    events = JEFFREYS + (weight * counts[:, 1:]).sum(axis=1)
    mean = events / windows
    group = np.zeros(len(counts)) if group is None else group
    variance = (
        pooled_dispersion(counts[:, 1:], size[:, 1:], weight, group) * (mean + mean**2 / events)
        + mean**2 * unsure[:, 0]
    )
    return judge(counts[:, 0], mean, variance, alpha)


def weights(counts: Array, size: Array) -> Array:
    """(series, windows) 1, and residual⁻² where the Anscombe residual about the weighted rate is above 2.58, as Farrington's method has it."""
    weight = np.ones(counts.shape)
    for _ in range(ROUNDS):
        mean = (weight * counts).sum(axis=1, keepdims=True) / (weight * size).sum(axis=1, keepdims=True) * size
        mean = np.maximum(mean, 1e-9)
        residual = 1.5 * (counts ** (2 / 3) - mean ** (2 / 3)) / mean ** (1 / 6)
        weight = np.where(residual > OUTBREAK, np.maximum(residual, OUTBREAK) ** -2.0, 1.0)
    return weight


def pooled_dispersion(counts: Array, size: Array, weight: Array, group: NDArray[Any]) -> Array:
    """(series,) φ of each series' group: weighted mean squared Pearson residual of its windows about each series' own rate, not below 1.

    A group with few windows leans on 1. Source: McCullagh & Nelder 1989, section 4.5.
    """
    expected = (weight * counts).sum(axis=1, keepdims=True) / (weight * size).sum(axis=1, keepdims=True) * size
    squared = np.divide((counts - expected) ** 2, expected, out=np.zeros(counts.shape), where=expected > 0)
    _, member = np.unique(group, return_inverse=True)
    far = np.bincount(member, (weight * squared).sum(axis=1))
    seen = np.bincount(member, (expected > 0).any(axis=1) * (weight.sum(axis=1) - 1.0))
    return np.maximum((far + LEANT) / (np.maximum(seen, 0) + LEANT), 1.0)[member]

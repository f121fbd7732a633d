"""What every method answers, and the two count distributions' tails in the ranges where scipy's own break down."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special, stats

Array = NDArray[np.float64]

LARGEST_SIZE = 1e8  # beyond it a negative binomial is a Poisson to eight digits; scipy hangs at 1e30 and aborts at 1e79
LARGEST_MEAN, LARGEST_VARIANCE = 1e12, 1e24


class ShortHistory(ValueError):
    """The past is too short for the method that was asked; the message says how much it needs."""


@dataclass(frozen=True)
class Bounds:
    """Per count judged: expected events, upper bound at 1 − alpha, score, and the tail P(Y ≥ y) where nothing happens.

    score = (y − expected) / (bound − expected), a distance of less than one event counting as one; an alarm is a score above 1.
    All arrays have the shape of the counts judged; NaN where the past was too short to say.
    """

    expected: Array
    bound: Array
    score: Array
    tail: Array

    @property
    def alarm(self) -> NDArray[np.bool_]:
        return self.score > 1  # NaN is no alarm

    def shaped(self, shape: tuple[int, ...]) -> Bounds:
        return Bounds(*(a.reshape(shape) for a in (self.expected, self.bound, self.score, self.tail)))


def judge(counts: ArrayLike, expected: ArrayLike, variance: ArrayLike, alpha: float) -> Bounds:
    """Counts against a negative binomial of this mean and variance (a Poisson where the variance is no larger than the mean)."""
    counts, expected, variance = np.broadcast_arrays(*(np.asarray(a, float) for a in (counts, expected, variance)))
    mean = np.clip(expected, 0, LARGEST_MEAN)
    bound = quantile(1 - alpha, mean, variance)
    return bounded(counts, mean, bound, tail(counts, mean, variance))


def bounded(counts: Array, expected: Array, bound: Array, tail: Array) -> Bounds:
    return Bounds(expected, bound, (counts - expected) / np.maximum(bound - expected, 1.0), tail)


def quantile(q: float, mean: Array, variance: Array) -> Array:
    """Smallest whole number with at least q of the distribution at or below it. NaN in, NaN out."""
    size, poisson = _size(mean, variance)
    found = np.full(mean.shape, np.nan)
    one, other = poisson & np.isfinite(mean), ~poisson & np.isfinite(mean)
    found[one] = stats.poisson.ppf(q, mean[one])
    found[other] = stats.nbinom.ppf(q, size[other], size[other] / (size[other] + mean[other]))
    return found


def tail(counts: Array, mean: Array, variance: Array) -> Array:
    """P(Y ≥ y). NaN in, NaN out."""
    size, poisson = _size(mean, variance)
    y = np.maximum(counts, 1.0)
    beyond = np.where(poisson, special.gammainc(y, mean), special.betainc(y, size, mean / (mean + size)))
    return np.where(counts > 0, beyond, np.where(np.isnan(counts) | np.isnan(mean), np.nan, 1.0))


def _size(mean: Array, variance: Array) -> tuple[Array, NDArray[np.bool_]]:
    """A negative binomial's size by its moments, and where it is a Poisson."""
    excess = np.minimum(variance, LARGEST_VARIANCE) - mean
    poisson = ~(excess * LARGEST_SIZE > mean**2) | (mean <= 0)
    return np.where(poisson, 1.0, mean**2 / np.where(poisson, 1.0, excess)), poisson

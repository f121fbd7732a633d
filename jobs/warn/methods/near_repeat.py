"""Do events follow each other near by and soon: the Knox test for repeats and near repeats."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from jobs.warn.methods.plane import from_corner

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

METRES = (0.0, 100.0, 200.0, 300.0, 400.0)
DAYS = (7, 14, 21, 28)


@dataclass(frozen=True)
class NearRepeats:
    """(distance bands, day bands) of pairs. metres, days: each band's inclusive upper end; the first distance band, 0, is the same place.

    ratio: observed / expected, NaN where nothing is expected; p: of as many pairs by chance.
    """

    metres: tuple[float, ...]
    days: tuple[int, ...]
    observed: Ints
    expected: Floats
    ratio: Floats
    p: Floats


def knox(
    x: Floats, y: Floats, day: Ints, *, metres: tuple[float, ...] = METRES, days: tuple[int, ...] = DAYS,
    permutations: int = 999, seed: int = 0,
) -> NearRepeats:  # fmt: skip
    """Pairs of events near in space and time, against the same places with their days shuffled.

    x, y: (events,) metres; day: (events,) whole days. Days 0 to 7 apart are the first band, 8 to 14 the second, and so on.
    p = (1 + permutations with as many pairs) / (1 + permutations). Ratio and p stand for each band by itself: with 20 bands, one is below
    .05 by chance. Time grows with permutations × pairs within the largest distance.
    Raises ValueError on bands that do not ascend. Sources: Knox 1964, Appl. Stat. 13(1); Johnson et al. 2007, J. Quant. Criminol. 23(3).
    """
    if list(metres) != sorted(set(metres)) or list(days) != sorted(set(days)) or not (metres and days):
        raise ValueError("bands of a Knox test ascend")
    if not len(x):
        nothing = np.zeros((len(metres), len(days)))
        return NearRepeats(metres, days, nothing.astype(np.int64), nothing, nothing * np.nan, nothing + 1)
    order = np.lexsort((day, y, x))  # so that the same seed gives the same answer whatever the order of rows
    points, day = from_corner(x[order], y[order]), day[order]
    first, second = cKDTree(points).query_pairs(metres[-1] + 1e-6, output_type="ndarray").T
    apart = np.hypot(*(points[first] - points[second]).T)
    band = np.searchsorted(np.array(metres) + 1e-6, apart)
    # The band of a difference in days, looked up: far quicker than searching, for each of the pairs in each permutation.
    of_difference = np.searchsorted(days, np.arange(int(np.ptp(day)) + 1))
    shape = (len(metres), len(days) + 1)

    def counted(when: Ints) -> Ints:
        cell = band * shape[1] + of_difference[np.abs(when[first] - when[second])]
        return np.bincount(cell, minlength=shape[0] * shape[1]).reshape(shape)[:, :-1]

    observed = counted(day)
    dice = np.random.default_rng(seed)
    total, reached = np.zeros_like(observed), np.zeros_like(observed)
    for _ in range(permutations):
        chance = counted(dice.permutation(day))
        total += chance
        reached += chance >= observed
    expected = total / permutations
    ratio = np.divide(observed, expected, out=np.full(observed.shape, np.nan), where=expected > 0)
    return NearRepeats(metres, days, observed, expected, ratio, (1 + reached) / (1 + permutations))

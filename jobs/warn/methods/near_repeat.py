"""Do events follow each other near by and soon: the Knox test for repeats and near repeats, and the chains that go on today."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree
from scipy.special import gammainc

from jobs.warn.methods.plane import from_corner

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

METRES = (0.0, 100.0, 200.0, 300.0, 400.0)
DAYS = (7, 14, 21, 28)
LEAST_CHAIN, CHAIN_STEPS = 3, 4  # events; how many times the days of a link a chain is followed back


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


@dataclass(frozen=True)
class Chain:
    """rows: positions of its events. expected: of the places within reach of them, in its days. recurrence_days: between chains as unlikely by chance."""

    rows: Ints
    first_day: int
    last_day: int
    expected: float
    recurrence_days: float


def chains(
    x: Floats, y: Floats, day: Ints, *, today: int, metres: float = 200.0, days: int = 7, permutations: int = 999, seed: int = 0
) -> list[Chain]:  # fmt: skip
    """Chains alive today: three events or more of the last 4 × `days` days, each linked to another, the newest within the last `days`.

    x, y: (events,) metres; day: (events,) whole days, none after today. A link is a pair within `metres` and `days`. A chain of n events counts
    by its Poisson tail P(X ≥ n), of what its neighbourhood's share of all events and the city's events in its days give; how often the
    most unlikely chain of a day is as unlikely, the same places with their days shuffled tell: a street with theft all year shuffles into
    chains as long. recurrence_days = (1 + permutations) / (1 + shuffles with a chain as unlikely), of runs once a day, the most unlikely first.
    Sources: the null of Knox 1964, Appl. Stat. 13(1); one test for all chains of a day as in Kulldorff et al. 2005, PLoS Med. 2(3).
    """
    if len(x) < LEAST_CHAIN:
        return []
    order = np.lexsort((day, y, x))
    points, when = from_corner(x[order], y[order]), day[order]
    first, second = cKDTree(points).query_pairs(metres + 1e-6, output_type="ndarray").T
    near = sparse.coo_matrix((np.ones(len(first), bool), (first, second)), shape=(len(x), len(x)))
    near = ((near + near.T).tocsr() + sparse.eye(len(x), dtype=bool, format="csr")).astype(np.int32)
    until_day = np.cumsum(np.bincount(when - when.min()))

    def alive(when: Ints) -> list[tuple[float, Ints, float]]:
        """(tail, events, expected) of each chain."""
        linked = (np.abs(when[first] - when[second]) <= days) & (
            np.minimum(when[first], when[second]) > today - CHAIN_STEPS * days
        )
        one, other = first[linked], second[linked]
        at, pair = np.unique(np.concatenate([one, other]), return_inverse=True)
        graph = sparse.coo_matrix((np.ones(len(one)), pair.reshape(2, -1)), shape=(len(at), len(at)))
        label = connected_components(graph, directed=False)[1] if len(at) else np.zeros(0, int)
        grown = np.flatnonzero(np.bincount(label) >= LEAST_CHAIN) if len(at) else []
        found = []
        for events in (at[label == number] for number in grown):
            if when[events].max() > today - days:
                expected = _usual(near, events, when, until_day)
                found.append((float(gammainc(len(events), expected)), events, expected))
        return found

    seen = alive(when)
    if not seen:
        return []
    dice = np.random.default_rng(seed)
    least = np.array([
        min((tail for tail, *_ in alive(dice.permutation(when))), default=1.0) for _ in range(permutations)
    ])  # fmt: skip
    return [
        Chain(np.sort(order[events]), int(when[events].min()), int(when[events].max()), expected,
              (1 + permutations) / (1 + int((least <= tail).sum())))
        for tail, events, expected in sorted(seen, key=lambda one: (one[0], one[1][0]))
    ]  # fmt: skip


def _usual(near: sparse.csr_matrix, events: Ints, when: Ints, until_day: Ints) -> float:
    """What the neighbourhood of a chain has in so many days: its share of all events, of those of the city in these days."""
    around = len(np.unique(near[events].indices))
    start, end = int(when[events].min() - when.min()), int(when[events].max() - when.min())
    meanwhile = until_day[end] - (until_day[start - 1] if start else 0)
    return float(around * meanwhile / len(when))

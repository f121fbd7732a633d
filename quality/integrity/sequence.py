"""The order of figures: blocks that come again from another period or unit, and the same figure again and again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from quality.integrity.finding import Finding, cannot_judge
from quality.integrity.variation import neighbours

FEWEST = 28
SHORTEST_GRAM = 3
AROUND = 14  # places before and after
WANTED = np.log(1e4)  # nats beyond chance from which a block is looked at closely
SHUFFLES, ENOUGH = 9999, 20
MOST_ALIKE = 0.3  # correlation of neighbouring figures up to which their order can be shuffled


@dataclass(frozen=True)
class Sequence:
    """One unit's figures in order of time. values: (n,) integers at the figure's resolution; strata: (n,) what makes places
    alike, such as the weekday; at: (n,) times that can be compared over units."""

    values: np.ndarray
    strata: np.ndarray
    at: np.ndarray


def copied_blocks(units: list[Sequence]) -> list[Finding]:
    """For each unit the block of figures that most surely was copied: from an earlier period of its own or from another unit.

    A block that matches at m pairs of starting places has p ≤ m · Π f(value | stratum), the chance that independent figures
    go on matching until so unlikely a run (a stopping-time bound, exact for figures independent within strata); f is the
    figure's own smoothed share, less what neighbouring figures tell of each other (½ log(1 − r²) nats a step, as of an
    autoregression). Given which figures there are. effect: places in the block. place: first place here, the other unit,
    first place there. Where both are of the same time, both units have it; else the later one.
    Source: longest common run, Karlin & Altschul 1990, PNAS 87:2264–2268 (scores of maximal matches).
    """
    judged = [len(unit.values) >= FEWEST for unit in units]
    found = [
        Finding("copied_blocks", len(unit.values), 1.0, 0.0)
        if fit
        else cannot_judge("copied_blocks", len(unit.values), f"fewer than {FEWEST} figures")
        for unit, fit in zip(units, judged, strict=True)
    ]
    fit_units = [number for number, fit in enumerate(judged) if fit]
    if not fit_units:
        return found
    whole = _Joined([units[number] for number in fit_units])
    for copy, source, length in whole.common_runs():
        number = fit_units[int(whole.unit[copy])]
        starts = len(units[number].values) * len(whole.value)
        nats = min(whole.nats[copy : copy + length].sum(), whole.nats[source : source + length].sum())
        p = float(min(1.0, starts * np.exp(-nats)))
        if p < (found[number].p or 0.0):
            place = (whole.place(copy), fit_units[int(whole.unit[source])], whole.place(source))
            found[number] = Finding("copied_blocks", len(units[number].values), p, float(length), 4.0, place=place)
    return found


class _Joined:
    """All units' sequences one after the other. value, unit, at, nats: (places,); nats: what a match there tells."""

    def __init__(self, units: list[Sequence]) -> None:
        sizes = np.array([len(unit.values) for unit in units])
        self.first = np.cumsum(sizes) - sizes
        self.unit = np.repeat(np.arange(len(units)), sizes)
        self.value = np.concatenate([unit.values for unit in units]).astype(np.int64)
        self.at = np.concatenate([unit.at for unit in units])
        self.nats = np.concatenate([_nats(unit) for unit in units])
        self.needed = np.log(float(sizes.min()) * len(self.value)) + WANTED

    def place(self, at: int) -> int:
        return int(at - self.first[self.unit[at]])

    def common_runs(self) -> list[tuple[int, int, int]]:
        """(first place of the later one, first place of the earlier one, length) of runs that may tell enough."""
        size = max(SHORTEST_GRAM, int(np.ceil(self.needed / max(float(self.nats.max()), 1e-9))))
        if size >= len(self.value):
            return []
        later, earlier = self._same_grams(size)
        order = np.lexsort([later, later - earlier])
        later, earlier = later[order], earlier[order]
        breaks = np.flatnonzero((np.diff(later) != 1) | (np.diff(earlier) != 1)) + 1
        begins, ends = np.r_[0, breaks], np.r_[breaks, len(later)]
        if not len(later):
            return []
        return [(int(later[b]), int(earlier[b]), int(e - b) + size - 1) for b, e in zip(begins, ends, strict=True)]

    def _same_grams(self, size: int) -> tuple[np.ndarray, np.ndarray]:
        """Places at which the same `size` values begin: each with the one before it in time."""
        odd = np.random.default_rng(0).integers(1, 2**63, size, dtype=np.uint64) | np.uint64(1)
        windows = np.lib.stride_tricks.sliding_window_view(self.value.astype(np.uint64), size)
        mark = (windows * odd).sum(axis=1, dtype=np.uint64)
        starts = np.flatnonzero(self.unit[: len(mark)] == self.unit[size - 1 :])
        order = starts[np.lexsort([self.at[starts], mark[starts]])]
        same = np.flatnonzero(mark[order[1:]] == mark[order[:-1]])
        later, earlier = order[same + 1], order[same]
        level = self.at[later] == self.at[earlier]
        return np.r_[later, earlier[level]], np.r_[earlier, later[level]]


def _nats(unit: Sequence) -> np.ndarray:
    """What a chance match would be against at each place: −log of the value's share in its stratum or around it, whichever is more.

    One is added to counts and sizes, as the place itself is among them. Around it: a quiet season is all zeros.
    """
    keys = np.stack([unit.strata, unit.values])
    _, which, counts = np.unique(keys, axis=1, return_inverse=True, return_counts=True)
    _, stratum, sizes = np.unique(unit.strata, return_inverse=True, return_counts=True)
    alike = (counts[which.ravel()] + 1) / (sizes[stratum] + 1)
    share = np.minimum(1.0, np.maximum(alike, _share_around(unit.values)))
    told = 0.5 * np.log(1 - min(correlation(unit), 0.99) ** 2)
    return np.maximum(0.0, -np.log(share) + told)


def _share_around(values: np.ndarray) -> np.ndarray:
    """(n,) share of each value among its neighbours and itself."""
    size = 2 * AROUND + 1
    padded = np.pad(values, AROUND, mode="reflect")
    same = (np.lib.stride_tricks.sliding_window_view(padded, size) == values[:, None]).sum(axis=1)
    return (same + 1) / (size + 1)


def correlation(unit: Sequence, of_changes: bool = False) -> float:
    """How much each figure tells of the next beyond its stratum: lag-one correlation of what differs from the stratum's mean.

    of_changes: only of neighbours that differ, so that figures that stand still do not count.
    """
    _, stratum, sizes = np.unique(unit.strata, return_inverse=True, return_counts=True)
    rest = unit.values - (np.bincount(stratum, unit.values) / sizes)[stratum]
    taken = unit.values[1:] != unit.values[:-1] if of_changes else np.ones(len(rest) - 1, bool)
    before, after = rest[:-1][taken], rest[1:][taken]
    spread = float((before**2).sum() + (after**2).sum()) / 2
    return max(0.0, float((before * after).sum()) / spread) if spread > 0 else 0.0


def same_again(unit: Sequence, seed: int = 0) -> Finding:
    """The same figure as just before, more often than when neighbours of one stratum are shuffled among each other.

    The lowest and the highest figure are left out: zero and full are limits, not figures. Sequential Monte Carlo p-value,
    which stops once it is plainly no small one. effect: repeats / repeats expected − 1.
    Source: Besag & Clifford 1991, Biometrika 78:301–304.
    """
    count = len(unit.values)
    if count < FEWEST or len(np.unique(unit.values)) < 4:
        return cannot_judge("same_again", count, f"fewer than {FEWEST} figures, or of fewer than four values")
    if correlation(unit, of_changes=True) > MOST_ALIKE:
        return cannot_judge("same_again", count, "each figure tells much of the next: it moves slowly")
    told, limits = _repeats(unit.values), (unit.values.min(), unit.values.max())
    dice, groups = np.random.default_rng(seed), neighbours(unit.strata)
    drawn, above = [], 0
    while above < ENOUGH and len(drawn) < SHUFFLES:
        shuffled = unit.values.copy()
        for places in groups:
            shuffled[places] = dice.permutation(unit.values[places])
        drawn.append(_repeats(shuffled, limits))
        above += drawn[-1] >= told
    p = above / len(drawn) if above >= ENOUGH else (above + 1) / (len(drawn) + 1)
    return Finding("same_again", count, p, told / max(float(np.mean(drawn)), 0.5) - 1, 0.5)


def _repeats(values: np.ndarray, limits: tuple[int, int] | None = None) -> int:
    low, high = limits or (values.min(), values.max())
    same = values[1:] == values[:-1]
    return int((same & (values[1:] != low) & (values[1:] != high)).sum())

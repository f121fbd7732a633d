"""Where and since when do cases crowd more than their places and their days explain: the space-time permutation scan."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from jobs.warn.methods.circles import LEAST_RADIUS_METRES, Circles, circles_over
from jobs.warn.methods.plane import from_corner

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Counts = NDArray[np.int32]  # half the memory of whole numbers as they come

CELLS_AT_ONCE = 1 << 21  # cylinders counted together; memory stays at some 60 bytes for each
LEAST_CASES = 2
SAME = 1e-9  # of two ratios
HEIGHT_SHARE = 0.7  # of the lowest maximum seen: few cylinders reach it, few permutations stay below it
FEW_REACH = 10  # below so many permutations that reach a cluster, its p is read from the Gumbel distribution
FIRST_BATCH, BATCH_GROWS = (
    24,
    4,
)  # permutations after which a scan first asks whether it may stop, and by how much that grows


class TooShort(ValueError):
    """The cases span too few days to compare some of them with the others."""


@dataclass(frozen=True)
class Cluster:
    """One cylinder. x, y, radius: metres, as the cases' own; first_day, last_day: inclusive; observed and expected: cases in it.

    p: of a cylinder as unlikely as this anywhere in the scan; recurrence_days: such a cluster comes by chance once in so many days.
    rows: the cases' positions in the arrays given, ascending.
    """

    x: float
    y: float
    radius: float
    first_day: int
    last_day: int
    observed: int
    expected: float
    log_likelihood_ratio: float
    p: float
    recurrence_days: float
    rows: Ints = field(repr=False, compare=False)

    @property
    def ratio(self) -> float:
        return self.observed / self.expected


@dataclass(frozen=True)
class Scan:
    """Clusters, the least likely by chance first, none overlapping another; and what they were judged against.

    null: (permutations,) largest log-likelihood ratio of each, of fewer where the scan stopped early; cases: in the study window; circles:
    looked into.
    """

    clusters: list[Cluster]
    null: Floats
    cases: int
    circles: int


@dataclass(frozen=True)
class _Cases:
    """Sorted by place, day and stratum, so that the answer does not hang on the order of rows. day: 0 is the window's first."""

    row: Ints
    place: Ints
    day: Ints
    stratum: Ints
    places: Floats
    days: int


@dataclass(frozen=True)
class _Windows:
    """Cylinders' heights: days [low, high) of the last `reach` days of the study window; skipped: days before those."""

    low: Ints
    high: Ints
    reach: int
    skipped: int


@dataclass(frozen=True)
class _Chunk:
    """Some circles with all windows. slots: (places, most circles of a place) where a case counts; expected: (circles, windows)."""

    first: int
    slots: Counts
    expected: Floats


def space_time_permutation(
    x: Floats, y: Floats, day: Ints, *, today: int | None = None, strata: Ints | None = None, retrospective: bool = False,
    window_days: int = 365, shortest: int = 2, longest: int = 30, least_radius: float = LEAST_RADIUS_METRES,
    permutations: int = 999, runs_a_day: float = 1.0, least_recurrence_days: float = 0.0, most: int = 10, seed: int = 0,
) -> Scan:  # fmt: skip
    """Cylinders with more cases than the product of their place's and their days' share of all cases; no population needed.

    x, y: (cases,) metres; day: (cases,) whole days, counted from anywhere; later ones than today (default: the last) are not looked at.
    The study window is the last window_days days: a year, so that every place is compared with itself in each season, while what a city
    builds in between does not yet pass for a cluster. Cylinders are circles of at most half the cases, shortest to longest days high
    (at most half the study window), ending today, or with retrospective on any day.
    strata: (cases,) whole numbers; days are shuffled within each only, so that a difference between strata (weekdays) explains no cluster.
    p is the rank of the log-likelihood ratio among the largest of each permutation; where fewer than 10 permutations reach it, the tail of
    the Gumbel distribution with their mean and variance, which is not bounded by their number. Recurrence interval = 1 / (p · runs_a_day).
    least_recurrence_days: the least that anybody will be told; the scan stops once so many permutations reach its highest cluster that no
    further one could bring it there. Clusters that are told, and their figures, are those of all permutations.
    Time grows with permutations × (recent cases × radii × 13 + circles × lengths); retrospective with circles × days × lengths.
    Raises TooShort when there are not two windows of the shortest length; ValueError on coordinates that are no numbers.
    Sources: Kulldorff et al. 2005, PLoS Med 2(3): e59; Abrams, Kulldorff & Kleinman 2010, Int J Health Geogr 9: 61; to stop, Besag &
    Clifford 1991, Biometrika 78(2): 301.
    """
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise ValueError("a scan needs a place for every case: leave out the rows without one")
    if permutations < 2:
        raise ValueError("a scan needs at least 2 permutations")
    today = int(day.max()) if today is None and len(day) else today or 0
    studied = np.flatnonzero((day <= today) & (day > today - window_days))
    if len(studied) < 2:
        return Scan([], np.zeros(permutations), len(studied), 0)
    groups = np.zeros(len(day), dtype=np.int64) if strata is None else np.unique(strata, return_inverse=True)[1]
    first_day = int(day[studied].min())
    cases = _sorted(
        studied, from_corner(x[studied], y[studied]), day[studied] - first_day, groups, today - first_day + 1
    )
    windows = _windows(cases.days, shortest, longest, retrospective)
    circles = circles_over(cases.places, np.bincount(cases.place), least_radius)
    stop = _Stop(np.inf, permutations + 1)
    if least_recurrence_days:
        untold = int((1 + permutations) / (least_recurrence_days * runs_a_day))
        stop = _Stop(_highest(cases, circles, windows), max(FEW_REACH, untold))
    null = _null(cases, circles, windows, permutations, seed, stop)
    found = _clusters(cases, circles, windows, null, most)
    corner = (float(x[studied].min()), float(y[studied].min()))
    return Scan(
        [_told(cases, circles, windows, null, cylinder, corner, first_day, runs_a_day) for cylinder in found],
        null, len(studied), len(circles),
    )  # fmt: skip


def _sorted(row: Ints, point: Floats, day: Ints, groups: Ints, days: int) -> _Cases:
    places, place = np.unique(point, axis=0, return_inverse=True)
    order = np.lexsort((groups[row], day, place))
    return _Cases(row[order], place[order], day[order], groups[row][order], places, days)


def _windows(days: int, shortest: int, longest: int, retrospective: bool) -> _Windows:
    longest = min(longest, days // 2)
    if longest < shortest:
        raise TooShort(f"the cases span {days} days: a scan for clusters of {shortest} days needs {2 * shortest}")
    reach = days if retrospective else longest
    spans = [
        (high - length, high)
        for length in range(shortest, longest + 1)
        for high in (range(length, reach + 1) if retrospective else (reach,))
    ]
    low, high = np.array(spans).T
    return _Windows(low, high, reach, days - reach)


def _chunks(cases: _Cases, circles: Circles, windows: _Windows) -> Iterator[_Chunk]:
    """Circles in chunks small enough for memory, with what is expected in each of their cylinders."""
    strata = int(cases.stratum.max()) + 1
    size = max(1, CELLS_AT_ONCE // len(windows.low))
    at_place = np.bincount(cases.place * strata + cases.stratum, minlength=len(cases.places) * strata)
    share = at_place.reshape(-1, strata) / np.bincount(cases.stratum, minlength=strata)
    of_day = np.zeros((strata, cases.days + 1))
    np.add.at(of_day, (cases.stratum, cases.day + 1), 1)
    by_day = of_day.cumsum(axis=1)[:, windows.skipped :]
    in_window = by_day[:, windows.high] - by_day[:, windows.low]
    for first in range(0, len(circles), size):
        low, high = np.searchsorted(circles.circle, [first, first + size])
        place, circle = circles.place[low:high], circles.circle[low:high] - first
        of_circle = np.add.reduceat(share[place], np.flatnonzero(np.diff(circle, prepend=-1)), axis=0)
        yield _Chunk(first, _slots(place, circle, len(cases.places), windows.reach), of_circle @ in_window)


def _slots(place: Ints, circle: Ints, places: int, reach: int) -> Counts:
    """Per place, where its circles' days begin in a flat table of counts; what is left of a row points past the last circle."""
    order = np.lexsort((circle, place))
    place, circle = place[order], circle[order]
    held = np.bincount(place, minlength=places)
    column = np.arange(len(place)) - np.repeat(held.cumsum() - held, held)
    slots = np.full((places, held.max()), (int(circle.max()) + 1) * (reach + 1), dtype=np.int32)
    slots[place, column] = circle * (reach + 1)
    return slots


def _counts(chunk: _Chunk, windows: _Windows, place: Ints, day: Ints) -> Counts:
    """(circles, windows) cases in each cylinder; day counts from the first of the reach."""
    circles, stride = len(chunk.expected), windows.reach + 1
    slots = chunk.slots[place]
    slots += (day + 1).astype(np.int32)[:, None]
    flat = np.bincount(slots.ravel(), minlength=(circles + 1) * stride)[: circles * stride]
    upto = flat.reshape(circles, stride).cumsum(axis=1, dtype=np.int32)
    return np.take(upto, windows.high, axis=1) - np.take(upto, windows.low, axis=1)


def log_likelihood_ratio(observed: Floats | Ints | Counts, expected: Floats, cases: int) -> Floats:
    """c·ln(c/µ) + (N − c)·ln((N − c)/(N − µ)) where c > µ, else 0. observed, expected: alike in shape; cases: N, all of them."""
    c, mu = np.asarray(observed, dtype=np.float64), np.maximum(expected, 1e-300)
    rest = cases - c
    with np.errstate(divide="ignore", invalid="ignore"):
        inside = c * np.log(np.maximum(c, 1) / mu)
        outside = np.where(rest > 0, rest * np.log(np.maximum(rest, 1) / (cases - mu)), 0.0)
    return np.where(c > mu, inside + outside, 0.0)


def _ratios(counts: Counts, chunk: _Chunk, cases: int) -> Floats:
    """(circles, windows) ratios; 0 for a cylinder of one case, which is no cluster, in the permutations as in what was seen."""
    return np.where(counts >= LEAST_CASES, log_likelihood_ratio(counts, chunk.expected, cases), 0.0)


def _needed(expected: Floats, height: float, cases: int) -> Counts:
    """The least count whose ratio reaches the height, for each expected count.

    The ratio falls with the expected count, so each count has one expected count below which it reaches the height: found once for all
    counts by halving. Comparing whole numbers then replaces two logarithms for nearly every cylinder of every permutation.
    """
    counts = np.arange(1, cases + 1)
    low, high = np.zeros(cases), counts.astype(np.float64)
    for _ in range(60):
        middle = (low + high) / 2
        reaches = log_likelihood_ratio(counts, middle, cases) >= height
        low, high = np.where(reaches, middle, low), np.where(reaches, high, middle)
    return (np.searchsorted(np.maximum.accumulate(low), expected) + 1).astype(np.int32)


@dataclass(frozen=True)
class _Stop:
    """No further permutation is asked once `enough` of them reach the ratio."""

    ratio: float
    enough: int

    def __call__(self, null: Floats) -> bool:
        return int((null >= self.ratio - SAME).sum()) >= self.enough


def _highest(cases: _Cases, circles: Circles, windows: _Windows) -> float:
    """The largest ratio of what was seen."""
    place, day = _recent(cases, windows)
    return max(
        (
            float(_ratios(_counts(chunk, windows, place, day), chunk, len(cases.row)).max())
            for chunk in _chunks(cases, circles, windows)
        ),
        default=0.0,
    )


def _recent(cases: _Cases, windows: _Windows) -> tuple[Ints, Ints]:
    """(place, day of the reach) of the cases whose days fall into the reach."""
    recent = cases.day >= windows.skipped
    return cases.place[recent], cases.day[recent] - windows.skipped


def _null(cases: _Cases, circles: Circles, windows: _Windows, permutations: int, seed: int, stop: _Stop) -> Floats:
    """The largest ratio in each permutation of the days among the cases (within their strata), until it may stop."""
    largest = np.zeros(permutations)
    begin, size = 0, FIRST_BATCH if stop.enough <= permutations else permutations
    while begin < permutations:
        end = min(begin + size, permutations)
        for chunk in _chunks(cases, circles, windows):
            _look(largest[begin:end], chunk, cases, windows, range(begin, end), seed)
        if stop(largest[:end]):
            return largest[:end]
        begin, size = end, size * BATCH_GROWS
    return largest


def _look(largest: Floats, chunk: _Chunk, cases: _Cases, windows: _Windows, permutations: range, seed: int) -> None:
    """Raise each permutation's largest ratio to that of its cylinders in this chunk of circles."""
    n, height, needed = len(cases.row), np.inf, None
    for p, (place, day) in enumerate(_shuffled(cases, windows, permutations, seed)):
        counts = _counts(chunk, windows, place, day)
        high = np.flatnonzero(counts >= needed) if needed is not None else []
        if len(high):
            ratio = log_likelihood_ratio(counts.ravel()[high], chunk.expected.ravel()[high], n).max()
        elif largest[p] >= height:
            continue
        else:  # the height may hide this permutation's largest: all cylinders are looked at, and the height is lowered
            ratio = _ratios(counts, chunk, n).max()
            height = min(height, HEIGHT_SHARE * ratio)
            needed = np.maximum(_needed(chunk.expected, height, n), LEAST_CASES)
        largest[p] = max(largest[p], ratio)


def _shuffled(cases: _Cases, windows: _Windows, permutations: range, seed: int) -> Iterator[tuple[Ints, Ints]]:
    """(place, day of the reach) of the cases whose days fall into the reach, with their places drawn anew, within strata."""
    recent = np.flatnonzero(cases.day >= windows.skipped)
    by_stratum = [
        (np.flatnonzero(cases.stratum == stratum), recent[cases.stratum[recent] == stratum])
        for stratum in np.unique(cases.stratum[recent])
    ]
    day = np.concatenate([cases.day[of] for _, of in by_stratum]) - windows.skipped if by_stratum else recent
    for p in permutations:
        dice = np.random.default_rng([seed, p])  # of its own, so that each chunk of circles sees the same permutation
        drawn = [dice.choice(members, len(of), replace=False) for members, of in by_stratum]
        yield (cases.place[np.concatenate(drawn)] if drawn else recent), day


@dataclass(frozen=True)
class _Cylinder:
    circle: int
    low: int
    high: int
    observed: int
    expected: float
    ratio: float


def _clusters(cases: _Cases, circles: Circles, windows: _Windows, null: Floats, most: int) -> list[_Cylinder]:
    """The highest cylinder, then the highest of those that overlap none before it, as long as most permutations stay below."""
    n = len(cases.row)
    place, day = _recent(cases, windows)
    found: list[tuple[Ints, ...]] = []
    figures: list[Floats] = []
    for chunk in _chunks(cases, circles, windows):
        counts = _counts(chunk, windows, place, day)
        ratio = _ratios(counts, chunk, n)
        circle, window = np.nonzero((ratio >= min(np.median(null), ratio.max())) & (ratio > 0))
        found.append((circle + chunk.first, window))
        figures.append(
            np.column_stack([of[circle, window].astype(np.float64) for of in (counts, chunk.expected, ratio)])
        )
    if not found:
        return []
    circle, window = (np.concatenate(some) for some in zip(*found, strict=True))
    observed, expected, ratio = np.concatenate(figures).T
    low, high = windows.low[window], windows.high[window]
    # Equal ratios are common: the smaller circle, then the shorter window, then the place decides.
    order = np.lexsort((circle, high, high - low, circles.radius[circle], -ratio.round(9)))
    picked: list[_Cylinder] = []
    while len(order) and len(picked) < most:
        best = order[0]
        picked.append(_Cylinder(
            int(circle[best]), int(low[best]), int(high[best]), int(observed[best]), float(expected[best]), float(ratio[best])
        ))  # fmt: skip
        centre, of = circle[best], circle[order]
        apart = np.hypot(circles.x[of] - circles.x[centre], circles.y[of] - circles.y[centre])
        clear = apart > circles.radius[of] + circles.radius[centre]
        clear |= (low[order] >= high[best]) | (high[order] <= low[best])
        order = order[clear]
    return picked


def _told(
    cases: _Cases, circles: Circles, windows: _Windows, null: Floats, cylinder: _Cylinder, corner: tuple[float, float],
    first_day: int, runs_a_day: float,
) -> Cluster:  # fmt: skip
    low, high = cylinder.low + windows.skipped, cylinder.high + windows.skipped
    inside = np.isin(cases.place, circles.places_in(cylinder.circle)) & (cases.day >= low) & (cases.day < high)
    p = p_value(cylinder.ratio, null)
    return Cluster(
        x=float(circles.x[cylinder.circle]) + corner[0], y=float(circles.y[cylinder.circle]) + corner[1],
        radius=float(circles.radius[cylinder.circle]), first_day=first_day + low, last_day=first_day + high - 1,
        observed=cylinder.observed, expected=cylinder.expected, log_likelihood_ratio=cylinder.ratio, p=p,
        recurrence_days=1 / (p * runs_a_day) if p > 0 else np.inf, rows=np.sort(cases.row[inside]),
    )  # fmt: skip


def p_value(ratio: float, null: Floats) -> float:
    """How often chance alone reaches the ratio somewhere in the scan. null: (permutations,) largest ratios.

    By rank; where fewer than 10 permutations reach it, by the Gumbel distribution of their mean and variance (Abrams et al. 2010).
    """
    reach = int((null >= ratio - SAME).sum())
    spread = float(null.std(ddof=1))
    if reach >= FEW_REACH or spread == 0:
        return (1 + reach) / (1 + len(null))
    scale = spread * 6**0.5 / np.pi
    return float(-np.expm1(-np.exp(-(ratio - null.mean()) / scale - np.euler_gamma)))

"""The circles that a scan looks into: of every size, everywhere, and few enough."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from jobs.warn.methods.plane import MILLIMETRES

LEAST_RADIUS_METRES = 250.0
GROWTH = 2**0.5  # of the radius from one lattice to the next
STEPS_A_RADIUS = 2  # a circle's neighbours on its lattice are half a radius away
FEW_PLACES = 150  # so many and every circle around each is looked into
LARGEST_SHARE = 0.5


@dataclass(frozen=True)
class Circles:
    """x, y, radius: (circles,) metres. place, circle: (pairs,) which of the places lies in which circle, sorted by circle."""

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    radius: NDArray[np.float64]
    place: NDArray[np.int64]
    circle: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.x)

    def places_in(self, circle: int) -> NDArray[np.int64]:
        """Indexes of the places in one circle."""
        low, high = np.searchsorted(self.circle, [circle, circle + 1])
        return self.place[low:high]


def circles_over(
    places: NDArray[np.float64], cases: NDArray[np.int64], least_radius: float = LEAST_RADIUS_METRES
) -> Circles:
    """Every circle around each place where there are few places, else circles on lattices; two cases to half of them in each.

    places: (places, 2) distinct, metres from their south-western corner; cases: (places,) cases at each, all above 0.
    Of circles with the same places in them only the smallest is kept.
    """
    drawn = _around(places) if len(places) <= FEW_PLACES else _on_lattices(places, least_radius)
    return _distinct(drawn, cases)


def _around(places: NDArray[np.float64]) -> Circles:
    """Each place with its nearest one, two, three ... places."""
    apart = np.hypot(*(places[:, None, :] - places[None, :, :]).transpose(2, 0, 1)).round(3)
    of_circle = [
        (centre, radius, np.flatnonzero(apart[centre] <= radius))
        for centre in range(len(places))
        for radius in np.unique(apart[centre])
    ]
    within = [inside for *_, inside in of_circle]
    centres = places[[centre for centre, *_ in of_circle]]
    return Circles(
        centres[:, 0], centres[:, 1], np.array([radius for _, radius, _ in of_circle]),
        np.concatenate(within), np.repeat(np.arange(len(within)), [len(inside) for inside in within]),
    )  # fmt: skip


def _on_lattices(places: NDArray[np.float64], least_radius: float) -> Circles:
    """Radii growing by √2 up to the extent, centres where cases are, about half a radius apart: one is much like any circle of a cluster.

    A place lies in at most some 4π circles of each radius, so that all sizes together cost a few hundred pairs a place
    (Agarwal et al. 2006, KDD: scanning a family of regions that approximates all of them).
    """
    extent = float(np.hypot(*places.max(axis=0)))
    levels = []
    radius = least_radius
    while not levels or radius < extent / 2:
        levels.append(_lattice(places, radius))
        radius *= GROWTH
    firsts = np.cumsum([0, *(len(level) for level in levels)])
    x, y, radii, place = (
        np.concatenate([getattr(level, name) for level in levels]) for name in ("x", "y", "radius", "place")
    )
    circle = np.concatenate([level.circle + first for level, first in zip(levels, firsts[:-1], strict=True)])
    return Circles(x, y, radii, place, circle)


def _lattice(places: NDArray[np.float64], radius: float) -> Circles:
    """The circles of one radius, one for each cell of the lattice that holds a place, about the mean of the places there."""
    step = radius / STEPS_A_RADIUS
    cell = np.floor(places / step).astype(np.int64) + STEPS_A_RADIUS
    width = int(cell[:, 1].max()) + STEPS_A_RADIUS + 1
    numbers, own = np.unique(cell[:, 0] * width + cell[:, 1], return_inverse=True)
    held = np.bincount(own)
    centres = np.column_stack([np.bincount(own, along) / held for along in places.T]).round(MILLIMETRES)
    reach = range(-STEPS_A_RADIUS, STEPS_A_RADIUS + 1)
    pairs = []
    for east, north in product(reach, reach):
        wanted = (cell[:, 0] + east) * width + cell[:, 1] + north
        near = np.minimum(np.searchsorted(numbers, wanted), len(numbers) - 1)
        inside = ((places - centres[near]) ** 2).sum(axis=1) <= radius**2
        place = np.flatnonzero((numbers[near] == wanted) & inside)
        pairs.append((place, near[place]))
    place, circle = (np.concatenate(some) for some in zip(*pairs, strict=True))
    order = np.lexsort((place, circle))
    return Circles(centres[:, 0], centres[:, 1], np.full(len(centres), radius), place[order], circle[order])


def _distinct(drawn: Circles, cases: NDArray[np.int64]) -> Circles:
    """Those with two cases to half of them, each set of places once. Sets are told apart by a sum of random 64-bit marks."""
    marks = np.random.default_rng(0).integers(0, 2**63, len(cases), dtype=np.uint64)
    starts = np.searchsorted(drawn.circle, np.arange(len(drawn)))
    inside = np.add.reduceat(cases[drawn.place], starts)
    sets = np.add.reduceat(marks[drawn.place], starts)
    fit = np.flatnonzero((inside >= 2) & (inside <= LARGEST_SHARE * cases.sum()))
    by_size = fit[np.lexsort((drawn.y[fit], drawn.x[fit], drawn.radius[fit]))]
    kept = np.sort(by_size[np.unique(sets[by_size], return_index=True)[1]])
    number = np.full(len(drawn), -1)
    number[kept] = np.arange(len(kept))
    pairs = number[drawn.circle] >= 0
    return Circles(
        drawn.x[kept], drawn.y[kept], drawn.radius[kept], drawn.place[pairs], number[drawn.circle[pairs]]
    )  # fmt: skip

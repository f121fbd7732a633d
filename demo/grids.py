"""The map: towns, communities and grids of 东湖市 as a Voronoi tiling with bent edges around a lake."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.spatial import KDTree, Voronoi

from demo.names import ORDINALS, community_names, town_names
from demo.plan import Plan

CENTRE_LON, CENTRE_LAT = 120.75, 30.74
RADIUS_LON, RADIUS_LAT = 0.046, 0.037  # degrees, of a city of 48 grids; about 4.4 km and 4.1 km at this latitude
METRES_LON, METRES_LAT = 95_700.0, 110_900.0  # a degree at this latitude
# up to how many residents: towns, communities a town, grids a community
SIZES = [
    (60_000, (4, 4, 3)),
    (120_000, (8, 5, 4)),
    (300_000, (12, 6, 5)),
    (600_000, (24, 7, 6)),
    (1_200_000, (40, 8, 7)),
    (2_000_000, (72, 8, 8)),
]
LAKE = np.array([0.34, 0.05])  # in radii from the centre: the cell here is water and belongs to no grid
OLD_TOWNS = np.array([[0.5, 0.4], [0.4, -0.5], [-0.5, -0.4], [-0.4, 0.5]])  # where the four old towns lie


def lay_out_grids(plan: Plan) -> pd.DataFrame:
    """48 to 4,608 grids: grid_code (15 digits), grid_name, community, town, lon, lat, ring ((n, 2) array, closed)."""
    dice = plan.dice("map")
    towns, communities, parts = next(shape for most, shape in SIZES if plan.residents <= most)
    cells, middles = _cells(dice, towns * communities * parts)
    order = _neighbours_together(middles, towns, communities)
    town_list = town_names(dice, towns)
    villages = community_names(dice, town_list, communities)
    names = [
        (f"330499{t:03d}{c:03d}{g:03d}", f"{community[:2]}第{ORDINALS[g - 1]}网格", community, town)
        for t, town in enumerate(town_list, 1)
        for c, community in enumerate(villages[town], 1)
        for g in range(1, parts + 1)
    ]
    grids = pd.DataFrame(names, columns=["grid_code", "grid_name", "community", "town"])
    scale = np.sqrt(len(grids) / 48)
    grids["ring"] = [_to_degrees(cells[i], scale) for i in order]
    grids[["lon", "lat"]] = _to_degrees(middles[order], scale)
    return grids


def polygon_text(ring: np.ndarray) -> str:
    """A closed ring as WKT."""
    return "POLYGON ((" + ", ".join(f"{lon:.6f} {lat:.6f}" for lon, lat in ring) + "))"


def points_in(grids: pd.DataFrame, which: np.ndarray, lots: tuple[np.ndarray, np.ndarray, np.ndarray]) -> np.ndarray:
    """(n, 2) longitude and latitude of a point in each of the grids: between its middle and a piece of its ring."""
    corners, sizes = np.vstack(grids["ring"].to_list()), grids["ring"].map(len).to_numpy()
    first = np.cumsum(sizes) - sizes
    piece = first[which] + (lots[0] * (sizes[which] - 1)).astype(int)
    along, away = lots[1][:, None], np.sqrt(lots[2])[:, None] * 0.9
    middle = grids[["lon", "lat"]].to_numpy()[which]
    return middle + away * (corners[piece] + along * (corners[piece + 1] - corners[piece]) - middle)


def neighbours(grids: pd.DataFrame, grid: int, count: int) -> np.ndarray:
    """The grid and its nearest others, `count` in all, nearest first."""
    metres = grids[["lon", "lat"]].to_numpy() * [METRES_LON, METRES_LAT]
    return np.atleast_1d(KDTree(metres).query(metres[grid], k=count)[1])


def _cells(dice: np.random.Generator, count: int) -> tuple[list[np.ndarray], np.ndarray]:
    """Rings and middles of the grids in radii. A rim of cells beyond the edge bounds the outer grids and is dropped."""
    angle, reach = dice.random(count + 1) * 2 * np.pi, dice.random(count + 1) ** 0.62
    inner = np.column_stack([np.cos(angle), np.sin(angle)]) * reach[:, None]
    finer = np.sqrt(48 / count)
    pieces = round(26 / finer)
    turn = np.linspace(0, 2 * np.pi, pieces + 1)[:-1] + dice.normal(0, 0.05 * finer, pieces)
    rim = np.column_stack([np.cos(turn), np.sin(turn)])
    rim *= (1 + 0.2 * finer + dice.normal(0, 0.04 * finer, pieces))[:, None]
    for _ in range(12 if count < 1_000 else 5):
        diagram = Voronoi(np.vstack([inner, rim, rim * 2.5]))
        inner = np.array([_middle(_ring(diagram, i)) for i in range(count + 1)])
        inner /= np.maximum(1, np.linalg.norm(inner, axis=1))[:, None]  # none slips out between two cells of the rim
    diagram = Voronoi(np.vstack([inner, rim, rim * 2.5]))
    water = int(np.argmin(np.linalg.norm(inner - LAKE, axis=1)))
    dry = [i for i in range(count + 1) if i != water]
    bend = _Bend(dice)
    return [bend.ring(diagram, i) for i in dry], inner[dry]


def _ring(diagram: Voronoi, point: int) -> np.ndarray:
    return diagram.vertices[diagram.regions[diagram.point_region[point]]]


def _middle(ring: np.ndarray) -> np.ndarray:
    """Centroid of a simple polygon."""
    x, y = ring.T
    cross = x * np.roll(y, -1) - np.roll(x, -1) * y
    return ((ring + np.roll(ring, -1, axis=0)) * cross[:, None]).sum(axis=0) / (3 * cross.sum())


class _Bend:
    """Bends each edge once, so that the two grids that share it stay seamless."""

    def __init__(self, dice: np.random.Generator) -> None:
        self.dice = dice
        self.bent: dict[tuple[int, int], np.ndarray] = {}

    def ring(self, diagram: Voronoi, point: int) -> np.ndarray:
        corners = diagram.regions[diagram.point_region[point]]
        pieces = [self.edge(diagram.vertices, a, b) for a, b in zip(corners, corners[1:] + corners[:1], strict=True)]
        return np.vstack([*pieces, pieces[0][:1]])

    def edge(self, vertices: np.ndarray, a: int, b: int) -> np.ndarray:
        """Points from corner a up to, not including, corner b."""
        low, high = min(a, b), max(a, b)
        if (low, high) not in self.bent:
            line = np.array([vertices[low], vertices[high]])
            for _ in range(2):
                line = self._halve(line)
            self.bent[low, high] = line
        line = self.bent[low, high]
        return line[:-1] if a == low else line[::-1][:-1]

    def _halve(self, line: np.ndarray) -> np.ndarray:
        step = np.diff(line, axis=0)
        across = np.column_stack([-step[:, 1], step[:, 0]])
        middles = line[:-1] + step / 2 + across * self.dice.uniform(-0.09, 0.09, len(step))[:, None]
        return np.insert(line, range(1, len(line)), middles, axis=0)


def _neighbours_together(middles: np.ndarray, towns: int, communities: int) -> list[int]:
    """Grid indices town by town and community by community, the old towns first, each where it has always been."""
    pieces = _cut(middles, np.arange(len(middles)), towns)
    centres = np.array([middles[piece].mean(axis=0) for piece in pieces])
    first: list[int] = []
    for place in OLD_TOWNS:
        away = np.linalg.norm(centres - place, axis=1)
        first.append(next(int(i) for i in np.argsort(away) if i not in first))
    order = [*first, *(i for i in range(towns) if i not in first)]
    return [int(grid) for i in order for piece in _cut(middles, pieces[i], communities) for grid in piece]


def _cut(middles: np.ndarray, members: np.ndarray, parts: int) -> list[np.ndarray]:
    """The members in `parts` pieces of equal size, cut again and again across the longer side."""
    if parts == 1:
        return [members]
    along = int(np.argmax(np.ptp(middles[members], axis=0)))
    members = members[np.argsort(middles[members, along])]
    at = len(members) // parts * (parts // 2)
    return _cut(middles, members[:at], parts // 2) + _cut(middles, members[at:], parts - parts // 2)


def _to_degrees(points: np.ndarray, scale: float) -> np.ndarray:
    return np.round(points * scale * [RADIUS_LON, RADIUS_LAT] + [CENTRE_LON, CENTRE_LAT], 6)

"""The map: towns, communities and grids of 东湖市 as a Voronoi tiling with bent edges around a lake."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.spatial import Voronoi

from demo.plan import Plan

CENTRE_LON, CENTRE_LAT = 120.75, 30.74
RADIUS_LON, RADIUS_LAT = 0.046, 0.037  # degrees; about 4.4 km and 4.1 km at this latitude
TOWNS = {
    "东湖街道": ["湖滨社区", "望湖社区", "柳堤社区", "钟楼社区"],
    "南桥街道": ["南桥社区", "桂花社区", "石板社区", "文昌社区"],
    "西塘街道": ["西塘社区", "荷花社区", "米市社区", "塘湾社区"],
    "北港镇": ["港口社区", "渔港村", "盐仓村", "新港社区"],
}
ORDINALS = ["第一网格", "第二网格", "第三网格"]
GRIDS = sum(map(len, TOWNS.values())) * len(ORDINALS)
LAKE = np.array([0.34, 0.05])  # in radii from the centre: the cell here is water and belongs to no grid


def lay_out_grids(plan: Plan) -> pd.DataFrame:
    """48 grids: grid_code (15 digits), grid_name, community, town, lon, lat, ring ((n, 2) array, closed)."""
    dice = plan.dice("map")
    cells, middles = _cells(dice)
    order = _neighbours_together(middles)
    names = [
        (f"330499{t:03d}{c:03d}{g:03d}", f"{community[:2]}{ordinal}", community, town)
        for t, (town, communities) in enumerate(TOWNS.items(), 1)
        for c, community in enumerate(communities, 1)
        for g, ordinal in enumerate(ORDINALS, 1)
    ]
    grids = pd.DataFrame(names, columns=["grid_code", "grid_name", "community", "town"])
    grids["ring"] = [_to_degrees(cells[i]) for i in order]
    grids["lon"] = [round(float(_to_degrees(middles[[i]])[0, 0]), 6) for i in order]
    grids["lat"] = [round(float(_to_degrees(middles[[i]])[0, 1]), 6) for i in order]
    return grids


def polygon_text(ring: np.ndarray) -> str:
    """A closed ring as WKT."""
    return "POLYGON ((" + ", ".join(f"{lon:.6f} {lat:.6f}" for lon, lat in ring) + "))"


def point_in(dice: np.random.Generator, ring: np.ndarray, middle: np.ndarray, size: int) -> np.ndarray:
    """(size, 2) points inside a grid: in a triangle between its middle and a piece of its ring."""
    piece = dice.integers(0, len(ring) - 1, size)
    along, away = dice.random(size)[:, None], np.sqrt(dice.random(size))[:, None] * 0.9
    return middle + away * (ring[piece] + along * (ring[piece + 1] - ring[piece]) - middle)


def _cells(dice: np.random.Generator) -> tuple[list[np.ndarray], np.ndarray]:
    """Rings and middles of the grids in radii. A rim of cells beyond the edge bounds the outer grids and is dropped."""
    angle, reach = dice.random(GRIDS + 1) * 2 * np.pi, dice.random(GRIDS + 1) ** 0.62
    inner = np.column_stack([np.cos(angle), np.sin(angle)]) * reach[:, None]
    turn = np.linspace(0, 2 * np.pi, 27)[:-1] + dice.normal(0, 0.05, 26)
    rim = np.column_stack([np.cos(turn), np.sin(turn)]) * (1.2 + dice.normal(0, 0.04, 26))[:, None]
    for _ in range(12):
        diagram = Voronoi(np.vstack([inner, rim, rim * 2.5]))
        inner = np.array([_middle(_ring(diagram, i)) for i in range(GRIDS + 1)])
        inner /= np.maximum(1, np.linalg.norm(inner, axis=1))[:, None]  # none slips out between two cells of the rim
    diagram = Voronoi(np.vstack([inner, rim, rim * 2.5]))
    water = int(np.argmin(np.linalg.norm(inner - LAKE, axis=1)))
    dry = [i for i in range(GRIDS + 1) if i != water]
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


def _neighbours_together(middles: np.ndarray) -> list[int]:
    """Grid indices so that each run of 12 is a town and each run of 3 a community: cut across the longer side."""

    def cut(members: np.ndarray, parts: tuple[int, ...]) -> list[int]:
        if not parts:
            return members.tolist()
        spread = np.ptp(middles[members], axis=0)
        along = members[np.argsort(middles[members][:, int(np.argmax(spread))])]
        return [i for piece in np.array_split(along, parts[0]) for i in cut(piece, parts[1:])]

    west, east = np.array_split(np.argsort(middles[:, 0]), 2)
    quarters = {
        side: np.array_split(half[np.argsort(middles[half, 1])], 2) for side, half in {"w": west, "e": east}.items()
    }
    lake, south, west_town, north = quarters["e"][1], quarters["e"][0], quarters["w"][0], quarters["w"][1]
    return [i for town in (lake, south, west_town, north) for i in cut(town, (2, 2))]


def _to_degrees(points: np.ndarray) -> np.ndarray:
    return np.round(points * [RADIUS_LON, RADIUS_LAT] + [CENTRE_LON, CENTRE_LAT], 6)

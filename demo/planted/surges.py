"""Surges, space-time clusters and near repeats: more than usual in a grid, in several neighbouring ones, at one spot."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

import numpy as np
import pandas as pd

from demo.clock import moments
from demo.grids import METRES_LAT, METRES_LON, neighbours
from demo.plan import Plan
from demo.planted.event import Event
from demo.streams.incidents import INCIDENTS
from demo.streams.service import GRID_REPORTS, HOTLINE, URBAN_CASES
from demo.streams.stream import EXTRA, Recipe, weekly_rates

SHAPES = {"step": "骤升后持续", "ramp": "逐日升高", "spike": "一两天内骤增", "drift": "数周缓升"}
KINDS = {
    "incidents": ["vehicle_theft", "noise", "dispute", "theft", "traffic", "help"],
    "hotline": ["noise", "parking", "housing", "refuse"],
    "urban cases": ["street_stall", "refuse", "parking"],
}
WITHIN_METRES, BURGLARIES = 180.0, 5


@dataclass(frozen=True)
class Swell:
    """A surge to be planted: how many times a normal week, which normal week to look for, and when, in days before the
    last one. kind: its category, "" for any that is left."""

    factor: float
    wanted: float
    first: int
    last: int
    shape: str = "step"
    least: int = 3
    kind: str = ""


SWELLS = {
    "incident_surge": (INCIDENTS, [
        Swell(6.0, 1.5, 6, 0, least=5, kind="vehicle_theft"), Swell(4.5, 2.0, 4, 0, least=5, kind="noise"),
        Swell(3.5, 2.6, 5, 1, least=5, kind="dispute"), Swell(5.0, 1.6, 34, 28, least=5, kind="theft"),
        Swell(3.0, 2.8, 48, 43, least=5, kind="traffic"), Swell(2.5, 3.6, 62, 56, least=5, kind="help"),
        Swell(3.0, 4.0, 20, 0, "ramp"), Swell(3.0, 4.0, 2, 1, "spike"), Swell(2.0, 5.0, 6, 0),
        Swell(1.5, 6.0, 41, 0, "drift"), Swell(3.0, 4.0, 38, 37, "spike"), Swell(2.0, 4.0, 76, 56, "ramp"),
    ]),
    "hotline_surge": (HOTLINE, [
        Swell(3.0, 2.0, 6, 0, least=5), Swell(3.0, 2.0, 1, 0, "spike", least=5), Swell(2.0, 2.0, 20, 0, "ramp"),
        Swell(3.0, 2.0, 44, 38, least=5),
    ]),
    "urban_case_surge": (URBAN_CASES, [Swell(3.0, 2.0, 6, 0, least=5), Swell(2.0, 2.0, 34, 0, "drift")]),
}  # fmt: skip
TOWN_DIGITS = 9
# family, how many times the normal, first and last day before the last: every grid of a town, where the kind is most common
TOWN_SWELLS = [
    ("incident_surge", 2.0, 6, 0), ("incident_surge", 2.0, 36, 27), ("incident_surge", 2.0, 58, 45), ("incident_surge", 2.0, 84, 78),
]  # fmt: skip
# stream, family, category, grids, how many times the normal, first and last day before the last
CLUSTERS = [
    (INCIDENTS, "incident_cluster", "vehicle_theft", 4, 3.0, 9, 0),
    (INCIDENTS, "incident_cluster", "noise", 5, 2.0, 72, 62),
    (HOTLINE, "hotline_cluster", "water", 5, 4.0, 3, 0),
    (HOTLINE, "hotline_cluster", "power", 6, 4.0, 55, 53),
]
NEAR_REPEATS = [(6, 0), (31, 25)]
BUSY_CITY = [(2.0, 6, 0), (2.0, 41, 36)]  # how many times the normal, first and last day before the last


@dataclass
class Swells:
    """rows: by stream, the happenings that are added (columns of EXTRA; event is a place in `events`). windows: by
    stream, grid, kind (place in the recipe), start, end of all that is planted there, to keep noise away from it."""

    events: list[Event]
    rows: dict[str, list[pd.DataFrame]] = field(default_factory=dict)
    windows: dict[str, list[tuple[int, int, np.datetime64, np.datetime64]]] = field(default_factory=dict)
    taken: dict[str, set[int]] = field(default_factory=dict)

    def add(self, recipe: Recipe, event: Event, rows: pd.DataFrame, start: np.datetime64, end: np.datetime64) -> None:
        """rows: grid, kind, at and what else they have of their own."""
        self.rows.setdefault(recipe.name, []).append(rows.assign(event=len(self.events)))
        self.events.append(event)
        for grid, kind in set(zip(rows["grid"], rows["kind"], strict=True)):
            self.windows.setdefault(recipe.name, []).append((int(grid), int(kind), start, end))

    def rows_of(self, recipe: Recipe) -> pd.DataFrame:
        empty = pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in EXTRA.items()})
        parts = self.rows.get(recipe.name, [])
        return pd.concat([empty, *parts], ignore_index=True) if parts else empty


def plant_swells(plan: Plan, grids: pd.DataFrame, rates: dict[str, pd.DataFrame], events: list[Event]) -> Swells:
    """rates: normal weeks by stream. A larger city gets all of them several times."""
    swells = Swells(events)
    for copy in range(plan.copies):
        for family, (recipe, wanted) in SWELLS.items():
            for number, swell in enumerate(wanted):
                dice = plan.dice(f"{family} {copy} {number}")
                _surge(plan, dice, swells, grids, recipe, family, swell, rates[recipe.name])
        for number, (family, factor, first, last) in enumerate(TOWN_SWELLS):
            recipe, dice = SWELLS[family][0], plan.dice(f"town {family} {copy} {number}")
            _town_surge(plan, dice, swells, grids, recipe, family, factor, (first, last), rates[recipe.name])
        for number, cluster in enumerate(CLUSTERS):
            _cluster(plan, plan.dice(f"cluster {copy} {number}"), swells, grids, cluster, rates[cluster[0].name])
        for number, days in enumerate(NEAR_REPEATS):
            _near_repeat(plan, plan.dice(f"near repeat {copy} {number}"), swells, grids, days)
    for number, (factor, first, last) in enumerate(BUSY_CITY):  # it is all of the city: once, however large
        _busy_city(plan, plan.dice(f"busy city {number}"), swells, grids, factor, (first, last))
    return swells


def _surge(
    plan: Plan, dice: np.random.Generator, swells: Swells, grids: pd.DataFrame, recipe: Recipe, family: str,
    swell: Swell, rates: pd.DataFrame,
) -> None:  # fmt: skip
    """In the stream whose normal week is nearest to the one wanted; no grid twice."""
    taken = swells.taken.setdefault(recipe.name, set())
    kinds = [swell.kind] if swell.kind else KINDS[recipe.name]
    away = (rates[kinds] - swell.wanted * min(1.0, plan.scale)).abs().drop(index=list(taken))
    grid, kind = away.stack().idxmin()
    taken.add(grid)
    weekly, length = float(rates.loc[grid, kind]), swell.first - swell.last + 1
    slow = swell.shape in ("ramp", "drift")
    size = max(swell.least, int(np.ceil((swell.factor - 1) * weekly * max(1.0, length / 7) * (0.5 if slow else 1.0))))
    chance = np.arange(1.0, length + 1) if slow else np.ones(length)
    start, end = _window(plan, swell.first, swell.last)
    day = start + np.sort(dice.choice(length, size=size, p=chance / chance.sum()))
    weeks = max(1.0, length / 7)
    event = Event(family, {
        "current": int(swell.last <= 1), "grid_code": grids.loc[grid, "grid_code"], "category": kind, "size": size,
        "window_start": start, "window_end": end, "shape": swell.shape,
        "factor": round(1 + size / (weekly * weeks) * (2 if slow else 1), 2),
        "note": f"{SHAPES[swell.shape]}：平常每周约 {weekly:.1f} 起，{length} 天内另加 {size} 起",
    })  # fmt: skip
    rows = pd.DataFrame({"grid": grid, "kind": recipe.codes.index(kind),
                         "at": moments(dice, day, recipe.sorts[kind].rhythm.hours)})  # fmt: skip
    swells.add(recipe, event, rows, start, end)


def _town_surge(
    plan: Plan, dice: np.random.Generator, swells: Swells, grids: pd.DataFrame, recipe: Recipe, family: str, factor: float,
    days: tuple[int, int], rates: pd.DataFrame,
) -> None:  # fmt: skip
    """In the town and kind whose grids have most of it in a normal week; no town's kind twice."""
    town = grids["grid_code"].str[:TOWN_DIGITS]
    done = {(event.told["grid_code"], event.told["category"]) for event in swells.events}
    usual = rates.set_axis(town).groupby(level=0).mean().stack().drop(index=done, errors="ignore")
    code, kind = usual.idxmax()
    there = np.flatnonzero(town == code)
    start, end = _window(plan, *days)
    length = days[0] - days[1] + 1
    sizes = dice.poisson((factor - 1) * rates[kind].to_numpy()[there] * length / 7)
    day = start + dice.integers(0, length, sizes.sum())
    rows = pd.DataFrame({"grid": np.repeat(there, sizes), "kind": recipe.codes.index(kind),
                         "at": moments(dice, day, recipe.sorts[kind].rhythm.hours)})  # fmt: skip
    event = Event(family, {
        "current": int(days[1] <= 1), "grid_code": code, "category": kind, "size": int(sizes.sum()), "window_start": start,
        "window_end": end, "shape": "step", "factor": factor, "grids": "|".join(grids["grid_code"].to_numpy()[there]),
        "note": f"全镇 {len(there)} 个网格 {length} 天内共另加 {sizes.sum()} 起，平常每网格每周约 {usual.max():.1f} 起",
    })  # fmt: skip
    swells.add(recipe, event, rows, start, end)


def _busy_city(
    plan: Plan, dice: np.random.Generator, swells: Swells, grids: pd.DataFrame, factor: float, days: tuple[int, int]
) -> None:
    """Grid workers report more of everything everywhere: no grid and no kind stands out, the city's figure does."""
    recipe, rates = GRID_REPORTS, weekly_rates(plan, GRID_REPORTS, grids)
    start, end = _window(plan, *days)
    length = days[0] - days[1] + 1
    sizes = dice.poisson((factor - 1) * rates.to_numpy() * length / 7)
    grid, kind = (np.repeat(of.ravel(), sizes.ravel()) for of in np.indices(sizes.shape))
    hours = recipe.sorts[recipe.codes[0]].rhythm.hours
    rows = pd.DataFrame(
        {"grid": grid, "kind": kind, "at": moments(dice, start + dice.integers(0, length, len(grid)), hours)}
    )
    event = Event("city_vital", {
        "current": int(days[1] <= 1), "name": "网格上报", "size": len(rows), "window_start": start, "window_end": end, "shape": "step",
        "factor": factor, "note": f"全市网格上报 {length} 天内共另加 {len(rows)} 件",
    })  # fmt: skip
    swells.rows.setdefault(recipe.name, []).append(
        rows.assign(event=len(swells.events))
    )  # noise may touch the other rows
    swells.events.append(event)


def _cluster(
    plan: Plan, dice: np.random.Generator, swells: Swells, grids: pd.DataFrame, cluster: tuple, rates: pd.DataFrame
) -> None:
    """The same kind in neighbouring grids at once, in none of them so much that it would stand out alone."""
    recipe, family, kind, count, factor, first, last = cluster
    taken = swells.taken.setdefault(recipe.name, set())
    tries = (neighbours(grids, int(grid), count) for grid in dice.permutation(len(grids)))
    anywhere = neighbours(grids, int(dice.integers(len(grids))), count)
    around = next((near for near in tries if not taken & set(near.tolist())), anywhere)
    taken.update(int(grid) for grid in around)
    start, end = _window(plan, first, last)
    length = first - last + 1
    sizes = np.maximum(2, np.ceil((factor - 1) * rates[kind].to_numpy()[around] * length / 7)).astype(int)
    day = start + dice.integers(0, length, sizes.sum())
    rows = pd.DataFrame({"grid": np.repeat(around, sizes), "kind": recipe.codes.index(kind),
                         "at": moments(dice, day, recipe.sorts[kind].rhythm.hours)})  # fmt: skip
    codes = grids["grid_code"].to_numpy()[around]
    event = Event(family, {
        "current": int(last <= 1), "grid_code": codes[0], "category": kind, "size": int(sizes.sum()),
        "window_start": start, "window_end": end, "shape": "cluster", "factor": factor, "grids": "|".join(codes),
        "note": f"{count} 个相邻网格 {length} 天内共另加 {sizes.sum()} 起",
    })  # fmt: skip
    swells.add(recipe, event, rows, start, end)


def _near_repeat(
    plan: Plan, dice: np.random.Generator, swells: Swells, grids: pd.DataFrame, days: tuple[int, int]
) -> None:
    """Burglaries within 200 m and seven days of each other."""
    taken = swells.taken.setdefault(INCIDENTS.name, set())
    grid = next(int(one) for one in dice.permutation(len(grids)) if one not in taken)
    taken.add(grid)
    start, end = _window(plan, *days)
    day = start + np.sort(dice.integers(0, days[0] - days[1] + 1, BURGLARIES))
    turn, away = dice.random(BURGLARIES) * 2 * np.pi, dice.random(BURGLARIES) * WITHIN_METRES / 2
    middle = grids.loc[grid]
    rows = pd.DataFrame({
        "grid": grid, "kind": INCIDENTS.codes.index("theft"),
        "at": moments(dice, day, INCIDENTS.sorts["theft"].rhythm.hours),
        "lon": middle["lon"] + away * np.cos(turn) / METRES_LON, "lat": middle["lat"] + away * np.sin(turn) / METRES_LAT,
        "says": INCIDENTS.sorts["theft"].says[0],
    })  # fmt: skip
    event = Event("burglary_near_repeat", {
        "current": int(days[1] <= 1), "grid_code": middle["grid_code"], "category": "theft", "size": BURGLARIES,
        "window_start": start, "window_end": end, "shape": "near_repeat",
        "note": f"7 天内 200 米范围连续 {BURGLARIES} 起入室盗窃",
    })  # fmt: skip
    swells.add(INCIDENTS, event, rows, start, end)


def _window(plan: Plan, first: int, last: int) -> tuple[np.datetime64, np.datetime64]:
    return tuple(np.datetime64(plan.end - timedelta(days=back), "D") for back in (first, last))  # type: ignore[return-value]

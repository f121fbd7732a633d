"""Estates with their buildings and dwellings, and which household lives in which dwelling from when on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from demo.clock import Rhythm, days_between, hours_around
from demo.names import estate_names
from demo.plan import Plan
from demo.text import Text, joined, picked, written

VACANT_SHARE = 0.06
WITHIN, COMING, LEAVING = 0.03, 0.012, 0.012  # households a year, of all
MOVING = Rhythm(hours_around((10, 3, 1)), off=1.8, holiday=0.8, festival=0.1, swing=0.15, peak=8)


@dataclass(frozen=True)
class Homes:
    """buildings: estate, building (3幢), grid (row in the grids), floors. A dwelling is a place in building, floor and
    door (arrays). first_home, next_home: (households,) the dwelling before and after moved_on (datetime64[D], NaT for
    never); -1 is outside the city."""

    buildings: pd.DataFrame
    building: np.ndarray
    floor: np.ndarray
    door: np.ndarray
    first_home: np.ndarray
    next_home: np.ndarray
    moved_on: np.ndarray

    @property
    def grid(self) -> np.ndarray:
        """(dwellings,) row of each dwelling's grid."""
        return self.buildings["grid"].to_numpy()[self.building]

    def at(self, day: np.datetime64) -> np.ndarray:
        """(households,) the dwelling on a morning; -1 when the household is not in the city."""
        return np.where(self.moved_on <= day, self.next_home, self.first_home)

    def rooms(self, dwellings: np.ndarray) -> Text:
        """Room numbers such as 501."""
        return written(self.floor[dwellings] * 100 + self.door[dwellings])

    def addresses(self, grids: pd.DataFrame, dwellings: np.ndarray) -> Text:
        place = grids.iloc[self.buildings["grid"]].reset_index(drop=True)
        heads = (place["town"] + place["community"] + self.buildings["estate"] + self.buildings["building"]).tolist()
        return joined(picked(heads, self.building[dwellings]), self.rooms(dwellings), "室")


def build_estates(plan: Plan, grids: pd.DataFrame) -> pd.DataFrame:
    """Two or three estates a grid, six to nine buildings an estate."""
    dice = plan.dice("homes")
    estates = dice.integers(2, 4, len(grids))
    names, rows = iter(estate_names(dice, int(estates.sum()))), []
    for grid, count in enumerate(estates):
        for _ in range(count):
            estate, floors = next(names), int(dice.choice([6, 6, 11, 18]))
            rows += [(estate, f"{n}幢", grid, floors) for n in range(1, int(dice.integers(6, 10)))]
    return pd.DataFrame(rows, columns=["estate", "building", "grid", "floors"])


def coming_households(plan: Plan, households: int) -> int:
    """How many households move into the city within the days."""
    return round(households * COMING * plan.days / 365)


def assign_homes(plan: Plan, grids: pd.DataFrame, households: int, coming: int) -> Homes:
    """Dwellings for all: the last `coming` households arrive within the days; of the others some leave, some move on."""
    dice, buildings = plan.dice("dwellings"), build_estates(plan, grids)
    settled = households - coming
    within, leaving = (round(settled * share * plan.days / 365) for share in (WITHIN, LEAVING))
    movers = dice.permutation(settled)[: within + leaving]
    wanted = households + within + round(settled * VACANT_SHARE)
    building, floor, door = _dwellings(dice, grids, buildings, wanted)
    free = dice.permutation(wanted)
    first, then = free[:households].copy(), np.full(households, -1)
    then[movers[:within]] = free[households : households + within]
    then[settled:], first[settled:] = first[settled:], -1
    moved = np.full(households, np.datetime64("NaT"), "datetime64[D]")
    moved[movers] = _moving_days(plan, dice, len(movers))
    moved[settled:] = _moving_days(plan, dice, coming)
    return Homes(buildings, building, floor, door, first, then, moved)


def _dwellings(
    dice: np.random.Generator, grids: pd.DataFrame, buildings: pd.DataFrame, wanted: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Busier grids hold more dwellings, all about evenly; within a building no room twice."""
    density = dice.lognormal(0, 0.14, len(grids))
    share = density[buildings["grid"]] / buildings.groupby("grid")["floors"].transform("size").to_numpy()
    building = np.sort(dice.choice(len(buildings), size=wanted, p=share / share.sum()))
    within = np.arange(wanted) - np.searchsorted(building, building)
    floors = buildings["floors"].to_numpy()[building]
    return building, (within * 7 + building) % floors + 1, within // floors + 1


def _moving_days(plan: Plan, dice: np.random.Generator, count: int) -> np.ndarray:
    chance = MOVING.factors(days_between(plan.start, plan.end))
    return np.datetime64(plan.start) + dice.choice(plan.days, size=count, p=chance / chance.sum())

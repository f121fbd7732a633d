"""The city as it lives through the days: everything that the departments write down from."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from demo.grids import lay_out_grids
from demo.life.care import Care, look_after
from demo.life.lives import Lives, live
from demo.people import People, settle
from demo.plan import Plan
from demo.planted.event import Event
from demo.planted.fabrications import Fabrications
from demo.planted.laggards import plant_laggard
from demo.planted.matters import plant_matters
from demo.planted.surges import Swells, plant_swells
from demo.planted.welfare import plant_welfare
from demo.streams.equipment import Estate, keep_estates, overdue_events
from demo.streams.incidents import INCIDENTS
from demo.streams.parking import Lots, open_lots
from demo.streams.sensors import Sensors, fit_sensors
from demo.streams.service import HOTLINE, URBAN_CASES
from demo.streams.stream import Recipe, Stream, happen, weekly_rates


@dataclass
class City:
    """shielded: (persons,) True for those whose rows noise leaves alone; unstruck: the dead whom the register keeps;
    false_sex: those whom it holds under the other sex. letters: the planted petitions. fabrications: whose figures are made up."""

    plan: Plan
    grids: pd.DataFrame
    people: People
    lives: Lives
    care: Care
    estates: Estate
    sensors: Sensors
    lots: Lots
    swells: Swells
    letters: pd.DataFrame
    events: list[Event]
    shielded: np.ndarray
    unstruck: np.ndarray
    fabrications: Fabrications
    false_sex: np.ndarray = field(default_factory=lambda: np.zeros(0, int))

    def stream(self, recipe: Recipe) -> Stream:
        """All that happens of one stream; what is planted in it learns its numbers when its sheets are made."""
        return happen(self.plan, recipe, weekly_rates(self.plan, recipe, self.grids), self.swells.rows_of(recipe))


def raise_city(plan: Plan) -> City:
    """The same city for the same plan, whatever of it is delivered."""
    grids, events = lay_out_grids(plan), []
    people = settle(plan, grids)
    lives = live(plan, people)
    care = look_after(plan, lives)
    estates = keep_estates(plan, people.homes.buildings)
    swells, letters, shielded = Swells(events), pd.DataFrame({"event": [], "filed_at": []}), np.zeros(0, int)
    if not plan.quiet:
        rates = {recipe.name: weekly_rates(plan, recipe, grids) for recipe in (INCIDENTS, HOTLINE, URBAN_CASES)}
        swells = plant_swells(plan, grids, rates, events)
        shielded = plant_welfare(plan, lives, care, events)
        letters = plant_matters(plan, people.homes, grids, people, swells)
        plant_laggard(plan, events)
        events += overdue_events(plan, estates, people.homes.buildings, grids["grid_code"].to_numpy())
    sensors = fit_sensors(plan, people, care, events)
    mask = np.zeros(len(people.frame), bool)
    mask[shielded] = True
    unstruck = np.flatnonzero(lives.frame["paid_until"].notna())
    fabrications = Fabrications(plan)
    lots = fabrications.park(open_lots(plan, people.homes))
    return City(plan, grids, people, lives, care, estates, sensors, lots, swells, letters, events, mask, unstruck,
                fabrications)  # fmt: skip

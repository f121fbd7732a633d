"""The city as it lives through the days: everything that the departments write down from."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from demo.complaints import Neighbourhood, neighbourhood
from demo.grids import lay_out_grids
from demo.life.care import Care, look_after
from demo.life.lives import Lives, contribution_bases, live
from demo.people import People, settle
from demo.plan import Plan
from demo.planted.entitlements import keep_up, plant_entitlements, told_of_lists
from demo.planted.event import Event
from demo.planted.fabrications import Fabrications
from demo.planted.hazards import plant_danger
from demo.planted.laggards import plant_laggard
from demo.planted.matters import plant_matters
from demo.planted.surges import Swells, plant_swells
from demo.planted.welfare import plant_welfare
from demo.streams.equipment import Estate, gas_fire_events, keep_estates, overdue_events
from demo.streams.incidents import INCIDENTS
from demo.streams.parking import Lots, open_lots
from demo.streams.petitions import petitions_filed
from demo.streams.safety import INSPECTIONS, Organisations, hazards_found, organisations
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
    around: Neighbourhood
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

    @cached_property
    def petitions(self) -> pd.DataFrame:
        """A row a petition, as petitions_filed says."""
        return petitions_filed(self.plan, self.people.homes.buildings, self.around, self.letters)

    @cached_property
    def organisations(self) -> Organisations:
        return organisations(self.plan, len(self.grids))

    @cached_property
    def hazards(self) -> pd.DataFrame:
        """A row a safety inspection, as hazards_found says."""
        return hazards_found(self.plan, self.stream(INSPECTIONS), self.organisations)


def raise_city(plan: Plan) -> City:
    """The same city for the same plan, whatever of it is delivered."""
    grids, events = lay_out_grids(plan), []
    people = settle(plan, grids)
    lives = live(plan, people)
    care = look_after(plan, lives)
    estates = keep_estates(plan, people.homes.buildings)
    around = neighbourhood(plan, people.homes.buildings)
    swells, letters, shielded = (
        Swells(events),
        pd.DataFrame({"event": [], "filed_at": [], "thing": []}),
        np.zeros(0, int),
    )
    everybody, register_day, kept = (
        np.arange(len(people.frame)),
        np.datetime64(plan.months()[-1], "D"),
        np.zeros(0, int),
    )
    if plan.quiet:
        keep_up(plan, lives, care)
    else:
        rates = {recipe.name: weekly_rates(plan, recipe, grids) for recipe in (INCIDENTS, HOTLINE, URBAN_CASES)}
        swells = plant_swells(plan, grids, rates, events)
        shielded = plant_welfare(plan, lives, care, events)
        told, guarded, kept = plant_entitlements(
            plan, lives, care, shielded, contribution_bases(plan, everybody), register_day
        )
        shielded = np.concatenate([shielded, guarded])
        events += told + told_of_lists(plan, lives, care, kept, register_day)
        letters = plant_matters(plan, people.homes, grids, people, around, swells)
        plant_laggard(plan, events)
        events += overdue_events(plan, estates, people.homes.buildings, grids["grid_code"].to_numpy())
    sensors = fit_sensors(plan, people, care, events)
    mask = np.zeros(len(people.frame), bool)
    mask[shielded] = True
    fabrications = Fabrications(plan)
    lots = fabrications.park(open_lots(plan, people.homes))
    city = City(plan, grids, people, lives, care, estates, around, sensors, lots, swells, letters, events, mask, kept,
                fabrications)  # fmt: skip
    if not plan.quiet:
        plant_danger(plan, city.hazards, people.homes, estates)
        events += gas_fire_events(plan, estates, people.homes.buildings, grids["grid_code"].to_numpy())
    return city

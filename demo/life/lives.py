"""What happens to people: who draws a pension or a benefit, who works where, and who dies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from demo.clock import Rhythm, days_between, hours_around
from demo.names import employer_names
from demo.people import People
from demo.plan import Plan

BENEFITS = {"old_age": 450, "subsistence": 230, "disability": 160, "destitute": 35, "relief": 25}  # at 20,000 residents
KINDS = list(BENEFITS)
AMOUNTS = {"old_age": [100, 200, 300], "subsistence": [768, 912, 1086], "disability": [356, 498],
           "destitute": [1580, 1710], "relief": [1000, 1500, 3000]}  # fmt: skip
PENSIONERS = 3_500
RECORDS = 6_000
DEATHS = 0.6  # a day, at 20,000 residents
DYING = Rhythm(hours_around((6, 4, 1)), swing=0.15, peak=1)
NEVER = np.datetime64("NaT", "s")


@dataclass
class Lives:
    """people.frame gains pension (monthly, 0 none), pension_from, benefit (place in KINDS, -1 none), benefit_amount,
    died_on, death_told_on, paid_until (NaT: until the death month). jobs: person, employer (place in employers),
    hired_on, left_on, declared_on, ordered by declaration."""

    people: People
    jobs: pd.DataFrame
    employers: list[str]

    @property
    def frame(self) -> pd.DataFrame:
        return self.people.frame

    def alive(self, day: np.datetime64) -> np.ndarray:
        """(persons,) born and not yet registered as dead on a morning."""
        told = self.frame["death_told_on"].to_numpy()
        return (self.frame["registered_on"].to_numpy() <= day) & ~(told < day)


def live(plan: Plan, people: People) -> Lives:
    """A city in which every rule is kept: no pensioner holds an open job, nobody is paid after the death month."""
    dice = plan.dice("lives")
    _retire(plan, dice, people)
    _support(plan, dice, people)
    _die(plan, dice, people)
    people.frame["paid_until"] = np.full(len(people.frame), NEVER)
    employers = employer_names(int(24 * max(1.0, plan.scale) ** 0.7))
    return Lives(people, _work(plan, dice, people, len(employers)), employers)


def retirement_age(frame: pd.DataFrame) -> np.ndarray:
    return np.where(frame["male"], 60, 55)


def _retire(plan: Plan, dice: np.random.Generator, people: People) -> None:
    """About 4 in 5 people of age draw a pension; a few draw their first one within the days we cover."""
    frame, months = people.frame, plan.months()
    of_age = np.flatnonzero((frame["age"] > retirement_age(frame)) & people.rooted)
    drawn = dice.choice(of_age, size=min(plan.count(PENSIONERS), int(len(of_age) * 0.9)), replace=False)
    pension, since = np.zeros(len(frame), np.float32), np.full(len(frame), NEVER)
    pension[drawn] = np.round(np.clip(dice.gamma(5, 620, len(drawn)), 1200, 9800), 1)
    since[drawn] = (np.datetime64(months[0], "M") - 12).astype("datetime64[s]")
    late = dice.choice(drawn, size=max(1, len(drawn) // 150), replace=False)
    since[late] = np.array(months, "datetime64[s]")[dice.integers(1, len(months), len(late))]
    frame["pension"], frame["pension_from"] = pension, since


def _support(plan: Plan, dice: np.random.Generator, people: People) -> None:
    """One programme a person at most, so that none that exclude each other meet."""
    frame = people.frame
    benefit, amount = np.full(len(frame), -1, np.int8), np.zeros(len(frame), np.float32)
    age = frame["age"].to_numpy()
    for code, (kind, count) in enumerate(BENEFITS.items()):
        free = np.flatnonzero(people.rooted & (age >= (80 if kind == "old_age" else 18)) & (benefit < 0))
        drawn = dice.choice(free, size=min(plan.count(count), len(free)), replace=False)
        benefit[drawn] = code
        amount[drawn] = dice.choice(AMOUNTS[kind], len(drawn))
    frame["benefit"], frame["benefit_amount"] = benefit, amount


def _die(plan: Plan, dice: np.random.Generator, people: People) -> None:
    """Deaths from a week before the first day, registered within twelve days; the old die more often, and in winter."""
    frame = people.frame
    died, told = np.full(len(frame), NEVER), np.full(len(frame), NEVER)
    risk = np.exp(frame["age"].to_numpy() / 9.0) * people.rooted
    count = plan.count(DEATHS * (plan.days + 7))
    gone = dice.choice(len(frame), size=count, replace=False, p=risk / risk.sum())
    first = np.datetime64(plan.start, "D") - 7
    chance = DYING.factors(days_between(first.item(), plan.end))
    day = first + dice.choice(len(chance), size=count, p=chance / chance.sum())
    registered = day + dice.integers(1, 13, count)
    counted = (registered >= np.datetime64(plan.start)) & (registered <= np.datetime64(plan.end))
    died[gone[counted]], told[gone[counted]] = day[counted], registered[counted]
    frame["died_on"], frame["death_told_on"] = died, told


def _work(plan: Plan, dice: np.random.Generator, people: People, employers: int) -> pd.DataFrame:
    """Open and closed jobs before the first day, hires and leavers since, and the closed last jobs of pensioners."""
    frame, start, length = people.frame, np.datetime64(plan.start, "D"), plan.days
    able = (frame["age"] >= 18 + length // 365 + 1) & (frame["age"] < retirement_age(frame)) & (frame["pension"] == 0)
    working = np.flatnonzero(able & people.rooted)
    size = min(plan.count(RECORDS), int(len(working) * 0.9))
    chosen = dice.choice(working, size=size, replace=False)
    fresh = np.arange(size) < size * length // 1500
    # nobody is hired before the eighteenth birthday
    grown = frame["birth"].to_numpy()[chosen].astype("datetime64[D]") + 18 * 366
    hired = np.maximum(start - dice.integers(10, 3600, size), np.minimum(grown, start - 5))
    hired = np.where(fresh, start + dice.integers(0, length - 3, size), hired)
    left = np.full(size, np.datetime64("NaT"), dtype="datetime64[D]")
    leaves = ~fresh & (dice.random(size) < 0.0005 * length)
    left[leaves] = np.maximum(start + dice.integers(0, length, size), hired + 1)[leaves]
    past = ~fresh & ~leaves & (dice.random(size) < 0.06)
    left[past] = (hired + ((start - hired).astype(int) * dice.random(size)).astype(int))[past]
    jobs = pd.DataFrame({"person": chosen, "hired_on": hired.astype("datetime64[s]"),
                         "left_on": left.astype("datetime64[s]")})  # fmt: skip
    jobs = pd.concat([jobs, _last_jobs(dice, frame)], ignore_index=True)
    jobs["declared_on"] = jobs["hired_on"] + pd.to_timedelta(dice.integers(0, 4, len(jobs)), unit="D").astype("m8[s]")
    jobs["employer"] = dice.integers(0, employers, len(jobs)).astype(np.int32)
    return jobs.sort_values(["declared_on", "person"], ignore_index=True)


def _last_jobs(dice: np.random.Generator, frame: pd.DataFrame) -> pd.DataFrame:
    """Some pensioners' last jobs, left before the first pension: they look like offenders to a careless join."""
    since = frame["pension_from"].to_numpy()
    pensioners = np.flatnonzero(frame["pension"].to_numpy() > 0)
    new = since[pensioners] > np.nanmin(since[pensioners])
    chosen = pensioners[new | (dice.random(len(pensioners)) < 0.08)]
    left = since[chosen].astype("datetime64[D]") - dice.integers(1, 20, len(chosen))
    hired = left - dice.integers(400, 5000, len(chosen))
    return pd.DataFrame({"person": chosen, "hired_on": hired.astype("datetime64[s]"),
                         "left_on": left.astype("datetime64[s]")})  # fmt: skip

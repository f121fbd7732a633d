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
OLD_AGES = [80, 90, 100]  # from which each amount of the old-age allowance is paid
PENSIONERS = 3_500
RECORDS = 6_000
DEATHS = 0.6  # a day, at 20,000 residents
DYING = Rhythm(hours_around((6, 4, 1)), swing=0.15, peak=1)
NEVER = np.datetime64("NaT", "s")
ENDLESS = np.datetime64("2200-01-01", "s")


@dataclass
class Lives:
    """people.frame gains pension (monthly, 0 none), pension_from, benefit (place in KINDS, -1 none), benefit_amount,
    died_on, death_told_on, paid_until (NaT: until the death month). jobs: person, employer (place in employers),
    hired_on, left_on, declared_on, ordered by declaration. second: benefits beside that one: person, kind (place in KINDS),
    amount (0: as the age says), since and until (first and last month)."""

    people: People
    jobs: pd.DataFrame
    employers: list[str]
    second: pd.DataFrame

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
    jobs = _work(plan, dice, people, len(employers))
    _test_means(plan, people, jobs)
    return Lives(people, jobs, employers, _old_age_of_all(people))


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


def _test_means(plan: Plan, people: People, jobs: pd.DataFrame) -> None:
    """Subsistence goes from those with a pension or a job within the days to others who have neither."""
    frame, dice = people.frame, plan.dice("means")
    earning = (frame["pension"] > 0).to_numpy() | np.isin(np.arange(len(frame)), jobs["person"])
    poor = frame["benefit"].to_numpy() == KINDS.index("subsistence")
    fit = people.rooted & frame["age"].between(18, 79).to_numpy() & (frame["benefit"].to_numpy() < 0)
    gone = np.flatnonzero(poor & earning)
    taken = dice.choice(np.flatnonzero(fit & ~earning & frame["died_on"].isna()), len(gone), replace=False)
    for name, none in (("benefit", -1), ("benefit_amount", 0)):
        column = frame[name].to_numpy().copy()
        column[taken], column[gone] = column[gone], none
        frame[name] = column


def old_age_amount(years: np.ndarray) -> np.ndarray:
    """What the allowance is at an age, 0 below eighty."""
    return np.array([0, *AMOUNTS["old_age"]])[np.searchsorted(OLD_AGES, years, side="right")]


def years_in(frame: pd.DataFrame, month: np.datetime64) -> np.ndarray:
    """(persons,) completed years at the end of a month."""
    return (
        month.astype("datetime64[M]").astype(int) - frame["birth"].to_numpy().astype("datetime64[M]").astype(int)
    ) // 12


def _old_age_of_all(people: People) -> pd.DataFrame:
    """Whoever is eighty and draws no old-age allowance yet draws it too: from the month of the birthday, or the one after moving in."""
    frame, homes = people.frame, people.homes
    old = np.flatnonzero((frame["age"] >= 80) & (frame["benefit"] != KINDS.index("old_age")))
    household = frame["household"].to_numpy()[old]
    moved = homes.moved_on[household].astype("datetime64[M]")
    comes, leaves = homes.first_home[household] < 0, homes.next_home[household] < 0
    turned = frame["birth"].to_numpy()[old].astype("datetime64[M]") + 12 * OLD_AGES[0]
    since = np.where(comes & ~np.isnat(moved), np.maximum(turned, moved + 1), turned)
    until = np.where(leaves & ~np.isnat(moved), moved - 1, ENDLESS.astype("datetime64[M]"))
    return pd.DataFrame({"person": old, "kind": KINDS.index("old_age"), "amount": 0.0,
                         "since": since.astype("datetime64[s]"), "until": until.astype("datetime64[s]")})  # fmt: skip


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


def contribution_bases(plan: Plan, persons: np.ndarray) -> np.ndarray:
    """What contributions are paid on, for those who have a job; the least is prescribed."""
    return 4462 + np.floor(plan.lots("base", persons) ** 3 * 17_000)


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

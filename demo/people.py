"""Who lives in the city: households and the people in them, with valid resident IDs; kept as numbers, told as text."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from demo.clock import Rhythm, days_between, hours_around
from demo.homes import Homes, assign_homes, coming_households
from demo.names import FEMALE, MALE, SURNAMES
from demo.plan import Plan
from demo.text import Text, joined, numbered, picked, where

REGIONS = np.array([330499, 330498, 330497])  # region codes no real place bears
CHECK_WEIGHTS = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2])
CHECK_DIGITS = "10X98765432"
MOBILE_HEADS = np.array([135, 136, 137, 139, 150, 151, 158, 159, 177, 182, 186, 188])
BIRTHS = 7.0  # a year, of 1,000 residents
BIRTH_SEASON = Rhythm(hours_around((10, 3, 1)), swing=0.1, peak=10)
GIVEN = [*MALE, *FEMALE, ""]


@dataclass
class People:
    """frame, one row a person: household, place (0 is the head), male, birth, age (on the last day), comes (with a
    household that moves in, or by birth within the days), id_body (the ID's 17 digits), surname, first and second
    (places in the lists of names), mobile (0 for none), registered_on.
    misnamed: feed -> {person: the name that this department wrongly holds}."""

    frame: pd.DataFrame
    homes: Homes
    grids: pd.DataFrame
    misnamed: dict[str, dict[int, str]] = field(default_factory=dict)

    def ids(self, persons: np.ndarray) -> Text:
        body = self.frame["id_body"].to_numpy()[persons]
        total, rest = np.zeros(len(body), np.int64), body.copy()
        for weight in CHECK_WEIGHTS[::-1]:
            total += rest % 10 * int(weight)
            rest //= 10
        return joined(pc.cast(pa.array(body), pa.string()), picked(CHECK_DIGITS, total % 11))

    def names(self, persons: np.ndarray, feed: str = "") -> Text:
        """Names as the feed's department holds them."""
        persons = np.asarray(persons)
        own = self.frame.iloc[persons]
        given = (picked(GIVEN, own[part].to_numpy()) for part in ("first", "second"))
        told = joined(picked(SURNAMES, own["surname"].to_numpy()), *given)
        wrong = self.misnamed.get(feed, {})
        touched = np.isin(persons, list(wrong))
        if not touched.any():
            return told
        return pc.replace_with_mask(told, pa.array(touched), pa.array([wrong[int(p)] for p in persons[touched]]))

    def mobiles(self, persons: np.ndarray) -> Text:
        mobile = self.frame["mobile"].to_numpy()[persons]
        return where(mobile > 0, numbered("", mobile, 11), "")

    def dwellings(self, persons: np.ndarray, day: np.datetime64) -> np.ndarray:
        """(persons,) dwelling on a morning, -1 when the household is not in the city."""
        return self.homes.at(day)[self.frame["household"].to_numpy()[persons]]

    def grid_codes(self, persons: np.ndarray, day: np.datetime64) -> Text:
        return self.codes(self.homes.grid[self.dwellings(persons, day)])

    def codes(self, grids: np.ndarray) -> Text:
        return picked(self.grids["grid_code"].tolist(), grids)

    @cached_property
    def callers(self) -> np.ndarray:
        """Persons with a mobile."""
        return np.flatnonzero((self.frame["mobile"].to_numpy() > 0) & (self.frame["age"].to_numpy() >= 16))

    @cached_property
    def rooted(self) -> np.ndarray:
        """(persons,) True for those who are in the city from the first day to the last, unless they die."""
        homes = self.homes
        stays = (homes.first_home >= 0) & (np.isnat(homes.moved_on) | (homes.next_home >= 0))
        return stays[self.frame["household"].to_numpy()] & ~self.frame["comes"].to_numpy()


def check_digit(seventeen: str) -> str:
    """The 18th character of a resident ID (GB 11643-1999, ISO 7064 MOD 11-2)."""
    total = sum(int(digit) * int(weight) for digit, weight in zip(seventeen, CHECK_WEIGHTS, strict=True))
    return CHECK_DIGITS[total % 11]


def settle(plan: Plan, grids: pd.DataFrame) -> People:
    """As many residents as asked for on the first day, those who move in later, and those who are born."""
    dice = plan.dice("people")
    coming = coming_households(plan, round(plan.residents * 0.382))
    people = _households(dice, plan.residents, coming)
    people["birth"] = _births(plan, dice, people["age"].to_numpy())
    people["comes"] = people["household"] >= people["household"].max() + 1 - coming
    people = pd.concat([people, _newborns(plan, dice, people)], ignore_index=True)
    today = np.datetime64(plan.end, "D")
    born = people["birth"].to_numpy().astype("datetime64[D]")
    people["age"] = ((today - born).astype(int) // 365.2425).astype(np.int16)
    people["id_body"] = _id_bodies(dice, people)
    _name(dice, people)
    people["mobile"] = _mobiles(dice, people)
    people["registered_on"] = _registered(plan, dice, people, born)
    return People(people, assign_homes(plan, grids, int(people["household"].max()) + 1, coming), grids)


def _households(dice: np.random.Generator, residents: int, coming: int) -> pd.DataFrame:
    """Household, place in it, sex and rough age, until there are as many residents as asked and `coming` households."""
    sizes = dice.choice([1, 2, 3, 4, 5], size=residents + coming, p=[0.2, 0.29, 0.28, 0.15, 0.08])
    filled = int(np.searchsorted(np.cumsum(sizes), residents)) + 1
    sizes = sizes[: filled + coming]
    household = np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)
    people = len(household)
    start = np.searchsorted(household, household)
    place = np.arange(people) - start
    head = np.clip(
        np.where(dice.random(people) < 0.33, dice.normal(68, 9, people), dice.normal(42, 10, people)), 21, 97
    )
    head_age, head_male = head[start], (dice.random(people) < 0.62)[start]
    child = np.minimum(head_age - dice.normal(28, 4, people), 70)
    child = np.where(child < 1, dice.uniform(1, 8, people), child)  # the head is a young one
    parent = np.clip(head_age + dice.normal(26, 3, people), 45, 99)
    spouse = np.clip(head_age + dice.normal(-1, 2.5, people), 20, 98)
    third_is_parent = (place == 2) & (head_age < 58) & (dice.random(people) < 0.12)
    older = third_is_parent | ((place == 4) & (head_age < 60)) | ((place == 3) & (dice.random(people) < 0.25))
    age = np.select([place == 0, place == 1, older & (head_age < 65)], [head_age, spouse, parent], child)
    male = np.select([place == 0, place == 1], [head_male, ~head_male], dice.random(people) < 0.505)
    return pd.DataFrame({"household": household, "place": place.astype(np.int8), "male": male, "age": age})


def _births(plan: Plan, dice: np.random.Generator, age: np.ndarray) -> np.ndarray:
    days = (age * 365.25).astype(int) + dice.integers(0, 300, len(age))
    born, newest = np.datetime64(plan.end, "D") - days, np.datetime64(plan.start, "D") - 90
    return np.where(born > newest, newest - dice.integers(0, 1500, len(age)), born).astype("datetime64[s]")


def _newborns(plan: Plan, dice: np.random.Generator, people: pd.DataFrame) -> pd.DataFrame:
    """Children born within the days to women of 21 to 41 who head a household or are its head's wife."""
    able = ~people["male"] & (people["place"] <= 1) & people["age"].between(21, 41) & ~people["comes"]
    mothers = np.flatnonzero(able)
    count = min(round(plan.residents * BIRTHS / 1000 * plan.days / 365), len(mothers))
    mothers = dice.choice(mothers, size=count, replace=False)
    chance = BIRTH_SEASON.factors(days_between(plan.start, plan.end))
    day = dice.choice(plan.days, size=count, p=chance / chance.sum())
    return pd.DataFrame({
        "household": people["household"].to_numpy()[mothers], "place": np.int8(9), "male": dice.random(count) < 0.52,
        "age": 0.0, "birth": (np.datetime64(plan.start) + day).astype("datetime64[s]"), "comes": True,
    })  # fmt: skip


def _id_bodies(dice: np.random.Generator, people: pd.DataFrame) -> np.ndarray:
    """The 17 digits before the check digit, all distinct: within a birthday and sex the sequence counts up in steps
    that keep its parity."""
    region = dice.choice(REGIONS, size=len(people), p=[0.86, 0.09, 0.05])
    born = people["birth"].dt
    birth = (born.year * 10_000 + born.month * 100 + born.day).to_numpy().astype(np.int64)
    within = people.groupby([people["birth"], people["male"]]).cumcount().to_numpy()
    sequence = (2 * (birth * 7 % 89 + 3 * within) + people["male"].to_numpy()) % 1000
    return (region.astype(np.int64) * 100_000_000 + birth) * 1000 + sequence


def _name(dice: np.random.Generator, people: pd.DataFrame) -> None:
    """Children bear the surname of their household's head; given names have one or two characters."""
    size, weights = len(people), 1 / (np.arange(len(SURNAMES)) + 6)
    drawn = dice.choice(len(SURNAMES), size=size, p=weights / weights.sum()).astype(np.int16)
    heads = np.flatnonzero(people["place"].to_numpy() == 0)  # one a household, in their order
    follows = (people["place"].to_numpy() >= 2) & (dice.random(size) < 0.8)
    people["surname"] = np.where(follows, drawn[heads[people["household"].to_numpy()]], drawn)
    male = people["male"].to_numpy()
    for part in ("first", "second"):
        girl = len(MALE) + dice.integers(0, len(FEMALE), size)
        people[part] = np.where(male, dice.integers(0, len(MALE), size), girl).astype(np.int16)
    people.loc[dice.random(size) < 0.18, "second"] = len(GIVEN) - 1


def _mobiles(dice: np.random.Generator, people: pd.DataFrame) -> np.ndarray:
    """Distinct numbers: the tails walk through all eight-digit ones in long steps."""
    size = len(people)
    tail = (np.arange(size, dtype=np.int64) * 48_271_009 + int(dice.integers(89_999_999))) % 89_999_999 + 10_000_000
    mobile = dice.choice(MOBILE_HEADS, size).astype(np.int64) * 100_000_000 + tail
    return np.where(people["age"].to_numpy() < 14, 0, mobile)


def _registered(plan: Plan, dice: np.random.Generator, people: pd.DataFrame, born: np.ndarray) -> np.ndarray:
    """Registered some time after birth and before the first day; newborn within a month."""
    until = np.datetime64(plan.start, "D") - 1
    late = (dice.random(len(people)) ** 2 * 0.95 * (until - born).astype(int)).astype(int)
    newborn = people["place"].to_numpy() == 9
    return (born + np.where(newborn, dice.integers(3, 30, len(people)), late)).astype("datetime64[s]")

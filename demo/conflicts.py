"""Where departments disagree about a person: a name that differs by one character, a sex that contradicts the ID."""

from __future__ import annotations

import numpy as np

from demo.city import City
from demo.life.lives import KINDS

NAMES, SEXES = 14, 6
PAIRS = (
    "丽莉英瑛芳方明铭华桦军君建健玉钰静婧伟玮峰锋志智国囯兰岚"
    "琴勤红虹珍贞荣蓉林琳辉晖杰洁萍苹宏洪云芸文雯佳嘉燕艳凤峰"
)  # two characters each that sound or look alike
ALIKE = [{PAIRS[at], PAIRS[at + 1]} for at in range(0, len(PAIRS), 2)]
OTHER_FEEDS = ["pension_payment", "benefit_payment", "employment"]
COLUMNS = ["resident_id", "attribute", "feed_a", "value_a", "feed_b", "value_b"]
REGISTER = "household_registration"


def disagree(city: City) -> list[dict[str, str]]:
    """Let one department hold something else about 20 people, in all of its rows; noise then leaves these alone.

    Returns truth/conflicts.csv: resident_id, attribute, feed_a, value_a (the register's), feed_b, value_b.
    """
    dice, conflicts = city.plan.dice("conflicts"), []
    for number, feed in enumerate(OTHER_FEEDS):
        wanted = (NAMES + number) // len(OTHER_FEEDS) * city.plan.copies
        for person, other in _misheard(city, dice.permutation(_told(city, feed)), wanted):
            city.people.misnamed.setdefault(feed, {})[person] = other
            conflicts.append(_row(city, person, "name", _name(city, person), feed, other))
    return conflicts + _sexes(city, dice)


def _told(city: City, feed: str) -> np.ndarray:
    """Living people of the register whom the feed tells of every month."""
    frame = city.lives.frame
    steady = {
        "pension_payment": (frame["pension"] > 0) & (frame["pension_from"] < np.datetime64(city.plan.start)),
        "benefit_payment": (frame["benefit"] >= 0) & (frame["benefit"] != KINDS.index("relief")),
        "employment": np.isin(np.arange(len(frame)), city.lives.jobs["person"]),
    }[feed]
    return np.flatnonzero(np.asarray(steady) & city.people.rooted & frame["died_on"].isna().to_numpy() & ~city.shielded)


def _misheard(city: City, persons: np.ndarray, wanted: int) -> list[tuple[int, str]]:
    """The first of the persons whose name can be mistaken, each with the mistaken name."""
    found: list[tuple[int, str]] = []
    for person in persons:
        if len(found) == wanted:
            break
        if not city.shielded[person] and (other := _alike(_name(city, int(person)))):
            city.shielded[person] = True
            found.append((int(person), other))
    return found


def _sexes(city: City, dice: np.random.Generator) -> list[dict[str, str]]:
    """The register's sex contradicts the 17th digit of the ID that everybody sends."""
    chosen = dice.permutation(_told(city, "pension_payment"))[: SEXES * city.plan.copies]
    city.false_sex, city.shielded[chosen] = chosen, True
    male = city.lives.frame["male"].to_numpy()
    return [_row(city, int(person), "sex", "女" if male[person] else "男", "pension_payment", "男" if male[person] else "女")
            for person in chosen]  # fmt: skip


def _alike(name: str) -> str:
    """The name with one given character replaced by one that sounds or looks alike, "" when none does."""
    for at, sign in enumerate(name[1:], 1):
        for pair in ALIKE:
            if sign in pair:
                return name[:at] + next(iter(pair - {sign})) + name[at + 1 :]
    return ""


def _name(city: City, person: int) -> str:
    return city.people.names(np.array([person]))[0].as_py()


def _row(city: City, person: int, attribute: str, value_a: str, feed_b: str, value_b: str) -> dict[str, str]:
    resident_id = city.people.ids(np.array([person]))[0].as_py()
    return {"resident_id": resident_id, "attribute": attribute, "feed_a": REGISTER, "value_a": value_a,
            "feed_b": feed_b, "value_b": value_b}  # fmt: skip

"""What residents say: the situations of complaints.yaml, each about a thing, told in many words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd
import yaml

from demo.names import SURNAMES
from demo.plan import Plan

FILE = Path(__file__).with_name("complaints.yaml")
SHOPS = 3  # around an estate
AGAIN_SHARE = 0.3  # of those who call once, as if they had called before: a turn of phrase tells nothing
T = TypeVar("T")
Pair = tuple[str, str]  # subject, text
Lots = Callable[[str], np.ndarray]
Words = dict[str, list[str]]


@dataclass(frozen=True)
class Situation:
    """thing: the slots that say which thing it is, besides the place."""

    name: str
    thing: tuple[str, ...]
    calls: tuple[Pair, ...]
    again: tuple[Pair, ...]
    letters: tuple[Pair, ...]


@dataclass(frozen=True)
class Bank:
    vocab: dict[str, list[str]]
    kinds: dict[str, tuple[Situation, ...]]


@dataclass(frozen=True)
class Complaint:
    """thing: what it is about, the same for all who tell of the same thing."""

    subject: str
    text: str
    thing: str


@cache
def bank() -> Bank:
    given = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    kinds = {
        kind: tuple(
            Situation(
                one["name"],
                tuple(slot for slot in one["thing"] if slot != "place"),
                *(tuple((subject, text) for subject, text in one[part]) for part in ("calls", "again", "letters")),
            )
            for one in situations
        )
        for kind, situations in given["kinds"].items()
    }
    return Bank(given["vocab"], kinds)


@dataclass(frozen=True)
class Neighbourhood:
    """What there is around each estate: estate -> slot -> the words that may fill it. Shops, roads, sites, schools and buses are its own."""

    words: dict[str, Words]

    def told(self, kinds: Sequence[str], places: Sequence[str], lots: Lots, letters: bool = False) -> list[Complaint]:
        """What so many people say, each about something at their place. lots: part -> (rows,) numbers in [0, 1)."""
        every = bank()
        which, phrase, again = lots("situation"), lots("phrase"), lots("again") < AGAIN_SHARE
        draws = {slot: lots(f"slot {slot}") for slot in every.vocab}
        said = []
        for row, (kind, place) in enumerate(zip(kinds, places, strict=True)):
            situation = _at(every.kinds[kind], which[row])
            form = _at(
                situation.letters if letters else situation.again if again[row] else situation.calls, phrase[row]
            )
            words = {slot: _at(local, draws[slot][row]) for slot, local in self.words[place].items()}
            said.append(_said(situation, form, place, words))
        return said

    def told_again(
        self, dice: np.random.Generator, kind: str, place: str, calls: int, letters: int
    ) -> tuple[str, list[Complaint], list[Complaint]]:  # fmt: skip
        """One thing told in so many calls and letters, no words twice: the situation's name, the calls, the letters."""
        situations = bank().kinds[kind]
        situation = situations[int(dice.integers(len(situations)))]
        first, later, written = (
            [some[i] for i in dice.permutation(len(some))]
            for some in (situation.calls, situation.again, situation.letters)
        )
        forms = [first[0], *later, *first[1:]]
        if calls > len(forms) or letters > len(written):
            raise ValueError(f"{situation.name} has no words for {calls} calls and {letters} letters")

        def words() -> dict[str, str]:
            return {slot: local[int(dice.integers(len(local)))] for slot, local in self.words[place].items()}

        thing = {slot: word for slot, word in words().items() if slot in situation.thing}
        heard, read = (
            [_said(situation, form, place, words() | thing) for form in some]
            for some in (forms[:calls], written[:letters])
        )
        return situation.name, heard, read


def neighbourhood(plan: Plan, buildings: pd.DataFrame) -> Neighbourhood:
    """buildings: of Homes. Estates of a grid share its roads, sites, schools and buses."""
    vocab, dice, found = bank().vocab, plan.dice("neighbourhood"), {}

    def some(slot: str, count: int) -> list[str]:
        return [vocab[slot][i] for i in dice.choice(len(vocab[slot]), count, replace=False)]

    for _, grid in buildings.groupby("grid", sort=True):
        shared = {
            "road": some("road", 3),
            "site": some("site", 1),
            "school": some("school", 1),
            "busline": some("busline", 2),
        }
        for estate, own in grid.groupby("estate", sort=True):
            shops = [f"{SURNAMES[int(dice.integers(len(SURNAMES)))]}记{shop}" for shop in some("shop", SHOPS)]
            own_words = {"shop": shops, "company": some("company", 2), "block": own["building"].tolist()}
            found[str(estate)] = vocab | shared | own_words
    return Neighbourhood(found)


def _said(situation: Situation, form: Pair, place: str, words: dict[str, str]) -> Complaint:
    subject, text = (line.format(place=place, **words) for line in form)
    return Complaint(subject, text, "|".join([place, situation.name, *(words[slot] for slot in situation.thing)]))


def _at(some: Sequence[T], lot: float) -> T:
    return some[min(int(lot * len(some)), len(some) - 1)]

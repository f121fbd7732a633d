"""What residents say: the situations of complaints.yaml, each about a thing, told in many words."""

from __future__ import annotations

import string
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeVar

import numpy as np
import yaml

FILE = Path(__file__).with_name("complaints.yaml")
AGAIN_SHARE = 0.3  # of those who call once, as if they had called before: a turn of phrase tells nothing
T = TypeVar("T")
Pair = tuple[str, str]  # subject, text
Lots = Callable[[str], np.ndarray]


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

    def words(self, dice: np.random.Generator) -> dict[str, str]:
        """A word for each slot but the place."""
        return {slot: words[int(dice.integers(len(words)))] for slot, words in self.vocab.items()}


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


def told(kinds: Sequence[str], places: Sequence[str], lots: Lots, letters: bool = False) -> tuple[list[str], list[str]]:
    """Subjects and texts of so many people, each about a thing of its own at its place. lots: part -> (rows,) numbers in [0, 1)."""
    every = bank()
    which, phrase, again = lots("situation"), lots("phrase"), lots("again") < AGAIN_SHARE
    draws = {slot: lots(f"slot {slot}") for slot in every.vocab}
    subjects, texts = [], []
    for row, (kind, place) in enumerate(zip(kinds, places, strict=True)):
        situation = _at(every.kinds[kind], which[row])
        told_so = situation.letters if letters else situation.again if again[row] else situation.calls
        words = {slot: _at(every.vocab[slot], draws[slot][row]) for slot in every.vocab}
        for form, lines in zip(_at(told_so, phrase[row]), (subjects, texts), strict=True):
            lines.append(form.format(place=place, **words))
    return subjects, texts


def told_again(
    dice: np.random.Generator, kind: str, place: str, calls: int, letters: int
) -> tuple[str, list[Pair], list[Pair]]:  # fmt: skip
    """One thing told in so many calls and letters, no words twice: the situation's name, the calls and the letters, filled."""
    every = bank()
    situation = every.kinds[kind][int(dice.integers(len(every.kinds[kind])))]
    thing = {slot: every.words(dice)[slot] for slot in situation.thing}
    first = [situation.calls[i] for i in dice.permutation(len(situation.calls))]
    later = [situation.again[i] for i in dice.permutation(len(situation.again))]
    forms = [first[0], *later, *first[1:]][:calls]
    if len(forms) < calls or letters > len(situation.letters):
        raise ValueError(f"{situation.name} has no words for {calls} calls and {letters} letters")
    written = [situation.letters[i] for i in dice.permutation(len(situation.letters))[:letters]]

    def filled(form: Pair) -> Pair:
        words = {"place": place, **every.words(dice), **thing}
        return form[0].format(**words), form[1].format(**words)

    return situation.name, [filled(form) for form in forms], [filled(form) for form in written]


def slots_of(form: str) -> set[str]:
    return {field for _, field, _, _ in string.Formatter().parse(form) if field}


def _at(some: Sequence[T], lot: float) -> T:
    return some[min(int(lot * len(some)), len(some) - 1)]

"""How likely a character is in a text of each writing system, by the national standards' own order of frequency.

GB 2312 puts its 3,755 common characters in rows 16-55 and the rarer ones behind, Big5 its 5,401 frequent ones in 0xA440-0xC67E,
JIS X 0208 its first level in rows 16-47, KS X 1001 its 2,350 syllables in rows 16-40: the division needs no corpus of anybody's.
A character is drawn as: which class, then any of the class alike. Shares of the classes are rounded from what such texts hold.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

FAULT = "\ufffd"  # bytes that are no character
FAULT_COST = math.log(1e-5)
UNKNOWN_COST = math.log(1e-4 / 100_000)  # any of the characters that no class holds
CONTROL_COST = math.log(1e-9)
PRINTABLE = 96
CONTROLS = "".join(chr(code) for code in (*range(0x20), 0x7F) if chr(code) not in "\t\n\r")
BESIDE = re.compile(r"[A-Za-z](?=[^\x00-\x7f])|(?<=[^\x00-\x7f])[A-Za-z]")


@dataclass(frozen=True)
class Counted:
    """A text by what its likelihood depends on. beside: how often a letter of ASCII stands beside a character outside it."""

    ascii: int
    controls: int
    beside: int
    foreign: Mapping[str, int]

    @property
    def faulty(self) -> bool:
        """Most of what is outside ASCII is no character."""
        return 2 * self.foreign.get(FAULT, 0) > sum(self.foreign.values())


def counted(text: str) -> Counted:
    characters = Counter(text)
    foreign = {character: times for character, times in characters.items() if not character.isascii()}
    controls = sum(characters[control] for control in CONTROLS)
    plain = characters.total() - sum(foreign.values()) - controls
    return Counted(plain, controls, len(BESIDE.findall(text)), foreign)


@dataclass(frozen=True)
class WritingSystem:
    """costs: character outside ASCII -> log of its probability. share: of such characters among all. mixed: probability of a letter of ASCII beside one."""

    name: str
    costs: Mapping[str, float]
    share: float
    mixed: float

    def log_likelihood(self, text: Counted) -> float:
        """Of a text, in nats."""
        known = self.costs
        foreign = sum(times * known.get(character, UNKNOWN_COST) for character, times in text.foreign.items())
        return (
            text.ascii * math.log((1 - self.share) / PRINTABLE)
            + text.controls * CONTROL_COST
            + text.beside * math.log(self.mixed)
            + sum(text.foreign.values()) * math.log(self.share)
            + foreign
        )


@cache
def writing_systems() -> dict[str, WritingSystem]:
    """By name: simplified, traditional, japanese (running text, and words without kana), korean, western, cyrillic, and any other in Unicode."""
    rest = [_others(), _unified()]
    kanji, rare_kanji = _rows("euc_jp", 16, 47), _rows("euc_jp", 48, 84)
    systems = [
        _system("simplified", [(.87, _gb2312(16, 55)), (.02, _gb2312(56, 87)), (.1, _punctuation()), (.003, _gb2312(1, 9)), *rest]),
        _system("traditional", [(.87, _big5(0xA4, 0xC6)), (.02, _big5(0xC9, 0xF9)), (.1, _punctuation()), (.003, _big5(0xA1, 0xA3)), *rest]),
        _system("japanese", [(.42, _span(0x3041, 0x3096)), (.2, _span(0x30A1, 0x30FC)), (.28, kanji), (.01, rare_kanji),
                             (.07, _punctuation()), (.01, _span(0xFF61, 0xFF9F)), *rest]),
        _system("japanese_words", [(.8, kanji), (.02, rare_kanji), (.1, _span(0x30A1, 0x30FC)), (.05, _span(0x3041, 0x3096)),
                                   (.02, _punctuation()), *rest]),
        _system("korean", [(.93, _rows("euc_kr", 16, 40)), (.005, _rows("euc_kr", 42, 93)), (.04, _punctuation()), (.003, _span(0xAC00, 0xD7A3)), *rest]),
        _system("western", [(.9, _span(0xC0, 0xFF)), (.1, [*_span(0xA1, 0xBF), *"€‚„…†‡‰‹‘’“”•–—™›Œœ"])], share=.04, mixed=.9),
        _system("cyrillic", [(.99, [*_span(0x410, 0x44F), "Ё", "ё"]), (.01, list("№«»—–“”„…"))], share=.8),
        _system("other", [(.99, _span(0x370, 0x1FFF)), _others()]),
    ]  # fmt: skip
    return {system.name: system for system in systems}


def _system(
    name: str, classes: list[tuple[float, Iterable[str]]], share: float = 0.5, mixed: float = 0.05
) -> WritingSystem:
    """A character of several classes is counted in the first."""
    costs = {FAULT: FAULT_COST, **dict.fromkeys(_span(0x80, 0x9F), CONTROL_COST)}
    for of_all, characters in classes:
        of_class = [character for character in dict.fromkeys(characters) if character not in costs]
        costs |= dict.fromkeys(of_class, math.log(of_all / len(of_class)))
    return WritingSystem(name, costs, share, mixed)


def _unified() -> tuple[float, list[str]]:
    """Chinese characters beyond a standard's own two levels: names hold them."""
    return 0.004, _span(0x4E00, 0x9FFF)


def _others() -> tuple[float, list[str]]:
    """What any text may hold a little of: accents, Greek, Cyrillic, arrows, numbers in circles, squares, kana, bopomofo, full-width forms."""
    spans = ((0xA0, 0x17F), (0x391, 0x451), (0x2010, 0x2642), (0x3000, 0x33FF), (0xFF01, 0xFFEE))
    return 0.002, [character for low, high in spans for character in _span(low, high)]


def _punctuation() -> list[str]:
    return list(
        "、。·ˉ—~‖…‘’“”〔〕〈〉《》「」『』〖〗【】±×÷∶℃￥￠￡％№①②③④⑤⑥⑦⑧⑨⑩ⅠⅡⅢⅣ　!()+,-./0123456789:;<=>?[]_ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    )


def _span(low: int, high: int) -> list[str]:
    return [chr(code) for code in range(low, high + 1)]


def _gb2312(first: int, last: int) -> list[str]:
    return _rows("gb2312", first, last)


def _rows(encoding: str, first: int, last: int) -> list[str]:
    """Characters of the rows of a 94 × 94 national standard, which its EUC form writes as two bytes from 0xA1."""
    return _decodable(encoding, ((row + 0xA0, cell) for row in range(first, last + 1) for cell in range(0xA1, 0xFF)))


def _big5(first: int, last: int) -> list[str]:
    trails = (*range(0x40, 0x7F), *range(0xA1, 0xFF))
    return _decodable(
        "cp950",
        (
            (lead, trail)
            for lead in range(first, last + 1)
            for trail in trails
            if (lead, trail) <= (0xC6, 0x7E) or lead > 0xC6
        ),
    )


def _decodable(encoding: str, pairs: Iterable[tuple[int, int]]) -> list[str]:
    decoded = (bytes(pair).decode(encoding, errors="ignore") for pair in pairs)
    return [text for text in decoded if len(text) == 1]

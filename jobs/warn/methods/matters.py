"""The same matter again: petitions linked by what they say, where and when; the matter counts, not who brings it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Level = Literal["", "yellow", "orange"]

SHINGLE = 2  # characters, the usual in Chinese: a name of four shares three of them however the words around it run
MOST_TEXTS = 400  # a shingle in more texts than these tells nothing, and would make the comparison quadratic
RARE_ENOUGH = 20  # one in fewer texts weighs no more than one in so many: names, not slips of the pen, make texts alike
LEAST_LENGTH = 1.5  # of a text, in weights of a rare pair: two pairs in common do not make two scraps alike
ALIKE_SUBJECT, ALIKE_TEXT = 0.50, 0.32  # cosines from which two subjects, two whole texts, are of one matter
ELSEWHERE = 2.8  # times as alike two petitions of different known places must be: the same text, sent to both
LINK_DAYS = 90
DECAY_DAYS, RECENT_DAYS, CROWD_DAYS = 30, 30, 14
REPEATS, REOPENINGS, PETITIONERS = 3, 2, 5
ROWS_AT_ONCE = 2000


@dataclass(frozen=True)
class Links:
    """(links,) later, earlier: positions of two texts of one matter; strength: how alike, in multiples of what is needed without places."""

    later: Ints
    earlier: Ints
    strength: Floats


@dataclass(frozen=True)
class Matters:
    """(matters,) as of today. matter: position of its first text; score: Σ w·exp(−days/30); recent: texts in 30 days.

    petitioners: distinct in 14 days; reopened: texts marked so, in all its time; climbed: whether in 30 days it reached a channel above
    all before; level: "", yellow (recent ≥ 3 or reopened ≥ 2) or orange (climbed or petitioners ≥ 5).
    """

    matter: Ints
    score: Floats
    recent: Ints
    petitioners: Ints
    reopened: Ints
    climbed: NDArray[np.bool_]
    level: list[Level]


def link_texts(subjects: Sequence[str], texts: Sequence[str], places: Sequence[str], days: Ints) -> Links:
    """Pairs of petitions of one matter, at most 90 days apart: alike in their subject lines or in their whole texts.

    subjects, texts: "" where there is none; places: "" where unknown; days: whole days. Alike is the cosine of character pairs weighed by
    rarity, .50 of subjects or .32 of texts; at different known places 2.8 times as much, a text copied. Cost grows with Σ over character
    pairs of the squared number of texts that hold them, of which none counts above 400: with the texts, not their square.
    Raises ValueError on arrays of different lengths.
    """
    if not len(subjects) == len(texts) == len(places) == len(days):
        raise ValueError("link_texts wants a subject, a text, a place and a day for each petition")
    strength = _strengths(_shingles(subjects), ALIKE_SUBJECT).maximum(_strengths(_shingles(texts), ALIKE_TEXT)).tocoo()
    one, other, strong = strength.row.astype(np.int64), strength.col.astype(np.int64), strength.data
    place = np.unique(np.asarray([*places, ""], dtype=str), return_inverse=True)[1]
    both, same = (place[one] != place[-1]) & (place[other] != place[-1]), place[one] == place[other]
    needed = np.where(both & ~same, ELSEWHERE, 1.0)
    fit = (strong >= needed) & (np.abs(days[one] - days[other]) <= LINK_DAYS)
    one, other = one[fit], other[fit]
    # The later one is the one filed later; of one day, the one further down. Rows are sorted, and `one` is further down than `other`.
    swapped = days[one] < days[other]
    return Links(np.where(swapped, other, one), np.where(swapped, one, other), strong[fit])


def matter_of(count: int, days: Ints, links: Links) -> Ints:
    """(texts,) the matter of each: that of the earlier text most like it, named by its first text's position.

    Each text joins once, looking back only: no later text moves it, and two matters never melt into one.
    """
    order = np.lexsort((links.earlier, -days[links.earlier], -links.strength, links.later))
    later, at = np.unique(links.later[order], return_index=True)
    best = np.arange(count)
    best[later] = links.earlier[order][at]
    matter = np.arange(count)
    for text in np.lexsort((np.arange(count), days)):
        matter[text] = matter[best[text]]
    return matter


def repeated_matters(
    matter: Ints, days: Ints, channels: Ints, petitioners: Sequence[str], today: int, *,
    reopened: NDArray[np.bool_] | None = None, weights: Floats | None = None,
) -> Matters:  # fmt: skip
    """How hot each matter is today. Texts filed after today are not looked at.

    matter, days, channels: (texts,); channels: the higher the further up (grid 0, community 1, town 2, city 3, province 4);
    petitioners: keys of the people, "" where unknown, which then counts as nobody; weights: w of each text, 1 by default.
    """
    known = np.flatnonzero(days <= today)
    named, group = np.unique(matter[known], return_inverse=True)
    ago = today - days[known]
    weighed = np.ones(len(known)) if weights is None else weights[known]
    score = np.bincount(group, weighed * np.exp(-ago / DECAY_DAYS), minlength=len(named))
    recent = np.bincount(group, ago < RECENT_DAYS, minlength=len(named)).astype(np.int64)
    again = np.zeros(len(named)) if reopened is None else np.bincount(group, reopened[known], minlength=len(named))
    crowd = {
        (g, who)
        for g, who, days_ago in zip(group.tolist(), (petitioners[int(i)] for i in known), ago, strict=True)
        if who and days_ago < CROWD_DAYS
    }
    people = (
        np.bincount([g for g, _ in crowd], minlength=len(named)).astype(np.int64) if crowd else np.zeros_like(recent)
    )
    climbed = np.zeros(len(named), dtype=bool)
    highest = np.full(len(named), np.iinfo(np.int64).max)
    for i in np.lexsort((channels[known], days[known])):
        g, channel = group[i], channels[known[i]]
        climbed[g] |= channel > highest[g] and ago[i] < RECENT_DAYS
        highest[g] = channel if highest[g] == np.iinfo(np.int64).max else max(highest[g], channel)
    yellow, orange = (recent >= REPEATS) | (again >= REOPENINGS), climbed | (people >= PETITIONERS)
    level: list[Level] = ["orange" if o else "yellow" if y else "" for y, o in zip(yellow, orange, strict=True)]
    return Matters(named, score.astype(np.float64), recent, people, again.astype(np.int64), climbed, level)


def _shingles(texts: Sequence[str]) -> sparse.csr_matrix:
    """(texts, shingles) weighed by rarity, rows of length 1 at most; shingles in one text only or in too many are left out."""
    cells = [np.unique([crc32(part.encode()) for part in _parts(text)]) for text in texts]
    owner = np.repeat(np.arange(len(texts)), [len(cell) for cell in cells])
    distinct, shingle = np.unique(np.concatenate([*cells, np.zeros(0)]), return_inverse=True)
    held = np.bincount(shingle, minlength=len(distinct))
    count = max(len(texts), 2 * RARE_ENOUGH)
    weight = np.log(count / np.maximum(held, RARE_ENOUGH))
    weight[(held < 2) | (held > MOST_TEXTS)] = 0
    length = np.sqrt(np.bincount(owner, weight[shingle] ** 2, minlength=len(texts)))
    kept = weight[shingle] > 0
    value = weight[shingle[kept]] / np.maximum(length[owner[kept]], LEAST_LENGTH * np.log(count / RARE_ENOUGH))
    return sparse.csr_matrix((value, (owner[kept], shingle[kept])), shape=(len(texts), len(distinct)))


def _parts(text: str) -> list[str]:
    plain = re.sub(r"\W+", "", unicodedata.normalize("NFKC", text).lower())
    return [plain[at : at + SHINGLE] for at in range(max(1, len(plain) - SHINGLE + 1))] if plain else []


def _strengths(shingles: sparse.csr_matrix, alike: float) -> sparse.csr_matrix:
    """(texts, texts) below the diagonal: cosine / alike where that may be enough; some rows at a time, to keep memory flat."""
    columns, count = shingles.T.tocsr(), shingles.shape[0]
    found = [sparse.coo_matrix((0, count))]
    for first in range(0, count, ROWS_AT_ONCE):
        products = (shingles[first : first + ROWS_AT_ONCE] @ columns).tocoo()
        near = (products.data >= alike) & (products.row + first > products.col)
        shape = (min(ROWS_AT_ONCE, count - first), count)
        found.append(
            sparse.coo_matrix((products.data[near] / alike, (products.row[near], products.col[near])), shape=shape)
        )
    return sparse.vstack(found).tocsr()

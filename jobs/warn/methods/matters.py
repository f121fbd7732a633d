"""The same matter again: reports linked by what they say, where and when; the matter counts, not who brings it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from scipy import sparse, special

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Level = Literal["", "yellow", "orange"]

SHINGLE = 2  # characters, the usual in Chinese: a name of four shares three of them however the words around it run
RARE_ENOUGH = 20  # one in fewer texts weighs no more than one in so many: names, not slips of the pen, make texts alike
LEAST_LENGTH = 1.5  # of a text, in weights of a rare pair: two pairs in common do not make two scraps alike
LINK_DAYS = 90
NOT_UNLIKE = 0.5  # share of strangers as alike that one crowd's texts may have: their time and place say the rest
ONE_VOICE = 0.05  # of pairs of texts of one person about one spot and sort that may be linked in error
CROWDS_BY_CHANCE = 0.1  # crowds that are none, over all spots, sorts and fortnights looked at
BY_CHANCE = 0.003  # texts as alike and as near in time that chance alone may bring
BY_CHANCE_AT_LARGE = 0.0002  # where no spot is named: texts of one district share its names, which strangers' do not
STRANGERS = 400_000  # pairs of texts of different places, of all sorts together, that show how alike strangers are
FEW_STRANGERS = 300  # of one sort: then those of all sorts speak for it
TAIL, FEW_IN_TAIL = 1e-3, 20  # of strangers, beyond which their distribution is an exponential's; too few to say
DECAY_DAYS, RECENT_DAYS, CROWD_DAYS = 30, 30, 14
VOTERS = 5  # texts most like one without a sort
REPEATS, REOPENINGS, PETITIONERS = 3, 2, 5
ROWS_AT_ONCE = 2000
PAIRS_AT_ONCE = 200_000


@dataclass(frozen=True)
class Links:
    """(links,) later, earlier: positions of two texts of one matter; chance: how many as alike and as near in time come by chance."""

    later: Ints
    earlier: Ints
    chance: Floats


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


@dataclass(frozen=True)
class _Texts:
    """(texts,) numbers instead of names, -1 where unknown; the texts as shingles."""

    subjects: sparse.csr_matrix
    wholes: sparse.csr_matrix
    place: Ints
    day: Ints
    sort: Ints
    spot: Ints
    voice: Ints

    def alike(self, one: Ints, other: Ints) -> Floats:
        """(2, pairs) cosines of their subjects and of their whole texts."""
        return np.array([
            np.concatenate([
                np.asarray(rows[one[at : at + ROWS_AT_ONCE]].multiply(rows[other[at : at + ROWS_AT_ONCE]]).sum(axis=1)).ravel()
                for at in range(0, len(one), ROWS_AT_ONCE)
            ]) if len(one) else np.zeros(0)
            for rows in (self.subjects, self.wholes)
        ])  # fmt: skip


def link_texts(
    subjects: Sequence[str], texts: Sequence[str], places: Sequence[str], days: Ints, *,
    sorts: Sequence[str] | None = None, spots: Sequence[str] | None = None, voices: Sequence[str] | None = None, seed: int = 0,
) -> Links:  # fmt: skip
    """Pairs of one matter, at most 90 days apart: of one place, and more alike than strangers' texts on the same sort of thing ever are.

    subjects, texts: "" where there is none; places, spots (of a place), voices (who speaks): "" where unknown; days: whole days; sorts: kinds
    of matter, all one when None. Texts of two sorts, or that name two different spots, are of two matters. Two texts are alike by the cosine
    of their character pairs, weighed by rarity, of their subjects or of subject and text together; leave out of them the names of places that
    `places` and `spots` tell. How alike strangers are is measured on this very corpus, on pairs of one sort and of different known places: p is
    the share of them at least as alike. A pair is linked when p, times the texts of its sort about its place (or of its voice) that chance
    brings between the two, is at most .003, .0002 where neither both name the spot nor one voice speaks; when one voice speaks of one spot and
    p is small enough (`_least_alike_of_one_voice`); or when both are of one crowd (`_crowds`) and p is at most .5.
    Cost grows with the texts times those of their place and sort in 90 days. Raises ValueError on arrays of different lengths.
    """
    if not len(subjects) == len(texts) == len(places) == len(days):
        raise ValueError("link_texts wants a subject, a text, a place and a day for each report")
    count = len(days)
    wholes = [f"{subject} {text}" for subject, text in zip(subjects, texts, strict=True)]
    known = _Texts(
        _shingles(subjects), _shingles(wholes), _numbers(places), np.asarray(days, dtype=np.int64),
        _numbers(sorts or ["all"] * count), _numbers(spots or [""] * count), _numbers(voices or [""] * count),
    )  # fmt: skip
    usual = _usual(known, wholes, seed)
    found = [_linked(known, usual, later, earlier) for later, earlier in _batches(_candidates(known))]
    none = np.zeros(0, dtype=np.int64)
    return Links(
        np.concatenate([none, *(links.later for links in found)]),
        np.concatenate([none, *(links.earlier for links in found)]),
        np.concatenate([none.astype(np.float64), *(links.chance for links in found)]),
    )


def sorts_like(subjects: Sequence[str], texts: Sequence[str], sorts: Sequence[str]) -> list[str]:
    """(texts,) each text's sort; of one that has none, "", that of the five texts most like it, weighed by their likeness; "" where none is."""
    told = np.array([bool(sort) for sort in sorts], dtype=bool)
    if told.all() or not told.any():
        return list(sorts)
    shingles = _shingles([f"{subject} {text}" for subject, text in zip(subjects, texts, strict=True)])
    named = np.asarray(sorts)[told]
    found, columns = list(sorts), shingles[told].T.tocsr()
    for row in np.flatnonzero(~told):
        alike = (shingles[row] @ columns).tocoo()
        best = np.argsort(-alike.data, kind="stable")[:VOTERS]
        votes: dict[str, float] = {}
        for sort, weight in zip(named[alike.col[best]], alike.data[best], strict=True):
            votes[str(sort)] = votes.get(str(sort), 0.0) + float(weight)
        found[row] = max(sorted(votes), key=lambda sort: votes[sort]) if votes else ""
    return found


def matter_of(count: int, days: Ints, links: Links) -> Ints:
    """(texts,) the matter of each: that of the earlier text least likely to be like it by chance, named by its first text's position.

    Each text joins once, looking back only: no later text moves it, and two matters never melt into one.
    """
    order = np.lexsort((links.earlier, -days[links.earlier], links.chance, links.later))
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


def _candidates(known: _Texts) -> Iterator[tuple[Ints, Ints]]:
    """(later, earlier) of texts of one sort within 90 days: those of each place, some rows at a time; and those whose place nobody knows with all."""
    order = np.lexsort((np.arange(len(known.day)), known.day, known.sort, known.place))
    place, sort = known.place[order], known.sort[order]
    edges = np.flatnonzero(np.r_[True, (place[1:] != place[:-1]) | (sort[1:] != sort[:-1])]) if len(order) else []
    for begin, end in zip(edges, np.r_[edges[1:], len(order)], strict=True) if len(order) else ():
        if place[begin] >= 0:
            yield from _within(known, order[begin:end], order[begin:end])
    for sort_no in np.unique(known.sort[known.place < 0]):
        of_sort = order[sort == sort_no]
        of_sort = of_sort[np.lexsort((of_sort, known.day[of_sort]))]
        yield from _within(known, of_sort[known.place[of_sort] < 0], of_sort)


def _within(known: _Texts, some: Ints, others: Ints) -> Iterator[tuple[Ints, Ints]]:
    """Every pair of one of some and one of the others within 90 days, once, the one that was filed later first. Both are in order of days."""
    for at in range(0, len(some), ROWS_AT_ONCE):
        rows = some[at : at + ROWS_AT_ONCE]
        low = np.searchsorted(known.day[others], known.day[rows] - LINK_DAYS, "left")
        high = np.searchsorted(known.day[others], known.day[rows] + (LINK_DAYS if some is not others else 0), "right")
        one = np.repeat(rows, high - low)
        start = np.repeat(low - np.r_[0, (high - low).cumsum()[:-1]], high - low)
        other = others[np.arange(len(one)) + start]
        day, before = known.day[one], known.day[other]
        first = (before < day) | ((before == day) & (other < one))
        if some is others:
            yield one[first], other[first]
        else:  # two texts without a place are met from both sides: once is enough
            twice = (known.place[other] < 0) & ~first
            differ = (one != other) & ~twice
            one, other, first = one[differ], other[differ], first[differ]
            yield np.where(first, one, other), np.where(first, other, one)


def _batches(pairs: Iterator[tuple[Ints, Ints]]) -> Iterator[tuple[Ints, Ints]]:
    """The same pairs, many together: a place has few, and each look into the texts has its price."""
    later: list[Ints] = []
    earlier: list[Ints] = []
    held = 0
    for one, other in pairs:
        later.append(one)
        earlier.append(other)
        held += len(one)
        if held >= PAIRS_AT_ONCE:
            yield np.concatenate(later), np.concatenate(earlier)
            later, earlier, held = [], [], 0
    if later:
        yield np.concatenate(later), np.concatenate(earlier)


@dataclass(frozen=True)
class _Tail:
    """How alike strangers are. null: ascending; beyond edge, its last thousandth, the exponential tail of scale (Pickands 1975), where there are
    enough to say."""

    null: Floats
    edge: float
    scale: float

    def reached(self, seen: Floats) -> Floats:
        """(pairs,) share of strangers at or above what was seen."""
        share = (1 + len(self.null) - np.searchsorted(self.null, seen - 1e-9, "left")) / (1 + len(self.null))
        beyond = TAIL * np.exp(-np.maximum(seen - self.edge, 0) / self.scale) if self.scale else share
        return np.where((seen > self.edge) & bool(self.scale), beyond, share)


@dataclass(frozen=True)
class _Usual:
    """What chance brings. strangers: sort -> of their subjects, of their whole texts; -1: of all sorts, for one that has too few.

    in_city, at_place, at_spot, of_voice: (texts,) texts a day of each one's sort: of the city, about its place, its spot, by its voice;
    crowd: (texts,) as `_crowds`; one_voice: as `_least_alike_of_one_voice`.
    """

    strangers: dict[int, tuple[_Tail, _Tail]]
    in_city: Floats
    at_place: Floats
    at_spot: Floats
    of_voice: Floats
    crowd: Ints
    one_voice: float

    def p(self, sort: int, alike: Floats) -> Floats:
        """(pairs,) share of strangers at least as alike, in their subjects or in their whole texts, twice the smaller. alike: (2, pairs)."""
        subjects, wholes = self.strangers.get(sort, self.strangers[-1])
        return np.minimum(1.0, 2 * np.minimum(subjects.reached(alike[0]), wholes.reached(alike[1])))


def _usual(known: _Texts, wholes: Sequence[str], seed: int) -> _Usual:
    a_day = len(known.day) * _share(known.sort) / _span(known)
    place, spot, voice = (a_day * _share(number) for number in (known.place, known.spot, known.voice))
    return _Usual(
        _strangers(known, wholes, seed), a_day, place, spot, voice, _crowds(known), _least_alike_of_one_voice(known)
    )


def _linked(known: _Texts, usual: _Usual, later: Ints, earlier: Ints) -> Links:
    """The pairs that are more alike, and nearer in time, than chance explains."""
    one_spot, one_place, one_voice = (
        (number[later] == number[earlier]) & (number[later] >= 0) for number in (known.spot, known.place, known.voice)
    )
    fit = one_spot | (known.spot[later] < 0) | (known.spot[earlier] < 0)
    later, earlier, one_spot, one_place, one_voice = (
        some[fit] for some in (later, earlier, one_spot, one_place, one_voice)
    )
    alike, p = known.alike(later, earlier), np.ones(len(later))
    for sort in np.unique(known.sort[later]):
        mine = known.sort[later] == sort
        p[mine] = usual.p(int(sort), alike[:, mine])
    a_day = np.where(one_spot, usual.at_spot[later], np.where(one_place, usual.at_place[later], usual.in_city[later]))
    a_day = np.where(one_voice, np.minimum(a_day, usual.of_voice[later]), a_day)
    chance = p * a_day * (known.day[later] - known.day[earlier] + 1)
    linked = chance <= np.where(one_spot | one_voice, BY_CHANCE, BY_CHANCE_AT_LARGE)
    linked |= one_voice & one_spot & (p <= usual.one_voice)
    linked |= (usual.crowd[later] >= 0) & (usual.crowd[later] == usual.crowd[earlier]) & (p <= NOT_UNLIKE)
    return Links(later[linked], earlier[linked], chance[linked])


def _least_alike_of_one_voice(known: _Texts) -> float:
    """The largest p at which two texts of one voice, spot and sort are of one matter: wrong in one of twenty such pairs.

    One who speaks twice of a spot does so of one sort of thing more often than the sorts' shares imply, since many come back about the
    same: the more often, the less their words must say. Where all is of one sort, it is .05.
    """
    asked = (known.voice >= 0) & (known.spot >= 0) & (known.sort >= 0)
    share = np.bincount(known.sort[asked]) / max(1, asked.sum())
    pairs, alike = (
        _pairs(*(of[asked] for of in some))
        for some in ((known.voice, known.spot), (known.voice, known.spot, known.sort))
    )
    by_chance = pairs * float((share**2).sum())
    return min(NOT_UNLIKE, ONE_VOICE * max(1.0, alike / by_chance)) if by_chance else ONE_VOICE


def _pairs(*of: Ints) -> int:
    """How many pairs of texts are the same in all."""
    count = np.unique(np.column_stack(of), axis=0, return_counts=True)[1]
    return int((count * (count - 1) // 2).sum())


def _crowds(known: _Texts) -> Ints:
    """(texts,) the crowd each is in, -1 for none: so many texts of one spot and sort in 14 days as no spot of the city has by chance.

    By the Poisson tail of what the sort's and the spot's shares lead to expect, for all spots, sorts and fortnights together.
    """
    crowd = np.full(len(known.day), -1, dtype=np.int64)
    order = np.lexsort((known.day, known.sort, known.spot))
    order = order[known.spot[order] >= 0]
    if not len(order):
        return crowd
    spot, sort, span = known.spot[order], known.sort[order], _span(known)
    group = np.cumsum(np.r_[True, (np.diff(spot) != 0) | (np.diff(sort) != 0)])
    at = group * (span + 2 * CROWD_DAYS) + known.day[order] - known.day.min()
    first = np.searchsorted(at, at - CROWD_DAYS + 1)
    seen = np.arange(len(at)) - first + 1
    usual = len(known.day) * (_share(known.sort) * _share(known.spot))[order] * CROWD_DAYS / span
    tests = len(np.unique(spot)) * len(np.unique(sort)) * max(1.0, span / CROWD_DAYS)
    full = np.flatnonzero((special.gammainc(seen, usual) * tests <= CROWDS_BY_CHANCE) & (seen >= REPEATS))
    for end in full:
        crowd[order[first[end] : end + 1]] = group[end]
    return crowd


def _span(known: _Texts) -> int:
    """Days from the first text to the last, at least one."""
    return int(np.ptp(known.day)) + 1 if len(known.day) else 1


def _share(number: Ints) -> Floats:
    """(texts,) the share of all texts that have each one's number."""
    share: Floats = np.bincount(number + 1) / max(1, len(number))
    return share[number + 1]


def _strangers(known: _Texts, wholes: Sequence[str], seed: int) -> dict[int, tuple[_Tail, _Tail]]:
    """How alike texts of one sort and of different known places are."""
    dice = np.random.default_rng(seed)
    marks = np.array([crc32(text.encode()) for text in wholes], dtype=np.int64)
    placed = np.lexsort((known.day, marks))  # so that the draw does not hang on the order of rows
    placed = placed[known.place[placed] >= 0]
    sorts, every = np.unique(known.sort[placed]), dict[int, Floats]()
    for sort in sorts:
        mine = placed[known.sort[placed] == sort]
        one, other = dice.choice(mine, (2, STRANGERS // len(sorts)))
        apart = known.place[one] != known.place[other]
        if apart.sum() >= FEW_STRANGERS:
            every[int(sort)] = known.alike(one[apart], other[apart])
    every[-1] = np.concatenate(list(every.values()), axis=1) if every else np.full((2, 1), 1.0)
    return {sort: (_tail(null[0]), _tail(null[1])) for sort, null in every.items()}


def _tail(null: Floats) -> _Tail:
    null = np.sort(null)
    edge = float(null[max(0, int(len(null) * (1 - TAIL)))])
    excess = null[null > edge] - edge
    # of the median: a few strangers who do tell of one thing must not stretch it
    return _Tail(null, edge, float(np.median(excess) / np.log(2)) if len(excess) >= FEW_IN_TAIL else 0.0)


def _numbers(names: Sequence[str]) -> Ints:
    """(texts,) each name's number, -1 for none."""
    distinct, number = np.unique(np.asarray(names, dtype=str), return_inverse=True)
    return (
        np.where(np.asarray(names, dtype=str) == "", -1, number).astype(np.int64)
        if len(distinct)
        else number.astype(np.int64)
    )


def _shingles(texts: Sequence[str]) -> sparse.csr_matrix:
    """(texts, shingles) weighed by rarity, rows of length 1 at most; shingles in one text only are left out."""
    cells = [np.unique([crc32(part.encode()) for part in _parts(text)]) for text in texts]
    owner = np.repeat(np.arange(len(texts)), [len(cell) for cell in cells])
    distinct, shingle = np.unique(np.concatenate([*cells, np.zeros(0)]), return_inverse=True)
    held = np.bincount(shingle, minlength=len(distinct))
    count = max(len(texts), 2 * RARE_ENOUGH)
    weight = np.log(count / np.maximum(held, RARE_ENOUGH))
    weight[held < 2] = 0
    length = np.sqrt(np.bincount(owner, weight[shingle] ** 2, minlength=len(texts)))
    kept = weight[shingle] > 0
    value = weight[shingle[kept]] / np.maximum(length[owner[kept]], LEAST_LENGTH * np.log(count / RARE_ENOUGH))
    return sparse.csr_matrix((value, (owner[kept], shingle[kept])), shape=(len(texts), len(distinct)))


def _parts(text: str) -> list[str]:
    plain = re.sub(r"\W+", "", unicodedata.normalize("NFKC", text).lower())
    return [plain[at : at + SHINGLE] for at in range(max(1, len(plain) - SHINGLE + 1))] if plain else []

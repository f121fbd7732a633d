"""A stream of happenings: how often by grid and kind, when, and what is planted on top; kept as a few numbers a row."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from demo.clock import Rhythm, days_between, moments
from demo.grids import points_in
from demo.people import People
from demo.periods import Period
from demo.plan import Plan
from demo.planted.event import Event
from demo.text import Text, numbered, picked, where

EXTRA = {"grid": np.int32, "kind": np.int16, "at": "datetime64[s]", "event": np.int32, "lon": float, "lat": float}


@dataclass(frozen=True)
class Sort:
    """One kind of happening: its share of the stream, its rhythm, and what is told of it, where that is one of a few lines."""

    share: float
    rhythm: Rhythm
    says: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Recipe:
    """A stream before it happens. weekly: events a normal week at 20,000 residents; sorts by code."""

    name: str
    weekly: float
    sorts: dict[str, Sort]

    @property
    def codes(self) -> list[str]:
        return list(self.sorts)


@dataclass(frozen=True)
class Stream:
    """Happenings in order of time: grid (row in the grids), kind (place in the recipe), at (datetime64[s]), event (the
    planted one it belongs to, -1 none), number (within its day, from 1). extra: the planted happenings' own places and
    words by row."""

    plan: Plan
    recipe: Recipe
    grid: np.ndarray
    kind: np.ndarray
    at: np.ndarray
    event: np.ndarray
    number: np.ndarray
    extra: pd.DataFrame

    def lots(self, part: str, rows: np.ndarray) -> np.ndarray:
        return self.plan.lots(f"{self.recipe.name} {part}", rows)

    def numbers(self, prefix: str, rows: np.ndarray, width: int = 12) -> Text:
        """JQ260301000042: the day, and the number counted within it, `width` digits in all."""
        day = self.at[rows].astype("datetime64[D]")
        year, month = day.astype("datetime64[Y]"), day.astype("datetime64[M]")
        date = (year.astype(int) + 1970) % 100 * 10_000 + (month - year).astype(int) * 100 + 100
        date += (day - month).astype(int) + 1
        return numbered(prefix, date * 10 ** (width - 6) + self.number[rows], width)

    def note_keys(self, events: list[Event], prefix: str, width: int = 12) -> None:
        """Write into each planted event which rows as sent are its own."""
        rows = np.flatnonzero(self.event >= 0)
        for event, key in zip(self.event[rows], self.numbers(prefix, rows, width).to_pylist(), strict=True):
            events[event].keys.append(key)

    def near(self, windows: list[tuple[int, int, np.datetime64, np.datetime64]], rows: np.ndarray) -> np.ndarray:
        """Which rows lie in the grid, kind and days of something planted."""
        inside = self.event[rows] >= 0
        for grid, kind, start, end in windows:
            within = (self.at[rows] >= start) & (self.at[rows] < end + np.timedelta64(1, "D"))
            inside |= within & (self.grid[rows] == grid) & (self.kind[rows] == kind)
        return inside

    def told_in(self, period: Period, closed: np.ndarray) -> np.ndarray:
        """Rows that a file of changes tells: what happened in the period, and what closed in it of what came before."""
        new = period.slice_of(self.at)
        return np.concatenate([np.flatnonzero(period.holds(closed[: new.start])), np.arange(new.start, new.stop)])

    def closed(self, days: float, never: float = 0.03, allowed: np.ndarray | float | None = None) -> np.ndarray:
        """When each is closed (datetime64[s], NaT never): after so many days on average, to the minute.

        allowed: days to its deadline (of each), which is kept where nothing is planted.
        """
        rows = np.arange(len(self.at))
        minutes = np.clip(-np.log1p(-self.lots("closing", rows)) * days, 0.03, days * 8) * 1440
        left = self.lots("left open", rows) < never
        if allowed is not None and self.plan.quiet:
            limit = np.broadcast_to(allowed, len(rows)) * 1440.0
            late = left | (minutes >= limit)
            minutes, left = (
                np.where(late, limit * (0.3 + 0.6 * self.lots("in time", rows)), minutes),
                np.zeros(len(rows), bool),
            )
        at = self.at.astype("datetime64[m]") + minutes.astype("timedelta64[m]")
        return np.where(left, np.datetime64("NaT", "s"), at.astype("datetime64[s]"))

    def own(self, column: str, rows: np.ndarray, usual: Text) -> Text:
        """The column as planted where a row has its own, else the usual."""
        planted = np.flatnonzero(self.event[rows] >= 0)
        if column not in self.extra or not len(planted):
            return usual
        told = self.extra.reindex(rows[planted])[column]
        has = told.notna().to_numpy()
        mask = np.zeros(len(rows), bool)
        mask[planted[has]] = True
        return pc.replace_with_mask(usual, pa.array(mask), pa.array(told[has].astype(str).tolist(), pa.string()))

    def words(self, table: dict[str, tuple[str, ...]], rows: np.ndarray) -> Text:
        """The word an officer picks for each row's kind, and now and then another that some offices write."""
        usual, rare = ([words[at] for words in map(table.__getitem__, self.recipe.codes)] for at in (0, -1))
        return where(self.lots("word", rows) < 0.12, picked(rare, self.kind[rows]), picked(usual, self.kind[rows]))

    def says(self, rows: np.ndarray) -> Text:
        """A line of text each, out of those that are told of its kind; a planted one tells its own."""
        lists = [sort.says for sort in self.recipe.sorts.values()]
        first = np.cumsum([0, *map(len, lists)])[:-1]
        sizes = np.array(list(map(len, lists)))[self.kind[rows]]
        pick = first[self.kind[rows]] + (self.lots("text", rows) * sizes).astype(int)
        return self.own("says", rows, picked([line for lines in lists for line in lines], pick))

    def places(self, grids: pd.DataFrame, rows: np.ndarray) -> np.ndarray:
        """(rows, 2) longitude and latitude: anywhere in the grid, or where it was planted."""
        a, b, c = (self.lots(f"place {n}", rows) for n in "abc")
        places = points_in(grids, self.grid[rows], (a, b, c))
        planted = np.flatnonzero(self.event[rows] >= 0)
        own = self.extra.reindex(rows[planted])[["lon", "lat"]].to_numpy(float)
        places[planted] = np.where(np.isnan(own), places[planted], own)
        return places

    def callers(self, people: People, rows: np.ndarray) -> np.ndarray:
        """A person with a mobile for each row."""
        persons = people.callers[(self.lots("caller", rows) * len(people.callers)).astype(int)]
        if "person" in self.extra:
            own = self.extra["person"].dropna().reindex(rows)
            persons = np.where(own.notna(), own.fillna(0), persons).astype(int)
        return persons


def weekly_rates(plan: Plan, recipe: Recipe, grids: pd.DataFrame) -> pd.DataFrame:
    """Events a normal week: one row a grid, one column a kind."""
    dice = plan.dice(f"{recipe.name} rates")
    busy = dice.lognormal(0, 0.42, len(grids))
    leaning = dice.lognormal(0, 0.25, (len(grids), len(recipe.sorts)))
    rates = busy[:, None] * leaning * [sort.share for sort in recipe.sorts.values()]
    return pd.DataFrame(rates / rates.sum() * recipe.weekly * plan.scale, columns=recipe.codes)


def happen(plan: Plan, recipe: Recipe, rates: pd.DataFrame, planted: pd.DataFrame) -> Stream:
    """Everything that happens within the days, the planted (columns of EXTRA and more) among the ordinary."""
    dice, days = plan.dice(recipe.name), days_between(plan.start, plan.end)
    weather = dice.lognormal(0, 0.08, len(days))
    parts = [_ordinary(dice, sort, code, weather * sort.rhythm.factors(days), rates.iloc[:, code].to_numpy())
             for code, sort in enumerate(recipe.sorts.values())]  # fmt: skip
    grid, kind, day, hour = (np.concatenate([part[n] for part in parts]) for n in range(4))
    at = (np.datetime64(plan.start, "D") + day).astype("datetime64[s]") + hour
    own = planted.astype({name: kind for name, kind in EXTRA.items() if name in planted})
    order = np.argsort(np.concatenate([at, own["at"].to_numpy().astype("datetime64[s]")]), kind="stable")
    at = np.concatenate([at, own["at"].to_numpy().astype("datetime64[s]")])[order]
    back = np.argsort(order, kind="stable")[len(grid) :]
    event = np.full(len(order), -1, np.int32)
    event[back] = own["event"]
    grid = np.concatenate([grid, own["grid"].to_numpy()])[order].astype(np.int32)
    kind = np.concatenate([kind, own["kind"].to_numpy()])[order].astype(np.int16)
    date = at.astype("datetime64[D]")
    number = (np.arange(len(at)) - np.searchsorted(date, date) + 1).astype(np.int32)
    return Stream(plan, recipe, grid, kind, at, event, number, own.set_index(back))


def _ordinary(
    dice: np.random.Generator, sort: Sort, code: int, factors: np.ndarray, rates: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Grid, kind, day and second of the day of one kind where nothing is planted."""
    counts = dice.poisson(factors * rates.sum() / 7)
    day = np.repeat(np.arange(len(factors), dtype=np.int32), counts)
    chance = np.cumsum(rates) / rates.sum()
    grid = np.minimum(np.searchsorted(chance, dice.random(len(day))), len(rates) - 1)
    clock = moments(dice, np.zeros(len(day), "datetime64[D]"), sort.rhythm.hours).astype("timedelta64[s]")
    return grid.astype(np.int16), np.full(len(day), code, np.int8), day, clock

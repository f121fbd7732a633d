"""More than usual of one category in a grid, a community, a town or the whole city: an area's last window against its past ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from jobs.warn.candidate import Candidate, Evidence, facts
from jobs.warn.family_day import Tests
from jobs.warn.methods.bounds import Array, Bounds
from jobs.warn.methods.budget import alpha_of_budget, benjamini_hochberg
from jobs.warn.methods.calendar_factors import calendar_factors, day_kinds
from jobs.warn.methods.farrington import NOUFAILY, farrington_scan
from jobs.warn.methods.nested import bayes_nested
from jobs.warn.workdays import is_workday, season_of
from schemas.life import load_life
from schemas.warning_rule import Surge, WarningRule

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

WEEK_DAYS = 7
CALENDAR_DAYS = 1100  # three years of holidays
MOST_WINDOWS = NOUFAILY.spans()[-1].reach + 1  # more past than this is not compared with


@dataclass(frozen=True)
class Streams:
    """One tier's streams. area, category: (streams,); counts, rest: (streams, windows) events here and in the rest of the city, newest first."""

    area: NDArray[np.str_]
    category: NDArray[np.str_]
    counts: Array
    rest: Array


@dataclass(frozen=True)
class Found:
    """A stream that surges, in its figures of the last window."""

    area: str
    category: str
    observed: float
    expected: float
    bound: float
    score: float


def find_surges(
    spark: SparkSession, rule: WarningRule, surge: Surge, as_of: date, budget: float, log: Callable[[Tests], None]
) -> Iterator[Candidate]:
    """Every surging area and category of the last window; budget: warnings a day that may be by chance; log hears what was tested."""
    table = _windows(spark, surge, as_of)
    if table.empty:
        return
    usual = None if _has_seasons(table.shape[1], surge) else usual_windows(_days(spark, surge, as_of), surge, as_of)
    window = (as_of - timedelta(days=surge.window_days), as_of - timedelta(days=1))
    for one in surging(table, surge, budget, log, usual):
        yield Candidate(
            rule, f"{one.area}|{one.category}", one.area, one.category, *window, one.observed, one.expected, one.bound, one.score,
            _evidence(spark, surge, one.area, one.category, *window),
        )  # fmt: skip


def surging(
    table: pd.DataFrame, surge: Surge, budget: float, log: Callable[[Tests], None] = lambda tests: None,
    usual: pd.DataFrame | None = None,
) -> list[Found]:  # fmt: skip
    """From the smallest areas up: a larger one is told only if it also surges without those of its parts that are told.

    table: (area, category) x windows ago, events in each; usual: category x windows ago, of `usual_windows`. A stream's tail is in inverse proportion to the root of its tier's streams: the few
    large areas get more each than the many small ones, the small ones more in all.
    """
    tiers = {digits: _streams(table, digits) for digits in _digits(table)}
    roots = sum(len(streams.area) ** 0.5 for streams in tiers.values())
    found: list[Found] = []
    alphas: list[float] = []
    tails: list[Array] = []
    for digits, streams in tiers.items():
        alpha = alpha_of_budget(budget * len(streams.area) ** 0.5 / roots, len(streams.area))
        bounds = judge_newest(streams, surge, alpha=alpha, usual=usual)
        here = _surging(streams, surge, bounds)
        if found and here:
            left = _streams(_without(table, found), digits)
            still = {
                (one.area, one.category)
                for one in _surging(left, surge, judge_newest(left, surge, alpha=alpha, usual=usual))
            }
            here = [one for one in here if (one.area, one.category) in still]
        found += here
        alphas.append(alpha)
        tails.append(bounds.tail)
    every = np.concatenate(tails)
    log(Tests(len(every), max(alphas), int(benjamini_hochberg(every).sum())))
    return found


def _surging(streams: Streams, surge: Surge, bounds: Bounds) -> list[Found]:
    now = streams.counts[:, 0]
    figures = np.column_stack([now, bounds.expected, bounds.bound, bounds.score])
    return [
        Found(str(streams.area[i]), str(streams.category[i]), *map(float, figures[i]))
        for i in np.flatnonzero((bounds.score > 1) & (now >= surge.least))
    ]


def judge_newest(streams: Streams, surge: Surge, *, alpha: float, usual: pd.DataFrame | None = None) -> Bounds:
    """Each stream's newest window, by its seasons where it has three years of weeks, else by its last windows and the rest of the city.

    Sources: see farrington_scan and bayes_nested.
    """
    counts = streams.counts
    if _has_seasons(counts.shape[1], surge):
        return farrington_scan(counts[:, ::-1], alpha=alpha).shaped((len(counts),))
    windows = slice(0, surge.baseline_weeks + 1)
    expected = None if usual is None else usual.reindex(streams.category).fillna(1.0).to_numpy()
    return bayes_nested(
        counts[:, windows], streams.rest[:, windows], alpha=alpha, usual=expected, group=streams.category
    )


def _has_seasons(windows: int, surge: Surge) -> bool:
    return surge.window_days == WEEK_DAYS and windows > NOUFAILY.spans()[0].reach


def usual_windows(days: pd.DataFrame, surge: Surge, as_of: date) -> pd.DataFrame:
    """category x windows ago, newest first: what the kinds of a window's days lead to expect of it in the city, 1 an average window.

    days: category x days ago from 1 on, events in the city. What a holiday, a worked weekend, the weeks around Spring Festival or those without
    school do to a category is learnt from the days before the window judged, and leans on like days where few were seen.
    """
    kinds = day_kinds([as_of - timedelta(days=int(ago)) for ago in days.columns], is_workday, season_of)
    past = days.columns.to_numpy() > surge.window_days
    factors = calendar_factors(days.to_numpy(dtype=float)[:, past], kinds[past])
    windows = surge.baseline_weeks + 1
    span = np.arange(windows * surge.window_days)
    newest = day_kinds([as_of - timedelta(days=int(ago) + 1) for ago in span], is_workday, season_of)
    usual = factors[:, newest].reshape(len(days), windows, surge.window_days).mean(axis=2)
    return pd.DataFrame(usual, index=days.index)


def _digits(table: pd.DataFrame) -> list[int | None]:
    """How many digits of their code name the areas of each tier, smallest areas first; None is the whole code."""
    shortest = int(table.index.get_level_values(0).astype(str).str.len().min())
    larger = [tier.code_digits for tier in load_life().tiers.values() if tier.code_digits < shortest]
    return [None, *larger]


def _streams(table: pd.DataFrame, digits: int | None) -> Streams:
    area, category = (table.index.get_level_values(level).astype(str) for level in (0, 1))
    summed = table.groupby([area.str[:digits], category]).sum()
    of_area, of_category = (summed.index.get_level_values(level).to_numpy(str) for level in (0, 1))
    counts = summed.to_numpy(dtype=float)
    city = table.groupby(category).sum().loc[of_category].to_numpy(dtype=float)
    return Streams(of_area, of_category, counts, city - counts)


def _without(table: pd.DataFrame, found: list[Found]) -> pd.DataFrame:
    """The streams of the smallest areas that are in none of those found."""
    area, category = (table.index.get_level_values(level).astype(str) for level in (0, 1))
    told = np.zeros(len(table), bool)
    for one in found:
        told |= area.str.startswith(one.area) & (category == one.category)
    return table[~told]


def _windows(spark: SparkSession, surge: Surge, as_of: date) -> pd.DataFrame:
    """(area, category) x windows ago, events in each: as far back as the feed goes, the baseline at least.

    Spark hands over one row a stream with its counted windows in arrays: a row a window would be fifty times as much to carry.
    """
    start = as_of - timedelta(days=surge.window_days * (MOST_WINDOWS + 1))
    streams = spark.sql(
        f"SELECT area, category, collect_list(ago) AS ago, collect_list(n) AS n FROM ("
        f"SELECT {surge.area} AS area, {surge.category} AS category, "
        f"CAST(floor((datediff(DATE '{as_of}', CAST({surge.time} AS DATE)) - 1) / {surge.window_days}) AS INT) AS ago, CAST(count(*) AS INT) AS n "
        f"FROM {surge.feed} WHERE {surge.time} >= TIMESTAMP '{start} 00:00:00' AND {surge.time} < TIMESTAMP '{as_of} 00:00:00' "
        f"AND {surge.area} IS NOT NULL AND {surge.category} IS NOT NULL GROUP BY 1, 2, 3) GROUP BY area, category ORDER BY area, category"
    ).toPandas()
    if streams.empty:
        return streams
    ago, events = (np.concatenate(streams[column].to_list()) for column in ("ago", "n"))
    row = np.repeat(np.arange(len(streams)), streams["ago"].map(len))
    whole = max(int(ago.max()), surge.baseline_weeks + 1)  # the oldest window began before the feed did
    counts = np.zeros((len(streams), max(whole, int(ago.max()) + 1)), dtype=np.float32)
    counts[row, ago] = events
    return pd.DataFrame(counts[:, :whole], index=pd.MultiIndex.from_frame(streams[["area", "category"]]))


def _days(spark: SparkSession, surge: Surge, as_of: date) -> pd.DataFrame:
    """category x days ago, from 1 on: events in the city."""
    counts = spark.sql(
        f"SELECT {surge.category} AS category, datediff(DATE '{as_of}', CAST({surge.time} AS DATE)) AS ago, count(*) AS n FROM {surge.feed} "
        f"WHERE {surge.time} >= TIMESTAMP '{as_of - timedelta(days=CALENDAR_DAYS)} 00:00:00' AND {surge.time} < TIMESTAMP '{as_of} 00:00:00' "
        f"AND {surge.area} IS NOT NULL AND {surge.category} IS NOT NULL GROUP BY 1, 2"
    ).toPandas()
    table = counts.pivot_table(index="category", columns="ago", values="n", fill_value=0)
    return table.reindex(columns=range(1, int(counts["ago"].max()) + 1), fill_value=0)


def _evidence(spark: SparkSession, surge: Surge, area: str, category: str, start: date, end: date) -> list[Evidence]:
    feed = spark.table(surge.feed)
    rows = feed.where(feed[surge.area].startswith(area) & (feed[surge.category] == category))
    rows = rows.where(f"CAST({surge.time} AS DATE) BETWEEN DATE '{start}' AND DATE '{end}'").collect()
    return [
        Evidence(surge.feed, row["delivery_id"], row["row_no"], row[surge.time].date(), facts(row.asDict()))
        for row in rows
    ]

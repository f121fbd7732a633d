"""The scan on published events: how many signals a year a weekly replay gives, what chance gives, and which planted clusters are found."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from jobs.warn.cluster_map import draw_map
from jobs.warn.methods.scan import p_value, space_time_permutation
from jobs.warn.points import Points, as_date, read_points
from jobs.warn.scan_events import Found, scan_events

WEEKS, LEAST_HISTORY_DAYS = 52, 120
RECURRENCES = (100, 365)
BUDGETS = (12, 52)  # matters a year
PERMUTATIONS = 99  # of a replayed week; the tail beyond is Gumbel's, as in service
PLANTS, PLANT_METRES, PLANT_DAYS = 20, 1000.0, 7
TIMES = (2, 3, 5)
TAIL_PERMUTATIONS, TAIL_NULL = 2999, 999
PUBLISHED = "New York, 35 diseases, daily: 27.6 signals a year at a recurrence interval over 100 days, 17.8 over 365"


@dataclass(frozen=True)
class EventTable:
    """A published table and how it is scanned: by category, or a single one for planting."""

    name: str
    path: str
    time: str
    x: str
    y: str
    by: str | None
    planted_in: str | None  # the category that clusters are planted in


TABLES = (
    EventTable(
        "chicago_311", "chicago_311/sanitation_2011_2013.csv.gz", "Creation_Date", "Longitude", "Latitude", None, None
    ),
    EventTable("houston_crime", "houston_crime/houston_crime_2010.csv.gz", "date", "lon", "lat", "offense", "theft"),
)


@dataclass(frozen=True)
class Planting:
    """times: what the circle's usual count is multiplied by; added: cases planted in the mean; found: of PLANTS, at 100 days' recurrence.

    metres: median distance of the found circle's centre from the planted one.
    """

    times: int
    added: float
    found: int
    metres: float


@dataclass(frozen=True)
class Clusters:
    """One table. signals: recurrence interval -> clusters signalled a year; matters: those not sharing half their rows with a recent one.

    calibrated: matters a year -> the recurrence interval in days at which the replay gives so many. tail: p -> share of permutations whose p, read from 999 others, is at most that; map: of the strongest signals.
    """

    name: str
    cases: int
    weeks: int
    scans: int
    signals: dict[int, float]
    matters: dict[int, float]
    calibrated: dict[int, float]
    strongest: list[Found]
    plantings: list[Planting]
    tail: dict[float, float]
    seconds_a_run: float
    map: Path | None


def bench_clusters(
    data: Path, seed: int, told: Callable[[str], None] = lambda step: None, out: Path | None = None,
    only: str | None = None, weeks: int = WEEKS, plants: int = PLANTS,
    once_a_day: bool = False,
) -> list[Clusters]:  # fmt: skip
    """Each table replayed, planted in, and drawn to out/<name>.png. Raises FileNotFoundError when none is there."""
    found = [table for table in TABLES if (data / table.path).is_file() and only in (None, table.name)]
    if not found:
        raise FileNotFoundError(f"{data} holds none of {', '.join(table.path for table in TABLES)}")
    return [_measure(table, data, seed, told, out, weeks, plants, once_a_day) for table in found]


def _measure(
    table: EventTable,
    data: Path,
    seed: int,
    told: Callable[[str], None],
    out: Path | None,
    last: int,
    plants: int,
    once_a_day: bool,
) -> Clusters:
    points = read_points(data / table.path, table.time, table.x, table.y, table.by)
    weeks, seconds, scans = [], [], 0
    for today in list(_weeks(points))[-last:] if last else ():
        told(f"{table.name}: as of {as_date(today)}")
        began = time.perf_counter()
        scanned = scan_events(points, today=today, permutations=PERMUTATIONS, seed=seed, once_a_day=once_a_day)
        seconds.append(time.perf_counter() - began)
        scans = max(scans, scanned.scans)
        weeks.append([_weekly(one) for one in scanned.found])
    a_year = 365 / (7 * len(weeks)) if weeks else 0.0
    signals, matters = {}, {}
    for days in RECURRENCES:
        of_week = [[one for one in week if one.cluster.recurrence_days >= days] for week in weeks]
        signals[days] = sum(map(len, of_week)) * a_year
        matters[days] = len(_matters(of_week)) * a_year
    strongest = sorted(
        _matters([[one for one in week if one.cluster.recurrence_days >= RECURRENCES[0]] for week in weeks]),
        key=lambda one: one.cluster.p,
    )
    calibrated = {
        budget: strongest[at].cluster.recurrence_days
        if (at := int(budget / a_year)) < len(strongest)
        else RECURRENCES[0]
        for budget in (BUDGETS if weeks else ())
    }
    drawn = out / f"{table.name}.png" if out and weeks else None
    if drawn:
        draw_map(drawn, points, strongest[:12], f"{table.name}: the strongest clusters of {len(weeks)} weeks")
    mine = points.only(points.category == table.planted_in) if table.planted_in else points
    plantings = []
    for times in TIMES if plants else ():
        told(f"{table.name}: planted at {times}×")
        plantings.append(_plant(mine, times, plants, seed))
    told(f"{table.name}: tail")
    return Clusters(
        table.name, len(points.row), len(weeks), scans, signals, matters, calibrated, strongest, plantings, _tail(mine, seed),
        float(np.mean(seconds)) if seconds else 0.0, drawn,
    )  # fmt: skip


def _weeks(points: Points) -> Iterator[int]:
    """The last days of the last 52 weeks that have 120 days of history, oldest first."""
    last, first = int(points.day.max()), int(points.day.min())
    ends = [last - 7 * week for week in range(WEEKS)]
    yield from sorted(end for end in ends if end - first + 1 >= LEAST_HISTORY_DAYS)


def _weekly(one: Found) -> Found:
    """With the recurrence interval of a scan that is run once a week: chance has a seventh of the occasions."""
    return replace(one, cluster=replace(one.cluster, recurrence_days=one.cluster.recurrence_days * 7))


def _matters(weeks: list[list[Found]]) -> list[Found]:
    """Signals at their first sight, without those that share half their rows with one of the four weeks before."""
    first: list[Found] = []
    recent: list[tuple[int, Found]] = []
    for week, signalled in enumerate(weeks):
        recent = [(seen, one) for seen, one in recent if week - seen <= 4]
        for one in signalled:
            if not any(_share(one, known) >= 0.5 for _, known in recent):
                first.append(one)
        recent += [(week, one) for one in signalled]
    return first


def _share(one: Found, known: Found) -> float:
    return float(np.isin(one.cluster.rows, known.cluster.rows).mean()) if one.category == known.category else 0.0


def _plant(points: Points, times: int, plants: int, seed: int) -> Planting:
    """Around cases drawn at random, in the last 7 days of weeks drawn at random, cases added until the circle has `times` its usual count.

    Found: a cluster at 100 days' recurrence of a nightly scan that holds half of the added cases, and of whose cases a third are added.
    """
    rng = np.random.default_rng([seed, times])
    ends = list(_weeks(points))
    added, metres = [], []
    for _ in range(plants):
        today = int(rng.choice(ends))
        known = np.flatnonzero((points.day <= today) & (points.day > today - 365))
        x, y, day = points.x[known], points.y[known], points.day[known]
        centre = rng.integers(len(known))
        usual = np.hypot(x - x[centre], y - y[centre]) <= PLANT_METRES
        rate = usual.sum() * PLANT_DAYS / (today - day.min() + 1)
        more = max(1, round((times - 1) * rate))
        # Where the circle's cases are: an event falls where people live, not into the lake.
        there = rng.choice(np.flatnonzero(usual), more)
        scan = space_time_permutation(
            np.r_[x, x[there] + rng.normal(0, 30, more)], np.r_[y, y[there] + rng.normal(0, 30, more)],
            np.r_[day, today - rng.integers(0, PLANT_DAYS, more)], today=today, permutations=99, seed=seed,
        )  # fmt: skip
        added.append(more)
        hits = [
            cluster
            for cluster in scan.clusters
            if cluster.recurrence_days >= RECURRENCES[0]
            and int((cluster.rows >= len(x)).sum()) >= max(more / 2, cluster.observed / 3)
        ]
        metres += [float(np.hypot(c.x - x[centre], c.y - y[centre])) for c in hits[:1]]
    return Planting(times, float(np.mean(added)), len(metres), float(np.median(metres)) if metres else np.nan)


def _tail(points: Points, seed: int) -> dict[float, float]:
    """Whether p means what it says far out: each of 2,000 shuffles of real events judged by 999 others."""
    null = space_time_permutation(points.x, points.y, points.day, permutations=TAIL_PERMUTATIONS, seed=seed).null
    p = np.array([p_value(ratio, null[:TAIL_NULL]) for ratio in null[TAIL_NULL:]])
    return {bound: float((p <= bound).mean()) for bound in (0.05, 0.01, 1 / 365)}

"""Clusters of any table of events: scanned by category, and written with the rows they rest on."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from jobs.warn.methods.scan import Cluster, TooShort, space_time_permutation
from jobs.warn.points import Points, UnfitTable, as_date

LEAST_CASES = 20  # of a category in the study window
HEADERS = (
    "no", "category", "x", "y", "radius_m", "from", "to", "observed", "expected", "p", "recurrence_days", "rows"
)  # fmt: skip


@dataclass(frozen=True)
class Found:
    """One category's cluster; its rows are the table's row numbers, the first after the headers is 1."""

    category: str
    cluster: Cluster


@dataclass(frozen=True)
class Scanned:
    """found: the least likely by chance first; left_out: category -> why it was not scanned; cases: in the study windows."""

    found: list[Found]
    scans: int
    cases: int
    left_out: dict[str, str]


def scan_events(
    points: Points, *, today: int | None = None, retrospective: bool = False, within_weekdays: bool = False,
    once_a_day: bool = False,
    window_days: int = 365, longest: int = 30, least_radius: float = 250.0, permutations: int = 999, seed: int = 0,
    told: Callable[[str], None] = lambda category: None,
) -> Scanned:  # fmt: skip
    """Each category by itself, as one of the night's scans: recurrence intervals count on as many scans a day as categories.

    once_a_day: events of one category at one place on one day count once, its first row standing for them: the scan takes events to be
    independent, and a round of an inspector or one matter told by many are not. today: days since 1970, the last of the whole table by default, so that a category that is quiet now has no cluster.
    Raises UnfitTable where no category can be scanned.
    """
    today = int(points.day.max()) if today is None else today
    if once_a_day:
        points = _once_a_day(points)
    studied = (points.day <= today) & (points.day > today - window_days)
    names, cases = np.unique(points.category[studied], return_counts=True)
    enough = [str(name) for name in names[cases >= LEAST_CASES]]
    left_out = {str(name): f"{n} cases" for name, n in zip(names, cases, strict=True) if n < LEAST_CASES}
    found: list[Found] = []
    scanned = 0
    for category in enough:
        told(category)
        mine = np.flatnonzero(points.category == category)
        day = points.day[mine]
        try:
            scan = space_time_permutation(
                points.x[mine], points.y[mine], day, today=today, strata=day % 7 if within_weekdays else None,
                retrospective=retrospective, window_days=window_days, longest=longest, least_radius=least_radius,
                permutations=permutations, runs_a_day=len(enough), seed=seed,
            )  # fmt: skip
        except TooShort as fault:
            left_out[category] = str(fault)
            continue
        scanned += scan.cases
        found += [Found(category, replace(c, rows=points.row[mine[c.rows]])) for c in scan.clusters]
    if len(left_out) == len(names):
        why = "; ".join(f"{name}: {why}" if name else why for name, why in left_out.items())
        raise UnfitTable(
            f"nothing to scan in the {window_days} days to {as_date(today)}: {why or 'no cases'} (a scan needs {LEAST_CASES})"
        )
    found.sort(key=lambda one: (one.cluster.p, -one.cluster.log_likelihood_ratio, one.category))
    return Scanned(found, len(enough), scanned, left_out)


def _once_a_day(points: Points) -> Points:
    category = np.unique(points.category, return_inverse=True)[1]
    alike = np.column_stack([points.x.round(1), points.y.round(1), points.day, category])
    return points.only(np.sort(np.unique(alike, axis=0, return_index=True)[1]))


def write_clusters(path: Path, points: Points, found: list[Found], retrospective: bool = False) -> None:
    """One line a cluster, in the table's own coordinates; its rows' numbers in the last column, parted by spaces."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        out = csv.writer(file)
        out.writerow(HEADERS)
        for number, one in enumerate(found, 1):
            c = one.cluster
            x, y = (round(at, 6) for at in points.where(c.x, c.y))
            out.writerow([
                number, one.category, x, y, round(c.radius, 1), as_date(c.first_day), as_date(c.last_day), c.observed,
                round(c.expected, 3), f"{c.p:.3g}", "" if retrospective else f"{c.recurrence_days:.4g}", " ".join(map(str, c.rows)),
            ])  # fmt: skip

"""From a table of counts to every judged date beside its bound."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path

import numpy as np

from jobs.warn.count_table import CannotDetect, CountTable, read_counts
from jobs.warn.methods.bayes import bayes, bayes_recent
from jobs.warn.methods.bounds import Bounds, ShortHistory
from jobs.warn.methods.calendar_factors import Workday, day_kinds, weekend_only
from jobs.warn.methods.cusum import cusum
from jobs.warn.methods.ears import ears_c1, ears_c2, ears_c3
from jobs.warn.methods.farrington import MONTHLY, Settings, farrington_flexible, farrington_scan

__all__ = ["METHODS", "CannotDetect", "Detected", "default_method", "detect_file"]

AT_ONCE = 2048  # series
WEEKS_A_YEAR = 365.25 / 7
ALPHA = {"cusum": 1 / 365, "ears_c1": 0.0013, "ears_c2": 0.0013, "ears_c3": 0.0228}
USUAL_ALPHA = 0.005
METHODS = ("farrington_scan", "farrington_flexible", "bayes", "bayes_recent", "cusum", "ears_c1", "ears_c2", "ears_c3")
FIRST = {"farrington_scan": 3, "farrington_flexible": 3, "bayes": 2}  # years of past
PERIODS = {"day": 365, "week": 53, "month": 12}
SHOWN = 8


@dataclass
class Detected:
    """What was judged, in figures and words."""

    table: CountTable
    method: str
    alpha: float
    out: Path
    judged: int = 0
    alarms: int = 0
    alarming_series: int = 0
    latest: list[tuple[float, str]] = field(default_factory=list)

    def said(self) -> Iterator[str]:
        table = self.table
        many = f"{len(table.names):,} series of " if table.names != [()] else ""
        span = f"{table.label(table.dates[0])} … {table.label(table.dates[-1])}"
        yield f"{table.rows:,} rows: {many}{len(table.dates):,} {table.cadence}s, {span}"
        if table.summed:
            yield f"{table.summed:,} rows were added to another row of the same {table.cadence}"
        if table.filled:
            yield f"{table.filled:,} of {table.counts.size:,} {table.cadence}s have no row and count as 0"
        if table.empty:
            yield f"{table.empty:,} counts are empty: not counted, not judged, not learnt from"
        yield f"{self.method} at alpha {self.alpha:.3g}: {self.judged:,} judged, {self.alarms:,} alarms in {self.alarming_series:,} series"
        if not self.judged:
            yield f"no {table.cadence} has enough past for {self.method}"
        for _, line in sorted(self.latest, reverse=True)[:SHOWN]:
            yield f"  {line}"
        if len(self.latest) > SHOWN:
            yield f"  and {len(self.latest) - SHOWN:,} more in the last {table.cadence}"
        yield str(self.out)


def detect_file(
    path: Path, time: str, count: str, by: tuple[str, ...], out: Path, *, method: str | None = None, alpha: float | None = None,
    last: int | None = None, holidays: Path | None = None,
) -> Detected:  # fmt: skip
    """Read, judge and write; the output appears whole or not at all. Raises CannotDetect."""
    if method is not None and method not in METHODS:
        raise CannotDetect(f"there is no method {method!r}; there are {', '.join(METHODS)}")
    if alpha is not None and not 0 < alpha < 0.5:
        raise CannotDetect(f"--alpha is {alpha}: it must lie between 0 and 0.5, for example 0.005")
    if out.exists() and out.resolve() == path.resolve():
        raise CannotDetect(f"--out is {out}, the table itself: name another file")
    table = read_counts(path, time, count, by)
    chosen = method or default_method(table.cadence, len(table.dates))
    result = Detected(table, chosen, alpha or ALPHA.get(chosen, USUAL_ALPHA), out)
    run = _method(chosen, table, result.alpha, read_workdays(holidays) if holidays else weekend_only)
    judged = min(last or len(table.dates) - 1, len(table.dates) - 1)
    out.parent.mkdir(parents=True, exist_ok=True)
    unfinished = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        with unfinished.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file)
            writer.writerow([time, *by, count, "expected", "bound", "score", "alarm"])
            for start in range(0, len(table.names), AT_ONCE):
                part = slice(start, start + AT_ONCE)
                try:
                    bounds = run(table.counts[part], judged=judged)
                except ShortHistory as fault:
                    raise CannotDetect(
                        f"{path.name}: {fault}; take a method that needs less, or leave --method to choose"
                    ) from None
                _write(writer, result, part, bounds)
        unfinished.replace(out)
    finally:
        unfinished.unlink(missing_ok=True)
    return result


def read_workdays(path: Path) -> Workday:
    """From a CSV with columns day (2026-02-17) and off: 1 a day off in the week, 0 a weekend that is worked (调休). Raises CannotDetect."""
    moved: dict[date, bool] = {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file)
        if not {"day", "off"} <= set(rows.fieldnames or ()):
            raise CannotDetect(f"{path.name} needs the columns day and off; it has {', '.join(rows.fieldnames or ())}")
        for number, row in enumerate(rows, 2):
            try:
                moved[date.fromisoformat(row["day"].strip())] = {"1": False, "0": True}[row["off"].strip()]
            except (ValueError, KeyError):
                raise CannotDetect(
                    f"{path.name}, row {number}: {row['day']!r}, {row['off']!r}: write a day as 2026-02-17, and off as 1 or 0"
                ) from None
    return lambda day: moved.get(day, weekend_only(day))


def default_method(cadence: str, periods: int) -> str:
    """What the past allows: the methods of most memory first."""
    if cadence == "day":
        return "cusum" if periods > 63 else "ears_c2"
    return "farrington_scan" if periods > 3 * PERIODS[cadence] + 3 else "bayes_recent"


def _method(name: str, table: CountTable, alpha: float, workday: Workday) -> Callable[..., Bounds]:
    """One call of (counts, judged=), whatever the method and the cadence."""
    settings = {
        "month": MONTHLY, "week": Settings(year=WEEKS_A_YEAR),
        "day": Settings(year=365.25, half_window=10, left_out=182, least_weeks=28),
    }[table.cadence]  # fmt: skip
    if name in ("farrington_scan", "farrington_flexible"):
        one = {"farrington_scan": farrington_scan, "farrington_flexible": farrington_flexible}[name]
        return partial(one, alpha=alpha, settings=settings)
    if name == "bayes":
        return partial(bayes, alpha=alpha, year=settings.year, half_window=1 if table.cadence == "month" else 4)
    if name == "cusum":
        kinds = day_kinds(table.dates, workday) if table.cadence == "day" else None
        return partial(cusum, alpha=alpha, kinds=kinds)
    return partial(
        {"bayes_recent": bayes_recent, "ears_c1": ears_c1, "ears_c2": ears_c2, "ears_c3": ears_c3}[name], alpha=alpha
    )


def _write(writer, result: Detected, part: slice, bounds: Bounds) -> None:
    """Every judged date of these series, in order; those of the last date that alarm are remembered for the summary."""
    table = result.table
    dates = table.dates[-bounds.score.shape[1] :]
    labels = [table.label(when) for when in dates]
    counts = table.counts[part][:, -len(dates) :]
    alarms = bounds.alarm
    result.alarming_series += int(alarms.any(axis=1).sum())
    for row, name in enumerate(table.names[part]):
        said = np.isfinite(bounds.score[row]) & np.isfinite(counts[row])
        result.judged += int(said.sum())
        result.alarms += int(alarms[row].sum())
        for i in np.flatnonzero(said):
            figures = (bounds.expected[row, i], bounds.bound[row, i], bounds.score[row, i])
            writer.writerow(
                [
                    labels[i],
                    *name,
                    _plain(counts[row, i]),
                    *(f"{figure:.6g}" for figure in figures),
                    int(alarms[row, i]),
                ]
            )
        if alarms[row, -1]:
            result.latest.append(
                (float(bounds.score[row, -1]), _sentence(labels[-1], name, counts[row, -1], bounds, row))
            )


def _sentence(label: str, name: tuple[str, ...], count: float, bounds: Bounds, row: int) -> str:
    return (
        f"{' · '.join((label, *name))}: {_plain(count)}, expected {bounds.expected[row, -1]:.1f}, "
        f"bound {bounds.bound[row, -1]:.1f}, score {bounds.score[row, -1]:.2f}"
    )


def _plain(count: float) -> str:
    return str(int(count)) if count == int(count) else f"{count:g}"

"""All tests that fit one figure of every unit: a number they report, the matters they report over time, or their deadlines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from quality.integrity.deadline import before_deadline, same_lag
from quality.integrity.digits import endings, first_digits, terminal_digits, too_few_repeats, too_round
from quality.integrity.finding import Finding, cannot_judge
from quality.integrity.sequence import Sequence, copied_blocks, same_again
from quality.integrity.ties import free_figures, repeated_figures, shared_figures
from quality.integrity.variation import too_smooth

A_DAY = np.timedelta64(1, "D")
HOURLY = 4  # figures a day from which the hour counts, not the weekday
FINEST = 4  # decimals


@dataclass(frozen=True)
class Reported:
    """What one unit reported. at: (n,) datetime64[s], ascending; values: (n,) numbers, or minutes left to the deadline."""

    unit: str
    at: np.ndarray
    values: np.ndarray


def judge_figures(units: list[Reported]) -> list[list[Finding]]:
    """A number that units report: digits, order, repetitions. One list of findings a unit."""
    if not units:
        return []
    resolution = resolution_of(np.concatenate([unit.values for unit in units]))
    sequences = [
        Sequence(np.rint(unit.values / resolution).astype(np.int64), _likeness(unit.at), unit.at.astype(np.int64))
        for unit in units
    ]
    span = (min(int(one.values.min()) for one in sequences), max(int(one.values.max()) for one in sequences))
    free = [
        free_figures(unit.values, sequence.strata, resolution, span)
        for unit, sequence in zip(units, sequences, strict=True)
    ]
    blocks = copied_blocks(sequences)
    return [
        [
            first_digits(unit.values, _elsewhere(units, number)),
            *_last(endings(unit.values, resolution), len(unit.values)),
            too_few_repeats(unit.values, resolution),
            same_again(sequences[number]),
            blocks[number],
            repeated_figures(free[number]),
            shared_figures(free[number], [*free[:number], "itself", *free[number + 1 :]]),
        ]
        for number, unit in enumerate(units)
    ]


def judge_counts(units: list[Reported], first: np.datetime64, last: np.datetime64) -> list[list[Finding]]:
    """What units report a day, from first to last day (datetime64[D], both included), and the minutes they write it down with."""
    days = np.arange(first, last + A_DAY)
    weekday = (days.astype(np.int64) + 3) % 7
    counts = [np.bincount((unit.at.astype("datetime64[D]") - first).astype(int), minlength=len(days)) for unit in units]
    sequences = [Sequence(count, weekday, days.astype(np.int64)) for count in counts]
    blocks = copied_blocks(sequences)
    return [
        [
            too_smooth(counts[number], weekday),
            same_again(sequences[number]),
            blocks[number],
            *_last(_minutes(unit.at), len(unit.at)),
        ]
        for number, unit in enumerate(units)
    ]


def judge_deadlines(units: list[Reported], to_the_day: bool = False) -> list[list[Finding]]:
    """Minutes left when matters were closed. to_the_day: closings have no clock, and the window is the day."""
    if to_the_day:
        none = "times are to the day"
        return [
            [before_deadline(unit.values, 1440), cannot_judge("same_lag", len(unit.values), none)] for unit in units
        ]
    return [[before_deadline(unit.values), same_lag(unit.values)] for unit in units]


def resolution_of(values: np.ndarray) -> float:
    """The coarsest of 1, .1, .01 … to which 99 % of the figures are written."""
    known = values[np.isfinite(values)]
    for decimals in range(FINEST):
        scaled = known * 10.0**decimals
        if len(known) and (np.abs(scaled - np.rint(scaled)) < 1e-6).mean() >= 0.99:
            return 10.0**-decimals
    return 10.0**-FINEST


def _elsewhere(units: list[Reported], number: int) -> np.ndarray:
    return np.concatenate([np.zeros(0), *(unit.values for other, unit in enumerate(units) if other != number)])


def _last(last: np.ndarray | str, count: int) -> list[Finding]:
    if isinstance(last, str):
        return [cannot_judge(test, count, last) for test in ("terminal_digits", "too_round")]
    return [terminal_digits(last), too_round(last)]


def _minutes(at: np.ndarray) -> np.ndarray | str:
    """(n,) last digit of the clock's minutes; or why it tells nothing."""
    minute = (at.astype("datetime64[m]").astype(np.int64)) % 60
    if not len(minute) or np.bincount(minute, minlength=60).max() > 0.9 * len(minute):
        return "times are not to the minute"
    return minute % 10


def _likeness(at: np.ndarray) -> np.ndarray:
    """(n,) what makes places alike: the hour on working days or weekends where figures come by the hour, else the weekday."""
    day = at.astype("datetime64[D]")
    weekday = (day.astype(np.int64) + 3) % 7
    if len(at) < HOURLY * max(1, len(np.unique(day))):
        return weekday
    return (at.astype("datetime64[h]").astype(np.int64) % 24) * 2 + (weekday >= 5)

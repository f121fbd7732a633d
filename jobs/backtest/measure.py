"""The figures of a replay by family, each with its 95 % interval."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from statistics import median

from scipy.stats import binom, chi2

from jobs.backtest.events import Event, Verdict, Warning
from jobs.warn.feedback import wilson

LEVEL = 0.95


@dataclass(frozen=True)
class Figure:
    """A figure and its interval; None where nothing can be said."""

    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Family:
    """raised: warnings; below: of them never above the line; true, false, other: what they were about; delay: days to the first warning,
    of events that began in the days replayed."""

    family: str
    raised: int
    below: int
    a_day: Figure
    true: int
    false: int
    other: int
    precision: Figure
    events: int
    found: int
    recall: Figure
    delay: Figure


@dataclass(frozen=True)
class Outcome:
    """An event and the warnings that found it in time, the first raised first."""

    event: Event
    warnings: list[Warning]

    @property
    def delay(self) -> int | None:
        """Days from its start; of what is known as it stood on one day, nobody knows since when."""
        if not self.warnings or self.event.known_on:
            return None
        return (self.warnings[0]["raised_on"] - self.event.start).days


def outcomes(events: Iterable[Event], warnings: list[Warning], days: list[date]) -> list[Outcome]:
    """Of the events that fall into the days replayed."""
    inside = [event for event in events if event.end >= days[0] and event.start <= days[-1]]
    ordered = sorted(warnings, key=lambda one: (one["raised_on"], -one["score"]))
    return [Outcome(event, [one for one in ordered if event.found_by(one)]) for event in inside]


def measure(
    families: list[str], warnings: list[Warning], shown: set[str], verdicts: dict[str, Verdict], happened: list[Outcome], days: list[date]
) -> list[Family]:  # fmt: skip
    return [
        _measured(
            family,
            [one for one in warnings if one["family"] == family],
            shown,
            verdicts,
            [one for one in happened if one.event.family == family],
            days,
        )
        for family in families
    ]


def _measured(
    family: str, raised: list[Warning], shown: set[str], verdicts: dict[str, Verdict], happened: list[Outcome], days: list[date]
) -> Family:  # fmt: skip
    said = [verdicts[one["warning_id"]] for one in raised]
    true, false = said.count("true"), said.count("false")
    found = [one for one in happened if one.warnings]
    delays = [one.delay for one in found if one.delay is not None and one.event.start >= days[0]]
    return Family(
        family, len(raised), sum(one["warning_id"] not in shown for one in raised), a_day(len(raised), len(days)),
        true, false, said.count("other"), share(true, true + false), len(happened), len(found), share(len(found), len(happened)),
        median_of(delays),
    )  # fmt: skip


def share(hits: int, of: int) -> Figure:
    return Figure(hits / of if of else None, *wilson(hits, of))


def a_day(count: int, days: int) -> Figure:
    """A Poisson rate. Source: Garwood 1936, Biometrika 28."""
    tail = (1 - LEVEL) / 2
    low = chi2.ppf(tail, 2 * count) / 2 if count else 0.0
    return Figure(count / days, float(low) / days, float(chi2.ppf(1 - tail, 2 * count + 2)) / (2 * days))


def median_of(values: list[int]) -> Figure:
    """Between order statistics that hold the median with 95 %; without an interval below six values, which cannot."""
    if not values:
        return Figure(None)
    ordered, rank = sorted(values), int(binom.ppf((1 - LEVEL) / 2, len(values), 0.5))
    if len(values) < 6:
        return Figure(float(median(ordered)))
    return Figure(
        float(median(ordered)),
        float(ordered[max(rank - 1, 0)]),
        float(ordered[min(len(ordered) - rank, len(ordered) - 1)]),
    )

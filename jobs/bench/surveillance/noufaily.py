"""Noufaily's 28 scenarios: how often quiet series raise an alarm, and which outbreaks are found."""

from __future__ import annotations

import csv
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from jobs.bench.surveillance.methods import METHODS, Method
from jobs.warn.methods.bounds import Array

WEEKS, YEAR, CURRENT = 624, 52, 49
PAST_FROM, PAST_SIZES = 312, (2, 3, 5, 10)  # one outbreak of each size somewhere in weeks 313 … 575
SIZES = (3, 5, 7, 10)
NEEDED = 300  # weeks before the outbreak's end that the methods are given
LONGEST = 5
REFERENCE_RATE = 0.0077
AT_ONCE = 200  # replications in memory


@dataclass(frozen=True)
class Published:
    """What R's farringtonFlexible reaches with Noufaily's settings at α = .005."""

    rate: float = 0.0077
    worst: float = 0.0136
    found: tuple[float, ...] = (0.113, 0.375, 0.655, 0.875)


PUBLISHED = Published()


@dataclass(frozen=True)
class Scenario:
    theta: float
    beta: float
    m: int
    phi: float
    gamma1: float
    gamma2: float

    def mean(self) -> Array:
        """µ(t) = exp(θ + βt + Σ_{j=1…m} γ₁ cos(2πjt/52) + γ₂ sin(2πjt/52)), t = 1 … 624."""
        week = np.arange(1, WEEKS + 1)
        turns = 2 * np.pi * week / YEAR
        season = sum(self.gamma1 * np.cos(j * turns) + self.gamma2 * np.sin(j * turns) for j in range(1, self.m + 1))
        return np.exp(self.theta + self.beta * week + season)


@dataclass(frozen=True)
class Rated:
    """One method. rates: alarms a quiet week at α = .005 in each scenario; found: outbreak size -> share found at
    α = .005; matched: the same at the tail below which quiet weeks alarm at R's .0077, with that rate; milliseconds a week judged."""

    method: str
    rates: tuple[float, ...]
    found: dict[int, float]
    matched: dict[int, float]
    matched_rate: float
    milliseconds: float

    @property
    def rate(self) -> float:
        return float(np.mean(self.rates))

    @property
    def worst(self) -> float:
        return max(self.rates)


@dataclass
class Simulated:
    """One method in one scenario. quiet: every tail of a quiet week; least: outbreak size -> each outbreak's smallest tail."""

    quiet: Array
    least: dict[int, Array]
    seconds: float


def read_scenarios(data: Path) -> list[Scenario]:
    """Raises FileNotFoundError."""
    with (data / "surveillance" / "noufaily28_scenarios.csv").open(encoding="utf-8") as file:
        return [
            Scenario(
                theta=float(row["theta"]), beta=float(row["beta"]), m=int(row["m"]), phi=float(row["phi"]),
                gamma1=float(row["gamma1"]), gamma2=float(row["gamma2"]),
            )
            for row in csv.DictReader(file)
        ]  # fmt: skip


def bench_noufaily(
    data: Path, replications: int, seed: int, told: Callable[[str], None] = lambda step: None
) -> list[Rated]:
    """Every method on the same simulated series.

    Counts are negative binomial of variance φµ (Poisson at φ = 1), 624 weeks. Quiet series hold no outbreak; the last 49 weeks are judged.
    The others hold four past outbreaks, of sizes k = 2, 3, 5, 10 at random in weeks 313 … 575, and one of size k = 3, 5, 7 or 10 that starts
    in the last 49 weeks. An outbreak of size k has Poisson(k · √(φµ)) cases, of its first week's µ, each whole weeks of a log-normal (0, ½)
    delay after the start (a delay of 5 and more, one in 1,600, counts as 4). It is found when any week from its first to that of its last
    case alarms.
    """
    scenarios = read_scenarios(data)
    by_scenario = []
    for number, scenario in enumerate(scenarios, 1):
        told(f"Noufaily: scenario {number} of {len(scenarios)}")
        by_scenario.append(simulate(scenario, replications, np.random.default_rng([seed, number])))
    return [rated(name, [simulated[name] for simulated in by_scenario]) for name in METHODS]


def simulate(scenario: Scenario, replications: int, rng: np.random.Generator) -> dict[str, Simulated]:
    """Every method on the same draws of one scenario."""
    parts = {name: ([], {size: [] for size in SIZES}) for name in METHODS}
    seconds = dict.fromkeys(METHODS, 0.0)
    for part in _parts(replications):
        counts = draw(scenario, part, rng)[:, -NEEDED - CURRENT :]
        for name, method in METHODS.items():
            began = time.perf_counter()
            parts[name][0].append(method(counts, judged=CURRENT, alpha=0.005).tail.ravel())
            seconds[name] += time.perf_counter() - began
        for size in SIZES:
            counts, inside = with_outbreak(scenario, part, size, rng)
            for name, method in METHODS.items():
                parts[name][1][size].append(smallest(method, counts, inside))
    return {
        name: Simulated(
            np.concatenate(quiet), {size: np.concatenate(found) for size, found in least.items()}, seconds[name]
        )
        for name, (quiet, least) in parts.items()
    }


def _parts(replications: int) -> Iterator[int]:
    for start in range(0, replications, AT_ONCE):
        yield min(AT_ONCE, replications - start)


def draw(scenario: Scenario, replications: int, rng: np.random.Generator) -> Array:
    """(replications, 624) counts without outbreaks."""
    mean, shape = scenario.mean(), (replications, WEEKS)
    if scenario.phi == 1:
        return rng.poisson(mean, shape).astype(float)
    return rng.negative_binomial(mean / (scenario.phi - 1), 1 / scenario.phi, shape).astype(float)


def with_outbreak(
    scenario: Scenario, replications: int, size: int, rng: np.random.Generator
) -> tuple[Array, NDArray[np.bool_]]:
    """Counts up to the end of each row's current outbreak, and which of the last 5 weeks belong to it."""
    counts = draw(scenario, replications, rng)
    spread = np.sqrt(scenario.phi * scenario.mean())
    for past in PAST_SIZES:
        add_outbreak(counts, spread, past, rng.integers(PAST_FROM, WEEKS - CURRENT, replications), rng)
    start = rng.integers(WEEKS - CURRENT, WEEKS, replications)
    end = add_outbreak(counts, spread, size, start, rng)
    weeks = end[:, None] - np.arange(NEEDED - 1, -1, -1)
    inside = weeks[:, -LONGEST:] >= start[:, None]
    return np.take_along_axis(counts, weeks, axis=1), inside


def add_outbreak(
    counts: Array, spread: Array, size: int, start: NDArray[np.int64], rng: np.random.Generator
) -> NDArray[np.int64]:
    """Adds the cases in place; returns the week of each row's last case, the start where there is none; cases past the end are lost."""
    cases = rng.poisson(size * spread[start])
    row = np.repeat(np.arange(len(counts)), cases)
    week = start[row] + np.minimum(np.floor(rng.lognormal(0, 0.5, len(row))).astype(int), LONGEST - 1)
    row, week = row[week < WEEKS], week[week < WEEKS]
    np.add.at(counts, (row, week), 1)
    end = start.copy()
    np.maximum.at(end, row, week)
    return end


def smallest(method: Method, counts: Array, inside: NDArray[np.bool_]) -> Array:
    """(rows,) the smallest tail of the outbreak's weeks: it is found at every alpha from there on."""
    tails = method(counts, judged=LONGEST, alpha=0.005).tail
    return np.where(inside, tails, 1.0).min(axis=1)


def rated(name: str, scenarios: list[Simulated]) -> Rated:
    quiet = np.concatenate([simulated.quiet for simulated in scenarios])
    matched = _matched(quiet)
    least = {size: np.concatenate([simulated.least[size] for simulated in scenarios]) for size in SIZES}
    return Rated(
        name,
        tuple(float(np.mean(simulated.quiet <= 0.005)) for simulated in scenarios),
        {size: float(np.mean(tails <= 0.005)) for size, tails in least.items()},
        {size: float(np.mean(tails <= matched)) for size, tails in least.items()},
        float(np.mean(quiet <= matched)),
        sum(simulated.seconds for simulated in scenarios) / len(quiet) * 1000,
    )


def _matched(quiet: Array) -> float:
    """The largest tail at which no more than R's share of quiet weeks alarm."""
    ranked = np.sort(quiet)
    first_over = ranked[int(REFERENCE_RATE * len(ranked))]
    below = ranked[ranked < first_over]
    return float(below[-1]) if len(below) else 0.0

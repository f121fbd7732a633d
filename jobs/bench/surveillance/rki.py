"""Seven German weekly series with one labelled outbreak each, by the protocol of the vignette of R's package `surveillance`."""

from __future__ import annotations

import csv
import gzip
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from jobs.bench.surveillance.methods import METHODS, Method
from jobs.warn.methods.bounds import Array

COPIED, COPIES = 208, 2
AROUND = 26  # weeks around its own copy that a week is not compared with
SPECIFICITIES = (0.974, 0.926)
RESAMPLED = 2000
PUBLISHED = {
    "bayes(4,0,2)": (0.498, 0.676),
    "farrington(3,0,5)": (0.333, 0.676),
    "farrington_flexible b=5": (0.467, 0.695),
    "farrington_flexible b=3": (0.495, 0.600),
}


@dataclass(frozen=True)
class Found:
    """One method on all series. sensitivity: specificity -> (estimate, low, high of the 95 % bootstrap interval over series);
    at α = .005: sensitivity, specificity, and mean lag in weeks from an outbreak's first to its first alarm, its length where none.
    changed: answers that differ when the last 26 weeks are cut off."""

    method: str
    sensitivity: dict[float, tuple[float, float, float]]
    at_alpha: tuple[float, float]
    lag: float
    changed: int


def read_series(data: Path) -> tuple[Array, NDArray[np.bool_]]:
    """(series, weeks) counts and whether the week belongs to an outbreak. Raises FileNotFoundError."""
    counts, states = defaultdict(list), defaultdict(list)
    with gzip.open(data / "surveillance" / "rki_weekly.csv.gz", "rt", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            counts[row["series"]].append(float(row["count"]))
            states[row["series"]].append(row["outbreak_state"] == "1")
    return np.array(list(counts.values())), np.array(list(states.values()))


def bench_rki(data: Path, seed: int, told: Callable[[str], None] = lambda step: None) -> list[Found]:
    counts, outbreak = read_series(data)
    found = []
    for name, method in METHODS.items():
        told(f"RKI: {name}")
        found.append(measure(name, method, counts, outbreak, seed))
    return found


def measure(name: str, method: Method, counts: Array, outbreak: NDArray[np.bool_], seed: int) -> Found:
    tail, alarm = answers(method, counts)
    cut = answers(method, counts, cut=26)[0]
    rng = np.random.default_rng(seed)
    picks = rng.integers(0, len(counts), (RESAMPLED, len(counts)))
    sensitivity = {}
    for specificity in SPECIFICITIES:
        drawn = [at_specificity(tail[pick], outbreak[pick], specificity) for pick in picks]
        low, high = np.quantile(drawn, (0.025, 0.975))
        sensitivity[specificity] = (at_specificity(tail, outbreak, specificity), float(low), float(high))
    return Found(
        name, sensitivity, (float(alarm[outbreak].mean()), float(1 - alarm[~outbreak].mean())),
        lag(alarm, outbreak), int((~np.isclose(tail[:, : cut.shape[1]], cut, rtol=1e-9, equal_nan=True)).sum()),
    )  # fmt: skip


def answers(method: Method, counts: Array, cut: int = 0) -> tuple[Array, NDArray[np.bool_]]:
    """Tail and alarm of every week, the first 208 weeks copied twice in front, the last `cut` weeks taken away.

    With the copies a method that looks back four years would compare a week with itself, and with the weeks that follow it: the 26
    weeks on either side of its own copies are taken as not counted.
    """
    weeks = counts.shape[1] - cut
    tail, alarm = np.empty((len(counts), weeks)), np.empty((len(counts), weeks), bool)
    for week in range(weeks):
        history = np.concatenate([counts[:, :COPIED]] * COPIES + [counts[:, : week + 1]], axis=1)
        for back in range(1, COPIES + 1):
            own = history.shape[1] - 1 - COPIED * back
            history[:, max(own - AROUND, 0) : own + AROUND + 1] = np.nan
        bounds = method(history, judged=1, alpha=0.005)
        tail[:, week], alarm[:, week] = bounds.tail[:, 0], bounds.alarm[:, 0]
    return tail, alarm


def at_specificity(tail: Array, outbreak: NDArray[np.bool_], specificity: float) -> float:
    """Share of outbreak weeks whose tail is below the threshold that keeps this share of the other weeks silent; ties count by parts."""
    quiet, ill = np.sort(tail[~outbreak]), tail[outbreak]
    thresholds = np.unique(quiet)
    false = np.searchsorted(quiet, thresholds, side="right") / len(quiet)
    true = (ill[:, None] <= thresholds).mean(axis=0)
    first = (ill < thresholds[0]).mean()
    return float(np.interp(1 - specificity, np.append(0.0, false), np.append(first, true)))


def lag(alarm: NDArray[np.bool_], outbreak: NDArray[np.bool_]) -> float:
    """Mean weeks from an outbreak's first week to its first alarm; its length where there is none."""
    lags = []
    for rung, ill in zip(alarm, outbreak, strict=True):
        during = rung[ill]
        lags.append(int(during.argmax()) if during.any() else len(during))
    return float(np.mean(lags))

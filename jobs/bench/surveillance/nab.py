"""Numenta's anomaly benchmark, by its own scorer's formula, on the series at hand."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from jobs.warn.methods.bounds import Array
from jobs.warn.methods.conformal import conformal_knn

HIT, FALSE_ALARM, MISS = 1.0, -0.11, -1.0  # the standard profile
PROBATION_SHARE, PROBATION_MOST = 0.15, 750  # rows at the start that are not scored
PUBLISHED = {"ARTime": 74.9, "HTM": 70.5, "RCF": 51.7, "Gaussian": 39.6, "random": 11.0}


@dataclass(frozen=True)
class Stream:
    """One series: values (rows,), and its labelled windows as first and last row."""

    name: str
    values: Array
    windows: list[tuple[int, int]]

    @property
    def probation(self) -> int:
        return int(PROBATION_SHARE * min(len(self.values), PROBATION_MOST / PROBATION_SHARE))


@dataclass(frozen=True)
class Scored:
    """Normalised score (0: nothing ever found, 100: perfect) at the best threshold, as NAB's optimiser takes it, of the detector and,
    for scale, of uniform random scores; windows found, false alarms."""

    score: float
    random: float
    threshold: float
    found: int
    windows: int
    false_alarms: int
    streams: int


def read_streams(data: Path) -> list[Stream]:
    """Every series that windows.json names and the folder holds. Raises FileNotFoundError."""
    folder = data / "surveillance" / "nab"
    labelled = json.loads((folder / "windows.json").read_text(encoding="utf-8"))
    streams = []
    for name, windows in labelled.items():
        if not (folder / name).is_file():
            continue
        with (folder / name).open(encoding="utf-8") as file:
            rows = [(datetime.fromisoformat(row["timestamp"]), float(row["value"])) for row in csv.DictReader(file)]
        when = [time for time, _ in rows]
        spans = [tuple(datetime.fromisoformat(end) for end in window) for window in windows]
        inside = [[i for i, time in enumerate(when) if first <= time <= last] for first, last in spans]
        streams.append(
            Stream(
                name, np.array([value for _, value in rows]), [(rows_in[0], rows_in[-1]) for rows_in in inside if rows_in],
            )
        )  # fmt: skip
    if not streams:
        raise FileNotFoundError(f"{folder} holds none of the series that its windows.json names")
    return streams


def bench_nab(data: Path, seed: int, told: Callable[[str], None] = lambda step: None) -> Scored:
    streams = read_streams(data)
    scores = []
    for stream in streams:
        told(f"NAB: {stream.name}")
        scores.append(conformal_knn(stream.values, window=stream.probation))
    rng = np.random.default_rng(seed)
    chance = [rng.uniform(size=len(stream.values)) for stream in streams]
    best, threshold = optimised(streams, scores)
    found, false = 0, 0
    for stream, score in zip(streams, scores, strict=True):
        rung = score >= threshold
        rung[: stream.probation] = False
        for first, last in stream.windows:
            found += bool(rung[first : last + 1].any())
            rung[first : last + 1] = False
        false += int(rung.sum())
    windows = sum(len(stream.windows) for stream in streams)
    return Scored(best, optimised(streams, chance)[0], threshold, found, windows, false, len(streams))


def optimised(streams: list[Stream], scores: list[Array]) -> tuple[float, float]:
    """The best normalised score over all thresholds, one for all streams, and that threshold."""
    weights = [row_weights(stream) for stream in streams]
    owner = np.concatenate([window + 1000 * i for i, (_, window) in enumerate(weights)])
    weight = np.concatenate([w for w, _ in weights])
    in_window = np.concatenate([window >= 0 for _, window in weights])
    judged = np.concatenate([np.arange(len(s.values)) >= s.probation for s in streams])
    score = np.where(judged, np.concatenate(scores), -np.inf)
    windows = sum(len(stream.windows) for stream in streams)
    perfect, null = windows * HIT, windows * MISS
    order = np.argsort(-score, kind="stable")
    order = order[np.isfinite(score[order])]
    total, best, threshold = null, (null, np.inf), np.inf
    credit: dict[int, float] = {}
    for place, row in enumerate(order):
        if in_window[row]:  # the earliest alarm of a window counts, which is also the one of greatest weight
            before = credit.get(int(owner[row]), MISS)
            if weight[row] > before:
                total += weight[row] - before
                credit[int(owner[row])] = float(weight[row])
        else:
            total += weight[row]
        last_of_ties = place + 1 == len(order) or score[order[place + 1]] < score[row]
        if last_of_ties and total > best[0]:
            best = (total, score[row])
    total, threshold = best
    return float(100 * (total - null) / (perfect - null)), float(threshold)


def row_weights(stream: Stream) -> tuple[Array, NDArray[np.int64]]:
    """What an alarm at each row is worth, and the window that it lies in, −1 for none.

    σ(x) = 2 / (1 + e^{5x}) − 1 of the position relative to the window: −1 at its first row, 0 at its last. In a window
    the worth is HIT · σ ÷ σ(−1); after one it falls from 0 towards −1 times |FALSE_ALARM|; before the first it is FALSE_ALARM.
    Source: Lavin & Ahmad 2015, ICMLA (NAB's sweeper, standard profile: 1, −0.11, −1).
    """
    rows = len(stream.values)
    worth, window = np.full(rows, FALSE_ALARM), np.full(rows, -1)
    for number, (first, last) in enumerate(stream.windows):
        width = last - first + 1
        inside = np.arange(first, last + 1)
        worth[inside] = HIT * sigmoid(-(last - inside + 1) / width) / sigmoid(-1.0)
        window[inside] = number
        following = stream.windows[number + 1][0] if number + 1 < len(stream.windows) else rows
        after = np.arange(last + 1, following)
        worth[after] = -FALSE_ALARM * sigmoid((after - last) / max(width - 1, 1))
    return worth, window


def sigmoid(position: Array | float) -> Array:
    """NAB's scaled sigmoid; −1 far to the right of the window."""
    x = np.asarray(position, dtype=float)
    return np.where(x > 3.0, -1.0, 2 / (1 + np.exp(5 * np.minimum(x, 3.0))) - 1)

"""A big city's night: every stream of three years judged in every tier, and the scan for clusters; beside R on some of the same series."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from time import perf_counter, process_time

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.parquet as pq

from jobs.warn.methods.bounds import Array
from jobs.warn.methods.farrington import NOUFAILY, farrington_flexible
from schemas.warning_rule import WarningRule, load_rules

AS_OF = date(2026, 6, 29)
WEEKS = NOUFAILY.spans()[0].reach + 1  # three years, and the weeks around the first of them
A_WEEK = 0.5  # events a stream and week
TOWNS, COMMUNITIES, GRIDS = 72, 8, 8
CATEGORIES = 20
PEER_SERIES = 60
EVENTS = pa.schema(
    [
        ("delivery_id", pa.string()), ("row_no", pa.int64()), ("called_at", pa.timestamp("us", tz="UTC")), ("grid_code", pa.string()),
        ("kind", pa.string()),
    ]
)  # fmt: skip
R_PROGRAM = """
suppressMessages(library(surveillance))
counts <- as.matrix(read.csv("counts.csv", header = FALSE))
control <- list(range = nrow(counts), b = 3, w = 3, noPeriods = 10, pastWeeksNotIncluded = 26, reweight = TRUE, weightsThreshold = 2.58,
                trend = TRUE, pThresholdTrend = 1, thresholdMethod = "nbPlugin", alpha = 0.005, verbose = FALSE, glmWarnings = FALSE)
began <- proc.time()[["user.self"]]
bounds <- sapply(seq_len(ncol(counts)), function(i) {
  series <- sts(counts[, i], start = c(2023, 1), frequency = 52)
  tryCatch(upperbound(suppressWarnings(farringtonFlexible(series, control)))[1], error = function(fault) NA)
})
cat(proc.time()[["user.self"]] - began, bounds, sep = "\\n")
"""


@dataclass
class Night:
    """Seconds by step; peak resident megabytes of this process and of Spark's. warnings: by step; peer: None without R."""

    grids: int
    categories: int
    events: int
    seconds: dict[str, float] = field(default_factory=dict)
    warnings: dict[str, int] = field(default_factory=dict)
    peak_mb: int = 0
    spark_mb: int = 0
    peer: Peer | None = None


@dataclass(frozen=True)
class Peer:
    """Of the same series and week, on one core. ours, theirs: seconds a series; equal: of `series` bounds; within: that differ by at most one."""

    series: int
    ours: float
    theirs: float
    equal: int
    within: int


def bench_nightly(towns: int, categories: int, tell: Callable[[str], None] = lambda step: None) -> Night:
    """Write the events, then run the city's surge and cluster families on them by Spark, for a night and for the next one. Raises NoJava, NoJars."""
    from jobs import spark as sparks
    from jobs.warn.find import find

    surge, cluster = (_on_events(family) for family in ("hotline_surge", "hotline_cluster"))
    with tempfile.TemporaryDirectory() as folder:
        tell("events")
        night = Night(towns * COMMUNITIES * GRIDS, categories, _write_events(Path(folder), towns, categories))
        tell("Spark")
        spark = sparks.session()
        for table in ("grid", "hotline"):
            spark.read.parquet(f"{folder}/{table}.parquet").createOrReplaceTempView(table)
        for step, rule, day in (
            ("surges", surge, AS_OF), ("clusters", cluster, AS_OF), ("surges, a day later", surge, AS_OF + timedelta(days=1)),
        ):  # fmt: skip
            tell(step)
            began = perf_counter()
            night.warnings[step] = len(find(spark, rule, day))
            night.seconds[step] = perf_counter() - began
        night.peak_mb, night.spark_mb = _peaks()
    tell("R")
    night.peer = beside_r(PEER_SERIES)
    return night


def _on_events(family: str) -> WarningRule:
    return next(rule for rule in load_rules() if rule.family == family)


def _write_events(folder: Path, towns: int, categories: int, seed: int = 1) -> int:
    """grid.parquet, and hotline.parquet a town at a time: quiet streams whose weekly means vary as a lognormal does, with a yearly season."""
    dice = np.random.default_rng(seed)
    town, community, grid = (part.ravel() for part in np.indices((towns, COMMUNITIES, GRIDS)))
    codes = np.array(
        [f"330499{t + 1:03d}{c + 1:03d}{g + 1:03d}" for t, c, g in zip(town, community, grid, strict=True)]
    )
    east = town % 9 * 8 + grid  # grids on a square lattice, 400 metres apart
    north = town // 9 * 8 + community
    pq.write_table(
        pa.table({"grid_code": codes, "lon": 120 + east * 0.004, "lat": 30 + north * 0.0036}), folder / "grid.parquet"
    )
    kinds = np.array([f"k{n:02d}" for n in range(categories)])
    end = np.datetime64(AS_OF, "us") - np.timedelta64(8, "h")  # midnight in Shanghai
    events = 0
    with pq.ParquetWriter(folder / "hotline.parquet", EVENTS) as file:
        for mine in np.array_split(codes, towns):
            mean = A_WEEK * WEEKS * dice.lognormal(-0.125, 0.5, len(mine) * categories)
            stream = np.repeat(np.arange(len(mean)), dice.poisson(mean))
            ago = dice.uniform(0.001, 7 * WEEKS - 0.001, len(stream))
            kept = dice.random(len(stream)) < 0.75 + 0.25 * np.cos(2 * np.pi * ago / 365)
            stream, ago = stream[kept], ago[kept]
            at = end - (ago * 86_400e6).astype("timedelta64[us]")
            row_no = np.arange(events + 1, events + len(stream) + 1)
            told = [
                np.full(len(stream), "hotline-1"),
                row_no,
                at,
                mine[stream // categories],
                kinds[stream % categories],
            ]
            file.write_table(pa.table([pa.array(column) for column in told], names=EVENTS.names).cast(EVENTS))
            events += len(stream)
    return events


def _peaks() -> tuple[int, int]:
    """Peak resident megabytes of this process, and of Spark's JVM."""

    def peak(process: psutil.Process) -> int:
        status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii", errors="replace")
        return int(status.split("VmHWM:")[1].split()[0]) // 1024 if "VmHWM:" in status else 0

    me = psutil.Process()
    java = [child for child in me.children(recursive=True) if "java" in child.name()]
    return peak(me), max(map(peak, java), default=0)


def beside_r(series: int, seed: int = 3) -> Peer | None:
    """Farrington Flexible on the same weekly counts by R's `surveillance`, one core each, imports apart; None where R or the package is missing."""
    if not shutil.which("Rscript"):
        return None
    dice = np.random.default_rng(seed)
    season = 1 + 0.5 * np.cos(2 * np.pi * np.arange(WEEKS) / 52)
    counts = dice.poisson(dice.lognormal(1.0, 0.8, series)[:, None] * season).astype(float)
    with tempfile.TemporaryDirectory() as folder:
        np.savetxt(Path(folder) / "counts.csv", counts.T, fmt="%d", delimiter=",")
        said = subprocess.run(["Rscript", "-e", R_PROGRAM], cwd=folder, capture_output=True, text=True)
    if said.returncode:
        return None
    seconds, *bounds = (float(word) if word != "NA" else np.nan for word in said.stdout.split())
    theirs = np.array(bounds)
    ours, mine = _timed(counts)
    both = np.isfinite(theirs)
    apart = np.abs(mine - theirs)[both]
    return Peer(int(both.sum()), ours, seconds / series, int((apart < 1e-6).sum()), int((apart <= 1).sum()))


def _timed(counts: Array, repeats: int = 50) -> tuple[float, Array]:
    """Processor seconds a series, over many copies as a night has them; and the bounds of the series themselves."""
    many = np.tile(counts, (repeats, 1))
    began = process_time()
    bound = farrington_flexible(many, alpha=0.005).bound[:, 0]
    return (process_time() - began) / len(many), bound[: len(counts)]

"""Intake of one large delivery beside DuckDB's bare copy and the same screening on local Spark and on pandas; a process each, so that memory is its own."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jobs.bench.incidents import BAD_EVERY, FILE, write_incidents
from jobs.home import CHECKOUT

PEERS = ("ours", "copy", "spark", "pandas")


class WrongAnswer(AssertionError):
    """A run of the bench read its own file wrong; its seconds mean nothing."""


@dataclass(frozen=True)
class Run:
    """Seconds from the first byte read to the last written, imports and session apart; peak resident memory of the process (of Spark: none, it is the JVM's)."""

    peer: str
    rows: int
    seconds: float
    peak_mb: int | None
    steps: dict[str, float]

    @property
    def gate_share(self) -> float | None:
        """Of the seconds, what judging the batch as a whole took; None of a peer that has no such step."""
        return self.steps["gate"] / self.seconds if "gate" in self.steps else None


def bench_ingest(
    rows: int, peers: tuple[str, ...] = PEERS, told: Callable[[str], None] = lambda step: None
) -> list[Run]:
    """Each peer once on one file of police incidents. Raises WrongAnswer when kept and held are not what the file holds."""
    with tempfile.TemporaryDirectory() as folder:
        told(f"writing {rows:,} rows")
        source = Path(folder) / FILE
        write_incidents(source, rows)
        runs = []
        for peer in peers:
            told(f"{peer}, {rows:,} rows")
            runs.append(_run(peer, rows, source))
        return runs


def _run(peer: str, rows: int, source: Path) -> Run:
    command = [sys.executable, "-m", "jobs.bench.peer", peer, str(source)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=CHECKOUT)
    if done.returncode:
        raise WrongAnswer(f"{peer} on {rows:,} rows ended with {done.returncode}: {done.stderr.strip()[-800:]}")
    said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    held = -(-rows // BAD_EVERY)
    if peer != "copy" and (said["kept"], said["held"]) != (rows - held, held):
        raise WrongAnswer(f"{peer} kept {said['kept']:,} and held {said['held']:,} of {rows:,} rows; {held:,} are bad")
    return Run(peer, rows, said["seconds"], said["peak_mb"], said["steps"])

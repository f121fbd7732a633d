"""How a run is shared out between workers, and where its time went.

A file's tests stay with one worker, in their order, so that what a file builds is built once. Files that share something costly (Spark,
Airflow, Superset, a built city) make one group, which stays with one worker too. The groups that take longest are handed out first.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import Any

import psutil
import pytest
from xdist.scheduler import LoadScopeScheduling

ROOT = Path(__file__).resolve().parents[1]
COSTLY = ("airflow", "city", "spark", "superset")  # markers whose files make one group, the longest first
LONG = "long"  # marks a file that is handed out after them, before all others
WORKER_GIB = 5  # one with Spark, a browser or a city's run under it
SLOWEST = 10


def pytest_xdist_auto_num_workers() -> int:
    """One more than cores, since some wait for a server's clock, as far as memory goes."""
    memory = psutil.virtual_memory().total // (WORKER_GIB << 30)
    return max(1, min((os.cpu_count() or 1) + 1, memory))


class ByGroup(LoadScopeScheduling):
    """Hands out whole groups, in the order in which they were collected."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid.split("::")[0])


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByGroup:
    config.option.loadscopereorder = False
    return ByGroup(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: _turn(item.location[0]))


def group_of(path: str) -> str:
    """The costly marker of a file (its path from the checkout), or the file itself."""
    marker = _marker(path)
    return marker if marker in COSTLY else path


def _turn(path: str) -> int:
    order = (*COSTLY, LONG, "")
    return order.index(_marker(path))


@cache
def _marker(path: str) -> str:
    """What the file says of all its tests, as far as it bears on who runs them: "" when nothing."""
    marked = re.search(r"^pytestmark = pytest\.mark\.(\w+)", (ROOT / path).read_text(encoding="utf-8"), re.MULTILINE)
    return marked[1] if marked and marked[1] in (*COSTLY, LONG) else ""


class WhereTimeWent:
    """Seconds of each file's tests, what they share included; printed at the end."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self.tests: dict[str, int] = defaultdict(int)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        path = report.location[0]
        self.seconds[path] += report.duration
        self.tests[path] += report.when == "call"

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        whole = sum(self.seconds.values())
        slowest = sorted(self.seconds, key=lambda path: -self.seconds[path])[:SLOWEST]
        terminalreporter.section(
            f"where {whole:.0f} s of tests went: the slowest {len(slowest)} of {len(self.seconds)} files"
        )
        for path in slowest:
            terminalreporter.write_line(f"{self.seconds[path]:7.1f} s  {self.tests[path]:4d} tests  {path}")

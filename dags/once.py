"""Every DAG once, in this process and in order: what `make demo` runs.

Airflow's own output goes to HOME/logs/once.log; what a person wants to see goes to the screen.
"""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.text import Text

from jobs.home import home
from jobs.operate.folders import close_to_others, make_folders
from jobs.screen import GOOD, QUIET, WRONG, Screen
from jobs.services import airflow_environment


def main() -> int:
    """Run ingest of every feed, the city, the quality desk and the reports; 0 when every DAG run succeeded."""
    here = home()
    close_to_others()
    make_folders(here, here.contracts()[0].values())
    here.make_key()
    os.environ.update(airflow_environment(here) | {"CITYBRAIN_SWEEP": "off"})
    began = time.monotonic()
    with _quiet(here.root / "logs" / "once.log") as console:
        console.print(f"城市大脑 · {here.root} · {here.now():%Y-%m-%d}" + (" (演示时钟)" if here.frozen_day else ""))
        failed = [dag_id for dag_id, dag in _dags(console) if not _run(console, dag_id, dag)]
        if failed:
            console.wrong(f"没有成功:{'、'.join(failed)}。详见 {here.root / 'logs' / 'once.log'}")
        _summary(console, time.monotonic() - began)
    return 1 if failed else 0


def _dags(console: Screen) -> Iterator[tuple[str, Any]]:
    """Ingest first, then the city, the quality desk, the reports. Importing them is part of what is waited for."""
    with console.status("Airflow"):
        from airflow.utils.db import initdb

        initdb()
        from dags import city, ingest, quality_desk, reports
    for feed in ingest.contracts:
        yield f"ingest_{feed}", getattr(ingest, f"ingest_{feed}")
    for fault in ingest.faults:
        yield f"broken_{fault.path.stem}", getattr(ingest, f"broken_{fault.path.stem}")
    yield "ingest_unrecognised", ingest.ingest_unrecognised
    yield "city", city.city
    yield "quality_desk", quality_desk.quality_desk
    yield "reports", reports.reports


def _run(console: Screen, dag_id: str, dag: Any) -> bool:
    began = time.monotonic()
    with console.status(dag_id):
        state = str(dag.test().state)
    good = state.endswith("success")
    mark = ("✓", GOOD) if good else ("✗", WRONG)
    took = (f"  {dag_id} {time.monotonic() - began:.1f} s", QUIET)
    console.print(Text.assemble(" ", mark, f" {dag.dag_display_name or dag_id}", took))
    return good


def _summary(console: Screen, seconds: float) -> None:
    from jobs.status import show_status

    try:
        show_status(home(), console)
    except FileNotFoundError:
        console.wrong("还没有可看的结果。")
    console.print(f"用时 {seconds:.0f} 秒", style=QUIET)


@contextmanager
def _quiet(log: Path) -> Iterator[Screen]:
    """What is printed below Python's level and by Airflow's loggers goes to the log; the console keeps the screen."""
    log.parent.mkdir(parents=True, exist_ok=True)
    screen = os.fdopen(os.dup(1), "w", encoding="utf-8")
    sys.stdout.flush()
    with log.open("a", encoding="utf-8") as out:
        saved = os.dup(1), os.dup(2)
        os.dup2(out.fileno(), 1)
        os.dup2(out.fileno(), 2)
        try:
            yield Screen(file=screen, force_terminal=screen.isatty(), width=None if screen.isatty() else 120)
        finally:
            logging.disable(logging.CRITICAL)  # what is closed at the end of the process needs no word on the screen
            sys.stdout.flush()
            sys.stderr.flush()
            os.dup2(saved[0], 1)
            os.dup2(saved[1], 2)
            screen.flush()


if __name__ == "__main__":
    sys.exit(main())

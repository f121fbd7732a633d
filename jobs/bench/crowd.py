"""Many small feeds at once under a real Airflow: deliveries a minute, and what each of them waited for."""

from __future__ import annotations

import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from jobs import services
from jobs.home import Home

PREFIX = "crowd_"
GIVE_UP_SECONDS = 900.0


@dataclass(frozen=True)
class Crowd:
    """seconds: from the drop to the last row in the ledger. waits: medians in seconds of each stretch of a delivery's way."""

    feeds: int
    deliveries: int
    seconds: float
    waits: dict[str, float]

    @property
    def a_minute(self) -> float:
        return self.deliveries / self.seconds * 60


def bench_crowd(
    feeds: int,
    files: int,
    rows: int,
    environment: MutableMapping[str, str],
    told: Callable[[str], None] = lambda step: None,
) -> Crowd:
    """Drop `files` files of `rows` rows into each of `feeds` feeds at the same moment, all services but Superset running.

    environment: os.environ, which gets this city's settings.
    Raises TimeoutError when not every file is in the ledger after a quarter of an hour.
    """
    with crowded_city(feeds, environment, told) as home:
        began, dropped_at = time.monotonic(), time.time()
        drop_files(home, feeds, files, rows)
        wait_for_all(home, feeds * files, told)
        return Crowd(feeds, feeds * files, time.monotonic() - began, _waits(home, dropped_at))


@contextmanager
def crowded_city(
    feeds: int, environment: MutableMapping[str, str], told: Callable[[str], None] = lambda step: None
) -> Iterator[Home]:
    """A temporary city of so many small feeds with its Airflow running and its drop folders watched."""
    with tempfile.TemporaryDirectory(prefix="crowd-") as folder:
        home, contracts = Home(Path(folder) / "var"), Path(folder) / "feeds"
        contracts.mkdir()
        for number in range(feeds):
            write_contract(contracts, number)
        environment.update({"CITYBRAIN_HOME": str(home.root), "CITYBRAIN_FEEDS": str(contracts)})
        home.make_key()
        told("starting Airflow")
        services.up(home, superset=False)
        try:
            _wait_for_dags(home, feeds)
            yield home
        finally:
            services.down(home)


def drop_files(home: Home, feeds: int, files: int, rows: int) -> None:
    for number in range(feeds):
        folder = home.drop / f"{PREFIX}{number:02d}"
        folder.mkdir(parents=True, exist_ok=True)
        for day in range(1, files + 1):
            (folder / f"xy_202603{day:02d}.csv").write_bytes(small_file(rows))


def wait_for_all(home: Home, deliveries: int, told: Callable[[str], None] = lambda step: None) -> None:
    """Until so many files are put away. Raises TimeoutError."""
    began = time.monotonic()
    while (done := put_away(home)) < deliveries:
        told(f"{done} of {deliveries} deliveries")
        if time.monotonic() - began > GIVE_UP_SECONDS:
            raise TimeoutError(f"only {done} of {deliveries} deliveries were taken in {GIVE_UP_SECONDS:.0f} s")
        time.sleep(2)


def put_away(home: Home) -> int:
    """Deliveries that have come to their end."""
    return sum(1 for _ in home.archive.glob(f"{PREFIX}*/*/*"))


def write_contract(folder: Path, number: int, **delivery: str) -> str:
    """A small feed of events, one file a day unless `delivery` says otherwise, in a drop folder of its own; its name."""
    feed = f"{PREFIX}{number:02d}"
    given: dict[str, Any] = {
        "feed": feed, "title": {"zh": f"小样{number}", "en": f"Small {number}"},
        "owner": {"department": f"单位{number}", "folder": feed, "contact": "data@example.cn"},
        "delivery": {"files": "xy_*.csv", "kind": "events", "every": "0 2 * * *", "late_after": "6h", "period": r"xy_(\d{8})", **delivery},
        "key": ["item_no"],
        "columns": {
            "item_no": {"from": ["编号"], "type": "string", "required": True},
            "happened_at": {"from": ["时间"], "type": "timestamp", "formats": ["yyyy-MM-dd HH:mm"], "required": True},
            "amount": {"from": ["金额"], "type": "money"},
        },
        "gate": {"held": {"warn": "2%", "refuse": "10%"}},
        "examples": [{"keep": {"编号": "1", "时间": "2026-03-01 09:30", "金额": "1.00"}}],
    }  # fmt: skip
    (folder / f"{feed}.yaml").write_text(yaml.safe_dump(given, allow_unicode=True), encoding="utf-8")
    return feed


def small_file(rows: int) -> bytes:
    """What each of them sends: so many rows, all good."""
    return "\n".join(["编号,时间,金额", *(f"N{n},2026-03-01 09:30,{n}.50" for n in range(rows))]).encode()


def _wait_for_dags(home: Home, feeds: int) -> None:
    """Until the scheduler knows every feed's DAG, and the triggerer has its sweep."""
    deadline = time.monotonic() + GIVE_UP_SECONDS
    while time.monotonic() < deadline:
        with metadata(home) as db:
            known = db.execute(f"SELECT count(*) FROM dag WHERE dag_id LIKE 'ingest_{PREFIX}%'").fetchone()[0]
            swept = db.execute("SELECT count(*) FROM trigger WHERE triggerer_id IS NOT NULL").fetchone()[0]
        if known >= feeds and swept >= feeds:
            return
        time.sleep(2)
    raise TimeoutError("Airflow did not read the DAGs")


def _waits(home: Home, dropped_at: float) -> dict[str, float]:
    """Medians over the feeds: until the sweep was heard and the task queued, until a worker had it, until it ended."""
    with metadata(home) as db:
        tasks = db.execute(
            f"SELECT queued_dttm, start_date, end_date FROM task_instance WHERE dag_id LIKE 'ingest_{PREFIX}%' AND state = 'success'"
        ).fetchall()
    moments = [[_seconds(moment) for moment in task] for task in tasks]
    return {
        "drop to queue (standing still 10 s, sweep, scheduler)": statistics.median(m[0] - dropped_at for m in moments),
        "queue to worker (of 4)": statistics.median(m[1] - m[0] for m in moments),
        "task (imports, then its files)": statistics.median(m[2] - m[1] for m in moments),
    }


def metadata(home: Home) -> sqlite3.Connection:
    """Airflow's own database, to be read."""
    return sqlite3.connect(f"file:{home.root / 'airflow' / 'airflow.db'}?mode=ro", uri=True, timeout=30)


def _seconds(moment: str) -> float:
    return datetime.fromisoformat(moment if "+" in moment else f"{moment}+00:00").timestamp()

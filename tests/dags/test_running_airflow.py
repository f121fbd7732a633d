"""A real Airflow at work: nothing can be written to its database for a minute, a department is late. Every row arrives, once; the operator is told."""

from __future__ import annotations

import os
import socket
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from deltalake import DeltaTable
from settings import KEY

from jobs.alert import recent
from jobs.bench.crowd import crowded_city, drop_files, metadata, put_away, small_file, wait_for_all, write_contract
from jobs.home import Home
from jobs.ingest.ledger import Ledger

pytestmark = pytest.mark.airflow
FEEDS, FILES, ROWS = 4, 2, 100
LOCKED_SECONDS = 60
ALERT_SECONDS = 300


@pytest.fixture(scope="module")
def city() -> Iterator[Home]:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("CITYBRAIN_KEY", KEY)
        environment.setattr("jobs.services.AIRFLOW_PORT", _free_port())
        environment.setenv("CITYBRAIN_HOME", "")  # both are set below, and put back by this context
        environment.setenv("CITYBRAIN_FEEDS", "")
        with crowded_city(FEEDS + 1, os.environ) as home:
            yield home


def _free_port() -> int:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return door.getsockname()[1]


def lock_database(home: Home, seconds: float) -> None:
    """Nobody else writes to the database for so long: no task starts, ends or gives a sign of life."""
    with sqlite3.connect(home.root / "airflow" / "airflow.db", timeout=30, isolation_level=None) as db:
        db.execute("BEGIN EXCLUSIVE")
        time.sleep(seconds)
        db.execute("ROLLBACK")


def test_a_late_department_and_a_failing_dag_are_alerts_to_the_operator(city: Home) -> None:
    """The one by Airflow's own deadline, of a feed that came by one YAML while it ran; the other once its retries are used up."""
    late = write_contract(Path(os.environ["CITYBRAIN_FEEDS"]), 90, every="* * * * *", late_after="1m")
    failing = f"crowd_{FEEDS:02d}"
    Path(city.table("bronze", failing)).parent.mkdir(parents=True, exist_ok=True)
    Path(city.table("bronze", failing)).write_text("where a table should be")
    (city.drop / failing).mkdir(exist_ok=True)
    (city.drop / failing / "xy_20260301.csv").write_bytes(small_file(ROWS))
    deadline = time.monotonic() + ALERT_SECONDS
    expected = {("late_delivery", late), ("dag_failed", f"ingest_{failing}")}
    while not expected <= {(alert["kind"], alert["subject"]) for alert in recent(city)} and time.monotonic() < deadline:
        time.sleep(2)
    told = {alert["kind"]: alert for alert in recent(city)}
    assert {(alert["kind"], alert["subject"]) for alert in recent(city)} == expected, "and of nothing else"
    assert (
        "单位90的小样90(" in told["late_delivery"]["says_zh"] and "data@example.cn" in told["late_delivery"]["says_zh"]
    )
    assert failing in told["dag_failed"]["says_zh"]
    assert [row["status"] for row in Ledger(city, failing).rows] == ["failed"] * 3, (
        "it was tried three times, and is put away"
    )


def test_every_row_arrives_once_though_the_database_is_locked_for_a_minute(city: Home) -> None:
    before, dropped = put_away(city), FEEDS * FILES
    drop_files(city, FEEDS, FILES, ROWS)
    deadline = time.monotonic() + ALERT_SECONDS
    while not any(city.inbox.rglob("*.csv")) and put_away(city) == before and time.monotonic() < deadline:
        time.sleep(0.2)
    assert put_away(city) < before + dropped, "none or not all have been taken"
    lock_database(city, LOCKED_SECONDS)
    wait_for_all(city, before + dropped)
    for number in range(FEEDS):
        feed = f"crowd_{number:02d}"
        assert sorted(row["status"] for row in Ledger(city, feed).rows) == ["passed"] * FILES
        for room in ("bronze", "silver"):
            rows = DeltaTable(city.table(room, feed)).to_pyarrow_table()
            assert (
                len(rows)
                == len(set(zip(rows["delivery_id"].to_pylist(), rows["row_no"].to_pylist(), strict=True)))
                == FILES * ROWS
            )
    assert not [path for room in (city.drop, city.inbox) for path in room.rglob("*") if path.is_file()]
    with metadata(city) as db:
        assert (
            db.execute("SELECT count(*) FROM task_instance WHERE dag_id LIKE 'ingest_crowd_%'").fetchone()[0] >= FEEDS
        )

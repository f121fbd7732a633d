"""The DAGs as Airflow reads them: a DAG a feed, light to parse, a broken contract shown and not contagious."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest
from deltalake import DeltaTable
from settings import KEY, TODAY

from jobs.home import CHECKOUT, ZONE, Home
from jobs.services import airflow_environment

pytestmark = pytest.mark.airflow

PARSE = """
import json, sys, time
import airflow.sdk, airflow.triggers.base
began = time.perf_counter()
import dags.ingest, dags.arrivals, dags.city, dags.reports, dags.upkeep, dags.quality_desk, dags.refused, dags.decide, dags.follow
seconds = time.perf_counter() - began
engines = [name for name in ("pyspark", "duckdb", "deltalake", "great_expectations", "pandas") if name in sys.modules]
read = {k: v for m in (dags.ingest, dags.arrivals, dags.city, dags.reports, dags.upkeep, dags.quality_desk, dags.refused, dags.decide, dags.follow) for k, v in vars(m).items() if type(v).__name__ == "DAG" and k != "dag"}
found = {k: [t.task_id for t in v.tasks] for k, v in read.items()}
tried_again = {k: all(t.retries >= 2 and t.has_on_failure_callback for t in v.tasks) for k, v in read.items()}
print(json.dumps({"engines": engines, "dags": found, "tried_again": tried_again, "seconds": seconds, "why": {k: v.doc_md for k, v in vars(dags.ingest).items() if k.startswith("broken_") and hasattr(v, "doc_md")}}))
"""


def parse(home: Home, **more: str) -> dict:
    environment = airflow_environment(home) | more
    done = subprocess.run([sys.executable, "-c", PARSE], env=environment, cwd=CHECKOUT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What Airflow reads of a city with one contract that cannot be read."""
    folder = tmp_path_factory.mktemp("dags")
    (folder / "noise_sensor.yaml").write_text("feed: noise_sensor\ntitel: {zh: 噪声, en: Noise}\n", encoding="utf-8")
    return parse(Home(folder / "var"), CITYBRAIN_FEEDS=str(folder))


def test_there_is_a_dag_a_feed_and_no_engine_is_imported_to_parse_them(found: dict[str, Any], contracts: dict) -> None:
    assert {name for name in found["dags"] if name.startswith("ingest_")} == {
        f"ingest_{feed}" for feed in contracts
    } | {"ingest_unrecognised"}
    assert {name for name in found["dags"] if name.startswith("await_")} == {f"await_{feed}" for feed in contracts}
    assert {"city", "reports", "upkeep", "refused", "quality_desk", "warnings", "warning_figures"} <= set(found["dags"])
    assert found["dags"]["decide"] == ["ask", "release", "send_back"]
    assert found["engines"] == []


def test_a_broken_contract_is_a_dag_that_says_why_and_the_others_stay(found: dict[str, Any], contracts: dict) -> None:
    assert (
        found["why"]["broken_noise_sensor"]
        == "noise_sensor.yaml: titel: unknown key 'titel'; did you mean 'title'? (and 7 more)"
    )
    assert len([name for name in found["dags"] if name.startswith("ingest_")]) == len(contracts) + 1


def test_every_task_is_tried_again_before_the_operator_is_told(found: dict[str, Any]) -> None:
    """But for the one that only says why a contract cannot be read."""
    assert {dag for dag, again in found["tried_again"].items() if not again} == {"broken_noise_sensor"}


@pytest.mark.parametrize("day", ["frozen", "the machine's"])
def test_a_delivery_is_waited_for_by_the_city_s_clock(
    home: Home, drop, take, day: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At 02:00 in the city it is still the day before in UTC, which is what Airflow speaks."""
    from dags.waiting import ArrivalTrigger

    if day != "frozen":
        monkeypatch.delenv("CITYBRAIN_TODAY")
    due_at = datetime(2026, 6, 29, 2, tzinfo=ZONE).astimezone(UTC).isoformat()
    trigger = ArrivalTrigger("police_incident", due_at)
    yesterday, today = "jq_20260627.csv", "jq_20260628.csv"
    for name, comes in ((yesterday, False), (today, True)):
        drop(
            "police_incident",
            name,
            "警情编号,报警时间,警情类别,所属网格\nJQ202606270001,2026-06-27 09:30:00,盗窃,330499001001001".encode(
                "gb18030"
            ),
        )
        take("police_incident")
        assert trigger._has_come() is comes, name


def test_what_a_run_left_unfinished_starts_its_dag_again(home: Home) -> None:
    from dags.drop import LEFT_SECONDS, DropFolderTrigger

    fresh, left = (home.inbox / "police_incident" / f"000000000{n}-20260629-aa" for n in (1, 2))
    for claim in (fresh, left):
        claim.mkdir(parents=True)
    os.utime(left, (time.time() - LEFT_SECONDS - 1,) * 2)
    trigger = DropFolderTrigger("police", "jq_*.csv", "police_incident")
    assert trigger._left() == [(left.name, 0)]


def test_a_mended_file_starts_the_dag_of_the_feed_that_it_mends(home: Home, drop) -> None:
    from dags.drop import DropFolderTrigger

    for name in ("jq_20260301.csv", "副本police_incident-20260301-01-补正 (1).xlsx", "death-202603-01-补正.csv"):
        drop("police_incident", name, b"x")
    found = {
        feed: sorted(name for name, _ in DropFolderTrigger("police", pattern, feed)._still())
        for feed, pattern in (
            ("police_incident", "jq_*.csv"),
            ("unrecognised/police", "*"),
            ("death", "sw_*.xlsx"),
            ("custody", "*.xlsx"),
        )
    }
    assert found["police_incident"] == ["jq_20260301.csv", "副本police_incident-20260301-01-补正 (1).xlsx"]
    assert found["death"] == ["death-202603-01-补正.csv"]
    assert found["custody"] == [], "a mending goes to no feed but its own"
    assert len(found["unrecognised/police"]) == 3


def test_a_file_that_goes_while_its_folder_is_looked_at_is_passed_over(
    home: Home, drop, contracts: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another run takes it, or its sender does: neither the sweep nor a run ends of it."""
    from dags.drop import DropFolderTrigger
    from jobs.ingest.claim import strangers, waiting

    seen = [drop("police_incident", name, b"x") for name in ("jq_20260301.csv", "jq_20260302.csv", "a.csv", "b.csv")]
    for module in ("dags.drop", "jobs.ingest.claim"):
        monkeypatch.setattr(f"{module}.dropped", lambda *_: seen)
    for gone in (seen[1], seen[3]):
        gone.unlink()
    assert waiting(home, contracts["police_incident"]) == seen[:1]
    assert strangers(home, contracts.values()) == [seen[2]]
    sweep = DropFolderTrigger("police", "*", "unrecognised/police")._still()
    assert [name for name, _ in sweep] == ["jq_20260301.csv", "a.csv"]


RUN_BY_CLOCK = """
import shutil, sys
from airflow.utils.db import initdb
initdb()
from dags import city, ingest, reports, upkeep
def run(dag):
    state = dag.test().state
    print("STATE", dag.dag_id, state, flush=True)
for dag in (reports.reports, upkeep.upkeep, city.city, reports.reports):
    run(dag)
shutil.copy2(sys.argv[1], sys.argv[2])
run(ingest.ingest_death)
"""


@dataclass(frozen=True)
class FirstDay:
    """A city's DAGs by the clock before anything has come, and then the one of the first file. states: (DAG, state) in their order."""

    home: Home
    states: list[tuple[str, str]]
    said: str


@pytest.fixture(scope="module")
def first_day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FirstDay]:
    """All in one process: its imports and Airflow's database cost more than the runs."""
    root = tmp_path_factory.mktemp("first_day")
    with pytest.MonkeyPatch.context() as environment:
        for name, value in (("HOME", str(root / "var")), ("KEY", KEY), ("TODAY", TODAY), ("SWEEP", "off")):
            environment.setenv(f"CITYBRAIN_{name}", value)
        home = Home(root / "var")
        book, dropped = root / "sw_202603.xlsx", home.drop / "civil_affairs" / "sw_202603.xlsx"
        dropped.parent.mkdir(parents=True)
        _register_of_deaths().save(book)
        os.utime(book, (time.time() - 60,) * 2)
        script = root / "run_by_clock.py"  # a file: under `python -c` PySpark takes itself for a doctest and exits
        script.write_text(RUN_BY_CLOCK)
        command = [sys.executable, str(script), str(book), str(dropped)]
        done = subprocess.run(command, env=airflow_environment(home), cwd=CHECKOUT, capture_output=True, text=True)
        states = [tuple(line.split()[1:3]) for line in done.stdout.splitlines() if line.startswith("STATE")]
        yield FirstDay(home, states, done.stdout[-3000:] + done.stderr[-3000:])


def _register_of_deaths() -> openpyxl.Workbook:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["东湖市死亡登记表"])
    sheet.append(["死亡证明编号", "身份证号", "姓名", "死亡日期", "登记日期"])
    sheet.append(["SW20260001", "11010519491231002X", "张三", "2026-03-02", "2026-03-05"])
    return book


def test_a_feeds_dag_takes_its_waiting_delivery(first_day: FirstDay) -> None:
    assert first_day.states[-1:] == [("ingest_death", "success")], first_day.said
    ledger = DeltaTable(first_day.home.table("ops", "delivery")).to_pyarrow_table().to_pylist()
    assert [(row["delivery_id"], row["status"]) for row in ledger] == [("death-202603-01", "passed")]
    assert (first_day.home.returns / "civil_affairs" / "death-202603-01.html").is_file()


def test_a_city_in_which_nothing_has_arrived_yet_keeps_its_hours(first_day: FirstDay, contracts: dict) -> None:
    """The clock starts the city's DAGs on the first day too: nothing fails, and the page names whom it waits for."""
    by_clock = [(dag, "success") for dag in ("reports", "upkeep", "city", "reports")]
    assert first_day.states[:-1] == by_clock, first_day.said
    with duckdb.connect(str(first_day.home.serving / "serving.duckdb"), read_only=True) as con:
        assert dict(con.execute("SELECT state, count(*) FROM source_health GROUP BY 1").fetchall()) == {
            "waiting": len(contracts)
        }
    assert [path.suffix for path in sorted(first_day.home.reports.iterdir())] == [".html", ".json", ".pdf"]


def test_airflow_listens_on_loopback_and_has_no_password_of_its_own() -> None:
    environment = airflow_environment(Home(Path("/nowhere")))
    assert environment["AIRFLOW__API__HOST"] == "127.0.0.1"
    assert not [key for key in environment if key.startswith("AIRFLOW") and "PASSWORD" in key and key not in os.environ]

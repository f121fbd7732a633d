"""A real Airflow at work: a department is late, a refused delivery waits for a person, nothing can be written to the database for a minute.

Every row arrives, once; the operator is told, and asked.
"""

from __future__ import annotations

import os
import socket
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from airflow_desk import USER, AirflowDesk, open_airflow
from deltalake import DeltaTable
from settings import KEY
from typer.testing import CliRunner

from jobs.alert import recent
from jobs.bench.crowd import crowded_city, drop_files, metadata, put_away, small_file, wait_for_all, write_contract
from jobs.cli import app
from jobs.home import Home
from jobs.ingest.ledger import Ledger

pytestmark = pytest.mark.airflow
FEEDS, FILES, ROWS = 4, 2, 100
FAILING, REFUSED = f"crowd_{FEEDS:02d}", f"crowd_{FEEDS + 1:02d}"
GOOD, BAD = 80, 20
LOCKED_SECONDS = 60
ALERT_SECONDS = 300


@pytest.fixture(scope="module")
def city() -> Iterator[Home]:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("CITYBRAIN_KEY", KEY)
        environment.setattr("jobs.services.AIRFLOW_PORT", _free_port())
        environment.setenv("CITYBRAIN_HOME", "")  # both are set below, and put back by this context
        environment.setenv("CITYBRAIN_FEEDS", "")
        with crowded_city(FEEDS + 2, os.environ) as home:
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
    failing = FAILING
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


def refused_file(day: int) -> bytes:
    """A fifth of its rows say no time."""
    bad = "\n".join(f"X{n},昨天,{n}.50" for n in range(BAD))
    return small_file(GOOD).replace(b"N", f"N{day}".encode()) + b"\n" + bad.encode()


def delivery(day: int, attempt: int = 1) -> str:
    return f"{REFUSED}-202604{day:02d}-{attempt:02d}"


def wait_until(done: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + ALERT_SECONDS
    while not done():
        assert time.monotonic() < deadline, what
        time.sleep(1)


def states(city: Home, question: str) -> dict[str, str]:
    """Of a question's tasks."""
    with metadata(city) as db:
        return dict(db.execute("SELECT task_id, state FROM task_instance WHERE run_id = ?", [question]).fetchall())


def questions(city: Home, state: str) -> list[str]:
    """Names of the runs that stand at it: deferred is an open one."""
    asked = "SELECT run_id FROM task_instance WHERE dag_id = 'decide' AND task_id = 'ask' AND state = ? ORDER BY run_id"
    with metadata(city) as db:
        return [name for (name,) in db.execute(asked, [state])]


def drop_refused(city: Home, *days: int) -> None:
    (city.drop / REFUSED).mkdir(exist_ok=True)
    for day in days:
        (city.drop / REFUSED / f"xy_202604{day:02d}.csv").write_bytes(refused_file(day))


def told(city: Home, day: int) -> list[tuple[str, str]]:
    """What the ledger says of a delivery, row by row: status, and its first words."""
    return [
        (row["status"], row["words"][0]) for row in Ledger(city, REFUSED).rows if row["delivery_id"] == delivery(day)
    ]


@pytest.fixture(scope="module")
def desk(city: Home) -> Iterator[AirflowDesk]:
    """The operator, before five refused deliveries."""
    with open_airflow(city) as desk:
        drop_refused(city, 1, 2, 3, 4, 5)
        asked = [f"{delivery(day)}.1" for day in (1, 2, 3, 4, 5)]
        wait_until(lambda: questions(city, "deferred") == asked, "each of five refused deliveries has its question")
        yield desk


def test_an_operator_reads_what_was_refused_and_why_and_decides_by_clicking(
    city: Home, desk: AirflowDesk, tmp_path: Path
) -> None:
    assert desk.waiting().count("未通过质量关,放行还是退回?") == 5
    page = desk.open(f"{delivery(1)}.1")
    desk.page.screenshot(path=tmp_path / "question.png")
    for fact in (
        "单位5 · 小样5",
        delivery(1),
        "20260401",
        "100",
        "20.0%",
        f"data_docs/{REFUSED}/{delivery(1)}.html",
        "data@example.cn",
    ):
        assert fact in page, fact
    assert "昨天" not in page and "N10" not in page, "no value of a row"
    assert not desk.can_answer(), "a decision has a reason"
    desk.give_reason("电话核实,时间栏确有缺漏")
    assert desk.can_answer()
    desk.click("通过放行")
    desk.open(f"{delivery(2)}.1")
    desk.give_reason("时间整列错位")
    desk.click("退回")
    wait_until(lambda: [told(city, day)[-1][0] for day in (1, 2)] == ["released", "rejected"], "both are carried out")
    assert told(city, 1)[-1][1] == "经人工核对放行(operator:电话核实,时间栏确有缺漏)。"
    assert told(city, 2)[-1][1] == "经人工核对退回(operator:时间整列错位)。"
    silver = DeltaTable(city.table("silver", REFUSED)).to_pyarrow_table()["delivery_id"].to_pylist()
    assert silver == [delivery(1)] * GOOD
    assert DeltaTable(city.table("held", REFUSED)).to_pyarrow_table().num_rows == BAD
    for day, words in ((1, "电话核实"), (2, "时间整列错位")):
        receipt = (city.returns / REFUSED / f"{delivery(day)}.html").read_text(encoding="utf-8")
        assert words in receipt and USER in receipt
    ended = {"ask": "success", "release": "success", "send_back": "skipped"}
    wait_until(lambda: states(city, f"{delivery(1)}.1") == ended, "the run says which way it went")


def test_what_is_settled_elsewhere_closes_its_question_and_is_decided_once(city: Home, desk: AirflowDesk) -> None:
    """On the command line, by a new file, and on the command line in the moment before the click."""
    run = CliRunner()
    desk.open(f"{delivery(5)}.1")
    desk.give_reason("迟了一步")
    for day in (5, 3):
        done = run.invoke(app, ["reject", delivery(day), "--by", "李工", "--why", "整列错位"])
        assert done.exit_code == 0, done.output
    desk.click("通过放行")
    (city.drop / REFUSED / "xy_20260404.csv").write_bytes(small_file(ROWS))
    wait_until(lambda: not questions(city, "deferred"), "no question is left open")
    settled = {"ask": "success", "release": "skipped", "send_back": "skipped"}
    for day in (3, 4, 5):
        wait_until(
            lambda day=day: states(city, f"{delivery(day)}.1") == settled,
            f"{day}: nothing is carried out, and nothing fails",
        )
    for day in (3, 5):
        assert [status for status, _ in told(city, day)] == ["refused", "rejected"]
        assert told(city, day)[-1][1] == "经人工核对退回(李工:整列错位)。"
    assert [status for status, _ in told(city, 4)] == ["refused"]
    desk.open(f"{delivery(4)}.1")
    assert delivery(4, 2) in desk.reason() and not desk.can_answer(), "the closed question says what came instead"
    assert "没有待决定" in run.invoke(app, ["refused"]).output
    assert not [alert for alert in recent(city) if alert["subject"] in ("decide", "refused")], "nothing has failed"


def test_a_question_that_was_lost_is_asked_again_and_no_other_twice(city: Home, desk: AirflowDesk) -> None:
    drop_refused(city, 6, 7)
    asked = [f"{delivery(day)}.1" for day in (6, 7)]
    wait_until(lambda: questions(city, "deferred") == asked, "both have their question")
    desk.ask_api("PATCH", f"dags/decide/dagRuns/{asked[0]}", {"state": "failed"})
    desk.ask_api("POST", "dags/refused/dagRuns", {"logical_date": None})
    asked = [f"{delivery(6)}.2", f"{delivery(7)}.1"]
    wait_until(lambda: questions(city, "deferred") == asked, "the lost one has another, the open one stands")
    blank = {"chosen_options": ["退回"], "params_input": {"理由": " "}}
    desk.ask_api("PATCH", f"dags/decide/dagRuns/{asked[1]}/taskInstances/ask/-1/hitlDetails", blank)
    wait_until(lambda: questions(city, "deferred") == asked, "an answer without a reason is none: it is asked again")
    assert [status for status, _ in told(city, 7)] == ["refused"]
    desk.open(asked[1])
    assert not desk.can_answer()
    desk.give_reason("这次写明")
    assert desk.can_answer(), "the question is open again"
    output = CliRunner().invoke(app, ["refused"]).output
    assert "待决定 2 批" in output
    for day in (6, 7):
        assert (
            f"citybrain release {delivery(day)} --by" in output and f"citybrain reject  {delivery(day)} --by" in output
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

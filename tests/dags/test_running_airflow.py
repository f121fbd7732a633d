"""A real Airflow at work: a department is late, a refused delivery waits for a person, nothing can be written to the database for a minute.

Every row arrives, once; the operator is told, and asked.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from airflow_desk import USER, AirflowDesk, open_airflow
from deltalake import DeltaTable
from ports import free_port
from settings import KEY, PATIENCE
from typer.testing import CliRunner

from jobs.alert import recent
from jobs.bench.crowd import crowded_city, drop_files, metadata, small_file, write_contract
from jobs.cli import app
from jobs.home import Home
from jobs.ingest.ledger import Ledger

pytestmark = pytest.mark.airflow
FEEDS, FILES, ROWS = 4, 2, 100
FAILING, REFUSED = f"crowd_{FEEDS:02d}", f"crowd_{FEEDS + 1:02d}"
GOOD, BAD = 80, 20
LOCKED_SECONDS = 60
LATE = 90  # the number of a feed that comes while Airflow runs
ASKED = range(1, 8)  # days that are refused at once, a test's own each
NOT_LOOKED_AT = (
    "city",
    "quality_desk",
    "reports",
    "upkeep",
    "warnings",
    "warning_figures",
)  # at their hours, and on news


@pytest.fixture(scope="module")
def city() -> Iterator[Home]:
    """What takes long to come is sent for at once: a late department, a feed that fails, refused deliveries."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("CITYBRAIN_KEY", KEY)
        environment.setattr("jobs.services.AIRFLOW_PORT", free_port())
        environment.setenv("CITYBRAIN_HOME", "")  # both are set below, and put back by this context
        environment.setenv("CITYBRAIN_FEEDS", "")
        with crowded_city(FEEDS + 2, os.environ) as home:
            pause(home, *NOT_LOOKED_AT)
            write_contract(Path(os.environ["CITYBRAIN_FEEDS"]), LATE, every="* * * * *", late_after="1m")
            drop_failing(home)
            drop_refused(home, *ASKED)
            yield home


def pause(home: Home, *dags: str) -> None:
    """As an operator may: what else the clock starts, and a feed's news, takes no part here."""
    paused = f"UPDATE dag SET is_paused = 1 WHERE dag_id IN ({', '.join('?' * len(dags))})"

    def all_are() -> bool:
        with sqlite3.connect(home.root / "airflow" / "airflow.db", timeout=30) as db:
            return db.execute(paused, dags).rowcount == len(dags)

    wait_until(all_are, "every DAG is read")


def drop_failing(home: Home) -> None:
    """A file whose table cannot be written."""
    Path(home.table("bronze", FAILING)).parent.mkdir(parents=True, exist_ok=True)
    Path(home.table("bronze", FAILING)).write_text("where a table should be")
    (home.drop / FAILING).mkdir(exist_ok=True)
    (home.drop / FAILING / "xy_20260301.csv").write_bytes(small_file(ROWS))


def lock_database(home: Home, seconds: float) -> None:
    """Nobody else writes to the database for so long: no task starts, ends or gives a sign of life."""
    with sqlite3.connect(home.root / "airflow" / "airflow.db", timeout=30, isolation_level=None) as db:
        db.execute("BEGIN EXCLUSIVE")
        time.sleep(seconds)
        db.execute("ROLLBACK")


def test_a_late_department_and_a_failing_dag_are_alerts_to_the_operator(city: Home) -> None:
    """The one by Airflow's own deadline, of a feed that came by one YAML while it ran; the other once its retries are used up."""
    late, failing = f"crowd_{LATE}", FAILING
    expected = {("late_delivery", late), ("dag_failed", f"ingest_{failing}")}
    wait_until(lambda: expected <= {(alert["kind"], alert["subject"]) for alert in recent(city)}, "both are told")
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
    deadline = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < deadline, what
        time.sleep(0.5)


def states(city: Home, question: str) -> dict[str, str]:
    """Of a question's tasks."""
    with metadata(city) as db:
        return dict(db.execute("SELECT task_id, state FROM task_instance WHERE run_id = ?", [question]).fetchall())


def questions(city: Home, state: str, *days: int) -> list[str]:
    """Names of the runs that stand at it, of these days: deferred is an open one."""
    asked = "SELECT run_id FROM task_instance WHERE dag_id = 'decide' AND task_id = 'ask' AND state = ? ORDER BY run_id"
    with metadata(city) as db:
        return [name for (name,) in db.execute(asked, [state]) if name[: name.rindex(".")] in map(delivery, days)]


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
def logged_in(city: Home) -> Iterator[AirflowDesk]:
    """The operator, before the refused deliveries."""
    for day in ASKED:
        wait_until(lambda day=day: bool(told(city, day)), f"{day}: it is refused")
    with open_airflow(city) as desk:
        yield desk


@pytest.fixture
def desk(logged_in: AirflowDesk) -> Iterator[AirflowDesk]:
    yield logged_in
    logged_in.leave()


def asked(city: Home, *days: int) -> None:
    """Until each has its one open question."""
    names = [f"{delivery(day)}.1" for day in days]
    wait_until(lambda: questions(city, "deferred", *days) == names, f"each of {days} has its question")


def test_an_operator_reads_what_was_refused_and_why_and_decides_by_clicking(
    city: Home, desk: AirflowDesk, tmp_path: Path
) -> None:
    asked(city, 1, 2)
    desk.sees_waiting(*(f"2026040{day} 期未通过质量关,放行还是退回?" for day in (1, 2)))
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
    rows = {
        room: DeltaTable(city.table(room, REFUSED)).to_pyarrow_table()["delivery_id"].to_pylist()
        for room in ("silver", "held")
    }
    assert [rows[room].count(delivery(1)) for room in rows] == [GOOD, BAD]
    assert not any(delivery(2) in of for of in rows.values())
    for day, words in ((1, "电话核实"), (2, "时间整列错位")):
        receipt = (city.returns / REFUSED / f"{delivery(day)}.html").read_text(encoding="utf-8")
        assert words in receipt and USER in receipt
    ended = {"ask": "success", "release": "success", "send_back": "skipped"}
    wait_until(lambda: states(city, f"{delivery(1)}.1") == ended, "the run says which way it went")


def test_what_is_settled_elsewhere_closes_its_question_and_is_decided_once(city: Home, desk: AirflowDesk) -> None:
    """On the command line, by a new file, and on the command line in the moment before the click."""
    run = CliRunner()
    asked(city, 3, 4, 5)
    desk.open(f"{delivery(5)}.1")
    desk.give_reason("迟了一步")
    for day in (5, 3):
        done = run.invoke(app, ["reject", delivery(day), "--by", "李工", "--why", "整列错位"])
        assert done.exit_code == 0, done.output
    desk.click("通过放行")
    (city.drop / REFUSED / "xy_20260404.csv").write_bytes(small_file(ROWS))
    wait_until(lambda: not questions(city, "deferred", 3, 4, 5), "no question is left open")
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
    waiting = run.invoke(app, ["refused"]).output
    assert not any(delivery(day) in waiting for day in (3, 4, 5))
    assert not [alert for alert in recent(city) if alert["subject"] in ("decide", "refused")], "nothing has failed"


def test_a_question_that_was_lost_is_asked_again_and_no_other_twice(city: Home, desk: AirflowDesk) -> None:
    asked(city, 6, 7)
    names = [f"{delivery(day)}.1" for day in (6, 7)]
    desk.ask_api("PATCH", f"dags/decide/dagRuns/{names[0]}", {"state": "failed"})
    desk.ask_api("POST", "dags/refused/dagRuns", {"logical_date": None})
    names = [f"{delivery(6)}.2", f"{delivery(7)}.1"]
    wait_until(lambda: questions(city, "deferred", 6, 7) == names, "the lost one has another, the open one stands")
    blank = {"chosen_options": ["退回"], "params_input": {"理由": " "}}
    desk.ask_api("PATCH", f"dags/decide/dagRuns/{names[1]}/taskInstances/ask/-1/hitlDetails", blank)
    wait_until(
        lambda: questions(city, "deferred", 6, 7) == names, "an answer without a reason is none: it is asked again"
    )
    assert [status for status, _ in told(city, 7)] == ["refused"]
    desk.open(names[1])
    assert not desk.can_answer()
    desk.give_reason("这次写明")
    assert desk.can_answer(), "the question is open again"
    output = CliRunner().invoke(app, ["refused"]).output
    for day in (6, 7):
        assert (
            f"citybrain release {delivery(day)} --by" in output and f"citybrain reject  {delivery(day)} --by" in output
        )


def test_every_row_arrives_once_though_the_database_is_locked_for_a_minute(city: Home) -> None:
    feeds, dropped = [f"crowd_{number:02d}" for number in range(FEEDS)], FEEDS * FILES

    def files(room: Path) -> int:
        return sum(path.is_file() for feed in feeds for path in (room / feed).rglob("*.csv"))

    drop_files(city, FEEDS, FILES, ROWS)
    wait_until(lambda: files(city.inbox) + files(city.archive) > 0, "the first are taken")
    assert files(city.archive) < dropped, "none or not all have been put away"
    lock_database(city, LOCKED_SECONDS)
    wait_until(lambda: files(city.archive) == dropped, "all are put away")
    for feed in feeds:
        assert sorted(row["status"] for row in Ledger(city, feed).rows) == ["passed"] * FILES
        for room in ("bronze", "silver"):
            rows = DeltaTable(city.table(room, feed)).to_pyarrow_table()
            assert (
                len(rows)
                == len(set(zip(rows["delivery_id"].to_pylist(), rows["row_no"].to_pylist(), strict=True)))
                == FILES * ROWS
            )
    assert files(city.drop) == files(city.inbox) == 0
    with metadata(city) as db:
        assert (
            db.execute("SELECT count(*) FROM task_instance WHERE dag_id LIKE 'ingest_crowd_%'").fetchone()[0] >= FEEDS
        )

"""Power may go at any moment: after kill -9 within any step, the next run ends where an undisturbed one would have."""

from __future__ import annotations

import multiprocessing
import os
import pkgutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable

from jobs.home import Home

FEED = "police_incident"
STEPS = [
    "jobs.ingest.delivery.land",
    "jobs.ingest.delivery.keep_bronze",
    "jobs.ingest.delivery.sift",
    "jobs.ingest.delivery._judge",
    "jobs.ingest.delivery.hold",
    "jobs.ingest.delivery.log_repairs",
    "jobs.ingest.delivery.publish",
    "jobs.ingest.delivery.give_receipt",
    "jobs.ingest.ledger.Ledger.add",
    "jobs.ingest.claim.archive",
]
TABLES = [
    ("bronze", FEED),
    ("silver", FEED),
    ("identity", FEED),
    ("held", FEED),
    ("ops", "repair"),
    ("ops", "gate_result"),
]
OF_THE_MOMENT = {"claim_id", "recorded_at", "received_at"}
CONTENT = "\n".join(
    [
        "警情编号,报警时间,警情类别,所属网格,报警电话,简要警情",
        *(f"JQ20260301{n:04d},2026-03-01 09:30:00,盗窃,330499001001001,13712345678,电动车被盗" for n in range(18)),
        "JQ202603010018,2026年3月1日 9:30,盗窃,330499001001001,+86 137-1234-5678,电动车被盗",
        "JQ202603010019,昨天,盗窃,330499001001001,13712345678,电动车被盗",
    ]
).encode("gb18030")
Killer = Callable[[Home, str, str, int], int]


def _warm_process(orders: Connection) -> None:
    """Imports everything once and then forks a child for each order: (environment, step, when, call)."""
    # PySpark, imported by Great Expectations, ends a process whose main module has no file: it believes to be a doctest.
    sys.modules["__main__"].__file__ = __file__
    import great_expectations
    import great_expectations.expectations
    import great_expectations.render.renderer
    import great_expectations.render.view

    import jobs.ingest.delivery
    import quality.duckdb_dialect

    assert great_expectations and quality.duckdb_dialect and jobs.ingest.delivery
    while order := orders.recv():
        child = os.fork()
        if child == 0:
            _ingest_and_die(*order)
        orders.send(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


def _ingest_and_die(environment: dict[str, str], step: str, when: str, call: int) -> None:
    """One run of ingest that is killed before or after the given call of a step; exits 0 if the step was never met."""
    from jobs.home import home
    from jobs.ingest.delivery import ingest

    os.environ.update(environment)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    owner_path, _, attribute = step.rpartition(".")
    owner: Any = pkgutil.resolve_name(owner_path)
    whole, calls = getattr(owner, attribute), iter(range(1, 100))

    def killed(*given: Any, **named: Any) -> Any:
        here = next(calls) == call
        if here and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = whole(*given, **named)
        if here:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(owner, attribute, killed)
    try:
        ingest(home(), home().contracts()[0][FEED], still_seconds=0)
    finally:
        os._exit(0)


@pytest.fixture(scope="module")
def killed_in() -> Iterator[Killer]:
    """Run ingest in a process of its own that is killed in a step; gives the exit code."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_warm_process, args=(theirs,), daemon=True)
    process.start()
    theirs.close()

    def run(home: Home, step: str, when: str, call: int = 1) -> int:
        environment = {name: value for name, value in os.environ.items() if name.startswith("CITYBRAIN_")}
        ours.send((environment, step, when, call))
        assert ours.poll(60), "the killed run neither died nor ended"
        return ours.recv()

    yield run
    ours.send(None)
    process.join(10)


def put(home: Home, name: str = "jq_20260301.csv", content: bytes = CONTENT) -> None:
    path = home.drop / "police" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, (time.time() - 60, time.time() - 60))


def state(home: Home) -> dict[str, Any]:
    """Everything that must be the same whether or not a run was killed: tables, ledger, receipts, archive and what is left lying about."""
    found: dict[str, Any] = {f"{room}.{table}": _rows(home, room, table) for room, table in TABLES}
    found["ledger"] = [
        {k: v for k, v in row.items() if k not in OF_THE_MOMENT} for row in _rows(home, "ops", "delivery")
    ]
    found["receipts"] = sorted(path.name for path in (home.returns / "police").iterdir())
    found["archive"] = sorted((path.name, path.read_bytes()) for path in home.archive.rglob("*") if path.is_file())
    found["left over"] = [
        str(path)
        for root in (home.inbox, home.staging, home.drop)
        for path in root.rglob("*")
        if path.is_file() or path.parent == home.staging
    ]
    return found


def _rows(home: Home, room: str, table: str) -> list[dict[str, Any]]:
    path = home.table(room, table)
    rows = DeltaTable(path).to_pyarrow_table().to_pylist() if DeltaTable.is_deltatable(path) else []
    return sorted(rows, key=repr)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    from jobs.ingest.delivery import ingest

    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("CITYBRAIN_KEY", "a key for tests, of no other use")
        environment.setenv("CITYBRAIN_TODAY", "2026-06-29")
        home = Home(tmp_path_factory.mktemp("undisturbed"))
        put(home)
        (entry,) = ingest(home, home.contracts()[0][FEED])
        assert (entry.read_rows, entry.kept_rows, entry.repaired_rows, entry.held_rows) == (20, 19, 1, 1)
        found = state(home)
        assert not found["left over"]
        assert all(found[f"{room}.{table}"] for room, table in TABLES), "every table has something to lose"
        return found


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", STEPS)
def test_after_kill_9_in_a_step_the_next_run_ends_as_if_nothing_had_been(
    step: str, when: str, home, take, killed_in: Killer, undisturbed: dict[str, Any]
) -> None:
    put(home)
    assert killed_in(home, step, when) == -signal.SIGKILL, f"{step} was never met"
    entries = take(FEED)
    committed = (step.endswith("Ledger.add") and when == "after") or step.endswith("archive")
    assert len(entries) == (0 if committed else 1), "a delivery that the ledger has is only put away"
    assert state(home) == undisturbed


@pytest.mark.parametrize("call", [4, 5, 6])
def test_after_kill_9_between_two_tables_of_one_delivery(
    call: int, home, take, killed_in: Killer, undisturbed: dict[str, Any]
) -> None:
    """Delta has no transaction over tables: what a half-published delivery left is replaced, and nobody reads it before."""
    put(home)
    assert killed_in(home, "jobs.lake.replace_delivery", "after", call) == -signal.SIGKILL
    assert _rows(home, "ops", "delivery") == [], "no ledger row, so no reader believes the rows"
    take(FEED)
    assert state(home) == undisturbed


def test_killed_three_times_in_a_row_it_still_ends_right(
    home, take, killed_in: Killer, undisturbed: dict[str, Any]
) -> None:
    put(home)
    for step in ("jobs.ingest.delivery.publish", "jobs.ingest.delivery._judge", "jobs.ingest.ledger.Ledger.add"):
        assert killed_in(home, step, "before") == -signal.SIGKILL
    take(FEED)
    assert state(home) == undisturbed


@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_while_a_file_is_being_taken_it_is_either_waiting_or_ours(
    when: str, home, take, killed_in: Killer, undisturbed: dict[str, Any]
) -> None:
    put(home)
    assert killed_in(home, "os.rename", when) == -signal.SIGKILL
    assert len(list(home.drop.rglob("*.csv"))) + len(list(home.inbox.rglob("*.csv"))) == 1
    take(FEED)
    assert state(home) == undisturbed
    assert list((home.inbox / FEED).iterdir()) == [], "no empty claim is left to be looked at for ever"


def test_what_a_killed_run_left_comes_before_what_has_been_dropped_since(home, take, killed_in: Killer) -> None:
    put(home)
    assert killed_in(home, "jobs.ingest.delivery.publish", "before") == -signal.SIGKILL
    put(
        home,
        content=Path(next(home.inbox.rglob("*.csv")))
        .read_bytes()
        .replace("盗窃".encode("gb18030"), "诈骗".encode("gb18030")),
    )
    assert [(entry.attempt, entry.status) for entry in take(FEED)] == [(1, "warned"), (2, "warned")]

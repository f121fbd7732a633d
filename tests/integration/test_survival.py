"""What a machine does to a city: eight runs at once, a disk that fills, a clock that jumps. No row is lost, no table is half."""

from __future__ import annotations

import datetime as calendar
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable
from settings import KEY
from warm import Warm

from jobs.bench.crowd import small_file, write_contract
from jobs.home import Home
from jobs.ingest.ledger import Ledger

ROWS = 300
DISK_MB = 24
FEED = "police_incident"
HEADER = "警情编号,报警时间,警情类别,所属网格,报警电话,简要警情"


@pytest.fixture(scope="module")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warm]:
    process = Warm(tmp_path_factory.mktemp("warm"))
    yield process
    process.close()


@pytest.fixture
def eight(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Seven feeds of events; the first is taken by two runs."""
    folder = tmp_path / "feeds"
    folder.mkdir()
    monkeypatch.setenv("CITYBRAIN_FEEDS", str(folder))
    feeds = [write_contract(folder, number) for number in range(7)]
    return [feeds[0], *feeds]


def put(home: Home, folder: str, name: str, content: bytes, age: int = 60) -> None:
    path = home.drop / folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, (time.time() - age, time.time() - age))


def table(home: Home, room: str, name: str) -> list[dict[str, Any]]:
    return DeltaTable(home.table(room, name)).to_pyarrow_table().to_pylist()


# ---- what children do


def take(root: Path, feed: str) -> None:
    from jobs.ingest.delivery import ingest

    ingest(Home(root), Home(root).contracts()[0][feed])


def take_full(root: Path, feed: str) -> None:
    """Take, and end with 3 when there is no room."""
    from jobs.ingest.no_room import NoRoom

    try:
        take(root, feed)
    except NoRoom as fault:
        print(fault, flush=True)
        os._exit(3)


# ---- eight at once


def test_eight_runs_at_once_two_of_them_for_one_period(home: Home, eight: list[str], warm: Warm) -> None:
    """The tables that all feeds share are made and written by all at the same moment."""
    for feed in eight[1:]:
        put(home, feed, "xy_20260301.csv", small_file(ROWS))
    put(home, eight[0], "xy_20260301_2.csv", small_file(ROWS + 1), age=30)
    children = [warm.start(take, home.root, feed) for feed in eight]
    assert [warm.wait(child) for child in children] == [0] * 8, warm.said()
    for feed in eight[1:]:
        wanted = {1: ROWS, 2: ROWS + 1} if feed == eight[0] else {1: ROWS}
        ledger = Ledger(home, feed).rows
        assert {row["attempt"]: row["kept_rows"] for row in ledger if row["status"] == "passed"} == wanted
        assert [row["entry_no"] for row in ledger] == list(range(1, len(wanted) + 1))
        for room in ("bronze", "silver"):
            assert len(table(home, room, feed)) == sum(wanted.values())
        judged = [row["delivery_id"] for row in table(home, "ops", "gate_result") if row["feed"] == feed]
        assert {name: judged.count(name) for name in judged} == {
            f"{feed}-20260301-{attempt:02d}": len(judged) // len(wanted) for attempt in wanted
        }


# ---- a full disk


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own, too small to be careless with."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if not shutil.which("mount"):
        pytest.skip("no mount here: a small disk cannot be made")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", str(disk)], capture_output=True
    )
    if mounted.returncode:
        pytest.skip(f"no right to mount a small disk here: {mounted.stderr.decode().strip()}")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


def incidents(rows: int) -> bytes:
    """As agreed, and one in a hundred to be held."""
    lines = [
        f"JQ20260301{n:04d},{'昨天' if n % 100 == 0 else '2026-03-01 09:30:00'},盗窃,330499001001001,137{n:08d},电动车{n}被盗"
        for n in range(rows)
    ]
    return "\n".join([HEADER, *lines]).encode("gb18030")


def filled(disk: Path, left: int) -> Path:
    """Fill the disk up to so many bytes."""
    stuffing = disk / "stuffing"
    stuffing.unlink(missing_ok=True)
    free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_bsize
    with stuffing.open("wb") as out:
        out.write(b"\0" * max(0, free - left))
    return stuffing


def contents(home: Home) -> dict[str, Any]:
    return {
        f"{room}/{name}": sorted(
            ({k: v for k, v in row.items() if k not in ("claim_id", "recorded_at", "received_at")} for row in table(home, room, name)),
            key=repr,
        )
        for room, name in (("bronze", FEED), ("silver", FEED), ("identity", FEED), ("held", FEED), ("ops", "delivery"), ("ops", "gate_result"))
    }  # fmt: skip


def test_a_disk_that_is_full_at_any_step_costs_no_row_and_no_try(
    small_disk: Path, home: Home, warm: Warm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CITYBRAIN_KEY", KEY)
    put(home, "police", "jq_20260301.csv", incidents(4_000))
    warm.do(take, home.root, FEED)
    undisturbed, full = contents(home), Home(small_disk / "var")
    put(full, "police", "jq_20260301.csv", incidents(4_000))
    met = 0
    for left in (0, 8, 64, 128, 256, 384, 512, 768, 1024, 1536, 2048, 3072):
        stuffing = filled(small_disk, left << 10)
        ended = warm.run(take_full, full.root, FEED)
        assert ended in (0, 3), warm.said()
        stuffing.unlink()
        if ended == 0:
            break
        met += 1
    assert met >= 5, f"only {met} of the runs met a full disk"
    warm.do(take, full.root, FEED)
    assert "nothing is lost" in warm.said() and "citybrain vacuum" in warm.said()
    assert contents(full) == undisturbed
    assert [row["status"] for row in Ledger(full, FEED).rows] == ["passed"]
    assert not [path for room in (full.inbox, full.staging) for path in room.rglob("*") if path.is_file()]


# ---- a clock that jumps


def test_a_clock_that_jumps_back_and_forth_changes_no_order(
    home: Home, drop: Any, take: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CITYBRAIN_TODAY")
    from jobs.ingest import claim, ledger

    for days, rows in ((0, 3), (-100, 2), (300, 3)):

        class Jumped(calendar.datetime):
            @classmethod
            def now(cls, tz: calendar.tzinfo | None = None, by: int = days) -> calendar.datetime:
                return calendar.datetime.now(tz) + calendar.timedelta(days=by)

        monkeypatch.setattr(claim, "datetime", Jumped)
        monkeypatch.setattr(ledger, "datetime", Jumped)
        drop(FEED, "jq_20260301.csv", incidents(rows + 1).replace("昨天".encode("gb18030"), b"2026-03-01 09:31:00"))
        take(FEED)
    ledger_rows = Ledger(home, FEED).rows
    assert [(row["attempt"], row["status"]) for row in ledger_rows] == [(1, "passed"), (2, "passed"), (3, "passed")]
    first, second, third = (row["received_at"] for row in ledger_rows)
    assert second < first < third, "the clock did jump"
    assert Ledger(home, FEED).latest("20260301") == ledger_rows[2]

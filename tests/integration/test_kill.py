"""A process may die at any moment: after kill -9 between or within any steps, the next run ends where an undisturbed one would have.

The steps are not listed here. A run is watched, and each change it makes to the disk (a file opened to be written, renamed,
removed, a folder made, a Delta table written) is a moment before which it is killed: a new step is met as soon as it exists.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable
from settings import KEY, TODAY
from warm import Warm

from jobs.home import CHECKOUT, Home

pytestmark = pytest.mark.long

FEED = "police_incident"
HEADER = "警情编号,报警时间,警情类别,所属网格,报警电话,简要警情"
MOMENTS = 12
OF_THE_MOMENT = {"claim_id", "recorded_at", "received_at"}
STEPS_OF_INGEST = {
    "claim", "begin", "keep_bronze", "log_profile", "log_gate", "_judge", "hold", "log_repairs", "publish", "give_receipt", "add", "archive",
}  # fmt: skip
MENDED = "police_incident-20260301-01-补正.csv"
ORDERED = {"release": "police_incident-20260302-01", "reject": "police_incident-20260301-01"}


def incidents(good: int, mended: int, broken: int) -> bytes:
    """Rows of one day: as agreed, with a repair, and to be held."""
    rows = [f"JQ20260301{n:04d},2026-03-01 09:30:00,盗窃,330499001001001,13712345678,电动车被盗" for n in range(good)]
    rows += [
        f"JQ20260301{1000 + n},2026年3月1日 9:30,盗窃,330499001001001,+86 137-1234-5678,被盗" for n in range(mended)
    ]
    rows += [f"JQ20260301{9000 + n},昨天,盗窃,330499001001001,13712345678,电动车被盗" for n in range(broken)]
    return "\n".join([HEADER, *rows]).encode("gb18030")


CONTENT = incidents(18, mended=1, broken=1)


def put(home: Home, name: str = "jq_20260301.csv", content: bytes = CONTENT, folder: str = "police") -> None:
    path = home.drop / folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, (time.time() - 60, time.time() - 60))


# ---- what is done, and killed; each of these runs in a child


def take(root: Path) -> None:
    from jobs.ingest.delivery import ingest

    ingest(Home(root), Home(root).contracts()[0][FEED], still_seconds=0)


def turn_away(root: Path) -> None:
    from jobs.ingest.stranger import turn_strangers_away

    turn_strangers_away(Home(root), still_seconds=0)


def order(root: Path, what: str) -> None:
    """What a person orders, when the ledger does not have it yet: after a crash the command is given once more."""
    from jobs.ingest.ledger import Ledger
    from jobs.operate.orders import reject, release, replay

    home = Home(root)
    contract, rows = home.contracts()[0][FEED], Ledger(home, FEED).rows
    if what == "replay" and not any(row["attempt"] == 2 for row in rows):
        replay(home, contract, "20260301", "王工", "合同更新")
    if what == "release" and not any(row["status"] == "released" for row in rows):
        release(home, contract, ORDERED[what], "王工", "电话核实")
    if what == "reject" and not any(row["status"] == "rejected" for row in rows):
        reject(home, contract, ORDERED[what], "王工", "整列填错")


def replay(root: Path) -> None:
    order(root, "replay")


def release(root: Path) -> None:
    order(root, "release")


def reject(root: Path) -> None:
    order(root, "reject")


STORIES: dict[str, Callable[[Path], None]] = {
    "ingest": take, "mending": take, "strangers": turn_away, "replay": replay, "release": release, "reject": reject,
}  # fmt: skip


def watched(story: str, root: Path, out: Path) -> None:
    """Do it undisturbed and write down each change it makes to the disk: [what, the project's functions under way, innermost first]."""
    changes: list[tuple[str, list[str]]] = []
    _at_each_change(root, lambda what: changes.append((what, _functions())))
    STORIES[story](root)
    out.write_text(json.dumps(changes, ensure_ascii=False), encoding="utf-8")


def killed(story: str, root: Path, number: int) -> None:
    """Do it, and die just before the change of that number, counted from 0."""
    left = iter(range(number, -1, -1))
    _at_each_change(root, lambda _: os.kill(os.getpid(), signal.SIGKILL) if next(left) == 0 else None)
    STORIES[story](root)


def _at_each_change(root: Path, met: Callable[[str], object]) -> None:
    from jobs import lake

    whole = lake.write_deltalake

    def write(table: Any, *given: Any, **named: Any) -> None:
        met(f"write {table}")
        whole(table, *given, **named)

    def audit(event: str, given: tuple[Any, ...]) -> None:
        if event == "open" and isinstance(given[0], str) and given[2] & (os.O_WRONLY | os.O_RDWR) and _in(given[0]):
            met(f"open {given[0]}")
        elif (event in ("os.rename", "os.rmdir", "os.remove") and _in(given[0])) or (
            event == "os.mkdir" and not os.path.exists(given[0]) and os.path.exists(os.path.dirname(given[0]))
        ):
            met(f"{event} {given[0]}")

    def _in(path: Any) -> bool:
        """Whether it lies in the city; what rmtree removes is named within its folder only."""
        text = os.fspath(path)
        return isinstance(text, str) and (text.startswith(str(root)) or not os.path.isabs(text))

    lake.write_deltalake = write
    sys.addaudithook(audit)


def _functions() -> list[str]:
    frame, found = sys._getframe(2), []
    while frame:
        if frame.f_code.co_filename.startswith(str(CHECKOUT / "jobs")):
            found.append(frame.f_code.co_name)
        frame = frame.f_back
    return found


# ---- what must be the same


def state(home: Home) -> dict[str, Any]:
    """Everything that must not tell whether a run was killed: tables, ledger, receipts, archive and what is left lying about."""
    found: dict[str, Any] = {str(log.parent.relative_to(home.lake)): rows(log.parent) for log in _logs(home)}
    found["receipts"] = sorted(path.name for path in home.returns.rglob("*") if path.is_file())
    found["to mend"] = sorted(path.read_bytes() for path in home.returns.rglob("*.csv"))
    found["archive"] = sorted(_put_away(path) for path in home.archive.rglob("*") if path.is_file())
    found["left over"] = [
        str(path)
        for root in (home.inbox, home.staging, home.drop)
        for path in root.rglob("*")
        if path.is_file() or path.parent == home.staging or len(path.relative_to(home.inbox.parent).parts) > 3
    ]
    return found


def _put_away(path: Path) -> tuple[str, str, bytes]:
    return path.parent.parent.name, path.name, path.read_bytes()


def _logs(home: Home) -> list[Path]:
    return sorted(home.lake.glob("*/*/_delta_log"))


def rows(table: Path) -> list[dict[str, Any]]:
    """A table's rows, in one order, without what differs from run to run."""
    found = DeltaTable(str(table)).to_pyarrow_table().to_pylist() if DeltaTable.is_deltatable(str(table)) else []
    return sorted(({k: v for k, v in row.items() if k not in OF_THE_MOMENT} for row in found), key=repr)


class City:
    """Where each story begins, and how an undisturbed run of it ends."""

    def __init__(self, folder: Path, warm: Warm) -> None:
        self.folder, self.warm = folder, warm
        self.changes: dict[str, list[tuple[str, list[str]]]] = {}
        self.undisturbed: dict[str, dict[str, Any]] = {}
        self.seconds: dict[str, float] = {}
        put(self.beginning("ingest"))
        strangers = self.beginning("strangers")
        for folder_name, name in (("police", "未知.csv"), ("civil_affairs", "名单.txt")):
            put(strangers, name, name.encode(), folder_name)
        ordering = self.beginning("replay")
        put(ordering)
        put(ordering, "jq_20260302.csv", incidents(3, mended=0, broken=2))
        warm.do(take, ordering.root)
        for story in ("release", "reject"):
            shutil.copytree(ordering.root, self.beginning(story).root)
        mending = self.beginning("mending")
        shutil.copytree(ordering.root, mending.root)
        given_back = (mending.returns / "police" / MENDED).read_text(encoding="utf-8")
        assert "昨天" in given_back
        put(mending, MENDED, given_back.replace("昨天", "2026-03-01 11:00:00").encode("gb18030"))

    def beginning(self, story: str) -> Home:
        return Home(self.folder / "beginning" / story)

    def fresh(self, story: str) -> Home:
        """A city of its own for one try."""
        root = self.folder / "try"
        shutil.rmtree(root, ignore_errors=True)
        shutil.copytree(self.beginning(story).root, root)
        return Home(root)

    def watch(self, story: str) -> list[tuple[str, list[str]]]:
        """The changes of an undisturbed run, watched once."""
        if story not in self.changes:
            home, out = self.fresh(story), self.folder / "changes.json"
            self.warm.do(watched, story, home.root, out)
            self.undisturbed[story] = state(home)
            assert not self.undisturbed[story]["left over"]
            self.changes[story] = [tuple(change) for change in json.loads(out.read_text(encoding="utf-8"))]
            began, home = time.monotonic(), self.fresh(story)
            self.warm.do(STORIES[story], home.root)
            self.seconds[story] = time.monotonic() - began
            assert state(home) == self.undisturbed[story]
        return self.changes[story]

    def ends_as_if_nothing_had_been(self, story: str, home: Home, when: str) -> None:
        """The feed's next run; and the person, who sees whether the order was carried out."""
        if story in ("replay", "release", "reject"):
            self.warm.do(take, home.root)
        self.warm.do(STORIES[story], home.root)
        found, wanted = state(home), self.undisturbed[story]
        assert found.keys() == wanted.keys(), when
        for what in wanted:
            assert found[what] == wanted[what], f"{what}, killed {when}"

    def kill_before(self, story: str, number: int) -> None:
        what, functions = self.watch(story)[number]
        home, when = self.fresh(story), f"before change {number} of {story}: {what} in {functions[0]}"
        assert self.warm.run(killed, story, home.root, number) == -signal.SIGKILL, f"never met: {when}"
        self.ends_as_if_nothing_had_been(story, home, when)

    def kill_at(self, story: str, share: float) -> bool:
        """Kill after a share of an undisturbed run's duration; whether it was still under way."""
        self.watch(story)
        home, seconds = self.fresh(story), share * self.seconds[story]
        met = self.warm.killed_after(seconds, STORIES[story], home.root) == -signal.SIGKILL
        self.ends_as_if_nothing_had_been(story, home, f"after {seconds:.3f} s of {story}")
        return met


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    warm = Warm(tmp_path_factory.mktemp("warm"))
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("CITYBRAIN_KEY", KEY)
        environment.setenv("CITYBRAIN_TODAY", TODAY)
        yield City(tmp_path_factory.mktemp("city"), warm)
    warm.close()


def test_an_ingest_is_killed_before_every_change_it_makes(city: City) -> None:
    changes = city.watch("ingest")
    met = {function for _, functions in changes for function in functions}
    assert met >= STEPS_OF_INGEST, f"not watched: {STEPS_OF_INGEST - met}"
    tables = [name for name in city.undisturbed["ingest"] if "/" in name]
    assert len(tables) == 8 and all(city.undisturbed["ingest"][table] for table in tables), "each has something to lose"
    for number in range(len(changes)):
        city.kill_before("ingest", number)


def test_a_mending_is_killed_before_every_change_that_is_its_own(city: City) -> None:
    """Within the steps that it shares with an ingest three kills must do."""
    changes = city.watch("mending")
    silver = [
        row for row in city.undisturbed["mending"][f"silver/{FEED}"] if row["delivery_id"] == f"{FEED}-20260301-02"
    ]
    assert len(silver) == 20, "what was held before is in, with all the rest"
    assert "land_mended" in {function for _, functions in changes for function in functions}
    own = {
        number
        for number, (_, functions) in enumerate(changes)
        if "land_mended" in functions or "_process" not in functions
    }
    within = [number for number in range(len(changes)) if number not in own]
    for number in sorted({*own, within[1], within[len(within) // 2], within[-1]}):
        city.kill_before("mending", number)


@pytest.mark.parametrize("story", ["strangers", "reject"])
def test_what_takes_no_rows_in_is_killed_before_every_change(city: City, story: str) -> None:
    assert len(city.watch(story)) > 3
    for number in range(len(city.watch(story))):
        city.kill_before(story, number)


@pytest.mark.parametrize("story", ["replay", "release"])
def test_an_order_is_killed_before_every_change_outside_the_steps_of_ingest(city: City, story: str) -> None:
    """Within the steps it is an ingest like any other, one that takes back rows of before: there three kills must do."""
    changes = city.watch(story)
    outside = [number for number, (_, functions) in enumerate(changes) if "_process" not in functions]
    within = [number for number in range(len(changes)) if number not in outside]
    assert len(outside) > 5 and "claim_again" in {name for number in outside for name in changes[number][1]}
    for number in [*outside, within[1], within[len(within) // 2], within[-1]]:
        city.kill_before(story, number)


def test_an_ingest_is_killed_at_any_moment(city: City) -> None:
    """Also within Delta's, DuckDB's and Great Expectations' own work, which nobody sees from outside."""
    chance = random.Random(20260301)
    under_way = [city.kill_at("ingest", (n + chance.random()) / MOMENTS) for n in range(MOMENTS)]
    assert any(under_way), "some kills met a run under way"


def test_killed_three_times_in_a_row_it_still_ends_right(city: City) -> None:
    changes, home = city.watch("ingest"), city.fresh("ingest")
    for share in (0.6, 0.4, 0.7):
        assert city.warm.run(killed, "ingest", home.root, int(share * len(changes))) == -signal.SIGKILL
    city.ends_as_if_nothing_had_been("ingest", home, "three times")


def test_no_reader_believes_what_a_killed_run_left(city: City) -> None:
    """Delta has no transaction over tables: a delivery counts once the ledger has it, which is the last table written."""
    changes, home = city.watch("ingest"), city.fresh("ingest")
    writes = [number for number, (what, _) in enumerate(changes) if what.startswith("write ")]
    assert "ops/delivery" in changes[writes[-1]][0] and len(writes) == 8
    assert city.warm.run(killed, "ingest", home.root, writes[-1]) == -signal.SIGKILL
    assert rows(Path(home.table("silver", FEED))) and not rows(Path(home.table("ops", "delivery")))


def test_what_a_killed_run_left_comes_before_what_has_been_dropped_since(city: City) -> None:
    changes, home = city.watch("ingest"), city.fresh("ingest")
    assert city.warm.run(killed, "ingest", home.root, len(changes) // 2) == -signal.SIGKILL
    put(home, content=CONTENT.replace("盗窃".encode("gb18030"), "诈骗".encode("gb18030")))
    city.warm.do(take, home.root)
    categories = {(row["delivery_id"], row["category"]) for row in rows(Path(home.table("silver", FEED)))}
    assert categories == {(f"{FEED}-20260301-01", "theft"), (f"{FEED}-20260301-02", "fraud")}

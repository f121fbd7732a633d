"""What an officer expects of the tables when months come late, twice, wrong and corrected: of events, of snapshots, of changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from counted import counted

from jobs.home import Home
from jobs.ingest.ledger import Entry
from jobs.operate.orders import reject, release, replay
from schemas.contract import Contract

Said = dict[int, str]  # what is said of each key


def points(said: Said, broken: int) -> bytes:
    """Events: what was entered in the month."""
    lines = [
        f"PT{key:010d},HY00000001,2026-01-01 09:30,-20,兑换,{words},330499001001001" for key, words in said.items()
    ]
    lines += [f"PT{9000 + n:010d},HY00000001,昨天,-20,兑换,无,330499001001001" for n in range(broken)]
    return "\n".join(["流水号,会员编号,记账时间,积分,事由,兑换点,所属网格", *lines]).encode()


def grids(said: Said, broken: int) -> bytes:
    """A snapshot: all grids as they stand."""
    border = '"POLYGON ((120.7 30.7, 120.8 30.7))"'
    lines = [f"{330499001001000 + key},{words},东湖社区,东湖街道,{border}" for key, words in said.items()]
    lines += [f"东湖{n},无,东湖社区,东湖街道,{border}" for n in range(broken)]
    return "\n".join(["网格编码,网格名称,所属社区,所属街道,网格边界", *lines]).encode()


def employments(said: Said, broken: int) -> bytes:
    """Changes: the last word on who works where."""
    person = "11010519491231002X,张三"
    lines = [f"JY{key:08d},{person},{words},2024-05-01,2024-05-03" for key, words in said.items()]
    lines += [f"JY{90000000 + n},{person},无,昨天,前天" for n in range(broken)]
    return "\n".join(["备案编号,身份证号,姓名,用人单位,入职日期,申报日期", *lines]).encode()


@dataclass
class Department:
    """One that sends a feed by the month, and what the tables say of it now."""

    feed: str
    file_name: str
    write: Callable[[Said, int], bytes]
    key: str
    words: str
    drop: Any
    take: Any
    home: Home
    contract: Contract

    def sends(self, month: int, said: Said, broken: int = 0) -> Entry:
        self.drop(self.feed, self.file_name.format(month), self.write(said, broken))
        (entry,) = self.take(self.feed)
        return entry

    @property
    def counts(self) -> Said:
        rows = counted(self.home, self.contract, f"SELECT right({self.key}, 3)::INT, {self.words} FROM now")
        assert len(rows) == len(dict(rows)), "a key counts once"
        return dict(rows)


KINDS = {
    "events": ("points_entry", "jfz_2026{:02d}.csv", points, "entry_no", "outlet"),
    "snapshot": ("grid", "wg_2026{:02d}.csv", grids, "grid_code", "grid_name"),
    "changes": ("employment", "jy_2026{:02d}.csv", employments, "record_no", "employer"),
}


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def department(kind: str, home: Home, contracts: dict[str, Contract], drop: Any, take: Any) -> Department:
    feed = KINDS[kind][0]
    assert contracts[feed].delivery.kind == kind
    return Department(*KINDS[kind], drop, take, home, contracts[feed])


def test_a_then_b_then_a_again_says_a(department: Department) -> None:
    for said in ("甲", "乙", "甲"):
        assert department.sends(1, {1: said}).status == "passed"
    assert department.counts == {1: "甲"}


def test_a_month_that_comes_late_adds_its_own_and_takes_no_newer_word_back(department: Department, kind: str) -> None:
    department.sends(1, {1: "一月"})
    department.sends(3, {1: "三月", 3: "三月"})
    department.sends(2, {1: "二月", 2: "二月"})
    assert department.counts == ({1: "三月", 3: "三月"} if kind == "snapshot" else {1: "三月", 2: "二月", 3: "三月"})


def test_a_snapshot_older_than_the_current_one_is_kept_and_does_not_count(department: Department, kind: str) -> None:
    department.sends(2, {1: "二月"})
    assert department.sends(1, {2: "一月"}).status == "passed"
    assert department.counts == ({1: "二月"} if kind == "snapshot" else {1: "二月", 2: "一月"})


def test_a_correction_of_last_month_replaces_that_month_alone(department: Department, kind: str) -> None:
    department.sends(1, {1: "一月", 2: "错", 3: "不该有"})
    department.sends(2, {1: "二月"})
    department.sends(1, {1: "一月", 2: "对", 4: "漏报"})
    assert department.counts == ({1: "二月"} if kind == "snapshot" else {1: "二月", 2: "对", 4: "漏报"})


def test_a_correction_that_withdraws_a_key_lets_the_month_before_speak_again(department: Department, kind: str) -> None:
    department.sends(1, {1: "一月"})
    department.sends(2, {1: "二月", 2: "二月"})
    department.sends(2, {2: "二月"})
    assert department.counts == ({2: "二月"} if kind == "snapshot" else {1: "一月", 2: "二月"})


def test_a_correction_that_is_sent_back_leaves_the_last_good_month_in_place(department: Department) -> None:
    department.sends(1, {1: "一月", 2: "一月"})
    assert department.sends(1, {1: "改", 2: "改"}, broken=3).status == "refused"
    assert department.counts == {1: "一月", 2: "一月"}


def test_what_a_person_sends_back_or_lets_pass_counts_accordingly(department: Department, kind: str) -> None:
    department.sends(1, {1: "一月"})
    second = department.sends(2, {2: "二月"})
    third = department.sends(3, {3: "三月"}, broken=3)
    assert third.status == "refused"
    release(department.home, department.contract, third.delivery_id, "王工", "电话核实")
    assert department.counts == ({3: "三月"} if kind == "snapshot" else {1: "一月", 2: "二月", 3: "三月"})
    reject(department.home, department.contract, third.delivery_id, "王工", "核实有误")
    assert department.counts == ({2: "二月"} if kind == "snapshot" else {1: "一月", 2: "二月"})
    reject(department.home, department.contract, second.delivery_id, "王工", "整列填错")
    assert department.counts == {1: "一月"}


def test_a_month_taken_in_again_changes_nothing_that_counts(department: Department) -> None:
    department.sends(1, {1: "一月", 2: "一月"})
    department.sends(2, {1: "二月"})
    before = department.counts
    again = replay(department.home, department.contract, "202601", "王工", "合同更新")
    assert (again.attempt, again.status) == (2, "passed")
    assert department.counts == before

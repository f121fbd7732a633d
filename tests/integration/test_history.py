"""A department's seventh month against its six before: what a careful reader would ask back about is asked, and an ordinary month is not."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from settings import KEY, TODAY

from jobs.home import Home
from jobs.ingest.delivery import ingest
from jobs.ingest.ledger import Entry
from quality import gate as gates
from schemas.contract import Contract

HEADER = ["工单编号", "受理时间", "类别", "电话", "金额", "说明"]
KINDS = (["噪声"] * 11 + ["占道"] * 5 + ["漏水"] * 3 + ["其他"]) * 20
CONTRACT: dict[str, Any] = {
    "feed": "night_shift",
    "title": {"zh": "夜间受理", "en": "Night shift"},
    "owner": {"department": "城管局", "folder": "chengguan", "contact": "a@example.cn"},
    "delivery": {"files": "yj_*.csv", "kind": "events", "every": "0 4 3 * *", "late_after": "72h", "period": r"yj_(\d{6})"},
    "key": ["order_no"],
    "columns": {
        "order_no": {"from": ["工单编号"], "type": "string", "required": True},
        "taken_at": {"from": ["受理时间"], "type": "timestamp", "formats": ["yyyy-MM-dd HH:mm"], "required": True},
        "kind": {"from": ["类别"], "type": "string", "map": {"噪声": "noise", "占道": "stall", "漏水": "leak", "其他": "other"}},
        "phone": {"from": ["电话"], "type": "mobile"},
        "amount": {"from": ["金额"], "type": "money"},
        "words": {"from": ["说明"], "type": "free_text"},
    },
    "gate": {"held": {"warn": "2%", "refuse": "10%"}},
    "examples": [{"keep": {"工单编号": "1", "受理时间": "2026-01-01 23:10"}}],
}  # fmt: skip
Rows = list[list[str]]


def month(number: int, rows: int = 400) -> Rows:
    """Orders of a month of 2026, as many each day, one phone in twenty not given."""
    chance, begins = random.Random(number), datetime(2026, number, 1)
    days = ((begins + timedelta(days=32)).replace(day=1) - begins).days
    moments = sorted(
        begins + timedelta(days=n % days, hours=20 + chance.randrange(4), minutes=chance.randrange(60))
        for n in range(rows)
    )
    return [
        [
            f"YJ{number:02d}{n:05d}", f"{at:%Y-%m-%d %H:%M}", chance.choice(KINDS),
            f"137{chance.randrange(10**8):08d}" if chance.random() > 0.05 else "", f"{chance.lognormvariate(4, 0.7):.2f}", "楼下摆摊" * chance.randrange(1, 6),
        ]
        for n, at in enumerate(moments)
    ]  # fmt: skip


@dataclass(frozen=True)
class Department:
    home: Home
    contract: Contract

    def sends(self, period: str, rows: Rows, header: list[str] | None = None) -> Entry:
        path = self.home.drop / "chengguan" / f"yj_{period}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(map(",".join, [header or HEADER, *rows])), encoding="utf-8")
        (entry,) = ingest(self.home, self.contract, still_seconds=0)
        return entry


@pytest.fixture(scope="module")
def half_a_year(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A city that has taken in January to June; the days behind which no month is over."""
    root = tmp_path_factory.mktemp("half_a_year") / "var"
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("CITYBRAIN_KEY", KEY)
        environment.setenv("CITYBRAIN_TODAY", TODAY)
        department = Department(Home(root), Contract.model_validate(CONTRACT))
        for number in range(1, 7):
            entry = department.sends(f"2026{number:02d}", month(number))
            assert (entry.status, entry.words) == ("passed", [])
    return root


@pytest.fixture
def department(half_a_year: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Department:
    monkeypatch.setenv("CITYBRAIN_KEY", KEY)
    monkeypatch.setenv("CITYBRAIN_TODAY", "2026-08-03")
    shutil.copytree(half_a_year, tmp_path / "var")
    return Department(Home(tmp_path / "var"), Contract.model_validate(CONTRACT))


def changed(rows: Rows, place: int, change: Callable[[str, int], str]) -> Rows:
    return [[change(cell, n) if at == place else cell for at, cell in enumerate(row)] for n, row in enumerate(rows)]


SWAPPED = {"噪声": "漏水", "漏水": "噪声"}
ODD: dict[str, tuple[Callable[[], Rows], str]] = {
    "a third of the phones gone": (lambda: changed(month(7), 3, lambda cell, n: "" if n % 3 == 0 else cell), "电话为空的行占"),
    "two codes in each other's place": (lambda: changed(month(7), 2, lambda cell, _: SWAPPED.get(cell, cell)), "类别各取值的占比"),
    "fen for yuan": (lambda: changed(month(7), 4, lambda cell, _: f"{float(cell) * 100:.2f}"), "金额的数值分布"),
    "texts cut off": (lambda: changed(month(7), 5, lambda cell, _: cell[:1]), "说明的字数"),
    "half of the month": (lambda: [row for row in month(7) if row[1] < "2026-07-16"], "缺 7月16日至7月31日 的数据(共 16 天)"),
    "a night left out": (lambda: [row for row in month(7, 1200) if "2026-07-09" not in row[1]], "缺 7月9日 的数据(共 1 天)"),
    "last month's rows": (lambda: month(6), "约 100% 的行与 202606 期相同"),
    "last month's rows and as many new ones": (lambda: [*month(6), *month(7, 200)], "的行与 202606 期相同"),
}  # fmt: skip


@pytest.mark.parametrize("what", ODD)
def test_an_odd_month_is_let_in_with_a_question(department: Department, what: str) -> None:
    sent, asks = ODD[what]
    entry = department.sends("202607", sent())
    assert entry.status == "warned" and any(asks in words for words in entry.words), entry.words
    (receipt,) = (department.home.returns / "chengguan").glob("*202607*.html")
    assert asks[:6] in receipt.read_text(encoding="utf-8")


def test_an_ordinary_month_passes_without_a_word(department: Department) -> None:
    entry = department.sends("202607", month(7))
    assert (entry.status, entry.words) == ("passed", [])


def test_half_a_month_is_stale_and_missing_and_said_once_each(department: Department) -> None:
    entry = department.sends("202607", ODD["half of the month"][0]())
    assert len(entry.words) == len(set(entry.words))
    assert any("受理时间最晚为 2026-07-15" in words for words in entry.words)


def test_a_column_that_is_gone_and_one_nobody_knows_are_named(department: Department) -> None:
    rows = [[*row[:3], *row[4:], "甲"] for row in month(7)]
    entry = department.sends("202607", rows, [*HEADER[:3], *HEADER[4:], "班次"])
    assert entry.status == "warned"
    assert entry.words == [
        "上次有、本次没有的列:电话,请核对是否漏导出",
        "上次没有、约定中也没有的列:班次,平台不采用,如需采用请联系平台",
    ]


def test_another_order_of_columns_is_only_told(department: Department) -> None:
    entry = department.sends("202607", [row[::-1] for row in month(7)], HEADER[::-1])
    assert (entry.status, entry.words) == ("passed", ["列的次序与上次不同,已按表头识别,无需处理"])


def test_what_the_contract_refuses_for_is_refused_and_what_it_puts_off_is_not_looked_at(department: Department) -> None:
    strict = CONTRACT | {"gate": CONTRACT["gate"] | yaml.safe_load("{repeated: {refuse: 90%}, drift: off, stale: off}")}
    strictly = Department(department.home, Contract.model_validate(strict))
    assert strictly.sends("202607", ODD["fen for yuan"][0]()).status == "passed"
    again = strictly.sends("202608", ODD["fen for yuan"][0]())
    assert (again.status, again.refused_rows) == ("refused", 400)
    assert len([words for words in again.words if "的行与 202607 期相同" in words]) == 1


def test_a_small_month_is_no_alarm(department: Department) -> None:
    """Six rows, three of them without a phone: chance."""
    entry = department.sends("202607", changed(month(7, 6), 3, lambda cell, n: cell if n % 2 else ""))
    assert not [words for words in entry.words if "电话" in words or "占比" in words], entry.words


def test_history_is_each_other_month_as_its_latest_attempt_says(department: Department) -> None:
    """The month's own first attempt is no history of its second."""
    odd = ODD["a third of the phones gone"][0]()
    assert department.sends("202607", odd).status == "warned"
    odd[0][5] = "更正"
    again = department.sends("202607", odd)
    assert (again.attempt, again.status) == (2, "warned"), "corrected, and as empty as before"


def test_a_figure_that_cannot_be_computed_is_a_fault_of_ours(
    department: Department, monkeypatch: pytest.MonkeyPatch
) -> None:
    from jobs.ingest import delivery
    from quality.history import Figure

    broken = [Figure("drift", "kind", float("nan"), 0.25, "refuse", "")]
    monkeypatch.setattr(delivery, "against_history", lambda *_: broken)
    with pytest.raises(delivery.DeliveriesFailed):
        department.sends("202607", month(7))
    with pytest.raises(gates.BrokenGate, match="drift of kind"):
        gates._stage(":memory:never", broken)


def test_pages_and_profiles_carry_no_value_of_a_person(department: Department) -> None:
    sent = changed(month(7), 3, lambda cell, n: "" if n % 3 == 0 else cell)
    department.sends("202607", sent)
    phones = {row[3] for row in sent if row[3]}
    page = next(department.home.data_docs.rglob("*202607*.html")).read_text(encoding="utf-8")
    kept = [path.read_bytes() for path in (department.home.lake / "ops" / "profile").rglob("*.parquet")]
    assert len(phones) > 200 and "nulls phone" in page and len(kept) == 7
    assert not [phone for phone in phones if phone in page or any(phone.encode() in file for file in kept)]

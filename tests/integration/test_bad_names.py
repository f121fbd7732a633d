"""No name that a file system allows blocks a feed, leaves its folders, or means anything to what comes after."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable
from settings import KEY, TODAY

from jobs.home import Home
from jobs.ingest.delivery import ingest
from jobs.ingest.stranger import turn_strangers_away

TAKEN = {
    "a line break": b"jq_20260301\n.csv",
    "quotes": b"jq_'20260302\".csv",
    "SQL": b"jq_'); DROP TABLE delivery; --.csv",
    "255 bytes": b"jq_20260303" + b"x" * 240 + b".csv",
    "255 bytes of Chinese": b"jq_20260304" + "警".encode() * 80 + b".csv",
    "GBK": b"jq_20260305_" + "警情".encode("gbk") + b".csv",
    "no encoding at all": b"jq_20260306_\xff\xfe\x80.csv",
    "right to left": "jq_20260307\u202evsc.exe.csv".encode(),
    "two dots": b"jq_..csv",
    "a path of Windows": b"jq_..\\..\\20260308.csv",
    "wildcards": b"jq_20260309[*]?{}.csv",
    "HTML": b"jq_20260310<img src=x onerror=alert(1)>.csv",
    "a template": b"jq_20260311{{ 7*7 }}%s$HOME`id`.csv",
    "spaces": b"jq_ 20260312 .csv",
    "control characters": b"jq_20260313\x01\x1b[31m\x7f.csv",
    "a smiley": "jq_20260314\U0001f600.csv".encode(),
    "a period of no day": b"jq_99999999.csv",
    "a copy's number": "jq_20260316(1) - 副本.csv".encode(),
}
STRAY = {
    "a dash in front": b"-rf.csv",
    "another case": b"JQ_20260301.CSV",
    "no suffix": b"jq_20260301",
    "two suffixes": b"jq_20260301.csv.xlsx",
    "a line break alone": b"\n",
    "a quote alone": b"'",
    "GBK alone": "警情".encode("gbk"),
}


@dataclass(frozen=True)
class Dropped:
    """The city after the run, and the ledger's rows by what is odd in the name."""

    home: Home
    rows: dict[str, dict[str, Any]]
    count: int


@pytest.fixture(scope="module")
def dropped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dropped]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CITYBRAIN_KEY", KEY)
        patch.setenv("CITYBRAIN_TODAY", TODAY)
        home = Home(tmp_path_factory.mktemp("bad_names"))
        contract = home.contracts()[0]["police_incident"]
        folder = home.drop / contract.owner.folder
        folder.mkdir(parents=True)
        names = TAKEN | STRAY
        for age, name in enumerate(names.values()):
            path = os.path.join(os.fsencode(folder), name)
            Path(os.fsdecode(path)).write_bytes(_content(age))
            os.utime(path, (1_000_000 + age, 1_000_000 + age))
        ingest(home, contract)
        turn_strangers_away(home)
        found = DeltaTable(home.table("ops", "delivery")).to_pyarrow_table().to_pylist()
        by_size = {row["bytes"]: row for row in found}
        yield Dropped(home, {odd: by_size[len(_content(age))] for age, odd in enumerate(names)}, len(found))


def _content(age: int) -> bytes:
    """A file that is told from the others by its size. A column is missing, so that no gate is asked, which costs a second."""
    return "\n".join(["警情编号,报警时间", *["JQ202603010001,2026-03-01 09:30:00"] * (1 + age)]).encode("gb18030")


@pytest.mark.parametrize("odd", [*TAKEN, *STRAY], ids=lambda odd: odd.replace(" ", "-"))
def test_a_file_of_any_name_has_its_row_its_receipt_and_its_place(odd: str, dropped: Dropped) -> None:
    row = dropped.rows[odd]
    assert (row["status"], row["feed"]) == ("refused", "police_incident" if odd in TAKEN else "unrecognised")
    why = "不是日期" if row["period"] == "99999999" else "缺少必填列" if odd in TAKEN else "文件名不符合任何一项约定"
    assert why in row["words"][0]
    receipt = dropped.home.returns / "police" / f"{row['delivery_id']}.html"
    page = receipt.read_text(encoding="utf-8")
    assert "系统处理时出错" not in page and "<img" not in page and "{{" not in page.replace("{{ 7*7 }}", "")
    (claim,) = dropped.home.archive.rglob(row["claim_id"])
    assert [kept.stat().st_size for kept in claim.iterdir() if kept.name == row["file_name"]] == [row["bytes"]]


def test_each_came_once_and_nothing_is_left(dropped: Dropped) -> None:
    home = dropped.home
    assert dropped.count == len(TAKEN) + len(STRAY) == len({row["delivery_id"] for row in dropped.rows.values()})
    assert not [path for room in (home.drop, home.inbox, home.staging) for path in room.rglob("*") if path.is_file()]


def test_255_bytes_of_gbk_are_longer_as_text_and_still_no_obstacle(home, contracts, drop, take) -> None:
    neighbour = drop("police_incident", "jq_20260302.csv", _content(0))
    odd = os.path.join(os.fsencode(neighbour.parent), b"jq_20260301" + "警".encode("gbk") * 120 + b".csv")
    Path(os.fsdecode(odd)).write_bytes(_content(1))
    os.utime(odd, (1, 1))
    assert [entry.status for entry in take("police_incident")] == ["refused", "refused"]

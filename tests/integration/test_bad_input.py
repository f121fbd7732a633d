"""Whatever a department drops ends in one ledger row and one receipt in its own folder, which says in Chinese what is wrong."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable

from jobs import lake
from jobs.apart import copy_apart
from jobs.current import current_deliveries
from jobs.home import Home
from jobs.ingest.delivery import ingest
from jobs.ingest.ledger import path as ledger_path
from jobs.ingest.stranger import turn_strangers_away

HEADER = "警情编号,报警时间,警情类别,所属网格"


def incidents(good: int, bad: int = 0, header: str = HEADER) -> str:
    rows = [f"JQ20260301{number:04d},2026-03-01 09:30:00,盗窃,330499001001001" for number in range(good)]
    broken = [f"JQ20260301{9000 + number:04d},昨天,盗窃,330499001001001" for number in range(bad)]
    return "\n".join([header, *rows, *broken]) + "\n"


def receipts(home: Home) -> dict[str, list[str]]:
    """The pages in each department's folder."""
    found = (
        {folder.name: sorted(folder.glob("*.html")) for folder in home.returns.iterdir()}
        if home.returns.is_dir()
        else {}
    )
    return {folder: [page.read_text(encoding="utf-8") for page in pages] for folder, pages in found.items() if pages}


def committed(home: Home) -> set[str]:
    """The deliveries that readers of silver believe."""
    with lake.connect() as con:
        con.execute(f"CREATE VIEW ledger AS SELECT * FROM {lake.scan(ledger_path(home))}")
        return {row[0] for row in con.execute(f"SELECT delivery_id FROM ({current_deliveries('ledger')})").fetchall()}


def in_silver(home: Home) -> set[str]:
    tables = [log.parent for log in home.lake.glob("silver/*/_delta_log")]
    return {value for table in tables for value in DeltaTable(str(table)).to_pyarrow_table()["delivery_id"].to_pylist()}


def test_a_header_without_rows_is_refused_and_only_for_that(home, drop, take, rows) -> None:
    drop("police_incident", "jq_20260301.csv", f"{HEADER}\n".encode("gb18030"))
    (entry,) = take("police_incident")
    assert (entry.status, entry.words) == ("refused", ["文件中没有数据行"])
    assert len(rows("ops", "delivery")) == 1


def test_a_file_without_a_header_line_puts_nobody_into_the_ledger(home, drop, take, rows) -> None:
    people = "330499199001011237,王小明,2026-03-01\n330499199001011237,王小明,2026-03-02\n"
    drop("household_registration", "hj_202603.csv", people.encode("gb18030"))
    (entry,) = take("household_registration")
    assert entry.status == "refused" and "缺少必填列" in entry.words[0]
    told = [str(row) for room in home.lake.glob("ops/*") for row in rows("ops", room.name)]
    assert told and not [row for row in told if "王小明" in row or "330499199001011237" in row]


def test_with_too_many_bad_rows_the_whole_delivery_waits_good_rows_and_bad(home, drop, take, rows) -> None:
    drop("police_incident", "jq_20260301.csv", incidents(good=7, bad=3).encode("gb18030"))
    (entry,) = take("police_incident")
    assert (entry.status, entry.read_rows, entry.kept_rows, entry.held_rows, entry.refused_rows) == (
        "refused",
        10,
        0,
        0,
        10,
    )
    assert sorted(row["row_no"] for row in rows("bronze", "police_incident")) == list(range(1, 11))
    assert (
        rows("silver", "police_incident")
        == rows("identity", "police_incident")
        == rows("held", "police_incident")
        == []
    )
    (page,) = receipts(home)["police"]
    assert "30.0%" in page and "报警时间" in page
    (mend,) = (home.returns / "police").glob("*补正.csv")
    assert len(mend.read_text(encoding="utf-8-sig").splitlines()) == 1 + 3


def test_between_the_limits_the_good_rows_are_admitted_with_a_warning_and_the_bad_are_returned(
    home, drop, take, rows
) -> None:
    drop("police_incident", "jq_20260301.csv", incidents(good=19, bad=1).encode("gb18030"))
    (entry,) = take("police_incident")
    assert (entry.status, entry.read_rows, entry.kept_rows, entry.held_rows) == ("warned", 20, 19, 1)
    assert len(rows("silver", "police_incident")) == 19
    (held,) = rows("held", "police_incident")
    assert (held["row_no"], held["reasons"]) == (20, ["timestamp:reported_at"])
    assert committed(home) == in_silver(home) == {entry.delivery_id}


def test_the_row_number_on_the_receipt_leads_to_the_row_in_the_file(home, drop, take) -> None:
    """The page tells the line that a spreadsheet shows; where empty lines make that unsure, it counts from the line under the header."""
    sent = incidents(good=19, bad=1)
    drop("police_incident", "jq_20260301.csv", sent.encode("gb18030"))
    take("police_incident")
    (page,) = receipts(home)["police"]
    number = next(number for number, text in enumerate(sent.splitlines(), 1) if "昨天" in text)
    assert "表头也算在内" in page and f"第 {number} 行" in page
    drop("police_incident", "jq_20260302.csv", sent.replace("\n", "\n\n").encode("gb18030"))
    take("police_incident")
    (page,) = [page for page in receipts(home)["police"] if "20260302" in page]
    assert "行号从表头下面一行数起" in page and f"第 {number - 1} 行" in page


def test_a_short_line_keeps_its_raw_text_in_held(drop, take, rows) -> None:
    drop(
        "police_incident", "jq_20260301.csv", (incidents(19) + "JQ202603019000,2026-03-01 09:30:00\n").encode("gb18030")
    )
    (entry,) = take("police_incident")
    (held,) = rows("held", "police_incident")
    assert (entry.held_rows, held["reasons"]) == (1, ["shape:"])
    assert "JQ202603019000,2026-03-01 09:30:00" in held["raw"]


def test_a_broken_json_line_keeps_its_raw_text_in_held_and_reaches_the_department(home, drop, take, rows) -> None:
    good = [
        f'{{"payNo": "YL20260300{n:02d}", "idNo": "11010519491231002X", "name": "张三", "payMonth": "202603", "amount": {3000 + n}, "payDate": "20260315"}}'
        for n in range(40)
    ]
    drop("pension_payment", "yl_202603.jsonl", "\n".join([*good, '{"payNo": "YL2026039999", 断']).encode())
    (entry,) = take("pension_payment")
    assert (entry.kept_rows, entry.held_rows) == (40, 1)
    assert "YL2026039999" in rows("held", "pension_payment")[0]["raw"]
    (mend,) = (home.returns / "social_security").glob("*补正.csv")
    assert "YL2026039999" in mend.read_text(encoding="utf-8-sig")


def test_a_stray_file_is_put_away_with_a_ledger_row_and_a_word_to_its_department(home, drop, rows) -> None:
    drop("police_incident", "工作总结.docx", b"text")
    (entry,) = turn_strangers_away(home)
    assert (entry.status, entry.feed, entry.read_rows) == ("refused", "unrecognised", 0)
    assert turn_strangers_away(home) == []
    (row,) = rows("ops", "delivery")
    assert row["file_name"] == "工作总结.docx"
    pages = receipts(home)
    assert list(pages) == ["police"]
    assert "工作总结.docx" in pages["police"][0] and "jq_*.csv" in pages["police"][0]
    assert len(list(home.archive.rglob("工作总结.docx"))) == 1


def test_another_department_s_file_in_the_wrong_folder_is_a_stray(home, drop, take) -> None:
    drop("death", "jq_20260301.csv", incidents(1).encode("gb18030"))
    assert take("police_incident") == []
    (entry,) = turn_strangers_away(home)
    assert list(receipts(home)) == ["civil_affairs"] and entry.status == "refused"


def test_a_typo_in_one_contract_stops_no_other_feed_and_turns_no_file_away(
    home, drop, take, tmp_path, monkeypatch
) -> None:
    feeds = tmp_path / "feeds"
    feeds.mkdir()
    (feeds / "chengguan_case.yaml").write_text(
        "feed: chengguan_case\ntitel: {zh: 城管案件, en: Cases}\n", encoding="utf-8"
    )
    monkeypatch.setenv("CITYBRAIN_FEEDS", str(feeds))
    contracts, faults = home.contracts()
    assert "police_incident" in contracts and len(faults) == 1
    assert "chengguan_case.yaml" in str(faults[0])
    waits = drop("police_incident", "cg_20260301.csv", b"x")
    drop("police_incident", "jq_20260301.csv", incidents(1).encode("gb18030"))
    assert [entry.status for entry in take("police_incident")] == ["passed"]
    assert turn_strangers_away(home) == [] and waits.is_file(), "it may be the feed of the broken contract"


@pytest.mark.parametrize(
    "name",
    [
        "jq_20260301.csv.part",
        ".jq_20260301.csv",
        "~$jq_20260301.csv",
        "jq_20260301.csv.filepart",
        "jq_20260301.csv.TMP",
    ],
)
def test_an_upload_under_way_is_not_taken_nor_turned_away(name: str, home, drop, take) -> None:
    path = drop("police_incident", name, b"x")
    assert take("police_incident") == turn_strangers_away(home) == []
    assert path.is_file() and not receipts(home)


def test_a_file_still_being_written_is_left_until_it_stands_still(home, drop, contracts, rows) -> None:
    path = drop("police_incident", "jq_20260301.csv", f"{HEADER}\n".encode("gb18030"))
    os.utime(path)
    assert ingest(home, contracts["police_incident"]) == [] and path.is_file()
    os.utime(path, (time.time() - 11, time.time() - 11))
    assert len(ingest(home, contracts["police_incident"])) == 1 and not path.exists()


def test_a_file_that_its_department_alone_may_read_is_refused_in_words_and_blocks_no_other(
    home, drop, take, rows, monkeypatch
) -> None:
    """Some clients upload with a umask of 077; tests may run as root, whom nothing is closed to."""

    def copied(root: Path, name: str, target: Path) -> os.stat_result:
        if "20260301" in name or "strange" in name:
            raise PermissionError(name)
        return copy_apart(root, name, target)

    drop("police_incident", "jq_20260301.csv", incidents(good=2).encode("gb18030"))
    drop("police_incident", "jq_20260302.csv", incidents(good=2).encode("gb18030"))
    drop("police_incident", "strange.csv", b"x")
    monkeypatch.setattr("jobs.ingest.claim.copy_apart", copied)
    assert [(entry.status, entry.sha256 == "") for entry in take("police_incident")] == [
        ("refused", True),
        ("passed", False),
    ]
    (stray,) = turn_strangers_away(home, still_seconds=0)
    assert (stray.status, stray.sha256) == ("refused", "")
    pages = receipts(home)["police"]
    assert [page for page in pages if "没有读取权限" in page]


def test_a_link_in_a_drop_folder_is_not_followed(home, drop, take, tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_bytes(incidents(1).encode("gb18030"))
    link = drop("police_incident", "other.part", b"").with_name("jq_20260301.csv")
    link.symlink_to(secret)
    assert take("police_incident") == [] and secret.is_file()


@pytest.mark.parametrize(
    "raw_name", [b"jq_20260301_\xd6\xd0.csv", b"jq_2026'0301;--.csv", "jq_20260301(最终版) 副本.csv".encode()]
)
def test_no_file_name_can_block_a_feed(raw_name: bytes, home, drop, take, rows) -> None:
    """A name in GBK, as an old FTP client sends it, is no UTF-8; the file behind it must be taken all the same."""
    neighbour = drop("police_incident", "jq_20260302.csv", f"{HEADER}\n".encode("gb18030"))
    odd = os.path.join(os.fsencode(neighbour.parent), raw_name)
    Path(os.fsdecode(odd)).write_bytes("警情编号\n1\n".encode("gb18030"))
    os.utime(odd, (1, 1))
    assert [entry.status for entry in take("police_incident")] == ["refused", "refused"]
    assert len(rows("ops", "delivery")) == len(receipts(home)["police"]) == 2


def test_a_stray_file_with_a_name_in_gbk_blocks_no_other_stray(home, drop, rows) -> None:
    neighbour = drop("police_incident", "工作总结.docx", b"text")
    odd = os.path.join(os.fsencode(neighbour.parent), b"\xd6\xd0.docx")
    Path(os.fsdecode(odd)).write_bytes(b"text")
    os.utime(odd, (1, 1))
    assert len(turn_strangers_away(home)) == 2
    assert len(rows("ops", "delivery")) == 2


def test_a_json_key_of_any_spelling_fails_no_delivery(home, drop, take) -> None:
    drop("pension_payment", "yl_202603.jsonl", b'{"payNo": "1", "remark": "a", "Remark": "b", "": "c"}\n')
    (entry,) = take("pension_payment")
    assert entry.status == "refused", entry.words


def test_what_is_read_is_kept_held_or_refused_in_every_row_of_the_ledger(home, drop, take, rows) -> None:
    """One run over the whole zoo, in one feed: each file its own row, and the sums are right in all of them."""
    zoo: dict[str, bytes] = {
        "jq_20260301.csv": incidents(19, 1).encode("gb18030"),
        "jq_20260302.csv": b"",
        "jq_20260303.csv": incidents(1, 3).encode("gb18030"),
        "jq_20260304.csv": incidents(3).encode(),
    }
    for name, content in zoo.items():
        drop("police_incident", name, content)
    told: list[Any] = take("police_incident")
    ledger = rows("ops", "delivery")
    assert sorted(row["file_name"] for row in ledger) == sorted(zoo) == sorted(entry.file_name for entry in told)
    for row in ledger:
        assert row["read_rows"] == row["kept_rows"] + row["held_rows"] + row["refused_rows"]
    assert len(receipts(home)["police"]) == len(zoo)
    assert in_silver(home) == committed(home) == {"police_incident-20260301-01"}

"""The held rows go out, are mended in a spreadsheet, and come back: the whole delivery again, nothing lost."""

from __future__ import annotations

import csv
import io
import json
import shutil
import zipfile
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest
from counted import counted
from deltalake import DeltaTable, write_deltalake

from jobs.home import Home
from jobs.ingest.stranger import turn_strangers_away
from jobs.operate.orders import reject, release, replay

FEED = "police_incident"
FIRST, SECOND, THIRD = (f"{FEED}-20260301-{attempt:02d}" for attempt in (1, 2, 3))
HEADER = ["警情编号", "报警时间", "警情类别", "所属网格", "报警电话", "备用"]
GOOD = 96
MEND = "-补正"


def line(number: int, at: str = "2026-03-01 09:30:45", category: str = "盗窃") -> list[str]:
    return [f"JQ20260301{number:04d}", at, category, "330499001001001", "13712345678", "甲"]


ROWS = [line(n) for n in range(GOOD)] + [
    line(9000, at="昨天"),
    line(9001, category="外星人"),
    line(9002, at="=1+1"),
    line(9003, at=""),
]
HELD = [GOOD + 1, GOOD + 2, GOOD + 3, GOOD + 4]


def sent(rows: list[list[str]] = ROWS, encoding: str = "gb18030") -> bytes:
    return "\n".join(",".join(row) for row in [HEADER, *rows]).encode(encoding)


def given(home: Home, delivery: str = FIRST, folder: str = "police") -> list[list[str]]:
    """The rows of the CSV to mend, header first."""
    path = home.returns / folder / f"{delivery}{MEND}.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def mended(rows: list[list[str]], **changes: dict[int, str]) -> list[list[str]]:
    """The rows with cells changed: 行号 -> text, by header."""
    header, *body = rows
    for title, by_row in changes.items():
        for row in body:
            number = int(row[header.index("行号")])
            if number in by_row:
                row[header.index(title)] = by_row[number]
    return [header, *body]


RIGHT = {
    "报警时间": {HELD[0]: "2026-03-01 10:00:00", HELD[2]: "2026/3/1 11:00", HELD[3]: "2026-03-01 12:00:00"},
    "警情类别": {HELD[1]: "诈骗"},
}


def as_csv(rows: list[list[str]], encoding: str = "utf-8-sig", delimiter: str = ",") -> bytes:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows(rows)
    return out.getvalue().encode(encoding)


def as_xlsx(rows: list[list[str]]) -> bytes:
    book, out = openpyxl.Workbook(), io.BytesIO()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    book.save(out)
    return out.getvalue()


@pytest.fixture
def first(drop: Any, take: Any) -> Any:
    """A delivery of which four rows wait to be mended."""
    drop(FEED, "jq_20260301.csv", sent())
    (entry,) = take(FEED)
    assert (entry.status, entry.kept_rows, entry.held_rows) == ("warned", GOOD, 4)
    return entry


@pytest.mark.parametrize(
    ("file_name", "write"),
    [
        (f"{FIRST}{MEND}.csv", as_csv),
        (f"{FIRST}{MEND} (1).csv", lambda rows: as_csv(rows, "gb18030")),
        (f"副本{FIRST}{MEND}.csv", lambda rows: as_csv(rows, "utf-8")),
        (f"{FIRST}{MEND} - 副本.csv", lambda rows: as_csv(rows, "utf-8", ";")),
        (f"{FIRST}{MEND}-已改.txt", lambda rows: as_csv(rows, "utf-16", "\t")),
        (f"Copy of {FIRST}{MEND}(1).CSV", lambda rows: as_csv(rows, "gb18030", "\t")),
        (f"{FIRST}{MEND}.xlsx", as_xlsx),
        (f"{FIRST}{MEND}(1).csv", as_xlsx),
    ],
)
def test_a_mended_file_closes_the_held_rows(
    home, contracts, first, drop, take, rows, file_name: str, write: Callable[..., bytes]
) -> None:
    drop(FEED, file_name, write(mended(given(home), **RIGHT)))
    assert turn_strangers_away(home) == []
    (entry,) = take(FEED)
    assert (entry.delivery_id, entry.status, entry.period) == (SECOND, "passed", "20260301")
    assert (entry.read_rows, entry.kept_rows, entry.held_rows) == (GOOD + 4, GOOD + 4, 0)
    assert (entry.mends, entry.mended_rows) == (FIRST, 4)
    assert entry.words[0] == f"这是 {FIRST} 的补正。补正 4 行:4 行已入库,0 行仍待补正。"
    assert counted(home, contracts[FEED], "SELECT count(*), count(DISTINCT row_key) FROM now") == [(GOOD + 4, GOOD + 4)]
    silver = {row["row_no"]: row for row in rows("silver", FEED) if row["delivery_id"] == SECOND}
    assert silver[HELD[1]]["category"] == "fraud" and {silver[n]["reported_at"].second for n in range(1, GOOD)} == {45}
    (row,) = [row for row in rows("ops", "delivery") if row["delivery_id"] == SECOND]
    assert (row["mends"], row["mended_rows"]) == (FIRST, 4)
    assert {r["extra"] for r in rows("bronze", FEED)} == {'{"备用":"甲"}', '{"备用": "甲"}'}
    page = (home.returns / "police" / f"{SECOND}.html").read_text(encoding="utf-8")
    assert "补正 4 行：4 行已入库，0 行仍待补正" in page and "<h1>已接收</h1>" in page
    assert not list((home.returns / "police").glob(f"{SECOND}{MEND}*"))


def test_rows_that_are_not_in_the_file_or_still_wrong_stay_held_and_go_round_again(
    home, contracts, first, drop, take
) -> None:
    header, *body = mended(given(home), **RIGHT | {"警情类别": {HELD[1]: "火星人"}})
    drop(FEED, f"{FIRST}{MEND}.csv", as_csv([header, body[0], body[1]]))
    (entry,) = take(FEED)
    assert (entry.delivery_id, entry.kept_rows, entry.held_rows, entry.mended_rows) == (SECOND, GOOD + 1, 3, 1)
    assert entry.words[:2] == [
        f"这是 {FIRST} 的补正。补正 2 行:1 行已入库,1 行仍待补正。",
        "另有 2 行不在补正文件中,仍待补正。",
    ]
    left = given(home, SECOND)
    assert [row[left[0].index("行号")] for row in left[1:]] == [str(n) for n in HELD[1:]]
    assert left[1][2] == "火星人", "what was mended, though not well, is what is given back"
    drop(FEED, f"{SECOND}{MEND}.csv", as_csv(mended(left, **RIGHT)))
    (entry,) = take(FEED)
    assert (entry.delivery_id, entry.kept_rows, entry.held_rows, entry.mended_rows) == (THIRD, GOOD + 4, 0, 3)
    again = replay(home, contracts[FEED], "20260301", "王工", "合同更新")
    assert (again.attempt, again.kept_rows, again.held_rows) == (4, GOOD + 4, 0), (
        "a mending of a mending is taken in again"
    )


def test_the_same_mended_file_twice_is_recognised(home, first, drop, take) -> None:
    content = as_csv(mended(given(home), **RIGHT))
    for _ in range(2):
        drop(FEED, f"{FIRST}{MEND}.csv", content)
    (entry,) = take(FEED)
    drop(FEED, f"{FIRST}{MEND} (1).csv", content)
    (again,) = take(FEED)
    assert (entry.delivery_id, entry.status, again.status, again.delivery_id) == (SECOND, "passed", "repeated", SECOND)


def without(column: str) -> Callable[[list[list[str]]], list[list[str]]]:
    return lambda rows: [[cell for cell, title in zip(row, rows[0], strict=True) if title != column] for row in rows]


@pytest.mark.parametrize(
    ("file_name", "change", "says"),
    [
        (f"{FIRST}{MEND}.csv", without("行号"), "没有“行号”列"),
        (f"{FIRST}{MEND}.csv", without("警情类别"), "缺少“警情类别”列"),
        (f"{FIRST}{MEND}.csv", without("备用"), "缺少“备用”列"),
        (f"{FIRST}{MEND}.csv", lambda rows: mended(rows, 行号={HELD[0]: "3"}), "行号 3 不是"),
        (f"{FIRST}{MEND}.csv", lambda rows: mended(rows, 行号={HELD[0]: "99999"}), "行号 99999 不是"),
        (f"{FIRST}{MEND}.csv", lambda rows: mended(rows, 行号={HELD[0]: str(HELD[1])}), "出现了不止一次"),
        (f"{FIRST}{MEND}.csv", lambda rows: mended(rows, 行号={HELD[0]: ""}), "没有行号"),
        (f"{FIRST}{MEND}.csv", lambda rows: mended(rows, 行号={HELD[0]: "一"}), "行号不是数字"),
        (f"{FIRST}{MEND}.csv", lambda rows: rows[:1], "没有一行数据"),
        (f"{FIRST}{MEND}.csv", lambda rows: [*rows[:2], [*rows[2], "多"]], "比表头多"),
        (f"{FEED}-20260301-07{MEND}.csv", lambda rows: rows, "没有编号为"),
        (f"{FEED}-20260228-01{MEND}.csv", lambda rows: rows, "没有编号为"),
    ],
)
def test_what_cannot_be_taken_is_refused_whole_with_the_way_out(
    home, contracts, first, drop, take, file_name: str, change: Any, says: str
) -> None:
    drop(FEED, file_name, as_csv(change(given(home))))
    (entry,) = take(FEED)
    assert entry.status == "refused" and says in entry.words[0] and "请" in entry.words[0], entry.words
    assert counted(home, contracts[FEED], "SELECT count(*) FROM now") == [(GOOD,)], "what counted still counts"
    drop(FEED, f"{FIRST}{MEND}.csv", as_csv(mended(given(home), **RIGHT)))
    (entry,) = take(FEED)
    assert (entry.status, entry.kept_rows) == ("passed", GOOD + 4), "and the right file still closes the rows"


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\xfa" * 9, b"%PDF-1.4", b"PK\x03\x04rubbish", '行号,"甲'.encode()])
def test_what_is_no_table_is_refused_in_words(first, drop, take, content: bytes) -> None:
    drop(FEED, f"{FIRST}{MEND}.xlsx", content)
    (entry,) = take(FEED)
    assert entry.status == "refused" and "请" in entry.words[0]


def test_a_mending_that_comes_too_late_is_sent_to_the_newest(home, contracts, first, drop, take) -> None:
    old = as_csv(mended(given(home), **RIGHT))
    drop(FEED, "jq_20260301.csv", sent([*ROWS[:-1], line(9003, at="前天")]))
    (second,) = take(FEED)
    drop(FEED, f"{FIRST}{MEND}.csv", old)
    (late,) = take(FEED)
    assert late.status == "refused" and f"请改用 {second.delivery_id} 的补正文件" in late.words[0]
    reject(home, contracts[FEED], second.delivery_id, "李工", "退回")
    drop(FEED, f"{second.delivery_id}{MEND}.csv", old)
    (sent_back,) = take(FEED)
    assert sent_back.status == "refused" and "已由平台退回" in sent_back.words[0]


def test_a_refused_file_is_admitted_once_enough_is_mended(home, drop, take) -> None:
    drop(FEED, "jq_20260301.csv", sent(ROWS[GOOD - 12 :]))
    (refused,) = take(FEED)
    assert refused.status == "refused" and not refused.kept_rows
    page = (home.returns / "police" / f"{FIRST}.html").read_text(encoding="utf-8")
    assert "放回投放目录" in page
    rows = given(home)
    drop(FEED, f"{FIRST}{MEND}.csv", as_csv(mended(rows, 报警时间={13: "2026-03-01 10:00:00"})))
    (still,) = take(FEED)
    assert (still.status, still.mended_rows) == ("refused", 0) and "1 行已改好,但整份文件仍未入库" in still.words[0]
    drop(
        FEED,
        f"{SECOND}{MEND}.csv",
        as_csv(mended(given(home, SECOND), 警情类别={14: "诈骗"}, 报警时间={15: "2026-03-01 11:00:00"})),
    )
    (entry,) = take(FEED)
    assert (entry.delivery_id, entry.status, entry.kept_rows, entry.held_rows) == (THIRD, "warned", 15, 1)


def test_a_mending_that_the_gate_refused_is_released_like_any_delivery(home, contracts, drop, take) -> None:
    drop(FEED, "jq_20260301.csv", sent(ROWS[GOOD - 4 :]))
    take(FEED)
    drop(FEED, f"{FIRST}{MEND}.csv", as_csv(mended(given(home), 报警时间={5: "2026-03-01 10:00:00"})))
    (refused,) = take(FEED)
    assert refused.status == "refused"
    entry = release(home, contracts[FEED], SECOND, "王工", "电话核实")
    assert (entry.status, entry.kept_rows, entry.held_rows, entry.mended_rows) == ("released", 5, 3, 1)


def test_what_a_person_released_stays_released_when_it_is_mended(home, contracts, drop, take) -> None:
    drop(FEED, "jq_20260301.csv", sent(ROWS[GOOD - 4 :]))
    (refused,) = take(FEED)
    release(home, contracts[FEED], refused.delivery_id, "王工", "电话核实")
    drop(FEED, f"{FIRST}{MEND}.csv", as_csv(mended(given(home), 报警时间={5: "2026-03-01 10:00:00"})))
    (entry,) = take(FEED)
    assert (entry.status, entry.kept_rows, entry.held_rows) == ("released", 5, 3)


def test_what_a_spreadsheet_did_is_undone_or_held(home, drop, take, rows) -> None:
    """Seconds cut, an ID as 3.3E+14: read as they were sent. A number that nobody sent, as 9.9E+14, is held."""
    drop(FEED, "jq_20260301.csv", sent())
    take(FEED)
    changed = mended(given(home), **RIGHT)
    header, *body = changed
    for row in body:
        row[header.index("所属网格")] = "3.30499E+14"
    body[1][header.index("报警时间")] = "2026/3/1 9:30"
    body[3][header.index("所属网格")] = "9.9E+14"
    drop(FEED, f"{FIRST}{MEND}.csv", as_csv(changed, "gb18030"))
    (entry,) = take(FEED)
    assert (entry.kept_rows, entry.held_rows) == (GOOD + 3, 1)
    silver = {row["row_no"]: row for row in rows("silver", FEED) if row["delivery_id"] == SECOND}
    assert silver[HELD[1]]["reported_at"].second == 45 and silver[HELD[0]]["grid_code"] == "330499001001001"
    assert "长号码" in given(home, SECOND)[1][-1]


def test_only_mended_rows_are_judged_as_of_their_mending(home, contracts, drop, take, monkeypatch) -> None:
    """What was said to come tomorrow is not believed the day after; a mended row may tell of the day it was mended."""
    drop(
        FEED,
        "jq_20260629.csv",
        sent([*[line(n) for n in range(GOOD)], line(9000, at="2026-06-30 09:00:00"), line(9001, at="昨天")]),
    )
    take(FEED)
    monkeypatch.setenv("CITYBRAIN_TODAY", "2026-07-02")
    header, _, last = mended(given(home, f"{FEED}-20260629-01"), 报警时间={GOOD + 2: "2026-07-01 09:00:00"})
    drop(FEED, f"{FEED}-20260629-01{MEND}.csv", as_csv([header, last]))
    (entry,) = take(FEED)
    assert (entry.kept_rows, entry.held_rows, entry.mended_rows) == (GOOD + 1, 1, 1)
    assert entry.received_at.day == 2


def test_a_mended_row_that_contradicts_a_kept_one_takes_both_back_for_mending(home, first, drop, take) -> None:
    drop(FEED, f"{FIRST}{MEND}.csv", as_csv(mended(given(home), **RIGHT | {"警情编号": {HELD[0]: line(0)[0]}})))
    (entry,) = take(FEED)
    assert (entry.read_rows, entry.kept_rows, entry.held_rows) == (GOOD + 4, GOOD + 2, 2)


def test_a_row_without_shape_is_taken_apart(home, drop, take) -> None:
    drop(FEED, "jq_20260301.csv", sent() + b"\nJQ202603019998,2026-03-01 09:30:00\nJQ202603019999,x")
    (entry,) = take(FEED)
    rows = given(home)
    assert entry.held_rows == 6 and "分开填好" in rows[-1][-1]
    rows[-2] = [*line(9998), *rows[-2][-2:]]
    drop(FEED, f"{FIRST}{MEND}.csv", as_csv(mended(rows, **RIGHT)))
    (entry,) = take(FEED)
    assert (entry.read_rows, entry.kept_rows, entry.held_rows) == (GOOD + 6, GOOD + 5, 1)
    assert given(home, SECOND)[1][0] == "JQ202603019999,x"


def test_a_file_of_mended_rows_under_the_feeds_own_name_does_not_replace_the_period(
    home, contracts, first, drop, take
) -> None:
    drop(FEED, "jq_20260301.csv", as_csv(mended(given(home), **RIGHT), "gb18030"))
    (entry,) = take(FEED)
    assert entry.status == "refused" and "像是补正文件" in entry.words[0]
    assert counted(home, contracts[FEED], "SELECT count(*) FROM now") == [(GOOD,)]


def test_a_zipped_original_is_mended_by_a_zipped_file(home, drop, take) -> None:
    def zipped(name: str, content: bytes) -> bytes:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            archive.writestr(name, content)
        return out.getvalue()

    drop(FEED, "jq_20260301.csv", zipped("jq_20260301.csv", sent()))
    take(FEED)
    drop(FEED, f"{FIRST}{MEND}.zip", zipped("a.csv", as_csv(mended(given(home), **RIGHT))))
    (entry,) = take(FEED)
    assert (entry.delivery_id, entry.kept_rows, entry.mended_rows) == (SECOND, GOOD + 4, 4)


def test_strangers_that_look_like_mendings_are_told_so(home, contracts, drop) -> None:
    drop(FEED, f"death-202603-01{MEND}.csv", b"x")
    drop(FEED, "警情补正.csv", b"x")
    drop("death", f"{FIRST}{MEND}.csv", b"x")
    words = {entry.file_name: entry.words[0] for entry in turn_strangers_away(home)}
    assert len(words) == 3
    assert "无从归属" in words[f"death-202603-01{MEND}.csv"] and "无从归属" in words[f"{FIRST}{MEND}.csv"]
    assert "恢复补正文件原来的名字" in words["警情补正.csv"]


def test_a_ledger_of_before_takes_the_new_columns(home, first, drop, take, rows) -> None:
    path = home.table("ops", "delivery")
    old = DeltaTable(path).to_pyarrow_table().drop_columns(["mends", "mended_rows"])
    shutil.rmtree(path)
    write_deltalake(path, old, partition_by=["feed"])
    drop(FEED, f"{FIRST}{MEND}.csv", as_csv(mended(given(home), **RIGHT)))
    (entry,) = take(FEED)
    assert entry.mended_rows == 4
    assert sorted((row["attempt"], row["mended_rows"]) for row in rows("ops", "delivery")) == [(1, None), (2, 4)]


def test_a_workbook_with_a_title_and_an_empty_row_is_mended(home, drop, take) -> None:
    book, out = openpyxl.Workbook(), io.BytesIO()
    sheet = book.active
    assert sheet is not None
    sheet.append(["东湖市死亡登记表"])
    sheet.append(["死亡证明编号", "身份证号", "姓名", "死亡日期", "登记日期"])
    for n in range(60):
        sheet.append([f"SW2026{n:04d}", "11010519491231002X", "张三", "2026-03-02", "2026-03-05"])
    sheet.append([])
    sheet.append(["SW20269999", "110105194912310021", "李四", "2026-03-02", "2026-03-05"])
    book.save(out)
    drop("death", "sw_202603.xlsx", out.getvalue())
    (entry,) = take("death")
    assert entry.held_rows == 1
    rows = given(home, entry.delivery_id, "civil_affairs")
    assert rows[1][1] == "\t110105194912310021" and rows[1][-2] == "62"
    page = (home.returns / "civil_affairs" / f"{entry.delivery_id}.html").read_text(encoding="utf-8")
    assert "第 64 行" in page and "比这里少 2" in page
    drop(
        "death",
        f"{entry.delivery_id}{MEND}.xlsx",
        as_xlsx(mended(rows, 身份证号={62: "11010519491231002X"}, 姓名={62: "王五"})),
    )
    (entry,) = take("death")
    assert (entry.status, entry.kept_rows, entry.held_rows, entry.mended_rows) == ("passed", 61, 0, 1)


def test_lines_of_json_are_mended(home, contracts, drop, take) -> None:
    (feed,) = [name for name, contract in contracts.items() if contract.delivery.format == "jsonl"][:1]
    contract = contracts[feed]
    example = next(e.keep for e in contract.examples if e.keep)
    keys = [next(h for h in example if contract.column_of(h) == column) for column in contract.key]
    lines = [json.dumps(example | {keys[0]: f"{example[keys[0]][:-3]}{n:03d}"}, ensure_ascii=False) for n in range(99)]
    required = next(
        h
        for h in example
        if contract.column_of(h) not in contract.key and contract.columns[contract.column_of(h) or ""].required
    )
    broken = json.dumps(example | {keys[0]: f"{example[keys[0]][:-3]}999", required: ""}, ensure_ascii=False)
    name = contract.delivery.files.replace("*", "20260301").replace("?", "1")
    drop(feed, name, "\n".join([*lines, broken]).encode())
    (entry,) = take(feed)
    assert entry.held_rows == 1, entry.words
    rows = given(home, entry.delivery_id, contract.owner.folder)
    (number,) = [row[-2] for row in rows[1:]]
    assert number == "100"
    drop(feed, f"{entry.delivery_id}{MEND}.csv", as_csv(mended(rows, **{required: {100: example[required]}})))
    (entry,) = take(feed)
    assert (entry.kept_rows, entry.held_rows, entry.mended_rows) == (100, 0, 1), entry.words

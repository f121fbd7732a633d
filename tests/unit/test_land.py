"""Bytes become rows of text with the right numbers, whatever the container; a broken line costs itself and nothing else."""

from __future__ import annotations

import io
import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_feed import RECEIVED, feed_of, landed

from jobs.ingest import decode
from jobs.ingest.land import land
from jobs.ingest.mending.give import held_rows
from jobs.ingest.unreadable import Unreadable
from jobs.lake import connect
from quality.sift import sift
from schemas.contract import Contract

COLUMNS = {
    "town": {"from": ["所属街道"], "type": "string"},
    "note": {"from": ["备注(可空)"], "type": "string"},
}
TABLE = "编号,所属街道,备注(可空)\n1,东湖街道,甲\n2,南桥街道,乙\n3,北港镇,丙\n"
ROWS = [("1", "东湖街道", "甲"), ("2", "南桥街道", "乙"), ("3", "北港镇", "丙")]


def rows_of(found: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    return [(row["item_no"], row["town"], row["note"]) for row in found]


def numbers(found: list[dict[str, Any]]) -> list[int]:
    return [row["row_no"] for row in found]


def shapeless(found: list[dict[str, Any]]) -> list[int]:
    return [row["row_no"] for row in found if row["defect"] == "shape"]


def to_mend(contract: Contract, content: bytes, folder: Path) -> list[tuple[int, list[str], str]]:
    """What the department is given to mend: row number, cells as sent, reasons."""
    path = folder / "small_file"
    path.write_bytes(content)
    with connect(reads_delta=False) as con:
        told = land(con, contract, path, folder)
        sift(con, contract, RECEIVED)
        return [(row.number, row.cells, row.reason) for row in held_rows(con, contract, told)]


@pytest.mark.parametrize(
    ("encoding", "sent"),
    [("utf-8", "utf-8"), ("utf-8", "utf-8-sig"), ("utf-8-sig", "utf-8"), ("gb18030", "gb18030"), ("gb18030", "gbk"),
     ("big5", "big5"), ("utf-16", "utf-16")],
)  # fmt: skip
def test_the_same_table_in_any_agreed_encoding_is_the_same_rows(encoding: str, sent: str, tmp_path: Path) -> None:
    table = "item_no,town,note\n1,北港,甲\n2,西塘,乙\n"
    _, found = landed(feed_of(COLUMNS, encoding=encoding), table.encode(sent), tmp_path)
    assert (rows_of(found), numbers(found)) == ([("1", "北港", "甲"), ("2", "西塘", "乙")], [1, 2])


def test_rare_characters_of_names_survive_gb18030(tmp_path: Path) -> None:
    _, found = landed(
        feed_of(COLUMNS, encoding="gb18030"), "编号,所属街道\n1,\u3400\U00020bb7镇\n".encode("gb18030"), tmp_path
    )
    assert found[0]["town"] == "\u3400\U00020bb7镇"


@pytest.mark.parametrize(
    ("declared", "sent", "named"),
    [("gb18030", "utf-8", "UTF-8"), ("gb18030", "utf-8-sig", "UTF-8"), ("utf-8", "gb18030", "第 1 行"), ("utf-8", "utf-16", "UTF-16"),
     ("gb18030", "utf-16", "UTF-16")],
)  # fmt: skip
def test_the_wrong_encoding_is_refused_and_what_it_seems_to_be_is_named(
    declared: str, sent: str, named: str, tmp_path: Path
) -> None:
    with pytest.raises(Unreadable, match=named):
        landed(feed_of(COLUMNS, encoding=declared), TABLE.encode(sent), tmp_path)


def test_one_wrong_byte_is_named_by_its_line(tmp_path: Path) -> None:
    spoiled = TABLE.encode("utf-8").replace("乙".encode(), b"\xb7")
    with pytest.raises(Unreadable, match="第 3 行"):
        landed(feed_of(COLUMNS), spoiled, tmp_path)


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_an_upload_cut_within_a_character_is_refused_wherever_the_cut_falls(
    encoding: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut = TABLE.encode(encoding).rstrip(b"\n")[:-1]
    for chunk in (len(cut), len(cut) + 1, 7):
        monkeypatch.setattr(decode, "CHUNK_BYTES", chunk)
        with pytest.raises(Unreadable):
            landed(feed_of(COLUMNS, encoding=encoding), cut, tmp_path)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("end", [True, False])
def test_delimiters_and_line_ends_of_any_export(delimiter: str, newline: str, end: bool, tmp_path: Path) -> None:
    text = TABLE.replace(",", delimiter).replace("\n", newline)
    text = text if end else text.removesuffix(newline)
    _, found = landed(feed_of(COLUMNS, delimiter=delimiter), text.encode(), tmp_path)
    assert (rows_of(found), numbers(found)) == (ROWS, [1, 2, 3])


def test_reordered_renamed_spaced_and_full_width_headers_are_the_same_columns(tmp_path: Path) -> None:
    text = "备注（可空）, 所属 街道 ,ITEM_NO\n甲,东湖街道,1\n"
    _, found = landed(feed_of(COLUMNS), text.encode(), tmp_path)
    assert rows_of(found) == ROWS[:1]


def test_what_the_contract_does_not_know_is_kept_beside_the_row(tmp_path: Path) -> None:
    told, found = landed(feed_of(COLUMNS), "编号,经办人,所属街道\n1,王五,东湖街道\n".encode(), tmp_path)
    assert json.loads(found[0]["extra"]) == {"经办人": "王五"}
    assert [header for header, _ in told.map.unknown] == ["经办人"]


@pytest.mark.parametrize("broken_line", ["", "9,短\n"], ids=["well shaped", "with a short line"])
@pytest.mark.parametrize(
    ("header", "cells"),
    [("编号,所属街道,所属街道", "1,东湖街道,另写的街道"), ("编号,所属街道,", "1,东湖街道,另写的街道"), ("编号,所属街道,,", "1,东湖街道,,另写的街道"),
     ("编号,所属街道,a,A", "1,东湖街道,x,另写的街道"), ("编号,所属街道,经办,经办", "1,东湖街道,x,另写的街道")],
    ids=["twice", "no title", "two without title", "case", "unknown twice"],
)  # fmt: skip
def test_the_cells_of_doubled_and_nameless_headers_are_not_lost(
    header: str, cells: str, broken_line: str, tmp_path: Path
) -> None:
    _, found = landed(feed_of(COLUMNS), f"{header}\n{cells}\n{broken_line}".encode(), tmp_path)
    assert (found[0]["defect"], found[0]["item_no"], found[0]["town"]) == (None, "1", "东湖街道")
    assert "另写的街道" in (found[0]["extra"] or ""), "bronze is what was delivered, all of it"


def test_a_row_to_mend_comes_back_cell_for_cell_also_under_a_nameless_header(tmp_path: Path) -> None:
    feed = feed_of({"town": {"from": ["所属街道"], "type": "string", "required": True}})
    ((number, cells, _),) = to_mend(feed, "编号,所属街道,\n1,,旁注\n".encode(), tmp_path)
    assert (number, cells) == (1, ["1", "", "旁注"])


def test_a_stray_quote_costs_one_line(tmp_path: Path) -> None:
    text = TABLE.replace("南桥", '"南桥')
    _, found = landed(feed_of(COLUMNS), text.encode(), tmp_path)
    assert (shapeless(found), numbers(found)) == ([2], [1, 2, 3])
    assert [row["item_no"] for row in found] == ["1", None, "3"]
    assert '2,"南桥街道,乙' in json.loads(found[1]["extra"]).values()


@pytest.mark.parametrize("line", [1, 100, 450])
def test_a_stray_quote_costs_one_line_of_a_long_file_with_quoted_neighbours(line: int, tmp_path: Path) -> None:
    lines = [f'{n},"东湖,{n}",甲' for n in range(1, 501)]
    lines[line - 1] = f'{line},"东湖,甲'
    _, found = landed(feed_of(COLUMNS), ("编号,所属街道,备注(可空)\n" + "\n".join(lines)).encode(), tmp_path)
    assert (shapeless(found), len(found)) == ([line], 500)


def test_short_and_long_lines_are_held_as_they_stand(tmp_path: Path) -> None:
    text = TABLE.replace("2,南桥街道,乙", "2,南桥街道").replace("丙", "丙,丁")
    _, found = landed(feed_of(COLUMNS), text.encode(), tmp_path)
    assert (shapeless(found), numbers(found)) == ([2, 3], [1, 2, 3])
    assert [next(iter(json.loads(row["extra"]).values())) for row in found[1:]] == ["2,南桥街道", "3,北港镇,丙,丁"]


@pytest.mark.parametrize("inside", ["\u2028", "\x0b", "\x0c", "\x1c", "\x85"])
def test_a_short_line_is_one_line_whatever_strange_spaces_stand_in_it(inside: str, tmp_path: Path) -> None:
    text = TABLE.replace("2,南桥街道,乙", f"2,南桥{inside}街道")
    _, found = landed(feed_of(COLUMNS), text.encode(), tmp_path)
    assert (shapeless(found), numbers(found)) == ([2], [1, 2, 3])


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_line_break_within_quotes_is_part_of_its_cell(newline: str, tmp_path: Path) -> None:
    text = TABLE.replace("乙", f'"第一行{newline}第二行"').replace("\n1", f"{newline}1")
    _, found = landed(feed_of(COLUMNS), text.encode(), tmp_path)
    assert ([row["item_no"] for row in found], numbers(found)) == (["1", "2", "3"], [1, 2, 3])
    assert found[1]["note"].split() == ["第一行", "第二行"]


def test_a_line_break_within_a_header_is_part_of_the_header(tmp_path: Path) -> None:
    text = TABLE.replace("所属街道,", '"所属\n街道",', 1)
    _, found = landed(feed_of(COLUMNS), text.encode(), tmp_path)
    assert (rows_of(found), numbers(found)) == (ROWS, [1, 2, 3])


def test_blank_lines_are_no_rows(tmp_path: Path) -> None:
    text = TABLE.replace("2,", "\n\n2,") + "\n  \n"
    _, found = landed(feed_of(COLUMNS), text.encode(), tmp_path)
    assert rows_of(found) == ROWS


def test_the_title_rows_above_the_header_are_no_rows(tmp_path: Path) -> None:
    text = "2026年6月报表,,\n制表:东湖街道,,\n" + TABLE
    _, found = landed(feed_of(COLUMNS, header_row=3), text.encode(), tmp_path)
    assert (rows_of(found), numbers(found)) == (ROWS, [1, 2, 3])


@pytest.mark.parametrize("content", [b"", b"\n", b",,\n1,2,3\n"])
def test_a_file_without_a_header_is_refused_in_plain_words(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match=r"空的|应当是表头"):
        landed(feed_of(COLUMNS), content, tmp_path)


CELL = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\x00"), max_size=12)


@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cells=st.lists(st.tuples(CELL, CELL), min_size=1, max_size=8), broken=st.booleans())
def test_any_well_quoted_cell_lands_as_it_was_written(
    cells: list[tuple[str, str]], broken: bool, tmp_path: Path
) -> None:
    quoted = ["".join(f',"{cell.replace(chr(34), chr(34) * 2)}"' for cell in pair) for pair in cells]
    lines = [
        "编号,所属街道,备注(可空)",
        *(f"{n}{pair}" for n, pair in enumerate(quoted, 1)),
        *(["坏行"] if broken else []),
    ]
    _, found = landed(feed_of(COLUMNS), "\n".join(lines).encode(), tmp_path)
    assert len(found) == len(cells) + broken
    assert [(row["town"] or "", row["note"] or "") for row in found[: len(cells)]] == cells


def workbook(rows: list[list[Any]]) -> bytes:
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in rows:
        book.active.append(row)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


SHEET = [["编号", "所属街道", "备注(可空)"], ["1", "东湖街道", "甲"], ["2", "南桥街道", "乙"], ["3", "北港镇", "丙"]]


def test_a_workbook_with_a_title_row(tmp_path: Path) -> None:
    _, found = landed(feed_of(COLUMNS, format="xlsx", header_row=2), workbook([["东湖市报表"], *SHEET]), tmp_path)
    assert (rows_of(found), numbers(found)) == (ROWS, [1, 2, 3])


def test_a_row_of_a_workbook_keeps_its_place_past_blank_rows(tmp_path: Path) -> None:
    _, found = landed(
        feed_of(COLUMNS, format="xlsx"), workbook([*SHEET[:2], [], [None, "", None], *SHEET[2:]]), tmp_path
    )
    assert (rows_of(found), numbers(found)) == (ROWS, [1, 4, 5])


def test_cells_of_a_workbook_read_as_a_person_sees_them(tmp_path: Path) -> None:
    cells = [(20260101.0, "20260101"), (330499001001001.0, "330499001001001"), (2.5, "2.5"), (True, "是"), (False, "否"),
             (0, "0"), (date(2026, 3, 2), "2026-03-02"), (datetime(2026, 3, 2, 9, 5), "2026-03-02 09:05:00")]  # fmt: skip
    sheet = [SHEET[0], *([str(n), cell, None] for n, (cell, _) in enumerate(cells))]
    _, found = landed(feed_of(COLUMNS, format="xlsx"), workbook(sheet), tmp_path)
    assert [row["town"] for row in found] == [text for _, text in cells]


def test_an_id_that_excel_has_cut_to_15_digits_is_never_passed_off_as_whole(tmp_path: Path) -> None:
    feed = feed_of({"resident_id": {"from": ["身份证号"], "type": "resident_id"}}, format="xlsx")
    rows = to_mend(feed, workbook([["编号", "身份证号"], ["1", 110105194912310021]]), tmp_path)
    assert [number for number, _, _ in rows] == [1]


def test_remarks_beside_the_table_are_kept_and_do_not_displace_a_cell(tmp_path: Path) -> None:
    feed = feed_of({"town": {"from": ["所属街道"], "type": "string", "required": True}}, format="xlsx")
    sheet = workbook([["编号", "所属街道"], ["1", None, "旁注一", "旁注二"]])
    _, found = landed(feed, sheet, tmp_path)
    assert "旁注一" in found[0]["extra"] and "旁注二" in found[0]["extra"]
    ((_, cells, _),) = to_mend(feed, sheet, tmp_path)
    assert cells == ["1", "", "旁注一", "旁注二"]


@pytest.mark.parametrize(
    "content",
    [b"", b"PK\x03\x04", TABLE.encode(), b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), workbook(SHEET)[:-200]],
)
def test_a_workbook_that_does_not_open_is_refused_in_plain_words(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match=r"空的|工作簿打不开"):
        landed(feed_of(COLUMNS, format="xlsx"), content, tmp_path)


def json_lines(*objects: Any) -> bytes:
    return "".join(
        (each if isinstance(each, str) else json.dumps(each, ensure_ascii=False)) + "\n" for each in objects
    ).encode()


JSON_FEED = feed_of(COLUMNS, format="jsonl")


def test_json_lines_with_missing_null_and_unknown_keys(tmp_path: Path) -> None:
    sent = json_lines({"编号": 1, "所属街道": "东湖街道"}, {"编号": "2", "所属街道": None, "经办人": "王五"})
    _, found = landed(JSON_FEED, sent, tmp_path)
    assert rows_of(found) == [("1", "东湖街道", None), ("2", None, None)]
    assert json.loads(found[1]["extra"]) == {"经办人": "王五"}


def test_a_nested_value_is_kept_as_its_json(tmp_path: Path) -> None:
    _, found = landed(JSON_FEED, json_lines({"编号": 1, "所属街道": {"名称": "东湖街道"}, "经办": [1, 2]}), tmp_path)
    assert json.loads(found[0]["town"]) == {"名称": "东湖街道"}
    assert json.loads(json.loads(found[0]["extra"])["经办"]) == [1, 2]


@pytest.mark.parametrize("broken", ['{"编号": 2', "[1]", '"2"', "2", "null", "编号=2", '{"编号": 2, "备注": "\x07"}'])
def test_a_broken_json_line_costs_itself_and_its_text_survives(broken: str, tmp_path: Path) -> None:
    sent = json_lines({"编号": 1}, broken, {"编号": 3})
    _, found = landed(JSON_FEED, sent, tmp_path)
    assert (shapeless(found), numbers(found)) == ([2], [1, 2, 3])
    ((number, cells, _),) = to_mend(JSON_FEED, sent, tmp_path)
    assert (number, cells[0]) == (2, broken), "the department sees the line it has to mend"


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_blank_json_lines_are_no_rows(newline: str, tmp_path: Path) -> None:
    sent = newline.join(["\ufeff" + '{"编号": 1}', "", "  ", '{"编号": 2}']).encode()
    _, found = landed(JSON_FEED, sent, tmp_path)
    assert [row["item_no"] for row in found] == ["1", "2"]


def test_a_key_that_first_comes_late_in_a_long_file_is_not_lost(tmp_path: Path) -> None:
    sent = json_lines(*({"编号": n} for n in range(1, 1500)), {"编号": 1500, "所属街道": "东湖街道", "经办人": "王五"})
    told, found = landed(JSON_FEED, sent, tmp_path)
    assert (found[-1]["town"], json.loads(found[-1]["extra"] or "{}")) == ("东湖街道", {"经办人": "王五"})
    assert [header for header, _ in told.map.unknown] == ["经办人"]


@pytest.mark.parametrize("key", ['a"b', "a\\b", "", "a.b", "it's", "$", "*", "a[0]", "A", "编号 "])
def test_any_key_may_stand_in_json(key: str, tmp_path: Path) -> None:
    _, found = landed(JSON_FEED, json_lines({"编号": 1, "a": "x", key: "另一个"}), tmp_path)
    assert found[0]["item_no"] == "1"
    assert "另一个" in found[0]["extra"]


def test_long_numbers_in_json_keep_every_digit(tmp_path: Path) -> None:
    sent = b'{"\xe7\xbc\x96\xe5\x8f\xb7": 110105194912310021}\n'
    _, found = landed(JSON_FEED, sent, tmp_path)
    assert found[0]["item_no"] == "110105194912310021"


@pytest.mark.parametrize("content", [b"", b"\n\n", b"[{}]\n", TABLE.encode()])
def test_a_file_without_one_json_object_is_refused_in_plain_words(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match=r"空的|JSON 对象"):
        landed(JSON_FEED, content, tmp_path)

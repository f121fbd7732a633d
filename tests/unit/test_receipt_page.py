"""The receipt: its verdict first, no personal number ever; the rows to mend survive a spreadsheet."""

from __future__ import annotations

import csv
import tempfile
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.ingest.receipt_page import render_receipt, write_mend_csv

RECEIPT = {
    "delivery_id": "death-2026-02-1",
    "feed": "death",
    "title_zh": "死亡登记",
    "department": "民政局",
    "contact": "data@example.cn",
    "file_name": "死亡登记(2月).csv",
    "period": "2026-02",
    "attempt": 1,
    "received_at": datetime(2026, 3, 1, 2, 5),
    "status": "warned",
    "read_rows": 1204,
    "kept_rows": 1186,
    "repaired_rows": 40,
    "held_rows": 18,
    "refused_rows": 0,
    "words": ["待补正的行占 18/1204(1.50%),高于通常水平。"],
    "reasons": [
        {"rule": "r1", "column_zh": "身份证号", "says_zh": "校验位不对", "rows": 15, "examples": [14, 12, 13, 40]},
        {"rule": "r2", "column_zh": "死亡日期", "says_zh": "早于出生日期", "rows": 3, "examples": [7, 88, 91]},
    ],
    "repairs": [{"rule": "p1", "column_zh": "性别", "says_zh": "「M」改为「男」", "rows": 40}],
    "unknown_headers": [{"header": "死亡原因说明", "nearest": "死亡原因"}, {"header": "备注2", "nearest": None}],
    "mend_files": ["death-2026-02-01-补正.xlsx", "death-2026-02-01-补正.csv"],
    "lines_above": None,
    "what_next": "请于 3 月 5 日前补正 18 行,放回原报送文件夹。",
}


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({"status": "passed", "held_rows": 0, "kept_rows": 1204}, "已接收"),
        ({"status": "passed"}, "已接收，请补正 18 行"),
        ({"status": "warned"}, "已接收，请补正 18 行"),
        ({"status": "refused", "kept_rows": 0, "refused_rows": 1186}, "未接收"),
        ({"status": "failed", "read_rows": None, "kept_rows": None, "held_rows": None}, "已收到，尚未处理"),
        ({"status": "repeated"}, "已接收"),
    ],
)
def test_the_verdict_is_the_first_headline(change: dict, verdict: str) -> None:
    html = render_receipt({**RECEIPT, **change})
    assert html.index(f"<h1>{verdict}</h1>") < html.index("<h2>")


def test_the_officer_reads_what_where_and_what_next() -> None:
    html = render_receipt(RECEIPT)
    for words in ("第 12–14、40 行等", "第 7、88、91 行<", "早于出生日期", "是否应为「死亡原因」", "放回原报送文件夹"):
        assert words in html
    assert "死亡登记(2月).csv" in html, "a file name stays as it was sent"
    assert "各项之和与读入行数不符" not in html
    assert "各项之和与读入行数不符" in render_receipt({**RECEIPT, "kept_rows": 1})


def test_a_file_without_a_header_row_does_not_print_its_first_person() -> None:
    people = [{"header": header, "nearest": None} for header in ("330106195001011234", "13800138000")]
    html = render_receipt({**RECEIPT, "unknown_headers": people, "words": ["首行为 330106 19500101 1234"]})
    assert "1234" not in html and "138001" not in html
    assert html.count("〔已隐去〕") == 3


def test_what_departments_wrote_is_escaped() -> None:
    html = render_receipt({**RECEIPT, "unknown_headers": [{"header": "<img src=x>", "nearest": None}]})
    assert "<img" not in html and "&lt;img src=x&gt;" in html


def test_an_unknown_status_is_an_error() -> None:
    with pytest.raises(KeyError, match="lost"):
        render_receipt({**RECEIPT, "status": "lost"})


def _mended(path: Path, *cells: str) -> list[list[str]]:
    write_mend_csv(path, [f"列{n}" for n in range(len(cells))], [(12, list(cells), "缺少证件号")])
    return _read(path)


def _read(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


@pytest.mark.parametrize(
    ("sent", "written"),
    [
        ("=1+1", "'=1+1"),
        ("+86", "'+86"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("-2+3", "'-2+3"),
        ("-", "'-"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("  =1", "'  =1"),
        ("\uff1d1+1", "'\uff1d1+1"),
        ("-12.5", "-12.5"),
        ("-3", "-3"),
        ("330106195001011234", "\t330106195001011234"),
        ("33010619500101123X", "\t33010619500101123X"),
        ("-123456789012", "\t-123456789012"),
        ("007", "\t007"),
        ("3-1", "\t3-1"),
        ("12E5", "\t12E5"),
        ("0.5", "0.5"),
        ("2026-02-01", "2026-02-01"),
        ("东湖街道", "东湖街道"),
        ("", ""),
    ],
)
def test_a_spreadsheet_neither_runs_nor_changes_a_cell(tmp_path: Path, sent: str, written: str) -> None:
    assert _mended(tmp_path / "mend.csv", sent)[1] == [written, "12", "缺少证件号"]


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0")), min_size=1, max_size=4))
def test_what_was_sent_comes_back_once_white_space_and_the_apostrophe_are_gone(cells: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        back = _mended(Path(folder) / "mend.csv", *cells)[1][: len(cells)]
    assert [cell if cell == sent else cell[1:] for cell, sent in zip(back, cells, strict=True)] == cells


def test_ragged_rows_lose_nothing_and_a_returned_file_does_not_grow(tmp_path: Path) -> None:
    path = tmp_path / "mend.csv"
    assert write_mend_csv(path, ["甲", "乙"], [(2, ["a"], "短"), (3, ["a", "b", "c"], "长")]) == 2
    assert _read(path)[1:] == [["a", "", "2", "短"], ["a", "b", "3", "长", "c"]]
    write_mend_csv(path, ["甲", "行号", "原因"], [(5, ["a", "2", "短"], "仍短")])
    assert _read(path) == [["甲", "行号", "原因"], ["a", "5", "仍短"]]


def test_the_file_opens_as_chinese_text(tmp_path: Path) -> None:
    _mended(tmp_path / "mend.csv", "东湖街道")
    assert (tmp_path / "mend.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    assert [path.name for path in tmp_path.iterdir()] == ["mend.csv"], "no draft stays behind"

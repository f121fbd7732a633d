"""The receipt: its verdict first, no personal number ever."""

from __future__ import annotations

from datetime import datetime

import pytest

from jobs.ingest.receipt_page import render_receipt

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


def test_a_row_is_told_as_the_line_that_a_spreadsheet_shows_when_it_can_be_known() -> None:
    html = render_receipt({**RECEIPT, "lines_above": 2})
    assert "第 14–16、42 行等" in html and "比这里少 2" in html
    assert "行号从表头下面一行数起，空行不计" in render_receipt(RECEIPT)
    assert "行号是原文件中的行号" in render_receipt({**RECEIPT, "lines_above": 0})


def test_the_files_to_mend_are_named_and_a_missing_workbook_is_explained() -> None:
    both = render_receipt(RECEIPT)
    assert "death-2026-02-01-补正.xlsx" in both and "death-2026-02-01-补正.csv" in both and "任选一个" in both
    assert "这次不附 XLSX" in render_receipt({**RECEIPT, "mend_files": ["death-2026-02-01-补正.csv"]})

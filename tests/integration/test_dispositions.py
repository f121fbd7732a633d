"""A department's file of answers, dropped like any other: its rows move warnings, once, or come back with the reason."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import openpyxl
import pytest
from raised import EIGHT, found, warning

from jobs.home import Home
from jobs.warn.dispositions import outcomes, take_answers
from jobs.warn.life import Move, move, moves_of, one_warning

HEADER = ["预警编号", "预警名称", "承办单位", "处置步骤", "处置时间", "评价结论", "处置说明"]
ID, OTHER = "3fa85f64-5717-5562-b3fc-2c963f66afa6", "0fa85f64-5717-5562-b3fc-2c963f66afa6"
FILE = "预警-20260629-police.xlsx"
WORDS = "张三在现场,电话13712345678"


def answer(step: str, at: str, verdict: str = "", warning_id: str = ID, unit: str = "公安局") -> list[str]:
    return [warning_id, "警情突增", unit, step, f"2026-06-28 {at}", verdict, WORDS]


def book(*rows: list[str]) -> bytes:
    made, out = openpyxl.Workbook(), io.BytesIO()
    sheet = made.active
    assert sheet is not None
    for row in [HEADER, *rows]:
        sheet.append(row)
    made.save(out)
    return out.getvalue()


@pytest.fixture
def sent(home: Home) -> Home:
    """A warning that was sent out yesterday at eight, and one that was not."""
    found(home, warning(ID), warning(OTHER, category="fraud"))
    move(home, Move(ID, "dispatched", "王指挥", "请核实", at=EIGHT - timedelta(days=1)))
    return home


def test_answers_move_their_warning_in_the_order_in_which_they_happened(sent: Home, drop, take) -> None:
    rows = (
        answer("反馈", "11:00"),
        answer("签收", "09:00"),
        answer("处置中", "09:30"),
        answer("评价", "15:00", "不属实"),
    )
    drop("disposition", FILE, book(*rows))
    (entry,) = take("disposition")
    assert (entry.period, entry.kept_rows, entry.held_rows) == ("20260629-police", 4, 0)
    assert [one.applied for one in take_answers(sent)] == [True] * 4
    now = one_warning(sent, ID)
    assert (now["state"], now["verdict"], now["acknowledged_at"]) == ("evaluated", "false", EIGHT - timedelta(hours=23))
    assert all(row["by"] == "公安局" and "第" in row["why"] for row in moves_of(sent, ID)[1:])
    assert WORDS not in str(moves_of(sent)), "their words may name people: they stay where identities are kept"


def test_an_answer_counts_once_however_often_its_file_is_sent(sent: Home, drop, take) -> None:
    first = book(answer("签收", "09:00"))
    drop("disposition", FILE, first)
    take("disposition")
    assert len(take_answers(sent)) == 1 and take_answers(sent) == []
    drop("disposition", FILE, book(answer("签收", "09:00"), answer("处置", "10:00")))
    take("disposition")
    assert [(one.step, one.applied) for one in take_answers(sent)] == [("handling", True)]
    assert [row["to_state"] for row in moves_of(sent, ID)] == ["dispatched", "acknowledged", "handling"]


def test_what_cannot_be_applied_comes_back_with_the_reason_and_may_be_sent_again(sent: Home, drop, take) -> None:
    early = answer("签收", "07:30")
    rows = (
        answer("反馈", "11:00"),
        answer("签收", "12:00", warning_id=OTHER),
        answer("签收", "12:00", warning_id="1" + ID[1:]),
        early,
    )
    drop("disposition", FILE, book(*rows))
    take("disposition")
    assert [one.applied for one in take_answers(sent)] == [False] * 4
    assert [row["applied"] for row in outcomes(sent)] == [False] * 4 and len(moves_of(sent)) == 1
    (file,) = (sent.returns / "police").glob("预警处置未采纳-*.csv")
    with file.open(encoding="utf-8-sig", newline="") as read:
        told = {row["行号"]: row for row in csv.DictReader(read)}
    assert told["1"]["处置步骤"] == "反馈" and "现为「派单」" in told["1"]["原因"] and "签收" in told["1"]["原因"]
    assert "现为「发现」" in told["2"]["原因"] and "没有编号" in told["3"]["原因"] and "早于派单" in told["4"]["原因"]
    drop("disposition", FILE, book(answer("签收", "10:00"), answer("反馈", "11:00")))
    take("disposition")
    assert [one.applied for one in take_answers(sent)] == [True, True]


def test_a_row_that_nobody_filled_in_is_held_and_the_others_count(sent: Home, drop, take) -> None:
    unfilled = [OTHER, "警情突增", "公安局", "", "", "", ""]
    drop("disposition", FILE, book(answer("签收", "09:00"), unfilled))
    (entry,) = take("disposition")
    assert (entry.kept_rows, entry.held_rows) == (1, 1)
    assert [one.applied for one in take_answers(sent)] == [True]

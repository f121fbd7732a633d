"""Warnings as files in return folders: a department's workbook to fill in and drop back, and the grid workers' list of the day."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from jobs.home import ZONE
from jobs.ingest.mending.cells import guarded
from jobs.warn.channels import masked
from jobs.whole import written_whole
from schemas.contract import Contract

FILLED = ("warning_id", "title", "level", "place", "reason", "due", "unit")
TO_FILL = ("step", "answered_at", "verdict", "words")
WIDTHS = {"warning_id": 38, "place": 30, "reason": 48, "words": 40}
GRID_LIST = ("网格编码", "预警编号", "预警名称", "级别", "地点或对象", "预警缘由", "承办单位", "办理期限")


def write_workbook(path: Path, contract: Contract, warnings: list[dict[str, Any]], rows: list[dict[str, Any]]) -> None:
    """The columns of the disposition feed, ours filled in, theirs offered as lists. rows: the department's own rows that the warnings rest on,
    named by delivery and row number, on a second sheet: whom they are about its own file says.
    """
    with written_whole(path) as draft:
        book = Workbook(str(draft))
        head = book.add_format({"bold": True, "bg_color": "#E4E9EE", "num_format": "@"})
        cell = book.add_format({"num_format": "@", "valign": "top", "text_wrap": True})
        _answers(book.add_worksheet("处置反馈"), contract, warnings, head, cell)
        _own_rows(book.add_worksheet("依据"), rows, head, cell)
        book.close()


def _answers(sheet: Worksheet, contract: Contract, warnings: list[dict[str, Any]], head: Format, cell: Format) -> None:
    columns = (*FILLED, *TO_FILL)
    sheet.freeze_panes(1, 1)
    for i, column in enumerate(columns):
        sheet.set_column(i, i, WIDTHS.get(column, 16), cell)
        sheet.write_string(0, i, contract.title_of(column), head)
        if words := list(contract.columns[column].map):
            sheet.data_validation(1, i, len(warnings) + 50, i, {"validate": "list", "source": words})
    for number, warning in enumerate(warnings, 1):
        for i, text in enumerate(_filled(warning)):
            sheet.write_string(number, i, text, cell)


def _own_rows(sheet: Worksheet, rows: list[dict[str, Any]], head: Format, cell: Format) -> None:
    for i, title in enumerate(("预警编号", "报送编号", "行号", "日期")):
        sheet.set_column(i, i, 38 if i < 2 else 12, cell)
        sheet.write_string(0, i, title, head)
    for number, row in enumerate(rows, 1):
        for i, column in enumerate(("warning_id", "delivery_id", "row_no", "day")):
            sheet.write_string(number, i, str(row[column]), cell)


def write_grid_list(path: Path, warnings: list[dict[str, Any]]) -> None:
    """What grid workers look after today, grid by grid."""
    with written_whole(path) as draft, draft.open("w", encoding="utf-8-sig", newline="") as out:
        sheet = csv.writer(out, quoting=csv.QUOTE_ALL)
        sheet.writerow(GRID_LIST)
        for one in sorted(warnings, key=lambda one: (one["grid_code"], one["deadline_at"])):
            warning_id, title, level, place, reason, due, unit = _filled(one)
            cells = (one["grid_code"], warning_id, title, level, place, reason, unit, due)
            sheet.writerow(map(guarded, cells))


def _filled(warning: dict[str, Any]) -> tuple[str, ...]:
    due = f"{warning['deadline_at'].astimezone(ZONE):%Y-%m-%d %H:%M}"
    place, reason = masked(warning, warning["subject"]), masked(warning, warning["reason_zh"])
    return warning["warning_id"], warning["title_zh"], warning["level_zh"], place, reason, due, warning["unit_zh"]

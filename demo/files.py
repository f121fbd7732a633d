"""Sheets as bytes: CSV, JSON lines and spreadsheets, the same bytes for the same rows."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from dataclasses import dataclass, field
from datetime import datetime

import openpyxl
from openpyxl.styles import Alignment, Font

from demo.corrupt import parse_moment
from demo.sheet import Column, Form, Sheet

NUMBER = r"-?[0-9]+(\.[0-9]+)?"  # not \d, which also matches full-width digits
WRITTEN_AT = datetime(2026, 1, 1)  # the one moment every spreadsheet claims to be written at


@dataclass
class Record:
    """One data record about to be written: its cells, or the broken line that stands for it; marks of its noise."""

    cells: list[str]
    raw: str | None = None
    marks: list[dict] = field(default_factory=list)


def records_of(sheet: Sheet) -> list[Record]:
    return [Record(list(cells)) for cells in sheet.rows[list(sheet.columns)].to_numpy(dtype=object).tolist()]


def line_of(sheet: Sheet, cells: list[str]) -> str:
    """One record as its line in the file, without the newline."""
    if sheet.form.kind == "jsonl":
        cells_by_header = zip(sheet.columns.values(), cells, strict=True)
        return json.dumps(
            {column.header: _json_value(column, cell) for column, cell in cells_by_header}, ensure_ascii=False
        )
    return _csv_line(cells, sheet.form)


def write(sheet: Sheet, records: list[Record]) -> bytes:
    if sheet.form.kind == "xlsx":
        return _spreadsheet(sheet, records)
    lines = [] if sheet.form.kind == "jsonl" else [_csv_line([c.header for c in sheet.columns.values()], sheet.form)]
    lines += [line_of(sheet, record.cells) if record.raw is None else record.raw for record in records]
    return (sheet.form.newline.join(lines) + sheet.form.newline).encode(sheet.form.encoding)


def _csv_line(cells: list[str], form: Form) -> str:
    line = io.StringIO()
    csv.writer(line, delimiter=form.delimiter, lineterminator="").writerow(cells)
    return line.getvalue()


def _json_value(column: Column, cell: str) -> str | float:
    if column.cell == "number" and re.fullmatch(NUMBER, cell):
        return float(cell)
    return cell


def _spreadsheet(sheet: Sheet, records: list[Record]) -> bytes:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.title = "Sheet1"
    columns = list(sheet.columns.values())
    if sheet.form.title:
        page.append([sheet.form.title])
        page.merge_cells(start_row=1, start_column=1, end_row=1, end_column=len(columns))
        page["A1"].font, page["A1"].alignment = Font(bold=True, size=14), Alignment(horizontal="center")
    page.append([column.header for column in columns])
    for number, record in enumerate(records):
        page.append([_cell(column, text, number) for column, text in zip(columns, record.cells, strict=True)])
    for row in page.iter_rows(min_row=page.max_row - len(records) + 1):
        for cell in row:
            if isinstance(cell.value, datetime):
                cell.number_format = "yyyy/m/d h:mm:ss" if cell.value.time() != datetime.min.time() else "yyyy-mm-dd"
    packed = io.BytesIO()
    book.save(packed)
    return _without_clock(packed.getvalue())


def _cell(column: Column, text: str, number: int) -> str | int | float | datetime | None:
    """A clean value as the spreadsheet holds it; a damaged one stays the text somebody typed."""
    if text == "":
        return None
    if column.cell == "number" and re.fullmatch(NUMBER, text):
        return float(text)
    if column.cell == "date" and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        return _moment_or_text(text)
    if column.cell == "mixed_stamp" and number % 2 and re.fullmatch(r"[0-9/]{8,10} [0-9:]{7,8}", text):
        return _moment_or_text(text)
    return text


def _moment_or_text(text: str) -> datetime | str:
    try:
        return parse_moment(text) or text
    except ValueError:
        return text


def _without_clock(packed: bytes) -> bytes:
    """The same archive with every time of writing replaced, so that equal rows give equal bytes."""
    written, stamp = io.BytesIO(), f"{WRITTEN_AT:%Y-%m-%dT%H:%M:%SZ}".encode()
    with zipfile.ZipFile(io.BytesIO(packed)) as source, zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            content = source.read(name)
            if name == "docProps/core.xml":
                content = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", stamp, content)
            entry = zipfile.ZipInfo(name, WRITTEN_AT.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(entry, content)
    return written.getvalue()

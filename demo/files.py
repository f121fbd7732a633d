"""Sheets as files: CSV, JSON lines and spreadsheets, the same bytes for the same rows.

A sheet is written a slice of rows at a time; only the rows that noise has touched are ever single records.
"""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from openpyxl.styles import Alignment, Font
from openpyxl.worksheet.worksheet import Worksheet

from demo.moments import parse_moment
from demo.sheet import Column, Form, Sheet
from demo.text import Text, joined

NUMBER = r"-?[0-9]+(\.[0-9]+)?"  # not \d, which also matches full-width digits
WRITTEN_AT = datetime(2026, 1, 1)  # the one moment every spreadsheet and archive claims to be written at
SLICE = 100_000  # rows written at once
MAY_HOLD_SIGNS = {"prose", "text", "name"}  # roles whose clean cells may hold a delimiter, a quote or a line's end


@dataclass
class Record:
    """One data record about to be written: its cells, or the broken line that stands for it."""

    cells: list[str]
    raw: str | None = None


Instead = Mapping[int, Sequence[Record]]
"""Position of a clean row -> the records written in its place: one when it is damaged, several when others follow it."""


def record_of(sheet: Sheet, at: int) -> Record:
    """The clean row as a record."""
    return Record([str(sheet.rows[name].iat[at]) for name in sheet.columns])


def records_of(sheet: Sheet) -> list[Record]:
    return [Record(list(cells)) for cells in sheet.rows[list(sheet.columns)].to_numpy(dtype=object).tolist()]


def line_of(sheet: Sheet, cells: list[str]) -> str:
    """One record as its line in the file, without the newline."""
    if sheet.form.kind == "jsonl":
        cells_by_header = zip(sheet.columns.values(), cells, strict=True)
        return json.dumps(
            {column.header: _json_value(column, cell) for column, cell in cells_by_header}, ensure_ascii=False
        )
    return csv_line(cells, sheet.form)


def write(sheet: Sheet, path: Path, instead: Instead) -> int:
    """Write the sheet with its damaged records. Returns the bytes written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if sheet.form.kind == "xlsx":
        path.write_bytes(_spreadsheet(sheet, instead))
    elif sheet.form.packed:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
            member = zipfile.ZipInfo(f"{path.stem}.{sheet.form.kind}", WRITTEN_AT.timetuple()[:6])
            member.compress_type = zipfile.ZIP_DEFLATED
            with packed.open(member, "w", force_zip64=True) as target:
                target.writelines(_pieces(sheet, instead))
    else:
        with path.open("wb") as target:
            target.writelines(_pieces(sheet, instead))
    return path.stat().st_size


def _pieces(sheet: Sheet, instead: Instead) -> Iterator[bytes]:
    """The bytes of a text file: its header, then slice by slice."""
    if sheet.form.encoding == "utf-8-sig":
        yield b"\xef\xbb\xbf"
    if sheet.form.kind == "csv":
        header = csv_line([column.header for column in sheet.columns.values()], sheet.form)
        yield _encoded((header + sheet.form.newline).encode(), sheet.form)
    touched = sorted(instead)
    for begin in range(0, len(sheet.rows), SLICE):
        rows = sheet.rows.iloc[begin : begin + SLICE]
        here = {at - begin: instead[at] for at in touched if begin <= at < begin + SLICE}
        yield _encoded(b"".join(_lines(sheet, rows, here)), sheet.form)


def _lines(sheet: Sheet, rows: pd.DataFrame, instead: Instead) -> Iterator[bytes | memoryview]:
    """The rows as UTF-8: what lies between two touched rows is one piece of the joined lines' own memory."""
    lines = _clean_lines(sheet, rows)
    ends = memoryview(lines.buffers()[1]).cast("i")[lines.offset : lines.offset + len(lines) + 1]
    data, begin = memoryview(lines.buffers()[2]), 0
    for at in sorted(instead):
        yield data[ends[begin] : ends[at]]
        for record in instead[at]:
            line = line_of(sheet, record.cells) if record.raw is None else record.raw
            yield (line + sheet.form.newline).encode()
        begin = at + 1
    yield data[ends[begin] : ends[len(lines)]]


def _clean_lines(sheet: Sheet, rows: pd.DataFrame) -> pa.StringArray:
    texts = {name: _text(rows[name]) for name in sheet.columns}
    if sheet.form.kind == "jsonl":
        return joined("{", *_json_parts(sheet, texts), "}" + sheet.form.newline)
    cells: list[Text | str] = []
    for name, column in sheet.columns.items():
        text = _quoted(texts[name], sheet.form) if column.role in MAY_HOLD_SIGNS else texts[name]
        cells += [sheet.form.delimiter, text]
    return joined(*cells[1:], sheet.form.newline)


def _text(cells: pd.Series) -> pa.StringArray:
    text = pa.array(cells, pa.string())
    return text.combine_chunks() if isinstance(text, pa.ChunkedArray) else text


def _quoted(text: pa.StringArray, form: Form) -> pa.StringArray:
    """Cells that hold the delimiter, a quote or a line's end in quotes, as Python's csv does it."""
    wanted = pc.match_substring_regex(text, f'[{re.escape(form.delimiter)}"\r\n]')
    if not pc.any(wanted).as_py():
        return text
    return pc.if_else(wanted, joined('"', pc.replace_substring(text, '"', '""'), '"'), text)


def _json_parts(sheet: Sheet, texts: Mapping[str, pa.StringArray]) -> Iterator[Text | str]:
    between = ""
    for name, column in sheet.columns.items():
        yield f"{between}{json.dumps(column.header, ensure_ascii=False)}: "
        if column.cell == "number":  # every number is written as a float, as the sending system does
            text = texts[name]
            whole = pc.and_(pc.invert(pc.match_substring(text, ".")), pc.not_equal(text, ""))
            yield pc.if_else(pc.equal(text, ""), '""', pc.if_else(whole, joined(text, ".0"), text))
        else:
            yield joined('"', _escaped(texts[name]) if column.role in MAY_HOLD_SIGNS else texts[name], '"')
        between = ", "


def _escaped(text: pa.StringArray) -> pa.StringArray:
    for sign, escape in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\t", "\\t"), ("\r", "\\r")):
        text = pc.replace_substring(text, sign, escape)
    return text


def _encoded(text: bytes, form: Form) -> bytes:
    return text if form.encoding.startswith("utf-8") else text.decode().encode(form.encoding)


def csv_line(cells: list[str], form: Form) -> str:
    line = io.StringIO()
    csv.writer(line, delimiter=form.delimiter).writerow(cells)  # with a line's end of its own it quotes line ends
    return line.getvalue().removesuffix("\r\n")


def _json_value(column: Column, cell: str) -> str | float:
    if column.cell == "number" and re.fullmatch(NUMBER, cell):
        return float(cell)
    return cell


def _spreadsheet(sheet: Sheet, instead: Instead) -> bytes:
    book = openpyxl.Workbook()
    page = book.active
    assert isinstance(page, Worksheet)
    page.title = "Sheet1"
    _head(page, sheet)
    columns, number = list(sheet.columns.values()), 0
    for at, clean in enumerate(records_of(sheet)):
        for record in instead.get(at, (clean,)):
            page.append([_cell(column, text, number) for column, text in zip(columns, record.cells, strict=True)])
            number += 1
    for row in page.iter_rows(min_row=page.max_row - number + 1):
        for cell in row:
            if isinstance(cell.value, datetime):
                cell.number_format = "yyyy/m/d h:mm:ss" if cell.value.time() != datetime.min.time() else "yyyy-mm-dd"
    packed = io.BytesIO()
    book.save(packed)
    return without_clock(packed.getvalue())


def _head(page: Worksheet, sheet: Sheet) -> None:
    """The titles over all columns, then the header: one line, or groups merged over their columns above the names."""
    columns = list(sheet.columns.values())
    for line, title in enumerate(sheet.form.titles, 1):
        page.append([title])
        page.merge_cells(start_row=line, start_column=1, end_row=line, end_column=len(columns))
        page.cell(line, 1).font = Font(bold=line == 1, size=14 if line == 1 else 11)
        page.cell(line, 1).alignment = Alignment(horizontal="center")
    if not sheet.form.two_lines:
        page.append([column.header for column in columns])
        return
    top = len(sheet.form.titles) + 1
    page.append([column.group or column.header for column in columns])
    page.append([column.header if column.group else None for column in columns])
    for at, column in enumerate(columns, 1):
        if not column.group:
            page.merge_cells(start_row=top, start_column=at, end_row=top + 1, end_column=at)
        elif at == 1 or columns[at - 2].group != column.group:
            last = at + sum(other.group == column.group for other in columns[at:])
            page.merge_cells(start_row=top, start_column=at, end_row=top, end_column=last)


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


def without_clock(packed: bytes) -> bytes:
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

"""The rows to mend, as a CSV and as a workbook that any spreadsheet opens and none of them changes."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from unicodedata import east_asian_width

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from jobs.ingest.mending.cells import bare, guarded
from jobs.whole import written_whole

NUMBER, REASON = "行号", "原因"
MOST_SHEET_ROWS = 100_000
TOO_LONG = -2  # what is said of a cell of more than 32,767 characters: a workbook holds no more and would cut the rest
NO_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
WIDEST, NARROWEST, REASON_WIDTH = 40, 9, 64  # of a column, in characters of the default font
LOOKED_AT = 200  # rows, before the first is written
HEAD, WRONG = "#E4E9EE", "#FFE3A3"


@dataclass(frozen=True)
class HeldRow:
    """number: its 行号, by which it is known again; cells as sent; reason in words; wrong: positions of the cells the reasons are about."""

    number: int
    cells: list[str]
    reason: str
    wrong: frozenset[int] = frozenset()


def write_mend_csv(path: Path, header: list[str], rows: Iterable[HeldRow]) -> int:
    """The rows to mend, as sent, with 行号 and 原因 behind them; returns how many.

    UTF-8 with a byte-order mark, so that Excel, WPS and LibreOffice read Chinese; every cell quoted and guarded. Cells beyond
    the header stand after 原因, so nothing is lost.
    """
    written = 0
    with written_whole(path) as draft, draft.open("w", encoding="utf-8-sig", newline="") as file:
        sheet = csv.writer(file, quoting=csv.QUOTE_ALL)
        sheet.writerow([*map(guarded, header), NUMBER, REASON])
        for row in rows:
            sheet.writerow(map(guarded, _laid_out(header, row)))
            written += 1
    return written


def write_mend_xlsx(path: Path, header: list[str], rows: Iterable[HeldRow], staging: Path) -> int:
    """The same as a workbook: every cell is text, so that nothing is computed or reformatted; wrong cells are coloured.

    Rows are streamed through a file in staging, where the delivery's other scratch files lie: they hold people. Raises
    CellTooLong, and leaves no workbook there, when a cell does not fit into one.
    """
    coming = iter(rows)
    first = list(islice(coming, LOOKED_AT))
    written = 0
    with written_whole(path) as draft, _book(draft, staging) as book:
        sheet = book.add_worksheet(MARKED)
        head, plain, wrong, reason = (book.add_format(TEXT | style) for style in STYLES)
        sheet.freeze_panes(1, 0)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)  # printed, a row stays on one page, under its titles
        sheet.repeat_rows(0)
        for i, width in enumerate([*_widths(header, first), NARROWEST, REASON_WIDTH]):
            sheet.set_column(i, i, width)
        for i, title in enumerate([*header, NUMBER, REASON]):
            _fill(sheet, 0, i, title, head)
        usual = [*[plain] * (len(header) + 1), reason]
        for row in chain(first, coming):
            written += 1
            for i, cell in enumerate(_laid_out(header, row)):
                style = wrong if i in row.wrong or i >= len(usual) else usual[i]
                _fill(sheet, written, i, cell, style)
    return written


class CellTooLong(ValueError):
    """A workbook would cut this cell."""


MARKED = "待补正"
TEXT = {"num_format": "@", "valign": "top"}
STYLES = (
    {"bold": True, "bg_color": HEAD, "valign": "vcenter", "text_wrap": True},
    {},
    {"bg_color": WRONG},
    {"text_wrap": True},
)


@contextmanager
def _book(path: Path, staging: Path) -> Iterator[Workbook]:
    book = Workbook(str(path), {"constant_memory": True, "tmpdir": str(staging)})
    try:
        yield book
    finally:
        book.close()


def _widths(header: list[str], rows: list[HeldRow]) -> Iterator[int]:
    """Wide enough for the headers and for what stands in these rows, within reason. The raw text of a row without shape runs on."""
    for i, title in enumerate(header):
        cells = [row.cells[i] for row in rows if i < len(row.cells) and any(row.cells[1:])]
        widest = max(map(_shown_width, [title, *cells]))
        yield min(WIDEST, max(NARROWEST, widest + 2))


def _shown_width(text: str) -> int:
    """In characters of the default font, of which a Chinese one takes two."""
    return sum(2 if east_asian_width(sign) in "WF" else 1 for sign in text[:WIDEST])


def _laid_out(header: list[str], row: HeldRow) -> list[str]:
    padded = [*row.cells, *[""] * (len(header) - len(row.cells))]
    return [*padded[: len(header)], str(row.number), row.reason, *padded[len(header) :]]


def _fill(sheet: Worksheet, row: int, column: int, text: str, style: Format) -> None:
    """A cell of text, never a formula, an error value or a link. What would read as our guard is guarded."""
    text = NO_XML.sub("\ufffd", text if bare(text) == text else guarded(text))
    if sheet.write_string(row, column, text, style) == TOO_LONG:
        raise CellTooLong

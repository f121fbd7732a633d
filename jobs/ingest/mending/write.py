"""The rows to mend, as a CSV and as a workbook that any spreadsheet opens and none of them changes."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from unicodedata import east_asian_width

from openpyxl import Workbook
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from jobs.ingest.mending.cells import bare, guarded
from jobs.whole import written_whole

NUMBER, REASON = "行号", "原因"
MOST_SHEET_ROWS = 100_000
LONGEST_CELL = 32_767  # characters; a workbook holds no more and would cut the rest
WIDEST, NARROWEST, REASON_WIDTH = 40, 9, 64  # of a column, in characters of the default font
LOOKED_AT = 200  # rows, before the first is written
HEAD, WRONG = PatternFill("solid", fgColor="E4E9EE"), PatternFill("solid", fgColor="FFE3A3")


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

    Rows are streamed through a file in staging. Raises CellTooLong, and leaves no workbook there, when a cell does not fit into one.
    """
    book = Workbook(write_only=True)
    sheet = book.create_sheet(MARKED)
    sheet.freeze_panes = "A2"
    coming = iter(rows)
    first = list(islice(coming, LOOKED_AT))
    for i, width in enumerate([*_widths(header, first), NARROWEST, REASON_WIDTH], 1):
        sheet.column_dimensions[get_column_letter(i)].width = width
    head, plain, wrong, reason = (_styled(sheet, **style) for style in STYLES)
    written = 0
    with _scratch_in(staging), written_whole(path) as draft:
        try:
            sheet.append(_filled(head, cell) for cell in [*header, NUMBER, REASON])
            for row in chain(first, coming):
                kinds = [wrong if i in row.wrong else plain for i in range(len(header))]
                laid_out = _laid_out(header, row)
                kinds += [plain, reason, *[wrong] * (len(laid_out) - len(header) - 2)]
                sheet.append(_filled(kind, cell) for kind, cell in zip(kinds, laid_out, strict=True))
                written += 1
        except CellTooLong:
            sheet.close()
            raise
        book.save(draft)
    return written


class CellTooLong(ValueError):
    """A workbook would cut this cell."""


MARKED = "待补正"
STYLES = (
    {"font": Font(bold=True), "fill": HEAD, "alignment": Alignment(vertical="center", wrap_text=True)},
    {},
    {"fill": WRONG},
    {"alignment": Alignment(vertical="top", wrap_text=True)},
)


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


def _styled(sheet, **style) -> Cell:
    cell = WriteOnlyCell(sheet)
    cell.number_format = "@"
    cell.alignment = Alignment(vertical="top")
    for what, value in style.items():
        setattr(cell, what, value)
    return cell


def _filled(cell: Cell, text: str) -> Cell:
    """The one cell of its kind with this text: it is written before the next is asked for. What would read as our guard is guarded."""
    text = ILLEGAL_CHARACTERS_RE.sub("\ufffd", text if bare(text) == text else guarded(text))
    if len(text) > LONGEST_CELL:
        raise CellTooLong
    cell.value = text
    cell.data_type = "s"  # never a formula or an error value
    return cell


@contextmanager
def _scratch_in(folder: Path) -> Iterator[None]:
    """The workbook's half-written sheet holds people: it lies where the delivery's other scratch files do, not in /tmp."""
    before, tempfile.tempdir = tempfile.tempdir, str(folder)
    try:
        yield
    finally:
        tempfile.tempdir = before

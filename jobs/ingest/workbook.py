"""A program: the rows of a workbook's first sheet to standard output, within bounds of memory and time that hold whatever the bytes are.

The reader builds the whole sheet in memory, as large as its farthest cell says, and aborts its process when there is not
enough: two cells can ask for 500 GB. So it runs in a process of its own, which may be lost. It imports nothing of ours.
"""

from __future__ import annotations

import contextlib
import marshal
import resource
import sys
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import chain, islice

from python_calamine import CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

BATCH_ROWS = 20_000
MOST_MEMORY = 1536 << 20
MOST_SECONDS = 60  # of computing
DOES_NOT_OPEN = 65

Cells = list[str | None]


def main(path: str) -> int:
    """Write every row from the first line on, empty ones too, in batches; then None, the mark that this was all."""
    for limit, most in ((resource.RLIMIT_AS, MOST_MEMORY), (resource.RLIMIT_CPU, MOST_SECONDS)):
        with contextlib.suppress(ValueError, OSError):  # not every system knows every limit
            resource.setrlimit(limit, (most, most))
    try:
        rows = _rows(_first_sheet(path))
    except MemoryError:
        raise
    except BaseException:  # a panic of the reader is no Exception
        return DOES_NOT_OPEN
    while batch := list(islice(rows, BATCH_ROWS)):
        marshal.dump(batch, sys.stdout.buffer)
    marshal.dump(None, sys.stdout.buffer)
    return 0


def _first_sheet(path: str) -> CalamineSheet:
    """The first sheet that a person sees on opening the workbook. Raises StopIteration when there is none."""
    book = CalamineWorkbook.from_path(path)
    seen = (
        sheet.name
        for sheet in book.sheets_metadata
        if sheet.typ is SheetTypeEnum.WorkSheet and sheet.visible is SheetVisibleEnum.Visible
    )
    return book.get_sheet_by_name(next(seen))


def _rows(sheet: CalamineSheet) -> Iterator[Cells]:
    if sheet.start is None:
        return iter(())
    blank, left = [[] for _ in range(sheet.start[0])], [None] * sheet.start[1]
    return chain(blank, ([*left, *map(_text, cells)] for cells in sheet.iter_rows()))


def _text(cell: object) -> str | None:
    """A number without Excel's trailing .0; a date cell as yyyy-MM-dd, with its time when it has one."""
    match cell:
        case "" | None:
            return None
        case bool():
            return "是" if cell else "否"
        case float() if cell.is_integer() and abs(cell) < 1e15:
            return str(int(cell))
        case datetime():
            return cell.strftime("%Y-%m-%d %H:%M:%S")
        case date():
            return cell.isoformat()
        case time():
            return cell.strftime("%H:%M:%S")
        case timedelta():
            minutes, seconds = divmod(round(cell.total_seconds()), 60)
            return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
        case _:
            return str(cell)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

"""The cells of a workbook's first sheet, as the text a person sees in them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time
from pathlib import Path

from python_calamine import CalamineError, CalamineWorkbook

from jobs.ingest.unreadable import Unreadable


def sheet_rows(path: Path) -> Iterator[tuple[int, list[str | None]]]:
    """(row number as in the sheet, cells). Raises Unreadable when the workbook is broken, locked or empty."""
    if path.stat().st_size == 0:
        raise Unreadable("文件是空的(0 字节)。请重新导出后上传。")
    try:
        sheet = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0)
        rows = sheet.to_python(skip_empty_area=False)
    except (CalamineError, OSError, ValueError, IndexError) as fault:
        raise Unreadable(
            "工作簿打不开:文件可能没有传完、已加密,或不是 XLSX。请用 Excel 或 WPS 打开核对后重新上传。"
        ) from fault
    return ((number, [_text(cell) for cell in cells]) for number, cells in enumerate(rows, 1))


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
        case _:
            return str(cell)

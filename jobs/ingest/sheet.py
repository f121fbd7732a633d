"""The cells of a workbook's first visible sheet, as the text a person sees in them."""

from __future__ import annotations

import marshal
import subprocess
import sys
import zipfile
from collections.abc import Generator, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path

import duckdb
import pyarrow as pa

from jobs.ingest import workbook
from jobs.ingest.disguise import WORKBOOK, seems
from jobs.ingest.header_lines import bounded, one_line
from jobs.ingest.unreadable import Unreadable
from jobs.ingest.workbook import BATCH_ROWS, DOES_NOT_OPEN, Cells
from schemas.contract import Delivery

LARGEST_SHEET = 300 << 20  # bytes of XML; a workbook is read into memory as a whole
TOO_LARGE = (
    "工作簿太大,读不出来:单元格太多,或在很远的行列里有零散内容。请删去多余的工作表、行列和格式,或改用 CSV 报送。"
)


def sheet_sent(con: duckdb.DuckDBPyConnection, delivery: Delivery, path: Path, staging: Path) -> list[str]:
    """Fill `sent` (c0, c1, ... VARCHAR) with the rows under the header, empty ones too, so that each keeps its place. Returns the headers."""
    with closing(sheet_rows(path)) as rows:
        above = list(islice(rows, delivery.header_row + delivery.header_lines - 1))
        headers = bounded(one_line(above[delivery.header_row - 1 :])) if len(above) >= delivery.header_row else []
        if not any(header.strip() for header in headers):
            raise Unreadable(f"工作表第 {delivery.header_row} 行应当是表头,但没有内容。请按约定的样式导出。")
        names = [f"c{i}" for i in range(len(headers))]
        con.execute(f"CREATE OR REPLACE TABLE sent ({', '.join(f'{name} VARCHAR' for name in names)})")
        while batch := list(islice(rows, BATCH_ROWS)):
            con.register(
                "batch_rows", pa.table([pa.array(column, pa.string()) for column in _columns(batch, len(names))], names)
            )
            con.execute("INSERT INTO sent SELECT * FROM batch_rows")
            con.unregister("batch_rows")
    return headers


def sheet_rows(path: Path) -> Generator[Cells]:
    """Every row of the sheet from the first line on. Raises Unreadable when the workbook is broken, locked, empty or too large."""
    _guard(path)
    program = [sys.executable, "-P", workbook.__file__, str(path)]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as reader:
        assert reader.stdout
        try:
            while batch := marshal.load(reader.stdout):
                yield from batch
        except (EOFError, ValueError, TypeError):  # the last batch is cut: the reader is lost
            raise Unreadable(_does_not_open(path) if reader.wait() == DOES_NOT_OPEN else TOO_LARGE) from None
        finally:
            reader.kill()


def _guard(path: Path) -> None:
    """A workbook is a zip: refuse at once what is none, or says itself that it is too large."""
    if path.stat().st_size == 0:
        raise Unreadable("文件是空的(0 字节)。请重新导出后上传。")
    try:
        with zipfile.ZipFile(path) as packed:
            unpacked = sum(member.file_size for member in packed.infolist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OverflowError):
        raise Unreadable(_does_not_open(path)) from None
    if unpacked > LARGEST_SHEET:
        raise Unreadable(
            f"工作簿展开后有 {unpacked >> 20:,} MB,超过 {LARGEST_SHEET >> 20} MB。请删去多余的工作表和格式,或改用 CSV 报送。"
        )


def _does_not_open(path: Path) -> str:
    what = seems(path)
    if what and what != WORKBOOK:
        return f"工作簿打不开:文件看起来是{what}。请用 Excel 或 WPS 打开,另存为不加密码的 XLSX 后重新上传。"
    return "工作簿打不开:文件可能没有传完、已损坏,或没有可见的工作表。请用 Excel 或 WPS 打开核对后重新上传。"


def _columns(rows: list[Cells], width: int) -> Iterator[Cells]:
    for i in range(width):
        yield [cells[i] if i < len(cells) else None for cells in rows]

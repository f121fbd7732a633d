"""A mended file as it comes back: from any spreadsheet, in any of the encodings and with any of the separators these save."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path

import duckdb
import pyarrow as pa

from jobs.ingest.decode import decoded
from jobs.ingest.disguise import WORKBOOK, seems
from jobs.ingest.mending.cells import bare
from jobs.ingest.mending.write import NUMBER, REASON
from jobs.ingest.sheet import sheet_rows
from jobs.ingest.unreadable import Unreadable
from jobs.ingest.unzip import unpacked
from schemas.contract import Contract, header_key

HEADER_WITHIN = 10  # rows: a person may put a title above
SEPARATORS = (",", ";", "\t")
BATCH_ROWS = 10_000
AS_GIVEN = "请从补正文件重新改起:只改有错的单元格,保留表头、“行号”列和文件名。"

Row = Sequence[str | None]


def mended_rows(con: duckdb.DuckDBPyConnection, header: list[str], path: Path, staging: Path) -> list[str]:
    """Fill `returned` (of_row BIGINT, cells VARCHAR[] in the order of `header`) with the file's rows. Returns headers that are not among these.

    Raises Unreadable when the file as a whole cannot be read: no 行号, a column missing, a row that cannot be told.
    """
    con.execute("CREATE OR REPLACE TABLE returned (of_row BIGINT, cells VARCHAR[])")
    with closing(_rows(unpacked(path, "csv", staging), staging)) as rows:
        above, titles = _header(rows)
        number_at, places, unknown = _places(header, titles)
        filled = ((line, row) for line, row in enumerate(rows, above + 1) if any((cell or "").strip() for cell in row))
        told = (_told(line, row, titles, number_at, places) for line, row in filled)
        while batch := list(islice(told, BATCH_ROWS)):
            con.register("batch_rows", pa.table({"of_row": [n for n, _ in batch], "cells": [c for _, c in batch]}))
            con.execute("INSERT INTO returned SELECT * FROM batch_rows")
            con.unregister("batch_rows")
    _each_once(con)
    return unknown


def _rows(path: Path, staging: Path) -> Generator[Row]:
    """Every row of the file, by what its bytes are and not what its name says."""
    if path.stat().st_size and seems(path) == WORKBOOK:
        yield from sheet_rows(path)
        return
    text = _text(path, staging)
    with text.open(encoding="utf-8-sig", newline="") as lines:
        head = list(islice(lines, HEADER_WITHIN))
        lines.seek(0)
        try:
            yield from csv.reader(lines, delimiter=_separator(head), strict=True)
        except csv.Error:
            raise Unreadable(f"补正文件的引号没有成对,读不出来。{AS_GIVEN}") from None


def _text(path: Path, staging: Path) -> Path:
    """The file as UTF-8: what is UTF-8 throughout is nothing else, what Excel and WPS save besides is GB18030 or, marked, UTF-16."""
    with path.open("rb") as source:
        wide = source.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    try:
        return decoded(path, "utf-16" if wide else "utf-8", staging)
    except Unreadable:
        if wide or path.stat().st_size == 0 or seems(path):
            raise
    try:
        return decoded(path, "gb18030", staging)
    except Unreadable:
        raise Unreadable("补正文件的编码读不出来。请用 Excel 或 WPS 打开,另存为 XLSX 后放回。") from None


def _separator(head: list[str]) -> str:
    """The one that makes a cell of 行号; a comma when none does."""
    for separator in SEPARATORS:
        for row in csv.reader(head, delimiter=separator):
            if NUMBER in map(_title, row):
                return separator
    return SEPARATORS[0]


def _header(rows: Iterator[Row]) -> tuple[int, list[str]]:
    """The line that the headers are in, and what they say."""
    for line, row in enumerate(islice(rows, HEADER_WITHIN), 1):
        titles = [_title(cell) for cell in row]
        if NUMBER in titles:
            return line, titles
    raise Unreadable(f"补正文件里没有“{NUMBER}”列,不知道各行是原文件的哪一行。{AS_GIVEN}")


def _title(cell: str | None) -> str:
    return bare(cell or "").strip()


def _places(header: list[str], titles: list[str]) -> tuple[int, list[int], list[str]]:
    """Where 行号 stands, where each of the original's columns stands, and what stands there besides. The last 行号 is ours."""
    number_at = max(i for i, title in enumerate(titles) if title == NUMBER)
    reasons = [i for i, title in enumerate(titles) if title == REASON]
    reason_at = reasons[-1] if len(reasons) > [title.strip() for title in header].count(REASON) else -1
    free = [i for i in range(len(titles)) if i not in (number_at, reason_at)]
    places: list[int] = []
    for title in header:
        at = next((i for i in free if header_key(titles[i]) == header_key(title)), None)
        if at is None:
            raise Unreadable(f"补正文件缺少“{title.strip() or '(空表头)'}”列。{AS_GIVEN}")
        free.remove(at)
        places.append(at)
    return number_at, places, [titles[i] for i in free if titles[i]]


def _told(line: int, row: Row, titles: list[str], number_at: int, places: list[int]) -> tuple[int, list[str]]:
    """The row number it is about, and its cells in the original's order."""
    cells = [cell or "" for cell in row] + [""] * (len(titles) - len(row))
    if any(cell.strip() for cell in cells[len(titles) :]):
        raise Unreadable(f"补正文件第 {line} 行的单元格比表头多,列可能错位了。{AS_GIVEN}")
    number = bare(cells[number_at]).strip()
    if not number:
        raise Unreadable(
            f"补正文件第 {line} 行没有行号。补正文件只能改已有的行;要新增的行请加进原文件,以原文件名重新上传。"
        )
    if not re.fullmatch(r"\d{1,15}(\.0+)?", number):
        raise Unreadable(f"补正文件第 {line} 行的行号不是数字。{AS_GIVEN}")
    return int(number.partition(".")[0]), [cells[place] for place in places]


def _each_once(con: duckdb.DuckDBPyConnection) -> None:
    twice = con.execute("SELECT of_row FROM returned GROUP BY of_row HAVING count(*) > 1 ORDER BY 1 LIMIT 1").fetchone()
    if twice:
        raise Unreadable(f"补正文件中行号 {twice[0]} 出现了不止一次,无法判断以哪一行为准。请每个行号只留一行后放回。")
    if not con.execute("SELECT 1 FROM returned LIMIT 1").fetchone():
        raise Unreadable("补正文件里没有一行数据。请把改好的行连同行号保留在文件中,再放回。")


def refuse_unnamed(headers: list[str], contract: Contract) -> None:
    """Raises Unreadable when a file that is no mending by its name looks like one: as the whole period it would put its few rows in the place of all."""
    titles = [_title(header) for header in headers]
    if titles[-2:] == [NUMBER, REASON] and not any(map(contract.column_of, titles[-2:])):
        raise Unreadable(
            "本文件末尾有“行号”“原因”两列,像是补正文件。如是补正,请恢复它原来的文件名(回执编号-补正)后放回;如是整份文件,请删去这两列后重新上传。"
        )

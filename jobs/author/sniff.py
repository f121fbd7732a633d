"""What kind of file a sample is: its container, encoding, delimiter, and where its headers stand."""

from __future__ import annotations

import csv
import json
import zipfile
from collections import Counter
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from jobs.ingest.disguise import WORKBOOK, seems
from jobs.ingest.sheet import sheet_rows
from jobs.ingest.unreadable import Unreadable
from jobs.ingest.unzip import unpacked
from quality.encoding import guess

DELIMITERS = (",", ";", "\t", "|")
LOOKED_AT = 50  # rows at the file's beginning
HEAD_BYTES = 1 << 20


class CannotDraft(ValueError):
    """The sample does not tell enough; the text says what to do."""


def sniff(path: Path, encoding: str | None, staging: Path) -> tuple[dict[str, Any], list[str]]:
    """The contract's keys under `delivery` that the file tells, and why. Raises CannotDraft, or Unreadable when the file is broken."""
    text = unpacked(path, "csv", staging)
    kind = seems(text)
    if kind == WORKBOOK:
        rows = [[cell or "" for cell in row] for row in islice(_sheet(text), LOOKED_AT)]
        keys, why = _headers(rows)
        return {"format": "xlsx", **keys}, ["an XLSX workbook; its first visible sheet", *why]
    if kind:
        raise CannotDraft(
            f"{path.name}: 这是{kind},不是表格 · give a CSV, an XLSX workbook, JSON lines, or a zip of one of them"
        )
    encoding, said = (encoding, "told by hand") if encoding else _encoding(text)
    head = _head(text, encoding)
    if head.lstrip().startswith("{"):
        try:
            json.loads(head.splitlines()[0])
            return {"format": "jsonl", "encoding": encoding}, [said, "one JSON object a line"]
        except ValueError:
            pass
    delimiter, rows = _delimiter(head)
    keys, why = _headers(rows)
    odd = {"delimiter": delimiter} if delimiter != "," else {}
    return {"encoding": encoding, **odd, **keys}, [said, *why]


def _sheet(path: Path):
    try:
        yield from sheet_rows(path)
    except zipfile.BadZipFile as fault:
        raise Unreadable("工作簿打不开。") from fault


def _encoding(path: Path) -> tuple[str, str]:
    with path.open("rb") as source:
        found = guess(source.read(HEAD_BYTES))
    if (
        found.candidates and found.candidates[0].encoding == "ascii"
    ):  # a scrap of it is not sure, and reads the same in all that is likely
        return "utf-8", f"encoding: {found.why_zh}"
    if found.encoding is None:
        raise CannotDraft(f"{path.name}: {found.why_zh} · say it with --encoding gb18030, big5 or utf-8")
    return found.encoding, f"encoding: {found.why_zh}"


def _head(path: Path, encoding: str) -> str:
    with path.open("rb") as source:
        return source.read(HEAD_BYTES).decode(encoding, "replace").removeprefix("\ufeff")


def _delimiter(head: str) -> tuple[str, list[list[str]]]:
    """The delimiter that cuts most lines into the same number of cells, the more the better; and the first rows by it."""
    best: tuple[float, str, list[list[str]]] = (0.0, ",", [])
    lines = head.splitlines(keepends=True)
    complete = lines[:-1] if len(lines) > LOOKED_AT else lines
    for delimiter in DELIMITERS:
        try:
            rows = list(islice(csv.reader(complete, delimiter=delimiter), LOOKED_AT))
        except csv.Error:
            continue
        widths = Counter(len(row) for row in rows if row)
        width, n = widths.most_common(1)[0] if widths else (0, 0)
        score = n / max(1, len(rows)) * (width > 1) + min(width, 100) / 1000
        if score > best[0]:
            best = (score, delimiter, rows)
    if not best[2]:
        raise CannotDraft("the file has no rows that a delimiter cuts alike")
    return best[1], best[2]


def _headers(rows: Sequence[Sequence[str]]) -> tuple[dict[str, int], list[str]]:
    """The first row as wide as the table whose cells are words, each another; and whether a second line of words follows before the data."""
    filled = [sum(1 for cell in row if cell.strip()) for row in rows]
    if not filled or max(filled) == 0:
        raise CannotDraft("the file is empty")
    width = Counter(n for n in filled if n).most_common(1)[0][0]
    start = next((i for i, row in enumerate(rows) if filled[i] >= 0.8 * width and _titles(row)), None)
    if start is None:
        raise CannotDraft("no row looks like headers: every row holds figures. Put the headers back and try again")
    body = rows[start + 2 :]
    second = len(rows) > start + 2 and _titles(rows[start + 1]) and _differs(rows[start + 1], body)
    keys = ({"header_row": start + 1} if start else {}) | ({"header_lines": 2} if second else {})
    why = ([f"headers in row {start + 1}, under a title"] if start else []) + (
        ["a second line of headers"] if second else []
    )
    return keys, why


def _titles(row: Sequence[str]) -> bool:
    """Words, hardly two alike, and no figures."""
    cells = [cell.strip() for cell in row if cell.strip()]
    figures = sum(1 for cell in cells if _figure(cell))
    return len(cells) > 0 and figures <= 0.1 * len(cells) and len(set(cells)) >= 0.8 * len(cells)


def _differs(row: Sequence[str], body: Sequence[Sequence[str]]) -> bool:
    """Whether a row of words stands over at least two columns of figures."""
    columns = 0
    for i, cell in enumerate(row):
        below = [line[i] for line in body if i < len(line) and line[i].strip()]
        if cell.strip() and below and sum(map(_figure, below)) >= 0.8 * len(below):
            columns += 1
    return columns >= 2


def _figure(cell: str) -> bool:
    """A number, a day, a time: digits, and no letters but a date's own."""
    said = cell.strip()
    return any(sign.isdigit() for sign in said) and not any(
        sign.isalpha() and sign not in "年月日时分秒" for sign in said
    )

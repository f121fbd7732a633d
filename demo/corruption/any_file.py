"""Corrupts any CSV or XLSX: reads it, strikes its rows, writes it again with every other row as it was."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import openpyxl
import pandas as pd
from openpyxl.cell import Cell
from openpyxl.worksheet.worksheet import Worksheet

from demo.corruption.kind import EXPECT, Kind, Upload
from demo.corruption.roles import Told, guess_roles, roles_by_column, sheet_role
from demo.corruption.spoiled import NOISE_COLUMNS, Spoiled
from demo.corruption.spoiler import Spoiler
from demo.files import line_of, without_clock
from demo.plan import Plan
from demo.sheet import Column, Form, Sheet

FILE_COLUMNS = ["file", "sent_as", "kind", "expect", "why"]
NO_TABLE = {".json", ".jsonl", ".xls", ".zip", ".gz", ".pdf", ".docx"}
BOMS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


@dataclass(frozen=True)
class Source:
    """A good file: its sheet, and for a CSV each record's own text with its line end, the header's first."""

    path: Path
    sheet: Sheet
    told: dict[str, Told]
    lines: list[str]


def corrupt(
    path: Path, plan: Plan, kinds: Sequence[Kind], rate: float, told: dict[str, Told] | None = None, encoding: str = ""
) -> tuple[Upload, list[dict], list[dict]]:
    """The file as it arrives, the rows of truth/noise.csv and of truth/files.csv.

    Of the file-level kinds at most one strikes, drawn among those that fit; row numbers are those before it struck.
    Raises UnicodeDecodeError when the file is not in the encoding, ValueError when it is no table.
    """
    source = read_table(path, told, encoding)
    rowwise = [kind for kind in kinds if kind.level != "file"]
    spoiled = Spoiled(source.sheet)
    if rowwise:
        spoiled = Spoiler(plan, rowwise, rate, held_share=1.0).spoil(source.sheet, roles=roles_by_column(source.told))
    write = _workbook if source.sheet.form.kind == "xlsx" else _text
    upload = Upload(path.name, write(source, spoiled) if spoiled.marks else path.read_bytes(), source.sheet.form)
    sent, files = _strike_file(plan, upload, [kind for kind in kinds if kind.level == "file"])
    return sent, list(spoiled.noise_rows()), files


def write_corrupted(upload: Upload, noise: list[dict], files: list[dict], out: Path, truth: Path) -> Path:
    """The file under its name in `out`; noise.csv and files.csv in `truth`."""
    out.mkdir(parents=True, exist_ok=True)
    truth.mkdir(parents=True, exist_ok=True)
    for name, rows, columns in (("noise", noise, NOISE_COLUMNS), ("files", files, FILE_COLUMNS)):
        table = pd.DataFrame(rows, columns=columns).to_csv(index=False, lineterminator="\n")
        (truth / f"{name}.csv").write_text(table, encoding="utf-8", newline="")
    (out / upload.name).write_bytes(upload.data)
    return out / upload.name


def _strike_file(plan: Plan, upload: Upload, kinds: list[Kind]) -> tuple[Upload, list[dict]]:
    dice = plan.dice(f"file {upload.name}")
    for n in dice.permutation(len(kinds)):
        kind = kinds[int(n)]
        sent = kind.change(dice, upload) if upload.form.kind in kind.formats else None
        if sent and (sent.name, sent.data) != (upload.name, upload.data):
            told = (upload.name, sent.name, kind.name, EXPECT[kind.verdict], kind.why)
            return sent, [dict(zip(FILE_COLUMNS, told, strict=True))]
    return upload, []


# ---------------------------------------------------------------- reading


def read_table(path: Path, told: dict[str, Told] | None, encoding: str = "") -> Source:
    """The table with its first line as header. Columns of which nothing is told are guessed."""
    if path.suffix.lower() in NO_TABLE:
        raise ValueError("only CSV and XLSX can be corrupted")
    if path.suffix.lower() == ".xlsx":
        rows, lines, form = _cells_of(path), [], Form("xlsx")
    else:
        rows, lines, form = _csv_of(path, encoding)
    if not rows or not rows[0]:
        raise ValueError(f"{path.name} has no header line")
    header = _unique(rows[0])
    frame = pd.DataFrame([(row + [""] * len(header))[: len(header)] for row in rows[1:]], columns=header, dtype=object)
    known = guess_roles(frame) | {name: said for name, said in (told or {}).items() if name in header}
    columns = {
        name: Column(text, sheet_role(known[name].role), known[name].required)
        for name, text in zip(header, rows[0], strict=True)
    }
    guarded = pd.Series([len(row) != len(header) for row in rows[1:]], dtype=bool).to_numpy()
    return Source(path, Sheet(path.stem, "", path.name, form, columns, frame, guarded), known, lines)


def _unique(header: list[str]) -> list[str]:
    """The headers as names of columns: a repeated or empty one gets its place behind it."""
    return [text if text and text not in header[:at] else f"{text}#{at + 1}" for at, text in enumerate(header)]


def _csv_of(path: Path, encoding: str) -> tuple[list[list[str]], list[str], Form]:
    data = path.read_bytes()
    encoding = encoding or _encoding_of(data)
    text = data.decode(encoding)
    lines = _records(text)
    head = lines[0] if lines else ""
    delimiter = max(",;\t|", key=head.count)
    newline = head[len(head.rstrip("\r\n")) :] or "\n"
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    if len(rows) != len(lines):
        raise ValueError(f"{path.name}: its quotes do not balance")
    return rows, lines, Form("csv", encoding, delimiter, newline)


def _encoding_of(data: bytes) -> str:
    known = next((encoding for bom, encoding in BOMS.items() if data.startswith(bom)), "")
    if known:
        return known
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return "gb18030"
    return "utf-8"


def _records(text: str) -> list[str]:
    """The text of each record with its line end; a quoted cell may hold line ends."""
    records, is_open = [], False
    for line in io.StringIO(text, newline=""):
        if is_open:
            records[-1] += line
        else:
            records.append(line)
        is_open ^= line.count('"') % 2 == 1
    return records


def _cells_of(path: Path) -> list[list[str]]:
    page = openpyxl.load_workbook(path).worksheets[0]
    return [[_shown(cell) for cell in row] for row in page.iter_rows(values_only=True)]


def _shown(cell: object) -> str:
    if isinstance(cell, datetime):
        return f"{cell:%Y-%m-%d %H:%M:%S}" if cell.time() != datetime.min.time() else f"{cell:%Y-%m-%d}"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return "" if cell is None else str(cell)


# ---------------------------------------------------------------- writing


def _text(source: Source, spoiled: Spoiled) -> bytes:
    """Every record's own text, but for the damaged ones."""
    struck = {(mark.position, mark.nth) for mark in spoiled.marks}
    newline, written = source.sheet.form.newline, source.lines[:1]
    for at, own in enumerate(source.lines[1:]):
        for nth, record in enumerate(spoiled.instead.get(at, ())):
            if (at, nth) in struck:
                line = line_of(source.sheet, record.cells) if record.raw is None else record.raw
                written.append(line + (own[len(own.rstrip("\r\n")) :] or newline))
            else:
                written.append(own if own.endswith(("\r", "\n")) else own + newline)
        if at not in spoiled.instead:
            written.append(own)
    return "".join(written).encode(source.sheet.form.encoding)


def _workbook(source: Source, spoiled: Spoiled) -> bytes:
    """The workbook with the damaged cells as text; added rows are put in from the bottom up."""
    book = openpyxl.load_workbook(source.path)
    page, names = book.worksheets[0], list(source.sheet.columns)
    for mark in spoiled.marks:
        if mark.column:
            _type(page, mark.position + 2, names.index(mark.column) + 1, mark.sent)
    for at in sorted(spoiled.instead, reverse=True):
        for record in reversed(spoiled.instead[at][1:]):
            page.insert_rows(at + 3)
            for column, text in enumerate(record.cells, 1):
                _type(page, at + 3, column, text)
    packed = io.BytesIO()
    book.save(packed)
    return without_clock(packed.getvalue())


def _type(page: Worksheet, row: int, column: int, text: str) -> None:
    cell = page.cell(row, column)
    if isinstance(cell, Cell):
        cell.value = text or None
        cell.data_type = "s" if text else "n"  # what looks like a formula is the text that somebody typed

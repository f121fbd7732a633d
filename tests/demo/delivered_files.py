"""Reads a delivered file the way its department would: with plain libraries, none of the project's readers."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import openpyxl
import pandas as pd

from demo.build import build
from demo.plan import Plan
from schemas.contract import Contract

ANSWERS = {"disposition"}  # departments answer warnings, of which a city that is only built has none


@dataclass
class Built:
    plan: Plan
    drop: Path
    truth: dict[str, pd.DataFrame]


def built(folder: Path, plan: Plan, feeds: list[str] | None = None) -> Built:
    build(plan, folder / "drop", folder / "truth", feeds)
    truth = {
        path.stem: pd.read_csv(path, dtype=str, keep_default_na=False) for path in (folder / "truth").glob("*.csv")
    }
    return Built(plan, folder / "drop", truth)


_read: dict[tuple[Path, str], pd.DataFrame] = {}


def contract_of(path: Path, contracts: dict[str, Contract]) -> Contract:
    """The one contract that takes a file of this name in this folder."""
    [contract] = [c for c in contracts.values() if c.owner.folder == path.parent.name and c.takes(path.name)]
    return contract


def bytes_of(path: Path) -> bytes:
    """What the file holds; of a ZIP its only member."""
    if path.suffix != ".zip":
        return path.read_bytes()
    with zipfile.ZipFile(path) as packed:
        [name] = packed.namelist()
        return packed.read(name)


def lines_of(path: Path, contract: Contract) -> list[str]:
    """The data lines of a text file, its header left out."""
    lines = bytes_of(path).decode(contract.delivery.encoding).splitlines()
    return lines if contract.delivery.format == "jsonl" else lines[1:]


def table_of(path: Path, contract: Contract) -> tuple[list[str], list[list[object]]]:
    """Headers and cells. A JSON line that cannot be read is an empty row."""
    if contract.delivery.format == "xlsx":
        return _workbook(path, contract)
    if contract.delivery.format == "jsonl":
        records = [_json(line) for line in lines_of(path, contract)]
        headers = list(next(filter(None, records)))
        return headers, [[record.get(header) for header in headers] for record in records]
    text = bytes_of(path).decode(contract.delivery.encoding)
    headers, *rows = csv.reader(io.StringIO(text), delimiter=contract.delivery.delimiter)
    return headers, [list(row) for row in rows]


def frame_of(path: Path, contract: Contract) -> pd.DataFrame:
    """A file under the contract's column names, as text; lines of another length are left out."""
    headers, rows = table_of(path, contract)
    whole = [["" if cell is None else str(cell) for cell in row] for row in rows if len(row) == len(headers)]
    return pd.DataFrame(whole, columns=[contract.column_of(header) for header in headers])


def paths_of(built_city: Built, contract: Contract) -> list[Path]:
    return sorted((built_city.drop / contract.owner.folder).glob(contract.delivery.files))


def feed(built_city: Built, contracts: dict[str, Contract], name: str) -> pd.DataFrame:
    """All files of a feed, one under the other in order of their names. Read once; not to be changed."""
    contract = contracts[name]
    if (built_city.drop, name) not in _read:
        parts = [frame_of(path, contract).assign(file=path.name) for path in paths_of(built_city, contract)]
        _read[built_city.drop, name] = pd.concat(parts, ignore_index=True)
    return _read[built_city.drop, name]


def days_of(texts: pd.Series) -> set[date]:
    return set(pd.to_datetime(texts).dt.date)


def _workbook(path: Path, contract: Contract) -> tuple[list[str], list[list[object]]]:
    """A header of two lines is read as a person does: the group, merged over its columns, before each column's name."""
    rows = [list(row) for row in openpyxl.load_workbook(path).worksheets[0].iter_rows(values_only=True)]
    first, lines = contract.delivery.header_row - 1, contract.delivery.header_lines
    headers = [str(cell) if cell else "" for cell in rows[first]]
    if lines == 2:
        group = ""
        for at, below in enumerate(rows[first + 1]):
            group = headers[at] or group
            headers[at] = group + (str(below) if below else "")
    return headers, rows[first + lines :]


def _json(line: str) -> dict[str, object]:
    try:
        return json.loads(line)
    except ValueError:
        return {}

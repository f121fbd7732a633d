"""Reads a delivered file the way its department would: with plain libraries, none of the project's readers."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import openpyxl
import pandas as pd

from demo.build import build, write_city
from demo.plan import Plan
from schemas.contract import Contract


@dataclass
class Built:
    plan: Plan
    drop: Path
    truth: dict[str, pd.DataFrame]


def built(folder: Path, plan: Plan) -> Built:
    spoiled, truth = build(plan)
    write_city(spoiled, truth, folder / "drop", folder / "truth")
    truth = {
        path.stem: pd.read_csv(path, dtype=str, keep_default_na=False) for path in (folder / "truth").glob("*.csv")
    }
    return Built(plan, folder / "drop", truth)


def contract_of(path: Path, contracts: dict[str, Contract]) -> Contract:
    """The one contract that takes a file of this name in this folder."""
    [contract] = [c for c in contracts.values() if c.owner.folder == path.parent.name and c.takes(path.name)]
    return contract


def lines_of(path: Path, contract: Contract) -> list[str]:
    """The data lines of a text file, its header left out."""
    lines = path.read_bytes().decode(contract.delivery.encoding).splitlines()
    return lines if contract.delivery.format == "jsonl" else lines[1:]


def table_of(path: Path, contract: Contract) -> tuple[list[str], list[list[object]]]:
    """Headers and cells. A JSON line that cannot be read is an empty row."""
    if contract.delivery.format == "xlsx":
        rows = list(openpyxl.load_workbook(path).worksheets[0].iter_rows(values_only=True))
        head = contract.delivery.header_row
        return [str(cell) for cell in rows[head - 1]], [list(row) for row in rows[head:]]
    if contract.delivery.format == "jsonl":
        records = [_json(line) for line in lines_of(path, contract)]
        headers = list(next(filter(None, records)))
        return headers, [[record.get(header) for header in headers] for record in records]
    text = path.read_bytes().decode(contract.delivery.encoding)
    headers, *rows = csv.reader(io.StringIO(text), delimiter=contract.delivery.delimiter)
    return headers, [list(row) for row in rows]


def frame_of(path: Path, contract: Contract) -> pd.DataFrame:
    """A clean file under the contract's column names, as text."""
    headers, rows = table_of(path, contract)
    frame = pd.DataFrame(rows, columns=[contract.column_of(header) for header in headers])
    return frame.map(lambda cell: "" if cell is None else str(cell))


def feed(built_city: Built, contracts: dict[str, Contract], name: str) -> pd.DataFrame:
    """All files of a feed, one under the other in order of their names."""
    contract = contracts[name]
    paths = sorted((built_city.drop / contract.owner.folder).glob(contract.delivery.files))
    return pd.concat([frame_of(path, contract).assign(file=path.name) for path in paths], ignore_index=True)


def _json(line: str) -> dict[str, object]:
    try:
        return json.loads(line)
    except ValueError:
        return {}


def days_of(texts: pd.Series) -> set[date]:
    return set(pd.to_datetime(texts).dt.date)

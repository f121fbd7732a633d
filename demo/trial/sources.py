"""What a trial is held on: a clean table of one feed, as it is or with the damage that the dice of a seed do to it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from demo.build import MAKERS
from demo.city import raise_city
from demo.corruption import Kind, Spoiled, Spoiler
from demo.corruption.any_file import corrupt, read_table
from demo.corruption.kind import PARENT_ROLE
from demo.corruption.roles import Told
from demo.files import write
from demo.plan import Plan
from demo.sheet import Sheet
from schemas.contract import FEEDS, Column, Contract, load_contract

CITY = Plan(seed=7, residents=4_000, days=90, quiet=True)
MOST_ROWS = 20_000
ROLE_OF = {
    "resident_id": "id", "mobile": "mobile", "person_name": "name", "free_text": "prose", "timestamp": "stamp",
    "date": "date", "money": "money", "integer": "number", "number": "number",
}  # fmt: skip


@dataclass(frozen=True)
class Sent:
    """A file as it is sent, and what was done to it: rows as of truth/noise.csv, `column` as the contract names it."""

    name: str
    data: bytes
    noise: list[dict]


class Source(Protocol):
    """Where a feed's files come from; `damaged` is the clean one when no kind is asked for."""

    @property
    def contract_path(self) -> Path: ...

    def damaged(self, seed: int, kinds: Sequence[Kind], rate: float) -> Sent: ...


@dataclass(frozen=True)
class TableFile:
    """A CSV or XLSX whose first line is its header, and the contract that it is delivered under."""

    path: Path
    contract_path: Path

    def damaged(self, seed: int, kinds: Sequence[Kind], rate: float) -> Sent:
        """Raises ValueError when the file is no table, ContractFault when the contract cannot be read."""
        if not kinds:
            return Sent(self.path.name, self.path.read_bytes(), [])
        contract = load_contract(self.contract_path)
        upload, noise, _ = corrupt(self.path, Plan(seed), kinds, rate, roles_promised(self.path, contract))
        return Sent(upload.name, upload.data, [row | {"column": _ours(contract, row["column"])} for row in noise])


@dataclass(frozen=True)
class CitySheet:
    """A sheet that a department of the demo city sends."""

    sheet: Sheet
    contract_path: Path

    def damaged(self, seed: int, kinds: Sequence[Kind], rate: float) -> Sent:
        spoiled = Spoiled(self.sheet)
        if kinds:
            spoiled = Spoiler(Plan(seed), kinds, rate, held_share=1.0).spoil(self.sheet)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / self.sheet.file_name
            write(self.sheet, path, spoiled.instead)
            return Sent(self.sheet.file_name, path.read_bytes(), list(spoiled.noise_rows()))


def city_sheets(feeds: Iterable[str]) -> list[CitySheet]:
    """The longest sheet of each feed in a small city without events, cut at 20,000 rows. Raises KeyError for an unknown feed."""
    city = raise_city(CITY)
    longest = [max(MAKERS[feed](city), key=lambda sheet: len(sheet.rows)) for feed in feeds]
    return [CitySheet(_cut(sheet), FEEDS / f"{sheet.feed}.yaml") for sheet in longest]


def roles_promised(path: Path, contract: Contract) -> dict[str, Told]:
    """The role of each column by the contract's public type, finer where the file's own values tell more."""
    told = {}
    for header, guessed in read_table(path, None).told.items():
        if not (name := contract.column_of(header)):
            continue
        column = contract.columns[name]
        promised = "key" if name in contract.key else _role(column)
        finer = (
            guessed.role
            if not promised or guessed.role == "grid" or PARENT_ROLE.get(guessed.role) == promised
            else promised
        )
        told[header] = Told(finer, column.required)
    return told


def _role(column: Column) -> str:
    if column.words:
        return "word"
    if column.type == "date" and column.formats and not any("d" in form for form in column.formats):
        return "month"
    if column.pattern:
        return "text"  # of a code's form; the file's own values may show it to be a grid's
    return ROLE_OF.get(column.type, "")


def _ours(contract: Contract, header: str) -> str:
    return contract.column_of(header) or header if header else ""


def _cut(sheet: Sheet) -> Sheet:
    return replace(sheet, rows=sheet.rows.iloc[:MOST_ROWS], guarded=sheet.guarded[:MOST_ROWS])

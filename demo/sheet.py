"""A file that a department is about to send: its columns, its rows, and which rows noise must leave alone."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import pandas as pd

Role = Literal[
    "key", "id", "name", "date", "stamp", "month", "word", "grid", "money", "number", "mobile", "text", "prose"
]


@dataclass(frozen=True)
class Column:
    """One column as sent: its header, what it holds, and how a spreadsheet stores it (`cell`). `group` is the header's
    first line in a spreadsheet whose header has two."""

    header: str
    role: Role
    required: bool = False
    cell: Literal["text", "number", "date", "mixed_stamp"] = "text"
    group: str = ""


@dataclass(frozen=True)
class Form:
    """How the file is written. titles: lines above the header of a spreadsheet; two_lines: its header has a line of
    merged groups above the line of names; packed: the file comes alone in a ZIP of its name."""

    kind: Literal["csv", "xlsx", "jsonl"] = "csv"
    encoding: str = "utf-8"
    delimiter: str = ","
    newline: str = "\n"
    titles: tuple[str, ...] = ()
    two_lines: bool = False
    packed: bool = False


@dataclass
class Sheet:
    """rows: one text column a contract column ("" is empty, never null), in file order. A column may be backed by Arrow:
    ask for single cells or chosen rows rather than for all rows as objects. guarded: (rows,) True keeps noise away."""

    feed: str
    folder: str
    file_name: str
    form: Form
    columns: dict[str, Column]
    rows: pd.DataFrame
    guarded: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=bool))

    def __post_init__(self) -> None:
        self.rows = self.rows.reset_index(drop=True)
        if not len(self.guarded):
            self.guarded = np.zeros(len(self.rows), dtype=bool)

    @property
    def key(self) -> str:
        return next(name for name, column in self.columns.items() if column.role == "key")


def renamed(columns: dict[str, Column], headers: dict[str, str]) -> dict[str, Column]:
    """The same columns under other headers, as another release of the department's system exports them."""
    return {name: replace(column, header=headers.get(name, column.header)) for name, column in columns.items()}

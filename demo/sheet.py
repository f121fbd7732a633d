"""A file that a department is about to send: its columns, its rows, and which rows noise must leave alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

Role = Literal[
    "key", "id", "name", "date", "stamp", "month", "word", "grid", "money", "number", "mobile", "text", "prose"
]


@dataclass(frozen=True)
class Column:
    """One column as sent: its header, what it holds, and how a spreadsheet stores it (`cell`)."""

    header: str
    role: Role
    required: bool = False
    cell: Literal["text", "number", "date", "mixed_stamp"] = "text"


@dataclass(frozen=True)
class Form:
    """How the file is written. `title` is a line above the header row of a spreadsheet."""

    kind: Literal["csv", "xlsx", "jsonl"] = "csv"
    encoding: str = "utf-8"
    delimiter: str = ","
    newline: str = "\n"
    title: str = ""


@dataclass
class Sheet:
    """rows: one text column a contract column ("" is empty), in file order; guarded: (rows,) True keeps noise away."""

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
    return {
        name: Column(headers.get(name, column.header), column.role, column.required, column.cell)
        for name, column in columns.items()
    }


def as_day(days: pd.Series, form: str = "%Y-%m-%d") -> pd.Series:
    """Days as text, "" where there is none."""
    return pd.to_datetime(days).dt.strftime(form).fillna("").astype(object)


def as_stamp(moments: pd.Series) -> pd.Series:
    return as_day(moments, "%Y-%m-%d %H:%M:%S")


def as_loose_stamp(moments: pd.Series, seconds: bool = False) -> pd.Series:
    """Moments as 2026/3/1 9:05, the way a spreadsheet shows them; "" where there is none."""
    tail = ":%S" if seconds else ""

    def write(moment: pd.Timestamp) -> str:
        if pd.isna(moment):
            return ""
        return f"{moment.year}/{moment.month}/{moment.day} {moment.hour}:{moment:%M}{moment.strftime(tail)}"

    return pd.to_datetime(moments).map(write).astype(object)

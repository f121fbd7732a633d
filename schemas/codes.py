"""Code lists: the words departments use for one thing, and the code and titles we keep for it."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

CODES = Path(__file__).parent / "codes"


@dataclass(frozen=True)
class CodeList:
    """codes: code -> (zh, en); words: every word that stands for a code, the code itself included."""

    name: str
    codes: dict[str, tuple[str, str]]
    words: dict[str, str]

    def zh(self, code: str) -> str:
        return self.codes[code][0]


@cache
def load_code_list(name: str) -> CodeList:
    """Read schemas/codes/<name>.csv. Raises ValueError when there is no such list."""
    path = CODES / f"{name}.csv"
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in CODES.glob("*.csv")))
        raise ValueError(f"there is no code list {name!r}; known are {known}")
    codes: dict[str, tuple[str, str]] = {}
    words: dict[str, str] = {}
    with path.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            codes[row["code"]] = (row["zh"], row["en"])
            for word in [row["code"], row["zh"], *filter(None, row["also"].split("|"))]:
                words[word] = row["code"]
    return CodeList(name, codes, words)

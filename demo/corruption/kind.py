"""What a kind of damage is: where it strikes, what it does, and what a just screening may make of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Generic, Literal, TypeVar

import numpy as np

from demo.files import Record
from demo.sheet import Form, Sheet

Dice = np.random.Generator
Level = Literal["cell", "columns", "row", "file"]
Family = Literal["form", "value", "between", "row", "file"]
Verdict = Literal["repair", "hold", "either", "keep", "refuse"]

EXPECT: dict[Verdict, str] = {
    "repair": "repaired",
    "hold": "held",
    "either": "either",
    "keep": "kept",
    "refuse": "refused",
}
PARENT_ROLE = {  # roles finer than those of demo.sheet, and what else holds of such a column
    "lon": "number", "lat": "number", "birth": "date", "sex": "word", "community": "text", "code": "grid",
    "start_date": "date", "end_date": "date", "start_stamp": "stamp", "end_stamp": "stamp",
}  # fmt: skip


@dataclass(frozen=True)
class Row:
    """A clean row about to be struck: its position in the sheet, its cells and their roles by column."""

    position: int
    cells: Mapping[str, str]
    roles: Mapping[str, str]

    def column(self, role: str) -> str | None:
        """The first column of this role."""
        return next((name for name, own in self.roles.items() if own == role), None)


@dataclass(frozen=True)
class Company:
    """Whom a row stands among: its sheet, a row from somewhere else, and the row above it where there is one."""

    sheet: Sheet
    other: Row
    above: Callable[[], Row | None]


@dataclass(frozen=True)
class Lines:
    """What an accident leaves of a block of rows. raw stands in place of the first row's own line; `added` come
    besides: after the block, anywhere below it, or at the end of the file. paired: the n-th added record repeats the
    n-th row, and it is enough that one of the two is held."""

    raw: str | None = None
    added: list[Record] = field(default_factory=list)
    where: Literal["after", "below", "end"] = "after"
    paired: bool = False


@dataclass(frozen=True)
class Upload:
    """A whole file as sent. form.newline and form.encoding are those of the good file."""

    name: str
    data: bytes
    form: Form


CellChange = Callable[[Dice, str, str], str | None]
ColumnsChange = Callable[[Dice, Row, Company], dict[str, str] | None]
RowChange = Callable[[Dice, list[Row], Company], Lines | None]
FileChange = Callable[[Dice, Upload], Upload | None]
Change = TypeVar("Change", CellChange, ColumnsChange, RowChange, FileChange)


@dataclass(frozen=True)
class Kind(Generic[Change]):
    """change gives the damage, or None where this value, row or file cannot be damaged so.

    verdict, and `optional` where the column may be empty: `repair` the true value can be known from what is left;
    `hold` believing it would be wrong; `either` both are just; `keep` it does no harm; `refuse` the file goes back.
    loses: the true value is gone, and empty is right. block: how many rows in a row one accident strikes.
    """

    name: str
    zh: str
    level: Level
    family: Family
    roles: frozenset[str]
    verdict: Verdict
    why: str
    change: Change
    optional: Verdict | None = None
    where: Literal["anywhere", "required", "optional", "end"] = "anywhere"
    formats: frozenset[str] = frozenset({"csv", "xlsx", "jsonl"})
    loses: bool = False
    block: tuple[int, int] = (1, 1)
    demo: bool = False

    def fits(self, role: str, required: bool) -> bool:
        """Whether it strikes a column of this role."""
        if self.where in ("required", "optional") and required != (self.where == "required"):
            return False
        return role in self.roles or PARENT_ROLE.get(role) in self.roles

    def expect(self, required: bool = True) -> str:
        """What truth/noise.csv says should become of it."""
        return EXPECT[self.verdict if required or self.optional is None else self.optional]


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def cell(
    family: Family, zh: str, roles: str, verdict: Verdict, why: str, **more: object
) -> Callable[[CellChange], Kind[CellChange]]:
    """The decorated function, change(dice, text, role), as a kind of its own name."""
    return _kind("cell", family, zh, roles, verdict, why, more)


def columns(
    family: Family, zh: str, verdict: Verdict, why: str, **more: object
) -> Callable[[ColumnsChange], Kind[ColumnsChange]]:
    """change(dice, row, company) gives the changed cells by column."""
    return _kind("columns", family, zh, "", verdict, why, more)


def row(zh: str, verdict: Verdict, why: str, **more: object) -> Callable[[RowChange], Kind[RowChange]]:
    """change(dice, block of rows, company) gives the lines that are left."""
    return _kind("row", "row", zh, "", verdict, why, more)


def file(zh: str, verdict: Verdict, why: str, formats: str = "csv") -> Callable[[FileChange], Kind[FileChange]]:
    """change(dice, upload) gives the file that arrives."""
    return _kind("file", "file", zh, "", verdict, why, {"formats": words(formats)})


def _kind(level: Level, family: Family, zh: str, roles: str, verdict: Verdict, why: str, more: dict) -> Callable:
    def name(change: Callable) -> Kind:
        return Kind(change.__name__, zh, level, family, words(roles), verdict, why, change, **more)

    return name


def kinds_of(modules: Iterable[ModuleType]) -> list[Kind]:
    """The kinds that the modules define, in the order they are written down."""
    return [thing for module in modules for thing in vars(module).values() if isinstance(thing, Kind)]

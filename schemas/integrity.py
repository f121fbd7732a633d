"""The part of a contract that says which figures of a feed can be falsified, and by whom they are reported."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Protocol

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from schemas.written import duration

NUMBERS = ("integer", "number", "money")
TIMES = ("date", "timestamp")


class Told(Protocol):
    """A column, as far as it matters here."""

    @property
    def type(self) -> str: ...

    @property
    def identifies(self) -> bool: ...


def _due(text: Any) -> str | timedelta:
    try:
        return duration(text)
    except ValueError:
        return str(text)


class Deadline(BaseModel):
    """When a matter was closed, and by when it had to be: a column, or so long after `at`, such as 7d."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    closed: str
    due: Annotated[str | timedelta, BeforeValidator(_due)]


class Integrity(BaseModel):
    """What the quality desk looks at.

    by: the column that names the place, team or organisation that reports; by_first: only so many of its first signs, as of
    a code that names the town first. at: when. figures: numbers that units report freely. counted: how many rows they report a
    day is a figure too. deadline: closing times.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    by: str
    by_first: int | None = Field(None, ge=1)
    at: str
    figures: list[str] = []
    counted: bool = False
    deadline: Deadline | None = None

    @model_validator(mode="after")
    def _something_to_look_at(self) -> Integrity:
        if not (self.figures or self.counted or self.deadline):
            raise ValueError("name what is to be looked at: figures, counted or deadline")
        return self

    def agree(self, columns: Mapping[str, Told]) -> None:
        """Raises ValueError where this does not fit the feed's columns."""
        for key, name, kinds in self._named():
            if name not in columns:
                raise ValueError(f"integrity.{key}: there is no column {name!r}")
            if kinds and columns[name].type not in kinds:
                raise ValueError(
                    f"integrity.{key}: column {name!r} is of type {columns[name].type}; it takes {' or '.join(kinds)}"
                )
            if columns[name].identifies:
                raise ValueError(f"integrity.{key}: column {name!r} tells who a person is, and is not kept in silver")

    def _named(self) -> list[tuple[str, str, tuple[str, ...]]]:
        """Each key with the column it names and the types that column may have."""
        named = [
            ("by", self.by, ()),
            ("at", self.at, TIMES),
            *(("figures", figure, NUMBERS) for figure in self.figures),
        ]
        if self.deadline:
            named.append(("deadline.closed", self.deadline.closed, TIMES))
            if isinstance(self.deadline.due, str):
                named.append(("deadline.due", self.deadline.due, TIMES))
        return named

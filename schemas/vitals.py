"""schemas/vitals.yaml, read: the city's vital signs, each a figure a day."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import RootModel

from schemas.contract import Strict, Words
from schemas.faults import read_strictly

VITALS = Path(__file__).parent / "vitals.yaml"


class Vital(Strict):
    """at: the column whose day counts; where: SQL over the feed's columns; sum: a column to add up, rows are counted without it.

    bad: the side on which the figure is told; unit: who is asked.
    """

    title: Words
    feed: str
    at: str
    where: str = "true"
    sum: str | None = None
    bad: Literal["more", "less", "both"]
    unit: str


class Vitals(RootModel[dict[str, Vital]]):
    """name -> vital sign."""


@cache
def load_vitals() -> dict[str, Vital]:
    """Raises ContractFault in one sentence."""
    return read_strictly(VITALS, Vitals).root


def feeds_of_vitals() -> list[str]:
    return sorted({vital.feed for vital in load_vitals().values()})

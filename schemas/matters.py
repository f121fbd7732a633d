"""schemas/matters.yaml, read: by when a matter is closed, and on whose desk it lies before and after that."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from pydantic import Field, RootModel, model_validator

from schemas.contract import Strict, Words
from schemas.faults import read_strictly

MATTERS = Path(__file__).parent / "matters.yaml"
ANY = "any"  # where the tier does not matter


class Matter(Strict):
    """number, reported, due, tier, desk name columns of the feed; days, desks and above are by tier, or `any`."""

    title: Words
    number: str
    reported: str
    due: str | None = None
    tier: str | None = None
    days: dict[str, int] = Field(min_length=1)
    shut: list[str] = Field(min_length=1)
    confirmed: str | None = None
    confirm_days: int = Field(30, ge=1)
    desk: str | None = None
    desks: dict[str, str] = Field(default_factory=dict)
    above: dict[str, str] = Field(min_length=1)
    by_town: bool = False

    @model_validator(mode="after")
    def _every_tier_has_all(self) -> Matter:
        if (self.desk is None) == (not self.desks):
            raise ValueError("desk (a column) or desks (by tier), one of the two")
        for name, told in (("desks", self.desks or self.days), ("above", self.above)):
            if told.keys() != self.days.keys():
                raise ValueError(f"{name}: the same tiers as days")
        if (ANY in self.days) != (self.tier is None):
            raise ValueError("days: any, or by the tiers that the column `tier` names")
        return self


class Matters(RootModel[dict[str, Matter]]):
    """feed -> what a matter of it is."""


@cache
def load_matters() -> dict[str, Matter]:
    """Raises ContractFault in one sentence."""
    return read_strictly(MATTERS, Matters).root

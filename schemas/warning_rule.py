"""The grammar of a warning family: one YAML a family under schemas/warnings."""

from __future__ import annotations

import string
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BeforeValidator, Field, ValidationError, model_validator

from schemas.contract import SLUG, ContractFault, Strict, Words
from schemas.faults import explain
from schemas.written import Duration

WARNINGS = Path(__file__).parent / "warnings"
LEVELS = ("blue", "yellow", "orange", "red")
LEVELS_ZH = {"blue": "蓝", "yellow": "黄", "orange": "橙", "red": "红"}
Level = Literal["blue", "yellow", "orange"]  # red is for a person to say


class Surge(Strict):
    """Counts by area and category against their own past weeks."""

    feed: str
    time: str
    area: str
    category: str
    codes: str
    window_days: int = Field(ge=1)
    baseline_weeks: int = Field(ge=4)
    least: int = Field(ge=1)


class Query(Strict):
    """Spark SQL over the current rows: a row for each piece of evidence of each matter."""

    feeds: list[str] = Field(min_length=1)
    sql: str
    about: Literal["person", "place"]


def _levels(given: Any) -> Any:
    if isinstance(given, dict) and list(given.values()) != sorted(given.values()):
        raise ValueError("levels: a higher level starts at a higher score")
    return given


class WarningRule(Strict):
    """One family of warnings: how it is found, how it is weighed, and how it is said. levels: level -> score it starts at."""

    family: str = Field(pattern=SLUG)
    title: Words
    lane: Literal["budget", "statutory", "safety"]
    surge: Surge | None = None
    query: Query | None = None
    levels: Annotated[dict[Level, float], BeforeValidator(_levels)] = Field(min_length=1)
    says: Words
    unit: Words
    deadline: Duration

    @model_validator(mode="after")
    def _one_method(self) -> WarningRule:
        if (self.surge is None) == (self.query is None):
            raise ValueError("a family has exactly one method: surge or query")
        for text in (self.says.zh, self.says.en):
            for _, field, _, _ in string.Formatter().parse(text):
                if field is not None and not field.isidentifier():
                    raise ValueError(f"says: {{{field}}} is not a name")
        return self

    @property
    def feeds(self) -> list[str]:
        if self.query:
            return self.query.feeds
        return [self.surge.feed] if self.surge else []

    def level_of(self, score: float) -> Level | None:
        """The highest level whose threshold the score reaches; None below the lowest."""
        reached: list[Level] = [level for level, least in self.levels.items() if score >= least]
        return reached[-1] if reached else None


def load_rules(folder: Path = WARNINGS) -> list[WarningRule]:
    """Every family. Raises ContractFault in one sentence."""
    return [_load(path) for path in sorted(folder.glob("*.yaml"))]


def _load(path: Path) -> WarningRule:
    try:
        return WarningRule.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except yaml.YAMLError as fault:
        raise ContractFault(path, "the whole file", f"is not YAML: {fault}") from None
    except ValidationError as fault:
        raise ContractFault(path, *explain(fault, WarningRule)) from None

"""A matter that a rule found, what it rests on, and how it is said."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from schemas.codes import load_code_list
from schemas.warning_rule import WarningRule


@dataclass(frozen=True)
class Evidence:
    """A row that a warning rests on, copied without what identifies a person."""

    feed: str
    delivery_id: str
    row_no: int
    day: date
    facts: str


@dataclass(frozen=True)
class Candidate:
    """One matter that a rule found. subject_key names the matter inside; figures in events or as the rule's words say.

    unit_zh: its own desks, joined by 、, where they are not the rule's; more: other figures in its words.
    """

    rule: WarningRule
    subject_key: str
    grid_code: str | None
    category: str | None
    window_start: date
    window_end: date
    observed: float
    expected: float
    bound: float | None
    score: float
    evidence: list[Evidence] = field(default_factory=list, compare=False)
    unit_zh: str | None = None
    more: dict[str, float | str] = field(default_factory=dict, compare=False)

    @property
    def feeds(self) -> list[str]:
        """What it rests on: the rule's feeds; of those that stand apart, its evidence's."""
        own = {item.feed for item in self.evidence}
        return [feed for feed in self.rule.feeds if feed not in self.rule.apart or feed in own]


def facts(row: dict[str, Any]) -> str:
    """A row's facts as JSON. Current rows hold no identifying column; the person's id stays inside."""
    hidden = {
        "delivery_id",
        "row_no",
        "row_key",
        "newest",
        "period",
        "attempt",
        "person_id",
        "subject_key",
        "since",
        "until",
        "only",
    }
    return json.dumps(
        {k: str(v) for k, v in row.items() if v is not None and k not in hidden}, ensure_ascii=False, sort_keys=True
    )


def say(candidate: Candidate, language: str = "zh") -> str:
    """The reason in words, from the rule's sentence."""
    rule = candidate.rule
    category = candidate.category or ""
    if rule.codes and category:
        category = load_code_list(rule.codes).codes[category][0 if language == "zh" else 1]
    figures = {
        "observed": candidate.observed,
        "expected": candidate.expected,
        "bound": candidate.bound,
        "category": category,
    }
    return getattr(rule.says, language).format(**(rule.method.model_dump() | figures | candidate.more))

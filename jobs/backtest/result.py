"""What a replay found, and its files: warnings.csv, evidence.csv and report.html."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from jobs.backtest.events import Verdict
from jobs.backtest.known import Knowing
from jobs.backtest.measure import Family, Outcome
from jobs.backtest.replay import Load, Past
from jobs.whole import written_whole
from schemas.warning_rule import WarningRule

WARNING = [
    "warning_id", "family", "lane", "level", "subject", "grid_code", "category", "raised_on", "last_seen_on", "window_start", "window_end",
    "observed", "expected", "bound", "score", "unit_zh", "reason_zh", "reason_en", "above_line", "state", "into_id", "verdict", "events",
]  # fmt: skip  # without subject_key: it may be a person's
EVIDENCE = ["warning_id", "feed", "delivery_id", "row_no", "day"]


@dataclass(frozen=True)
class Result:
    """days: those replayed; outcomes: None when no events were given."""

    days: list[date]
    known: Knowing
    budget: int
    rules: list[WarningRule]
    past: Past
    verdicts: dict[str, Verdict]
    outcomes: list[Outcome] | None
    families: list[Family]

    @property
    def loads(self) -> list[Load]:
        return self.past.loads

    @property
    def false(self) -> list[dict[str, Any]]:
        return [one for id_, one in self.past.first.items() if self.verdicts[id_] == "false"]

    def title(self, family: str, language: str) -> str:
        return next((getattr(rule.title, language) for rule in self.rules if rule.family == family), family)


def write(result: Result, page: str, out: Path) -> None:
    """All three files, made before the first is put in its place."""
    files = {
        "warnings.csv": _csv(_warnings(result), WARNING),
        "evidence.csv": _csv(_evidence(result), EVIDENCE),
        "report.html": page,
    }
    for name, text in files.items():
        with written_whole(out / name) as draft:
            draft.write_text(text, encoding="utf-8-sig" if name.endswith(".csv") else "utf-8")


def _warnings(result: Result) -> list[dict[str, Any]]:
    """Each as it was raised, with what became of it."""
    found: dict[str, list[str]] = {}
    for outcome in result.outcomes or []:
        for one in outcome.warnings:
            found.setdefault(one["warning_id"], []).append(outcome.event.number)
    rows = []
    for id_, first in result.past.first.items():
        last = result.past.warnings[id_]
        told = {
            "last_seen_on": last["seen_on"],
            "state": last["state"],
            "into_id": last["into_id"],
            "above_line": id_ in result.past.shown,
        }
        rows.append(first | told | {"verdict": result.verdicts[id_], "events": "|".join(found.get(id_, []))})
    return rows


def _evidence(result: Result) -> list[dict[str, Any]]:
    return [
        {"warning_id": id_, "feed": one.feed, "delivery_id": one.delivery_id, "row_no": one.row_no, "day": one.day}
        for id_, found in result.past.evidence.items()
        for one in found.values()
    ]


def _csv(rows: list[dict[str, Any]], columns: list[str]) -> str:
    text = io.StringIO()
    pd.DataFrame(rows, columns=columns).to_csv(text, index=False)
    return text.getvalue()

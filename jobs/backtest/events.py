"""What is known to have happened, and which warnings are about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from jobs import lake
from jobs.home import Home
from schemas.life import load_life

FOUND_WITHIN = timedelta(days=7)  # of its end: a later warning does not count as having found it
NEEDED = ("family", "window_start", "window_end")
Verdict = Literal["true", "false", "other", "unknown"]
Warning = dict[str, Any]


class BadEvents(ValueError):
    """The file of events cannot be read; the text says where."""


@dataclass(frozen=True)
class Event:
    """One thing that happened, and what names it: a person, a piece of equipment, a building, its subject's name, or areas and a category."""

    number: str
    family: str
    start: date
    end: date
    areas: tuple[str, ...] = ()
    category: str = ""
    person_id: str = ""
    equipment_no: str = ""
    estate: str = ""
    building: str = ""
    name: str = ""
    unit: str = ""
    keys: tuple[str, ...] = ()
    known_on: date | None = None

    def is_about(self, warning: Warning) -> bool:
        """Whether a warning of any family is about it, by the subject or by area, category and days."""
        subject = warning["subject_key"]
        if subject in self.keys:
            return True
        named = {self.person_id, self.equipment_no, self.name, self.unit} - {""}
        if self.estate and self.building:
            named.add(f"{self.estate} {self.building}")
        if named:
            return subject.replace("|", " ") in named
        return self._is_there(warning) and warning["window_start"] <= self.end and warning["window_end"] >= self.start

    def found_by(self, warning: Warning) -> bool:
        in_time = self.start <= warning["raised_on"] <= self.end + FOUND_WITHIN
        if self.known_on:  # of what stands then, however long it has
            in_time = warning["raised_on"] <= self.known_on <= warning["seen_on"]
        return in_time and warning["family"] == self.family and self.is_about(warning)

    def _is_there(self, warning: Warning) -> bool:
        area, city = warning["grid_code"] or "", load_life().tiers["city"].code_digits
        if not area or not self.category or warning["category"] != self.category:
            return False
        return any(
            (own.startswith(area) and len(area) > city) or area.startswith(own) or own == area for own in self.areas
        )


def read_events(file: Path, person_of: Callable[[str], str]) -> list[Event]:
    """From a CSV with family, window_start, window_end and any of event_id, grid_code, grids (|), category, estate, building,
    equipment_no, name (of the subject), unit, keys (|, of its rows, by one of which a warning may be named), resident_id, known_on (where of a
    family all is known as it stood on one day: a warning last seen before is neither true nor false). person_of: a resident ID's person.
    Raises BadEvents."""
    table = pd.read_csv(file, dtype=str, keep_default_na=False)
    if missing := [name for name in NEEDED if name not in table]:
        raise BadEvents(f"{file.name} 缺少列 {'、'.join(missing)} · columns are missing: {', '.join(missing)}")
    return [_event(file, line, row, person_of) for line, row in enumerate(table.to_dict("records"), 2)]


def _event(file: Path, line: int, row: dict[str, str], person_of: Callable[[str], str]) -> Event:
    try:
        start, end = (date.fromisoformat(row[name]) for name in NEEDED[1:])
        known_on = date.fromisoformat(row["known_on"]) if row.get("known_on") else None
    except ValueError:
        raise BadEvents(
            f"{file.name} 第 {line} 行:日期应写成 2026-06-01 · line {line}: write days as 2026-06-01"
        ) from None
    said = {name: row.get(name, "") for name in ("category", "equipment_no", "estate", "building", "name", "unit")}
    areas = tuple(filter(None, (row.get("grids") or row.get("grid_code") or "").split("|")))
    resident = row.get("resident_id", "")
    return Event(
        row.get("event_id") or str(line - 1), row["family"], start, end, areas,
        person_id=person_of(resident) if resident else "", keys=tuple(filter(None, row.get("keys", "").split("|"))), known_on=known_on, **said,
    )  # fmt: skip


def people_of(home: Home) -> Callable[[str], str]:
    """Resident ID -> person; one who is not in the register is nobody's match."""
    path = home.table("identity", "person")
    known: dict[str, str] = {}
    if lake.exists(path):
        with lake.connect(reads_delta=False) as con:
            lake.offer(con, "person", path)
            known = dict(con.execute("SELECT resident_id, person_id FROM person").fetchall())
    return lambda resident: known.get(resident, "?")


def judge(warning: Warning, events: list[Event]) -> Verdict:
    """true: about an event of its family; other: about another family's; unknown: nothing is known of what its family is about, or not of then."""
    own = [event for event in events if event.family == warning["family"]]
    if any(event.is_about(warning) for event in own):
        return "true"
    if any(event.is_about(warning) for event in events if event.family != warning["family"]):
        return "other"
    known_then = own and all(event.known_on is None or warning["seen_on"] >= event.known_on for event in own)
    return "false" if known_then else "unknown"


def verdicts_of(warnings: list[Warning], told: list[Warning], within: timedelta) -> dict[str, Verdict]:
    """By departments: what they said of the same matter. told: rows of warning_now; within: between the two times of raising."""
    life = load_life()
    found: dict[str, Verdict] = {}
    for one in warnings:
        said = [
            other["verdict"] for other in told
            if other["verdict"] and (other["family"], other["subject_key"]) == (one["family"], one["subject_key"])
            and abs(other["raised_on"] - one["raised_on"]) <= within
        ]  # fmt: skip
        found[one["warning_id"]] = "unknown" if not said else "true" if said[-1] in life.confirms else "false"
    return found

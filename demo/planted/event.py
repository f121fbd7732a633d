"""A planted event as truth/events.csv tells it, and which feeds it can be seen in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pandas as pd

# a family can be found only where all of its feeds are delivered
FEEDS = {
    "incident_surge": ["police_incident"],
    "incident_cluster": ["police_incident"],
    "burglary_near_repeat": ["police_incident"],
    "hotline_surge": ["hotline"],
    "hotline_cluster": ["hotline"],
    "urban_case_surge": ["urban_case"],
    "hotline_unit_late": ["hotline"],
    "repeat_matter": ["hotline", "petition"],
    "city_vital": ["grid_report"],
    "paid_after_death": ["death", "benefit_payment", "pension_payment"],
    "pension_while_employed": ["employment", "pension_payment"],
    "benefit_in_custody": ["custody", "benefit_payment"],
    "benefit_certificate_expired": ["disability_certificate", "benefit_payment"],
    "benefit_exclusive": ["benefit_payment"],
    "benefit_tier_age": ["benefit_payment", "household_registration"],
    "benefit_over_limit": ["benefit_payment", "pension_payment", "enrolment"],
    "cremated_still_registered": ["death", "household_registration"],
    "age_reached": ["household_registration", "elder_registry", "death"],
    "certificate_due": ["disability_certificate", "death"],
    "entitled_not_enrolled": ["household_registration", "benefit_payment", "death"],
    "matter_overdue": ["grid", "hotline", "urban_case", "grid_report", "repair"],
    "hazard_open": ["safety_inspection", "repair", "grid_report"],
    "gas_fire_overdue": ["equipment_inspection", "repair"],
    "elevator_overdue": ["equipment_inspection", "repair"],
    "elder_silent": ["elder_registry", "door_sensor", "device_heartbeat"],
    "elder_declining": ["elder_registry", "door_sensor", "device_heartbeat"],
    "device_failed": ["elder_registry", "door_sensor", "device_heartbeat"],
}
# what is told of these is what the books say on the morning after the last day; what they said before is not told
AS_THE_BOOKS_STAND = {
    "age_reached", "certificate_due", "entitled_not_enrolled", "cremated_still_registered", "hazard_open", "gas_fire_overdue", "elevator_overdue",
    "pension_while_employed",
}  # fmt: skip
COLUMNS = [
    "event_id", "family", "current", "resident_id", "name", "grid_code", "category", "estate", "building",
    "equipment_no", "unit", "window_start", "window_end", "size", "note", "shape", "factor", "grids", "known_on",
    "keys",
]  # fmt: skip


@dataclass
class Event:
    """One planted event: its family and the columns it has something to say in. keys: numbers of its rows as sent."""

    family: str
    told: dict[str, Any]
    keys: list[str] = field(default_factory=list)


def event_table(events: Iterable[Event], feeds: set[str], morning_after: date) -> pd.DataFrame:
    """truth/events.csv: one row a planted event that the delivered feeds can show.

    known_on: of what is told as the books stand, the morning they stand so; a warning seen before that is neither right nor wrong.
    """
    seen = [event for event in events if feeds.issuperset(FEEDS[event.family])]
    rows = [
        {
            **event.told, "family": event.family, "keys": "|".join(event.keys),
            "known_on": morning_after if event.family in AS_THE_BOOKS_STAND else "",
        }
        for event in seen
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=COLUMNS[1:], dtype=object)
    table = table.where(table.notna(), "")
    table.insert(0, "event_id", [f"E{n:03d}" for n in range(1, len(table) + 1)])
    return table

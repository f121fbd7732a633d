"""A unit that answers the hotline more slowly than before, and than the others."""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from demo.plan import Plan
from demo.planted.event import Event

UNIT, SLOWER, DAYS = "水务集团", 3, 75


def plant_laggard(plan: Plan, events: list[Event]) -> None:
    """One in a city, however large: its units are the same."""
    start = plan.end - timedelta(days=DAYS - 1)
    events.append(Event("hotline_unit_late", {
        "current": 1, "unit": UNIT, "window_start": start, "window_end": plan.end,
        "note": f"{start:%Y-%m-%d} 起每件工单用时为平常的 {SLOWER} 倍",
    }))  # fmt: skip


def lag(plan: Plan, at: np.ndarray, closed: np.ndarray, unit: np.ndarray) -> np.ndarray:
    """Closing times (datetime64[s]), the slow unit's later. at: when called; unit: who handles it."""
    if plan.quiet:
        return closed
    start = np.datetime64(plan.end - timedelta(days=DAYS - 1))
    return np.where((unit == UNIT) & (at >= start), at + SLOWER * (closed - at), closed)

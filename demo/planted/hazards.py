"""Hazards that an inspection found and nobody put right in time, in grids where residents and grid workers report danger as well."""

from __future__ import annotations

import numpy as np
import pandas as pd

from demo.homes import Homes
from demo.plan import Plan
from demo.planted.event import Event
from demo.streams.equipment import FAULT_KINDS, FAULT_OF, Estate, report_faults
from demo.streams.safety import Organisations
from demo.streams.service import GRID_REPORTS
from demo.streams.stream import Stream

OPEN, FIXED_LATE, NOT_DUE = 5, 2, 2
SIGNALS, DAYS = 6, 30


def plant_danger(plan: Plan, found: pd.DataFrame, homes: Homes, estates: Estate) -> None:
    """Adds faults of fire equipment in the grids of some hazards past their day, of some fixed of late, and of some not yet due."""
    today, dice = np.datetime64(plan.end, "s") + np.timedelta64(86_400, "s"), plan.dice("danger")
    late, real = found["due"] < today, found["level"] > 0
    still = ~(found["fixed"] < today) & real
    overdue = found.loc[late & still, "grid"].unique()
    others = [found[late & ~still & real & (found["fixed"] > found["due"])], found[~late & still]]
    grids = [*dice.permutation(overdue)[: OPEN * plan.copies]]
    for some, count in zip(others, (FIXED_LATE, NOT_DUE), strict=True):
        grids += [*dice.permutation(np.setdiff1d(some["grid"], [*overdue, *grids]))[: count * plan.copies]]
    grid = np.repeat(grids, dice.integers(SIGNALS, SIGNALS + 3, len(grids))).astype(int)
    own = homes.buildings.groupby("grid").indices
    place = np.array([dice.choice(own[one]) for one in grid], int)
    day = np.datetime64(plan.end, "D") - dice.integers(1, DAYS - 5, len(grid))
    kind = np.full(len(grid), FAULT_KINDS.index("fire_equipment"))
    estates.tickets = report_faults(dice, estates.tickets, place, kind, day, "danger")


def hazard_events(
    plan: Plan, found: pd.DataFrame, known: Organisations, homes: Homes, estates: Estate, reports: Stream, codes: list[str]
) -> list[Event]:  # fmt: skip
    """Grids in which organisations have a hazard past its day, with six signs of danger in thirty days; planted or not. codes: of the grids."""
    today = np.datetime64(plan.end, "s") + np.timedelta64(86_400, "s")
    since = today - np.timedelta64(DAYS * 86_400, "s")
    tickets = estates.tickets
    kinds = [FAULT_KINDS.index(fault) for fault in FAULT_OF.values()]
    told = tickets[tickets["kind"].isin(kinds) & (tickets["reported_at"] >= since)]
    seen = (reports.at >= since) & (reports.kind == GRID_REPORTS.codes.index("hazard"))
    signals = np.bincount(homes.buildings["grid"].to_numpy()[told["place"]], minlength=len(codes))
    signals = signals + np.bincount(reports.grid[seen], minlength=len(codes))
    still = found[(found["level"] > 0) & (found["due"] < today) & ~(found["fixed"] < today)]
    return [
        Event("hazard_open", {
            "current": 1, "grid_code": codes[grid], "name": "、".join(sorted({known.names[one] for one in own["organisation"]})), "window_start": f"{own['due'].min():%Y-%m-%d}",
            "window_end": plan.end, "size": int(signals[grid]), "note": f"隐患逾期未整改 {len(own)} 次，同网格近 30 天报修和上报 {signals[grid]} 起",
        })
        for grid, own in still.groupby("grid")
        if signals[grid] >= SIGNALS
    ]  # fmt: skip

"""Matters past their deadline on the last evening, by desk, town and sort: what a desk has left lying, planted or not."""

from __future__ import annotations

import numpy as np
import pandas as pd

from demo.plan import Plan
from demo.planted.event import Event

UNCONFIRMED_DAYS = 30  # so long a matter that was closed late waits for the resident to confirm


def lying(
    plan: Plan, due: np.ndarray, closed: np.ndarray, confirmed: np.ndarray | None = None, void: np.ndarray | None = None
) -> np.ndarray:
    """(matters,) which are late: not closed by the last evening, or closed late within the last weeks where the resident may confirm."""
    ends = np.datetime64(plan.end, "s") + np.timedelta64(86_400, "s")
    late = (due < ends) & ~(closed < ends)
    if confirmed is not None:
        recent = closed >= ends - np.timedelta64(UNCONFIRMED_DAYS * 86_400, "s")
        late |= (due < closed) & (closed < ends) & recent & ~confirmed
    return late if void is None else late & ~void


def overdue_matters(
    plan: Plan, sort: str, late: np.ndarray, due: np.ndarray, desk: np.ndarray | str, grids: pd.DataFrame, grid: np.ndarray | None
) -> list[Event]:  # fmt: skip
    """An event a desk and town. grid: row in the grids of each matter; None where the desk serves the whole city."""
    rows = np.flatnonzero(late)
    town = np.full(len(rows), -1) if grid is None else grid[rows]
    table = pd.DataFrame({
        "desk": np.broadcast_to(desk, len(late))[rows], "due": due[rows].astype("datetime64[D]"),
        "town": [grids["town"].iloc[one] if one >= 0 else "" for one in town],
        "code": [grids["grid_code"].iloc[one][:9] if one >= 0 else "" for one in town],
    })  # fmt: skip
    return [
        Event("matter_overdue", {
            "current": 1, "grid_code": code, "name": " ".join(part for part in (who, where, sort) if part),
            "window_start": f"{own['due'].min():%Y-%m-%d}", "window_end": plan.end, "size": len(own), "note": f"逾期 {len(own)} 件",
        })
        for (who, where, code), own in table.groupby(["desk", "town", "code"])
    ]  # fmt: skip

"""Safety inspections of organisations: most find nothing or little, which is put right within weeks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from demo.clock import Rhythm, hours_around
from demo.names import employer_names
from demo.plan import Plan
from demo.streams.stream import Recipe, Sort, Stream

ORGANISATIONS = 70  # at 20,000 residents
CODE_SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
OFFICE = Rhythm(hours_around((10, 1.5, 1.0), (15, 1.5, 1.0), floor=0.0), 0.12, 0.1, 0.1)
DAYS_TO_FIX = np.array([0, 14, 30])  # by level
NONE = 0
NEVER = np.datetime64("NaT", "s")
INSPECTIONS = Recipe("safety inspections", 16.0, {
    "none": Sort(0.45, OFFICE, []),
    "general": Sort(0.50, OFFICE, []),
    "major": Sort(0.05, OFFICE, []),
})  # fmt: skip


@dataclass(frozen=True)
class Organisations:
    """names, unified credit codes, and the grid (row) each lies in."""

    names: list[str]
    codes: list[str]
    grid: np.ndarray


def organisations(plan: Plan, grids: int) -> Organisations:
    dice, count = plan.dice("organisations"), plan.count(ORGANISATIONS)
    names = employer_names(count)
    bodies = [f"91330499MA{n * 48_271 % 9_999_991:07d}" for n in range(1, len(names) + 1)]
    return Organisations(names, [body + check_sign(body) for body in bodies], dice.integers(0, grids, len(names)))


def check_sign(seventeen: str) -> str:
    """The 18th sign of a unified social credit code (GB 32100-2015)."""
    total = sum(CODE_SIGNS.index(sign) * pow(3, at, 31) for at, sign in enumerate(seventeen))
    return CODE_SIGNS[(31 - total % 31) % 31]


def hazards_found(plan: Plan, stream: Stream, known: Organisations) -> pd.DataFrame:
    """A row an inspection: level (place in the recipe, 0 none), organisation (place in known), grid, due and fixed (datetime64[s],
    NaT: not yet). Where nothing is planted every hazard is put right by its day."""
    level = stream.kind
    due = (
        (stream.at + (DAYS_TO_FIX[level] * 86_400).astype("timedelta64[s]"))
        .astype("datetime64[D]")
        .astype("datetime64[s]")
    )
    fixed = np.where(level == NONE, NEVER, stream.closed(days=9, never=0.08))
    if plan.quiet:
        fixed = np.where((level != NONE) & ~(fixed <= due), due, fixed)
    which = (stream.lots("organisation", np.arange(len(level))) * len(known.names)).astype(int)
    return pd.DataFrame({"level": level, "organisation": which, "grid": known.grid[which], "due": due, "fixed": fixed})

"""Petitions: what people write to the city in their own words, most of them once."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd

from demo.clock import Rhythm, days_between, hours_around, moments
from demo.complaints import Neighbourhood, bank
from demo.plan import Plan

MONTHLY = 120.0  # at 20,000 residents
FILING = Rhythm(hours_around((10, 2.5, 1.0), (15, 2, 0.8), (21, 2, 0.9), floor=0.05), 0.8, 0.6, 0.4)


def petitions_filed(plan: Plan, buildings: pd.DataFrame, around: Neighbourhood, letters: pd.DataFrame) -> pd.DataFrame:
    """Petitions in order of filing: user, filed_at, subject, content, thing, event, petition_no, against, likes.

    A tenth comes from a few users who file again, about something else where they live. letters: the planted ones.
    """
    dice, size = plan.dice("petitions"), plan.count(MONTHLY * plan.days / 30.4)
    chance = FILING.factors(days_between(plan.start, plan.end))
    day = np.datetime64(plan.start, "D") + dice.choice(plan.days, size=size, p=chance / chance.sum())
    estates, kinds = buildings["estate"].unique(), np.array(list(bank().kinds))
    user, kind, place = (dice.integers(*ends, size) for ends in ((1000, 99_999), (0, len(kinds)), (0, len(estates))))
    regulars = dice.choice(size, size=max(1, size // 40), replace=False)
    repeats = np.flatnonzero(dice.random(size) < 0.1)
    again = dice.choice(regulars, size=len(repeats))
    user[repeats], place[repeats] = user[again], place[again]
    lots = partial(_lots, plan, np.arange(size))
    said = around.told(kinds[kind].tolist(), estates[place].tolist(), lots, letters=True)
    filed = pd.DataFrame([vars(one) for one in said]).rename(columns={"text": "content"}).assign(
        user=user, filed_at=moments(dice, day, FILING.hours), event=-1
    )  # fmt: skip
    writers = 1_000 + letters["event"].to_numpy().astype(int) * 7_919 % 98_999
    filed = pd.concat([filed, letters.assign(user=writers)], ignore_index=True) if len(letters) else filed
    filed = filed.sort_values("filed_at", ignore_index=True, kind="stable")
    filed["petition_no"] = 188_006 + np.cumsum(dice.integers(1, 30, len(filed)))
    return filed.assign(against=dice.poisson(0.2, len(filed)), likes=dice.poisson(1.4, len(filed)))


def _lots(plan: Plan, rows: np.ndarray, part: str) -> np.ndarray:
    return plan.lots(f"petition {part}", rows)

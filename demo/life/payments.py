"""Who is paid what and when: pensions on the 15th, benefits on the 25th, up to the month of death."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from demo.life.lives import KINDS, Lives
from demo.plan import Plan

PAY_DAY = {"pension_payment": 15, "benefit_payment": 25}


@dataclass(frozen=True)
class PayRun:
    """One month's payments of one feed: month and paid_on (datetime64[D]), the persons paid and their amounts."""

    feed: str
    month: np.datetime64
    paid_on: np.datetime64
    persons: np.ndarray
    amounts: np.ndarray


def pay_runs(plan: Plan, lives: Lives, feed: str) -> Iterator[PayRun]:
    """Every month whose pay day lies within the days."""
    for number, first in enumerate(plan.months()):
        month = np.datetime64(first, "D")
        paid_on = month + PAY_DAY[feed] - 1
        if not np.datetime64(plan.start) <= paid_on <= np.datetime64(plan.end):
            continue
        drawn = np.flatnonzero(_draws(feed, lives, month, number) & _still_paid(lives, month))
        amount = lives.frame["pension" if feed == "pension_payment" else "benefit_amount"]
        yield PayRun(feed, month, paid_on, drawn, amount.to_numpy()[drawn])


def paid_to(plan: Plan, lives: Lives, persons: list[int]) -> pd.DataFrame:
    """The payments to a few: feed, person, pay_month, paid_on."""
    parts = [
        pd.DataFrame({"feed": feed, "person": own, "pay_month": run.month, "paid_on": run.paid_on})
        for feed in PAY_DAY
        for run in pay_runs(plan, lives, feed)
        if len(own := run.persons[np.isin(run.persons, persons)])
    ]
    empty = pd.DataFrame({"feed": [], "person": [], "pay_month": [], "paid_on": []})
    return pd.concat(parts, ignore_index=True) if parts else empty


def _draws(feed: str, lives: Lives, month: np.datetime64, number: int) -> np.ndarray:
    """Pensions from their first month on; temporary relief once, every other benefit each month."""
    frame = lives.frame
    if feed == "pension_payment":
        return ((frame["pension"] > 0) & (frame["pension_from"] <= month)).to_numpy()
    benefit = frame["benefit"].to_numpy()
    once = (benefit == KINDS.index("relief")) & (np.arange(len(frame)) % 4 != number % 4)
    return (benefit >= 0) & ~once


def _still_paid(lives: Lives, month: np.datetime64) -> np.ndarray:
    """True up to the month of death, or up to `paid_until` where the payer did not notice."""
    until = lives.frame["paid_until"].to_numpy()
    until = np.where(np.isnat(until), lives.frame["died_on"].to_numpy(), until)
    return np.isnat(until) | (until >= month)

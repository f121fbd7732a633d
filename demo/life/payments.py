"""Who is paid what and when: pensions on the 15th, benefits on the 25th, up to the month of death."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from demo.life.lives import KINDS, OLD_AGES, Lives, old_age_amount, years_in
from demo.plan import Plan

PAY_DAY = {"pension_payment": 15, "benefit_payment": 25}


@dataclass(frozen=True)
class PayRun:
    """One month's payments of one feed: month and paid_on (datetime64[D]), the persons paid, their amounts, and for what (place
    in KINDS, of benefits)."""

    feed: str
    month: np.datetime64
    paid_on: np.datetime64
    persons: np.ndarray
    amounts: np.ndarray
    kinds: np.ndarray


def pay_runs(plan: Plan, lives: Lives, feed: str) -> Iterator[PayRun]:
    """Every month whose pay day lies within the days."""
    for number, first in enumerate(plan.months()):
        month = np.datetime64(first, "D")
        paid_on = month + PAY_DAY[feed] - 1
        if not np.datetime64(plan.start) <= paid_on <= np.datetime64(plan.end):
            continue
        drawn = np.flatnonzero(_draws(feed, lives, month, number) & _still_paid(lives, month))
        if feed == "pension_payment":
            yield PayRun(feed, month, paid_on, drawn, lives.frame["pension"].to_numpy()[drawn], np.full(len(drawn), -1))
            continue
        more = lives.second[(lives.second["since"] <= month) & (lives.second["until"] >= month)]
        more = more[_still_paid(lives, month)[more["person"].to_numpy()]]
        persons = np.concatenate([drawn, more["person"].to_numpy()])
        kinds = np.concatenate([lives.frame["benefit"].to_numpy()[drawn], more["kind"].to_numpy()]).astype(int)
        amount = np.concatenate([lives.frame["benefit_amount"].to_numpy()[drawn], more["amount"].to_numpy()])
        by_age = (kinds == KINDS.index("old_age")) & ((np.arange(len(kinds)) < len(drawn)) | (amount == 0))
        yield PayRun(feed, month, paid_on, persons,
                     np.where(by_age, old_age_amount(years_in(lives.frame, month)[persons]), amount), kinds)  # fmt: skip


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
    """Pensions from their first month on; temporary relief once, the allowance of old age from eighty on, every other benefit each month."""
    frame = lives.frame
    if feed == "pension_payment":
        return ((frame["pension"] > 0) & (frame["pension_from"] <= month)).to_numpy()
    benefit = frame["benefit"].to_numpy()
    once = (benefit == KINDS.index("relief")) & (np.arange(len(frame)) % 4 != number % 4)
    young = (benefit == KINDS.index("old_age")) & (years_in(frame, month) < OLD_AGES[0])
    return (benefit >= 0) & ~once & ~young


def _still_paid(lives: Lives, month: np.datetime64) -> np.ndarray:
    """True up to the month of death, or up to `paid_until` where the payer did not notice."""
    until = lives.frame["paid_until"].to_numpy()
    until = np.where(np.isnat(until), lives.frame["died_on"].to_numpy(), until)
    return np.isnat(until) | (until >= month)

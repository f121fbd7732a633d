"""Who is paid what and when: pensions on the 15th, benefits on the 25th, up to the month of death."""

from __future__ import annotations

import pandas as pd

from demo.lives import Lives
from demo.plan import Plan

PAY_DAY = {"pension_payment": 15, "benefit_payment": 25}


def payments(plan: Plan, lives: Lives) -> pd.DataFrame:
    """Every payment in the days covered: feed, person (row in the people), pay_month, paid_on, amount."""
    parts = []
    for number, first in enumerate(plan.months()):
        month = pd.Timestamp(first)
        for feed, day in PAY_DAY.items():
            paid_on = month + pd.Timedelta(days=day - 1)
            if not pd.Timestamp(plan.start) <= paid_on <= pd.Timestamp(plan.end):
                continue
            drawn = lives.people[_draws(feed, lives.people, month, number) & _still_paid(lives.people, month)]
            amount = drawn["pension" if feed == "pension_payment" else "benefit_amount"]
            parts.append(pd.DataFrame({"feed": feed, "person": drawn.index, "pay_month": month, "paid_on": paid_on,
                                       "amount": amount.to_numpy()}))  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def _draws(feed: str, people: pd.DataFrame, month: pd.Timestamp, number: int) -> pd.Series:
    """Pensions from their first month on; temporary relief once, every other benefit each month."""
    if feed == "pension_payment":
        return (people["pension"] > 0) & (people["pension_from"] <= month)
    once = (people["benefit"] == "relief") & (people.index % 4 != number % 4)
    return (people["benefit"] != "") & ~once


def _still_paid(people: pd.DataFrame, month: pd.Timestamp) -> pd.Series:
    """True up to the month of death, or up to `paid_until` where the payer did not notice."""
    until = people["paid_until"].fillna(people["died_on"])
    return until.isna() | (until >= month)

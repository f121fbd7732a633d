"""Where departments disagree about a person: a name that differs by one character, a sex that contradicts the ID."""

from __future__ import annotations

import numpy as np
import pandas as pd

from demo.plan import Plan
from demo.sheet import Sheet

NAMES, SEXES = 14, 6
PAIRS = (
    "丽莉英瑛芳方明铭华桦军君建健玉钰静婧伟玮峰锋志智国囯兰岚"
    "琴勤红虹珍贞荣蓉林琳辉晖杰洁萍苹宏洪云芸文雯佳嘉燕艳凤峰"
)  # two characters each that sound or look alike
ALIKE = [{PAIRS[at], PAIRS[at + 1]} for at in range(0, len(PAIRS), 2)]
OTHER_FEEDS = ["pension_payment", "benefit_payment", "employment"]


def disagree(plan: Plan, sheets: list[Sheet], spared: list[str]) -> list[dict]:
    """Change what one department says about 20 people, in all of its rows; `spared` IDs are left alone.

    Returns truth/conflicts.csv: resident_id, attribute, feed_a, value_a (the register's), feed_b, value_b.
    """
    dice = plan.dice("conflicts")
    register = next(sheet for sheet in sheets if sheet.feed == "household_registration")
    known = register.rows.set_index("resident_id")
    conflicts = []
    for feed in OTHER_FEEDS:
        wanted = -(-NAMES // len(OTHER_FEEDS)) if feed != OTHER_FEEDS[-1] else NAMES - len(conflicts)
        own = [sheet for sheet in sheets if sheet.feed == feed]
        told = pd.unique(pd.concat([sheet.rows["resident_id"] for sheet in own]))
        taken = {*spared, *(row["resident_id"] for row in conflicts)}
        fit = [one for one in told if one in known.index and one not in taken and _alike(known.at[one, "name"])]
        for resident_id in dice.choice(fit, size=min(wanted, len(fit)), replace=False):
            name, other = known.at[resident_id, "name"], _alike(known.at[resident_id, "name"])
            _rename(own, resident_id, "name", other)
            _guard(register, resident_id)
            conflicts.append(_row(resident_id, "name", name, feed, other))
    return conflicts + _sexes(dice, register, sheets, {*spared, *(row["resident_id"] for row in conflicts)})


def _sexes(dice: np.random.Generator, register: Sheet, sheets: list[Sheet], taken: set[str]) -> list[dict]:
    """The register's sex contradicts the 17th digit of the ID that everybody sends."""
    pensioners = pd.unique(
        pd.concat([sheet.rows["resident_id"] for sheet in sheets if sheet.feed == "pension_payment"])
    )
    rows = register.rows[register.rows["sex"].isin(["男", "女"]) & register.rows["resident_id"].isin(pensioners)]
    rows = rows[~rows["resident_id"].isin(taken)]
    conflicts = []
    for at in dice.choice(rows.index, size=min(SEXES, len(rows)), replace=False):
        true = register.rows.at[at, "sex"]
        false = "女" if true == "男" else "男"
        register.rows.at[at, "sex"] = false
        register.guarded[at] = True
        conflicts.append(_row(register.rows.at[at, "resident_id"], "sex", false, "pension_payment", true))
    return conflicts


def _alike(name: str) -> str:
    """The name with one given character replaced by one that sounds or looks alike, "" when none does."""
    for at, sign in enumerate(name[1:], 1):
        for pair in ALIKE:
            if sign in pair:
                return name[:at] + next(iter(pair - {sign})) + name[at + 1 :]
    return ""


def _rename(sheets: list[Sheet], resident_id: str, column: str, value: str) -> None:
    for sheet in sheets:
        own = sheet.rows["resident_id"] == resident_id
        sheet.rows.loc[own, column] = value
        sheet.guarded[own.to_numpy()] = True


def _guard(sheet: Sheet, resident_id: str) -> None:
    sheet.guarded[(sheet.rows["resident_id"] == resident_id).to_numpy()] = True


def _row(resident_id: str, attribute: str, value_a: str, feed_b: str, value_b: str) -> dict:
    return {"resident_id": resident_id, "attribute": attribute, "feed_a": "household_registration", "value_a": value_a,
            "feed_b": feed_b, "value_b": value_b}  # fmt: skip

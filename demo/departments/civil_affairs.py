"""民政局: benefit payments as CSV with a byte-order mark, and death registrations as a titled spreadsheet."""

from __future__ import annotations

import numpy as np
import pandas as pd

from demo.lives import Lives
from demo.plan import Plan
from demo.sheet import Column, Form, Sheet, as_day, renamed

FOLDER = "civil_affairs"
BENEFIT = {
    "payment_no": Column("发放流水号", "key", required=True),
    "resident_id": Column("身份证号", "id", required=True),
    "name": Column("姓名", "name", required=True),
    "kind": Column("救助类别", "word", required=True),
    "pay_month": Column("发放月份", "month", required=True),
    "amount": Column("发放金额", "money", required=True),
    "paid_on": Column("发放日期", "date", required=True),
    "grid_code": Column("所属网格", "grid"),
}
NEW_RELEASE = {"resident_id": "公民身份号码", "kind": "补贴类别", "amount": "金额（元）"}
DEATH = {
    "certificate_no": Column("死亡证明编号", "key", required=True),
    "resident_id": Column("身份证号", "id", required=True),
    "name": Column("姓名", "name", required=True),
    "died_on": Column("死亡日期", "date", required=True, cell="date"),
    "registered_on": Column("登记日期", "date"),
}
WORDS = {
    "subsistence": ("低保", "最低生活保障"),
    "destitute": ("特困供养", "特困人员供养"),
    "old_age": ("高龄津贴", "尊老金"),
    "disability": ("残疾人补贴", "两项补贴"),
    "relief": ("临时救助", "临时救助"),
}


def benefit_sheets(
    plan: Plan, grids: pd.DataFrame, lives: Lives, paid: pd.DataFrame, shielded: list[int]
) -> list[Sheet]:
    """One file a month; the second half of the months comes from a new release with other headers and column order."""
    dice, people, sheets = plan.dice("benefit words"), lives.people, []
    months = paid[paid["feed"] == "benefit_payment"].groupby("pay_month")
    for number, (month, drawn) in enumerate(months):
        who = people.loc[drawn["person"]].reset_index(drop=True)
        rare = dice.random(len(who)) < 0.1
        rows = pd.DataFrame({
            "payment_no": [f"JZ{month:%Y%m}{n:04d}" for n in range(1, len(who) + 1)],
            "resident_id": who["resident_id"],
            "name": who["name"],
            "kind": [WORDS[kind][int(other)] for kind, other in zip(who["benefit"], rare, strict=True)],
            "pay_month": f"{month:%Y-%m}",
            "amount": drawn["amount"].map("{:.2f}".format).to_numpy(),
            "paid_on": as_day(drawn["paid_on"]).to_numpy(),
            "grid_code": np.where(dice.random(len(who)) < 0.06, "", grids["grid_code"].to_numpy()[who["grid"]]),
        })  # fmt: skip
        late = number >= len(months) // 2
        columns = renamed(BENEFIT, NEW_RELEASE) if late else BENEFIT
        order = ["payment_no", "kind", "name", *[c for c in BENEFIT if c not in ("payment_no", "kind", "name")]]
        columns = {name: columns[name] for name in (order if late else BENEFIT)}
        sheets.append(Sheet("benefit_payment", FOLDER, f"jz_{month:%Y%m}.csv", Form("csv", "utf-8-sig"), columns,
                            rows[list(columns)], drawn["person"].isin(shielded).to_numpy()))  # fmt: skip
    return sheets


def death_sheets(plan: Plan, lives: Lives, shielded: list[int]) -> list[Sheet]:
    """One spreadsheet a month of registration, a merged title above its header row."""
    dead = lives.people.dropna(subset="died_on").sort_values(["registered_on", "died_on", "resident_id"])
    rows = pd.DataFrame({
        "certificate_no": [f"SW{plan.end.year}{n:04d}" for n in range(1, len(dead) + 1)],
        "resident_id": dead["resident_id"],
        "name": dead["name"],
        "died_on": as_day(dead["died_on"]),
        "registered_on": as_day(dead["registered_on"]),
    }, index=dead.index)  # fmt: skip
    month = dead["registered_on"].dt.strftime("%Y%m").to_numpy()
    guarded = dead.index.isin(shielded)
    return [
        Sheet("death", FOLDER, f"sw_{name}.xlsx", _titled(name), DEATH, rows[month == name], guarded[month == name])
        for name in sorted(set(month))
    ]


def _titled(month: str) -> Form:
    return Form("xlsx", title=f"东湖市 {month[:4]} 年 {int(month[4:])} 月死亡登记汇总表")

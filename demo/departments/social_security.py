"""人社局: pension payments as JSON lines from an interface, and employment records as monthly changes."""

from __future__ import annotations

import numpy as np
import pandas as pd

from demo.lives import Lives
from demo.plan import Plan
from demo.sheet import Column, Form, Sheet, as_day

FOLDER = "social_security"
PENSION = {
    "payment_no": Column("payNo", "key", required=True),
    "resident_id": Column("idNo", "id", required=True),
    "name": Column("name", "name", required=True),
    "pay_month": Column("payMonth", "month", required=True),
    "amount": Column("amount", "money", required=True, cell="number"),
    "paid_on": Column("payDate", "date", required=True),
}
JOB = {
    "record_no": Column("备案编号", "key", required=True),
    "resident_id": Column("身份证号", "id", required=True),
    "name": Column("姓名", "name", required=True),
    "employer": Column("用人单位", "text", required=True),
    "hired_on": Column("入职日期", "date", required=True),
    "left_on": Column("离职日期", "date"),
    "declared_on": Column("申报日期", "date", required=True),
}


def pension_sheets(lives: Lives, paid: pd.DataFrame, shielded: list[int]) -> list[Sheet]:
    sheets = []
    for month, drawn in paid[paid["feed"] == "pension_payment"].groupby("pay_month"):
        who = lives.people.loc[drawn["person"]].reset_index(drop=True)
        rows = pd.DataFrame({
            "payment_no": [f"YL{month:%Y%m}{n:04d}" for n in range(1, len(who) + 1)],
            "resident_id": who["resident_id"],
            "name": who["name"],
            "pay_month": f"{month:%Y%m}",
            "amount": drawn["amount"].map("{:.1f}".format).to_numpy(),
            "paid_on": as_day(drawn["paid_on"], "%Y%m%d").to_numpy(),
        })  # fmt: skip
        sheets.append(Sheet("pension_payment", FOLDER, f"yl_{month:%Y%m}.jsonl", Form("jsonl"), PENSION, rows,
                            drawn["person"].isin(shielded).to_numpy()))  # fmt: skip
    return sheets


def employment_sheets(plan: Plan, lives: Lives) -> list[Sheet]:
    """The first month's file is the stock as it stood at that month's end; later ones hold hires and leavers.

    Pensioners' records are guarded: a lost leaving date would turn an honest pensioner into a finding.
    """
    jobs = lives.jobs.copy()
    jobs["record_no"] = [f"JY{n:08d}" for n in range(1, len(jobs) + 1)]
    told_leaving = jobs["left_on"] + pd.Timedelta(days=1)
    sheets, told_until = [], pd.Timestamp.min
    for month in plan.months():
        until = min(pd.Timestamp(month) + pd.offsets.MonthEnd(0), pd.Timestamp(plan.end))
        fresh = jobs["declared_on"].between(told_until, until, inclusive="right")
        gone = told_leaving.between(told_until, until, inclusive="right")
        sheets.append(_employment_sheet(lives, jobs[fresh | gone], f"jy_{month:%Y%m}.csv", until))
        told_until = until
    return sheets


def _employment_sheet(lives: Lives, jobs: pd.DataFrame, file_name: str, until: pd.Timestamp) -> Sheet:
    """The records as known at the end of `until`: a leaving not yet told is empty."""
    who = lives.people.loc[jobs["person"]].reset_index(drop=True)
    left = jobs["left_on"].where(jobs["left_on"] < until)
    rows = pd.DataFrame({
        "record_no": jobs["record_no"].to_numpy(),
        "resident_id": who["resident_id"],
        "name": who["name"],
        "employer": jobs["employer"].to_numpy(),
        "hired_on": as_day(jobs["hired_on"]).to_numpy(),
        "left_on": as_day(left).to_numpy(),
        "declared_on": as_day(jobs["declared_on"]).to_numpy(),
    })  # fmt: skip
    guarded = np.asarray(who["pension"] > 0)
    return Sheet("employment", FOLDER, file_name, Form("csv"), JOB, rows, guarded)

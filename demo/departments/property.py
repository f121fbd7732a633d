"""物业企业: equipment inspections as monthly changes, and repair tickets a week at a time, separated by semicolons."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd

from demo.equipment import Estate
from demo.plan import Plan
from demo.sheet import Column, Form, Sheet, as_day, as_loose_stamp, renamed

FOLDER = "property"
INSPECTION = {
    "equipment_no": Column("设备编号", "key", required=True),
    "kind": Column("设备类型", "word", required=True),
    "estate": Column("小区", "text", required=True),
    "building": Column("楼栋", "text", required=True),
    "grid_code": Column("所属网格", "grid", required=True),
    "inspected_on": Column("本次检验日期", "date", required=True),
    "next_due_on": Column("下次检验日期", "date", required=True),
    "result": Column("检验结果", "word"),
}
OTHER_COMPANY = {"estate": "小区名称", "building": "楼幢", "inspected_on": "检验日期"}
TICKET = {
    "ticket_no": Column("工单号", "key", required=True),
    "kind": Column("报修类别", "word", required=True),
    "estate": Column("小区", "text", required=True),
    "building": Column("楼栋", "text", required=True),
    "grid_code": Column("所属网格", "grid", required=True),
    "reported_at": Column("报修时间", "stamp", required=True),
    "closed_at": Column("办结时间", "stamp"),
    "status": Column("状态", "word", required=True),
    "mobile": Column("联系电话", "mobile"),
    "detail": Column("问题描述", "prose"),
}
EQUIPMENT_WORDS = {"elevator": "电梯", "fire": "消防设施", "gas": "燃气设施"}
REPAIR_WORDS = {"elevator_fault": "电梯故障", "water": "水电维修", "fire_equipment": "消防设备故障",
                "public_area": "公共区域", "other": "其他"}  # fmt: skip


def inspection_sheets(plan: Plan, grids: pd.DataFrame, estates: Estate) -> list[Sheet]:
    """The first month's file is the whole stock as it stood at that month's end; later ones hold re-inspections.

    Rows of planted and decoy elevators are guarded, and re-inspections, whose loss would make a piece look overdue.
    """
    dice, pieces, sheets = plan.dice("inspection results"), estates.equipment, []
    told_until = pd.Timestamp.min
    for number, month in enumerate(plan.months()):
        until = min(pd.Timestamp(month) + pd.offsets.MonthEnd(0), pd.Timestamp(plan.end))
        redone = pieces["redone_on"].between(told_until, until, inclusive="right")
        told = pieces if number == 0 else pieces[redone]
        again = redone[told.index]
        rows = pd.DataFrame({
            "equipment_no": told["equipment_no"],
            "kind": told["kind"].map(EQUIPMENT_WORDS),
            "estate": told["estate"],
            "building": told["building"],
            "grid_code": grids["grid_code"].to_numpy()[told["grid"]],
            "inspected_on": as_day(told["inspected_on"].where(~again, told["redone_on"])),
            "next_due_on": as_day(told["next_due_on"].where(~again, told["redue_on"])),
            "result": dice.choice(["合格", "复检合格", "不合格", ""], size=len(told), p=[0.93, 0.04, 0.01, 0.02]),
        })  # fmt: skip
        columns = renamed(INSPECTION, OTHER_COMPANY) if number == 1 else INSPECTION
        guarded = np.asarray((told["part"] != "") | again)
        sheets.append(
            Sheet("equipment_inspection", FOLDER, f"sb_{month:%Y%m}.csv", Form("csv"), columns, rows, guarded)
        )
        told_until = until
    return sheets


def ticket_weeks(plan: Plan) -> list[tuple[date, date]]:
    """(first, last) day of each weekly file, counted back from the end; the first also takes the days left over."""
    weeks = [
        (plan.end - timedelta(days=7 * n + 6), plan.end - timedelta(days=7 * n)) for n in range(plan.days // 7 - 2)
    ]
    oldest = weeks[-1][0]
    return [(plan.start, oldest - timedelta(days=1)), *reversed(weeks)]


def repair_sheets(plan: Plan, grids: pd.DataFrame, estates: Estate) -> list[Sheet]:
    """Each week the new tickets, and the older ones closed in it. Elevator faults of marked buildings are guarded."""
    dice, tickets, sheets = plan.dice("ticket states"), estates.tickets, []
    handled = dice.random(len(tickets)) < 0.5
    for first, last in ticket_weeks(plan):
        until = pd.Timestamp(last) + pd.Timedelta(days=1)
        new = tickets["reported_at"].between(pd.Timestamp(first), until, inclusive="left")
        closed = tickets["closed_at"].between(pd.Timestamp(first), until, inclusive="left")
        told = tickets[new | closed]
        done = told["closed_at"] < until
        rows = pd.DataFrame({
            "ticket_no": told["ticket_no"],
            "kind": told["kind"].map(REPAIR_WORDS),
            "estate": told["estate"],
            "building": told["building"],
            "grid_code": grids["grid_code"].to_numpy()[told["grid"]],
            "reported_at": as_loose_stamp(told["reported_at"]),
            "closed_at": as_loose_stamp(told["closed_at"].where(done)),
            "status": np.select([done, handled[told.index]], ["已办结", "处理中"], "待处理"),
            "mobile": told["mobile"],
            "detail": told["detail"],
        })  # fmt: skip
        sheets.append(Sheet("repair", FOLDER, f"bx_{last:%Y%m%d}.csv", Form("csv", delimiter=";"), TICKET, rows,
                            np.asarray(told["part"] != "")))  # fmt: skip
    return sheets

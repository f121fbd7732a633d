"""公安局: the monthly household register and the incidents, exported as GB18030 by a Windows system."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd

from demo.incidents import describe
from demo.lives import Lives
from demo.plan import Plan
from demo.sheet import Column, Form, Sheet, as_day, as_stamp, renamed

FOLDER = "police"
FORM = Form("csv", "gb18030", newline="\r\n")
DAILY_DAYS = 14
REGISTER = {
    "registration_no": Column("登记编号", "key", required=True),
    "resident_id": Column("公民身份号码", "id", required=True),
    "name": Column("姓名", "name", required=True),
    "sex": Column("性别", "word"),
    "birth_date": Column("出生日期", "date"),
    "household_no": Column("户号", "text", required=True),
    "address": Column("住址", "prose"),
    "grid_code": Column("所属网格", "grid", required=True),
    "mobile": Column("联系电话", "mobile"),
    "registered_on": Column("登记日期", "date"),
}
INCIDENT = {
    "incident_no": Column("警情编号", "key", required=True),
    "reported_at": Column("报警时间", "stamp", required=True),
    "category": Column("警情类别", "word", required=True),
    "grid_code": Column("所属网格", "grid", required=True),
    "lon": Column("经度", "number"),
    "lat": Column("纬度", "number"),
    "arrived_at": Column("到场时间", "stamp"),
    "caller_mobile": Column("报警电话", "mobile"),
    "detail": Column("简要警情", "prose"),
}
DAILY_HEADERS = {"incident_no": "接警编号", "reported_at": "接警时间", "grid_code": "网格编码"}
# the word an officer picks, and a variant some stations write
WORDS = {"theft": ("盗窃", "入室盗窃"), "fraud": ("诈骗", "电信诈骗"), "assault": ("殴打他人", "打架斗殴"),
         "dispute": ("纠纷", "邻里纠纷"), "traffic": ("交通事故", "交通类"), "noise": ("噪音扰民", "噪声扰民"),
         "vehicle_theft": ("盗窃电动车", "电动车被盗"), "help": ("群众求助", "求助")}  # fmt: skip


def household_register(plan: Plan, grids: pd.DataFrame, lives: Lives, keep: list[int]) -> Sheet:
    """The register on the first of the last month. The dead are struck off, but for `keep`."""
    dice, drawn_on = plan.dice("register"), pd.Timestamp(plan.end.replace(day=1))
    people = lives.people
    struck_off = (people["registered_on"] < drawn_on) & ~people.index.isin(keep)
    here = people[~struck_off]
    born, latest = here["birth"], drawn_on - pd.Timedelta(days=1)
    days_after = (dice.random(len(here)) ** 2 * 0.95 * (latest - born).dt.days).astype(int)
    words = np.where(dice.random(len(here)) < 0.04, here["sex"].map({"男": "1", "女": "2"}), here["sex"])
    rows = pd.DataFrame({
        "registration_no": [f"HJ{n:08d}" for n in here.index + 1],
        "resident_id": here["resident_id"],
        "name": here["name"],
        "sex": words,
        "birth_date": as_day(born),
        "household_no": [f"H{n:06d}" for n in here["household"] + 1],
        "address": here["address"],
        "grid_code": grids["grid_code"].to_numpy()[here["grid"]],
        "mobile": here["mobile"],
        "registered_on": as_day(born + pd.to_timedelta(days_after, unit="D")),
    })  # fmt: skip
    return Sheet("household_registration", FOLDER, f"hj_{drawn_on:%Y%m%d}.csv", FORM, REGISTER, rows,
                 guarded=here.index.isin(keep))  # fmt: skip


def incident_sheets(
    plan: Plan, grids: pd.DataFrame, lives: Lives, happened: pd.DataFrame, surges: pd.DataFrame
) -> list[Sheet]:
    """Monthly backlog files, then a file a day for the last fortnight. Rows of the planted surges are guarded."""
    dice = plan.dice("incident words")
    told = describe(plan, grids, lives.people, happened)
    rare = dice.random(len(told)) < 0.12
    rows = pd.DataFrame({
        "incident_no": told["incident_no"],
        "reported_at": as_stamp(told["reported_at"]),
        "category": [WORDS[kind][int(other)] for kind, other in zip(told["kind"], rare, strict=True)],
        "grid_code": grids["grid_code"].to_numpy()[told["grid"].astype(int)],
        "lon": told["lon"].map("{:.6f}".format),
        "lat": told["lat"].map("{:.6f}".format),
        "arrived_at": as_stamp(told["arrived_at"]),
        "caller_mobile": told["caller_mobile"],
        "detail": told["detail"],
    })  # fmt: skip
    guarded = _in_a_surge(told, surges)
    days = told["reported_at"].dt.date
    return [
        Sheet("police_incident", FOLDER, f"jq_{name}.csv", FORM,
              renamed(INCIDENT, DAILY_HEADERS) if first == last else INCIDENT,
              rows[days.between(first, last)], guarded[days.between(first, last).to_numpy()])
        for name, first, last in incident_periods(plan)
    ]  # fmt: skip


def incident_periods(plan: Plan) -> list[tuple[str, date, date]]:
    """(name, first day, last day) of the files, covering every day once."""
    daily_from = plan.end - timedelta(days=DAILY_DAYS - 1)
    periods = []
    for month in plan.months():
        first = max(month, plan.start)
        last = min((month + timedelta(days=31)).replace(day=1) - timedelta(days=1), daily_from - timedelta(days=1))
        if first <= last:
            periods.append((f"{month:%Y%m}", first, last))
    days = [daily_from + timedelta(days=n) for n in range(DAILY_DAYS)]
    return periods + [(f"{day:%Y%m%d}", day, day) for day in days]


def _in_a_surge(told: pd.DataFrame, surges: pd.DataFrame) -> np.ndarray:
    inside = np.zeros(len(told), dtype=bool)
    for surge in surges.itertuples():
        day = told["reported_at"].dt.normalize()
        within = day.between(surge.window_start, surge.window_end)
        inside |= ((told["grid"] == surge.grid) & (told["kind"] == surge.kind) & within).to_numpy()
    return inside

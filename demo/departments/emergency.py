"""应急管理局: safety inspections as a weekly spreadsheet under two lines of title."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from demo.city import City
from demo.periods import weekly
from demo.sheet import Column, Form, Sheet
from demo.streams.safety import INSPECTIONS, NONE
from demo.text import as_day, picked, table, where, written

INSPECTION = {
    "inspection_no": Column("检查编号", "key", required=True),
    "organisation": Column("被检查单位", "text", required=True),
    "credit_code": Column("统一社会信用代码", "text"),
    "grid_code": Column("所属网格", "grid", required=True),
    "inspected_on": Column("检查日期", "date", required=True, cell="date"),
    "hazards": Column("隐患数", "number", required=True, cell="number"),
    "open_hazards": Column("未整改数", "number", cell="number"),
    "level": Column("隐患等级", "word"),
    "due_on": Column("整改期限", "date"),
    "fixed_on": Column("整改完成日期", "date"),
}
LEVELS = ["无", "一般", "重大"]


def inspections(city: City) -> Iterator[Sheet]:
    """New inspections, and older ones whose hazards have all been put right since. Those past their day are guarded."""
    stream, known, books = city.stream(INSPECTIONS), city.organisations, city.hazards
    level, fixed = stream.kind, books["fixed"].to_numpy()
    ends = np.datetime64(city.plan.end, "s") + np.timedelta64(86_400, "s")
    late = ((books["level"] != NONE) & (books["due"] < ends) & ~(books["fixed"] < ends)).to_numpy()
    for period in weekly(city.plan, 1):
        rows = stream.told_in(period, fixed)
        if not len(rows):
            continue
        found, done = level[rows] != NONE, fixed[rows] < period.ends
        hazards = found * (1 + np.floor(-np.log1p(-stream.lots("hazards", rows)) * 2.2)).astype(int)
        still = np.where(done, 0, np.ceil(hazards * stream.lots("still", rows)).astype(int))
        which = books["organisation"].to_numpy()[rows]
        form = Form("xlsx", titles=("安全生产检查情况登记表", f"填报单位：东湖市应急管理局　截止日期：{period.last}"))
        yield Sheet("safety_inspection", "emergency", f"aj_{period.name}.xlsx", form, INSPECTION, table(
            inspection_no=stream.numbers("AJ", rows, 10),
            organisation=picked(known.names, which),
            credit_code=where(stream.lots("no code", rows) < 0.1, "", picked(known.codes, which)),
            grid_code=city.people.codes(known.grid[which]),
            inspected_on=as_day(stream.at[rows]),
            hazards=written(hazards),
            open_hazards=written(still),
            level=picked(LEVELS, level[rows]),
            due_on=as_day(np.where(found, books["due"].to_numpy()[rows], np.datetime64("NaT", "s"))),
            fixed_on=as_day(np.where(done, fixed[rows], np.datetime64("NaT", "s"))),
        ), late[rows])  # fmt: skip

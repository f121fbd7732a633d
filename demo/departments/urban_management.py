"""城市管理局: cases that inspectors, cameras and citizens report, as GB18030."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from demo.city import City
from demo.periods import daily
from demo.planted.overdue import lying, overdue_matters
from demo.sheet import Column, Form, Sheet
from demo.streams.service import URBAN_CASES
from demo.text import as_loose_stamp, picked, table, written

CASE = {
    "case_no": Column("案件编号", "key", required=True),
    "kind": Column("案件类别", "word", required=True),
    "source": Column("问题来源", "word"),
    "reported_at": Column("上报时间", "stamp", required=True),
    "grid_code": Column("所属网格", "grid", required=True),
    "lon": Column("经度", "number"),
    "lat": Column("纬度", "number"),
    "due_at": Column("处置时限", "stamp"),
    "closed_at": Column("结案时间", "stamp"),
    "status": Column("状态", "word", required=True),
    "detail": Column("问题描述", "prose"),
}
WORDS = {"street_stall": ("占道经营", "流动摊贩"), "refuse": ("暴露垃圾", "垃圾堆积"), "advert": ("违规广告", "小广告"),
         "illegal_build": ("违法建设", "违章搭建"), "parking": ("机动车乱停放", "乱停车"),
         "facility": ("市政设施损坏", "设施损坏"), "greenery": ("绿化损毁",), "construction": ("施工管理", "渣土"),
         "other": ("其他",)}  # fmt: skip
SOURCES = ["监督员上报", "视频发现", "市民投诉", "热线转办"]
DAYS_TO_CLOSE = np.array([1, 1, 3, 7, 1, 3, 5, 3, 5])  # by kind


def cases(city: City) -> Iterator[Sheet]:
    """New cases, and older ones closed since. Rows of what is planted are guarded."""
    stream = city.stream(URBAN_CASES)
    stream.note_keys(city.events, "CG")
    allowed, windows = DAYS_TO_CLOSE[stream.kind], city.swells.windows.get(URBAN_CASES.name, [])
    closed, due = (
        stream.closed(days=0.9, never=0.03, allowed=allowed),
        stream.at + (allowed * 86_400).astype("timedelta64[s]"),
    )
    void = stream.lots("void", np.arange(len(due))) < 0.015
    late = lying(city.plan, due, closed, void=void)
    city.events += overdue_matters(city.plan, "城管案件", late, due, "城市管理局", city.grids, stream.grid)
    for period in daily(city.plan, backlog=1):
        rows = stream.told_in(period, closed)
        done = (closed[rows] < period.ends) & ~void[rows]
        lon, lat = stream.places(city.grids, rows).T
        state = np.select([void[rows], done], [3, 2], (stream.lots("state", rows) < 0.6).astype(int))
        yield Sheet("urban_case", "urban_management", f"cg_{period.name}.csv", Form("csv", "gb18030"), CASE, table(
            case_no=stream.numbers("CG", rows),
            kind=stream.words(WORDS, rows),
            source=picked(SOURCES, np.searchsorted([0.52, 0.72, 0.88], stream.lots("source", rows))),
            reported_at=as_loose_stamp(stream.at[rows]),
            grid_code=city.people.codes(stream.grid[rows]),
            lon=written(lon, 6),
            lat=written(lat, 6),
            due_at=as_loose_stamp(due[rows]),
            closed_at=as_loose_stamp(np.where(done, closed[rows], np.datetime64("NaT", "s"))),
            status=picked(["待处理", "处置中", "已结案", "作废"], state),
            detail=stream.says(rows),
        ), stream.near(windows, rows))  # fmt: skip

"""网格中心: the reference of all grids with their boundaries, the grid workers' reports and the points ledger."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from demo.city import City
from demo.grids import polygon_text
from demo.periods import daily, weekly
from demo.planted.hazards import hazard_events
from demo.planted.overdue import lying, overdue_matters
from demo.sheet import Column, Form, Sheet
from demo.streams.points import MEMBERS, OUTLETS, POINTS, WORTH
from demo.streams.service import GRID_REPORTS
from demo.text import as_loose_stamp, as_stamp, numbered, picked, table, where, written

FOLDER = "grid_centre"
GRID = {
    "grid_code": Column("网格编码", "key", required=True),
    "grid_name": Column("网格名称", "text", required=True),
    "community": Column("所属社区", "text", required=True),
    "town": Column("所属街道", "text", required=True),
    "lon": Column("中心经度", "number"),
    "lat": Column("中心纬度", "number"),
    "boundary": Column("网格边界", "text", required=True),
}
REPORT = {
    "report_no": Column("事件编号", "key", required=True),
    "worker_no": Column("网格员编号", "text", required=True),
    "kind": Column("事件类型", "word", required=True),
    "reported_at": Column("上报时间", "stamp", required=True),
    "grid_code": Column("网格编码", "grid", required=True),
    "lon": Column("经度", "number"),
    "lat": Column("纬度", "number"),
    "tier": Column("办理层级", "word"),
    "closed_at": Column("办结时间", "stamp"),
    "status": Column("状态", "word", required=True),
    "detail": Column("事件描述", "prose"),
}
ENTRY = {
    "entry_no": Column("流水号", "key", required=True),
    "member_no": Column("会员编号", "text", required=True),
    "entered_at": Column("记账时间", "stamp", required=True),
    "points": Column("积分", "number", required=True),
    "reason": Column("事由", "word", required=True),
    "outlet": Column("兑换点", "text"),
    "grid_code": Column("所属网格", "grid", required=True),
}
REPORT_WORDS = {"hazard": ("安全隐患", "消防隐患"), "dispute": ("矛盾纠纷",), "environment": ("环境卫生",),
                "facility": ("公共设施", "设施损坏"), "care": ("走访关爱", "走访帮扶"),
                "illegal_build": ("违章搭建", "违建"), "other": ("其他事项", "其他")}  # fmt: skip
TIERS = ["网格", "社区", "街道", "区级"]
DESKS, DAYS_TO_DEAL = np.array(["网格员", "社区", "街镇", "区级部门"]), np.array([3, 5, 7, 15])  # by tier
REASONS = {"volunteering": "志愿服务", "civility": "文明行为", "sorting": "垃圾分类", "deliberation": "参与议事",
           "redemption": "兑换", "expiry": "清零"}  # fmt: skip


def grids(city: City) -> Iterator[Sheet]:
    own = city.grids[["grid_code", "grid_name", "community", "town"]].assign(
        lon=city.grids["lon"].map("{:.6f}".format),
        lat=city.grids["lat"].map("{:.6f}".format),
        boundary=city.grids["ring"].map(polygon_text),
    )
    yield Sheet("grid", FOLDER, f"wg_{city.plan.start:%Y%m}01.csv", Form(), GRID, own.astype(object))


def reports(city: City) -> Iterator[Sheet]:
    """New reports, and older ones that were closed since."""
    stream = city.fabrications.report(city.stream(GRID_REPORTS), city.grids["grid_code"].to_numpy())
    codes = city.grids["grid_code"].tolist()
    city.events += hazard_events(
        city.plan, city.hazards, city.organisations, city.people.homes, city.estates, stream, codes
    )
    tier = np.searchsorted([0.62, 0.88, 0.98], stream.lots("tier", np.arange(len(stream.at))))
    closed = stream.closed(days=1.6, never=0.02, allowed=DAYS_TO_DEAL[tier])
    confirmed = stream.lots("confirmed", np.arange(len(tier))) < 0.4
    due = stream.at.astype("datetime64[m]") + (DAYS_TO_DEAL[tier] * 1440).astype("timedelta64[m]")
    late = lying(city.plan, due, closed, confirmed)
    city.events += overdue_matters(city.plan, "网格事件", late, due, DESKS[tier], city.grids, stream.grid)
    for period in daily(city.plan, backlog=1):
        rows = stream.told_in(period, closed)
        done = closed[rows] < period.ends
        lon, lat = stream.places(city.grids, rows).T
        state = np.where(done, 2 + confirmed[rows], stream.lots("state", rows) < 0.6)
        yield Sheet("grid_report", FOLDER, f"sj_{period.name}.csv", Form(), REPORT, table(
            report_no=stream.numbers("SB", rows),
            worker_no=numbered("WGY", stream.grid[rows] + 1, 5),
            kind=stream.words(REPORT_WORDS, rows),
            reported_at=as_loose_stamp(stream.at[rows]),
            grid_code=city.people.codes(stream.grid[rows]),
            lon=written(lon, 6),
            lat=written(lat, 6),
            tier=picked(TIERS, tier[rows]),
            closed_at=as_loose_stamp(np.where(done, closed[rows], np.datetime64("NaT", "s"))),
            status=picked(["待处理", "处理中", "已办结", "居民已确认"], state),
            detail=stream.says(rows),
        ))  # fmt: skip


def points(city: City) -> Iterator[Sheet]:
    stream = city.stream(POINTS)
    members, codes = city.plan.count(MEMBERS), stream.recipe.codes
    worth = np.array([WORTH[code] for code in codes])
    outlets = [f"{town[:2]}{outlet}" for town in city.grids["town"].unique()[:24] for outlet in OUTLETS]
    for period in weekly(city.plan, 1):
        new = period.slice_of(stream.at)
        rows = np.arange(new.start, new.stop)
        kind = stream.kind[rows]
        low, high = worth[kind].T
        member = (stream.lots("member", rows) * members).astype(int)
        outlet = picked(outlets, (stream.lots("outlet", rows) * len(outlets)).astype(int))
        yield Sheet("points_entry", FOLDER, f"jfz_{period.name}.csv", Form(), ENTRY, table(
            entry_no=stream.numbers("PT", rows, 10),
            member_no=numbered("HY", member + 1, 8),
            entered_at=as_stamp(stream.at[rows], seconds=False),
            points=written(low + np.floor(stream.lots("points", rows) * (high - low + 1))),
            reason=picked([REASONS[code] for code in codes], kind),
            outlet=where(kind == codes.index("redemption"), outlet, ""),
            grid_code=city.people.codes(member * 7 % len(city.grids)),
        ))  # fmt: skip

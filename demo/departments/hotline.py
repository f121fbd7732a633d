"""12345热线中心: orders as JSON lines, told when they come in and again when they are closed."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
import pandas as pd

from demo.city import City
from demo.periods import daily
from demo.planted.laggards import lag
from demo.planted.matters import matter_events
from demo.planted.overdue import lying, overdue_matters
from demo.sheet import Column, Form, Sheet
from demo.streams.service import HOTLINE
from demo.streams.stream import Stream
from demo.text import Text, as_stamp, numbered, picked, table, where

ORDER = {
    "order_no": Column("orderNo", "key", required=True),
    "called_at": Column("callTime", "stamp", required=True),
    "kind": Column("category", "word", required=True),
    "grid_code": Column("gridCode", "grid"),
    "caller_no": Column("callerId", "text"),
    "mobile": Column("phone", "mobile"),
    "subject": Column("title", "prose", required=True),
    "content": Column("content", "prose"),
    "unit": Column("handler", "text"),
    "due_at": Column("deadline", "stamp"),
    "closed_at": Column("closeTime", "stamp"),
    "satisfied": Column("satisfied", "word"),
    "status": Column("status", "word", required=True),
}
WORDS = {
    "noise": ("噪声扰民", "噪音扰民"), "refuse": ("垃圾环卫", "环境卫生"), "parking": ("违法停车", "停车问题"),
    "water": ("供水排水", "供水"), "power": ("供电", "停电"), "housing": ("房屋物业", "物业管理"),
    "road": ("道路设施", "路灯"), "transit": ("公共交通", "公交"), "welfare": ("社会保障", "社保医保"),
    "food": ("食品安全",), "stray": ("流浪动物", "犬只管理"), "wage": ("拖欠工资", "欠薪"),
    "consult": ("政策咨询", "咨询"), "other": ("其他",),
}  # fmt: skip
UNITS = {
    "noise": "生态环境局", "refuse": "城市管理局", "parking": "公安局交警大队", "water": "水务集团", "power": "供电公司",
    "housing": "住房和城乡建设局", "road": "城市管理局", "transit": "交通运输局", "welfare": "人力资源和社会保障局",
    "food": "市场监督管理局", "stray": "城市管理局", "wage": "人力资源和社会保障局", "consult": "政务服务中心",
    "other": "属地街道",
}  # fmt: skip
REGULARS, REGULAR_SHARE = 30, 0.05  # at 20,000 residents; of the calls
DAYS_TO_ANSWER = np.timedelta64(7 * 86_400, "s")


def orders(city: City) -> Iterator[Sheet]:
    """New orders, and older ones closed since. Rows of what is planted are guarded."""
    stream = city.stream(HOTLINE)
    stream.note_keys(city.events, "RX")
    handler = np.array([UNITS[code] for code in stream.recipe.codes])[stream.kind]
    took = lag(city.plan, stream.at, stream.closed(days=2.4, never=0.02, allowed=7), handler)
    closed = city.fabrications.close(stream.at, took, handler, DAYS_TO_ANSWER)
    due, windows = stream.at + DAYS_TO_ANSWER, city.swells.windows.get(HOTLINE.name, [])
    city.events += overdue_matters(city.plan, "热线工单", lying(city.plan, due, closed), due, handler, city.grids, None)
    every = np.arange(len(stream.at))
    place = _near(_estates(city), stream.grid, stream.lots("estate", every))
    codes = np.array(stream.recipe.codes)[stream.kind]
    said = city.around.told(codes.tolist(), place.to_pylist(), partial(_lots, stream, every))
    subject, content, thing = (
        stream.own(column, every, picked([getattr(one, part) for one in said], every))
        for column, part in (("says", "subject"), ("content", "text"), ("thing", "thing"))
    )
    callers = _callers(city, stream, every)
    if not city.plan.quiet:
        city.events += matter_events(city.plan, _told(city, stream, closed, thing, callers), city.events)
    for period in daily(city.plan, backlog=1):
        rows = stream.told_in(period, closed)
        done, returned = closed[rows] < period.ends, stream.lots("returned", rows) < 0.02
        shut = np.where(done & ~returned, closed[rows], np.datetime64("NaT", "s"))
        guarded = stream.near(windows, rows)
        caller = callers[rows]
        yield Sheet("hotline", "hotline", f"rx_{period.name}.jsonl", Form("jsonl"), ORDER, table(
            order_no=stream.numbers("RX", rows),
            called_at=as_stamp(stream.at[rows]),
            kind=stream.words(WORDS, rows),
            grid_code=where((stream.lots("no grid", rows) < 0.06) & ~guarded, "", city.people.codes(stream.grid[rows])),
            caller_no=numbered("LD", caller + 1, 8),
            mobile=city.people.mobiles(caller),
            subject=picked(subject, rows),
            content=picked(content, rows),
            unit=picked([UNITS[code] for code in stream.recipe.codes], stream.kind[rows]),
            due_at=as_stamp(due[rows]),
            closed_at=as_stamp(shut),
            satisfied=where(np.isnat(shut), "", picked(["是", "否"], stream.lots("satisfied", rows) < 0.12)),
            status=picked(["待派单", "办理中", "已办结", "退单"], _state(stream.lots("state", rows), done, returned)),
        ), guarded)  # fmt: skip


def _told(city: City, stream: Stream, closed: np.ndarray, thing: Text, callers: np.ndarray) -> pd.DataFrame:
    """Calls and petitions as matter_events wants them."""
    rows = np.arange(len(stream.at))
    calls = pd.DataFrame({
        "key": stream.numbers("RX", rows).to_pylist(), "at": stream.at, "closed": closed, "voice": [f"call {one}" for one in callers], "channel": 0,
        "thing": thing.to_pylist(), "event": stream.event,
    })  # fmt: skip
    written = city.petitions
    letters = pd.DataFrame({
        "key": written["petition_no"].astype(str), "at": written["filed_at"], "closed": np.datetime64("NaT", "s"),
        "voice": [f"letter {one}" for one in written["user"]], "channel": 1, "thing": written["thing"], "event": written["event"].astype(int),
    })  # fmt: skip
    return pd.concat([calls, letters], ignore_index=True)


def _lots(stream: Stream, rows: np.ndarray, part: str) -> np.ndarray:
    return stream.lots(part, rows)


def _callers(city: City, stream: Stream, rows: np.ndarray) -> np.ndarray:
    """Anybody; and now and then a regular, who calls about everything."""
    callers, known = stream.callers(city.people, rows), city.people.callers
    regulars = known[:: max(1, len(known) // city.plan.count(REGULARS))]
    one = regulars[(stream.lots("which regular", rows) * len(regulars)).astype(int)]
    return np.where((stream.lots("regular", rows) < REGULAR_SHARE) & (stream.event[rows] < 0), one, callers)


def _state(lots: np.ndarray, done: np.ndarray, returned: np.ndarray) -> np.ndarray:
    return np.where(done, np.where(returned, 3, 2), lots < 0.75)


def _estates(city: City) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Estates in order of their grids, the first of each grid, and how many it has."""
    own = city.people.homes.buildings.drop_duplicates("estate")
    count = np.bincount(own["grid"], minlength=len(city.grids))
    return own["estate"].tolist(), np.cumsum(count) - count, count


def _near(estates: tuple[list[str], np.ndarray, np.ndarray], grid: np.ndarray, lots: np.ndarray) -> Text:
    names, first, count = estates
    return picked(names, first[grid] + (lots * count[grid]).astype(int))

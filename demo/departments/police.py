"""公安局: household register, incidents, disputes and custody, exported as GB18030 by a Windows system."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from demo.city import City
from demo.periods import daily, last_month_closed, weekly
from demo.plan import Plan
from demo.sheet import Column, Form, Sheet, renamed
from demo.streams.incidents import DISPUTES, INCIDENTS
from demo.text import as_day, as_stamp, numbered, picked, table, where, written

FOLDER = "police"
FORM = Form("csv", "gb18030", newline="\r\n")
MANY_RESIDENTS = 200_000  # above it only the last two registers are kept
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
DISPUTE = {
    "dispute_no": Column("纠纷编号", "key", required=True),
    "kind": Column("纠纷类型", "word", required=True),
    "reported_at": Column("受理时间", "stamp", required=True),
    "grid_code": Column("所属网格", "grid", required=True),
    "parties": Column("当事人数", "number"),
    "tier": Column("化解层级", "word"),
    "settled_on": Column("化解日期", "date"),
    "status": Column("状态", "word", required=True),
    "first_mobile": Column("申请人电话", "mobile"),
    "detail": Column("纠纷简况", "prose"),
}
CUSTODY = {
    "custody_no": Column("羁押编号", "key", required=True),
    "resident_id": Column("公民身份号码", "id", required=True),
    "name": Column("姓名", "name", required=True),
    "measure": Column("措施类别", "word", required=True),
    "began_on": Column("开始日期", "date", required=True),
    "ended_on": Column("结束日期", "date"),
}
DAILY_HEADERS = {"incident_no": "接警编号", "reported_at": "接警时间", "grid_code": "网格编码"}
# the word an officer picks, and a variant some stations write
WORDS = {"theft": ("盗窃", "入室盗窃"), "fraud": ("诈骗", "电信诈骗"), "assault": ("殴打他人", "打架斗殴"),
         "dispute": ("纠纷", "邻里纠纷"), "traffic": ("交通事故", "交通类"), "noise": ("噪音扰民", "噪声扰民"),
         "vehicle_theft": ("盗窃电动车", "电动车被盗"), "help": ("群众求助", "求助")}  # fmt: skip
DISPUTE_WORDS = {"neighbour": ("邻里纠纷", "邻里矛盾"), "family": ("婚姻家庭纠纷", "家庭纠纷"),
                 "labour": ("劳动争议", "劳资纠纷"), "property": ("物业纠纷",), "consumer": ("消费纠纷",),
                 "land": ("征地拆迁纠纷", "拆迁纠纷"), "medical": ("医疗纠纷", "医患纠纷"),
                 "debt": ("债务纠纷", "经济纠纷"), "other": ("其他纠纷",)}  # fmt: skip
TIERS = ["网格", "社区", "村", "街道", "镇", "县级"]
MEASURE_WORDS = {"administrative": "行政拘留", "criminal": "刑事拘留", "sentence": "服刑",
                 "community_correction": "社区矫正"}  # fmt: skip


def register_days(plan: Plan) -> Sequence[np.datetime64]:
    """The first of each month within the days; of a large city the last two."""
    days = [np.datetime64(first, "D") for first in plan.months() if first >= plan.start]
    return days if plan.residents <= MANY_RESIDENTS else days[-2:]


def registers(city: City) -> Iterator[Sheet]:
    """Who is registered in the city on the first of a month. The dead are struck off, but for the forgotten."""
    frame, people = city.lives.frame, city.people
    false_sex = np.isin(np.arange(len(frame)), city.false_sex)
    forgotten = np.isin(np.arange(len(frame)), city.unstruck)
    for day in register_days(city.plan):
        known = city.lives.alive(day) | (forgotten & (frame["registered_on"].to_numpy() <= day))
        here = np.flatnonzero(known & (people.dwellings(np.arange(len(frame)), day) >= 0))
        own, home = frame.iloc[here], people.dwellings(here, day)
        sex = (~own["male"].to_numpy()) ^ false_sex[here]
        digits = (city.plan.lots(f"register {day}", here) < 0.04) & ~false_sex[here]
        rows = table(
            registration_no=numbered("HJ", here + 1, 8),
            resident_id=people.ids(here),
            name=people.names(here),
            sex=picked(["男", "女", "1", "2"], sex + 2 * digits),
            birth_date=as_day(own["birth"]),
            household_no=numbered("H", own["household"].to_numpy() + 1, 6),
            address=people.homes.addresses(city.grids, home),
            grid_code=people.codes(people.homes.grid[home]),
            mobile=people.mobiles(here),
            registered_on=as_day(own["registered_on"]),
        )
        name = f"hj_{str(day).replace('-', '')}.csv"
        yield Sheet("household_registration", FOLDER, name, FORM, REGISTER, rows, city.shielded[here])


def incidents(city: City) -> Iterator[Sheet]:
    """Backlog files, then a file a day. Rows of what is planted are guarded."""
    stream = city.stream(INCIDENTS)
    stream.note_keys(city.events, "JQ")
    windows = city.swells.windows.get(INCIDENTS.name, [])
    for period in daily(city.plan):
        new = period.slice_of(stream.at)
        rows = np.arange(new.start, new.stop)
        lon, lat = stream.places(city.grids, rows).T
        minutes = 2 - np.log1p(-stream.lots("arrival one", rows) * 0.999) * 4 - np.log1p(
            -stream.lots("arrival two", rows) * 0.999) * 4  # fmt: skip
        arrived = stream.at[rows] + (np.clip(minutes, 2, 55) * 60).astype("timedelta64[s]")
        seldom = np.where(stream.kind[rows] == INCIDENTS.codes.index("fraud"), 0.5, 0.04)
        went = stream.lots("went", rows) > seldom
        told = table(
            incident_no=stream.numbers("JQ", rows),
            reported_at=as_stamp(stream.at[rows]),
            category=stream.words(WORDS, rows),
            grid_code=city.people.codes(stream.grid[rows]),
            lon=written(lon, 6),
            lat=written(lat, 6),
            arrived_at=as_stamp(np.where(went, arrived, np.datetime64("NaT", "s"))),
            caller_mobile=where(stream.lots("withheld", rows) < 0.05, "",
                                city.people.mobiles(stream.callers(city.people, rows))),
            detail=stream.says(rows),
        )  # fmt: skip
        columns = renamed(INCIDENT, DAILY_HEADERS) if period.first == period.last else INCIDENT
        yield Sheet("police_incident", FOLDER, f"jq_{period.name}.csv", FORM, columns, told, stream.near(windows, rows))


def disputes(city: City) -> Iterator[Sheet]:
    """New disputes, and older ones settled since."""
    stream = city.stream(DISPUTES)
    closed = stream.closed(days=9, never=0.1)
    for period in weekly(city.plan, 2):
        rows = stream.told_in(period, closed)
        done, court = closed[rows] < period.ends, stream.lots("court", rows) < 0.07
        parties = 2 + (-np.log1p(-stream.lots("parties", rows)) * 1.2).astype(int)
        tier = np.searchsorted([0.35, 0.6, 0.75, 0.88, 0.97], stream.lots("tier", rows))
        settled = np.where(done & ~court, closed[rows], np.datetime64("NaT", "s"))
        yield Sheet("dispute", FOLDER, f"jf_{period.name}.csv", FORM, DISPUTE, table(
            dispute_no=stream.numbers("JF", rows, 10),
            kind=stream.words(DISPUTE_WORDS, rows),
            reported_at=as_stamp(stream.at[rows], seconds=False),
            grid_code=city.people.codes(stream.grid[rows]),
            parties=written(parties),
            tier=picked(TIERS, tier),
            settled_on=as_day(settled),
            status=picked(["调处中", "已化解", "转诉讼"], done * (1 + court)),
            first_mobile=where(stream.lots("no mobile", rows) < 0.2, "",
                               city.people.mobiles(stream.callers(city.people, rows))),
            detail=stream.says(rows),
        ))  # fmt: skip


def custody(city: City) -> Iterator[Sheet]:
    """Measures that began or ended in the period; the first file also has those that lasted before."""
    held = city.care.custody
    began, ended = held["began_on"].to_numpy(), held["ended_on"].to_numpy()
    for number, period in enumerate(last_month_closed(city.plan)):
        first = (number == 0) & (began < np.datetime64(period.first))
        rows = np.flatnonzero(period.holds(began) | period.holds(ended) | first)
        person = held["person"].to_numpy()[rows]
        told = table(
            custody_no=numbered(f"JG{city.plan.end:%y}", rows + 1, 6),
            resident_id=city.people.ids(person),
            name=city.people.names(person),
            measure=picked([MEASURE_WORDS[one] for one in held["measure"].iloc[rows]], np.arange(len(rows))),
            began_on=as_day(began[rows]),
            ended_on=as_day(np.where(ended[rows] < period.ends, ended[rows], np.datetime64("NaT", "s"))),
        )
        yield Sheet("custody", FOLDER, f"jg_{period.name}.csv", FORM, CUSTODY, told, city.shielded[person])

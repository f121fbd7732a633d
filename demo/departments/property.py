"""物业企业: inspections, repair tickets, dwellings, moves and parking, each from another system in another form."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from demo.city import City
from demo.periods import Period, daily, monthly, weekly
from demo.plan import Plan
from demo.planted.overdue import lying, overdue_matters
from demo.sheet import Column, Form, Sheet, renamed
from demo.streams.equipment import DAYS_TO_REPAIR, FAULT_KINDS, FAULTS, first_inspection_day
from demo.text import Text, as_day, as_loose_stamp, as_stamp, numbered, picked, table, where, written

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
DWELLING = {
    "dwelling_no": Column("房屋编号", "key", required=True),
    "estate": Column("小区", "text", required=True),
    "building": Column("楼栋", "text", required=True),
    "room": Column("房号", "text", required=True),
    "area_m2": Column("建筑面积", "number"),
    "use": Column("用途", "word"),
    "occupancy": Column("使用状况", "word", required=True),
    "owner_name": Column("产权人", "name"),
    "grid_code": Column("所属网格", "grid", required=True),
}
MOVE = {
    "move_no": Column("moveNo", "key", required=True),
    "resident_id": Column("idCard", "id", required=True),
    "name": Column("name", "name", required=True),
    "dwelling_no": Column("houseNo", "text", required=True),
    "direction": Column("direction", "word", required=True),
    "moved_on": Column("moveDate", "date", required=True),
    "mobile": Column("phone", "mobile"),
}
PARKING = {
    "lot_no": Column("lotNo", "key", required=True),
    "estate": Column("estate", "text"),
    "grid_code": Column("gridCode", "grid", required=True),
    "observed_at": Column("time", "stamp", required=True),
    "spaces": Column("total", "number", required=True),
    "taken": Column("used", "number", required=True),
    "shared": Column("shared", "number"),
}
EQUIPMENT_WORDS = {"elevator": "电梯", "fire": "消防设施", "gas": "燃气设施"}
REPAIR_WORDS = {"elevator_fault": "电梯故障", "water": "水电维修", "fire_equipment": "消防设备故障",
                "public_area": "公共区域", "other": "其他", "gas_fault": "燃气故障"}  # fmt: skip
USES = ["住宅", "商业", "办公", "车库"]
NOT_HOMES = 0.3  # of the dwellings nobody lives in
TICKET_WEEKS = 7
BAD_WEEK = -7  # about six weeks back, beyond the 30 days that warnings look at


def inspections(city: City) -> Iterator[Sheet]:
    """The first month's file is the whole stock as it stood at that month's end; later ones hold re-inspections.

    Rows of planted and decoy elevators are guarded, and re-inspections, whose loss would make a piece look overdue.
    """
    pieces, since = city.estates.equipment, first_inspection_day(city.plan)
    redone = pieces["redone_on"].to_numpy()
    for number, period in enumerate(monthly(city.plan, since)):
        again = period.holds(redone)
        rows = np.arange(len(pieces)) if number == 0 else np.flatnonzero(again)
        own, place = pieces.iloc[rows], pieces["place"].to_numpy()[rows]
        result = np.searchsorted([0.93, 0.97, 0.98], city.plan.lots(f"inspection {period.name}", rows))
        columns = renamed(INSPECTION, OTHER_COMPANY) if number == 1 else INSPECTION
        guarded = (own["part"] != "").to_numpy() | again[rows]
        yield Sheet("equipment_inspection", FOLDER, f"sb_{period.name}.csv", Form(), columns, table(
            equipment_no=picked(own["equipment_no"].tolist(), np.arange(len(rows))),
            kind=picked([EQUIPMENT_WORDS[kind] for kind in own["kind"]], np.arange(len(rows))),
            **_place(city, place),
            inspected_on=as_day(np.where(again[rows], redone[rows], own["inspected_on"].to_numpy())),
            next_due_on=as_day(np.where(again[rows], own["redue_on"].to_numpy(), own["next_due_on"].to_numpy())),
            result=picked(["合格", "复检合格", "不合格", ""], result),
        ), guarded)  # fmt: skip


def ticket_periods(plan: Plan) -> list[Period]:
    return weekly(plan, TICKET_WEEKS)


def bad_delivery(plan: Plan) -> str:
    """The weekly repair file that goes wrong."""
    return f"bx_{ticket_periods(plan)[BAD_WEEK].name}.csv"


def repairs(city: City) -> Iterator[Sheet]:
    """Each week the new tickets, and the older ones closed in it. Elevator faults of marked buildings are guarded."""
    tickets = city.estates.tickets
    reported, closed = tickets["reported_at"].to_numpy(), tickets["closed_at"].to_numpy()
    due = reported + np.timedelta64(DAYS_TO_REPAIR * 86_400, "s")
    grid = city.people.homes.buildings["grid"].to_numpy()[tickets["place"]]
    city.events += overdue_matters(
        city.plan, "报修投诉", lying(city.plan, due, closed), due, "物业企业", city.grids, grid
    )
    words = [line for lines in FAULTS.values() for line in lines]
    sizes = np.array([len(lines) for lines in FAULTS.values()])
    for period in ticket_periods(city.plan):
        new = period.slice_of(reported)
        older = np.flatnonzero(period.holds(closed[: new.start]))
        rows = np.concatenate([older, np.arange(new.start, new.stop)])
        own, done = tickets.iloc[rows], closed[rows] < period.ends
        kind = own["kind"].to_numpy()
        text = (np.cumsum(sizes) - sizes)[kind] + (city.plan.lots("ticket text", rows) * sizes[kind]).astype(int)
        caller = city.people.callers[(city.plan.lots("ticket caller", rows) * len(city.people.callers)).astype(int)]
        yield Sheet("repair", FOLDER, f"bx_{period.name}.csv", Form(delimiter=";"), TICKET, table(
            ticket_no=numbered("BX", city.plan.end.year % 100 * 1_000_000 + 1 + rows, 8),
            kind=picked([REPAIR_WORDS[code] for code in FAULT_KINDS], kind),
            **_place(city, own["place"].to_numpy()),
            reported_at=as_loose_stamp(reported[rows]),
            closed_at=as_loose_stamp(np.where(done, closed[rows], np.datetime64("NaT", "s"))),
            status=picked(["待处理", "处理中", "已办结"], np.where(done, 2, city.plan.lots("ticket state", rows) < 0.5)),
            mobile=where(city.plan.lots("ticket mobile", rows) < 0.1, "", city.people.mobiles(caller)),
            detail=picked(words, text),
        ), (own["part"] != "").to_numpy())  # fmt: skip


def dwellings(city: City) -> Iterator[Sheet]:
    """All dwellings on the first of the last month; of a long city of the last two."""
    firsts = [first for first in city.plan.months() if first >= city.plan.start]
    for first in firsts[-2 if city.plan.long else -1 :]:
        yield _ledger(city, np.datetime64(first, "D"), f"fw_{first:%Y%m%d}.csv")


def _ledger(city: City, day: np.datetime64, name: str) -> Sheet:
    homes, frame = city.people.homes, city.lives.frame
    rows, at = np.arange(len(homes.building)), homes.at(day)
    household = np.full(len(rows), -1)
    household[at[at >= 0]] = np.flatnonzero(at >= 0)
    heads = np.flatnonzero(frame["place"].to_numpy() == 0)  # one a household, in their order
    lots = {part: city.plan.lots(f"dwelling {part}", rows) for part in ("let", "owner", "area", "use")}
    let = lots["let"] < 0.19
    landlord = city.people.callers[(lots["owner"] * len(city.people.callers)).astype(int)]
    owner = np.where((household >= 0) & ~let, heads[household], landlord)
    use = np.where((household < 0) & (lots["use"] < NOT_HOMES), 1 + (lots["use"] * 300).astype(int) % 3, 0)
    return Sheet("dwelling", FOLDER, name, Form("csv", "utf-8-sig", delimiter="\t"), DWELLING, table(
        dwelling_no=numbered("FW", rows + 1, 8),
        estate=picked(homes.buildings["estate"].tolist(), homes.building),
        building=picked(homes.buildings["building"].tolist(), homes.building),
        room=homes.rooms(rows),
        area_m2=written(42 + lots["area"] ** 2 * 110, 1),
        use=picked(USES, use),
        occupancy=picked(["自住", "出租", "空置"], np.where(household < 0, 2, let)),
        owner_name=city.people.names(owner),
        grid_code=city.people.codes(homes.grid),
    ))  # fmt: skip


def moves(city: City) -> Iterator[Sheet]:
    """Everybody of a household that moves: out of the old dwelling, into the new one."""
    homes, frame = city.people.homes, city.lives.frame
    household = frame["household"].to_numpy()
    movers = np.flatnonzero(~np.isnat(homes.moved_on)[household] & (frame["place"].to_numpy() != 9))
    movers = np.repeat(movers, 2)
    inward = np.arange(len(movers)) % 2
    own = household[movers]
    dwelling = np.where(inward == 1, homes.next_home[own], homes.first_home[own])
    alive = ~(city.lives.frame["died_on"].to_numpy()[movers] < homes.moved_on[own])
    keep = np.flatnonzero((dwelling >= 0) & alive)
    keep = keep[np.lexsort([movers[keep], homes.moved_on[own[keep]]])]
    moved = homes.moved_on[own[keep]].astype("datetime64[s]")
    for period in weekly(city.plan, 1):
        rows = keep[period.slice_of(moved)]
        if not len(rows):
            continue
        person, day = movers[rows], homes.moved_on[own[rows]]
        yield Sheet("resident_move", FOLDER, f"qr_{period.name}.jsonl", Form("jsonl"), MOVE, table(
            move_no=numbered("QR", person * 2 + inward[rows], 10),
            resident_id=city.people.ids(person),
            name=city.people.names(person),
            dwelling_no=numbered("FW", dwelling[rows] + 1, 8),
            direction=picked(["out", "in"], inward[rows]),
            moved_on=as_day(day),
            mobile=city.people.mobiles(person),
        ), city.shielded[person])  # fmt: skip


def parking(city: City) -> Iterator[Sheet]:
    lots = city.lots.table
    for period in daily(city.plan, city.lots.start, backlog=1):
        seen = city.lots.hours(period.first, period.last)
        row = seen["row"].to_numpy()
        yield Sheet("parking_lot", FOLDER, f"tc_{period.name}.zip", Form("jsonl", packed=True), PARKING, table(
            lot_no=numbered("TC", lots["lot"].to_numpy()[row], 5),
            estate=picked(lots["estate"].tolist(), row),
            grid_code=city.people.codes(lots["grid"].to_numpy()[row]),
            observed_at=as_stamp(seen["at"]),
            spaces=written(lots["spaces"].to_numpy()[row]),
            taken=written(seen["taken"].to_numpy()),
            shared=written(lots["shared"].to_numpy()[row]),
        ))  # fmt: skip


def _place(city: City, place: np.ndarray) -> dict[str, Text]:
    """Estate, building and grid of rows of the buildings."""
    buildings = city.people.homes.buildings
    return {
        "estate": picked(buildings["estate"].tolist(), place),
        "building": picked(buildings["building"].tolist(), place),
        "grid_code": city.people.codes(buildings["grid"].to_numpy()[place]),
    }

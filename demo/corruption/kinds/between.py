"""Values that are well written but contradict each other, or stand in the wrong column."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import atan2, cos, pi, sin, sqrt

from demo.corruption.kind import Company, Dice, Row, columns
from demo.moments import parse_moment

# the columns of each feed where an order is promised: (start, end)
ORDERED = {
    "police_incident": ("reported_at", "arrived_at"),
    "employment": ("hired_on", "left_on"),
    "equipment_inspection": ("inspected_on", "next_due_on"),
    "repair": ("reported_at", "closed_at"),
}
RECEIVED_AFTER = {"police_incident": "reported_at", "petition": "filed_at"}
SEXES = {"男": "女", "女": "男", "1": "2", "2": "1"}


@columns("between", "止早于起", "hold", "两个时间至少一个是错的", demo=True)
def end_before_start(dice: Dice, row: Row, company: Company) -> dict[str, str] | None:
    """The end moved before the start, written as the end was."""
    start, end = _start_and_end(row, company)
    first, last = _moment(row, start), _moment(row, end)
    if first is None or last is None:
        return None
    moved = first - timedelta(days=int(dice.integers(1, 40)), minutes=int(dice.integers(1, 600)))
    return {end: written_like(row.cells[end], moved)}


def _start_and_end(row: Row, company: Company) -> tuple[str, str]:
    if company.sheet.feed in ORDERED:
        return ORDERED[company.sheet.feed]
    start, end = (row.column(f"{which}_date") or row.column(f"{which}_stamp") or "" for which in ("start", "end"))
    return start, end


def _moment(row: Row, column: str | None) -> datetime | None:
    return parse_moment(row.cells[column]) if column else None


def written_like(sample: str, at: datetime) -> str:
    """The moment in the form of the sample: 2026-03-01, 20260301, 2026/3/1 9:05, with or without seconds."""
    if sample.isdigit():
        return at.strftime("%Y%m%d")
    if "/" in sample:
        seconds = f":{at:%S}" if sample.count(":") == 2 else ""
        return f"{at.year}/{at.month}/{at.day} {at.hour}:{at:%M}{seconds}"
    return at.strftime("%Y-%m-%d %H:%M:%S" if ":" in sample else "%Y-%m-%d")


@columns("between", "未来时间", "hold", "收到文件时还没有发生", demo=True)
def in_the_future(dice: Dice, row: Row, company: Company) -> dict[str, str] | None:
    """The year's last digits swapped or mistyped, so that it lies ahead."""
    column = RECEIVED_AFTER.get(company.sheet.feed) or row.column("start_stamp") or row.column("start_date") or ""
    at = _moment(row, column)
    if at is None:
        return None
    return {column: row.cells[column].replace(str(at.year), str(at.year + int(dice.choice([9, 10, 36]))), 1)}


@columns("between", "出生日期与身份证不符", "hold", "两处至少一处错，不知是哪处", demo=True)
def birth_beside_id(dice: Dice, row: Row, company: Company) -> dict[str, str] | None:
    """A birth date that differs from the one inside the resident ID by a slip of the pen."""
    at, column = _moment(row, row.column("birth")), row.column("birth")
    if at is None or column is None or row.column("id") is None:
        return None
    slipped = at + timedelta(days=int(dice.choice([-365, -30, -1, 1, 9])))
    return {column: written_like(row.cells[column], slipped)}


@columns("between", "性别与身份证不符", "hold", "两处至少一处错，不知是哪处")
def sex_beside_id(dice: Dice, row: Row, company: Company) -> dict[str, str] | None:
    column = row.column("sex")
    other = SEXES.get(row.cells[column]) if column and row.column("id") else None
    return {str(column): other} if other else None


@columns("between", "出生晚于登记", "hold", "人未出生不能登记")
def born_after_registration(dice: Dice, row: Row, company: Company) -> dict[str, str] | None:
    column = next((name for name, role in row.roles.items() if role == "date" and "regist" in name), None)
    born = _moment(row, row.column("birth"))
    if born is None or column is None or not row.cells[column]:
        return None
    return {column: written_like(row.cells[column], born - timedelta(days=int(dice.integers(1, 4000))))}


@columns("between", "同码不同社区", "hold", "同一网格编码对应两个社区，必有一错")
def other_community(dice: Dice, row: Row, company: Company) -> dict[str, str] | None:
    """The code stays, the community is another row's: a dependency that held everywhere is broken here."""
    column = row.column("community")
    other = company.other.cells[column] if column else ""
    return {str(column): other} if other and other != row.cells[str(column)] else None


@columns("between", "经纬度颠倒", "repair", "国内经度都大于纬度，颠倒一看便知")
def lon_lat_swapped(dice: Dice, row: Row, company: Company) -> dict[str, str] | None:
    lon, lat = row.column("lon"), row.column("lat")
    return {lon: row.cells[lat], lat: row.cells[lon]} if lon and lat and row.cells[lon] and row.cells[lat] else None


@columns("between", "坐标偏移", "hold", "换了坐标系，偏几百米，单看看不出")
def datum_shift(dice: Dice, row: Row, company: Company) -> dict[str, str] | None:
    """GCJ-02 or BD-09 in place of WGS-84."""
    lon, lat = row.column("lon"), row.column("lat")
    try:
        at = float(row.cells[lon or ""]), float(row.cells[lat or ""])
    except (KeyError, ValueError):
        return None
    moved = gcj02(*at) if dice.random() < 0.5 else bd09(*gcj02(*at))
    return {str(lon): f"{moved[0]:.6f}", str(lat): f"{moved[1]:.6f}"}


def gcj02(lon: float, lat: float) -> tuple[float, float]:
    """Degrees of WGS-84 as the degrees that Chinese maps must use: the widely published approximation."""
    x, y, wave = lon - 105, lat - 35, 20 * sin(6 * pi * (lon - 105)) + 20 * sin(2 * pi * (lon - 105))
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x)) + wave * 2 / 3
    north += (20 * sin(y * pi) + 40 * sin(y / 3 * pi) + 160 * sin(y / 12 * pi) + 320 * sin(y * pi / 30)) * 2 / 3
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x)) + wave * 2 / 3
    east += (20 * sin(x * pi) + 40 * sin(x / 3 * pi) + 150 * sin(x / 12 * pi) + 300 * sin(x / 30 * pi)) * 2 / 3
    radians, flattening, axis = lat / 180 * pi, 0.00669342162296594323, 6378245.0
    magic = 1 - flattening * sin(radians) ** 2
    metres_north = axis * (1 - flattening) / (magic * sqrt(magic)) * pi / 180
    metres_east = axis / sqrt(magic) * cos(radians) * pi / 180
    return lon + east / metres_east, lat + north / metres_north


def bd09(lon: float, lat: float) -> tuple[float, float]:
    """Degrees of GCJ-02 as Baidu's."""
    away = sqrt(lon * lon + lat * lat) + 0.00002 * sin(lat * pi * 3000 / 180)
    angle = atan2(lat, lon) + 0.000003 * cos(lon * pi * 3000 / 180)
    return away * cos(angle) + 0.0065, away * sin(angle) + 0.006


@columns("between", "整行错列", "hold", "从某列起右移一格，末格丢失")
def shifted_cells(dice: Dice, row: Row, company: Company) -> dict[str, str] | None:
    names, cells = list(row.cells), list(row.cells.values())
    if len(names) < 3:
        return None
    at = int(dice.integers(1, len(names) - 1))
    moved = [*cells[:at], "", *cells[at:-1]]
    return {name: new for name, old, new in zip(names, cells, moved, strict=True) if old != new} or None


@columns("between", "整段两列互换", "hold", "粘贴错位，两列内容整段对调", block=(3, 8))
def swapped_columns(dice: Dice, row: Row, company: Company) -> dict[str, str] | None:
    names = [name for name, role in row.roles.items() if role not in ("key", "sex")]
    if len(names) < 2:
        return None
    one, two = (str(name) for name in dice.choice(names, size=2, replace=False))
    return {one: row.cells[two], two: row.cells[one]} if row.cells[one] != row.cells[two] else None


@columns("between", "两格并一格", "either", "两个值都在，但要有人拆开")
def merged_cells(dice: Dice, row: Row, company: Company) -> dict[str, str] | None:
    names = [name for name, role in row.roles.items() if role != "key"]
    if len(names) < 2:
        return None
    at = int(dice.integers(0, len(names) - 1))
    one, two = names[at], names[at + 1]
    return {one: f"{row.cells[one]} {row.cells[two]}", two: ""} if row.cells[one] and row.cells[two] else None

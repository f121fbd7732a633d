"""Dates and times written as people and spreadsheets write them, and those that can no longer be known."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta, timezone

from demo.corruption.kind import CellChange, Dice, cell
from demo.moments import parse_moment

EPOCH_1900, EPOCH_1904 = datetime(1899, 12, 30), datetime(1904, 1, 1)
CHINA = timezone(timedelta(hours=8))
LUNAR_MONTHS = ["腊月", "正月", "二月", "三月", "四月", "五月", "六月", "七月", "八月", "九月", "十月", "冬月"]
LUNAR_DAYS = ["初一", "初五", "初八", "初十", "十二", "十五", "十八", "二十", "廿三", "廿六", "三十"]
DAYS = "date stamp"


def of_moment(write: Callable[[Dice, datetime, str], str | None]) -> CellChange:
    """A change of the text from one of the moment that the text tells."""

    def change(dice: Dice, text: str, role: str) -> str | None:
        at = parse_moment(text)
        return None if at is None else write(dice, at, text)

    change.__name__ = write.__name__
    return change


def clock_of(text: str, at: datetime) -> str:
    """The time of day behind a date, as exact as the text was; "" where it tells none."""
    return ("", f" {at:%H:%M}", f" {at:%H:%M:%S}")[min(2, text.count(":"))]


def _date(text: str) -> bool:
    return ":" not in text


@cell("form", "年月日写法", "date stamp month", "repair", "年月日写明，只有一种读法", demo=True)
def chinese_date(dice: Dice, text: str, role: str) -> str | None:
    at = parse_moment(text)
    if at is None:
        return None
    if role == "month":
        return f"{at.year}年{at.month}月"
    day = f"{at.year}年{at.month}月{at.day}日"
    return day if _date(text) else f"{day} {at.hour}时{at:%M}分{at:%S}秒"


@cell("form", "日期换写法", DAYS, "repair", "年在前、数位齐，只有一种读法", demo=True)
@of_moment
def other_date_form(dice: Dice, at: datetime, text: str) -> str:
    if not _date(text):
        return at.strftime(str(dice.choice(["%Y%m%d%H%M%S", "%Y.%m.%d %H:%M:%S"])))
    forms = [f"{at.year}/{at.month}/{at.day}", f"{at:%Y.%m.%d}", f"{at:%Y%m%d}", f"{at:%Y-%m-%d}"]
    return str(dice.choice([form for form in forms if form != text]))


@cell("form", "表格日期序号", DAYS, "repair", "1900 系统的序号可以换算回日期", demo=True)
@of_moment
def excel_serial(dice: Dice, at: datetime, text: str) -> str:
    return _serial(at, EPOCH_1900, text)


@cell("value", "1904 系统的序号", DAYS, "hold", "单看一个数分不清两种起算，读错差四年")
@of_moment
def excel_serial_1904(dice: Dice, at: datetime, text: str) -> str:
    return _serial(at, EPOCH_1904, text)


def _serial(at: datetime, epoch: datetime, text: str) -> str:
    days = (at - epoch) / timedelta(days=1)
    return f"{days:.0f}" if _date(text) else f"{days:.6f}"


@cell("form", "月日年写法", DAYS, "repair", "日大于 12，月和日不会认错")
@of_moment
def month_first(dice: Dice, at: datetime, text: str) -> str | None:
    return f"{at.month}/{at.day}/{at.year}{clock_of(text, at)}" if at.day > 12 else None


@cell("value", "月日先后不明", DAYS, "hold", "1/3/2020 可以是一月三日，也可以是三月一日")
@of_moment
def month_or_day_first(dice: Dice, at: datetime, text: str) -> str | None:
    if at.day > 12 or at.day == at.month:
        return None
    first, then = (at.month, at.day) if dice.random() < 0.5 else (at.day, at.month)
    return f"{first}/{then}/{at.year}{clock_of(text, at)}"


@cell("form", "民国纪年", DAYS, "repair", "写明民国，加 1911 即公元年")
@of_moment
def roc_date(dice: Dice, at: datetime, text: str) -> str | None:
    era = str(dice.choice(["民國", "民国"]))
    return f"{era}{at.year - 1911}年{at.month}月{at.day}日{clock_of(text, at)}" if at.year > 1911 else None


@cell("form", "民国年斜线", DAYS, "either", "三位数的年多半是民国年，也可能漏了一位")
@of_moment
def roc_slash(dice: Dice, at: datetime, text: str) -> str | None:
    return f"{at.year - 1911}/{at.month}/{at.day}{clock_of(text, at)}" if at.year > 2010 else None


@cell("value", "农历日期", "date", "hold", "没有年份的农历换不成公历")
@of_moment
def lunar_date(dice: Dice, at: datetime, text: str) -> str:
    return f"农历{LUNAR_MONTHS[at.month - 1]}{dice.choice(LUNAR_DAYS)}"


@cell("form", "两位年份", DAYS, "either", "世纪和先后要靠旁证")
@of_moment
def two_digit_year(dice: Dice, at: datetime, text: str) -> str:
    return str(dice.choice([f"{at:%y-%m-%d}", f"{at:%y}/{at.month}/{at.day}"])) + clock_of(text, at)


@cell("form", "AM/PM 时间", "stamp", "repair", "上下午写明，可以换回 24 小时")
@of_moment
def am_pm(dice: Dice, at: datetime, text: str) -> str | None:
    return None if _date(text) else at.strftime("%Y-%m-%d %I:%M:%S %p")


@cell("form", "上午下午时间", "stamp", "repair", "上下午写明，可以换回 24 小时")
@of_moment
def forenoon_afternoon(dice: Dice, at: datetime, text: str) -> str | None:
    half = "上午" if at.hour < 12 else "下午"
    return None if _date(text) else f"{at.year}/{at.month}/{at.day} {half}{at.hour % 12 or 12}:{at:%M:%S}"


@cell("value", "月日颠倒", DAYS, "hold", "仍是合法日期，只有与别的列对照才看得出")
@of_moment
def month_day_swapped(dice: Dice, at: datetime, text: str) -> str | None:
    if at.day > 12 or at.day == at.month:
        return None
    return f"{at.year}-{at.day:02d}-{at.month:02d}{clock_of(text, at)}"


@cell("form", "ISO 带 T", "stamp", "repair", "国际标准写法，时刻没变", demo=True)
@of_moment
def iso_with_t(dice: Dice, at: datetime, text: str) -> str | None:
    return None if _date(text) else f"{at:%Y-%m-%dT%H:%M:%S}"


@cell("form", "ISO 带时区", "stamp", "repair", "时区写明，时刻没变")
@of_moment
def iso_with_offset(dice: Dice, at: datetime, text: str) -> str | None:
    return None if _date(text) else f"{at:%Y-%m-%dT%H:%M:%S}+08:00"


@cell("form", "世界时", "stamp", "repair", "Z 表示世界时，加八小时即北京时间")
@of_moment
def iso_in_utc(dice: Dice, at: datetime, text: str) -> str | None:
    return None if _date(text) else f"{at - timedelta(hours=8):%Y-%m-%dT%H:%M:%SZ}"


@cell("value", "差八小时", "stamp", "hold", "没有时区标记，看不出少了八小时")
@of_moment
def eight_hours_off(dice: Dice, at: datetime, text: str) -> str | None:
    return None if _date(text) else f"{at - timedelta(hours=8):%Y-%m-%d}{clock_of(text, at - timedelta(hours=8))}"


@cell("form", "时间戳", "stamp", "repair", "1970 年起的秒或毫秒，可以换算")
@of_moment
def unix_time(dice: Dice, at: datetime, text: str) -> str | None:
    seconds = int(at.replace(tzinfo=CHINA).timestamp())
    return None if _date(text) or seconds < 0 else f"{seconds * int(dice.choice([1, 1000]))}"


@cell("form", "24 点", "stamp", "repair", "24 点就是次日 0 点")
@of_moment
def hour_24(dice: Dice, at: datetime, text: str) -> str | None:
    return None if _date(text) or at.hour else f"{at - timedelta(days=1):%Y-%m-%d} 24:{at:%M:%S}"


@cell("value", "零日期", DAYS, "hold", "数据库的空日期，真值不知", optional="repair", loses=True)
@of_moment
def zero_date(dice: Dice, at: datetime, text: str) -> str:
    return "0000-00-00" + ("" if _date(text) else " 00:00:00")


@cell("value", "占位日期", DAYS, "hold", "系统默认值，不是真发生在那天", optional="either", loses=True)
@of_moment
def filler_date(dice: Dice, at: datetime, text: str) -> str:
    return str(dice.choice(["1900-01-01", "1970-01-01", "9999-12-31"])) + ("" if _date(text) else " 00:00:00")


@cell("value", "不存在的日期", "date stamp month", "hold", "日历上没有这一天", optional="either", demo=True)
def impossible_date(dice: Dice, text: str, role: str) -> str | None:
    at = parse_moment(text)
    if at is None:
        return None
    dash = "" if text.isdigit() else re.sub(r"\d", "", text)[0]
    if role == "month":
        return f"{at.year}{dash}13"
    day = str(dice.choice([f"{at.year}{dash}02{dash}30", f"{at.year}{dash}13{dash}05", f"{at.year}{dash}04{dash}31"]))
    return day if _date(text) else f"{day} {text.split(' ')[1]}"

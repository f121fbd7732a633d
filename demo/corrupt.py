"""How one cell of a real extract goes wrong: each kind of damage, where it happens, and what should become of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from demo.people import check_digit
from demo.sheet import Column

Dice = np.random.Generator
Change = Callable[[Dice, str, Column], str | None]

FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")
PADS = [" ", "  ", "\u3000", "\u00a0", "\t"]
PLACEHOLDERS = ["无", "不详", "—", "N/A", "暂无", "null", "/"]
UNKNOWN_WORDS = ["未分类", "待核实", "99", "？？", "测试"]
EXCEL_EPOCH = datetime(1899, 12, 30)


@dataclass(frozen=True)
class Kind:
    """roles: columns it happens in. expect: what becomes of a row where the column is required; optional: where not.
    change(dice, text, column) gives the damaged text, or None where this text cannot be damaged so.
    `loses` says that the true value is gone and empty is right."""

    name: str
    zh: str
    roles: frozenset[str]
    change: Change
    expect: str
    optional: str
    required_only: bool = False
    optional_only: bool = False

    @property
    def loses(self) -> bool:
        return self.name in ("placeholder", "fake_mobile")

    def fits(self, column: Column) -> bool:
        if (self.required_only and not column.required) or (self.optional_only and column.required):
            return False
        return column.role in self.roles

    def outcome(self, column: Column) -> str:
        return self.expect if column.required else self.optional


def parse_moment(text: str) -> datetime | None:
    """The moment behind a clean date, month or time of any of the departments' own forms."""
    numbers = [int(part) for part in re.findall(r"\d+", text)]
    if len(numbers) == 1 and len(text) in (6, 8):
        numbers = [int(text[:4]), int(text[4:6]), *([int(text[6:])] if len(text) == 8 else [])]
    if len(numbers) < 2:
        return None
    return datetime(*(numbers + [1] * (3 - len(numbers))))  # type: ignore[arg-type]


def _full_width(dice: Dice, text: str, column: Column) -> str | None:
    return text.translate(FULL_WIDTH) if re.search(r"\d", text) else None


def _padded(dice: Dice, text: str, column: Column) -> str | None:
    front, back = (str(dice.choice(PADS)) for _ in "12")
    if not text:
        return None
    return [front + text, text + back, front + text + back][int(dice.integers(3))]


def _chinese_date(dice: Dice, text: str, column: Column) -> str | None:
    at = parse_moment(text)
    if at is None:
        return None
    if column.role == "month":
        return f"{at.year}年{at.month}月"
    day = f"{at.year}年{at.month}月{at.day}日"
    return day if column.role == "date" else f"{day} {at.hour}时{at:%M}分{at:%S}秒"


def _other_date_form(dice: Dice, text: str, column: Column) -> str | None:
    at = parse_moment(text)
    if at is None:
        return None
    if column.role == "stamp":
        return at.strftime(str(dice.choice(["%Y%m%d%H%M%S", "%Y.%m.%d %H:%M:%S"])))
    forms = [f"{at.year}/{at.month}/{at.day}", f"{at:%Y.%m.%d}", f"{at:%Y%m%d}", f"{at:%Y-%m-%d}"]
    return str(dice.choice([form for form in forms if form != text]))


def _excel_serial(dice: Dice, text: str, column: Column) -> str | None:
    at = parse_moment(text)
    if at is None:
        return None
    days = (at - EXCEL_EPOCH) / timedelta(days=1)
    return f"{days:.0f}" if column.role == "date" else f"{days:.6f}"


def _money_dress(dice: Dice, text: str, column: Column) -> str | None:
    amount = float(text)
    dressed = [f"{text}元", f"￥{text}", *([f"{amount:,.2f}"] * 2 if amount >= 1000 else [])]
    return str(dice.choice(dressed))


def _mobile_dress(dice: Dice, text: str, column: Column) -> str | None:
    if len(text) != 11:
        return None
    parts = text[:3], text[3:7], text[7:]
    return str(dice.choice([f"+86{text}", f"+86 {'-'.join(parts)}", "-".join(parts), " ".join(parts), f"0086-{text}"]))


def _id_lower_x(dice: Dice, text: str, column: Column) -> str | None:
    return text.lower() if text.endswith("X") else None


def _id_of_15(dice: Dice, text: str, column: Column) -> str | None:
    """The form issued until 1999: no century, no check digit."""
    return text[:6] + text[8:17] if text[6:8] == "19" else None


def _id_spaced(dice: Dice, text: str, column: Column) -> str | None:
    gap = str(dice.choice([" ", "-", "\u3000"]))
    return gap.join([text[:6], text[6:14], text[14:]])


def _name_spaced(dice: Dice, text: str, column: Column) -> str | None:
    return f"{text[0]}{dice.choice([chr(0x3000), '  '])}{text[1]}" if len(text) == 2 else None


def _placeholder(dice: Dice, text: str, column: Column) -> str | None:
    return str(dice.choice(PLACEHOLDERS))


def _fake_mobile(dice: Dice, text: str, column: Column) -> str | None:
    return str(dice.choice(["13800000000", "00000000000"])) if text else None


def _id_wrong_digit(dice: Dice, text: str, column: Column) -> str | None:
    at = int(dice.integers(14, 17))
    wrong = text[:at] + str((int(text[at]) + int(dice.integers(1, 9))) % 10) + text[at + 1 :]
    return wrong if check_digit(wrong[:17]) != wrong[17] else None


def _id_short(dice: Dice, text: str, column: Column) -> str | None:
    return text[:17]


def _id_through_excel(dice: Dice, text: str, column: Column) -> str | None:
    """A spreadsheet keeps 15 significant digits of a number, or shows it in scientific notation."""
    if not text.isdigit():
        return None
    rounded = text[:15] + "000"
    shown = f"{float(text):.5E}"
    return rounded if check_digit(rounded[:17]) != "0" and dice.random() < 0.5 else shown


def _grid_through_excel(dice: Dice, text: str, column: Column) -> str | None:
    return f"{float(text):.5E}" if text else None


def _grid_short(dice: Dice, text: str, column: Column) -> str | None:
    return text[:14] if text else None


def _missing(dice: Dice, text: str, column: Column) -> str | None:
    return "" if text else None


def _unknown_word(dice: Dice, text: str, column: Column) -> str | None:
    return str(dice.choice(UNKNOWN_WORDS)) if text else None


def _out_of_range(dice: Dice, text: str, column: Column) -> str | None:
    if not text:
        return None
    if column.role == "money":
        return str(dice.choice(["99999999.00", f"-{text}"]))
    return (
        str(dice.choice([f"{float(text) * 10:.5f}", f"-{abs(float(text)) + 3:.5f}"]))
        if "." in text
        else f"-{int(text) + 3}"
    )


def _impossible_date(dice: Dice, text: str, column: Column) -> str | None:
    at = parse_moment(text)
    if at is None:
        return None
    dash = "" if text.isdigit() else re.sub(r"\d", "", text)[0]
    if column.role == "month":
        return f"{at.year}{dash}13"
    day = str(dice.choice([f"{at.year}{dash}02{dash}30", f"{at.year}{dash}13{dash}05", f"{at.year}{dash}04{dash}31"]))
    return day if column.role == "date" else f"{day} {text.split(' ')[1]}"


def _letters(dice: Dice, text: str, column: Column) -> str | None:
    """O for 0 and l for 1: typed from paper or read by a scanner."""
    found = [at for at, sign in enumerate(text) if sign in "01"]
    if not found:
        return None
    at = int(dice.choice(found))
    return text[:at] + {"0": "O", "1": "l"}[text[at]] + text[at + 1 :]


def _mobile_wrong_length(dice: Dice, text: str, column: Column) -> str | None:
    return str(dice.choice([text[:10], text + "0"])) if text else None


def _roles(words: str) -> frozenset[str]:
    return frozenset(words.split())


FORMS = [
    Kind("full_width_digits", "全角数字", _roles("id date stamp month mobile grid money number"),
         _full_width, "repaired", "repaired"),
    Kind("padding", "首尾空白", _roles("id name date word grid mobile text"), _padded, "repaired", "repaired"),
    Kind("chinese_date", "年月日写法", _roles("date stamp month"), _chinese_date, "repaired", "repaired"),
    Kind("other_date_form", "日期换写法", _roles("date stamp"), _other_date_form, "repaired", "repaired"),
    Kind("excel_serial", "表格日期序号", _roles("date stamp"), _excel_serial, "repaired", "repaired"),
    Kind("money_dress", "金额带逗号或单位", _roles("money"), _money_dress, "repaired", "repaired"),
    Kind("mobile_dress", "手机号带区号或横线", _roles("mobile"), _mobile_dress, "repaired", "repaired"),
    Kind("id_lower_x", "身份证小写 x", _roles("id"), _id_lower_x, "repaired", "repaired"),
    Kind("id_of_15", "15 位身份证", _roles("id"), _id_of_15, "repaired", "repaired"),
    Kind("id_spaced", "身份证含分隔", _roles("id"), _id_spaced, "repaired", "repaired"),
    Kind("name_spaced", "姓名中间空格", _roles("name"), _name_spaced, "repaired", "repaired"),
    Kind("placeholder", "占位词", _roles("mobile date stamp number word grid"),
         _placeholder, "repaired", "repaired", optional_only=True),
    Kind("fake_mobile", "虚设手机号", _roles("mobile"), _fake_mobile, "either", "either", optional_only=True),
]  # fmt: skip
VALUES = [
    Kind("id_wrong_digit", "身份证校验位不符", _roles("id"), _id_wrong_digit, "held", "held"),
    Kind("id_short", "身份证缺位", _roles("id"), _id_short, "held", "held"),
    Kind("id_through_excel", "身份证被表格改写", _roles("id"), _id_through_excel, "held", "held"),
    Kind("grid_through_excel", "编码变科学计数", _roles("grid"), _grid_through_excel, "held", "either"),
    Kind("grid_short", "编码缺位", _roles("grid"), _grid_short, "held", "either"),
    Kind("missing", "必填为空", _roles("key id name date stamp month word grid money text prose"),
         _missing, "held", "held", required_only=True),
    Kind("unknown_word", "未知代码", _roles("word"), _unknown_word, "held", "held"),
    Kind("out_of_range", "超出范围", _roles("money number"), _out_of_range, "held", "held"),
    Kind("impossible_date", "不存在的日期", _roles("date stamp month"), _impossible_date, "held", "either"),
    Kind("letters", "数字混入字母", _roles("money number date grid"), _letters, "either", "either"),
    Kind("mobile_wrong_length", "手机号位数不对", _roles("mobile"), _mobile_wrong_length, "either", "either"),
]  # fmt: skip


# end before start, in the columns of each feed where an order is promised: (start, end)
ORDERED = {
    "police_incident": ("reported_at", "arrived_at"),
    "employment": ("hired_on", "left_on"),
    "equipment_inspection": ("inspected_on", "next_due_on"),
    "repair": ("reported_at", "closed_at"),
}
RECEIVED_AFTER = {"police_incident": "reported_at", "petition": "filed_at"}


def end_before_start(dice: Dice, start: str, end: str) -> str | None:
    """The end moved before the start, written as the end was."""
    first, last = parse_moment(start), parse_moment(end)
    if first is None or last is None:
        return None
    moved = first - timedelta(days=int(dice.integers(1, 40)), minutes=int(dice.integers(1, 600)))
    return _written_like(end, moved)


def in_the_future(dice: Dice, text: str) -> str | None:
    """The year's last digits swapped or mistyped, so that it lies ahead."""
    at = parse_moment(text)
    return None if at is None else text.replace(str(at.year), str(at.year + int(dice.choice([9, 10, 36]))), 1)


def birth_beside_id(dice: Dice, text: str) -> str | None:
    """A birth date that differs from the one inside the resident ID by a slip of the pen."""
    at = parse_moment(text)
    return None if at is None else f"{at + timedelta(days=int(dice.choice([-365, -30, -1, 1, 9]))):%Y-%m-%d}"


def _written_like(sample: str, at: datetime) -> str:
    if "/" in sample:
        seconds = f":{at:%S}" if sample.count(":") == 2 else ""
        return f"{at.year}/{at.month}/{at.day} {at.hour}:{at:%M}{seconds}"
    return at.strftime("%Y-%m-%d %H:%M:%S" if ":" in sample else "%Y-%m-%d")

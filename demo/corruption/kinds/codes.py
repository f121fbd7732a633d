"""Grid and other codes after a spreadsheet, a clerk or a reform has been at them."""

from __future__ import annotations

import re

from demo.corruption.kind import Dice, cell

LONG = 12  # digits from which a spreadsheet shows a number as 3.3E+14


def _digits(text: str, at_least: int) -> bool:
    return len(text) >= at_least and text.isascii() and text.isdigit()


@cell("value", "编码变科学计数", "grid", "hold", "后几位已经丢失", optional="either", demo=True)
def grid_through_excel(dice: Dice, text: str, role: str) -> str | None:
    return f"{float(text):.5E}" if _digits(text, LONG) else None


@cell("value", "编码末位变零", "grid", "hold", "表格只留 15 位，后面的真值不知", optional="either")
def last_digits_zeroed(dice: Dice, text: str, role: str) -> str | None:
    return text[:-3] + "000" if _digits(text, LONG) else None


@cell("form", "编码带小数点", "grid key", "repair", "末尾的 .0 是表格加的")
def code_as_float(dice: Dice, text: str, role: str) -> str | None:
    return f"{text}.0" if _digits(text, 1) else None


@cell("form", "编码分段", "grid", "repair", "中间的空格或横线只为好读")
def code_spaced(dice: Dice, text: str, role: str) -> str | None:
    if not _digits(text, 8):
        return None
    return str(dice.choice([" ", "-", "\u3000"])).join([text[:6], text[6:9], text[9:]])


@cell("form", "丢前导零", "grid key", "either", "位数固定才知道该补几个零")
def leading_zero_lost(dice: Dice, text: str, role: str) -> str | None:
    return text.lstrip("0") or None if text.startswith("0") else None


@cell("form", "编码连着名称", "grid", "either", "括号前是编码，但要核对名称是否同一格")
def code_with_name(dice: Dice, text: str, role: str) -> str | None:
    return f"{text}（第{dice.integers(1, 20)}网格）" if text else None


@cell("value", "编码缺位", "grid", "hold", "少了一位，不知少在哪里", optional="either", demo=True)
def grid_short(dice: Dice, text: str, role: str) -> str | None:
    return text[:-1] if len(text) > 1 else None


@cell("value", "上级编码", "grid", "hold", "只说到社区或街道，不知是哪一格", optional="either")
def parent_code(dice: Dice, text: str, role: str) -> str | None:
    if not _digits(text, LONG):
        return None
    kept = int(dice.choice([9, 12]))
    return str(dice.choice([text[:kept], text[:kept].ljust(len(text), "0")]))


@cell("value", "已并网格的旧码", "grid", "hold", "没有合并对照表就不知归了哪一格", optional="either")
def old_code(dice: Dice, text: str, role: str) -> str | None:
    return f"{text[:-3]}9{dice.integers(10, 99)}" if _digits(text, LONG) else None


@cell("value", "编号变日期", "text", "either", "3月1日 多半是 3-1，也可能是 3/1 或 3.1")
def code_became_date(dice: Dice, text: str, role: str) -> str | None:
    found = re.fullmatch(r"(\d{1,2})-(\d{1,2})", text)
    if not found or not (1 <= int(found[1]) <= 12 and 1 <= int(found[2]) <= 28):
        return None
    return f"{int(found[1])}月{int(found[2])}日"


@cell("value", "必填为空", "key id name date stamp month word grid money text prose", "hold", "必填项没有值",
      where="required", demo=True)  # fmt: skip
def missing(dice: Dice, text: str, role: str) -> str | None:
    return "" if text else None

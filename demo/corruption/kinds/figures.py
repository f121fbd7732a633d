"""Amounts, counts and coordinates: dressed for reading, in another unit, or impossible."""

from __future__ import annotations

import re
from decimal import Decimal

from demo.corruption.kind import Dice, cell

FIGURES = "money number"


def plain(text: str) -> Decimal | None:
    """The number, where the text is one without any dress."""
    return Decimal(text) if re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text) else None


def scaled(text: str, power: int) -> str | None:
    """The number times 10**power, digits kept."""
    number = plain(text)
    return None if not number else f"{number.scaleb(power).normalize():f}"


@cell("form", "整数变浮点", "number", "repair", "末尾的 .0 不改变数值")
def number_as_float(dice: Dice, text: str, role: str) -> str | None:
    return f"{text}.0" if re.fullmatch(r"-?[0-9]+", text) else None


@cell("form", "千分位", FIGURES, "repair", "千分位逗号不改变数值")
def thousands(dice: Dice, text: str, role: str) -> str | None:
    number = plain(text)
    return f"{number:,}".replace(",", str(dice.choice([",", "，"]))) if number and abs(number) >= 1000 else None


@cell("form", "金额带逗号或单位", "money", "repair", "元、￥和千分位不改变金额", demo=True)
def money_dress(dice: Dice, text: str, role: str) -> str | None:
    amount = plain(text)
    if amount is None:
        return None
    dressed = [f"{text}元", f"￥{text}", *([f"{amount:,.2f}"] * 2 if amount >= 1000 else [])]
    return str(dice.choice(dressed))


@cell("form", "万亿写法", FIGURES, "repair", "万和亿写明，可以乘回去")
def wan_yi(dice: Dice, text: str, role: str) -> str | None:
    number = plain(text)
    if not number or abs(number) < 1000:
        return None
    return f"{scaled(text, -8)}亿" if abs(number) >= 10**8 else f"{scaled(text, -4)}万"


@cell("form", "带计量单位", "number", "repair", "单位在数后，数没变")
def unit_behind(dice: Dice, text: str, role: str) -> str | None:
    return f"{text}{dice.choice(list('个人次件户'))}" if re.fullmatch(r"[0-9]+", text) else None


@cell("form", "负号在后", FIGURES, "repair", "会计软件把负号写在后面")
def trailing_minus(dice: Dice, text: str, role: str) -> str | None:
    return f"{text[1:]}-" if text.startswith("-") else None


@cell("form", "括号表示负数", FIGURES, "repair", "会计写法：括号即负数")
def accounting_brackets(dice: Dice, text: str, role: str) -> str | None:
    return f"({text[1:]})" if text.startswith("-") else None


@cell("form", "逗号作小数点", FIGURES, "either", "多半是小数点，也可能是千分位写错")
def comma_for_point(dice: Dice, text: str, role: str) -> str | None:
    return text.replace(".", ",")


@cell("value", "约数", FIGURES, "hold", "约和以上不是确数")
def about(dice: Dice, text: str, role: str) -> str | None:
    return str(dice.choice([f"约{text}", f"{text}左右", f"{text}以上"])) if plain(text) is not None else None


@cell("value", "分当成元", "money", "hold", "差一百倍，单看一格看不出单位")
def in_fen(dice: Dice, text: str, role: str) -> str | None:
    return scaled(text, 2)


@cell("value", "万元当成元", "money", "hold", "差一万倍，单看一格看不出单位")
def in_wan(dice: Dice, text: str, role: str) -> str | None:
    return scaled(text, -4)


@cell("value", "超出范围", FIGURES, "hold", "金额或数量不可能如此", demo=True)
def out_of_range(dice: Dice, text: str, role: str) -> str | None:
    if plain(text) is None:
        return None
    if role == "money":
        return str(dice.choice(["99999999.00", f"-{text.lstrip('-')}"]))
    if "." in text:
        return str(dice.choice([f"{float(text) * 10:.5f}", f"-{abs(float(text)) + 3:.5f}"]))
    return f"-{abs(int(text)) + 3}"


@cell("value", "零或九充数", "number", "hold", "0 和 999 看似真数，可能是没填", optional="either", loses=True)
def filler_number(dice: Dice, text: str, role: str) -> str | None:
    return str(dice.choice(["0", "999", "-1", "99999"])) if text else None


@cell("form", "度分秒", "lon lat", "repair", "度分秒可以换算成度")
def degrees_minutes(dice: Dice, text: str, role: str) -> str | None:
    degrees = plain(text)
    if degrees is None:
        return None
    minutes = abs(degrees) % 1 * 60
    return f"{int(degrees)}°{int(minutes):02d}′{minutes % 1 * 60:05.2f}″"


@cell("form", "百万分之一度", "lon lat", "repair", "除以一百万才落在国内，只有一种读法")
def micro_degrees(dice: Dice, text: str, role: str) -> str | None:
    degrees = plain(text)
    return f"{degrees.scaleb(6):.0f}" if degrees else None


@cell("form", "坐标带方向字母", "lon lat", "repair", "E、N 只说明方向")
def direction_letter(dice: Dice, text: str, role: str) -> str | None:
    return f"{'E' if role == 'lon' else 'N'}{text}" if plain(text) else None


@cell("value", "坐标为零", "lon lat", "hold", "几内亚湾里没有本市的事", optional="either", loses=True)
def zero_coordinate(dice: Dice, text: str, role: str) -> str | None:
    return str(dice.choice(["0", "0.0", "0.000000"])) if text else None


@cell("value", "坐标截短", "lon lat", "hold", "两位小数只剩一公里的精度")
def cut_decimals(dice: Dice, text: str, role: str) -> str | None:
    short = re.sub(r"(\.\d{2})\d+$", r"\1", text)
    return short if short != text else None

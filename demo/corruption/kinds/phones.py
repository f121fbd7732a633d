"""Telephone numbers: dressed, doubled, made up, of another kind."""

from __future__ import annotations

import re

from demo.corruption.kind import Dice, cell


def _is_mobile(text: str) -> bool:
    return bool(re.fullmatch(r"1[0-9]{10}", text))


@cell("form", "手机号带区号或横线", "mobile", "repair", "国家码和横线只为好读", demo=True)
def mobile_dress(dice: Dice, text: str, role: str) -> str | None:
    if not _is_mobile(text):
        return None
    parts = text[:3], text[3:7], text[7:]
    return str(dice.choice([f"+86{text}", f"+86 {'-'.join(parts)}", "-".join(parts), " ".join(parts), f"0086-{text}"]))


@cell("form", "手机号带括号", "mobile", "repair", "国家码写在括号里或不带加号")
def mobile_brackets(dice: Dice, text: str, role: str) -> str | None:
    forms = [f"(86){text}", f"（+86）{text}", f"86-{text}", f"86 {text}", f"0{text}"]
    return str(dice.choice(forms)) if _is_mobile(text) else None


@cell("form", "手机号变浮点", "mobile", "repair", "末尾的 .0 是表格加的")
def mobile_as_float(dice: Dice, text: str, role: str) -> str | None:
    return f"{text}.0" if _is_mobile(text) else None


@cell("form", "手机号带附注", "mobile", "repair", "只有一个号码，括号里是附注")
def mobile_with_note(dice: Dice, text: str, role: str) -> str | None:
    return str(dice.choice([f"{text}(儿子)", f"{text}（微信同号）", f"手机：{text}"])) if _is_mobile(text) else None


@cell("value", "手机号科学计数", "mobile", "hold", "后几位已经丢失", optional="either")
def mobile_through_excel(dice: Dice, text: str, role: str) -> str | None:
    return f"{float(text):.2E}" if _is_mobile(text) else None


@cell("value", "手机号位数不对", "mobile", "either", "多一位或少一位，不知在哪里", demo=True)
def mobile_wrong_length(dice: Dice, text: str, role: str) -> str | None:
    return str(dice.choice([text[:10], text + "0"])) if _is_mobile(text) else None


@cell("form", "虚设手机号", "mobile", "either", "号码是编的，等于没有", where="optional", loses=True, demo=True)
def fake_mobile(dice: Dice, text: str, role: str) -> str | None:
    return str(dice.choice(["13800000000", "00000000000"])) if text else None


@cell("value", "连号充手机号", "mobile", "either", "号码是编的，等于没有", loses=True)
def repeated_digit_mobile(dice: Dice, text: str, role: str) -> str | None:
    return str(dice.choice(["11111111111", "12345678901", "18888888888", "13812345678"])) if text else None


@cell("value", "座机代手机", "mobile", "either", "是能打的电话，但不是手机号", loses=True)
def landline(dice: Dice, text: str, role: str) -> str | None:
    local = f"8{dice.integers(1_000_000, 9_999_999)}"
    return str(dice.choice([f"0573-{local}", f"（0573）{local}", local])) if text else None


@cell("value", "座机带分机", "mobile", "either", "是能打的电话，但不是手机号", loses=True)
def extension(dice: Dice, text: str, role: str) -> str | None:
    local = f"0573-8{dice.integers(1_000_000, 9_999_999)}"
    return f"{local}{dice.choice(['转', '-', '#'])}{dice.integers(100, 9999)}" if text else None


@cell("value", "一格几个电话", "mobile", "either", "第一个多半是本人的")
def several_phones(dice: Dice, text: str, role: str) -> str | None:
    second = f"1{dice.integers(30, 99)}{dice.integers(10_000_000, 99_999_999)}"
    return f"{text}{dice.choice(['/', '、', ',', ' ', ';'])}{second}" if _is_mobile(text) else None


@cell("value", "号码被遮", "mobile", "either", "遮住的数字不知，等于没有", loses=True)
def mobile_masked(dice: Dice, text: str, role: str) -> str | None:
    return f"{text[:3]}****{text[7:]}" if _is_mobile(text) else None

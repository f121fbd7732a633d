"""The same value in other signs: full width, blanks, signs that cannot be seen."""

from __future__ import annotations

import re
import string

from demo.corruption.kind import Dice, cell

DIGITS, LETTERS = string.digits, string.ascii_letters
FULL_WIDTH = {ord(sign): ord(sign) + 0xFEE0 for sign in map(chr, range(0x21, 0x7F))}
PADS = [" ", "  ", "\u3000", "\u00a0", "\t"]
UNSEEN = ["\u200b", "\u200d", "\u2060", "\ufeff"]
DASHES = ["–", "—", "−", "－"]
MEASURED = "id date stamp month mobile grid money number"


def _widened(text: str, signs: str) -> str:
    return "".join(sign.translate(FULL_WIDTH) if sign in signs else sign for sign in text)


@cell("form", "全角数字", MEASURED, "repair", "一个全角数字只对应一个半角数字", demo=True)
def full_width_digits(dice: Dice, text: str, role: str) -> str | None:
    return _widened(text, DIGITS)


@cell("form", "全角字母", "id key grid", "repair", "一个全角字母只对应一个半角字母")
def full_width_letters(dice: Dice, text: str, role: str) -> str | None:
    return _widened(text, LETTERS)


@cell("form", "全角标点", "date stamp month money number mobile", "repair", "分隔符换了宽度，数字没变", demo=True)
def full_width_punctuation(dice: Dice, text: str, role: str) -> str | None:
    return _widened(text, string.punctuation)


@cell("form", "首尾空白", "id name date word grid mobile text", "repair", "空白不是值的一部分", demo=True)
def padding(dice: Dice, text: str, role: str) -> str | None:
    front, back = (str(dice.choice(PADS)) for _ in "12")
    if not text:
        return None
    return [front + text, text + back, front + text + back][int(dice.integers(3))]


@cell("form", "正文首尾空白", "prose", "keep", "正文的首尾空白不影响阅读")
def padding_in_prose(dice: Dice, text: str, role: str) -> str | None:
    return f"{dice.choice(PADS)}{text}{dice.choice(PADS)}" if text else None


@cell("form", "看不见的字符", "id name date word grid mobile", "repair", "零宽字符和夹带的 BOM 不是内容", demo=True)
def unseen_sign(dice: Dice, text: str, role: str) -> str | None:
    at = int(dice.integers(0, len(text) + 1))
    return text[:at] + str(dice.choice(UNSEEN)) + text[at:] if text else None


@cell("form", "末尾换行", "id name date stamp word grid mobile money number key", "repair", "单元格里多按了回车")
def trailing_newline(dice: Dice, text: str, role: str) -> str | None:
    return text + str(dice.choice(["\n", "\r\n"])) if text else None


@cell("form", "别样横线", "date stamp month mobile", "repair", "横线样式不同，含义相同")
def other_dash(dice: Dice, text: str, role: str) -> str | None:
    return text.replace("-", str(dice.choice(DASHES)))


@cell("form", "文本标记", "id grid mobile key date", "repair", "表格软件的文本标记，不是内容")
def text_marker(dice: Dice, text: str, role: str) -> str | None:
    return str(dice.choice([f"'{text}", f'="{text}"', f"`{text}"])) if text else None


@cell(
    "value",
    "数字混入字母",
    "money number date grid",
    "either",
    "O 与 0、l 与 1 形近，多半能认，但也可能另有其码",
    demo=True,
)
def letters(dice: Dice, text: str, role: str) -> str | None:
    """O for 0 and l for 1: typed from paper or read by a scanner."""
    found = [found.start() for found in re.finditer("[01]", text)]
    if not found:
        return None
    at = int(dice.choice(found))
    return text[:at] + {"0": "O", "1": "l"}[text[at]] + text[at + 1 :]

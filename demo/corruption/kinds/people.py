"""Resident IDs and names as they are typed, shortened, masked and lost."""

from __future__ import annotations

import re

from demo.corruption.kind import Dice, cell
from demo.names import SURNAMES
from demo.people import check_digit

PINYIN = dict(
    re.findall(
        r"(\w)([A-Z][a-z]+)",
        "王Wang李Li张Zhang刘Liu陈Chen杨Yang赵Zhao黄Huang周Zhou吴Wu徐Xu孙Sun胡Hu朱Zhu高Gao林Lin何He郭Guo马Ma罗Luo"
        "梁Liang宋Song郑Zheng谢Xie韩Han唐Tang冯Feng于Yu董Dong程Cheng伟Wei强Qiang磊Lei军Jun勇Yong杰Jie涛Tao斌Bin"
        "超Chao明Ming刚Gang平Ping辉Hui鹏Peng华Hua飞Fei芳Fang娜Na敏Min静Jing丽Li艳Yan娟Juan霞Xia秀Xiu玲Ling桂Gui英Ying"
        "兰Lan建Jian国Guo志Zhi海Hai文Wen红Hong梅Mei琳Lin云Yun",
    )
)
TRADITIONAL = dict(zip("张刘陈杨赵黄吴孙马罗郑谢韩冯董军杰涛华飞丽艳娟玲兰国红云凤莲荣爱东龙兴宁",
                       "張劉陳楊趙黃吳孫馬羅鄭謝韓馮董軍傑濤華飛麗艷娟玲蘭國紅雲鳳蓮榮愛東龍興寧", strict=True))  # fmt: skip
ALIKE = ["丽莉俐", "芳方", "敏闵", "静婧靖", "伟玮炜", "华桦", "明铭", "军钧君", "建健", "志智", "红虹洪", "英瑛", "玲铃",
         "琴芹", "梅玫", "兰岚", "萍苹", "国囯", "峰锋", "燕艳"]  # fmt: skip
LOST = ["?", "？", "□", "〓", "\ue000", "\ue5e5", "\ufffd"]


def _is_id(text: str) -> bool:
    return bool(re.fullmatch(r"[0-9]{17}[0-9X]", text))


@cell("form", "身份证小写 x", "id", "repair", "校验位的 x 不分大小写", demo=True)
def id_lower_x(dice: Dice, text: str, role: str) -> str | None:
    return text.lower() if text.endswith("X") else None


@cell("form", "身份证全角Ｘ", "id", "repair", "全角Ｘ就是 X")
def id_wide_x(dice: Dice, text: str, role: str) -> str | None:
    return text[:-1] + str(dice.choice(["Ｘ", "ｘ"])) if text.endswith("X") else None


@cell("form", "身份证 X 写成别样", "id", "repair", "末位由前 17 位算出，只能是 X")
def id_odd_x(dice: Dice, text: str, role: str) -> str | None:
    return text[:-1] + str(dice.choice(["*", "×", "Χ", "Х"])) if text.endswith("X") else None


@cell("form", "15 位身份证", "id", "repair", "1999 年前的写法，世纪和校验位可以补出", demo=True)
def id_of_15(dice: Dice, text: str, role: str) -> str | None:
    """The form issued until 1999: no century, no check digit."""
    return text[:6] + text[8:17] if _is_id(text) and text[6:8] == "19" else None


@cell("form", "身份证含分隔", "id", "repair", "空格和横线只为好读", demo=True)
def id_spaced(dice: Dice, text: str, role: str) -> str | None:
    gap = str(dice.choice([" ", "-", "\u3000"]))
    return gap.join([text[:6], text[6:14], text[14:]]) if len(text) == 18 else None


@cell("value", "身份证被遮", "id", "hold", "遮住的数字不知")
def id_masked(dice: Dice, text: str, role: str) -> str | None:
    return str(dice.choice([text[:6] + "*" * 8 + text[14:], text[:3] + "*" * 11 + text[14:]])) if text else None


@cell("value", "身份证校验位不符", "id", "hold", "十八位里至少一位错了，不知是哪位", demo=True)
def id_wrong_digit(dice: Dice, text: str, role: str) -> str | None:
    if not _is_id(text):
        return None
    at = int(dice.integers(14, 17))
    wrong = text[:at] + str((int(text[at]) + int(dice.integers(1, 9))) % 10) + text[at + 1 :]
    return wrong if check_digit(wrong[:17]) != wrong[17] else None


@cell("value", "身份证相邻两位颠倒", "id", "hold", "校验位不符，不知颠倒在哪里")
def id_transposed(dice: Dice, text: str, role: str) -> str | None:
    if not _is_id(text):
        return None
    at = int(dice.integers(6, 16))
    wrong = text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    return wrong if check_digit(wrong[:17]) != wrong[17] else None


@cell("value", "身份证缺位", "id", "hold", "少了末位，可能还有别的错", demo=True)
def id_short(dice: Dice, text: str, role: str) -> str | None:
    return text[:17] if len(text) == 18 else None


@cell("value", "身份证中间少一位", "id", "hold", "不知少了哪一位")
def id_digit_missing(dice: Dice, text: str, role: str) -> str | None:
    at = int(dice.integers(6, 17))
    return text[:at] + text[at + 1 :] if len(text) == 18 else None


@cell("value", "身份证被表格改写", "id", "hold", "后三位已经丢失", demo=True)
def id_through_excel(dice: Dice, text: str, role: str) -> str | None:
    """A spreadsheet keeps 15 significant digits of a number, or shows it in scientific notation."""
    if not (text.isascii() and text.isdigit()):
        return None
    rounded = text[:15] + "000"
    shown = f"{float(text):.5E}"
    return rounded if check_digit(rounded[:17]) != "0" and dice.random() < 0.5 else shown


@cell("value", "别的证件号", "id", "hold", "护照或回乡证号，不是身份证号")
def other_document(dice: Dice, text: str, role: str) -> str | None:
    return f"{dice.choice(['E', 'G', 'H', 'C'])}{dice.integers(10_000_000, 99_999_999)}" if text else None


@cell("form", "姓名中间空格", "name", "repair", "两字名中间加空格是为了对齐", demo=True)
def name_spaced(dice: Dice, text: str, role: str) -> str | None:
    return f"{text[0]}{dice.choice([chr(0x3000), '  '])}{text[1]}" if len(text) == 2 else None


@cell("form", "姓名带称呼", "name", "repair", "先生、女士、同志不是姓名")
def name_with_title(dice: Dice, text: str, role: str) -> str | None:
    return text + str(dice.choice(["先生", "女士", "同志"])) if len(text) >= 2 else None


@cell("form", "姓名带附注", "name", "either", "括号里是附注，但可能是另一个人")
def name_with_note(dice: Dice, text: str, role: str) -> str | None:
    return text + str(dice.choice(["（户主）", "（已故）", "(代)", "（其子代办）"])) if text else None


@cell("value", "姓名写成拼音", "name", "hold", "同音字太多，写不回汉字")
def name_in_pinyin(dice: Dice, text: str, role: str) -> str | None:
    sounds = [PINYIN.get(sign) for sign in text]
    if not text or None in sounds:
        return None
    surname, *given = map(str, sounds)
    return f"{surname} {''.join(given).capitalize()}".strip()


@cell("value", "生僻字丢失", "name", "hold", "丢了的字不知是哪个")
def rare_sign_lost(dice: Dice, text: str, role: str) -> str | None:
    return text[:-1] + str(dice.choice(LOST)) if len(text) >= 2 else None


@cell("form", "姓名繁体", "name", "either", "繁简多可对应，但登记的姓名可能就是繁体")
def name_traditional(dice: Dice, text: str, role: str) -> str | None:
    return "".join(TRADITIONAL.get(sign, sign) for sign in text)


@cell("value", "姓名被遮", "name", "hold", "某某和星号后面是谁不知")
def name_masked(dice: Dice, text: str, role: str) -> str | None:
    return text[0] + str(dice.choice(["某某", "某", "*" * max(1, len(text) - 1)])) if text else None


@cell("value", "姓与名颠倒", "name", "either", "常见姓落在末位时看得出，也可能名就如此")
def name_turned(dice: Dice, text: str, role: str) -> str | None:
    return text[1:] + text[0] if len(text) >= 2 and text[0] in SURNAMES else None


@cell("value", "姓名音形近误", "name", "hold", "仍像一个姓名，只有与别的部门对照才看得出")
def name_alike(dice: Dice, text: str, role: str) -> str | None:
    for group in ALIKE:
        for sign in text[1:]:
            if sign in group:
                other = str(dice.choice([one for one in group if one != sign]))
                return text[0] + text[1:].replace(sign, other, 1)
    return None


@cell("form", "姓名间隔点换样", "name", "repair", "少数民族姓名的间隔点有多种写法")
def name_other_dot(dice: Dice, text: str, role: str) -> str | None:
    return text.replace("·", str(dice.choice([".", "•", "・", "．", " "])))

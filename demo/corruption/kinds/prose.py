"""Free text: what web pages, databases and conversions leave in it, and what they take away."""

from __future__ import annotations

from demo.corruption.kind import Dice, cell

ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "，": "&#65292;", "。": "&#12290;", " ": "&nbsp;"}
PROSE = "prose"
HAN = "prose text name word"


def _inserted(dice: Dice, text: str, signs: str) -> str | None:
    at = int(dice.integers(1, len(text))) if len(text) > 1 else 0
    return text[:at] + signs + text[at:] if text else None


@cell("form", "正文内换行", PROSE, "keep", "分段是内容的一部分")
def newline_inside(dice: Dice, text: str, role: str) -> str | None:
    return _inserted(dice, text, str(dice.choice(["\n", "\r\n", "\n\n"])))


@cell("form", "正文内制表符", PROSE, "keep", "不影响阅读")
def tab_inside(dice: Dice, text: str, role: str) -> str | None:
    return _inserted(dice, text, "\t")


@cell("form", "正文内引号", PROSE, "keep", "引号是内容，文件里已按规矩加倍")
def quotes_inside(dice: Dice, text: str, role: str) -> str | None:
    return f'"{text}"' if dice.random() < 0.3 else _inserted(dice, text, '"急"')


@cell("form", "正文内分隔符", PROSE, "keep", "文件里已按规矩加引号")
def delimiter_inside(dice: Dice, text: str, role: str) -> str | None:
    return _inserted(dice, text, str(dice.choice([",", ";", "|"])))


@cell("form", "表情符号", PROSE, "keep", "表情是内容")
def emoji(dice: Dice, text: str, role: str) -> str | None:
    return _inserted(dice, text, str(dice.choice(["😀", "🙏🙏", "👍🏻", "😡", "❤️"])))


@cell("form", "HTML 实体", PROSE, "repair", "一个实体只对应一个字符")
def html_entities(dice: Dice, text: str, role: str) -> str | None:
    return "".join(ENTITIES.get(sign, sign) for sign in text)


@cell("form", "HTML 标签", PROSE, "repair", "标签是排版，不是内容")
def html_tags(dice: Dice, text: str, role: str) -> str | None:
    return str(dice.choice([f"<p>{text}</p>", f"<div><span>{text}</span></div>", f"{text}<br/>"])) if text else None


@cell("form", "控制字符", PROSE, "repair", "控制字符不是内容")
def control_sign(dice: Dice, text: str, role: str) -> str | None:
    return _inserted(dice, text, str(dice.choice(["\x01", "\x07", "\x08", "\x0b", "\x1f", "\x7f"])))


@cell("form", "模板残留", PROSE, "keep", "网页模板的空白不影响阅读")
def template_leftover(dice: Dice, text: str, role: str) -> str | None:
    return f"\n\t\t\t\t\t{text}\n\t\t\t\t" if text else None


@cell("value", "255 字节处截断", PROSE, "either", "后半段已丢失，前半段仍可读")
def cut_at_255_bytes(dice: Dice, text: str, role: str) -> str | None:
    return text.encode("utf-8")[:255].decode("utf-8", "replace")


@cell("form", "GBK 误作 Latin-1", HAN, "repair", "按原路可以转回来")
def gbk_as_latin1(dice: Dice, text: str, role: str) -> str | None:
    try:
        return text.encode("gbk").decode("latin-1")
    except UnicodeEncodeError:
        return None


@cell("form", "UTF-8 误作 Latin-1", HAN, "repair", "按原路可以转回来")
def utf8_as_latin1(dice: Dice, text: str, role: str) -> str | None:
    return text.encode("utf-8").decode("latin-1")


@cell("form", "UTF-8 误作 GBK", HAN, "repair", "字节一个不少时按原路可以转回来")
def utf8_as_gbk(dice: Dice, text: str, role: str) -> str | None:
    try:
        return text.encode("utf-8").decode("gbk")
    except UnicodeDecodeError:
        return None


@cell("value", "锟斤拷", HAN, "hold", "原字已被替换符盖掉")
def kunjinkao(dice: Dice, text: str, role: str) -> str | None:
    lost = sum(not sign.isascii() for sign in text)
    return ("\ufffd" * (lost + lost % 2)).encode("utf-8").decode("gbk") if lost else None


@cell("value", "汉字变问号", HAN, "hold", "原字已被问号盖掉")
def question_marks(dice: Dice, text: str, role: str) -> str | None:
    return "".join(sign if sign.isascii() else "?" for sign in text)

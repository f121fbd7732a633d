"""Rows that come twice, that are no rows, and lines that break off."""

from __future__ import annotations

import re
from typing import Literal

from demo.corruption.kind import Company, Dice, Lines, Row, row, words
from demo.files import Record, line_of

CSV, TABLE, LINES = words("csv"), words("csv xlsx"), words("csv jsonl")
TEST_VALUES = {"id": "110101199001011234", "name": "张三", "mobile": "13800138000", "date": "2020-01-01", "money": "0.01",
               "stamp": "2020-01-01 00:00:00", "number": "1", "text": "测试", "prose": "测试数据请忽略", "word": "测试",
               "key": "123", "grid": "000000000000", "month": "2020-01"}  # fmt: skip


@row("整行重复", "hold", "同一行来了两次，只能算一次", demo=True)
def duplicate_row(dice: Dice, block: list[Row], company: Company) -> Lines | None:
    return Lines(added=[_again(block[0])], where="below", paired=True)


@row("同主键内容不同", "hold", "同一编号两种说法，不知信哪个", demo=True)
def key_conflict(dice: Dice, block: list[Row], company: Company) -> Lines | None:
    """The key again, with what another row says."""
    other, key = company.other.cells, block[0].column("key")
    if key is None or all(other[name] == text for name, text in block[0].cells.items() if name != key):
        return None
    return Lines(added=[Record([*(dict(other) | {key: block[0].cells[key]}).values()])], where="below", paired=True)


@row("换号重报", "either", "除编号外全同，可能是重报，也可能真有两件")
def near_duplicate(dice: Dice, block: list[Row], company: Company) -> Lines | None:
    key = block[0].column("key")
    if key is None or not re.search(r"\d$", block[0].cells[key]):
        return None
    number = f"{block[0].cells[key][:-1]}{dice.integers(1000, 9999)}"
    return Lines(added=[Record([*(dict(block[0].cells) | {key: number}).values()])], where="below", paired=True)


@row("整段重复粘贴", "hold", "一段行来了两次，只能算一次", block=(3, 8))
def pasted_block(dice: Dice, block: list[Row], company: Company) -> Lines | None:
    return Lines(added=[_again(one) for one in block], where="after", paired=True)


@row("合计行", "hold", "合计不是一件事、一个人", formats=TABLE)
def total_line(dice: Dice, block: list[Row], company: Company) -> Lines | None:
    cells = ["" for _ in block[0].cells]
    for at, (name, role) in enumerate(block[0].roles.items()):
        if role in ("money", "number"):
            cells[at] = f"{float(block[0].cells[name]) * len(company.sheet.rows):.2f}" if _plain(block[0], name) else ""
    cells[0] = str(dice.choice(["合计", "小计", "总计", "合 计"]))
    return Lines(added=[Record(cells)], where="end" if dice.random() < 0.5 else "after")


@row("表头再现", "either", "与表头一字不差，可以跳过", formats=TABLE)
def header_again(dice: Dice, block: list[Row], company: Company) -> Lines | None:
    return Lines(added=[Record([column.header for column in company.sheet.columns.values()])])


@row("空行", "either", "没有内容，可以跳过", formats=TABLE)
def blank_line(dice: Dice, block: list[Row], company: Company) -> Lines | None:
    return Lines(added=[Record(["" for _ in block[0].cells], raw="")], where=_within(dice))


@row("全空单元格行", "either", "没有内容，可以跳过", formats=CSV)
def empty_cells_line(dice: Dice, block: list[Row], company: Company) -> Lines | None:
    return Lines(added=[Record(["" for _ in block[0].cells])], where=_within(dice))


@row("表尾说明", "either", "制表人和审核不是数据", formats=TABLE)
def footer_line(dice: Dice, block: list[Row], company: Company) -> Lines | None:
    told = str(dice.choice(["制表人：王芳  审核：李伟", "填报单位（盖章）：", "注：本表数据截至月底", "# 导出完成"]))
    cells = [told, *["" for _ in block[0].cells][1:]]
    return Lines(added=[Record(cells, raw=told if dice.random() < 0.5 else None)], where="end")


@row("测试行", "hold", "不是真实业务", formats=TABLE)
def test_row(dice: Dice, block: list[Row], company: Company) -> Lines | None:
    cells = [TEST_VALUES.get(role, "测试") for role in block[0].roles.values()]
    return Lines(added=[Record(cells)], where=_within(dice))


@row("行被截断", "hold", "少了几格，不知少的是什么", formats=CSV, demo=True)
def cut_line(dice: Dice, block: list[Row], company: Company) -> Lines | None:
    """The line ends a few cells early."""
    line, sign = _line(block[0], company), company.sheet.form.delimiter
    kept = line.split(sign)[: -int(dice.integers(1, 4))]
    return None if '"' in line or not kept else Lines(raw=sign.join(kept))


@row("多出分隔符", "hold", "多出一格，不知从哪里断开", formats=CSV, demo=True)
def extra_separator(dice: Dice, block: list[Row], company: Company) -> Lines | None:
    """Somebody's text holds the separator, and the export did not quote it."""
    sign, cells = company.sheet.form.delimiter, list(block[0].cells.values())
    at = [
        n
        for n, role in enumerate(block[0].roles.values())
        if role in ("prose", "text", "name", "community") and cells[n]
    ]
    if not at or any('"' in text or sign in text or "\n" in text for text in cells):
        return None
    which = int(dice.choice(at))
    return Lines(raw=sign.join(text[:1] + sign + text[1:] if n == which else text for n, text in enumerate(cells)))


@row("JSON 行损坏", "hold", "这一行已不是 JSON", formats=words("jsonl"), demo=True)
def broken_json(dice: Dice, block: list[Row], company: Company) -> Lines | None:
    line = _line(block[0], company)
    cut = line[: int(dice.integers(min(20, len(line) - 2), len(line) - 1))]
    return Lines(raw=str(dice.choice([cut, line.replace('": ', '" ', 1), line[:-1] + ",,}"])))


@row("末行截断", "hold", "上传中断，最后一行不全", formats=LINES, where="end")
def last_line_cut(dice: Dice, block: list[Row], company: Company) -> Lines | None:
    line = _line(block[0], company)
    cut = line[: int(len(line) * dice.uniform(0.3, 0.8))]
    is_quoted = company.sheet.form.kind == "csv" and cut.count('"') % 2 == 1
    return None if is_quoted else Lines(raw=cut)


def _again(one: Row) -> Record:
    return Record(list(one.cells.values()))


def _line(one: Row, company: Company) -> str:
    return line_of(company.sheet, list(one.cells.values()))


def _plain(one: Row, column: str) -> bool:
    return bool(re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", one.cells[column]))


def _within(dice: Dice) -> Literal["after", "below"]:
    return "below" if dice.random() < 0.5 else "after"

"""Whole files that arrive in another form, in part, or are not the file that was promised."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from dataclasses import replace
from datetime import date, timedelta

from demo.corruption.kind import Dice, Upload, file
from demo.files import csv_line, without_clock

ANY, TEXT = "csv xlsx jsonl", "csv jsonl"
OTHER_FEED = "日期,窗口,菜名,份数,单价\n2026-03-02,一号,红烧豆腐,120,6.00\n2026-03-02,二号,清炒时蔬,95,4.00\n"
WIDE_LETTERS = {ord(sign): ord(sign) + 0xFEE0 for sign in map(chr, range(0x21, 0x7F))}


def _text(upload: Upload) -> str:
    return upload.data.decode(upload.form.encoding)


def _as(upload: Upload, text: str, encoding: str = "") -> Upload:
    return replace(upload, data=text.encode(encoding or upload.form.encoding))


def _lines(upload: Upload) -> list[str]:
    """The file's lines with their ends, the header line first."""
    return list(io.StringIO(_text(upload), newline=""))


def _table(upload: Upload) -> list[list[str]]:
    return list(csv.reader(io.StringIO(_text(upload), newline=""), delimiter=upload.form.delimiter))


def _with_table(upload: Upload, rows: list[list[str]]) -> Upload:
    return _as(upload, "".join(csv_line(row, upload.form) + upload.form.newline for row in rows))


def _recoded(upload: Upload, encoding: str) -> Upload | None:
    try:
        return _as(upload, _text(upload).removeprefix("\ufeff"), encoding)
    except UnicodeEncodeError:
        return None


# ---------------------------------------------------------------- encoding


@file("换成另一种常用编码", "either", "认得出就能照读，但与约定不符", TEXT)
def other_encoding(dice: Dice, upload: Upload) -> Upload | None:
    """UTF-8 in place of GB18030 or the reverse."""
    return _recoded(upload, "utf-8" if upload.form.encoding.startswith("gb") else "gb18030")


@file("UTF-16 编码", "either", "有字节序标记就能照读，但与约定不符", TEXT)
def utf16(dice: Dice, upload: Upload) -> Upload | None:
    return _recoded(upload, "utf-16")


@file("Big5 编码", "refuse", "与国标码互相看成乱字，靠猜会错", TEXT)
def big5(dice: Dice, upload: Upload) -> Upload | None:
    """What Big5 has no sign for arrives as a question mark."""
    sent = _text(upload).removeprefix("\ufeff").encode("big5", "replace")
    return replace(upload, data=sent) if not _text(upload).isascii() else None


@file("多出 BOM", "keep", "三个字节的标记不是内容", TEXT)
def bom_added(dice: Dice, upload: Upload) -> Upload | None:
    bare = upload.form.encoding == "utf-8" and not upload.data.startswith(b"\xef\xbb\xbf")
    return replace(upload, data=b"\xef\xbb\xbf" + upload.data) if bare else None


@file("少了 BOM", "keep", "没有标记也能照读", TEXT)
def bom_missing(dice: Dice, upload: Upload) -> Upload | None:
    return replace(upload, data=upload.data.removeprefix(b"\xef\xbb\xbf"))


@file("一个文件两种编码", "refuse", "两份文件拼接而成，按哪种读都有乱字", TEXT)
def mixed_encodings(dice: Dice, upload: Upload) -> Upload | None:
    lines = _lines(upload)
    other = "utf-8" if upload.form.encoding.startswith("gb") else "gb18030"
    half = len(lines) // 2
    head, tail = ("".join(part) for part in (lines[:half], lines[half:]))
    return replace(upload, data=head.encode(upload.form.encoding) + tail.encode(other)) if not tail.isascii() else None


@file("夹带 NUL 字节", "refuse", "文件在传输或导出时损坏", TEXT)
def nul_bytes(dice: Dice, upload: Upload) -> Upload | None:
    at = sorted(int(n) for n in dice.integers(1, len(upload.data), 3)) if len(upload.data) > 1 else []
    data = upload.data
    for n in reversed(at):
        data = data[:n] + b"\x00" * int(dice.integers(1, 9)) + data[n:]
    return replace(upload, data=data)


# ---------------------------------------------------------------- lines and separators


@file("换了分隔符", "either", "从表头看得出用了什么分隔，但与约定不符")
def other_delimiter(dice: Dice, upload: Upload) -> Upload | None:
    other = str(dice.choice([sign for sign in ",;\t|" if sign != upload.form.delimiter]))
    return _with_table(replace(upload, form=replace(upload.form, delimiter=other)), _table(upload))


@file("只有回车的换行", "keep", "老式换行，内容没变")
def cr_line_ends(dice: Dice, upload: Upload) -> Upload | None:
    return _with_table(replace(upload, form=replace(upload.form, newline="\r")), _table(upload))


@file("混用换行", "keep", "换行样式不同，内容没变")
def mixed_line_ends(dice: Dice, upload: Upload) -> Upload | None:
    ends = dice.choice(["\n", "\r\n"], size=len(_table(upload)))
    return _as(upload, "".join(csv_line(row, upload.form) + end for row, end in zip(_table(upload), ends, strict=True)))


@file("引号不成对", "refuse", "从该处起几行并成一格，不知到哪里为止")
def unbalanced_quote(dice: Dice, upload: Upload) -> Upload | None:
    lines = _lines(upload)
    if len(lines) < 3:
        return None
    at = int(dice.integers(1, len(lines) - 1))
    start = lines[at].rfind(upload.form.delimiter, 0, len(lines[at]) // 2) + 1
    lines[at] = lines[at][:start] + '"' + lines[at][start:]
    return _as(upload, "".join(lines))


@file("JSON 数组代替逐行", "either", "内容都在，但与约定不符", TEXT)
def json_array(dice: Dice, upload: Upload) -> Upload | None:
    if upload.form.kind == "jsonl":
        return _as(upload, "[" + ",\n".join(line.strip() for line in _lines(upload)) + "]")
    header, *rows = _table(upload) or [[]]
    return _as(upload, json.dumps([dict(zip(header, row, strict=False)) for row in rows], ensure_ascii=False))


@file("JSON 行尾多逗号", "either", "去掉行尾的逗号就能照读", "jsonl")
def json_trailing_commas(dice: Dice, upload: Upload) -> Upload | None:
    return _as(upload, "".join(line.rstrip("\n") + ",\n" for line in _lines(upload)))


# ---------------------------------------------------------------- header


@file("没有表头", "refuse", "不知各列是什么")
def header_missing(dice: Dice, upload: Upload) -> Upload | None:
    return _with_table(upload, _table(upload)[1:])


@file("表头改名", "refuse", "新列名要部门说明指哪一列")
def header_renamed(dice: Dice, upload: Upload) -> Upload | None:
    header, *rows = _table(upload) or [[]]
    at = int(dice.integers(0, len(header))) if header else 0
    named = [f"字段{chr(65 + at)}" if n == at else name for n, name in enumerate(header)]
    return _with_table(upload, [named, *rows])


@file("列换了次序", "keep", "按列名读，次序无关")
def header_reordered(dice: Dice, upload: Upload) -> Upload | None:
    rows = _table(upload)
    if not rows or len({len(row) for row in rows}) > 1:
        return None
    order = dice.permutation(len(rows[0]))
    return _with_table(upload, [[row[n] for n in order] for row in rows])


@file("表头带空格、单位或全角", "either", "列名认得出，但与约定不一字不差")
def header_dressed(dice: Dice, upload: Upload) -> Upload | None:
    header, *rows = _table(upload) or [[]]
    dressed = [
        str(dice.choice([f" {name} ", f"{name}（必填）", "\u3000".join(name), name.translate(WIDE_LETTERS)]))
        for name in header
    ]
    return _with_table(upload, [dressed, *rows])


@file("表头两遍", "either", "第二行与表头一字不差，可以跳过")
def doubled_header(dice: Dice, upload: Upload) -> Upload | None:
    rows = _table(upload)
    return _with_table(upload, [rows[0], *rows]) if rows else None


@file("多出列", "keep", "多出的列不读就是")
def extra_columns(dice: Dice, upload: Upload) -> Upload | None:
    header, *rows = _table(upload) or [[]]
    added = str(dice.choice(["备注", "序号", "数据来源"]))
    return _with_table(upload, [[*header, added], *([*row, str(n)] for n, row in enumerate(rows, 1) if row)])


@file("缺列", "refuse", "约定的列没有来")
def missing_column(dice: Dice, upload: Upload) -> Upload | None:
    rows = _table(upload)
    if not rows or len(rows[0]) < 2:
        return None
    at = int(dice.integers(0, len(rows[0])))
    return _with_table(upload, [row[:at] + row[at + 1 :] for row in rows])


# ---------------------------------------------------------------- too little, too much, something else


@file("上传中断", "refuse", "后半个文件没有到", ANY)
def truncated_upload(dice: Dice, upload: Upload) -> Upload | None:
    return replace(upload, data=upload.data[: int(len(upload.data) * dice.uniform(0.2, 0.8))])


@file("空文件", "refuse", "零字节", ANY)
def empty_file(dice: Dice, upload: Upload) -> Upload | None:
    return replace(upload, data=b"")


@file("只有表头", "either", "可能真没有发生，也可能导出落空")
def header_only(dice: Dice, upload: Upload) -> Upload | None:
    return _with_table(upload, _table(upload)[:1])


@file("少了一半行", "refuse", "行数远少于往常，多半没导全", TEXT)
def half_the_rows(dice: Dice, upload: Upload) -> Upload | None:
    lines = _lines(upload)
    return _as(upload, "".join(lines[: (len(lines) + 1) // 2]))


@file("行数十倍", "refuse", "行数远多于往常，多半导了全库", TEXT)
def ten_times_the_rows(dice: Dice, upload: Upload) -> Upload | None:
    lines = _lines(upload)
    head = lines[:1] if upload.form.kind == "csv" else []
    return _as(upload, "".join(head + lines[len(head) :] * 10))


@file("旧内容新名字", "refuse", "昨天的内容用了今天的文件名", ANY)
def stale_content(dice: Dice, upload: Upload) -> Upload | None:
    """The same bytes under the name of the next day."""
    found = re.search(r"20\d{6}", upload.name)
    if not found:
        return None
    told = date(int(found[0][:4]), int(found[0][4:6]), int(found[0][6:]))
    return replace(upload, name=upload.name.replace(found[0], f"{told + timedelta(days=1):%Y%m%d}"))


@file("别的数据的文件", "refuse", "食堂菜单不是这份数据", ANY)
def other_feed(dice: Dice, upload: Upload) -> Upload | None:
    return replace(upload, data=OTHER_FEED.encode("utf-8"))


@file("HTML 表存成表格", "refuse", "扩展名是表格，内容是网页", "csv xlsx")
def html_as_xls(dice: Dice, upload: Upload) -> Upload | None:
    rows = _table(upload) if upload.form.kind == "csv" else [["日期", "数量"], ["2026-03-01", "1"]]
    cells = "".join(f"<tr>{''.join(f'<td>{text}</td>' for text in row)}</tr>" for row in rows)
    page = f'<html><head><meta charset="utf-8"></head><body><table border="1">{cells}</table></body></html>'
    return replace(upload, data=page.encode("utf-8"))


@file("表格改名为 CSV", "refuse", "扩展名是 csv，内容是 xlsx")
def xlsx_as_csv(dice: Dice, upload: Upload) -> Upload | None:
    import openpyxl

    book, packed = openpyxl.Workbook(write_only=True), io.BytesIO()
    page = book.create_sheet("Sheet1")
    for row in _table(upload):
        page.append(row)
    book.save(packed)
    return replace(upload, data=without_clock(packed.getvalue()))


def _zipped(upload: Upload, members: dict[str, bytes]) -> Upload:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as target:
        for name, data in members.items():
            target.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), data)
    return replace(upload, name=re.sub(r"\.\w+$", "", upload.name) + ".zip", data=packed.getvalue())


@file("压缩包里两个文件", "refuse", "不知哪个是要的", ANY)
def zip_of_two(dice: Dice, upload: Upload) -> Upload | None:
    return _zipped(upload, {upload.name: upload.data, f"副本_{upload.name}": upload.data})


@file("压缩包套压缩包", "refuse", "约定里面直接是数据文件", ANY)
def zip_nested(dice: Dice, upload: Upload) -> Upload | None:
    inner = _zipped(upload, {upload.name: upload.data})
    return _zipped(upload, {inner.name: inner.data})


@file("压缩包里不是数据", "refuse", "里面是说明文档，没有数据", ANY)
def zip_wrong_member(dice: Dice, upload: Upload) -> Upload | None:
    return _zipped(upload, {"说明.txt": "数据已通过邮件发送，请查收。".encode()})

"""The bad files that departments send, each with what must become of it: status, rows, and words on its receipt."""

from __future__ import annotations

import io
import json
import struct
import tempfile
import uuid
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import openpyxl

ELSEWHERE = Path(tempfile.gettempdir()) / f"{uuid.uuid4().hex}.csv"  # where a zip would like its file to go
GOOD_ROWS = 60  # one bad row among them is below every feed's limit


@dataclass(frozen=True)
class BadFile:
    """kind in words; content: bytes, or what writes them to an open file; rows: read, kept, held, refused; said: words of the receipt."""

    kind: str
    feed: str
    content: bytes | Callable[[Any], None]
    status: str
    rows: tuple[int, int, int, int]
    said: str


HEADER = "警情编号,报警时间,警情类别,所属网格"


def row(number: int, delimiter: str = ",") -> str:
    return delimiter.join([f"JQ20260301{number:04d}", "2026-03-01 09:30:00", "盗窃", "330499001001001"])


def lines(count: int = GOOD_ROWS, header: str = HEADER) -> list[str]:
    return [header, *(row(number) for number in range(count))]


def csv(*texts: str, ends: str = "\n") -> bytes:
    return "".join(f"{text}{ends}" for text in texts).encode("gb18030")


GOOD_CSV = csv(*lines())


def one_endless_line(target: Any) -> None:
    """200 MB in which every line break was lost."""
    text = (row(1) + ",").encode("gb18030") * 20_000
    target.write(HEADER.encode("gb18030") + b"\n")
    while target.tell() < 200 << 20:
        target.write(text)


def packed(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return content.getvalue()


def patched(archive: bytes, field: str, value: int) -> bytes:
    """A zip of one member whose directory and local header say something else of it than is true."""
    at = {"flags": (6, 8, "<H"), "crc": (14, 16, "<I"), "unpacked": (22, 24, "<I")}[field]
    spoiled = bytearray(archive)
    struct.pack_into(at[2], spoiled, 0 + at[0], value)
    struct.pack_into(at[2], spoiled, archive.rindex(b"PK\x01\x02") + at[1], value)
    return bytes(spoiled)


def workbook(rows: list[list[Any]], **cells: Any) -> bytes:
    book = openpyxl.Workbook()
    assert book.active is not None
    for cells_of_row in rows:
        book.active.append(cells_of_row)
    for place, value in cells.items():
        book.active[place] = value
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


DEATHS = [
    ["东湖市死亡登记表"],
    ["死亡证明编号", "身份证号", "姓名", "死亡日期"],
    *([f"SW2026{number:04d}", "11010519491231002X", "张三", "2026-03-02"] for number in range(GOOD_ROWS)),
]
MARRIAGES = [
    ["东湖市婚姻登记表"],
    ["登记", None, None, "男方", None, "女方", None],
    ["证号", "类型", "日期", "姓名", "身份证号", "姓名", "身份证号"],
]
GOOD_XLSX = workbook(DEATHS)


def sheet_xml(content: bytes, old: bytes, new: bytes) -> bytes:
    """The workbook with something else in the XML of its first sheet."""
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        members = {name: book.read(name) for name in book.namelist()}
    assert old in members["xl/worksheets/sheet1.xml"], "the test's own workbook has changed"
    members["xl/worksheets/sheet1.xml"] = members["xl/worksheets/sheet1.xml"].replace(old, new, 1)
    return packed(members)


def noisy(content: bytes) -> bytes:
    """The workbook with its sheet damaged underway."""
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        at = book.getinfo("xl/worksheets/sheet1.xml").header_offset + 100
    return content[:at] + bytes(range(256)) + content[at + 256 :]


def behind_a_hidden_sheet() -> bytes:
    book = openpyxl.load_workbook(io.BytesIO(GOOD_XLSX))
    book.create_sheet("配置", 0)["A1"] = "系统生成"
    book["配置"].sheet_state = "hidden"
    book.active = 1
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def without_sheets() -> bytes:
    with zipfile.ZipFile(io.BytesIO(GOOD_XLSX)) as book:
        return packed({name: book.read(name) for name in book.namelist() if "worksheets" not in name})


def swollen(target: Any) -> None:
    """A workbook of 300 KB that unpacks to 310 MB."""
    with zipfile.ZipFile(io.BytesIO(GOOD_XLSX)) as book:
        members = {name: book.read(name) for name in book.namelist()}
    target.write(packed(members | {"xl/media/image1.bmp": bytes(310 << 20)}))


def payment(number: int, **other: Any) -> str:
    paid = {"payNo": f"YL20260300{number:02d}", "idNo": "11010519491231002X", "name": "张三", "payMonth": "202603",
            "amount": 3000 + number, "payDate": "20260315"}  # fmt: skip
    return json.dumps(paid | other, ensure_ascii=False)


PAYMENTS = [payment(number) for number in range(GOOD_ROWS)]


def jsonl(*texts: str) -> bytes:
    return "".join(f"{text}\n" for text in texts).encode()


GOOD_JSON = jsonl(*PAYMENTS)
GOOD_FILES = {"police_incident": GOOD_CSV, "death": GOOD_XLSX, "pension_payment": GOOD_JSON}
NOTHING, ALL, ONE_HELD = (0, 0, 0, 0), (60, 60, 0, 0), (61, 60, 1, 0)
LINE = payment(99)


_csv, _xlsx, _json = (
    partial(lambda feed, kind, *rest: BadFile(kind, feed, *rest), feed)
    for feed in ("police_incident", "death", "pension_payment")
)
CSV_FILES = [
    _csv("no bytes", b"", "refused", NOTHING, "文件是空的"),
    _csv("a byte-order mark only", b"\xef\xbb\xbf", "refused", NOTHING, "GB18030"),
    _csv("blank lines only", b"\r\n\r\n\r\n", "refused", NOTHING, "第 1 行应当是表头"),
    _csv("a header only", csv(HEADER), "refused", NOTHING, "文件中没有数据行"),
    _csv("UTF-8 where GB18030 is agreed", "\n".join(lines()).encode(), "refused", NOTHING, "看起来是 UTF-8"),
    _csv("UTF-16 with its mark", "\n".join(lines()).encode("utf-16"), "refused", NOTHING, "看起来是 UTF-16"),
    _csv("UTF-16 without its mark", "\n".join(lines()).encode("utf-16-le"), "refused", NOTHING, "UTF-16"),
    _csv("Big5 where GB18030 is agreed", "警情編號,報警時間,警情類別,所屬網格\nJQ202603010001,2026-03-01 09:30:00,竊盜,3\n".encode("big5"), "refused", NOTHING, "看起来是 BIG5，按 GB18030 读出的是乱码"),
    BadFile("GBK where UTF-8 is agreed", "employment", "备案编号,身份证号\n东湖,张三\n".encode("gb18030"), "refused", NOTHING, "第 1 行起文件不是约定的 UTF-8 编码，看起来是 GB18030"),
    _csv("a required column missing", csv(*lines(header="警情编号,报警时间,类,所属网格")), "refused", (60, 0, 0, 60), "缺少必填列：警情类别"),
    _csv("no header at all", csv(*lines()[1:]), "refused", (59, 0, 0, 59), "缺少必填列"),
    _csv("another delimiter", csv(*(line.replace(",", ";") for line in lines())), "refused", (60, 0, 0, 60), "缺少必填列"),
    _csv("a quote that never closes", csv(*lines(), row(99).replace("盗窃", '"盗窃')), "passed", ONE_HELD, "引号、括号不完整"),
    _csv("a quote opened in the header", csv('警情编号,"报警时间,警情类别,所属网格', *lines()[1:]), "refused", NOTHING, "引号可能没有成对"),
    _csv("NUL bytes within a row", csv(*lines(), row(99).replace("盗窃", "盗\0窃")), "passed", (61, 61, 0, 0), "看不见的字符已去除"),
    _csv("a tail of NUL bytes", csv(*lines()) + bytes(4096), "passed", ONE_HELD, "列数与表头不一致"),
    _csv("cut within a character", csv(*lines(), "JQ202603010099,2026-03-01 09:30:00,盗")[:-2], "refused", NOTHING, "第 62 行起文件不是约定的 GB18030 编码，此前各行是"),
    _csv("cut within a row", csv(*lines(), row(99))[:-30], "passed", ONE_HELD, "列数与表头不一致"),
    _csv("line ends of three systems", b"".join(csv(text, ends=("\n", "\r\n", "\r")[n % 3]) for n, text in enumerate(lines())), "passed", ALL, "已接收"),
    _csv("10,000 columns", csv(",".join([HEADER, *(f"列{n}" for n in range(9_996))]), row(1) + "," * 9_996), "refused", NOTHING, "10,000 列"),
    _csv("a line of 200 MB", one_endless_line, "refused", NOTHING, "换行符可能丢失"),
    _csv("a line of 7 MB", csv(*lines(), row(99) + "长" * (7 << 19)), "passed", ONE_HELD, "所属网格"),
    _csv("a header of 2 MB", csv("长" * (1 << 20) + "," + HEADER), "refused", NOTHING, "表头第 1 列有 1,048,576 个字"),
    _csv("lines of commas at the end", csv(*lines(), *[",,,"] * 5), "passed", ALL, "已接收"),
    _csv("a line of totals at the end", csv(*lines(), "合计,,,60"), "passed", ONE_HELD, "警情编号"),
    _csv("the header once more midway", csv(*lines(30), HEADER, *lines()[31:]), "passed", ONE_HELD, "警情编号"),
    _csv("formulas in cells", csv(*lines(), row(99).replace("盗窃", "=HYPERLINK(1)")), "passed", ONE_HELD, "警情类别"),
    _csv("a quote opened on every line", csv(HEADER, *(f'"{row(n)}' for n in range(500))), "refused", (500, 0, 0, 500), "引号、括号不完整"),
    _csv("a web page named .csv", "<html><table><tr><td>警情编号</td></tr></table></html>".encode("gb18030"), "refused", NOTHING, "看起来是网页"),
    _csv("a workbook named .csv", GOOD_XLSX, "refused", NOTHING, "看起来是XLSX 工作簿"),
    _csv("an old workbook named .csv", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(4096), "refused", NOTHING, "旧版 XLS"),
    _csv("a RAR archive named .csv", b"Rar!\x1a\x07\x01\x00" + bytes(range(256)), "refused", NOTHING, "RAR"),
    _csv("a picture named .csv", b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "refused", NOTHING, "看起来是图片"),
]  # fmt: skip

ZIP_FILES = [
    _csv("a zip that unpacks 1000 times its size", lambda target: target.write(packed({"a.csv": bytes(120 << 20)})), "refused", NOTHING, "不相称"),
    _csv("a zip bomb behind a small size", patched(packed({"a.csv": bytes(20 << 20)}), "unpacked", 1000), "refused", NOTHING, "压缩包打不开"),
    _csv("a zip bomb in bzip2", packed({"a.csv": bytes(1 << 20)}, zipfile.ZIP_BZIP2), "refused", NOTHING, "压缩方式不常见"),
    _csv("a zip with two files", packed({"a.csv": GOOD_CSV, "b.csv": GOOD_CSV}), "refused", NOTHING, "现有 2 个"),
    _csv("a zip with no file", packed({}) + b"", "refused", NOTHING, "现有 0 个"),
    _csv("a zip with a folder only", packed({"a/": b""}), "refused", NOTHING, "现有 0 个"),
    _csv("a zip within a zip", packed({"a.zip": packed({"a.csv": GOOD_CSV})}), "refused", NOTHING, "看起来是ZIP 压缩包"),
    _csv("a zip with a password", patched(packed({"a.csv": GOOD_CSV}), "flags", 1), "refused", NOTHING, "压缩包有密码"),
    _csv("a zip with a path to elsewhere", packed({"../../../x.csv": GOOD_CSV}), "passed", ALL, "已接收"),
    _csv("a zip with an absolute path", packed({str(ELSEWHERE): GOOD_CSV}), "passed", ALL, "已接收"),
    _csv("a zip with a path of Windows", packed({"C:\\x\\..\\x.csv": GOOD_CSV}), "passed", ALL, "已接收"),
    _csv("a zip cut short", packed({"a.csv": GOOD_CSV})[:-40], "refused", NOTHING, "压缩包打不开"),
    _csv("a zip with a wrong checksum", patched(packed({"a.csv": GOOD_CSV}), "crc", 1), "refused", NOTHING, "压缩包打不开"),
    _csv("a zip that claims 4 GB", patched(packed({"a.csv": GOOD_CSV}), "unpacked", 0xFFFFFFF0), "refused", NOTHING, "不相称"),
    _csv("a zip with an empty file", packed({"a.csv": b""}), "refused", NOTHING, "文件是空的"),
]  # fmt: skip

XLSX_FILES = [
    _xlsx("a workbook of no bytes", b"", "refused", NOTHING, "文件是空的"),
    _xlsx("a workbook cut short", GOOD_XLSX[:-400], "refused", NOTHING, "工作簿打不开"),
    _xlsx("a workbook with noise in its sheet", noisy(GOOD_XLSX), "refused", NOTHING, "工作簿打不开"),
    _xlsx("a workbook with a password", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(4096), "refused", NOTHING, "加了密码的工作簿"),
    _xlsx("a CSV named .xlsx", GOOD_CSV, "refused", NOTHING, "工作簿打不开"),
    _xlsx("a web page named .xlsx", b"<html><table></table></html>", "refused", NOTHING, "看起来是网页"),
    _xlsx("a zipped workbook", packed({"a.xlsx": GOOD_XLSX}), "refused", NOTHING, "看起来是ZIP 压缩包"),
    _xlsx("a workbook without sheets", without_sheets(), "refused", NOTHING, "工作簿打不开"),
    _xlsx("an empty sheet", workbook([]), "refused", NOTHING, "应当是表头"),
    _xlsx("a title and nothing else", workbook(DEATHS[:1]), "refused", NOTHING, "应当是表头"),
    _xlsx("a title and a header", workbook(DEATHS[:2]), "refused", NOTHING, "文件中没有数据行"),
    _xlsx("no title above the header", workbook(DEATHS[1:]), "refused", (59, 0, 0, 59), "缺少必填列"),
    _xlsx("a formula that was calculated", sheet_xml(workbook(DEATHS, D10="=1+1"), b"<f>1+1</f><v />", b"<f>1+1</f><v>46083</v>"), "passed", ALL, "已接收"),
    _xlsx("a formula that never was calculated", workbook(DEATHS, A10='="SW"&1'), "passed", (60, 59, 1, 0), "死亡证明编号为空"),
    _xlsx("an error in a cell", sheet_xml(workbook(DEATHS, A10=1), b'<c r="A10" t="n"><v>1</v></c>', b'<c r="A10" t="e"><v>#REF!</v></c>'), "passed", (60, 59, 1, 0), "死亡证明编号"),
    _xlsx("a date before 1900", workbook(DEATHS, D10="1895-03-02", D11=-5), "passed", (60, 59, 1, 0), "死亡日期"),
    _xlsx("a cell at the far end of the sheet", sheet_xml(workbook(DEATHS, Z100="x"), b'r="Z100"', b'r="XFD1048576"'), "refused", NOTHING, "工作簿太大"),
    _xlsx("a dimension beyond every sheet", sheet_xml(GOOD_XLSX, b'ref="A1:D62"', b'ref="A1:XFD1048576"'), "passed", ALL, "已接收"),
    _xlsx("a dimension of nonsense", sheet_xml(GOOD_XLSX, b'ref="A1:D62"', b'ref="D9:A99999999999"'), "passed", ALL, "已接收"),
    _xlsx("a cell with no place", sheet_xml(GOOD_XLSX, b'r="A9"', b'r="ZZZZZZZZ99999999999"'), "refused", NOTHING, "工作簿打不开"),
    _xlsx("a hidden sheet before the table", behind_a_hidden_sheet(), "passed", ALL, "已接收"),
    _xlsx("a workbook that unpacks to 310 MB", swollen, "refused", NOTHING, "展开后有"),
    BadFile("a merged header without its second line", "marriage", workbook([*MARRIAGES[:2], ["JH20260001", "结婚", "2026-03-02", "张三", "1", "李四", "2"]]), "refused", NOTHING, "缺少必填列"),
]  # fmt: skip

JSON_FILES = [
    _json("a JSON array instead of lines", f"[{','.join(PAYMENTS)}]".encode(), "refused", NOTHING, "每行一个 JSON 对象"),
    _json("a JSON array over many lines", ("[\n" + ",\n".join(PAYMENTS) + "\n]\n").encode(), "refused", NOTHING, "整个文件是一个 JSON 数组"),
    _json("a JSON line cut short", jsonl(*PAYMENTS, LINE)[:-30], "passed", ONE_HELD, "括号不完整"),
    _json("JSON nested 100,000 deep", jsonl(*PAYMENTS, "[" * 100_000 + "]" * 100_000), "passed", ONE_HELD, "括号不完整"),
    _json("JSON nested deep within a value", jsonl(*PAYMENTS, LINE[:-1] + ', "x": ' + "[" * 100_000 + "]" * 100_000 + "}"), "passed", ONE_HELD, "括号不完整"),
    _json("a JSON key given twice", jsonl(*PAYMENTS, LINE[:-1] + ', "amount": 1}'), "passed", ONE_HELD, "括号不完整"),
    _json("a JSON number of 400 digits", jsonl(*PAYMENTS, LINE.replace("3099", "9" * 400)), "passed", ONE_HELD, "不是金额"),
    _json("a JSON number beyond any double", jsonl(*PAYMENTS, LINE.replace("3099", "1e999999")), "passed", ONE_HELD, "不是金额"),
    _json("NaN in JSON", jsonl(*PAYMENTS, LINE.replace("3099", "NaN")), "passed", ONE_HELD, "amount为空"),
    _json("half a character in JSON", jsonl(*PAYMENTS, LINE.replace("张三", "\\ud800")), "passed", ONE_HELD, "括号不完整"),
    _json("a NUL in JSON", jsonl(*PAYMENTS, LINE.replace("YL2026030099", "YL\\u000026030099")), "passed", ONE_HELD, "括号不完整"),
    _json("JSON with a byte that is no UTF-8", GOOD_JSON + b'{"payNo": "\xff"}\n', "refused", NOTHING, "第 61 行起文件不是约定的 UTF-8 编码"),
    _json("2,000 keys in a JSON line", jsonl(*PAYMENTS, json.dumps({f"k{n}": 1 for n in range(2_000)})), "refused", NOTHING, "列"),
    _json("JSON in UTF-16", GOOD_JSON.decode().encode("utf-16"), "refused", NOTHING, "看起来是 UTF-16"),
]  # fmt: skip

BAD_FILES = [*CSV_FILES, *ZIP_FILES, *XLSX_FILES, *JSON_FILES]

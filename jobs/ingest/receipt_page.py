"""The receipt that a department gets for every file: one page to read in a minute, one CSV of rows to mend."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from jobs.report.identifiers import mask_identifiers
from jobs.report.page import templates
from jobs.report.typeset import chinese_punctuation
from jobs.whole import written_whole

TEMPLATES = Path(__file__).parent / "templates"
EXAMPLES_SHOWN = 12
_VERBATIM = {"delivery_id", "feed", "file_name", "period", "mend_file", "header", "nearest", "column_zh"}


def render_receipt(receipt: Mapping[str, Any]) -> str:
    """A receipt as one self-contained, printable HTML page in Chinese, its verdict first.

    receipt: delivery_id, feed, title_zh, department, contact, file_name, period, attempt, received_at, status
    (passed, warned, refused, failed, repeated), read_rows, kept_rows, repaired_rows, held_rows, refused_rows (None
    where unknown), words [str], reasons [{rule, column_zh, says_zh, rows, examples: row numbers}],
    marks as reasons, of rows that were kept, repairs [{rule, column_zh, says_zh, rows}], unknown_headers [{header, nearest}], mend_file, what_next.
    Raises KeyError on a status it does not know. A number that looks like a person's is masked wherever it stands:
    a file without a header row delivers people as headers.
    """
    tone, verdict, meaning = _verdict(receipt)
    shown = _clean({key: value for key, value in receipt.items() if key != "contact"})
    return (
        templates(TEMPLATES)
        .get_template("receipt.html.j2")
        .render(
            tone=tone,
            verdict=verdict,
            meaning=meaning,
            receipt={**shown, "contact": receipt.get("contact") or ""},
            received_at=_moment(receipt.get("received_at")),
            counts=_counts(receipt),
            reasons=[{**_clean(reason), "where": _row_numbers(reason)} for reason in receipt.get("reasons") or []],
            marks=[{**_clean(mark), "where": _row_numbers(mark)} for mark in receipt.get("marks") or []],
        )
    )


def write_mend_csv(path: Path, header: list[str], rows: Iterable[tuple[int, list[str], str]]) -> int:
    """The rows to mend, as sent, with 行号 and 原因 behind them; returns how many.

    rows: (row number in the department's file, cells as sent, reason). UTF-8 with a byte-order mark, so that Excel,
    WPS and LibreOffice read Chinese; every cell quoted. Cells beyond the header stand after 原因, so nothing is lost.
    What a spreadsheet would run gets an apostrophe in front; what it would change (IDs and other long digit strings,
    leading zeros, 3-1) gets a tab. A tab, because quotes alone do not stop Excel from making 1.1E+17 of an ID,
    ="…" is itself a formula, and a tab is invisible and trimmed with other white space when the file comes back.
    """
    width = len(header) - 2 if header[-2:] == ["行号", "原因"] else len(header)  # ours, when a mended file returns
    written = 0
    with written_whole(path) as draft, draft.open("w", encoding="utf-8-sig", newline="") as file:
        sheet = csv.writer(file, quoting=csv.QUOTE_ALL)
        sheet.writerow([*map(_safe_cell, header[:width]), "行号", "原因"])
        for number, cells, reason in rows:
            padded = [*cells, *[""] * (width - len(cells))]
            row = [*padded[:width], str(number), reason, *padded[len(header) :]]
            sheet.writerow([_safe_cell(cell) for cell in row])
            written += 1
    return written


_NEGATIVE = re.compile(r"-\d{1,11}(\.\d+)?%?")
# Full-width signs too: a Chinese Excel runs them like the narrow ones.
_RUNS = re.compile(r"[ \u00a0\u3000]*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")
_CHANGES = re.compile(r"-?\d{12,}[\dXx]?|0\d+|\d+[eE]\d+|\d{1,2}[-/]\d{1,2}")


def _safe_cell(cell: str) -> str:
    if _NEGATIVE.fullmatch(cell):
        return cell
    if _RUNS.match(cell) and not _CHANGES.fullmatch(cell):
        return f"'{cell}"
    return f"\t{cell}" if _CHANGES.fullmatch(cell) else cell


def _verdict(receipt: Mapping[str, Any]) -> tuple[str, str, str]:
    """(tone, big line, what it means) of a receipt."""
    held, refused = receipt.get("held_rows") or 0, receipt.get("refused_rows") or 0
    rows = f",{held + refused:,} 行暂存" if held + refused else ""
    accepted = (
        ("mend", f"已接收,请补正 {held:,} 行", "其余数据已入库。需补正的行暂存,补正并重新报送后入库。")
        if held
        else ("good", "已接收", "本次数据已全部入库。")
    )
    tone, line, meaning = {
        "passed": accepted,
        "warned": accepted,
        "released": accepted,
        "rejected": (
            "bad",
            "已退回",
            "经人工核对,本次数据不予采用,已入库的一并撤回。请按下列原因改正后重新报送整份文件。",
        ),
        "refused": ("bad", "未接收", f"整份文件未入库{rows},请按下列原因改正后重新报送整份文件。"),
        "failed": ("mend", "已收到,尚未处理", "平台处理时出错,文件已妥善保存,无需重新报送。"),
        "repeated": ("good", "已接收", "与上次报送的内容相同,未重复入库,无需处理。"),
    }[receipt["status"]]
    return tone, chinese_punctuation(line), chinese_punctuation(meaning)


def _counts(receipt: Mapping[str, Any]) -> dict[str, Any] | None:
    """Rows read and what became of them; None when the file could not be read at all."""
    names = ("read_rows", "kept_rows", "held_rows", "refused_rows", "repaired_rows")
    if receipt.get("read_rows") is None:
        return None
    read, kept, held, refused, repaired = (receipt.get(name) or 0 for name in names)
    return {
        "parts": [("读入", read), ("入库", kept), ("待补正", held), ("整份退回", refused)],
        "repaired": repaired,
        "adds_up": read == kept + held + refused,
    }


def _row_numbers(reason: Mapping[str, Any]) -> str:
    """第 12–14、20 行等: the first rows with this reason, neighbours drawn together."""
    numbers = sorted(set(reason.get("examples") or []))
    shown = numbers[:EXAMPLES_SHOWN]
    spans: list[list[int]] = []
    for number in shown:
        if spans and number == spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    if not spans:
        return ""
    told = "、".join(str(first) if first == last else f"{first}–{last}" for first, last in spans)
    return f"第 {told} 行" + ("等" if reason.get("rows", 0) > len(shown) else "")


def _moment(at: Any) -> str:
    return f"{at:%Y-%m-%d %H:%M}" if isinstance(at, datetime) else str(at or "")


def _clean(value: Any, *, verbatim: bool = False) -> Any:
    """The value with personal numbers masked in every text it holds, and Chinese punctuation set where it is prose."""
    if isinstance(value, str):
        masked = mask_identifiers(value)
        return masked if verbatim else chinese_punctuation(masked)
    if isinstance(value, Mapping):
        return {key: _clean(item, verbatim=key in _VERBATIM) for key, item in value.items()}
    return [_clean(item) for item in value] if isinstance(value, (list, tuple)) else value

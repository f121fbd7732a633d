"""The receipt that a department gets for every file: one page to read in a minute."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from jobs.report.identifiers import mask_identifiers
from jobs.report.page import templates
from jobs.report.typeset import chinese_punctuation

TEMPLATES = Path(__file__).parent / "templates"
EXAMPLES_SHOWN = 12
_VERBATIM = {"delivery_id", "feed", "file_name", "period", "mend_files", "header", "nearest", "column_zh"}


def render_receipt(receipt: Mapping[str, Any]) -> str:
    """A receipt as one self-contained, printable HTML page in Chinese, its verdict first.

    receipt: delivery_id, feed, title_zh, department, contact, file_name, period, attempt, received_at, status
    (passed, warned, refused, failed, repeated), read_rows, kept_rows, repaired_rows, held_rows, refused_rows (None
    where unknown), words [str], reasons [{rule, column_zh, says_zh, rows, examples: row numbers}],
    marks as reasons, of rows that were kept, repairs [{rule, column_zh, says_zh, rows}], unknown_headers [{header, nearest}],
    mend_files [str], lines_above (lines of the file above row 1; None where a row's line is unknown), what_next.
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
            reasons=_placed(receipt, "reasons"),
            marks=_placed(receipt, "marks"),
        )
    )


def _verdict(receipt: Mapping[str, Any]) -> tuple[str, str, str]:
    """(tone, big line, what it means) of a receipt."""
    held, refused = receipt.get("held_rows") or 0, receipt.get("refused_rows") or 0
    rows = f",{held + refused:,} 行暂存" if held + refused else ""
    accepted = (
        ("mend", f"已接收,请补正 {held:,} 行", "其余数据已入库。需补正的行暂存,改好放回后入库。")
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
        "refused": (
            "bad",
            "未接收",
            f"整份文件未入库{rows},请按下列原因改正后{'放回' if receipt.get('mend_files') else '重新报送整份文件'}。",
        ),
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
        "parts": [
            ("读入", read),
            ("入库", kept),
            *([("其中代为改正", repaired)] if repaired else []),
            ("待补正", held),
            *([("整份退回", refused)] if refused else []),
        ],
        "adds_up": read == kept + held + refused,
    }


def _placed(receipt: Mapping[str, Any], what: str) -> list[dict[str, Any]]:
    """Reasons or marks, each with the rows it stands in."""
    above = receipt.get("lines_above") or 0
    return [{**_clean(reason), "where": _row_numbers(reason, above)} for reason in receipt.get(what) or []]


def _row_numbers(reason: Mapping[str, Any], above: int) -> str:
    """第 12–14、20 行等: the first rows with this reason, as their lines in the file when so many stand above, neighbours drawn together."""
    numbers = sorted({number + above for number in reason.get("examples") or []})
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
    return [_clean(item, verbatim=verbatim) for item in value] if isinstance(value, (list, tuple)) else value

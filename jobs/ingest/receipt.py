"""The receipt: what became of a delivery, to its department alone, with the rows to mend."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from jobs.home import Home
from jobs.ingest.land import Landed
from jobs.ingest.ledger import COMMITTED, Entry
from jobs.ingest.mending.give import ENDINGS, give_rows_to_mend
from jobs.ingest.mending.name import mend_name, mending_of
from jobs.ingest.receipt_page import render_receipt
from jobs.whole import written_whole
from quality.reasons import columns_of, say_held, say_repaired
from quality.sift import repairs
from schemas.contract import Contract

EXAMPLES = 5
NEXT = {
    "passed": "无需操作。",
    "warned": "数据已接收,请核对以上提示;如有错漏,请更正后以同名文件重新上传。",
    "refused": "本文件未进入数据平台。请按以上说明更正后,以同名文件重新上传。",
    "failed": "无需操作,处理完成后会另发回执。",
    "released": "无需操作。数据已按人工核对的结果接收。",
    "rejected": "本次数据已由平台退回。请按以上说明更正后,以同名文件重新上传。",
    "repeated": "无需操作。若本意是更正,请确认上传的是更正后的文件。",
}
DOUBTED = "不必重报。存疑之处列在下面,请核对。"
MEND = "改好补正文件后,直接把它放回投放目录即可,不必重报整份文件;其余各行已接收。"
MEND_REFUSED = "本文件未进入数据平台。请改好补正文件,直接把它放回投放目录;或更正原文件后,以同名文件重新上传。"
MEND_REFUSED_AGAIN = "这份补正文件没有采用,原来的报送不受影响。请按以上说明更正后,以同样的文件名放回投放目录。"


def give_receipt(
    home: Home,
    contract: Contract,
    entry: Entry,
    con: duckdb.DuckDBPyConnection | None = None,
    landed: Landed | None = None,
) -> Path:
    """Write the receipt (HTML), and the rows to mend (CSV and XLSX) when some are held. con holds the sifted delivery when it came that far."""
    folder = home.returns / contract.owner.folder
    folder.mkdir(parents=True, exist_ok=True)
    stem = _stem(entry)
    if con and landed:
        give_rows_to_mend(con, contract, landed, folder, stem, home.staging / entry.claim_id)
    given = [name for ending in ENDINGS if (folder / (name := mend_name(stem, ending))).exists()]
    facts = _facts(contract, entry, landed, given if entry.status in (*COMMITTED, "refused") else [])
    if con:
        facts |= {
            "reasons": _reasons(con, contract, "held", "reasons"),
            "marks": _reasons(con, contract, "kept", "marks"),
            "repairs": _repairs(con, contract),
        }
        if facts["marks"] and facts["what_next"] == NEXT["passed"]:
            facts["what_next"] = DOUBTED
    return _write(folder / f"{stem}.html", render_receipt(facts))


def tell_stranger(home: Home, folder: str, entry: Entry) -> Path:
    """A receipt for a file that belongs to no feed."""
    (home.returns / folder).mkdir(parents=True, exist_ok=True)
    facts = {
        "delivery_id": entry.delivery_id, "feed": entry.feed, "title_zh": "无法识别的文件", "department": folder, "contact": "",
        "file_name": entry.file_name, "period": entry.period, "attempt": entry.attempt, "received_at": entry.received_at,
        "status": entry.status, "read_rows": 0, "kept_rows": 0, "repaired_rows": 0, "held_rows": 0, "refused_rows": 0,
        "words": entry.words, "reasons": [], "repairs": [], "unknown_headers": [], "mend_files": [], "lines_above": None, "what_next": NEXT["refused"],
    }  # fmt: skip
    return _write(home.returns / folder / f"{entry.delivery_id}.html", render_receipt(facts))


def _stem(entry: Entry) -> str:
    claimed = entry.claim_id.split("-")[1][:14]
    return f"{entry.delivery_id}-重复-{claimed}" if entry.status == "repeated" else entry.delivery_id


def _facts(contract: Contract, entry: Entry, landed: Landed | None, mend_files: list[str]) -> dict[str, Any]:
    return {
        "delivery_id": entry.delivery_id, "feed": entry.feed, "title_zh": contract.title.zh,
        "department": contract.owner.department, "contact": contract.owner.contact, "file_name": entry.file_name,
        "period": entry.period, "attempt": entry.attempt, "received_at": entry.received_at, "status": entry.status,
        "read_rows": entry.read_rows, "kept_rows": entry.kept_rows, "repaired_rows": entry.repaired_rows,
        "held_rows": entry.held_rows, "refused_rows": entry.refused_rows, "words": entry.words,
        "reasons": [], "repairs": [], "mend_files": mend_files, "lines_above": landed.above if landed else None,
        "unknown_headers": [{"header": header, "nearest": near} for header, near in (landed.map.unknown if landed else [])],
        "what_next": _what_next(entry, mend_files),
    }  # fmt: skip


def _what_next(entry: Entry, mend_files: list[str]) -> str:
    if entry.held_rows and entry.status in COMMITTED:
        return MEND
    if entry.status == "refused" and mend_files:
        return MEND_REFUSED
    return MEND_REFUSED_AGAIN if entry.status == "refused" and mending_of(entry.file_name) else NEXT[entry.status]


def _reasons(con: duckdb.DuckDBPyConnection, contract: Contract, table: str, said: str) -> list[dict[str, Any]]:
    """Why rows are held, or what of kept rows is doubted, the commonest first."""
    found = con.execute(
        f"SELECT reason, count(*), list(row_no ORDER BY row_no)[:?] FROM (SELECT row_no, unnest({said}) AS reason FROM {table}) "
        "GROUP BY reason ORDER BY count(*) DESC, reason",
        [EXAMPLES],
    ).fetchall()
    return [
        {"rule": reason.split(":")[0], "column_zh": _columns(contract, reason), "says_zh": say_held(contract, reason),
         "rows": rows, "examples": examples}
        for reason, rows, examples in found
    ]  # fmt: skip


def _columns(contract: Contract, reason: str) -> str:
    return "、".join(contract.title_of(column) for column in columns_of(contract, reason) if column in contract.columns)


def _repairs(con: duckdb.DuckDBPyConnection, contract: Contract) -> list[dict[str, Any]]:
    if not (log := repairs(contract)):
        return []
    found = con.execute(
        f"SELECT rule, column_name, count(*) FROM ({log}) GROUP BY ALL ORDER BY 3 DESC, 1, 2"
    ).fetchall()
    return [
        {
            "rule": rule,
            "column_zh": contract.title_of(column),
            "says_zh": say_repaired(contract, rule, column),
            "rows": rows,
        }
        for rule, column, rows in found
    ]


def _write(path: Path, page: str) -> Path:
    with written_whole(path) as draft:
        draft.write_text(page, encoding="utf-8")
    return path

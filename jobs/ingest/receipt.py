"""The receipt: what became of a delivery, to its department alone, with the rows to mend."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb

from jobs.home import Home
from jobs.ingest.land import extra_titles
from jobs.ingest.ledger import Entry
from jobs.ingest.receipt_page import render_receipt, write_mend_csv
from jobs.whole import written_whole
from quality.headers import HeaderMap
from quality.reasons import say_held, say_repaired
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
MEND = "请在补正文件中改好后,合入原文件以同名重新上传;其余各行已接收。"


def give_receipt(
    home: Home,
    contract: Contract,
    entry: Entry,
    con: duckdb.DuckDBPyConnection | None = None,
    headers: HeaderMap | None = None,
) -> Path:
    """Write the receipt (HTML), and the rows to mend (CSV) when some are held. con holds the sifted delivery when it came that far."""
    folder = home.returns / contract.owner.folder
    folder.mkdir(parents=True, exist_ok=True)
    stem = _stem(entry)
    mend = folder / f"{stem}-补正.csv"
    held = con.execute("SELECT count(*) FROM held").fetchone() if con else None
    if con and held and held[0]:
        write_mend_csv(mend, entry.header, _rows_to_mend(con, contract, entry.header, headers))
    elif con:
        mend.unlink(missing_ok=True)  # of an earlier try at this delivery
    facts = _facts(contract, entry, headers, mend.name if mend.exists() else None)
    if con:
        facts |= {
            "reasons": _reasons(con, contract, "held", "reasons"),
            "marks": _reasons(con, contract, "kept", "marks"),
            "repairs": _repairs(con, contract),
        }
    return _write(folder / f"{stem}.html", render_receipt(facts))


def tell_stranger(home: Home, folder: str, entry: Entry) -> Path:
    """A receipt for a file that belongs to no feed."""
    (home.returns / folder).mkdir(parents=True, exist_ok=True)
    facts = {
        "delivery_id": entry.delivery_id, "feed": entry.feed, "title_zh": "无法识别的文件", "department": folder, "contact": "",
        "file_name": entry.file_name, "period": entry.period, "attempt": entry.attempt, "received_at": entry.received_at,
        "status": entry.status, "read_rows": 0, "kept_rows": 0, "repaired_rows": 0, "held_rows": 0, "refused_rows": 0,
        "words": entry.words, "reasons": [], "repairs": [], "unknown_headers": [], "mend_file": None, "what_next": NEXT["refused"],
    }  # fmt: skip
    return _write(home.returns / folder / f"{entry.delivery_id}.html", render_receipt(facts))


def _stem(entry: Entry) -> str:
    claimed = entry.claim_id.split("-")[1][:14]
    return f"{entry.delivery_id}-重复-{claimed}" if entry.status == "repeated" else entry.delivery_id


def _facts(contract: Contract, entry: Entry, headers: HeaderMap | None, mend_file: str | None) -> dict[str, Any]:
    return {
        "delivery_id": entry.delivery_id, "feed": entry.feed, "title_zh": contract.title.zh,
        "department": contract.owner.department, "contact": contract.owner.contact, "file_name": entry.file_name,
        "period": entry.period, "attempt": entry.attempt, "received_at": entry.received_at, "status": entry.status,
        "read_rows": entry.read_rows, "kept_rows": entry.kept_rows, "repaired_rows": entry.repaired_rows,
        "held_rows": entry.held_rows, "refused_rows": entry.refused_rows, "words": entry.words,
        "reasons": [], "repairs": [], "mend_file": mend_file,
        "unknown_headers": [{"header": header, "nearest": near} for header, near in (headers.unknown if headers else [])],
        "what_next": MEND if entry.held_rows and entry.status in ("passed", "warned", "released") else NEXT[entry.status],
    }  # fmt: skip


def _reasons(con: duckdb.DuckDBPyConnection, contract: Contract, table: str, said: str) -> list[dict[str, Any]]:
    """Why rows are held, or what of kept rows is doubted, the commonest first."""
    found = con.execute(
        f"SELECT reason, count(*), list(row_no ORDER BY row_no)[:?] FROM (SELECT row_no, unnest({said}) AS reason FROM {table}) "
        "GROUP BY reason ORDER BY count(*) DESC, reason",
        [EXAMPLES],
    ).fetchall()
    return [
        {"rule": reason.split(":")[0], "column_zh": contract.title_of(reason.split(":")[1]), "says_zh": say_held(contract, reason),
         "rows": rows, "examples": examples}
        for reason, rows, examples in found
    ]  # fmt: skip


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


def _rows_to_mend(
    con: duckdb.DuckDBPyConnection, contract: Contract, header: list[str], headers: HeaderMap | None
) -> Iterator[tuple[int, list[str], str]]:
    """Row number, cells in the order they were sent, and every reason as a sentence."""
    found = con.execute(
        "SELECT h.reasons, l.* EXCLUDE (defect) FROM held h JOIN landed l USING (row_no) ORDER BY l.row_no"
    )
    names = [column[0] for column in found.description or []]
    placed = {position: column for column, position in (headers.columns if headers else {}).items()}
    while batch := found.fetchmany(1_000):
        for values in batch:
            row = dict(zip(names, values, strict=True))
            extra = json.loads(row["extra"] or "{}")
            cells = [
                row[placed[i]] if i in placed else extra.get(title) for i, title in enumerate(extra_titles(header))
            ]
            if "" in extra:
                cells[:1] = [extra[""]]
            yield (
                row["row_no"],
                [cell or "" for cell in cells],
                ";".join(say_held(contract, reason) for reason in row["reasons"]),
            )


def _write(path: Path, page: str) -> Path:
    with written_whole(path) as draft:
        draft.write_text(page, encoding="utf-8")
    return path

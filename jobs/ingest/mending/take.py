"""A mended file is taken in as the delivery it mends: the file that was sent then, landed again, with the mended rows in their places."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from jobs import lake
from jobs.home import Home
from jobs.ingest.as_sent import cells_as_sent
from jobs.ingest.claim import Claim, archived
from jobs.ingest.land import Landed, extra_titles, land
from jobs.ingest.ledger import COMMITTED, Entry, Ledger
from jobs.ingest.mending.cells import as_meant, is_damaged
from jobs.ingest.mending.name import Mending, mending_of
from jobs.ingest.mending.read import mended_rows
from jobs.ingest.references import bring_references
from jobs.ingest.unreadable import Unreadable
from quality.forms import name, quote
from quality.sift import Sifted, sift
from schemas.contract import Contract

BATCH_ROWS = 1_000
NUMBERS = ("integer", "number", "money")  # which may well be written 1.5E+03
RESEND = "请更正原文件后,以原文件名重新上传整份文件。"


@dataclass(frozen=True)
class Mended:
    """of: the mended delivery's row in the ledger; came_at: when the file that was first sent came; rows: how many this file replaces; unknown: headers it has no use for."""

    of: dict[str, Any]
    came_at: datetime
    rows: int
    unknown: list[str]

    def sift(self, con: duckdb.DuckDBPyConnection, contract: Contract) -> Sifted:
        """Judge each row as of the day it came: the mended ones as of their mending, the others as of the file's first arrival."""
        return sift(con, contract, self.came_at, "SELECT mended_at FROM mended WHERE of_row = row_no")

    def told(self, con: duckdb.DuckDBPyConnection, entry: Entry, sifted: Sifted) -> Entry:
        """The entry with what became of the mended rows, first of all in its words."""
        (kept,) = con.execute(
            "SELECT count(*) FROM kept SEMI JOIN (SELECT of_row AS row_no FROM mended WHERE latest) USING (row_no)"
        ).fetchone() or (0,)
        left = sifted.held - (self.rows - kept)
        if entry.status == "refused":
            became, mended_rows = f"其中 {kept:,} 行已改好,但整份文件仍未入库", 0
        else:
            became, mended_rows = f"{kept:,} 行已入库", kept
        words = [
            f"这是 {self.of['delivery_id']} 的补正。补正 {self.rows:,} 行:{became},{self.rows - kept:,} 行仍待补正。",
            f"另有 {left:,} 行不在补正文件中,仍待补正。" if left > 0 else "",
            f"补正文件中没有用到的列:{'、'.join(self.unknown)}。" if self.unknown else "",
        ]
        return replace(
            entry, words=[*filter(None, words), *entry.words], mends=self.of["delivery_id"], mended_rows=mended_rows
        )

    def keeps_release(self, sifted: Sifted) -> bool:
        """Whether a person's release of what is mended covers this too: nothing got worse since."""
        return self.of["status"] == "released" and sifted.held <= self.of["held_rows"]


def land_mended(
    home: Home, con: duckdb.DuckDBPyConnection, contract: Contract, ledger: Ledger, claim: Claim, mending: Mending, mended_at: datetime, staging: Path
) -> tuple[Landed, Mended]:  # fmt: skip
    """Leave `landed` as `land` does, of the original file with its mended rows. Raises Unreadable when the mending as a whole cannot be taken.

    What a person orders again (replay, release) is not asked whether its time is over.
    """
    base = ledger.of(mending.delivery_id) if claim.order else _standing(ledger, mending)
    if base is None:
        raise LookupError(f"{mending.delivery_id} is not in the ledger of {ledger.feed}")
    first, *mends = _sources(home, ledger, base)
    landed = land(con, contract, first.path, staging)
    if landed.headers != base["header"]:
        raise Unreadable(f"{mending.delivery_id} 报送以后,约定的表头位置变了,行号对不上。{RESEND}")
    _begin(con, contract)
    for mend in mends:
        mended_rows(con, landed.headers, mend.path, _own(staging, mend.delivery_id))
        _put_in_place(con, contract, landed, mend.received_at)
    unknown = mended_rows(con, landed.headers, claim.path, _own(staging, "mending"))
    if not claim.order:
        _held_before(home, con, contract, base, first.received_at)
        _only_what_was_held(con, base)
    rows = _put_in_place(con, contract, landed, mended_at)
    return landed, Mended(base, first.received_at, rows, unknown)


def _standing(ledger: Ledger, mending: Mending) -> dict[str, Any]:
    """The delivery's row in the ledger. Raises Unreadable unless its rows still wait to be mended."""
    base = ledger.of(mending.delivery_id)
    if base is None:
        raise Unreadable(
            f"没有编号为 {mending.delivery_id} 的报送。请核对文件名中的回执编号;补正文件的名字是“回执编号-补正”。"
        )
    if base["status"] == "failed":
        raise Unreadable(f"{mending.delivery_id} 还在处理。请等收到它的回执后,再放回补正文件。")
    if base["status"] == "rejected":
        raise Unreadable(f"{mending.delivery_id} 已由平台退回,不能再补正。{RESEND}")
    later = [row for row in ledger.outcomes if row["period"] == base["period"] and row["attempt"] > base["attempt"]]
    if counts := [row for row in later if row["status"] in COMMITTED]:
        newest = counts[-1]
        way_out = f"请改用 {newest['delivery_id']} 的补正文件。" if newest["held_rows"] else "它没有待补正的行,无需再补正;如另有更正,请以原文件名重新上传整份文件。"  # fmt: skip
        raise Unreadable(f"{mending.delivery_id} 已被后来的 {newest['delivery_id']} 取代。{way_out}")
    if not base["header"]:
        raise Unreadable(f"{mending.delivery_id} 整份文件没有读出来,没有可补正的行。{RESEND}")
    return base


@dataclass(frozen=True)
class _Source:
    delivery_id: str
    path: Path
    received_at: datetime


def _sources(home: Home, ledger: Ledger, base: dict[str, Any]) -> list[_Source]:
    """The file that was first sent, and every mending of it since, oldest first."""
    path = archived(home, ledger.feed, base)
    mended = mending_of(path.name)
    before = ledger.of(mended.delivery_id) if mended else None
    earlier = _sources(home, ledger, before) if before else []
    return [*earlier, _Source(base["delivery_id"], path, base["received_at"])]


def _own(staging: Path, folder: str) -> Path:
    (staging / folder).mkdir()
    return staging / folder


def _begin(con: duckdb.DuckDBPyConnection, contract: Contract) -> None:
    """`mended`: the rows that stand in for those of the original file; latest: those of the last mending."""
    columns = ", ".join(f"{name(column)} VARCHAR" for column in contract.columns)
    con.execute(f"""
        CREATE OR REPLACE TABLE mended (of_row BIGINT, mended_at TIMESTAMPTZ, latest BOOLEAN, defect VARCHAR, {columns}, extra VARCHAR);
        ALTER VIEW landed RENAME TO sent_first""")
    of = ", ".join(["defect", *(name(column) for column in contract.columns), "extra"])
    con.execute(f"""
        CREATE OR REPLACE VIEW landed AS
        SELECT row_no, {of} FROM sent_first ANTI JOIN (SELECT of_row AS row_no FROM mended) USING (row_no)
        UNION ALL SELECT of_row, {of} FROM mended""")


def _held_before(
    home: Home, con: duckdb.DuckDBPyConnection, contract: Contract, base: dict[str, Any], came_at: datetime
) -> None:
    """`held_before` (row_no): the rows that the department was given to mend. Of a refused delivery nothing was written: it is sifted once more."""
    if base["status"] not in COMMITTED:
        bring_references(home, con, contract)
        sift(con, contract, came_at, "SELECT mended_at FROM mended WHERE of_row = row_no")
        con.execute("CREATE OR REPLACE TABLE held_before AS SELECT row_no FROM held")
        return
    held = home.table("held", contract.feed)
    found = pa.table({"row_no": pa.array([], pa.int64())})
    if lake.exists(held):
        with lake.connect() as reader:
            found = reader.execute(
                f"SELECT row_no FROM {lake.scan(held)} WHERE delivery_id = {quote(base['delivery_id'])}"
            ).to_arrow_table()
    con.register("found", found)
    con.execute("CREATE OR REPLACE TABLE held_before AS SELECT row_no FROM found")
    con.unregister("found")


def _only_what_was_held(con: duckdb.DuckDBPyConnection, base: dict[str, Any]) -> None:
    others = con.execute(
        "SELECT of_row FROM returned ANTI JOIN (SELECT row_no AS of_row FROM held_before) USING (of_row) ORDER BY 1 LIMIT 5"
    ).fetchall()
    if others:
        told = "、".join(str(row) for (row,) in others)
        raise Unreadable(
            f"补正文件中的行号 {told} 不是 {base['delivery_id']} 待补正的行。请核对“行号”列有没有改动;已入库的行要更正的,{RESEND}"
        )


def _put_in_place(con: duckdb.DuckDBPyConnection, contract: Contract, landed: Landed, mended_at: datetime) -> int:
    """Put the rows of `returned` into `mended`, each instead of what stood under its number. Returns how many."""
    columns = ["of_row", "mended_at", "latest", "defect", *contract.columns, "extra"]
    con.execute("CREATE OR REPLACE TEMP TABLE incoming AS SELECT * FROM mended LIMIT 0")
    rows = _judged(con, contract, landed, mended_at)
    while batch := list(islice(rows, BATCH_ROWS)):
        found = pa.Table.from_pylist(batch, _schema(columns))
        con.register("batch_rows", found)
        con.execute("INSERT INTO incoming SELECT * FROM batch_rows")
        con.unregister("batch_rows")
    con.execute("DELETE FROM mended WHERE of_row IN (SELECT of_row FROM incoming)")
    con.execute("UPDATE mended SET latest = false")
    con.execute("INSERT INTO mended SELECT * FROM incoming")
    counted = con.execute("SELECT count(*) FROM incoming").fetchone()
    return counted[0] if counted else 0


def _schema(columns: list[str]) -> pa.Schema:
    types = {"of_row": pa.int64(), "mended_at": pa.timestamp("us", "UTC"), "latest": pa.bool_()}
    return pa.schema([(column, types.get(column, pa.string())) for column in columns])


def _judged(
    con: duckdb.DuckDBPyConnection, contract: Contract, landed: Landed, mended_at: datetime
) -> Iterator[dict[str, Any]]:
    """Each returned row as a landed one."""
    with con.cursor() as reader:
        found = reader.execute(
            "SELECT r.of_row, r.cells, l.* EXCLUDE (row_no) FROM returned r JOIN landed l ON l.row_no = r.of_row ORDER BY 1"
        )
        names = [column[0] for column in found.description or []]
        while batch := found.fetchmany(BATCH_ROWS):
            for values in batch:
                row = dict(zip(names, values, strict=True))
                yield _landed_row(contract, landed, row) | {
                    "of_row": row["of_row"],
                    "mended_at": mended_at,
                    "latest": True,
                }


def _landed_row(contract: Contract, landed: Landed, row: dict[str, Any]) -> dict[str, Any]:
    """defect, the contract's columns and extra of a returned row. A row without shape that nobody took apart stays what it was."""
    sent = cells_as_sent(row, landed.headers, landed.map)
    cells = [as_meant(*pair) for pair in zip(sent, row["cells"], strict=True)]
    if row["defect"] == "shape" and not any(cell.strip() for cell in cells[1:]):
        return dict.fromkeys(contract.columns) | {"defect": "shape", "extra": row["extra"]}
    texts = {column: cells[place] or None for column, place in landed.map.columns.items()}
    titles = extra_titles(landed.headers)
    used = set(landed.map.columns.values())
    extra = {title: cells[i] or None for i, title in enumerate(titles) if i not in used}
    told = json.dumps(extra, ensure_ascii=False) if any(extra.values()) else None
    return texts | {"defect": _damage(contract, landed, sent, cells), "extra": told}


def _damage(contract: Contract, landed: Landed, sent: list[str], cells: list[str]) -> str | None:
    """'spreadsheet' when a long number has become 1.1E+17 on the way and cannot be told from what was sent."""
    damaged = any(
        contract.columns[column].type not in NUMBERS and cells[place] != sent[place] and is_damaged(cells[place])
        for column, place in landed.map.columns.items()
    )
    return "spreadsheet" if damaged else None

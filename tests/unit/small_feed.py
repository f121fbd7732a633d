"""A small feed to try one thing at a time: its contract, its rows landed or sifted in memory, and what became of each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from jobs.home import ZONE
from jobs.ingest.land import Landed, land
from jobs.lake import connect
from quality.sift import Sifted, repairs, sift
from schemas.contract import Contract

RECEIVED = datetime(2026, 6, 29, 12, tzinfo=ZONE)


@dataclass(frozen=True)
class Row:
    """One row after sifting: typed values as DuckDB prints them, reasons 'rule:column', and column -> rule of each repair."""

    values: dict[str, str | None]
    kept: bool
    reasons: list[str]
    repairs: dict[str, str]


def feed_of(columns: dict[str, Any], *, rows: list[dict[str, Any]] | None = None, **delivery: Any) -> Contract:
    """A contract keyed by item_no (编号) with the given columns besides."""
    numbered = {"item_no": {"from": ["编号"], "type": "string", "required": True}}
    return Contract.model_validate(
        {
            "feed": "small_feed",
            "title": {"zh": "小样", "en": "Small feed"},
            "owner": {"department": "东湖街道", "folder": "donghu", "contact": "data@example.cn"},
            "delivery": {"files": "small_*", "kind": "events", "every": "0 2 * * *", "late_after": "6h", **delivery},
            "key": ["item_no"],
            "columns": numbered | columns,
            "rows": rows or [],
            "gate": {"held": {"warn": "2%", "refuse": "5%"}},
            "examples": [{"keep": {"编号": "1"}}],
        }
    )


def one_column(type_: str, **spec: Any) -> Contract:
    """A contract with one column `value` (值) of the type."""
    return feed_of({"value": {"from": ["值"], "type": type_, **spec}})


def sifted(contract: Contract, sent: list[dict[str, str | None]]) -> tuple[Sifted, list[Row]]:
    """Sift rows of texts, one dict a row; the rows come back in the order they were sent."""
    with connect(reads_delta=False) as con:
        texts = {column: pa.array([row.get(column) for row in sent], pa.string()) for column in contract.columns}
        nothing = pa.nulls(len(sent), pa.string())
        table = pa.table({"row_no": range(1, len(sent) + 1), "defect": nothing, **texts, "extra": nothing})
        con.register("sent", table)
        con.execute("CREATE TABLE landed AS SELECT * FROM sent")
        counted = sift(con, contract, RECEIVED)
        values = {
            row[0]: row for row in con.execute("SELECT * EXCLUDE (reasons, repairs, marks) FROM conformed").fetchall()
        }
        held: dict[int, list[str]] = dict(con.execute("SELECT row_no, reasons FROM held").fetchall())
        mended: dict[int, dict[str, str]] = {}
        for row_no, column, _, _, rule, _ in con.execute(
            repairs(contract) or "SELECT 0, '', '', '', '', '' LIMIT 0"
        ).fetchall():
            mended.setdefault(row_no, {})[column] = rule
    found = [
        Row(_texts(contract, values[number]), number not in held, held.get(number, []), mended.get(number, {}))
        for number in range(1, len(sent) + 1)
    ]
    return counted, found


def read_values(contract: Contract, texts: list[str]) -> list[Row]:
    """Sift texts of the column `value`, a row each."""
    return sifted(contract, [{"item_no": f"N{i}", "value": text} for i, text in enumerate(texts)])[1]


def landed(contract: Contract, content: bytes, folder: Path) -> tuple[Landed, list[dict[str, Any]]]:
    """Land a file of these bytes; its rows as dicts in order."""
    path = folder / "small_file"
    path.write_bytes(content)
    with connect(reads_delta=False) as con:
        told = land(con, contract, path, folder)
        found = con.execute("SELECT * FROM landed ORDER BY row_no")
        names = [column[0] for column in found.description or []]
        return told, [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def _texts(contract: Contract, row: tuple[Any, ...]) -> dict[str, str | None]:
    return {
        column: None if value is None else str(value) for column, value in zip(contract.columns, row[1:], strict=True)
    }

"""ops.delivery, the ledger: one row for each outcome of each delivery, only ever appended. A row here is the commit."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from typing import Any, Literal

import pyarrow as pa

from jobs import lake
from jobs.home import ZONE, Home
from schemas.contract import Contract

Status = Literal["passed", "warned", "refused", "failed", "repeated", "released", "rejected"]
COMMITTED = ("passed", "warned", "released")
TRIES = 3

SCHEMA = pa.schema(
    [
        ("claim_id", pa.string()), ("delivery_id", pa.string()), ("feed", pa.string()), ("period", pa.string()),
        ("attempt", pa.int32()), ("file_name", pa.string()), ("sha256", pa.string()), ("bytes", pa.int64()),
        ("status", pa.string()), ("read_rows", pa.int64()), ("kept_rows", pa.int64()), ("repaired_rows", pa.int64()),
        ("held_rows", pa.int64()), ("refused_rows", pa.int64()), ("words", pa.list_(pa.string())),
        ("header", pa.list_(pa.string())), ("received_at", pa.timestamp("us", "UTC")), ("recorded_at", pa.timestamp("us", "UTC")),
    ]
)  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """What became of one delivery. read = kept + held + refused; repaired rows are among the kept."""

    claim_id: str
    delivery_id: str
    feed: str
    period: str
    attempt: int
    file_name: str
    sha256: str
    bytes: int
    received_at: datetime
    status: Status = "failed"
    read_rows: int = 0
    kept_rows: int = 0
    repaired_rows: int = 0
    held_rows: int = 0
    refused_rows: int = 0
    words: list[str] = field(default_factory=list)
    header: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.kept_rows + self.held_rows + self.refused_rows != self.read_rows:
            raise AssertionError(f"{self.delivery_id}: read {self.read_rows} is not kept + held + refused")


def path(home: Home) -> str:
    return home.table("ops", "delivery")


def record(home: Home, entry: Entry) -> None:
    row = asdict(entry) | {"recorded_at": datetime.now(ZONE)}
    lake.append(path(home), pa.Table.from_pylist([row], SCHEMA))


class Ledger:
    """The ledger as one run reads it. Rows of other feeds do not matter to a feed's run."""

    def __init__(self, home: Home, feed: str) -> None:
        self.home, self.feed = home, feed
        self.rows: list[dict[str, Any]] = _rows(home, feed)

    def add(self, entry: Entry) -> None:
        record(self.home, entry)
        self.rows.append(asdict(entry))

    def finished(self, claim_id: str) -> dict[str, Any] | None:
        """The row that ended a claim, or None while it is open: never begun, killed midway, or failed and to be tried again."""
        rows = [row for row in self.rows if row["claim_id"] == claim_id]
        ended = [row for row in rows if row["status"] != "failed"]
        return ended[-1] if ended else rows[-1] if len(rows) >= TRIES else None

    def attempt_of(self, claim_id: str, period: str) -> int:
        """The number of this attempt at the period: the same again for a claim that failed before."""
        mine = [row["attempt"] for row in self.rows if row["claim_id"] == claim_id]
        others = [row["attempt"] for row in self.rows if row["period"] == period and row["status"] != "repeated"]
        return mine[-1] if mine else max(others, default=0) + 1

    def latest(self, period: str) -> dict[str, Any] | None:
        rows = [row for row in self.rows if row["period"] == period and row["status"] not in ("repeated", "failed")]
        return rows[-1] if rows else None

    def past_rows(self, period: str) -> list[int]:
        """Rows read of the feed's last admitted deliveries whose period is as long as this one, newest first."""
        alike = [
            r
            for r in self.rows
            if r["status"] in COMMITTED and len(r["period"]) == len(period) and r["period"] != period
        ]
        return [
            row["read_rows"] for row in sorted(alike, key=lambda row: (row["period"], row["attempt"]), reverse=True)
        ]


def _rows(home: Home, feed: str) -> list[dict[str, Any]]:
    if not lake.exists(path(home)):
        return []
    columns = ", ".join(name.name for name in fields(Entry))
    with lake.connect() as con:
        found = con.execute(
            f"SELECT {columns} FROM {lake.scan(path(home))} WHERE feed = ? ORDER BY recorded_at", [feed]
        )
        names = [column[0] for column in found.description or []]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def delivery_id(contract: Contract, period: str, attempt: int) -> str:
    return f"{contract.feed}-{period}-{attempt:02d}"

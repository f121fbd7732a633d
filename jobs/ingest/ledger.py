"""ops.delivery, the ledger: one row for each outcome of each delivery, only ever appended. A row here is the commit.

Rows of a feed are numbered in their order; a clock may jump, so nothing is ordered by time.
"""

from __future__ import annotations

from dataclasses import MISSING, Field, asdict, dataclass, field, fields
from datetime import datetime
from typing import Any, Literal

import pyarrow as pa

from jobs import lake
from jobs.home import ZONE, Home
from jobs.ingest.claim import number_of
from schemas.contract import Contract

Status = Literal["passed", "warned", "refused", "failed", "repeated", "released", "rejected"]
COMMITTED = ("passed", "warned", "released")
TRIES = 3

SCHEMA = pa.schema(
    [
        ("entry_no", pa.int64()), ("claim_id", pa.string()), ("delivery_id", pa.string()), ("feed", pa.string()), ("period", pa.string()),
        ("attempt", pa.int32()), ("file_name", pa.string()), ("sha256", pa.string()), ("bytes", pa.int64()),
        ("status", pa.string()), ("read_rows", pa.int64()), ("kept_rows", pa.int64()), ("repaired_rows", pa.int64()),
        ("held_rows", pa.int64()), ("refused_rows", pa.int64()), ("words", pa.list_(pa.string())),
        ("header", pa.list_(pa.string())), ("mends", pa.string()), ("mended_rows", pa.int64()),
        ("received_at", pa.timestamp("us", "UTC")), ("recorded_at", pa.timestamp("us", "UTC")),
    ]
)  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """What became of one delivery. read = kept + held + refused; repaired rows are among the kept.

    mends: the delivery whose held rows it brings back, '' of a file of its own; mended_rows: how many of them are now kept.
    """

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
    mends: str = ""
    mended_rows: int = 0
    entry_no: int = 0

    def __post_init__(self) -> None:
        if self.kept_rows + self.held_rows + self.refused_rows != self.read_rows:
            raise AssertionError(f"{self.delivery_id}: read {self.read_rows} is not kept + held + refused")


def path(home: Home) -> str:
    return home.table("ops", "delivery")


class Ledger:
    """The ledger as one run reads it, while it holds the feed's lock. Rows of other feeds do not matter to it."""

    def __init__(self, home: Home, feed: str) -> None:
        self.home, self.feed = home, feed
        self.rows: list[dict[str, Any]] = _rows(home, feed)

    def add(self, entry: Entry) -> None:
        row = asdict(entry) | {"entry_no": max((row["entry_no"] for row in self.rows), default=0) + 1}
        lake.append(
            path(self.home), pa.Table.from_pylist([row | {"recorded_at": datetime.now(ZONE)}], SCHEMA), by=["feed"]
        )
        self.rows.append(row)

    def of(self, delivery: str) -> dict[str, Any] | None:
        """What became of a delivery last."""
        return next((row for row in self.outcomes if row["delivery_id"] == delivery), None)

    @property
    def outcomes(self) -> list[dict[str, Any]]:
        """What became of each delivery last, in the order of attempts."""
        last = {row["delivery_id"]: row for row in self.rows if row["status"] != "repeated"}
        return sorted(last.values(), key=lambda row: row["attempt"])

    @property
    def arrivals(self) -> int:
        """The number of the last arrival that has a row here."""
        return max((number_of(row["claim_id"]) for row in self.rows), default=0)

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

    def past(self, period: str) -> list[dict[str, Any]]:
        """The feed's other admitted periods, each as its latest attempt, of the same length as this one; newest first."""
        admitted = [row for row in self.outcomes if row["status"] in COMMITTED and row["period"] != period]
        latest = {row["period"]: row for row in admitted}
        return [latest[other] for other in sorted(latest, reverse=True) if len(other) == len(period)]


def _rows(home: Home, feed: str) -> list[dict[str, Any]]:
    """A ledger of before has no word on what a later version asks for: there the entry's default stands."""
    if not lake.exists(path(home)):
        return []
    with lake.connect(reads_delta=False) as con:
        lake.offer(con, "ledger", path(home))
        found = con.execute("SELECT * FROM ledger WHERE feed = ? ORDER BY entry_no", [feed])
        names = [column[0] for column in found.description or []]
        rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    return [{of.name: _told(of, row.get(of.name)) for of in fields(Entry)} for row in rows]


def _told(of: Field[Any], value: Any) -> Any:
    return of.default if value is None and of.default is not MISSING else value


def delivery_id(contract: Contract, period: str, attempt: int) -> str:
    return f"{contract.feed}-{period}-{attempt:02d}"

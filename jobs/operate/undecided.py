"""Refused deliveries that wait for a person, and what has settled one that waits no longer."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime

import duckdb

from jobs import lake
from jobs.current import latest_outcomes
from jobs.home import Home
from jobs.ingest import ledger as ledgers
from jobs.ingest.ledger import Ledger
from quality.forms import quote


@dataclass(frozen=True)
class Undecided:
    """A delivery that the gate refused: nobody has decided about it, and nothing came after it for its period.

    entry_no: its row in the feed's ledger, which a decision answers. words: the gate's, figures only.
    """

    delivery_id: str
    feed: str
    period: str
    entry_no: int
    received_at: datetime
    read_rows: int
    words: list[str]


def undecided(home: Home) -> list[Undecided]:
    """All of them, the oldest first. What could not be read or lacks a required column is not among them: only a new file mends that."""
    if not lake.exists(ledgers.path(home)):
        return []
    with lake.connect() as con:
        found = _last_word_is_refused(con, lake.scan(ledgers.path(home)))
        judged = _judged(con, home, found)
    return [case for case in found if case.delivery_id in judged]


def feed_of(delivery: str) -> str:
    return delivery.split("-")[0]


def settled(ledger: Ledger, delivery: str, asked: int | None = None) -> str | None:
    """What has settled a refused delivery, in Chinese; None while it waits. asked: the ledger row that the question was about."""
    row = ledger.of(delivery)
    if row is None:
        return f"台账中没有 {delivery}。"
    if row["status"] != "refused" or row["entry_no"] != (asked or row["entry_no"]):
        return f"{delivery} 已有结果({row['status']}):{' '.join(row['words']) or '无说明'}"
    later = [other["delivery_id"] for other in ledger.outcomes if _follows(other, row)]
    return f"同一期的新文件 {later[-1]} 已经送达,{delivery} 不再需要决定。" if later else None


def _follows(other: dict, row: dict) -> bool:
    return other["period"] == row["period"] and other["attempt"] > row["attempt"]


def _last_word_is_refused(con: duckdb.DuckDBPyConnection, ledger: str) -> list[Undecided]:
    columns = ", ".join(f"entry.{field.name}" for field in fields(Undecided))
    found = con.execute(f"""
        WITH newest AS (SELECT feed, entry_no, status FROM ({latest_outcomes(ledger)})
                        QUALIFY row_number() OVER (PARTITION BY feed, period ORDER BY attempt DESC) = 1)
        SELECT {columns} FROM newest JOIN {ledger} entry USING (feed, entry_no)
        WHERE newest.status = 'refused' ORDER BY received_at, entry.delivery_id""")
    return [Undecided(*row) for row in found.fetchall()]


def _judged(con: duckdb.DuckDBPyConnection, home: Home, cases: list[Undecided]) -> set[str]:
    """Those that came as far as the gate."""
    path = home.table("ops", "gate_result")
    if not cases or not lake.exists(path):
        return set()
    feeds, deliveries = ({quote(getattr(case, name)) for case in cases} for name in ("feed", "delivery_id"))
    found = con.execute(
        f"SELECT DISTINCT delivery_id FROM {lake.scan(path)} WHERE feed IN ({', '.join(feeds)}) AND delivery_id IN ({', '.join(deliveries)})"
    )
    return {delivery for (delivery,) in found.fetchall()}

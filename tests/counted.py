"""What counts of a feed today, as every reader of the lake asks for it."""

from __future__ import annotations

from typing import Any

from jobs import lake
from jobs.current import current_deliveries, current_rows
from jobs.home import Home
from jobs.ingest.ledger import path as ledger_path
from schemas.contract import Contract


def counted(home: Home, contract: Contract, select: str) -> list[tuple[Any, ...]]:
    """A SELECT's rows over `now`, the feed's rows that count today; none when nothing of it was ever admitted."""
    if not lake.exists(home.table("silver", contract.feed)):
        return []
    with lake.connect(reads_delta=False) as con:
        lake.offer(con, "ledger", ledger_path(home))
        lake.offer(con, "silver", home.table("silver", contract.feed))
        con.execute(f"CREATE TEMP VIEW deliveries AS {current_deliveries('ledger')}")
        rows = current_rows(contract, "silver", "deliveries")
        con.execute(f"CREATE TEMP VIEW now AS {rows}")
        return con.execute(select).fetchall()

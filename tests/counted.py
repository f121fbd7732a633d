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
    with lake.connect() as con:
        con.execute(f"CREATE VIEW ledger AS SELECT * FROM {lake.scan(ledger_path(home))}")
        con.execute(f"CREATE VIEW deliveries AS {current_deliveries('ledger')}")
        rows = current_rows(contract, lake.scan(home.table("silver", contract.feed)), "deliveries")
        con.execute(f"CREATE VIEW now AS {rows}")
        return con.execute(select).fetchall()

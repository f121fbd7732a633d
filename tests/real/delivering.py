"""Months of published data through the intake, one delivery at a time, and what counts in silver afterwards."""

from __future__ import annotations

from typing import Any

from jobs import lake
from jobs.current import current_deliveries, current_rows
from jobs.home import Home
from jobs.ingest.delivery import ingest
from jobs.ingest.ledger import Entry
from jobs.ingest.ledger import path as ledger_path
from schemas.contract import Contract


def deliver(home: Home, contract: Contract, files: dict[str, bytes]) -> list[Entry]:
    """Drop files (name -> content) and take them in, oldest first, as `citybrain ingest FEED --now` does."""
    folder = home.drop / contract.owner.folder
    folder.mkdir(parents=True, exist_ok=True)
    for file_name, content in files.items():
        (folder / file_name).write_bytes(content)
    return ingest(home, contract, still_seconds=0)


def counted(home: Home, contract: Contract, select: str) -> list[tuple[Any, ...]]:
    """A SELECT's rows over `now`, the feed's rows that count today."""
    with lake.connect() as con:
        con.execute(f"CREATE VIEW ledger AS SELECT * FROM {lake.scan(ledger_path(home))}")
        con.execute(f"CREATE VIEW deliveries AS {current_deliveries('ledger')}")
        rows = current_rows(contract, lake.scan(home.table("silver", contract.feed)), "deliveries")
        con.execute(f"CREATE VIEW now AS {rows}")
        return con.execute(select).fetchall()

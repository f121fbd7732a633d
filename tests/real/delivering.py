"""Months of published data through the intake, one delivery at a time."""

from __future__ import annotations

from jobs.home import Home
from jobs.ingest.delivery import ingest
from jobs.ingest.ledger import Entry
from schemas.contract import Contract


def deliver(home: Home, contract: Contract, files: dict[str, bytes]) -> list[Entry]:
    """Drop files (name -> content) and take them in, oldest first, as `citybrain ingest FEED --now` does."""
    folder = home.drop / contract.owner.folder
    folder.mkdir(parents=True, exist_ok=True)
    for file_name, content in files.items():
        (folder / file_name).write_bytes(content)
    return ingest(home, contract, still_seconds=0)

"""What a person decides about a delivery: take it in once more, release it although the gate refused it, or send it back."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from jobs.home import Home
from jobs.ingest import claim as claims
from jobs.ingest.alone import alone
from jobs.ingest.claim import Order
from jobs.ingest.delivery import ingest
from jobs.ingest.ledger import Entry, Ledger
from jobs.ingest.receipt import give_receipt
from schemas.contract import Contract


class CannotBeDone(ValueError):
    """The order does not fit the delivery; the text says why and what would."""


def replay(home: Home, contract: Contract, period: str, by: str, why: str) -> list[Entry]:
    """Take a period's latest attempt in once more, by today's contract, as a new attempt. Raises CannotBeDone when there is none."""
    with alone(home, contract.feed):
        ledger = Ledger(home, contract.feed)
        rows = [row for row in ledger.rows if row["period"] == period and row["status"] != "repeated"]
        if not rows:
            known = "、".join(sorted({row["period"] for row in ledger.rows})[-6:]) or "none"
            raise CannotBeDone(f"feed {contract.feed} has no delivery of period {period!r}; the last known are {known}")
        latest = max(rows, key=lambda row: (row["attempt"], row["entry_no"]))
        _again(home, ledger, latest, Order("replay", period, None, by, why))
    return ingest(home, contract)


def release(home: Home, contract: Contract, delivery: str, by: str, why: str) -> Entry:
    """Admit a refused delivery under its own number: it is sifted again, and what is believable in it is published.

    Raises CannotBeDone when it is not refused, or when its file could not be read or lacks a required column: no decision mends that.
    """
    with alone(home, contract.feed):
        ledger = Ledger(home, contract.feed)
        row = _known(ledger, delivery)
        if row["status"] != "refused":
            raise CannotBeDone(f"{delivery} is {row['status']}; only a refused delivery can be released")
        _again(home, ledger, row, Order("release", row["period"], row["attempt"], by, why))
    entries = ingest(home, contract)
    entry = next(entry for entry in entries if entry.delivery_id == delivery)
    if entry.status != "released":
        raise CannotBeDone(f"{delivery} stays {entry.status}: {' '.join(entry.words)}")
    return entry


def reject(home: Home, contract: Contract, delivery: str, by: str, why: str) -> Entry:
    """Send a delivery back for good. One that was admitted counts no longer: its period falls back to the attempt before.

    Raises CannotBeDone when it is already rejected or was never finished.
    """
    with alone(home, contract.feed):
        ledger = Ledger(home, contract.feed)
        row = _known(ledger, delivery)
        if row["status"] in ("rejected", "failed"):
            raise CannotBeDone(f"{delivery} is {row['status']}; there is nothing to send back")
        entry = Entry(**{field.name: row[field.name] for field in fields(Entry)})
        entry = replace(
            entry, status="rejected", kept_rows=0, held_rows=0, repaired_rows=0, refused_rows=entry.read_rows,
            words=[f"经人工核对退回({by}:{why})。"],
        )  # fmt: skip
        give_receipt(home, contract, entry)
        ledger.add(entry)
    return entry


def _known(ledger: Ledger, delivery: str) -> dict[str, Any]:
    if row := ledger.of(delivery):
        return row
    refused = [row["delivery_id"] for row in ledger.rows if row["status"] == "refused"][-3:]
    raise CannotBeDone(
        f"there is no delivery {delivery!r}" + (f"; refused lately: {'、'.join(refused)}" if refused else "")
    )


def _again(home: Home, ledger: Ledger, row: dict[str, Any], order: Order) -> None:
    archived = claims.archived(home, ledger.feed, row["claim_id"], row["delivery_id"])
    if archived is None:
        raise CannotBeDone(f"the file of {row['delivery_id']} is not in {home.archive}: restore it from a backup first")
    claims.claim_again(home, ledger.feed, archived, order, ledger.arrivals)

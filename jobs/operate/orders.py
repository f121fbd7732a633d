"""What a person decides about a delivery: take it in once more, release it although the gate refused it, or send it back."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any, Literal

from jobs.home import Home
from jobs.ingest import claim as claims
from jobs.ingest.alone import alone
from jobs.ingest.claim import Claim, Order
from jobs.ingest.delivery import bring_in
from jobs.ingest.ledger import COMMITTED, Entry, Ledger
from jobs.ingest.no_room import naming_a_full_disk
from jobs.ingest.receipt import give_receipt
from jobs.operate.undecided import settled
from schemas.contract import Contract


class CannotBeDone(ValueError):
    """The order does not fit the delivery; the text says why and what would."""


class Settled(CannotBeDone):
    """The order answers a question that something else has settled since; the text says what, in Chinese."""


def replay(home: Home, contract: Contract, period: str, by: str, why: str) -> Entry:
    """Take what counts of a period, or was last tried of it, in once more: by today's contract, as a new attempt.

    Raises CannotBeDone when there is nothing of the period, or all of it was sent back by a person; NoRoom when the disk is full.
    """
    with naming_a_full_disk(home, f"feed {contract.feed}"), alone(home, contract.feed):
        ledger = Ledger(home, contract.feed)
        outcomes = [row for row in ledger.outcomes if row["period"] == period]
        if not outcomes:
            known = "、".join(sorted({row["period"] for row in ledger.rows})[-6:]) or "none"
            raise CannotBeDone(f"feed {contract.feed} has no delivery of period {period!r}; the last known are {known}")
        standing = [row for row in outcomes if row["status"] in COMMITTED]
        tried = standing or [row for row in outcomes if row["status"] != "rejected"]
        if not tried:
            raise CannotBeDone(
                f"every delivery of {contract.feed} {period} was sent back by a person: ask for a new file"
            )
        return _again(home, contract, ledger, tried[-1], "replay", None, by, why)


def release(home: Home, contract: Contract, delivery: str, by: str, why: str, asked: int | None = None) -> Entry:
    """Admit a refused delivery under its own number: it is sifted again, and what is believable in it is published.

    asked: the ledger row of an open question that this answers; raises Settled when it waits for an answer no longer.
    Raises CannotBeDone when it is not refused, when a later attempt counts, or when its file could not be read or lacks a required column:
    no decision mends that; NoRoom when the disk is full.
    """
    with naming_a_full_disk(home, f"feed {contract.feed}"), alone(home, contract.feed):
        ledger = Ledger(home, contract.feed)
        row = _known(ledger, delivery, asked)
        if row["status"] != "refused":
            raise CannotBeDone(f"{delivery} is {row['status']}; only a refused delivery can be released")
        later = [o for o in ledger.outcomes if o["period"] == row["period"] and o["attempt"] > row["attempt"]]
        if standing := [other["delivery_id"] for other in later if other["status"] in COMMITTED]:
            raise CannotBeDone(f"{standing[-1]} came after {delivery} and counts: reject that one first")
        entry = _again(home, contract, ledger, row, "release", row["attempt"], by, why)
    if entry.status != "released":
        raise CannotBeDone(f"{delivery} stays {entry.status}: {' '.join(entry.words)}")
    return entry


def reject(home: Home, contract: Contract, delivery: str, by: str, why: str, asked: int | None = None) -> Entry:
    """Send a delivery back for good. One that was admitted counts no longer: its period falls back to the attempt before.

    asked: the ledger row of an open question that this answers; raises Settled when it waits for an answer no longer.
    Raises CannotBeDone when it is already rejected or was never finished.
    """
    with naming_a_full_disk(home, f"feed {contract.feed}"), alone(home, contract.feed):
        ledger = Ledger(home, contract.feed)
        row = _known(ledger, delivery, asked)
        if row["status"] in ("rejected", "failed"):
            raise CannotBeDone(f"{delivery} is {row['status']}; there is nothing to send back")
        entry = Entry(**{field.name: row[field.name] for field in fields(Entry)})
        entry = replace(
            entry, status="rejected", kept_rows=0, held_rows=0, repaired_rows=0, mended_rows=0, refused_rows=entry.read_rows,
            words=[f"经人工核对退回({by}:{why})。"],
        )  # fmt: skip
        give_receipt(home, contract, entry)
        ledger.add(entry)
    return entry


def _known(ledger: Ledger, delivery: str, asked: int | None) -> dict[str, Any]:
    if asked and (words := settled(ledger, delivery, asked)):
        raise Settled(words)
    if row := ledger.of(delivery):
        return row
    refused = [row["delivery_id"] for row in ledger.rows if row["status"] == "refused"][-3:]
    raise CannotBeDone(
        f"there is no delivery {delivery!r}" + (f"; refused lately: {'、'.join(refused)}" if refused else "")
    )


def _again(
    home: Home, contract: Contract, ledger: Ledger, row: dict[str, Any], what: Literal["replay", "release"], attempt: int | None, by: str, why: str
) -> Entry:  # fmt: skip
    """Take a delivery's archived file in by an order, judged as of the time it came. The feed's lock is held."""
    try:
        archived = claims.archived(home, ledger.feed, row)
    except claims.NotAsItCame as fault:
        raise CannotBeDone(str(fault)) from fault
    order = Order(what, row["period"], attempt, by, why, row["received_at"].isoformat())
    claim = _left(home, ledger, order) or claims.claim_again(home, ledger.feed, archived, order, ledger.arrivals)
    return bring_in(home, contract, ledger, claim)


def _left(home: Home, ledger: Ledger, order: Order) -> Claim | None:
    """What the same order left unfinished when it was killed: it is carried out once, as it was first given."""
    for claim in claims.claimed(home, ledger.feed):
        left = claim.order
        if left and (left.what, left.period, left.attempt) == (order.what, order.period, order.attempt):
            return claim
    return None

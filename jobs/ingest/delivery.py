"""The story of one file: land, sift, gate, hold, publish; then one receipt and one row in the ledger, whatever happened."""

from __future__ import annotations

import fcntl
import hashlib
import logging
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import duckdb

from jobs import lake
from jobs.home import Home
from jobs.ingest import claim as claims
from jobs.ingest.claim import Claim
from jobs.ingest.land import Landed, land
from jobs.ingest.ledger import COMMITTED, Entry, Ledger, delivery_id
from jobs.ingest.publish import hold, keep_bronze, log_gate, log_repairs, publish
from jobs.ingest.receipt import give_receipt
from jobs.ingest.unreadable import Unreadable
from quality.gate import Verdict, gate
from quality.sift import Sifted, sift
from schemas.contract import Contract

log = logging.getLogger(__name__)
Progress = Callable[[Entry], None]


class DeliveriesFailed(RuntimeError):
    """Something of ours broke while ingesting; each failed delivery has its ledger row and is tried again by the next run."""


def ingest(
    home: Home, contract: Contract, told: Progress = lambda entry: None, still_seconds: float = claims.STILL_SECONDS
) -> list[Entry]:
    """Take every waiting delivery of a feed, oldest first, those that an earlier run left unfinished before all.

    One run at a time a feed. Returns what became of each. Raises DeliveriesFailed at the end when a step of ours broke.
    """
    with _alone(home, contract.feed):
        for path in claims.waiting(home, contract):
            if claims.stands_still(path, still_seconds):
                claims.claim(home, contract.feed, path)
        ledger = Ledger(home, contract.feed)
        entries = []
        for claim in claims.claimed(home, contract.feed):
            entry = _bring_in(home, contract, ledger, claim)
            if entry:
                entries.append(entry)
                told(entry)
    failed = [entry.delivery_id for entry in entries if entry.status == "failed"]
    if failed:
        raise DeliveriesFailed(
            f"feed {contract.feed}: {', '.join(failed)} failed; see the ledger (citybrain status) and this log"
        )
    return entries


def _bring_in(home: Home, contract: Contract, ledger: Ledger, claim: Claim) -> Entry | None:
    """One delivery, to its row in the ledger. A claim that the ledger already has was killed just before it was put away."""
    if ended := ledger.finished(claim.claim_id):
        claims.archive(home, claim, ended["delivery_id"])
        return None
    entry = _describe(home, contract, ledger, claim)
    if again := _repeated(entry, ledger):
        give_receipt(home, contract, again)
    entry = again or _guarded(home, contract, ledger, entry, claim.path)
    ledger.add(entry)
    if ledger.finished(claim.claim_id):
        claims.archive(home, claim, entry.delivery_id)
    return entry


def _describe(home: Home, contract: Contract, ledger: Ledger, claim: Claim) -> Entry:
    received_at = home.in_city(claim.claimed_at)
    period = contract.period_of(claim.path.name, received_at.strftime("%Y%m%d"))
    attempt = ledger.attempt_of(claim.claim_id, period)
    with claim.path.open("rb") as source:
        digest = hashlib.file_digest(source, "sha256").hexdigest()
    return Entry(
        claim.claim_id, delivery_id(contract, period, attempt), contract.feed, period, attempt,
        claim.path.name, digest, claim.path.stat().st_size, received_at,
    )  # fmt: skip


def _repeated(entry: Entry, ledger: Ledger) -> Entry | None:
    """The period's current attempt, dropped once more: nothing to do but to say so."""
    latest = ledger.latest(entry.period)
    if (
        latest
        and latest["status"] in COMMITTED
        and latest["sha256"] == entry.sha256
        and latest["claim_id"] != entry.claim_id
    ):
        words = [f"与 {latest['delivery_id']} 的文件完全相同,未重复处理。"]
        return replace(
            entry, delivery_id=latest["delivery_id"], attempt=latest["attempt"], status="repeated", words=words
        )
    return None


def _guarded(home: Home, contract: Contract, ledger: Ledger, entry: Entry, path: Path) -> Entry:
    """Process, and whatever is raised ends in an entry: theirs is refused, ours is failed."""
    try:
        with _staging(home, entry) as staging, lake.connect(staging / "batch.duckdb", reads_delta=False) as con:
            try:
                return _process(home, contract, ledger, entry, path, staging, con)
            except Unreadable as fault:
                entry = replace(entry, status="refused", words=[str(fault)])
                give_receipt(home, contract, entry)
                return entry
    except Exception as fault:
        log.exception("feed %s: delivery %s failed", contract.feed, entry.delivery_id)
        entry = replace(
            entry,
            status="failed",
            words=[f"系统处理时出错({type(fault).__name__}),文件已保存,运维人员会处理,无需重新上传。"],
        )
        give_receipt(home, contract, entry)
        return entry


def _process(
    home: Home,
    contract: Contract,
    ledger: Ledger,
    entry: Entry,
    path: Path,
    staging: Path,
    con: duckdb.DuckDBPyConnection,
) -> Entry:
    landed = land(con, contract, path, staging)
    keep_bronze(home, con, contract, entry.delivery_id, entry.file_name)
    if not landed.map.fits:
        return _refused_for_headers(home, contract, entry, landed)
    sifted = sift(con, contract, entry.received_at)
    verdict = _judge(home, contract, ledger, entry, staging, con)
    if verdict.admits:
        hold(home, con, contract, entry.delivery_id)
        log_repairs(home, con, contract, entry.delivery_id)
        publish(home, con, contract, entry.delivery_id)
    entry = _outcome(entry, landed, sifted, verdict)
    give_receipt(home, contract, entry, con, landed.map)
    return entry


def _judge(
    home: Home, contract: Contract, ledger: Ledger, entry: Entry, staging: Path, con: duckdb.DuckDBPyConnection
) -> Verdict:
    con.execute(
        "CREATE OR REPLACE TABLE batch AS SELECT (row_no IN (SELECT row_no FROM held))::INT AS held FROM conformed"
    )
    verdict = gate(contract, staging / "batch.duckdb", entry.delivery_id, ledger.past_rows(entry.period))
    log_gate(home, contract, entry.delivery_id, verdict)
    page = home.data_docs / contract.feed / f"{entry.delivery_id}.html"
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(verdict.page, encoding="utf-8")
    return verdict


def _outcome(entry: Entry, landed: Landed, sifted: Sifted, verdict: Verdict) -> Entry:
    entry = replace(entry, words=verdict.words, header=landed.headers)
    if not verdict.admits:
        return replace(entry, status="refused", read_rows=sifted.read, refused_rows=sifted.read)
    return replace(
        entry, status="warned" if verdict.answer == "warn" else "passed", read_rows=sifted.read, kept_rows=sifted.kept,
        repaired_rows=sifted.repaired, held_rows=sifted.held,
    )  # fmt: skip


def _refused_for_headers(home: Home, contract: Contract, entry: Entry, landed: Landed) -> Entry:
    missing = "、".join(map(contract.title_of, landed.map.missing))
    words = [f"缺少必填列:{missing}。请对照约定补齐表头后重新上传本文件。"]
    entry = replace(
        entry, status="refused", read_rows=landed.rows, refused_rows=landed.rows, words=words, header=landed.headers
    )
    give_receipt(home, contract, entry, headers=landed.map)
    return entry


@contextmanager
def _alone(home: Home, feed: str) -> Iterator[None]:
    """One run at a time a feed; the lock goes with the process, however it ends."""
    home.locks.mkdir(parents=True, exist_ok=True)
    with (home.locks / f"{feed}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def _staging(home: Home, entry: Entry) -> Iterator[Path]:
    """A scratch folder for one delivery; what a killed run left in it is thrown away."""
    folder = home.staging / entry.claim_id
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)

"""The story of one file: land, sift, gate, hold, publish; then one receipt and one row in the ledger, whatever happened."""

from __future__ import annotations

import hashlib
import hmac
import logging
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from itertools import count
from pathlib import Path

import duckdb

from jobs import lake
from jobs.home import Home
from jobs.ingest import claim as claims
from jobs.ingest.alone import alone
from jobs.ingest.claim import Claim, Order
from jobs.ingest.land import Landed, land
from jobs.ingest.ledger import COMMITTED, Entry, Ledger, Status, delivery_id
from jobs.ingest.mending.read import refuse_unnamed
from jobs.ingest.mending.take import Mended, land_mended
from jobs.ingest.no_room import is_full, naming_a_full_disk
from jobs.ingest.profiles import log_profile, past_profiles
from jobs.ingest.publish import Batch, hold, keep_bronze, log_gate, log_marks, log_repairs, publish
from jobs.ingest.receipt import give_receipt
from jobs.ingest.references import bring_references
from jobs.ingest.unreadable import Unreadable
from jobs.whole import written_whole
from quality.gate import Verdict, gate
from quality.history import MOST_PAST, against_history, like_this_one
from quality.profile import Profile, profile
from quality.sift import Sifted, sift
from schemas.contract import Contract, period_fault

log = logging.getLogger(__name__)
Progress = Callable[[Entry], None]
SEAL_DIGITS = 16
_tries = count()


class DeliveriesFailed(RuntimeError):
    """Something of ours broke while ingesting; each failed delivery has its ledger row and is tried again by the next run."""


def ingest(
    home: Home, contract: Contract, told: Progress = lambda entry: None, still_seconds: float = claims.STILL_SECONDS
) -> list[Entry]:
    """Take every waiting delivery of a feed, oldest first, those that an earlier run left unfinished before all.

    One run at a time a feed. Returns what became of each. Raises DeliveriesFailed at the end when a step of ours broke,
    NoRoom at once when the disk is full.
    """
    with naming_a_full_disk(home, f"feed {contract.feed}"), alone(home, contract.feed):
        ledger = Ledger(home, contract.feed)
        claims.recover(home, contract.feed)
        for path in claims.waiting(home, contract):
            if claims.stands_still(path, still_seconds):
                claims.claim(home, contract.feed, path, ledger.arrivals)
        entries = []
        for claim in claims.claimed(home, contract.feed):
            if ended := ledger.finished(claim.claim_id):  # killed just before it was put away
                claims.archive(home, claim, ended["delivery_id"])
                continue
            entry = bring_in(home, contract, ledger, claim)
            entries.append(entry)
            told(entry)
    failed = [entry.delivery_id for entry in entries if entry.status == "failed"]
    if failed:
        raise DeliveriesFailed(
            f"feed {contract.feed}: {', '.join(failed)} failed; see the ledger (citybrain status) and this log"
        )
    return entries


def bring_in(home: Home, contract: Contract, ledger: Ledger, claim: Claim) -> Entry:
    """One delivery, to its row in the ledger. The feed's lock is held."""
    entry = _describe(home, contract, ledger, claim)
    if again := _repeated(entry, ledger, claim):
        give_receipt(home, contract, again)
    entry = again or _guarded(home, contract, ledger, entry, claim)
    ledger.add(entry)
    if ledger.finished(claim.claim_id):
        claims.archive(home, claim, entry.delivery_id)
    return entry


def _describe(home: Home, contract: Contract, ledger: Ledger, claim: Claim) -> Entry:
    order = claim.order
    received_at = datetime.fromisoformat(order.received_at) if order else home.in_city(claim.claimed_at)
    said = order or claim.mending
    period = said.period if said else contract.period_of(claim.path.name, received_at.strftime("%Y%m%d"))
    attempt = (order and order.attempt) or ledger.attempt_of(claim.claim_id, period)
    return Entry(
        claim.claim_id, delivery_id(contract, period, attempt), contract.feed, period, attempt,
        claim.path.name, claim.digest, claim.size, received_at,
    )  # fmt: skip


def _repeated(entry: Entry, ledger: Ledger, claim: Claim) -> Entry | None:
    """The period's current attempt, dropped once more: nothing to do but to say so."""
    latest = ledger.latest(entry.period)
    if claim.order or not latest or latest["status"] not in COMMITTED or latest["claim_id"] == entry.claim_id:
        return None
    if latest["sha256"] != entry.sha256:
        return None
    words = [f"与 {latest['delivery_id']} 的文件完全相同,未重复处理。"]
    return replace(entry, delivery_id=latest["delivery_id"], attempt=latest["attempt"], status="repeated", words=words)


def _guarded(home: Home, contract: Contract, ledger: Ledger, entry: Entry, claim: Claim) -> Entry:
    """Process, and whatever is raised ends in an entry: theirs is refused, ours is failed."""
    try:
        with _staging(home, entry) as staging, _staged(entry, staging) as (con, database):
            anew = claim.begun or claim.order is not None
            batch = Batch(home, con, database, contract, entry.delivery_id, anew=anew)
            claim.begin()
            try:
                return _process(batch, ledger, entry, claim, staging)
            except Unreadable as fault:
                entry = replace(entry, status="refused", words=[str(fault)])
                give_receipt(home, contract, entry)
                return entry
    except Exception as fault:
        if is_full(fault):  # no try of this file's: it is not written down, and tried as often as it takes
            raise
        log.exception("feed %s: delivery %s failed", contract.feed, entry.delivery_id)
        entry = replace(
            entry,
            status="failed",
            words=[f"系统处理时出错({type(fault).__name__}),文件已保存,运维人员会处理,无需重新上传。"],
        )
        give_receipt(home, contract, entry)
        return entry


def _process(batch: Batch, ledger: Ledger, entry: Entry, claim: Claim, staging: Path) -> Entry:
    contract, con = batch.contract, batch.con
    if not claim.readable:
        raise Unreadable("文件没有读取权限,读不出来。请让上传程序开放文件的读取权限(例如 0640)后重新上传。")
    if fault := period_fault(entry.period, entry.received_at.date()):
        raise Unreadable(fault)
    with _step(entry, "land"):
        landed, mended = _landed(batch, ledger, entry, claim, staging)
    with _step(entry, "bronze"):
        keep_bronze(batch, entry.file_name)
    if not landed.map.fits:
        return _refused_for_headers(batch.home, contract, entry, landed)
    unknown = bring_references(batch.home, con, contract) if landed.rows else []
    with _step(entry, "sift"):
        sifted = mended.sift(con, contract) if mended else sift(con, contract, entry.received_at)
    with _step(entry, "gate"):
        verdict = _judge(batch, ledger, entry, landed)
    released = _is_released(claim.order, mended, sifted)
    if verdict.admits or released:
        with _step(entry, "publish"):
            hold(batch)
            log_repairs(batch)
            log_marks(batch)
            publish(batch)
    with _step(entry, "receipt"):
        entry = _outcome(entry, landed, sifted, verdict, released, unknown)
        if mended:
            entry = mended.told(con, entry, sifted)
        entry = replace(entry, words=[*_ordered(claim.order), *entry.words])
        give_receipt(batch.home, contract, entry, con, landed)
    return entry


def _landed(batch: Batch, ledger: Ledger, entry: Entry, claim: Claim, staging: Path) -> tuple[Landed, Mended | None]:
    """The file's rows; of a mending those of the file that it mends, in its words."""
    if claim.mending:
        return land_mended(
            batch.home, batch.con, batch.contract, ledger, claim, claim.mending, entry.received_at, staging
        )
    landed = land(batch.con, batch.contract, claim.path, staging)
    refuse_unnamed(landed.headers, batch.contract)
    return landed, None


def _is_released(order: Order | None, mended: Mended | None, sifted: Sifted) -> bool:
    """Whether a person has admitted it, now or before it was mended."""
    return (order is not None and order.what == "release") or (mended is not None and mended.keeps_release(sifted))


@contextmanager
def _step(entry: Entry, name: str) -> Iterator[None]:
    """Says in the log what a step took."""
    began = time.perf_counter()
    yield
    seconds = time.perf_counter() - began
    log.info("%s: %s %.2f s", entry.delivery_id, name, seconds, extra={"step": name, "seconds": seconds})


def _judge(batch: Batch, ledger: Ledger, entry: Entry, landed: Landed) -> Verdict:
    batch.con.execute("CREATE OR REPLACE VIEW batch AS SELECT 0 AS held FROM kept UNION ALL SELECT 1 FROM held")
    past = ledger.past(entry.period)
    looks = _profile(batch, entry, landed)
    history = past_profiles(batch.home, batch.contract.feed, [row["delivery_id"] for row in past[:MOST_PAST]])
    verdict = gate(
        batch.contract, batch.database, entry.delivery_id,
        like_this_one(entry.period, [(row["period"], row["read_rows"]) for row in past]),
        against_history(batch.contract, looks, history),
    )  # fmt: skip
    log_profile(batch, looks)
    log_gate(batch, verdict)
    page = batch.home.data_docs / batch.contract.feed / f"{entry.delivery_id}.html"
    with written_whole(page) as draft:
        draft.write_text(verdict.page, encoding="utf-8")
    return verdict


def _profile(batch: Batch, entry: Entry, landed: Landed) -> Profile:
    """Digests of rows under the city's row key, so that nobody else can tell whose they are."""
    key = batch.home.subkey("row_key")

    def seal(text: str) -> str:
        return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()[:SEAL_DIGITS]

    return profile(batch.con, batch.contract, entry.period, landed.headers, entry.received_at, seal)


def _outcome(
    entry: Entry, landed: Landed, sifted: Sifted, verdict: Verdict, released: bool, unknown: list[str]
) -> Entry:
    entry = replace(entry, words=[*verdict.words, *unknown], header=landed.headers)
    admitted: Status = "warned" if verdict.answer == "warn" else "passed"
    if released:
        admitted = "released"
    elif not verdict.admits:
        return replace(entry, status="refused", read_rows=sifted.read, refused_rows=sifted.read)
    return replace(
        entry, status=admitted, read_rows=sifted.read, kept_rows=sifted.kept, repaired_rows=sifted.repaired,
        held_rows=sifted.held,
    )  # fmt: skip


def _ordered(order: Order | None) -> list[str]:
    said = {"replay": "按运维人员的指令重新处理", "release": "经人工核对放行"}
    return [f"{said[order.what]}({order.by}:{order.why})。"] if order else []


def _refused_for_headers(home: Home, contract: Contract, entry: Entry, landed: Landed) -> Entry:
    """Of a file without a header line the first row stands where headers should: nothing of it goes into the ledger."""
    missing = "、".join(map(contract.title_of, landed.map.missing))
    words = [f"缺少必填列:{missing}。请对照约定补齐表头后重新上传本文件。"]
    entry = replace(entry, status="refused", read_rows=landed.rows, refused_rows=landed.rows, words=words)
    give_receipt(home, contract, entry, landed=landed)
    return entry


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


@contextmanager
def _staged(entry: Entry, staging: Path) -> Iterator[tuple[duckdb.DuckDBPyConnection, str]]:
    """Where a delivery is screened, and its name in this process: in memory up to the limit, what is more spills into its staging folder.

    A try's own name: what an earlier, failed try left in memory is never met.
    """
    database = f":memory:{entry.claim_id}-{next(_tries)}"
    with lake.connect(database, reads_delta=False, spill=staging) as con:
        yield con, database

"""Files that no contract takes: not guessed at, not deleted; each is put away with a ledger row and a word to its department."""

from __future__ import annotations

from jobs.home import Home
from jobs.ingest import claim as claims
from jobs.ingest.alone import alone
from jobs.ingest.claim import UNRECOGNISED, Claim
from jobs.ingest.ledger import Entry, Ledger
from jobs.ingest.mending.name import MARK
from jobs.ingest.no_room import naming_a_full_disk
from jobs.ingest.receipt import tell_stranger
from schemas.contract import Contract


def turn_strangers_away(home: Home, still_seconds: float = claims.STILL_SECONDS) -> list[Entry]:
    """Refuse every file whose name fits no feed. While some contract cannot be read nothing is turned away: it may be that feed's."""
    contracts, faults = home.contracts()
    if faults:
        return []
    with naming_a_full_disk(home, "files that no contract takes"), alone(home, UNRECOGNISED):
        return _turned_away(home, contracts, still_seconds)


def _turned_away(home: Home, contracts: dict[str, Contract], still_seconds: float) -> list[Entry]:
    ledger = Ledger(home, UNRECOGNISED)
    for folder in _folders_taken_from(home):
        claims.recover(home, f"{UNRECOGNISED}/{folder}")
    for path in claims.strangers(home, contracts.values()):
        if claims.stands_still(path, still_seconds):
            claims.claim(home, f"{UNRECOGNISED}/{path.parent.name}", path, ledger.arrivals)
    return [
        _turn_away(home, contracts, ledger, folder, claim)
        for folder in _folders_taken_from(home)
        for claim in claims.claimed(home, f"{UNRECOGNISED}/{folder}")
    ]


def _folders_taken_from(home: Home) -> list[str]:
    root = home.inbox / UNRECOGNISED
    return sorted(folder.name for folder in root.iterdir()) if root.is_dir() else []


def _turn_away(home: Home, contracts: dict[str, Contract], ledger: Ledger, folder: str, claim: Claim) -> Entry:
    received_at = home.in_city(claim.claimed_at)
    period = f"{received_at:%Y%m%d}"
    attempt = ledger.attempt_of(claim.claim_id, period)
    taken = "、".join(c.delivery.files for c in contracts.values() if c.owner.folder == folder) or "无"
    entry = Entry(
        claim.claim_id, f"{UNRECOGNISED}-{period}-{attempt:02d}", UNRECOGNISED, period, attempt, claim.path.name,
        claim.digest, claim.size, received_at, "refused",
        words=[_why(claim, taken)],
    )  # fmt: skip
    if not ledger.finished(claim.claim_id):
        tell_stranger(home, folder, entry)
        ledger.add(entry)
    claims.archive(home, claim, entry.delivery_id)
    return entry


def _why(claim: Claim, taken: str) -> str:
    if claim.mending:
        return f"本单位没有编号为 {claim.mending.delivery_id} 的报送,这份补正文件无从归属。请核对文件名和投放目录后重新放回。"
    if MARK in claim.path.name:
        return "文件名像是补正文件,但看不出补正的是哪一次报送。请恢复补正文件原来的名字(回执编号-补正)后重新放回。"
    return f"文件名不符合任何一项约定。本单位约定的文件名:{taken}。请改名后重新上传。"

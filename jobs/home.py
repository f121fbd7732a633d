"""Where this city's state lives, whose clock it keeps and which keys it holds: the only reader of the environment.

CITYBRAIN_HOME   state (default: var/ in the checkout)
CITYBRAIN_FEEDS  further folders of contracts, separated by ':'
CITYBRAIN_LAKE   root of the tables (default: HOME/lake)
CITYBRAIN_KEY    the secret behind pseudonyms and row keys (else HOME/secrets/key)
CITYBRAIN_LOCALE the language of pages, zh (default) or en
CITYBRAIN_TODAY  freeze the clock's day, YYYY-MM-DD (else HOME/today); the demo's data end on a fixed day
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from jobs.whole import written_whole
from schemas.contract import FEEDS, Contract, ContractFault, load_contracts

ZONE = ZoneInfo("Asia/Shanghai")
CHECKOUT = Path(__file__).resolve().parent.parent


FOR_OTHERS = 0o027  # the mask of whatever the service makes: nothing to other accounts of the machine
FINGERPRINT = "key.fingerprint"
LOST = "put it back (`citybrain restore` has it of a backup with its passphrase), for with another one every person, home and row would be a new one"
LEAST_KEY_BYTES = 32
PSEUDONYM_DIGITS = 16  # of the ten that were enough for a small city, two people in two million shared one


class MissingKey(RuntimeError):
    """There is no secret key, or not this lake's: without it no pseudonym may leave, and with another every person would be a new one."""


@dataclass(frozen=True)
class Home:
    """One city's state on disk."""

    root: Path

    @property
    def lake(self) -> Path:
        return Path(os.environ.get("CITYBRAIN_LAKE") or self.root / "lake")

    @property
    def drop(self) -> Path:
        """drop/<department>/: where departments put files."""
        return self.root / "drop"

    @property
    def returns(self) -> Path:
        """return/<department>/: receipts and rows to mend, for that department alone."""
        return self.root / "return"

    @property
    def inbox(self) -> Path:
        """inbox/<feed>/<claim>/: files taken from the drop folder and not yet in the ledger."""
        return self.root / "inbox"

    @property
    def archive(self) -> Path:
        """archive/<feed>/<delivery>/: every file as it was delivered."""
        return self.root / "archive"

    @property
    def staging(self) -> Path:
        return self.root / "staging"

    @property
    def data_docs(self) -> Path:
        return self.root / "data_docs"

    @property
    def serving(self) -> Path:
        return self.root / "serving"

    @property
    def reports(self) -> Path:
        return self.root / "reports"

    @property
    def locks(self) -> Path:
        return self.root / "locks"

    def table(self, room: str, name: str) -> str:
        """The path of a Delta table, e.g. table('silver', 'death')."""
        return str(self.lake / room / name)

    def contracts(self) -> tuple[dict[str, Contract], list[ContractFault]]:
        further = [Path(folder) for folder in os.environ.get("CITYBRAIN_FEEDS", "").split(os.pathsep) if folder]
        return load_contracts(FEEDS, *further)

    def now(self) -> datetime:
        """This moment in the city."""
        return self.in_city(datetime.now(ZONE))

    def in_city(self, moment: datetime) -> datetime:
        """A moment of the machine's clock as the city sees it: when its day is frozen, that day at the same hour."""
        frozen = self.frozen_day
        return moment.replace(year=frozen.year, month=frozen.month, day=frozen.day) if frozen else moment

    @property
    def language(self) -> Literal["zh", "en"]:
        return "en" if os.environ.get("CITYBRAIN_LOCALE", "zh").startswith("en") else "zh"

    @property
    def frozen_day(self) -> date | None:
        said = os.environ.get("CITYBRAIN_TODAY")
        if not said and (self.root / "today").is_file():
            said = (self.root / "today").read_text().strip()
        return date.fromisoformat(said) if said else None

    @cached_property
    def key(self) -> bytes:
        found = self._key_that_is_said()
        if not found:
            raise MissingKey(
                "no secret key: set CITYBRAIN_KEY, or run `citybrain init` once to make one in secrets/key"
                if not self._holds_tables()
                else f"the key of {self.lake} is lost: {LOST}"
            )
        key, where = found
        if len(key.strip()) < LEAST_KEY_BYTES:
            raise MissingKey(
                f"{where} has {len(key)} bytes, too few to keep a person's number from being tried out: "
                f"{LEAST_KEY_BYTES} are needed (`openssl rand -hex 32` writes 64 that will do)"
            )
        known = self.fingerprint_of_lake
        if known and known != _fingerprint(key):
            raise MissingKey(f"{where} is not the key that {self.lake} was made with (fingerprint {known}): {LOST}")
        return key

    def make_key(self) -> None:
        """Make this city's key once, unless CITYBRAIN_KEY says one; its fingerprint stands in the lake from then on.

        Raises MissingKey beside a lake whose key is lost.
        """
        path = self._key_file
        if not self._key_that_is_said():
            if self._holds_tables():
                raise MissingKey(f"no key is made beside {self.lake}, which has one that is lost: {LOST}")
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with written_whole(path) as draft:
                draft.touch(mode=0o600)
                draft.write_text(secrets.token_hex(32))
        if not self.fingerprint_of_lake:
            with written_whole(self.lake / FINGERPRINT) as draft:
                draft.write_text(_fingerprint(self.key) + "\n")

    @property
    def fingerprint_of_lake(self) -> str | None:
        """What tells the lake's key from any other, and not the key itself; None of a lake of before, until `citybrain init`."""
        path = self.lake / FINGERPRINT
        return path.read_text().strip() if path.is_file() else None

    @property
    def _key_file(self) -> Path:
        return self.root / "secrets" / "key"

    def _key_that_is_said(self) -> tuple[bytes, str] | None:
        """The key and where it is said."""
        if said := os.environ.get("CITYBRAIN_KEY"):
            return said.encode(), "CITYBRAIN_KEY"
        return (self._key_file.read_bytes().strip(), str(self._key_file)) if self._key_file.is_file() else None

    def _holds_tables(self) -> bool:
        return self.fingerprint_of_lake is not None or next(self.lake.glob("*/*/_delta_log"), None) is not None

    def subkey(self, purpose: str) -> bytes:
        """A 64-byte key for one purpose: row keys never change, pseudonyms change with the purpose's year."""
        return hmac.new(self.key, purpose.encode(), hashlib.sha512).digest()

    def pseudonym(self, person_id: str, year: int) -> str:
        digest = hmac.new(self.subkey(f"pseudonym:{year}"), person_id.encode(), hashlib.sha256).hexdigest()
        return f"R-{digest[:PSEUDONYM_DIGITS]}"


def _fingerprint(key: bytes) -> str:
    return hmac.new(key, b"fingerprint", hashlib.sha256).hexdigest()[:16]


def home() -> Home:
    return Home(Path(os.environ.get("CITYBRAIN_HOME") or CHECKOUT / "var").resolve())

"""The drop folder: a file that has stood still is copied out of its sender's reach and then taken away, so it is either waiting or ours.

Whatever is looked at, listed, read or archived is the copy: what its sender still holds (an open file, a hard link) changes nothing of it.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from stat import S_ISREG
from typing import Any, Literal

from jobs.apart import NotTaken, copy_apart, put_back, take_aside
from jobs.home import ZONE, Home
from jobs.ingest.mending.name import Mending, mending_of
from schemas.contract import Contract

STILL_SECONDS = 10.0
UNRECOGNISED = "unrecognised"
BEGUN, ORDER = ".begun", ".order.json"
ASIDE = ".aside"  # what was copied, on its way out of the drop folder
UNREAD = ".unread"  # says that the file is its sender's own, which we were not allowed to read
FROM = ".from"  # says where that came from
NOTES = (BEGUN, ORDER, ASIDE, UNREAD, FROM)
LONGEST_NAME = 255  # bytes, on every file system that a city would use
PARTIAL = (".part", ".tmp", ".crdownload", ".filepart", ".swp")


class NotAsItCame(RuntimeError):
    """What the archive holds of a delivery is missing, or is not the file that came."""


@dataclass(frozen=True)
class Claim:
    """One dropped file, taken. Its id begins with its place in the feed's order of arrival and names it for ever."""

    claim_id: str
    feed: str
    path: Path

    @property
    def claimed_at(self) -> datetime:
        return datetime.strptime(self.claim_id.split("-")[1], "%Y%m%d%H%M%S%f").replace(tzinfo=ZONE)

    @property
    def readable(self) -> bool:
        """Whether its department let us read it: some clients upload for themselves alone."""
        return not (self.path.parent / UNREAD).exists()

    @property
    def digest(self) -> str:
        """SHA-256 of the file, '' when it cannot be read."""
        return digest_of(self.path) if self.readable else ""

    @property
    def size(self) -> int:
        """Bytes."""
        return self.path.lstat().st_size

    @property
    def begun(self) -> bool:
        """Whether a run has begun to write this delivery's rows: it may have been killed since."""
        return (self.path.parent / BEGUN).exists()

    def begin(self) -> None:
        (self.path.parent / BEGUN).touch()

    @property
    def mending(self) -> Mending | None:
        """Which delivery's held rows this file brings back, mended."""
        return mending_of(self.path.name)

    @property
    def order(self) -> Order | None:
        """What a person asked for, when this is no fresh arrival."""
        note = self.path.parent / ORDER
        return Order(**json.loads(note.read_text(encoding="utf-8"))) if note.exists() else None


@dataclass(frozen=True)
class Order:
    """An archived file to be taken in once more. what: replay it as a new attempt (None), or release a refused delivery under its own.

    received_at: when the file came, in the city's time (ISO); it is judged as of then.
    """

    what: Literal["replay", "release"]
    period: str
    attempt: int | None
    by: str
    why: str
    received_at: str


def waiting(home: Home, contract: Contract) -> list[Path]:
    """The feed's files in its department's drop folder, oldest first."""
    return _by_age(path for path in dropped(home, contract.owner.folder) if belongs(path.name, contract))


def belongs(file_name: str, contract: Contract) -> bool:
    """Whether a file in its department's drop folder is the feed's: the mending of one of its deliveries, or named as agreed."""
    return is_for(file_name, contract.feed, contract.takes)


def is_for(file_name: str, feed: str, takes: Callable[[str], bool]) -> bool:
    """The same of a feed's name and what else it takes: a mending goes to the feed it names, whatever the patterns say."""
    mending = mending_of(_readable(file_name))
    return mending.feed == feed if mending else takes(file_name)


def strangers(home: Home, contracts: Iterable[Contract]) -> list[Path]:
    """Files that no contract takes."""
    known = list(contracts)
    folders = [folder for folder in home.drop.iterdir() if folder.is_dir()] if home.drop.is_dir() else []
    return _by_age(
        path
        for folder in folders
        for path in dropped(home, folder.name)
        if not any(c.owner.folder == folder.name and belongs(path.name, c) for c in known)
    )


def stands_still(path: Path, seconds: float = STILL_SECONDS) -> bool:
    """True when a file was last written long enough ago that its upload has ended; of a file from the future, changed here long enough ago."""
    file = _seen(path)
    if file is None:
        return False
    now = time.time()
    return now - (file.st_mtime if file.st_mtime <= now else file.st_ctime) >= seconds


def claim(home: Home, feed: str, path: Path, after: int = 0) -> Claim | None:
    """Take a file out of its department's drop folder; None when it is gone, is no file, or changes meanwhile: then it waits.

    after: the number of the feed's last arrival that is already put away.
    """
    folder = _next_folder(home, feed, after)
    part, aside, ours = _part(folder), folder / ASIDE, folder / _readable(path.name)
    name = path.relative_to(home.drop)
    try:
        copied = copy_apart(home.drop, str(name), part)
        (folder / FROM).write_bytes(os.fsencode(name))
        if take_aside(path, copied, aside):
            os.rename(part, ours)
            return Claim(folder.name, feed, _settled(home, folder) or ours)
    except PermissionError:
        return _claim_unread(folder, feed, path, ours)
    except (FileNotFoundError, NotTaken):
        pass
    _undo(home, folder)
    return None


def _claim_unread(folder: Path, feed: str, path: Path, ours: Path) -> Claim | None:
    """Take a file that we may not read, as it is: it is never opened, whatever its sender does with it later."""
    (folder / UNREAD).touch()
    try:
        os.rename(path, ours)
    except FileNotFoundError:
        shutil.rmtree(folder)
        return None
    return Claim(folder.name, feed, ours)


def _undo(home: Home, folder: Path) -> None:
    """The claim is gone, and what was moved for it is back in its place; where its sender has put another there since, it stays taken."""
    aside = folder / ASIDE
    if os.path.lexists(aside):
        name = os.fsdecode((folder / FROM).read_bytes())
        if not put_back(aside, home.drop / name):
            for left in filter(_is_part, list(folder.iterdir())):
                left.unlink()
            with suppress(NotTaken):
                part = _part(folder)
                copy_apart(folder, ASIDE, part)
                os.rename(part, folder / _readable(Path(name).name))
                aside.unlink()
                return
    shutil.rmtree(folder)


def claim_again(home: Home, feed: str, archived: Path, order: Order, after: int) -> Claim:
    """Take an archived file in once more, by a person's order. It counts once the file itself is there: the order is written first."""
    folder = _next_folder(home, feed, after)
    (folder / ORDER).write_text(json.dumps(asdict(order), ensure_ascii=False), encoding="utf-8")
    part = _part(folder)
    shutil.copy2(archived, part)
    os.rename(part, folder / archived.name)
    return Claim(folder.name, feed, folder / archived.name)


def _next_folder(home: Home, feed: str, after: int) -> Path:
    waiting = [number_of(folder.name) for folder in (home.inbox / feed).glob("*-*")]
    number = max([after, *waiting]) + 1
    folder = home.inbox / feed / f"{number:010d}-{datetime.now(ZONE):%Y%m%d%H%M%S%f}-{secrets.token_hex(3)}"
    folder.mkdir(parents=True)
    return folder


def number_of(claim_id: str) -> int:
    """A claim's place in its feed's order of arrival."""
    return int(claim_id.split("-")[0])


def _readable(file_name: str) -> str:
    """A name that old upload clients sent in GBK, as text; unreadable bytes would fail in every table and page.

    As text it takes half as many bytes again: a very long name is cut before its ending.
    """
    try:
        file_name.encode("utf-8")
    except UnicodeEncodeError:
        text = os.fsencode(file_name).decode("gb18030", "replace")
        ending = Path(text).suffix.encode()[-LONGEST_NAME // 2 :]
        stem = text.encode().removesuffix(ending)[: LONGEST_NAME - len(ending)]
        return stem.decode("utf-8", "ignore") + ending.decode("utf-8", "ignore")
    return file_name


def recover(home: Home, feed: str) -> None:
    """What a run that was killed had only begun to take is back in the drop folder."""
    for folder in _claim_folders(home, feed):
        _settled(home, folder)


def claimed(home: Home, feed: str) -> list[Claim]:
    """Everything taken and not yet archived, oldest first: what a run that was killed left behind comes first."""
    return [Claim(folder.name, feed, path) for folder in _claim_folders(home, feed) if (path := _settled(home, folder))]


def _claim_folders(home: Home, feed: str) -> list[Path]:
    root = home.inbox / feed
    return sorted(folder for folder in root.iterdir() if folder.is_dir()) if root.is_dir() else []


def _settled(home: Home, folder: Path) -> Path | None:
    """The file of a claim; None when it was killed before the file was there: then it waits in the drop folder, or lies in the archive."""
    if _file_in(folder) is None:
        _undo(home, folder)
    ours = _file_in(folder) if folder.is_dir() else None
    if ours is None:
        return None
    for note in (ASIDE, FROM):
        (folder / note).unlink(missing_ok=True)
    return ours


def _file_in(folder: Path) -> Path | None:
    return next((path for path in folder.iterdir() if path.name not in NOTES and not _is_part(path)), None)


def _is_part(path: Path) -> bool:
    return path.name.startswith(".") and path.suffix == ".part"


def _part(folder: Path) -> Path:
    return folder / f".{secrets.token_hex(3)}.part"


def archive(home: Home, claim: Claim, delivery_id: str) -> None:
    """Put the file, as it was delivered, away for good."""
    target = home.archive / claim.feed / delivery_id / claim.claim_id
    target.parent.mkdir(parents=True, exist_ok=True)
    os.rename(claim.path.parent, target)


def archived(home: Home, feed: str, row: Mapping[str, Any]) -> Path:
    """The file of a delivery that was put away, as it was delivered. row: the delivery's in the ledger.

    Raises NotAsItCame when it is not there, or is not what the ledger says that it was.
    """
    folder = home.archive / feed / row["delivery_id"] / row["claim_id"]
    path = _file_in(folder) if folder.is_dir() else None
    if path is None:
        raise NotAsItCame(f"the file of {row['delivery_id']} is not in {folder}: restore it from a backup first")
    if not row["sha256"]:
        raise NotAsItCame(f"the file of {row['delivery_id']} could not be read when it came: ask for it again")
    if digest_of(path) != row["sha256"]:
        raise NotAsItCame(f"{path} is no longer what came (its SHA-256 is not the ledger's): restore it from a backup")
    return path


def digest_of(path: Path) -> str:
    """SHA-256 of a file of the service's own."""
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def dropped(home: Home, folder: str) -> list[Path]:
    """The whole files in a department's drop folder; uploads under way, hidden files and links are not seen."""
    root = home.drop / folder
    if not root.is_dir():
        return []
    return [path for path in root.iterdir() if _is_whole(path)]


def _is_whole(path: Path) -> bool:
    hidden = path.name.startswith((".", "~$"))
    found = _seen(path)
    return found is not None and S_ISREG(found.st_mode) and not hidden and path.suffix.lower() not in PARTIAL


def last_written(path: Path) -> int | None:
    """In nanoseconds since 1970; None when it has gone since it was listed: its feed's run took it, or its sender."""
    file = _seen(path)
    return file.st_mtime_ns if file else None


def _seen(path: Path) -> os.stat_result | None:
    try:
        return path.lstat()
    except FileNotFoundError:
        return None


def _by_age(paths: Iterable[Path]) -> list[Path]:
    written = [(at, path.name, path) for path in paths if (at := last_written(path)) is not None]
    return [path for *_, path in sorted(written)]

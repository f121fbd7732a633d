"""The drop folder: a file that has stood still is taken by one rename, so it is either waiting or ours, never both."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from jobs.home import ZONE, Home
from schemas.contract import Contract

STILL_SECONDS = 10.0
UNRECOGNISED = "unrecognised"
PARTIAL = (".part", ".tmp", ".crdownload", ".filepart", ".swp")


@dataclass(frozen=True)
class Claim:
    """One dropped file, taken. Its id sorts by time of arrival and names it for ever."""

    claim_id: str
    feed: str
    path: Path

    @property
    def claimed_at(self) -> datetime:
        return datetime.strptime(self.claim_id[:20], "%Y%m%d%H%M%S%f").replace(tzinfo=ZONE)


def waiting(home: Home, contract: Contract) -> list[Path]:
    """The feed's files in its department's drop folder, oldest first."""
    return _by_age(path for path in dropped(home, contract.owner.folder) if contract.takes(path.name))


def strangers(home: Home, contracts: Iterable[Contract]) -> list[Path]:
    """Files that no contract takes."""
    known = list(contracts)
    folders = [folder for folder in home.drop.iterdir() if folder.is_dir()] if home.drop.is_dir() else []
    return _by_age(
        path
        for folder in folders
        for path in dropped(home, folder.name)
        if not any(c.owner.folder == folder.name and c.takes(path.name) for c in known)
    )


def stands_still(path: Path, seconds: float = STILL_SECONDS) -> bool:
    """True when a file was last written long enough ago that its upload has ended."""
    try:
        return time.time() - path.stat().st_mtime >= seconds
    except FileNotFoundError:
        return False


def claim(home: Home, feed: str, path: Path) -> Claim | None:
    """Take a file out of the drop folder; None when it is gone. The order of arrival is kept in the claim's id."""
    claim_id = datetime.now(ZONE).strftime("%Y%m%d%H%M%S%f") + secrets.token_hex(3)
    folder = home.inbox / feed / claim_id
    folder.mkdir(parents=True)
    try:
        os.rename(path, folder / _readable(path.name))
    except FileNotFoundError:
        folder.rmdir()
        return None
    return Claim(claim_id, feed, folder / _readable(path.name))


def _readable(file_name: str) -> str:
    """A name that old upload clients sent in GBK, as text; unreadable bytes would fail in every table and page."""
    try:
        file_name.encode("utf-8")
    except UnicodeEncodeError:
        return os.fsencode(file_name).decode("gb18030", "replace")
    return file_name


def claimed(home: Home, feed: str) -> list[Claim]:
    """Everything taken and not yet archived, oldest first: what a run that was killed left behind comes first."""
    root = home.inbox / feed
    if not root.is_dir():
        return []
    claims = []
    for folder in sorted(folder for folder in root.iterdir() if folder.is_dir()):
        if path := next(folder.iterdir(), None):
            claims.append(Claim(folder.name, feed, path))
        else:
            folder.rmdir()  # killed before the file was moved in: it still waits in the drop folder
    return claims


def archive(home: Home, claim: Claim, delivery_id: str) -> None:
    """Put the file, as it was delivered, away for good."""
    target = home.archive / claim.feed / delivery_id / claim.claim_id
    target.parent.mkdir(parents=True, exist_ok=True)
    os.rename(claim.path.parent, target)


def dropped(home: Home, folder: str) -> list[Path]:
    """The whole files in a department's drop folder; uploads under way, hidden files and links are not seen."""
    root = home.drop / folder
    if not root.is_dir():
        return []
    return [path for path in root.iterdir() if _is_whole(path)]


def _is_whole(path: Path) -> bool:
    hidden = path.name.startswith((".", "~$"))
    return path.is_file() and not path.is_symlink() and not hidden and path.suffix.lower() not in PARTIAL


def _by_age(paths: Iterable[Path]) -> list[Path]:
    return sorted(paths, key=lambda path: (path.stat().st_mtime_ns, path.name))

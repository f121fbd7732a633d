"""A copy of a city that can be taken up anywhere: its tables and files, its keys under a passphrase, and a list that says whether it is whole."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from jobs import lake
from jobs.apart import NotTaken, copy_apart
from jobs.home import ZONE, Home
from jobs.ingest import ledger
from jobs.ingest.alone import alone
from jobs.ingest.claim import UNRECOGNISED
from jobs.operate.folders import make_folders
from jobs.operate.sealed import seal, unseal
from jobs.operate.upkeep import UPKEEP
from jobs.whole import written_whole

MANIFEST = "manifest.json"
RESTORING = ".restoring"
KEPT = (
    "lake",
    "archive",
    "inbox",
    "drop",
    "return",
    "reports",
    "data_docs",
    "superset/superset.db",
    "delivery.yaml",
    "today",
)
SEALED = "secrets.sealed"
PASSPHRASE = "CITYBRAIN_BACKUP_PASSPHRASE"
MOST_LINKS = 7  # backups that share one copy of a file: a byte that rots in it spoils so many, and no more
MOVING = ("drop", "reports")  # what others write or take away at any time
LINKED = ("lake", "archive")  # their files are written once and never changed


class CannotBackUp(ValueError):
    """Part of the city is out of reach."""


class CannotRestore(ValueError):
    """The copy is not whole, or the place it should go to is in use."""


@dataclass(frozen=True)
class Copied:
    """How much was copied. linked: of these, files shared with the last backup instead of copied again; altered: deliveries whose file is not the one that came; keys:
    whether the city's keys are with it."""

    files: int
    bytes: int
    linked: int
    altered: tuple[str, ...] = ()
    keys: bool = False


def backup(home: Home, to: Path, passphrase: str = "") -> Copied:
    """Copy the city into the new folder `to`, with no delivery, city run or order under way meanwhile.

    The keys come along under a passphrase, without one they stay where they are. Files of the newest backup beside `to` that are the
    same are linked, so that a nightly copy costs what is new; after a few, copied again. What was copied is read once more and compared.
    Raises FileExistsError, CannotBackUp, WrongPassphrase.
    """
    sealed = seal(home.root / "secrets", passphrase) if passphrase else b""
    if home.lake != home.root / "lake":
        raise CannotBackUp(
            f"the tables are at {home.lake} (CITYBRAIN_LAKE), not in {home.root}: copy them where they are kept"
        )
    to.mkdir(parents=True, mode=0o700)
    last = _last_backup(to)
    before = _list(last) if last else {}
    files: dict[str, list] = {}
    linked = 0
    with _still(home):
        for path in _files(home.root):
            name = str(path.relative_to(home.root))
            target = to / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if (
                last
                and name in before
                and name.split("/")[0] in LINKED
                and _same(last / name, path)
                and _few_share(last / name)
            ):
                os.link(last / name, target)
                files[name] = before[name]  # as it was when it was copied: a copy that rots since is found by `restore`
                linked += 1
                continue
            try:
                _copy(home.root, name, target)
            except (FileNotFoundError, NotTaken):
                if name.split("/")[0] not in MOVING:
                    raise
                continue
            files[name] = [target.stat().st_size, _sha256(target)]
    if sealed:
        (to / SEALED).write_bytes(sealed)
        files[SEALED] = [len(sealed), _sha256(to / SEALED)]
    manifest = {"made_at": datetime.now(ZONE).isoformat(timespec="seconds"), "files": files}
    with written_whole(to / MANIFEST) as draft:
        draft.write_text(json.dumps(manifest, ensure_ascii=False), encoding="utf-8")
    return Copied(len(files), sum(size for size, _ in files.values()), linked, keys=bool(sealed))


def restore(home: Home, source: Path, passphrase: str = "") -> Copied:
    """Make the city of a backup in an empty home. Every file is checked against the backup's list first, and each delivery's
    file against the ledger. Raises CannotRestore, WrongPassphrase.

    Without the passphrase, and of a backup that has no keys, the key is to be put back by hand: nothing is taken in before. Killed
    midway and run again, it begins anew.
    """
    begun = home.root / RESTORING
    if not begun.exists() and any((home.root / name).exists() for name in (*KEPT, "secrets/key")):
        raise CannotRestore(f"{home.root} already holds a city: restore into an empty folder (CITYBRAIN_HOME)")
    if not (source / MANIFEST).is_file():
        raise CannotRestore(f"{source} has no {MANIFEST}: the backup was not finished, or this is no backup")
    files = _list(source)
    for name, (size, digest) in files.items():
        path = source / name
        if not path.is_file() or path.stat().st_size != size or _sha256(path) != digest:
            raise CannotRestore(f"{path} is not what was backed up: take an older backup")
    keys = unseal((source / SEALED).read_bytes(), passphrase) if passphrase and SEALED in files else {}
    home.root.mkdir(parents=True, exist_ok=True)
    begun.touch()
    for name in (*KEPT, "secrets"):  # of a restore that was killed, perhaps of another backup
        top = home.root / name
        shutil.rmtree(top) if top.is_dir() else top.unlink(missing_ok=True)
    make_folders(home, home.contracts()[0].values())
    for name in files.keys() - {SEALED}:
        target = home.root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source / name, target)
    for name, content in keys.items():
        path = home.root / "secrets" / name
        path.touch(mode=0o600)
        path.write_text(content)
    begun.unlink()
    return Copied(
        len(files),
        sum(size for size, _ in files.values()),
        0,
        tuple(_altered(home, files)),
        (home.root / "secrets" / "key").is_file(),
    )


def _copy(root: Path, name: str, target: Path) -> None:
    """A file as it stands; of a database that may be in use one state; read back, for what was written is not yet what is there."""
    source = root / name
    if name.startswith("drop/"):
        copy_apart(root, name, target)
    elif source.suffix == ".db":
        with closing(sqlite3.connect(source)) as one, closing(sqlite3.connect(target)) as other:
            one.backup(other)
    else:
        shutil.copy2(source, target)
        if name.split("/")[0] not in MOVING and _sha256(source) != _sha256(target):
            raise CannotBackUp(
                f"{target} is not what {source} is, though it was just copied: is the disk of the backup sound?"
            )


def _few_share(copied: Path) -> bool:
    return copied.stat().st_nlink < MOST_LINKS


def _altered(home: Home, files: dict[str, list]) -> Iterator[str]:
    """Deliveries whose archived file is not what the ledger says that it was: somebody had changed it before it was backed up."""
    if not lake.exists(ledger.path(home)):
        return
    archived = {Path(name).parent.name: digest for name, (_, digest) in files.items() if _is_delivered(name)}
    with lake.connect() as con:
        told = con.execute(
            f"SELECT DISTINCT delivery_id, claim_id, sha256 FROM {lake.scan(ledger.path(home))} ORDER BY 1"
        )
        for delivery, claim, digest in told.fetchall():
            if digest and archived.get(claim, digest) != digest:
                yield delivery


def _is_delivered(name: str) -> bool:
    return name.startswith("archive/") and not Path(name).name.startswith(".")


def _list(backup: Path) -> dict[str, list]:
    """Name -> [bytes, SHA-256] of a backup's files."""
    return json.loads((backup / MANIFEST).read_text(encoding="utf-8"))["files"]


def _files(root: Path) -> Iterator[Path]:
    for name in KEPT:
        top = root / name
        yield from (
            [top]
            if top.is_file()
            else sorted(path for path in top.rglob("*") if path.is_file() and not path.is_symlink())
        )


@contextmanager
def _still(home: Home) -> Iterator[None]:
    """Every feed's lock and the city's, held together: what is copied is one state. Waits for what is under way."""
    names = {"city", UNRECOGNISED, *home.contracts()[0], *(path.stem for path in home.locks.glob("*.lock"))}
    with ExitStack() as held:
        for name in [UPKEEP, *sorted(names - {UPKEEP})]:  # upkeep takes its own first, too
            held.enter_context(alone(home, name))
        yield


def _last_backup(to: Path) -> Path | None:
    others = [path.parent for path in to.parent.glob(f"*/{MANIFEST}") if path.parent != to]
    return max(others, key=lambda folder: (folder / MANIFEST).stat().st_mtime, default=None)


def _same(one: Path, other: Path) -> bool:
    a, b = one.stat(), other.stat()
    return (a.st_size, a.st_mtime_ns) == (b.st_size, b.st_mtime_ns)


def _sha256(path: Path) -> str:
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()

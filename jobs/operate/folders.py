"""The folders of a city and who may enter them: each department its own drop and return folder, what tells of people or of keys nobody but the service."""

from __future__ import annotations

import grp
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from jobs.home import Home
from schemas.contract import Contract

PRIVATE = ("lake", "inbox", "archive", "staging", "secrets", "locks", "airflow", "services", "logs", "data_docs")
DROP, RETURN = 0o2770, 0o2750  # the department writes into the one and reads the other; its files stay its group's
GROUP = "citybrain_{}"


def make_folders(home: Home, contracts: Iterable[Contract]) -> None:
    """Make what is missing and set who may enter. A department's folders go to the Unix group citybrain_<folder>, where there is one.

    Departments meet only in the folders above theirs, which list nothing to them.
    """
    for name in PRIVATE:
        (home.root / name).mkdir(parents=True, exist_ok=True)
        (home.root / name).chmod(0o700)
    for above in (home.root, home.drop, home.returns):
        above.mkdir(parents=True, exist_ok=True)
        above.chmod(0o711)
    for folder in sorted({contract.owner.folder for contract in contracts}):
        for path, mode in ((home.drop / folder, DROP), (home.returns / folder, RETURN)):
            path.mkdir(exist_ok=True)
            if group := _group(folder):
                shutil.chown(path, group=group)
            path.chmod(mode)


def open_doors(home: Home, contracts: Iterable[Contract]) -> Iterator[str]:
    """What is more open, or less, than it should be, in words with the way out."""
    for name in PRIVATE:
        path = home.root / name
        if path.exists() and path.stat().st_mode & 0o077:
            yield f"{path} can be entered by others: run `citybrain init`, which closes it"
    for folder in sorted({contract.owner.folder for contract in contracts}):
        for path in (home.drop / folder, home.returns / folder):
            if not path.is_dir():
                yield f"{path} is missing: run `citybrain init`"
            elif path.stat().st_mode & 0o007:
                yield f"{path} can be entered by everyone: run `citybrain init`"
            elif not os.access(path, os.R_OK | os.W_OK | os.X_OK):
                yield f"{path} cannot be written by the service: check its owner and group"


def _group(folder: str) -> str | None:
    name = GROUP.format(folder)
    try:
        grp.getgrnam(name)
    except KeyError:
        return None
    return name


def strange(home: Home) -> Iterator[Path]:
    """What lies in a drop folder and is never taken: links, folders, pipes."""
    for path in home.drop.glob("*/*"):
        if not path.name.startswith(".") and (path.is_symlink() or not path.is_file()):
            yield path

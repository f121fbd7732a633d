"""The folders of a city and who may enter them: each department its own drop and return folder, what tells of people or of keys nobody but the service."""

from __future__ import annotations

import grp
import os
import shutil
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from jobs.home import FOR_OTHERS, Home
from schemas.contract import Contract

PRIVATE = (
    "lake",
    "inbox",
    "archive",
    "staging",
    "secrets",
    "locks",
    "airflow",
    "services",
    "logs",
    "data_docs",
    "superset",
)
READ_BY = {"serving": "citybrain_analyst", "reports": "citybrain_commander"}  # a Unix group each, where there is one
MET_IN = ("drop", "return")  # departments pass through, each to its own folder; nothing is listed to them
DROP, RETURN = 0o2770, 0o2750  # the department writes into the one and reads the other; its files stay its group's
GROUP = "citybrain_{}"


def close_to_others() -> None:
    """What this process makes from now on, other accounts cannot read, whatever mask it was started with."""
    os.umask(FOR_OTHERS)


def make_folders(home: Home, contracts: Iterable[Contract]) -> None:
    """Make what is missing and set who may enter. What has no reader of its own is closed, whatever it is and whoever made it.

    A department's folders go to the Unix group citybrain_<folder>, the serving files to citybrain_analyst, the reports to
    citybrain_commander, where there is such a group.
    """
    for name in (*PRIVATE, *READ_BY, *MET_IN):
        (home.root / name).mkdir(parents=True, exist_ok=True)
    home.root.chmod(0o711)
    for path in home.root.iterdir():
        if path.is_symlink():
            continue
        if path.name in MET_IN:
            path.chmod(0o711)
        elif group := _group(READ_BY.get(path.name, "")):
            shutil.chown(path, group=group)
            path.chmod(0o2750)
        else:
            path.chmod(0o700 if path.is_dir() else 0o600)
    for folder in sorted({contract.owner.folder for contract in contracts}):
        for path, mode in ((home.drop / folder, DROP), (home.returns / folder, RETURN)):
            path.mkdir(exist_ok=True)
            if group := _group(GROUP.format(folder)):
                shutil.chown(path, group=group)
            path.chmod(mode)


def open_doors(home: Home, contracts: Iterable[Contract]) -> Iterator[str]:
    """What is more open, or less, than it should be, in words with the way out."""
    for path, what in met_by_others(home.root):
        yield f"{path} can be {what} by every account of this machine: run `citybrain init`, which closes it"
    for folder in sorted({contract.owner.folder for contract in contracts}):
        for path in (home.drop / folder, home.returns / folder):
            if not path.is_dir():
                yield f"{path} is missing: run `citybrain init`"
            elif (group := _group(GROUP.format(folder))) and path.group() != group:
                yield f"{path} belongs to the group {path.group()}, not to {group}: run `citybrain init`"
            elif not os.access(path, os.R_OK | os.W_OK | os.X_OK):
                yield f"{path} cannot be written by the service: check its owner and group"
    for name in PRIVATE:
        if (home.root / name).is_dir() and (home.root / name).stat().st_mode & 0o070:
            yield f"{home.root / name} can be entered by the group {(home.root / name).group()}: run `citybrain init`"


def met_by_others(folder: Path) -> Iterator[tuple[Path, str]]:
    """Each path below that an account which is neither its owner's nor of its group gets at, and how; behind a closed door nothing is met."""
    for path in sorted(folder.iterdir()):
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode):
            continue
        if mode & 0o002:
            yield path, "written"
        elif mode & 0o004:
            yield path, "read"
        if stat.S_ISDIR(mode) and mode & 0o001:
            if not mode & 0o006 and path.name not in MET_IN:
                yield path, "entered"
            yield from met_by_others(path)


def _group(name: str) -> str | None:
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

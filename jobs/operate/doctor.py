"""A look at everything that may be wrong with a city, each finding with its way out."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from jobs import lake
from jobs.home import Home, MissingKey
from jobs.ingest import ledger
from jobs.ingest.claim import UNRECOGNISED
from jobs.operate.folders import open_doors, strange
from jobs.operate.upkeep import tables
from jobs.torn import COUNTED, TornTable, torn, unreadable
from schemas.contract import Contract

LEAST_FREE = 10 << 30
LEAST_FREE_SHARE = 0.1
STUCK_SECONDS = 3600.0
SLACK = timedelta(minutes=10)


@dataclass(frozen=True)
class Finding:
    """how: good, odd (look at it) or bad (something is lost or stands still); says: what, where and the way out."""

    how: Literal["good", "odd", "bad"]
    check: str
    says: str


def examine(home: Home) -> Iterator[Finding]:
    """Every check in turn; one that finds nothing says so. Reads only."""
    contracts, faults = home.contracts()
    yield from _all("contracts", "bad", [str(fault) for fault in faults], f"{len(contracts)} feeds")
    yield from _all("privacy", "odd", list(_of_no_class(contracts)), "stated for every column")
    checks: list[tuple[str, Literal["odd", "bad"], Callable[[], Iterator[str]], str]] = [
        ("key", "bad", lambda: _key(home), "there, and private"),
        ("folders", "odd", lambda: open_doors(home, contracts.values()), "each department's own"),
        ("drop", "odd", lambda: _never_taken(home), "nothing that is never taken"),
        ("disk", "bad", lambda: _disk(home), "enough is free"),
        ("spark", "bad", _spark, "Java and Delta's JARs are there"),
        ("clock", "odd", lambda: _clock(home), "not before the last delivery"),
        ("inbox", "bad", lambda: _stuck(home), "nothing stands still"),
        (
            "ledger",
            "bad",
            lambda: _torn(home, contracts),
            "every committed delivery has its rows, every table its files",
        ),
    ]
    for check, how, look, good in checks:
        try:
            yield from _all(check, how, list(look()), good)
        except Exception as fault:  # whatever is wrong there, the other checks are still to be made
            yield Finding(
                "bad",
                check,
                str(fault) if isinstance(fault, TornTable) else f"could not be looked at: {_first_line(fault)}",
            )


def _all(check: str, how: Literal["odd", "bad"], wrong: list[str], good: str) -> Iterator[Finding]:
    if not wrong:
        yield Finding("good", check, good)
    for says in wrong:
        yield Finding(how, check, says)


def _first_line(fault: Exception) -> str:
    return f"{type(fault).__name__} {next(iter(str(fault).splitlines()), '')}".strip()[:300]


def _of_no_class(contracts: dict[str, Contract]) -> Iterator[str]:
    for feed, contract in contracts.items():
        if unstated := [column for column, spec in contract.columns.items() if spec.privacy is None]:
            yield f"{feed}: {'、'.join(unstated)} of no class, so no dashboard and no analyst sees them: say privacy: L1 (open), L2, L3 (personal) or L4 in the contract"


def _key(home: Home) -> Iterator[str]:
    try:
        _ = home.key
        if lake.exists(ledger.path(home)) and not home.fingerprint_of_lake:
            yield f"the key's fingerprint does not stand in {home.lake}, so another key would not be noticed: run `citybrain init`"
    except MissingKey as fault:
        yield str(fault)
    path = home.root / "secrets" / "key"
    if path.exists() and path.stat().st_mode & 0o077:
        yield f"{path} can be read by others: chmod 600 {path}"


def _never_taken(home: Home) -> Iterator[str]:
    for path in strange(home):
        yield f"{path} is a link or a folder, which is never taken: tell the department to send files"


def _disk(home: Home) -> Iterator[str]:
    home.root.mkdir(parents=True, exist_ok=True)
    usage = shutil.disk_usage(home.root)
    if usage.free < min(LEAST_FREE, usage.total * LEAST_FREE_SHARE):
        yield f"{home.root}: {usage.free >> 30} GB free of {usage.total >> 30}: run `citybrain vacuum`, or make room"


def _spark() -> Iterator[str]:
    from jobs import spark

    try:
        spark.require_java()
    except spark.NoJava as fault:
        yield str(fault)
    if not spark.jars_are_there():
        yield f"Delta's JARs are not in {spark.jar_folder()}: run `citybrain jars` once"


def _clock(home: Home) -> Iterator[str]:
    if home.frozen_day or not lake.exists(ledger.path(home)):
        return
    with lake.connect() as con:
        found = con.execute(f"SELECT max(received_at) FROM {lake.scan(ledger.path(home))}").fetchone()
    last, now = (found or (None,))[0], home.now()
    if last and last > now + SLACK:
        yield f"the city's clock says {now:%Y-%m-%d %H:%M}, and a delivery came at {last:%Y-%m-%d %H:%M}: it has jumped; set it right, then `citybrain replay` what was judged meanwhile"


def _stuck(home: Home) -> Iterator[str]:
    for folder in sorted([*home.inbox.glob("*/*-*"), *home.inbox.glob(f"{UNRECOGNISED}/*/*-*")]):
        hours = (time.time() - folder.stat().st_mtime) / 3600
        if hours * 3600 > STUCK_SECONDS:
            feed = folder.relative_to(home.inbox).parts[0]
            command = "citybrain ingest" if feed == UNRECOGNISED else f"citybrain ingest {feed}"
            yield f"{folder} has waited {hours:.0f} h: run `{command}` and read what it says"
    for path in sorted(home.drop.glob("*/*")):
        hours = (time.time() - path.stat().st_ctime) / 3600
        if hours * 3600 > STUCK_SECONDS and path.is_file():
            yield f"{path} has stood for {hours:.0f} h and was not taken: is Airflow up (`citybrain up`), is the upload finished?"


def _torn(home: Home, contracts: dict[str, Contract]) -> Iterator[str]:
    """Tables that lack what the ledger counts, and others that cannot be read; one that is torn keeps none from being looked at."""
    for table in torn(home, contracts, tuple(COUNTED)):
        yield table.says
    for path in tables(home):
        counted = path.parent.name in COUNTED and path.name in contracts
        if not counted and (why := unreadable(str(path))):
            yield f"{path.parent.name}.{path.name}: {why}: `citybrain restore` a backup into an empty home"

"""The operator's commands: each says what it did, and the way out of what it could not do."""

from __future__ import annotations

import getpass
import os
import time
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from jobs.home import ZONE, home
from jobs.ingest.no_room import NoRoom
from jobs.operate.undecided import feed_of
from jobs.screen import GOOD, ODD, WRONG, Screen
from schemas.contract import Contract

app = typer.Typer()
console = Screen(soft=True)
MARKS = {"good": ("✓", GOOD), "odd": ("!", ODD), "bad": ("✗", WRONG)}

By = Annotated[str, typer.Option("--by", help="who decides; goes into the ledger and the receipt")]
Why = Annotated[str, typer.Option("--why", help="the reason, for the ledger and the department")]
Delivery = Annotated[
    str,
    typer.Argument(
        help="a delivery's number, as `citybrain status` and receipts print it: police_incident-20260301-01"
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="say what would be done, and do nothing")]


@app.command()
def doctor() -> None:
    """Look at everything that may be wrong: contracts, key, folders, disk, clock, what stands still, rows against the ledger."""
    from jobs.operate.doctor import examine

    bad = 0
    for finding in examine(home()):
        bad += finding.how == "bad"
        console.print(Text.assemble(" ", MARKS[finding.how], f" {finding.check:<10} {finding.says}"))
    raise typer.Exit(1 if bad else 0)


@app.command()
def replay(
    feed: Annotated[str, typer.Argument(help="the feed")],
    period: Annotated[
        list[str], typer.Option("--period", help="the period, as it stands in file names; may be given several times")
    ],
    by: By = getpass.getuser(),
    why: Why = "replay",
) -> None:
    """Take a period's last file in once more, by today's contract, as a new attempt; the rows of before stay for whoever rests on them."""
    from jobs.operate.orders import CannotBeDone
    from jobs.operate.orders import replay as again

    contract = _contract(feed)
    for one in period:
        try:
            entry = again(home(), contract, one, by, why)
            console.print(
                f"{entry.delivery_id} {entry.status}: {entry.kept_rows:,} kept, {entry.held_rows:,} held {' '.join(entry.words)}"
            )
        except (CannotBeDone, NoRoom) as fault:
            _stop(fault)


@app.command()
def release(delivery: Delivery, by: By, why: Why) -> None:
    """Admit a delivery that the gate refused: it is sifted again, and its believable rows are published."""
    from jobs.operate.orders import CannotBeDone
    from jobs.operate.orders import release as admit

    try:
        entry = admit(home(), _contract(feed_of(delivery)), delivery, by, why)
    except (CannotBeDone, NoRoom) as fault:
        _stop(fault)
    else:
        console.print(f"{entry.delivery_id} released by {by}: {entry.kept_rows:,} kept, {entry.held_rows:,} held")


@app.command()
def reject(delivery: Delivery, by: By, why: Why) -> None:
    """Send a delivery back for good; if it was admitted it counts no longer, and the attempt before it does."""
    from jobs.operate.orders import CannotBeDone
    from jobs.operate.orders import reject as send_back

    try:
        entry = send_back(home(), _contract(feed_of(delivery)), delivery, by, why)
    except (CannotBeDone, NoRoom) as fault:
        _stop(fault)
    else:
        console.print(f"{entry.delivery_id} rejected by {by}; the department has its receipt")


@app.command()
def refused() -> None:
    """List the refused deliveries that wait for a person, each with both ways out as commands to paste."""
    from jobs.status import waiting_list

    console.print(waiting_list(home(), most=None))


@app.command()
def backup(
    to: Annotated[Path, typer.Argument(help="a folder that holds backups; this one becomes a folder in it")],
) -> None:
    """Copy tables, files and accounts into a new folder, nothing moving meanwhile; what the last backup there already has is linked.

    The city's keys come along only under a passphrase, which CITYBRAIN_BACKUP_PASSPHRASE says. Without it keep secrets/ elsewhere: no city comes back without its key.
    """
    from jobs.operate.backup import PASSPHRASE, CannotBackUp
    from jobs.operate.backup import backup as copy
    from jobs.operate.sealed import WrongPassphrase

    began, target = time.monotonic(), to / f"{datetime.now(ZONE):%Y%m%d-%H%M%S}"
    try:
        with console.status(f"backup to {target}"):
            done = copy(home(), target, os.environ.get(PASSPHRASE, ""))
    except (CannotBackUp, WrongPassphrase) as fault:
        _stop(fault)
    else:
        console.print(
            f"{target}: {done.files:,} files, {done.bytes / 1e6:,.1f} MB ({done.linked:,} linked), {time.monotonic() - began:.1f} s. "
            + (
                "The keys are in it, under the passphrase."
                if done.keys
                else f"The keys are not in it: keep secrets/ safe elsewhere, or set {PASSPHRASE}."
            )
            + " It tells of persons: keep it as safe as the city."
        )


@app.command()
def restore(source: Annotated[Path, typer.Argument(help="a backup's folder")]) -> None:
    """Make the city of a backup in an empty CITYBRAIN_HOME; every file is checked first. CITYBRAIN_BACKUP_PASSPHRASE opens the keys in it."""
    from jobs.operate.backup import PASSPHRASE, CannotRestore
    from jobs.operate.backup import restore as bring_back
    from jobs.operate.sealed import WrongPassphrase

    began = time.monotonic()
    try:
        with console.status("restore"):
            done = bring_back(home(), source, os.environ.get(PASSPHRASE, ""))
    except (CannotRestore, WrongPassphrase) as fault:
        _stop(fault)
    else:
        console.print(
            f"{home().root}: {done.files:,} files, {done.bytes / 1e6:,.1f} MB, {time.monotonic() - began:.1f} s. Next: citybrain doctor, citybrain serve"
        )
        if not done.keys:
            console.odd(
                f"the keys did not come with it: put secrets/key back, fingerprint {home().fingerprint_of_lake or 'not known'}, or nothing is taken in"
            )
        if done.altered:
            _stop(
                CannotRestore(
                    f"the archived files of {', '.join(done.altered)} are not the ones that came (their SHA-256 is not the ledger's): "
                    "take them from an older backup; until then they are not replayed"
                )
            )


@app.command()
def compact() -> None:
    """Make the small files of each table large; rows and readable versions stay."""
    from jobs.operate.upkeep import compact as rewrite

    for done in rewrite(home()):
        if done.files:
            console.print(f"{done.table:<40} {done.says}")


@app.command()
def vacuum(
    keep_days: Annotated[int, typer.Option(min=1, help="versions younger than this stay readable")] = 30,
    dry_run: DryRun = False,
) -> None:
    """Take away files of old versions; versions that warnings, dashboards and reports rest on stay."""
    from jobs.operate.upkeep import vacuum as clear

    for done in clear(home(), keep_days, dry_run):
        if done.files:
            console.print(f"{done.table:<40} {done.says}")


@app.command()
def migrate(
    feed: Annotated[str, typer.Argument(help="the feed whose contract changed")], dry_run: DryRun = False
) -> None:
    """Give a feed's tables the columns that its contract has gained."""
    from jobs.operate.upkeep import CannotMigrate
    from jobs.operate.upkeep import migrate as follow

    try:
        for done in follow(home(), _contract(feed), dry_run):
            console.print(f"{done.table:<40} {done.says}")
    except CannotMigrate as fault:
        _stop(fault)


def _contract(feed: str) -> Contract:
    contracts, _ = home().contracts()
    if feed not in contracts:
        raise typer.BadParameter(f"there is no feed {feed!r}; known are {', '.join(contracts)}")
    return contracts[feed]


def _stop(fault: Exception) -> None:
    console.wrong(fault)
    raise typer.Exit(1)

"""Tables that do not hold what the ledger counts: a file or an entry of their log is missing, damaged or emptied.

Looked for before anything rests on them, so that what is torn is named and left out, and all else goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import duckdb
from deltalake.exceptions import DeltaError

from jobs import lake
from jobs.alert import alert
from jobs.current import current_deliveries, latest_outcomes
from jobs.home import Home
from jobs.ingest import ledger
from jobs.ingest.no_room import is_full
from quality.forms import quote
from schemas.contract import Contract

COUNTED = {"silver": "kept_rows", "identity": "kept_rows", "held": "held_rows", "bronze": "read_rows"}
READ_BY_THE_CITY = ("silver", "identity")
T = TypeVar("T")
UNREADABLE = (duckdb.Error, DeltaError, OSError)


class TornTable(RuntimeError):
    """A table that no feed's files can bring back is torn."""


@dataclass(frozen=True)
class Torn:
    """A feed's table that is not what the ledger says of it; what: in one clause."""

    feed: str
    room: str
    what: str

    @property
    def says(self) -> str:
        return f"{self.room}.{self.feed}: {self.what}: {way_out(self.feed)}"


def way_out(feed: str) -> str:
    return f"`citybrain replay {feed}` its periods, or `citybrain restore` a backup into an empty home"


def torn(
    home: Home, contracts: dict[str, Contract], rooms: tuple[str, ...] = READ_BY_THE_CITY, *, deep: bool = False
) -> Iterator[Torn]:
    """Each table of a feed that lacks rows of a delivery that counts today, or cannot be read; the first fault of each table.

    deep: every cell is read, not only that each row is there. Raises TornTable when the ledger itself cannot be read.
    """
    if not lake.exists(ledger.path(home)):
        return
    with lake.connect() as con:
        _outcomes(con, home)
        for feed, contract in contracts.items():
            for room in rooms:
                if room == "identity" and not any(spec.identifies for spec in contract.columns.values()):
                    continue
                if what := _fault(con, home, feed, room, deep=deep):
                    yield Torn(feed, room, what)


def torn_feeds(home: Home, contracts: dict[str, Contract], *, deep: bool = False) -> dict[str, str]:
    """The feeds that the city cannot be judged on, each with a sentence that says why and names the way out."""
    found: dict[str, str] = {}
    for one in torn(home, contracts, deep=deep):
        found.setdefault(one.feed, one.says)
    return found


def on_what_is_whole(home: Home, contracts: dict[str, Contract], do: Callable[[dict[str, str]], T]) -> T:
    """What `do` makes when it is told the torn feeds, which it leaves out; the operator is told of each.

    Where it fails at a damaged cell that no count shows, every cell is read, and it is done once more without that feed.
    """
    told = torn_feeds(home, contracts)
    try:
        made = do(told)
    except Exception as fault:
        further = {} if is_full(fault) else torn_feeds(home, contracts, deep=True)
        if set(further) <= set(told):
            raise
        told, made = further, do(further)
    for feed, says in told.items():
        alert(home, "torn_table", feed, says)
    return made


def stop_if_torn(home: Home, *names: str) -> None:
    """Raises TornTable for the first of these tables (room.table) that is torn: no feed's files bring it back."""
    for name in names:
        if why := unreadable(home.table(*name.split("."))):
            raise TornTable(f"{name}: {why}: `citybrain restore` a backup into an empty home")


def unreadable(path: str) -> str | None:
    """Why a table cannot be read, in one clause; None when each of its files is there as long as its log says, or it never was."""
    if not lake.exists(path):
        return "its log is missing" if any(Path(path).glob("**/*.parquet")) else None
    try:
        if emptied := _emptied_entry(path):
            return emptied
        for file, size in lake.files(path):
            if not file.is_file():
                return f"its file {file.name} is missing"
            if file.stat().st_size != size:
                return f"its file {file.name} has {file.stat().st_size:,} bytes, {size:,} were written"
    except UNREADABLE as fault:
        return _first_line(fault)
    return None


def _outcomes(con: duckdb.DuckDBPyConnection, home: Home) -> None:
    path = ledger.path(home)
    if why := unreadable(path):
        raise TornTable(f"ops.delivery, the ledger ({why}): `citybrain restore` a backup into an empty home")
    told = lake.scan(path)
    con.execute(
        f"CREATE TEMP TABLE outcome AS SELECT * FROM ({latest_outcomes(told)}) "
        f"WHERE delivery_id IN (SELECT delivery_id FROM ({current_deliveries(told)}))"
    )


def _fault(con: duckdb.DuckDBPyConnection, home: Home, feed: str, room: str, *, deep: bool) -> str | None:
    count, path = COUNTED[room], home.table(room, feed)
    if not lake.exists(path):
        rows = "SELECT '' AS delivery_id, 0 AS n, 0 AS cells WHERE false"
    elif why := unreadable(path):
        return why
    else:
        cells = "bit_xor(hash(t))" if deep else "0"  # what is asked of every cell reads every cell
        rows = f"SELECT delivery_id, count(*) AS n, {cells} AS cells FROM {lake.scan(path)} t GROUP BY 1"
    try:
        wrong = con.execute(f"""
            SELECT o.delivery_id, o.{count}, coalesce(r.n, 0) FROM outcome o LEFT JOIN ({rows}) r USING (delivery_id)
            WHERE o.feed = {quote(feed)} AND (o.{count} <> coalesce(r.n, 0) OR (r.n > 0 AND r.cells IS NULL)) ORDER BY 1""").fetchone()
    except UNREADABLE as fault:
        return _first_line(fault)
    return f"{wrong[0]} has {wrong[2]:,} rows, the ledger counts {wrong[1]:,}" if wrong else None


def _emptied_entry(path: str) -> str | None:
    entries = sorted((Path(path) / "_delta_log").glob("*.json"))
    return (
        f"the last entry of its log, {entries[-1].name}, is empty"
        if entries and not entries[-1].stat().st_size
        else None
    )


def _first_line(fault: Exception) -> str:
    return next(iter(str(fault).splitlines()), type(fault).__name__)[:300]

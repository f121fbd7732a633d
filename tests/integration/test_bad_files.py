"""Some eighty kinds of bad file, dropped together between two good ones a feed: each gets its row, its receipt, its place in the archive."""

from __future__ import annotations

import html
import os
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from bad_files import BAD_FILES, ELSEWHERE, GOOD_FILES, BadFile
from deltalake import DeltaTable
from settings import KEY, TODAY

from jobs.home import Home
from jobs.ingest.delivery import DeliveriesFailed, ingest
from jobs.ingest.ledger import Entry
from schemas.contract import Contract
from schemas.watch import Watch

WORDS_OF_OURS = {
    "csv",
    "GB",
    "UTF",
    "LE",
    "BIG",
    "MB",
    "CSV",
    "XLSX",
    "XLS",
    "JSON",
    "ZIP",
    "RAR",
    "HTML",
    "Excel",
    "WPS",
}
ENGLISH = re.compile(r"[A-Za-z]{2,}")


@dataclass(frozen=True)
class Aftermath:
    """A city after every bad file: the files' names by kind, the ledger's rows by file name, and what ingest told."""

    home: Home
    contracts: dict[str, Contract]
    names: dict[str, str]
    ledger: dict[str, list[dict[str, Any]]]
    told: list[Entry]


@pytest.fixture(scope="module")
def aftermath(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aftermath]:
    """One city and one run a feed: a file that broke the run, or the next file, would be seen here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CITYBRAIN_KEY", KEY)
        patch.setenv("CITYBRAIN_TODAY", TODAY)
        home = Home(tmp_path_factory.mktemp("bad_files"))
        contracts = {feed: _without_history(contract) for feed, contract in home.contracts()[0].items()}
        names = {bad.kind: _drop(home, contracts, bad, age) for age, bad in enumerate(_between_good_ones())}
        told: list[Entry] = []
        for feed in dict.fromkeys(bad.feed for bad in BAD_FILES):
            with suppress(DeliveriesFailed):  # each that failed fails a test of its own
                ingest(home, contracts[feed], told.append)
        rows = DeltaTable(home.table("ops", "delivery")).to_pyarrow_table().to_pylist()
        ledger = {name: [row for row in rows if row["file_name"] == name] for name in names.values()}
        yield Aftermath(home, contracts, names, ledger, told)


def _without_history(contract: Contract) -> Contract:
    """What is usual is judged by what came before, which is not this test's matter."""
    off = dict.fromkeys(["volume", *Watch.model_fields.keys() - {"headers", "event_time"}])
    return contract.model_copy(update={"gate": contract.gate.model_copy(update=off)})


def _between_good_ones() -> list[BadFile]:
    good = [BadFile("good", feed, content, "passed", (60, 60, 0, 0), "") for feed, content in GOOD_FILES.items()]
    return [
        *(BadFile(f"first {each.feed}", *_rest(each)) for each in good),
        *BAD_FILES,
        *(BadFile(f"last {each.feed}", *_rest(each)) for each in good),
    ]


def _rest(bad: BadFile) -> tuple[Any, ...]:
    return bad.feed, bad.content, bad.status, bad.rows, bad.said


def _drop(home: Home, contracts: dict[str, Contract], bad: BadFile, age: int) -> str:
    """Put the file where its department would, younger than the one before; returns its name."""
    contract = contracts[bad.feed]
    day = date(2025, 1, 1) + timedelta(days=age)
    path = home.drop / contract.owner.folder / contract.delivery.files.replace("*", f"{day:%Y%m%d}")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as target:
        if isinstance(bad.content, bytes):
            target.write(bad.content)
        else:
            bad.content(target)
    os.utime(path, (1_000_000 + age, 1_000_000 + age))
    return path.name


def _seen(page: str) -> str:
    """What a person reads of a page."""
    return html.unescape(re.sub(r"<style>.*?</style>|<title>.*?</title>|<[^>]+>", " ", page, flags=re.DOTALL))


@pytest.mark.parametrize("bad", _between_good_ones(), ids=lambda bad: bad.kind.replace(" ", "-"))
def test_whatever_is_dropped_gets_one_row_one_receipt_and_its_place_in_the_archive(
    bad: BadFile, aftermath: Aftermath
) -> None:
    name = aftermath.names[bad.kind]
    (row,) = aftermath.ledger[name]
    told = tuple(row[f"{what}_rows"] for what in ("read", "kept", "held", "refused"))
    assert (row["status"], told) == (bad.status, bad.rows), row["words"]
    assert told[0] == sum(told[1:])

    owner = aftermath.contracts[bad.feed].owner
    page = (aftermath.home.returns / owner.folder / f"{row['delivery_id']}.html").read_text(encoding="utf-8")
    seen = _seen(page)
    assert bad.said in seen and name in seen
    assert "系统处理时出错" not in seen
    ours = re.sub(r"「.*?」", "", seen.replace(name, "").replace(owner.contact, ""))
    ours = re.sub(rf"{row['delivery_id']}(-补正\.(xlsx|csv))?", "", ours)
    spoken = {title for column in aftermath.contracts[bad.feed].columns.values() for title in column.aliases}
    assert set(ENGLISH.findall(ours)) <= WORDS_OF_OURS | spoken, seen
    assert set(ENGLISH.findall("".join(row["words"]))) <= WORDS_OF_OURS

    (kept,) = aftermath.home.archive.rglob(name)
    assert row["bytes"] == kept.stat().st_size
    if isinstance(bad.content, bytes):
        assert kept.read_bytes() == bad.content


def test_nothing_is_left_behind_and_nothing_came_twice(aftermath: Aftermath) -> None:
    home = aftermath.home
    assert not [path for room in (home.drop, home.inbox, home.staging) for path in room.rglob("*") if path.is_file()], (
        "all is put away"
    )
    assert len(aftermath.told) == len(aftermath.names) == len(_between_good_ones()) > 80
    assert len(list(home.returns.rglob("*.html"))) == len(aftermath.names)
    kept = {
        row["delivery_id"]: row["kept_rows"] for rows in aftermath.ledger.values() for row in rows if row["kept_rows"]
    }
    silver = [DeltaTable(home.table("silver", feed)).to_pyarrow_table() for feed in GOOD_FILES]
    assert Counter(name for table in silver for name in table["delivery_id"].to_pylist()) == kept
    assert not ELSEWHERE.exists() and not list(home.root.glob("x.csv"))

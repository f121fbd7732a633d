"""The two real feeds as a city meets them: contracts from a folder outside `schemas/`, and data that may not be there."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from delivering import deliver
from monthly_files import DATA, FEEDS, Published

from jobs.home import Home
from jobs.ingest.ledger import Entry
from schemas.contract import Contract


@pytest.fixture
def contracts(home: Home, monkeypatch: pytest.MonkeyPatch) -> dict[str, Contract]:
    """Ours and, by CITYBRAIN_FEEDS, the two more."""
    monkeypatch.setenv("CITYBRAIN_FEEDS", str(FEEDS))
    found, faults = home.contracts()
    assert not faults
    return found


@pytest.fixture
def send(home: Home, contracts: dict[str, Contract]) -> Callable[[Published, dict[str, bytes]], list[Entry]]:
    """Drop some months' files and take them in by one run."""

    def some(published: Published, files: dict[str, bytes]) -> list[Entry]:
        named = {published.file_name(month): content for month, content in files.items()}
        return deliver(home, contracts[published.feed], named)

    return some


@pytest.fixture
def months() -> Callable[[Published], dict[str, bytes]]:
    """A data set's monthly files; a test that asks for data which are not here is skipped."""

    def cut(published: Published) -> dict[str, bytes]:
        if not published.source.is_file():
            pytest.skip(f"{published.path} is not in {DATA}; set CITYBRAIN_BENCH_DATA to the folder of published data")
        return published.months()

    return cut

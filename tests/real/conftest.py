"""The two real feeds as a city meets them: contracts from a folder outside `schemas/`, and data that may not be there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from delivering import deliver
from monthly_files import FEEDS, Published

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
def months(published: Callable[[str], Path]) -> Callable[[Published], dict[str, bytes]]:
    """A data set's monthly files; a test that asks for data which are not here is skipped."""

    def cut(source: Published) -> dict[str, bytes]:
        published(source.path)
        return source.months()

    return cut

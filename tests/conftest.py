"""What tests share: a city's home in a temporary folder, its contracts, files dropped into it, and one Spark session."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import settings as cities
from deltalake import DeltaTable
from hypothesis import settings
from running import (
    WhereTimeWent,
    pytest_collection_modifyitems,
    pytest_xdist_auto_num_workers,
    pytest_xdist_make_scheduler,
)
from settings import DATA, KEY, TODAY

from jobs.home import Home
from jobs.ingest.ledger import Entry
from schemas.contract import Contract

__all__ = ["pytest_collection_modifyitems", "pytest_xdist_auto_num_workers", "pytest_xdist_make_scheduler"]

# The same examples each time, so that a run can be repeated; HYPOTHESIS_PROFILE=explore looks for new ones.
settings.register_profile("repeatable", derandomize=True, database=None)
settings.register_profile("explore", settings.get_profile("default"))
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))


def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput"):
        # A worker's main module has no file, and PySpark, imported by Great Expectations, then believes to be a doctest and exits.
        sys.modules["__main__"].__file__ = cities.__file__
    else:
        config.pluginmanager.register(WhereTimeWent())


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A city of its own, with a key, on a frozen day."""
    monkeypatch.setenv("CITYBRAIN_HOME", str(tmp_path / "var"))
    monkeypatch.setenv("CITYBRAIN_KEY", KEY)
    monkeypatch.setenv("CITYBRAIN_TODAY", TODAY)
    return Home(tmp_path / "var")


@pytest.fixture
def published() -> Callable[[str], Path]:
    """A file or folder of published data by its path in that folder; a test that asks for what is not here is skipped."""

    def find(path: str) -> Path:
        if not (DATA / path).exists():
            pytest.skip(f"{path} is not in {DATA}; set CITYBRAIN_BENCH_DATA to the folder of published data")
        return DATA / path

    return find


@pytest.fixture
def contracts(home: Home) -> dict[str, Contract]:
    found, faults = home.contracts()
    assert not faults
    return found


@pytest.fixture
def drop(home: Home, contracts: dict[str, Contract]) -> Callable[[str, str, bytes], Path]:
    """Put a file into the feed's department's drop folder, as one whose upload has ended."""

    def put(feed: str, file_name: str, content: bytes) -> Path:
        path = home.drop / contracts[feed].owner.folder / file_name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (time.time() - 60, time.time() - 60))
        return path

    return put


@pytest.fixture
def take(home: Home, contracts: dict[str, Contract]) -> Callable[[str], list[Entry]]:
    """Ingest what waits for a feed; what became of each, also of those that failed."""

    def run(feed: str) -> list[Entry]:
        from jobs.ingest.delivery import DeliveriesFailed, ingest

        entries: list[Entry] = []
        try:
            ingest(home, contracts[feed], entries.append)
        except DeliveriesFailed:
            assert any(entry.status == "failed" for entry in entries)
        return entries

    return run


@pytest.fixture
def rows(home: Home) -> Callable[[str, str], list[dict[str, Any]]]:
    """All rows of a Delta table, as dicts; none when there is no such table."""

    def read(room: str, table: str) -> list[dict[str, Any]]:
        path = home.table(room, table)
        return DeltaTable(path).to_pyarrow_table().to_pylist() if DeltaTable.is_deltatable(path) else []

    return read


@pytest.fixture(scope="session")
def session() -> Iterator[Any]:
    """The one Spark session of the whole run; tests that need it are skipped, saying so, where Java or Delta's JARs are missing."""
    from jobs import spark

    try:
        started = spark.session()
    except (spark.NoJars, spark.NoJava) as why:
        pytest.skip(str(why))
    yield started
    started.stop()
    spark.session.cache_clear()


@pytest.fixture(scope="module")
def spark(session: Any) -> Iterator[Any]:
    """The session, with no view left in it by another file's tests."""
    yield session
    for view in session.sql("SHOW VIEWS").collect():
        session.catalog.dropTempView(view["viewName"])

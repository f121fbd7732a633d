"""One full city and one quiet city for all tests that only look."""

from __future__ import annotations

import pytest
from delivered_files import ANSWERS, Built, built

from demo.plan import Plan
from schemas.contract import Contract, load_contracts


@pytest.fixture(scope="session")
def city(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return built(tmp_path_factory.mktemp("city"), Plan())


@pytest.fixture(scope="session")
def quiet_city(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return built(tmp_path_factory.mktemp("quiet"), Plan(quiet=True, noise=False))


@pytest.fixture(scope="session")
def contracts() -> dict[str, Contract]:
    """Of every feed that a city which is only built delivers."""
    known, faults = load_contracts()
    assert not faults and set(known) >= ANSWERS
    return {feed: contract for feed, contract in known.items() if feed not in ANSWERS}

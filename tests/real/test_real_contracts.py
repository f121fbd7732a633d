"""Two feeds by contract alone: found outside `schemas/`, and true to their own examples."""

from __future__ import annotations

from datetime import datetime

import pytest
from monthly_files import CHICAGO, FEEDS, HOUSTON

from jobs.home import ZONE
from jobs.lake import connect
from quality.forms import name
from quality.sift import sift
from schemas.contract import Contract, Example, contract_files, load_contract

EXAMPLES = [
    pytest.param(contract, example, id=f"{contract.feed}-{number}")
    for contract in map(load_contract, contract_files(FEEDS))
    for number, example in enumerate(contract.examples, 1)
]


def test_a_folder_of_contracts_beside_ours_is_all_a_city_needs(contracts: dict[str, Contract]) -> None:
    assert {CHICAGO.feed, HOUSTON.feed, "police_incident"} <= set(contracts)


@pytest.mark.parametrize(("contract", "example"), EXAMPLES)
def test_an_example_is_kept_or_held_because_of_what_it_says(contract: Contract, example: Example) -> None:
    sent = {contract.column_of(header): value for header, value in (example.keep or example.hold or {}).items()}
    assert None not in sent
    with connect(reads_delta=False) as con:
        columns = ", ".join(f"{name(column)} VARCHAR" for column in contract.columns)
        con.execute(f"CREATE TABLE landed (row_no BIGINT, defect VARCHAR, {columns}, extra VARCHAR)")
        values = [sent.get(column) for column in contract.columns]
        con.execute(f"INSERT INTO landed VALUES (1, NULL, {', '.join('?' for _ in values)}, NULL)", values)
        sift(con, contract, datetime(2026, 6, 29, 8, tzinfo=ZONE))
        held = con.execute("SELECT reasons FROM held").fetchone()
    assert {reason.split(":")[1] for reason in (held[0] if held else [])} == set(example.because)

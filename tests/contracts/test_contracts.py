"""The contracts we ship: each is read, and each keeps and holds what its own examples say."""

from __future__ import annotations

import re
from datetime import date, datetime

import duckdb
import pytest

from jobs.home import ZONE
from jobs.serve import served_columns
from quality.forms import name
from quality.reasons import say_held
from quality.sift import sift
from schemas.contract import FEEDS, Contract, Example, contract_files, load_contract, period_fault

CONTRACTS = [load_contract(path) for path in contract_files(FEEDS)]
EXAMPLES = [
    pytest.param(contract, example, id=f"{contract.feed}-{number}")
    for contract in CONTRACTS
    for number, example in enumerate(contract.examples, 1)
]


def judge(contract: Contract, row: dict[str, str]) -> list[str]:
    """The reasons one row is held for, none when it is kept."""
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'Asia/Shanghai'")
        columns = ", ".join(f"{name(column)} VARCHAR" for column in contract.columns)
        con.execute(f"CREATE TABLE landed (row_no BIGINT, defect VARCHAR, {columns}, extra VARCHAR)")
        sent = {contract.column_of(header): value for header, value in row.items()}
        assert None not in sent, f"an example uses a header the contract does not know: {list(row)}"
        values = [sent.get(column) for column in contract.columns]
        con.execute(f"INSERT INTO landed VALUES (1, NULL, {', '.join('?' for _ in values)}, NULL)", values)
        sift(con, contract, datetime(2026, 6, 29, 8, tzinfo=ZONE))
        found = con.execute("SELECT reasons FROM held").fetchone()
        return found[0] if found else []


def test_every_contract_is_read_and_has_an_example_of_both_kinds() -> None:
    assert len(CONTRACTS) >= 10
    for contract in CONTRACTS:
        assert {bool(example.keep) for example in contract.examples} == {True, False}, contract.feed


JOINS = re.compile("_no$|^(room|employer)$")  # keys of what a person is, has or lives in


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.feed)
def test_what_is_personal_is_not_served_and_what_names_a_person_is_not_silver_s(contract: Contract) -> None:
    """L3 tells who somebody is, but for a day of his life and for what joins rows in the lake; L4 is sensitive of whomever it is about."""
    served = set(served_columns(contract))
    for column, spec in contract.columns.items():
        assert spec.privacy, f"{column}: no silent class"
        if spec.privacy in ("L3", "L4") or spec.identifies:
            assert column not in served
        if spec.privacy == "L3" and spec.type != "date":
            assert spec.identifies or JOINS.search(column), column


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.feed)
def test_no_key_of_a_person_a_household_a_home_a_device_or_an_employer_leaves_in_rows(contract: Contract) -> None:
    """And what is left of a register of persons, but for its figures, is declared, so that it leaves only where others are alike in it."""
    served = served_columns(contract)
    about_persons = any(spec.type == "resident_id" for spec in contract.columns.values())
    assert not [c for c in served if about_persons and c in contract.key], (
        "its key is a person's, or a person's event's"
    )
    assert not [c for c in served if c in ("household_no", "dwelling_no", "room", "employer", "device_no", "worker_no")]
    assert not [c for c in served if about_persons and not contract.columns[c].quasi_identifier]


@pytest.mark.parametrize(("contract", "example"), EXAMPLES)
def test_what_holds_a_resident_s_number_is_never_silver_s(contract: Contract, example: Example) -> None:
    """Other numbers are made from it: a disability certificate's is the same with two digits more."""
    given = example.keep or {}
    row = [(contract.columns[c], sent) for header, sent in given.items() if (c := contract.column_of(header))]
    numbers = [sent for spec, sent in row if spec.type == "resident_id"]
    assert not [sent for spec, sent in row if not spec.identifies and any(number in sent for number in numbers)]


@pytest.mark.parametrize(("contract", "example"), EXAMPLES)
def test_an_example_is_kept_or_held_because_of_what_it_says(contract: Contract, example: Example) -> None:
    reasons = judge(contract, example.keep or example.hold or {})
    assert {reason.split(":")[1] for reason in reasons} == set(example.because)
    for reason in reasons:
        assert "{" not in say_held(contract, reason)


@pytest.mark.parametrize(
    ("period", "why"),
    [
        ("20260628", None), ("202606", None), ("202607", None), ("2026Q2", None), ("2026", None),
        ("20260229", "不是日期"), ("202613", "不是日期"), ("20620628", "晚于送达日期"), ("206206", "晚于送达日期"),
    ],
)  # fmt: skip
def test_a_period_written_as_a_date_is_a_day_that_is_not_far_ahead(period: str, why: str | None) -> None:
    fault = period_fault(period, date(2026, 6, 29))
    assert (why in fault) if why and fault else fault is why


@pytest.mark.parametrize(
    ("file_name", "period"),
    [
        ("jq_20260301.csv", "20260301"), ("jq_２０２６０３０１.csv", "20260301"), ("else.csv", "20260629"),
        ("any_' or delivery_id<>'.csv", "__or_delivery_id___"), (f"any_{'9' * 200}.csv", "9" * 32),
    ],
)  # fmt: skip
def test_a_period_is_letters_and_digits_whatever_a_file_is_called(file_name: str, period: str) -> None:
    incidents = next(contract for contract in CONTRACTS if contract.feed == "police_incident")
    anything = incidents.delivery.model_copy(
        update={"period": [r"any_(.*)\.csv", r"jq_(\d{8})"]["any" not in file_name]}
    )
    assert incidents.model_copy(update={"delivery": anything}).period_of(file_name, "20260629") == period

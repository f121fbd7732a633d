"""Where no noise is added, every row of every feed is what its contract promises."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import duckdb
import pandas as pd
import pytest
from delivered_files import ANSWERS, Built, contract_of, feed, paths_of, table_of

from schemas.contract import ROW_RULE_FUNCTIONS, Column, Contract, contract_files, header_key
from schemas.written import strptime_of

FEEDS = [path.stem for path in contract_files() if path.stem not in ANSWERS]
NUMBERS = ("integer", "number", "money")


@pytest.fixture(scope="session")
def tables(quiet_city: Built, contracts: dict[str, Contract]) -> dict[str, pd.DataFrame]:
    return {name: feed(quiet_city, contracts, name) for name in FEEDS}


@pytest.mark.parametrize("name", FEEDS)
def test_cells(name: str, tables: dict[str, pd.DataFrame], contracts: dict[str, Contract]) -> None:
    seen = 0
    for column, spec in contracts[name].columns.items():
        cells = tables[name][column]
        told = cells[cells != ""]
        assert len(told) == len(cells) or not spec.required, (column, "is required")
        assert len(told), (column, "is never filled")
        wrong = [text for text in told.unique() if not believable(text.strip(), spec)]
        assert not wrong, (column, wrong[:5])
        seen += len(told)
    assert seen > 20


@pytest.mark.parametrize("name", FEEDS)
def test_row_rules(name: str, tables: dict[str, pd.DataFrame], contracts: dict[str, Contract]) -> None:
    contract, frame = contracts[name], tables[name]
    rows = pd.DataFrame({column: typed(frame[column], spec) for column, spec in contract.columns.items()})
    rows["received_at"] = pd.Timestamp("2026-06-29 08:00")
    for function, of in ROW_RULE_FUNCTIONS.items():
        duckdb.sql(f"CREATE OR REPLACE TEMP MACRO {function}(id) AS {of}")
    for rule, spec in contract.rows.items():
        told = duckdb.sql(
            f"SELECT count(*) FILTER (NOT ({spec.must})), count(*) FILTER ({spec.must}) > 0 FROM rows"
        ).fetchone()
        assert told == (0, True), (rule, duckdb.sql(f"SELECT * FROM rows WHERE NOT ({spec.must}) LIMIT 3").df())


@pytest.mark.parametrize("name", FEEDS)
def test_keys_within_a_file_are_distinct(
    name: str, tables: dict[str, pd.DataFrame], contracts: dict[str, Contract]
) -> None:
    contract, frame = contracts[name], tables[name]
    assert not frame.duplicated(["file", *contract.key]).any()
    if contract.delivery.kind == "events":
        assert not frame.duplicated(contract.key).any()


@pytest.mark.parametrize("name", FEEDS)
def test_files(name: str, quiet_city: Built, contracts: dict[str, Contract]) -> None:
    """Each file belongs to one contract, which knows all of its headers, and is about a period of its own."""
    contract, paths = contracts[name], paths_of(quiet_city, contracts[name])
    periods = set()
    for path in paths:
        assert contract_of(path, contracts) is contract
        headers, rows = table_of(path, contract)
        assert [contract.column_of(header) for header in headers].count(None) == 0, headers
        assert {contract.column_of(header) for header in headers} == set(contract.columns)
        assert rows
        periods.add(contract.period_of(path.name, ""))
    assert paths and "" not in periods and len(periods) == len(paths)


def test_headers_are_the_contracts_own_words(quiet_city: Built, contracts: dict[str, Contract]) -> None:
    """The first file of a feed has each column under its first alias."""
    seen = 0
    for contract in contracts.values():
        headers, _ = table_of(paths_of(quiet_city, contract)[0], contract)
        firsts = {header_key(spec.aliases[0]) for spec in contract.columns.values()}
        assert {header_key(header) for header in headers} == firsts, contract.feed
        seen += len(headers)
    assert seen > 200


def believable(text: str, spec: Column) -> bool:
    if spec.pattern and not re.fullmatch(spec.pattern, text.removesuffix(".0")):
        return False
    if spec.words and text not in spec.words:
        return False
    if spec.range and not spec.range[0] <= float(text) <= spec.range[1]:
        return False
    if spec.type == "integer" and not float(text).is_integer():
        return False
    return not spec.formats or any(moment(text, form) for form in spec.formats)


def moment(text: str, form: str) -> datetime | None:
    try:
        return datetime.strptime(text, strptime_of(form).replace("%-", "%"))
    except ValueError:
        written = re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", text)  # a spreadsheet's date cell
        return datetime.fromisoformat(text) if written else None


def typed(cells: pd.Series, spec: Column) -> pd.Series:
    cells = cells.where(cells != "")
    if spec.type in NUMBERS:
        return cells.astype(float)
    if spec.formats:
        known = {
            text: next(filter(None, (moment(text, form) for form in spec.formats))) for text in cells.dropna().unique()
        }
        moments = cells.map(known)
        return (
            moments.map(lambda at: None if pd.isna(at) else at.date())
            if spec.type == "date"
            else pd.to_datetime(moments)
        )
    return cells.map(spec.words) if spec.words else cells


def test_nothing_lies_after_the_last_day(tables: dict[str, pd.DataFrame], quiet_city: Built) -> None:
    limit = datetime.combine(quiet_city.plan.end, datetime.min.time()) + timedelta(days=1)
    checked = 0
    for name, column in {"police_incident": "reported_at", "hotline": "called_at", "door_sensor": "occurred_at",
                         "device_heartbeat": "beat_at", "parking_lot": "observed_at", "points_entry": "entered_at"}.items():  # fmt: skip
        at = pd.to_datetime(tables[name][column])
        assert at.max() < limit, name
        assert at.max() > limit - timedelta(days=2), name
        checked += len(at)
    assert checked > 10_000

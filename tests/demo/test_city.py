"""The files are what the departments promised, the same every time, and cover every day once."""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest
from delivered_files import Built, built, contract_of, days_of, feed, table_of

from demo.people import check_digit
from demo.plan import Plan
from schemas.contract import Contract

SMALL = Plan(seed=3, residents=2_000, days=90)


def digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_same_seed_same_bytes_and_another_seed_another_city(tmp_path: Path) -> None:
    for name, plan in {"a": SMALL, "b": SMALL, "c": Plan(seed=4, residents=2_000, days=90)}.items():
        built(tmp_path / name, plan)
    first, again, other = (digests(tmp_path / name) for name in "abc")
    assert len(first) > 40
    assert first == again
    assert first != other


def test_each_file_opens_as_its_contract_says(city: Built, contracts: dict[str, Contract]) -> None:
    files = sorted(path for path in city.drop.rglob("*") if path.is_file())
    assert 40 < len(files) <= 60
    seen = set()
    for path in files:
        contract = contract_of(path, contracts)
        headers, rows = table_of(path, contract)
        assert {contract.column_of(header) for header in headers} == set(contract.columns), path.name
        assert rows, path.name
        assert contract.period_of(path.name, "") != "", path.name
        seen.add(contract.feed)
    assert seen == set(contracts)


def test_a_death_file_has_its_title_above_the_header(city: Built, contracts: dict[str, Contract]) -> None:
    import openpyxl

    paths = list((city.drop / "civil_affairs").glob("sw_*.xlsx"))
    assert paths
    for path in paths:
        page = openpyxl.load_workbook(path).worksheets[0]
        assert "死亡登记" in str(page["A1"].value)
        assert [str(merged) for merged in page.merged_cells.ranges] == ["A1:E1"]


def test_every_day_has_its_incidents_in_exactly_one_file(quiet_city: Built, contracts: dict[str, Contract]) -> None:
    incidents = feed(quiet_city, contracts, "police_incident")
    day = pd.to_datetime(incidents["reported_at"]).dt.date
    assert len(set(day)) == quiet_city.plan.days
    assert (incidents.groupby(day)["file"].nunique() == 1).all()
    assert incidents["file"].nunique() <= 20
    assert 6_000 <= len(incidents) <= 9_000
    assert not incidents["incident_no"].duplicated().any()


def test_the_last_fortnight_comes_a_file_a_day(quiet_city: Built, contracts: dict[str, Contract]) -> None:
    end = quiet_city.plan.end
    for back in range(14):
        day = end - timedelta(days=back)
        incidents = feed(quiet_city, contracts, "police_incident")
        assert days_of(incidents.loc[incidents["file"] == f"jq_{day:%Y%m%d}.csv", "reported_at"]) == {day}


def test_people_are_plausible(quiet_city: Built, contracts: dict[str, Contract]) -> None:
    people = feed(quiet_city, contracts, "household_registration")
    assert abs(len(people) - 20_000) < 300
    assert not people["resident_id"].duplicated().any()
    assert (people["birth_date"].str.replace("-", "") == people["resident_id"].str[6:14]).all()
    assert (people["birth_date"] <= people["registered_on"]).all()
    odd = people["resident_id"].str[16].astype(int) % 2 == 1
    assert (people["sex"].isin(["男", "1"]) == odd).all()
    residents = people.groupby("grid_code").size()
    assert len(residents) == 48
    assert residents.between(200, 800).all()


def test_every_id_is_valid(quiet_city: Built, contracts: dict[str, Contract]) -> None:
    seen = 0
    for name, contract in contracts.items():
        for column in [c for c, spec in contract.columns.items() if spec.type == "resident_id"]:
            ids = feed(quiet_city, contracts, name)[column]
            assert ids.map(lambda text: check_digit(text[:17]) == text[17]).all(), name
            seen += len(ids)
    assert seen > 40_000


@pytest.mark.parametrize("known", ["11010519491231002X", "360426199101010071", "11010219840406970X"])
def test_check_digit_of_known_ids(known: str) -> None:
    assert check_digit(known[:17]) == known[17]


def test_neighbouring_grids_share_their_edges(quiet_city: Built, contracts: dict[str, Contract]) -> None:
    """Every edge lies between two grids, but for the city's edge and the shore of the lake."""
    grids = feed(quiet_city, contracts, "grid")
    assert grids["town"].unique().tolist() == ["东湖街道", "南桥街道", "西塘街道", "北港镇"]
    edges: dict[frozenset[str], int] = {}
    for boundary in grids["boundary"]:
        points = re.findall(r"[\d.]+ [\d.]+", boundary)
        assert points[0] == points[-1]
        for edge in pairwise(points):
            edges[frozenset(edge)] = edges.get(frozenset(edge), 0) + 1
    assert max(edges.values()) == 2
    assert sum(count == 2 for count in edges.values()) > len(edges) * 0.6


def test_nights_and_holidays_have_their_rhythm(quiet_city: Built, contracts: dict[str, Contract]) -> None:
    incidents = feed(quiet_city, contracts, "police_incident")
    at = pd.to_datetime(incidents["reported_at"])
    noise = incidents["category"].isin(["噪音扰民", "噪声扰民"])
    assert at[noise].dt.hour.isin([20, 21, 22, 23, 0, 1]).mean() > 0.6
    fraud = incidents["category"].isin(["诈骗", "电信诈骗"])
    assert at[fraud].dt.hour.between(8, 18).mean() > 0.7

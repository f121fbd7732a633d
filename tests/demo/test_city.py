"""The files are what the departments promised, the same every time, and cover every day once."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest
from delivered_files import Built, built, contract_of, days_of, feed, table_of

from demo.city import raise_city
from demo.grids import lay_out_grids
from demo.people import check_digit
from demo.plan import Plan
from schemas.contract import Contract

SMALL = Plan(seed=3, residents=2_000, days=90)


def digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return built(tmp_path_factory.mktemp("small"), SMALL)


def test_same_seed_same_bytes_and_another_seed_another_city(tmp_path: Path, small: Built) -> None:
    some = ["household_registration", "hotline", "repair", "elder_registry"]
    built(tmp_path / "b", SMALL)
    built(tmp_path / "c", replace(SMALL, seed=4), some)
    first, again, other = map(digests, (small.drop.parent, tmp_path / "b", tmp_path / "c"))
    assert len(first) > 100
    assert first == again
    data = [name for name in set(first) & set(other) if name.startswith("drop")]
    assert len(data) > 15
    assert [name for name in data if first[name] == other[name]] == []


def test_limited_feeds_are_the_same_files(tmp_path: Path, small: Built) -> None:
    """What else is delivered changes nothing in a file, and the truth tells only what these feeds can show."""
    few = built(tmp_path, small.plan, ["death", "custody", "benefit_payment"])
    names = sorted(path.name for path in few.drop.rglob("*.*"))
    assert {name[:2] for name in names} == {"sw", "jg", "jz"} and len(names) > 8
    for path in few.drop.rglob("*.*"):
        assert path.read_bytes() == (small.drop / path.parent.name / path.name).read_bytes()
    assert set(few.truth["events"]["family"]) == {"benefit_in_custody", "benefit_exclusive"}
    assert set(few.truth["noise"]["feed"]) == {"death", "custody", "benefit_payment"}
    assert few.truth["conflicts"].empty


def test_the_default_city_is_small(city: Built, contracts: dict[str, Contract]) -> None:
    """Each file costs the platform about a second in the end-to-end test."""
    files = sorted(path for path in city.drop.rglob("*") if path.is_file())
    assert 80 < len(files) <= 115
    rows = {path: len(table_of(path, contract_of(path, contracts))[1]) for path in files}
    assert 100_000 < sum(rows.values()) <= 160_000
    assert min(rows.values()) > 0
    assert {contract_of(path, contracts).feed for path in files} == set(contracts)


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
    assert incidents["file"].nunique() <= 10
    assert 6_000 <= len(incidents) <= 9_000
    assert not incidents["incident_no"].duplicated().any()


def test_the_last_week_comes_a_file_a_day(quiet_city: Built, contracts: dict[str, Contract]) -> None:
    end, seen = quiet_city.plan.end, 0
    for name, prefix, column in [("police_incident", "jq", "reported_at"), ("door_sensor", "mc", "occurred_at"),
                                 ("parking_lot", "tc", "observed_at")]:  # fmt: skip
        rows = feed(quiet_city, contracts, name)
        for back in range(7):
            day = end - timedelta(days=back)
            own = rows[rows["file"].str.startswith(f"{prefix}_{day:%Y%m%d}")]
            assert days_of(own[column]) == {day}
            seen += len(own)
    assert seen > 1_000


def last_register(built_city: Built, contracts: dict[str, Contract]) -> pd.DataFrame:
    registers = feed(built_city, contracts, "household_registration")
    return registers[registers["file"] == registers["file"].max()].reset_index(drop=True)


def test_people_are_plausible(quiet_city: Built, contracts: dict[str, Contract]) -> None:
    people = last_register(quiet_city, contracts)
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
            ids = feed(quiet_city, contracts, name)[column].unique()
            assert all(check_digit(text[:17]) == text[17] for text in ids), name
            seen += len(ids)
    assert seen > 35_000


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


def test_the_map_grows_with_the_city() -> None:
    grids = lay_out_grids(Plan(residents=1_900_000))
    assert len(grids) == 4_608 and grids["town"].nunique() == 72
    assert grids["grid_code"].is_unique and grids["grid_name"].is_unique
    assert grids["grid_code"].str.fullmatch(r"\d{15}").all()
    assert grids.groupby("town")["community"].nunique().eq(8).all()
    assert len(lay_out_grids(Plan(residents=50_000))) == 48


def test_a_larger_city_has_each_thing_planted_several_times_and_its_own_figures_once() -> None:
    events = raise_city(Plan(residents=121_000, days=90)).events
    planted = {
        family: sum(event.family == family for event in events)
        for family in ("repeat_matter", "incident_surge", "city_vital")
    }
    assert planted == {"repeat_matter": 2 * 8, "incident_surge": 2 * 16, "city_vital": 2}


def test_a_larger_city_is_written_in_bounded_memory(tmp_path: Path) -> None:
    """Ten million rows must fit into 4 GB: a hundredth of them may not take a tenth of it beyond the libraries."""
    command = [sys.executable, "-m", "demo", "build", "--residents", "100000", "--days", "150", "--out",
               str(tmp_path / "drop"), "--truth", str(tmp_path / "truth"), "--feeds", "police_incident,dwelling"]  # fmt: skip
    told = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[2], check=True).stdout
    [peak] = re.findall(r"内存峰值 ([\d,]+) MB", told)
    [rows] = re.findall(r"个文件、([\d,]+) 行", told)
    assert int(rows.replace(",", "")) > 80_000
    assert int(peak.replace(",", "")) < 600
    assert "每百万行" in told

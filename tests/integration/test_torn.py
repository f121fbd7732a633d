"""Tables that somebody emptied, deleted from or wrote over: found before anything rests on them, named with the way out, and alone in it."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from damage import WAYS
from deltalake import write_deltalake

from jobs.alert import recent
from jobs.city.run import run_city
from jobs.home import Home
from jobs.ingest import ledger
from jobs.lake import files
from jobs.operate.doctor import examine
from jobs.serve import current, serve
from jobs.torn import TornTable, torn, torn_feeds, unreadable

TORN = "police_incident"
INCIDENTS = "警情编号,报警时间,警情类别,所属网格,报警电话,简要警情\n" + "".join(
    f"JQ20260301{n:04d},2026-03-01 09:30:00,盗窃,330499001001001,13712345678,电动车被盗\n" for n in range(400)
)


@pytest.fixture
def city(home: Home, contracts, drop, take) -> Home:
    """One feed of two deliveries, and another."""
    for day in (1, 2):
        drop(TORN, f"jq_2026030{day}.csv", INCIDENTS.replace("JQ20260301", f"JQ2026030{day}").encode("gb18030"))
    kept = next(example.keep for example in contracts["grid"].examples if example.keep)
    text = ",".join(kept) + "\n" + ",".join(f'"{said}"' for said in kept.values()) + "\n"
    drop(
        "grid",
        contracts["grid"].delivery.files.replace("*", "202603"),
        text.encode(contracts["grid"].delivery.encoding),
    )
    assert [entry.status for feed in (TORN, "grid") for entry in take(feed)] == ["passed"] * 3
    return home


@pytest.mark.parametrize("way", WAYS)
def test_a_torn_table_is_named_with_the_way_out_and_the_others_are_served(city: Home, contracts, way: str) -> None:
    serve(city)
    assert not list(torn(city, contracts)) and not torn_feeds(city, contracts, deep=True)
    assert {finding.how for finding in examine(city) if finding.check == "ledger"} == {"good"}
    WAYS[way](Path(city.table("silver", TORN)))
    found = torn_feeds(city, contracts, deep=True)
    assert list(found) == [TORN] and f"citybrain replay {TORN}" in found[TORN] and found[TORN].count("\n") == 0
    with duckdb.connect(str(serve(city)), read_only=True) as con:
        served = {table for (table,) in con.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    assert "feed_grid" in served and f"feed_{TORN}" not in served
    assert TORN in {alert["subject"] for alert in recent(city, days=9999) if alert["kind"] == "torn_table"}


@pytest.mark.parametrize("way", [way for way in WAYS if way != "a file written over"])
def test_the_doctor_finds_every_table_that_is_torn_and_looks_at_all_the_rest(city: Home, way: str) -> None:
    for room in ("bronze", "silver", "identity"):
        WAYS[way](Path(city.table(room, TORN)))
    checks = list(examine(city))
    bad = [finding.says for finding in checks if finding.check == "ledger" and finding.how == "bad"]
    assert {says.split(":")[0] for says in bad} == {f"{room}.{TORN}" for room in ("bronze", "silver", "identity")}
    assert {finding.check for finding in checks} >= {
        "contracts",
        "privacy",
        "key",
        "folders",
        "drop",
        "disk",
        "clock",
        "inbox",
        "ledger",
    }


def test_a_torn_ledger_is_said_in_one_sentence(city: Home, contracts) -> None:
    path = Path(ledger.path(city))
    file = max(file for file, _ in files(str(path)))
    file.unlink()
    with pytest.raises(TornTable, match=r"ops\.delivery, the ledger .*missing.*citybrain restore"):
        serve(city)
    found = {finding.check: finding for finding in examine(city) if finding.how == "bad"}
    assert "citybrain restore" in found["ledger"].says and "spark" not in found
    assert unreadable(str(path)) == f"its file {file.name} is missing"
    with pytest.raises(FileNotFoundError):
        current(city)


def test_the_people_of_before_are_looked_for_before_a_run_and_by_the_doctor(city: Home) -> None:
    """No file of a department brings back who was given which number."""
    path = city.table("identity", "person")
    write_deltalake(path, pa.table({"person_id": ["1"], "resident_id": ["330499199001011237"]}))
    next(file for file, _ in files(path)).unlink()
    with pytest.raises(TornTable, match=r"identity\.person: its file .* is missing: `citybrain restore`"):
        run_city(city)
    assert [finding.says.split(":")[0] for finding in examine(city) if finding.check == "ledger"] == ["identity.person"]
    shutil.rmtree(Path(path) / "_delta_log")
    (Path(path) / "part-0.parquet").touch()
    with pytest.raises(TornTable, match=r"identity\.person: its log is missing"):
        run_city(city)

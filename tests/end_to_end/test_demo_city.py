"""The main job as its users meet it: a small city's files through every DAG, and a new department by one YAML."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest
from deltalake import DeltaTable
from superset_desk import open_desk

from jobs import lake
from jobs.disclosure import K
from jobs.home import CHECKOUT, Home, home
from jobs.operate.folders import met_by_others
from schemas.life import load_life
from schemas.warning_rule import Query, load_rules

pytestmark = pytest.mark.city

TODAY = "2026-06-29"
NEW_FEED = """
feed: tree_care
title: {zh: 古树巡查, en: Care of old trees}
owner: {department: 园林局, folder: parks, contact: data@parks.example.cn}
delivery: {files: "gs_*.csv", kind: events, every: "0 2 * * *", late_after: 6h, period: 'gs_(\\d{8})'}
key: [visit_no]
columns:
  visit_no:   {from: [巡查编号], type: string, required: true, privacy: L1}
  visited_at: {from: [巡查时间], type: timestamp, formats: [yyyy/M/d H:mm], required: true, privacy: L1}
  health:     {from: [长势], type: string, map: {好: good, 弱: weak}, privacy: L1}
gate: {held: {warn: 20%, refuse: 50%}}
examples:
  - keep: {巡查编号: G1, 巡查时间: 2026/6/28 9:30, 长势: 好}
  - hold: {巡查编号: "", 巡查时间: 2026/6/28 9:30}
    because: [visit_no]
"""
NEW_FILE = "巡查编号,巡查时间,长势\nG1,2026/6/28 9:30,好\nG2,2026年6月28日 10:00,弱\nG3,2026/6/28 11:00,枯\nG4,2026/6/28 12:00,好\n"


@dataclass
class City:
    """A city that every DAG has run over once."""

    home: Path
    truth: Path
    said: str

    def ask(self, sql: str) -> list[tuple]:
        with duckdb.connect(str((self.home / "serving" / "serving.duckdb").resolve()), read_only=True) as con:
            return con.execute(sql).fetchall()

    def environment(self) -> dict[str, str]:
        feeds = str(self.home.parent / "feeds")
        return {
            **os.environ,
            "CITYBRAIN_HOME": str(self.home),
            "CITYBRAIN_TODAY": TODAY,
            "CITYBRAIN_FEEDS": feeds,
        }

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *command], cwd=CHECKOUT, env=self.environment(), capture_output=True, text=True
        )


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    root = tmp_path_factory.mktemp("city")
    city = City(root / "var", root / "truth", "")
    build = [
        "-m",
        "demo",
        "build",
        "--residents",
        "4000",
        "--days",
        "90",
        "--out",
        str(city.home / "drop"),
        "--truth",
        str(city.truth),
    ]
    assert city.run(*build).returncode == 0
    (root / "feeds").mkdir()
    (root / "feeds" / "tree_care.yaml").write_text(NEW_FEED, encoding="utf-8")
    (city.home / "drop" / "parks").mkdir()
    (city.home / "drop" / "parks" / "gs_20260628.csv").write_text(NEW_FILE, encoding="utf-8")
    for path in (city.home / "drop").rglob("*.*"):
        os.utime(path, (path.stat().st_atime - 60, path.stat().st_mtime - 60))
    done = city.run("-m", "dags.once")
    log = city.home / "logs" / "once.log"
    assert done.returncode == 0, done.stdout + done.stderr + (log.read_text()[-3000:] if log.exists() else "")
    city.said = done.stdout
    yield city
    shutil.rmtree(root, ignore_errors=True)


def test_the_run_ends_with_a_summary_that_adds_up(city: City) -> None:
    read, kept, held, refused = city.ask(
        "SELECT sum(read_rows), sum(kept_rows), sum(held_rows), sum(refused_rows) FROM source_health"
    )[0]
    assert read > 10_000 and read == kept + held + refused
    assert f"读入 {read:,} = 入库 {kept:,} + 待补正 {held:,} + 退回 {refused:,}" in city.said
    assert "今日预警" in city.said and "日报" in city.said


def test_what_was_planted_is_found_and_quiet_rows_are_left_alone(city: City) -> None:
    answer = city.home.parent / "score.json"
    assert (
        city.run(
            "-m", "demo", "score", "--home", str(city.home), "--truth", str(city.truth), "--json", str(answer)
        ).returncode
        == 0
    )
    score = json.loads(answer.read_text(encoding="utf-8"))
    for family in (
        "paid_after_death", "pension_while_employed", "benefit_in_custody", "benefit_certificate_expired",
        "benefit_exclusive", "benefit_tier_age", "benefit_over_limit", "cremated_still_registered", "elevator_overdue", "gas_fire_overdue",
        "elder_silent", "device_failed",
    ):  # fmt: skip
        found = score["events"][family]
        assert found["planted"] > 0 and found["missed"] == [], family
        assert found["false"] == 0, family
    outcomes = list(score["noise"]["by_kind"].values())
    planted, wrong = sum(kind["planted"] for kind in outcomes), sum(kind["wrong"] for kind in outcomes)
    assert planted > 100 and wrong == 0
    assert sum(kind["expected"] + kind["silent"] for kind in outcomes) / planted > 0.95
    assert score["quiet"]["touched_share"] < 0.001
    assert score["deliveries"]["to_refuse"] and set(score["deliveries"]["to_refuse"].values()) == {"refused"}


def test_what_befell_the_deliveries_is_what_the_ledger_and_the_calendar_say(city: City) -> None:
    with (city.truth / "deliveries.csv").open(encoding="utf-8") as told:
        befell = {row["file"]: row["expect"] for row in csv.DictReader(told)}
    assert {"missing", "repeated", "superseded", "corrected", "refuse"} <= set(befell.values())
    statuses: dict[str, set[str]] = {}
    for row in DeltaTable(str(city.home / "lake" / "ops" / "delivery")).to_pyarrow_table().to_pylist():
        statuses.setdefault(row["file_name"], set()).add(row["status"])
    for file_name, expect in befell.items():
        came = statuses.get(file_name, set())
        if expect == "missing":
            (period,) = re.findall(r"\d{8}", file_name)
            assert not came and city.ask(
                f"SELECT state FROM arrival WHERE feed = 'parking_lot' AND period = '{period}'"
            ) == [("missing",)]
        elif expect == "repeated":
            assert "repeated" in came, file_name
        else:
            assert came <= ({"refused"} if expect == "refuse" else {"passed", "warned"}) and came, (file_name, expect)


def test_every_warning_names_its_rows_and_none_is_red(city: City) -> None:
    warnings = city.ask("SELECT level, evidence_rows, reason_zh, deadline_at, lane, status FROM warning")
    assert len(warnings) > 5
    assert all(
        level in ("blue", "yellow", "orange") and rows > 0 and reason and deadline
        for level, rows, reason, deadline, *_ in warnings
    )
    assert sum(lane == "budget" and status == "new" for *_, lane, status in warnings) <= 5


def test_nothing_served_tells_who_a_person_is(city: City) -> None:
    tables = [name for (name,) in city.ask("SELECT table_name FROM duckdb_tables()")]
    assert len(tables) > 10
    for table in tables:
        text = (
            f"SELECT count(*) FROM (SELECT to_json(t)::VARCHAR AS row FROM {table} t) WHERE regexp_matches(row, {{}})"
        )
        (ids,) = city.ask(text.format("'[1-9][0-9]{5}(19|20)[0-9]{9}[0-9X]'"))[0]
        (mobiles,) = city.ask(text.format("'\"1[3-9][0-9]{9}\"'"))[0]
        assert (ids, mobiles) == (0, 0), table


def test_nobody_is_told_apart_in_what_leaves_in_rows(city: City) -> None:
    """By what the contracts declare as quasi-identifying: fewer than K alike are in no table, and what that cost is told."""
    declared = {feed: contract.quasi_identifiers for feed, contract in Home(city.home).contracts()[0].items()}
    told = {
        feed: counts
        for feed, *counts in city.ask("SELECT feed, served_rows, emptied_rows, left_out_rows FROM disclosure")
    }
    assert {"household_registration", "employment", "dwelling"} <= {feed for feed in told if declared.get(feed)}
    for feed, (rows, *_) in told.items():
        if rows and (columns := declared.get(feed)):
            groups = f"SELECT count(*) AS n FROM feed_{feed} GROUP BY {', '.join(columns)}"
            fewest, grouped = city.ask(f"SELECT min(n), sum(n) FROM ({groups})")[0]
            assert fewest >= K and grouped == rows, feed
    assert told["household_registration"][1:] == [0, 0], "sex and grid are common enough in any city"


def test_other_accounts_of_the_machine_meet_nothing_of_it(city: City) -> None:
    assert list(met_by_others(city.home)) == []


def test_every_tables_protocol_is_on_the_list(city: City) -> None:
    tables = [str(log.parent) for log in (city.home / "lake").glob("*/*/_delta_log")]
    assert len(tables) > 30
    for table in tables:
        assert lake.protocol(table) == {"reader": 1, "writer": 2, "features": []}, table


def test_a_second_run_changes_nothing(city: City, spark: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from jobs.city.run import run_city
    from jobs.serve import serve

    departments = [
        path for room in ("bronze", "silver", "held", "quarantine") for path in (city.home / "lake" / room).glob("*")
    ]
    versions = {path: lake.version(str(path)) for path in departments}
    before = city.ask("SELECT warning_id, level, raised_at, observed FROM warning ORDER BY ALL")
    people = lake.version(str(city.home / "lake" / "identity" / "person"))
    for name in ("CITYBRAIN_HOME", "CITYBRAIN_TODAY", "CITYBRAIN_FEEDS"):
        monkeypatch.setenv(name, city.environment()[name])
    partitions = spark.conf.get("spark.sql.shuffle.partitions")
    spark.conf.set(
        "spark.sql.shuffle.partitions", int(partitions) + 2
    )  # nor does it hang on how the work is shared out
    run = run_city(home())
    spark.conf.set("spark.sql.shuffle.partitions", partitions)
    assert run and sum(load_life().lanes[one["lane"]].on_page for one in run.warnings) == len(before)
    serve(home())
    assert city.ask("SELECT warning_id, level, raised_at, observed FROM warning ORDER BY ALL") == before
    with lake.connect() as con:
        table = lake.scan(str(city.home / "lake" / "identity" / "person"))
        (twice,) = con.execute(f"SELECT count(*) - count(DISTINCT resident_id) FROM {table}").fetchone() or (None,)
    assert people is not None and twice == 0
    assert len(versions) > 30 and {path: lake.version(str(path)) for path in departments} == versions, (
        "warning changes no department's rows, payments among them"
    )


def test_no_person_is_scored(city: City) -> None:
    """What a warning about a person rests on is counted, each row alike; neither register nor page holds a figure of a person's own."""
    for rule in load_rules():
        if rule.about_person and isinstance(rule.method, Query):
            assert "1.0 AS weight" in rule.method.sql, rule.family
    assert set(lake.columns(str(city.home / "lake" / "register" / "person"))) == {
        "person_id", "sex", "birth_year", "grid_code", "registered", "feeds", "rows",
    }  # fmt: skip
    pseudonyms = [
        column for (column,) in city.ask("SELECT column_name FROM duckdb_columns() WHERE column_name = 'person_id'")
    ]
    assert pseudonyms == []


def test_the_brief_is_there_to_read(city: City) -> None:
    briefs = {path.suffix: path.stat().st_size for path in (city.home / "reports").iterdir()}
    assert set(briefs) == {".html", ".pdf", ".json"} and min(briefs[".html"], briefs[".pdf"]) > 10_000


def test_a_new_department_comes_by_one_yaml_and_ends_in_a_row_on_the_page(city: City) -> None:
    row = city.ask("SELECT read_rows, kept_rows, repaired_rows, held_rows FROM source_health WHERE feed = 'tree_care'")
    assert row == [(4, 3, 1, 1)]
    assert city.ask("SELECT count(*) FROM feed_tree_care") == [(3,)]
    assert list((city.home / "return" / "parks").glob("tree_care-20260628-01*.csv"))
    with open_desk(city.home) as desk:
        admin = desk.session("admin")
        chart = desk.chart_ids(admin)["数据到位"]
        rows = admin.get(f"{desk.url}/api/v1/chart/{chart}/data/").json()["result"][0]["data"]
        assert "古树巡查" in json.dumps(rows, ensure_ascii=False)
        datasets = admin.get(f"{desk.url}/api/v1/dataset/?q=(page_size:100)").json()["result"]
        assert "feed_tree_care" in {dataset["table_name"] for dataset in datasets}
        assert list(met_by_others(city.home)) == [], "nor of Superset's store"

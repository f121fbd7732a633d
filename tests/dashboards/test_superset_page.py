"""A real Superset from nothing: imported, served, asked chart by chart, and looked at in a browser."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import unquote

import duckdb
import pytest
import requests
from questions import HOSTILE
from serving_fixture import build_serving
from settings import PATIENCE
from superset_desk import ASSETS, ROOT, Desk, Patient, load, open_desk

CHARTS = {"commander": 9, "quality": 8}

pytestmark = pytest.mark.superset


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    home = tmp_path_factory.mktemp("home")
    build_serving(home, "one")
    with open_desk(home) as desk:
        yield desk


def test_the_import_says_what_it_made(desk: Desk) -> None:
    assert f"{sum(CHARTS.values())} charts on 2 page(s), 15 datasets" in desk.imported
    own = ("superset_secret", *(f"superset_{name}_password" for name in ("admin", "commander", "appraisal")))
    kept = [desk.home / "secrets" / name for name in own]
    datasets = desk.session("admin").get(f"{desk.url}/api/v1/dataset/").json()["result"]
    assert "feed_urban_case" in {dataset["table_name"] for dataset in datasets}
    assert {path.stat().st_mode & 0o777 for path in kept} == {0o600}


@pytest.mark.parametrize(
    ("user", "slug"), [("admin", "commander"), ("commander", "commander"), ("appraisal", "quality")]
)
def test_every_chart_answers_and_is_drawn(desk: Desk, user: str, slug: str, tmp_path: Path) -> None:
    where = ["--out", str(tmp_path), "--url", desk.url, "--slug", slug]
    command = [sys.executable, "-m", "dashboards.look", *where, "--user", user]
    answer = subprocess.run(command, cwd=ROOT, env=desk.env, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr
    assert len(answer.stdout.splitlines()) == CHARTS[slug]
    assert len(list(tmp_path.glob("*.png"))) == CHARTS[slug] + 1


def test_a_commander_reads_the_page_and_nothing_else(desk: Desk) -> None:
    commander, nobody = desk.session("commander"), Patient()
    charts = desk.chart_ids(commander)
    assert len(charts) == CHARTS["commander"]
    for closed in ("database/", "query/", "saved_query/", "log/", "security/users/"):
        assert commander.get(f"{desk.url}/api/v1/{closed}").status_code in (401, 403, 404), closed
    for chart in charts.values():
        assert commander.get(f"{desk.url}/api/v1/chart/{chart}/data/").ok
        assert nobody.get(f"{desk.url}/api/v1/chart/{chart}/data/").status_code in (401, 403)


def test_a_department_reads_its_own_rows_and_no_flags(desk: Desk) -> None:
    admin, officer = desk.session("admin"), desk.make_user("police_officer", "部门:公安局")
    charts = desk.chart_ids(officer, "quality")
    assert len(charts) == CHARTS["quality"] and not desk.chart_ids(officer, "commander")
    whose = {
        name: [row["department_text"] for row in desk.data(who, charts["各部门数据质量(%)"])]
        for name, who in (("admin", admin), ("officer", officer))
    }
    assert whose["officer"] == ["公安局"] and len(whose["admin"]) == 5
    assert {row["department_text"] for row in desk.data(officer, charts["待补正最多的缘由"])} == {"公安局"}
    (flags,) = desk.data(officer, charts["数据真实性线索"])
    assert flags["flags"] == 0 and desk.data(admin, charts["数据真实性线索"])[0]["flags"] == 2


CLOSED = (
    "database/", "query/", "saved_query/", "log/", "security/users/", "security/roles/", "rowlevelsecurity/", "dataset/", "chart/", "report/", "tag/",
    "chart/related/owners", "dashboard/related/owners", "dashboard/related/changed_by", "dataset/related/owners", "dataset/distinct/schema",
    "dataset/{dataset}", "dataset/{dataset}/related_objects", "dataset/{dataset}/drill_info/", "chart/{chart}", "chart/{chart}/thumbnail/x/",
    "datasource/table/{dataset}/column/department/values/", "explore/?datasource_id={dataset}&datasource_type=table", "chart/data/some-key",
    "chart/{chart}/data/?type=samples", "chart/{chart}/data/?type=drill_detail", "chart/{chart}/data/?type=query", "chart/export/?q=!({chart})",
    "dataset/export/?q=!({dataset})", "assets/export/", "dashboard/export/?q=!(1)", "sqllab/", "me/roles/../../security/users/",
)  # fmt: skip


def test_no_role_reads_what_is_another_s_whatever_it_asks(desk: Desk) -> None:
    """Every chart's dataset, as each role, by every way in that is known: an answer is the chart's own, of the role's own rows, or none."""
    admin = desk.session("admin")
    asked = admin.get(f"{desk.url}/api/v1/chart/?q=(page_size:100)").json()["result"]
    charts = [admin.get(f"{desk.url}/api/v1/chart/{chart['id']}").json()["result"] for chart in asked]
    places = {chart["id"]: int(chart["datasource_id"]) for chart in asked}
    assert len(charts) == sum(CHARTS.values())
    roles = {
        "commander": (desk.session("commander"), "commander"), "appraisal": (desk.session("appraisal"), "quality"),
        "urban": (desk.make_user("urban_officer", "部门:城市管理局"), "quality"),
    }  # fmt: skip
    requests_made, others = 0, ("公安局", "民政局", "社保中心")
    for role, (who, slug) in roles.items():
        own = set(desk.chart_ids(who, slug).values())
        for chart in charts:
            number = chart["id"]
            kept = json.loads(chart["query_context"])["queries"][0]
            source = {"id": places[number], "type": "table"}
            answer = who.get(f"{desk.url}/api/v1/chart/{number}/data/")
            assert answer.ok is (number in own), (role, chart["slice_name"])
            assert role != "urban" or not any(other in answer.text for other in others), chart["slice_name"]
            for n, (what, parts) in enumerate(HOSTILE.items()):
                parts = parts if "filters" not in parts else {"filters": [*kept.get("filters", []), *parts["filters"]]}
                body = {
                    "datasource": source,
                    "queries": [kept | parts],
                    "result_type": "full",
                    "result_format": ("json", "csv", "xlsx")[n % 3],
                }
                forms = (
                    {"slice_id": number},
                    {},
                    {"slice_id": number, "dashboardId": 1, "type": "NATIVE_FILTER", "native_filter_id": "x"},
                )
                answer = who.post(f"{desk.url}/api/v1/chart/data", json={**body, "form_data": forms[n // 3 % 3]})
                assert 400 <= answer.status_code < 500, (
                    role,
                    chart["slice_name"],
                    what,
                    answer.status_code,
                    answer.text[:200],
                )
                requests_made += 1
            swapped = {
                "datasource": {"id": places[number] % len(places) + 1, "type": "table"},
                "queries": [kept],
                "form_data": {"slice_id": number},
            }
            assert who.post(f"{desk.url}/api/v1/chart/data", json=swapped).status_code in (400, 403, 404)
        for address in CLOSED:
            where = address.format(dataset=places[charts[0]["id"]], chart=charts[0]["id"])
            assert who.get(f"{desk.url}/api/v1/{where}").status_code in (401, 403, 404), (role, where)
            requests_made += 1
    assert requests_made > 1000


def test_a_department_s_file_holds_no_other_s_row(desk: Desk) -> None:
    """Whatever SQL reached it."""
    folder = (desk.home / "serving" / "serving.duckdb").resolve().with_suffix("")
    files = sorted(folder.glob("*.duckdb"))
    assert len(files) == 5 and folder.stat().st_mode & 0o077 == 0
    for path in files:
        department = unquote(path.stem)
        with duckdb.connect(str(path), read_only=True) as db:
            tables = [table for (table,) in db.execute("SELECT table_name FROM duckdb_tables()").fetchall()]
            assert (
                "about" in tables and "warning" not in tables and not [one for one in tables if one.startswith("feed_")]
            )
            whose = {
                row
                for table in set(tables) - {"about"}
                for row in db.execute(f"SELECT DISTINCT department FROM {table}").fetchall()
            }
            assert whose == {(department,)} and db.execute("SELECT count(*) FROM integrity_flag").fetchone() == (0,)


def test_no_query_reads_another_file(desk: Desk) -> None:
    admin = desk.session("admin")
    token = admin.get(f"{desk.url}/api/v1/security/csrf_token/").json()["result"]
    headers = {"X-CSRFToken": token, "Referer": desk.url}

    def ask(sql: str) -> requests.Response:
        body = {"database_id": 1, "sql": sql, "runAsync": False, "schema": "main"}
        return admin.post(f"{desk.url}/api/v1/sqllab/execute/", json=body, headers=headers)

    assert ask("SELECT count(*) AS rows FROM about").json()["data"] == [{"rows": 1}]
    assert "disabled by configuration" in ask("SELECT * FROM read_text('/etc/passwd')").text


def test_no_question_holds_the_server(desk: Desk) -> None:
    """An administrator's, who alone may write SQL: what is too large or too long ends in words, and a page is answered meanwhile."""
    admin, commander = desk.session("admin"), desk.session("commander")
    token = admin.get(f"{desk.url}/api/v1/security/csrf_token/").json()["result"]
    chart = desk.chart_ids(commander)["今日预警"]

    def ask(sql: str) -> requests.Response:
        body = {"database_id": 1, "sql": sql, "runAsync": False, "schema": "main"}
        headers = {"X-CSRFToken": token, "Referer": desk.url}
        return admin.post(f"{desk.url}/api/v1/sqllab/execute/", json=body, headers=headers)

    too_large = ask("SELECT repeat('a', 2000000000) AS x, repeat('b', 2000000000) AS y")
    assert too_large.status_code >= 400 and "emory" in too_large.text, too_large.text[:300]
    with ThreadPoolExecutor(1) as beside:
        too_long = beside.submit(
            ask, "SELECT count(*) FROM range(10000000) a, range(10000000) b WHERE a.range * b.range % 7 = 3"
        )
        for _ in range(3):
            assert commander.get(f"{desk.url}/api/v1/chart/{chart}/data/?force=true").ok
        assert not too_long.done(), "the page was answered meanwhile"
        answer = too_long.result()
    assert answer.status_code >= 400 and "nterrupt" in answer.text, answer.text[:300]


def test_a_new_snapshot_is_seen_without_a_restart(desk: Desk) -> None:
    admin = desk.session("admin")
    header = desk.chart_ids(admin)["页首"]

    def run_id() -> str:
        answer = admin.get(f"{desk.url}/api/v1/chart/{header}/data/")
        return answer.json()["result"][0]["data"][0]["run_id"]

    assert run_id() == "one"
    build_serving(desk.home, "two")
    end = time.monotonic() + PATIENCE
    while run_id() != "two":
        assert time.monotonic() < end
        time.sleep(2)


def test_a_second_import_updates_and_retires(desk: Desk, tmp_path: Path) -> None:
    """Into a copy of Superset's store: the pages of the other tests stay."""
    home = shutil.copytree(desk.home, tmp_path / "home", symlinks=True)
    assets = shutil.copytree(ASSETS, tmp_path / "assets")
    _edit(assets / "charts" / "trend.yaml", '"@{chart.trend}"', "每日警情")
    _edit(assets / "dashboards" / "commander.yaml", "{chart: overdue, width: 3", "{chart: trend, width: 3")
    (assets / "charts" / "overdue.yaml").unlink()
    (assets / "datasets" / "overdue.yaml").unlink()
    _edit(assets / "retired.yaml", "charts: []", "charts: [5c0e7f1d-2f6a-4a43-9d55-7e6c0f9b1a07]")
    _edit(assets / "retired.yaml", "datasets: []", "datasets: [0a7f5b7e-5a0f-4d0e-8f0b-1b1d6a6b9e06]")
    assert len(charts_of(home, "commander")) == CHARTS["commander"]
    assert load(home, assets).returncode == 0
    charts = charts_of(home, "commander")
    assert "每日警情" in charts and "警情走势" not in charts and "逾期事项" not in charts
    assert len(charts) == CHARTS["commander"] - 1
    with sqlite3.connect(home / "superset" / "superset.db") as store:
        assert not store.execute("SELECT 1 FROM slices WHERE slice_name = '逾期事项'").fetchall(), (
            "gone, not only off the page"
        )


def charts_of(home: Path, slug: str) -> set[str]:
    """Titles of a page's charts, as the store has them."""
    titles = (
        "SELECT slice_name FROM slices JOIN dashboard_slices ON slices.id = slice_id "
        "JOIN dashboards ON dashboards.id = dashboard_id WHERE slug = ?"
    )
    with sqlite3.connect(home / "superset" / "superset.db") as store:
        return {title for (title,) in store.execute(titles, [slug])}


def _edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")

"""A real Superset from nothing: imported, served, asked chart by chart, and looked at in a browser."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from serving_fixture import build_serving

from dashboards.look import LookFault, chromium

ROOT = Path(__file__).resolve().parents[2]
ASSETS = ROOT / "dashboards" / "assets"
PYTHON = Path(os.environ.get("CITYBRAIN_SUPERSET_PYTHON") or ROOT / ".venv-superset" / "bin" / "python")
CHARTS = 8

pytestmark = pytest.mark.superset


@dataclass
class Desk:
    """A running Superset over a temporary home."""

    home: Path
    url: str
    imported: str

    @property
    def env(self) -> dict[str, str]:
        return _env(self.home)

    def session(self, user: str) -> requests.Session:
        session = requests.Session()
        password = (self.home / "secrets" / f"superset_{user}_password").read_text().strip()
        who = {"username": user, "password": password, "provider": "db", "refresh": False}
        answer = session.post(f"{self.url}/api/v1/security/login", json=who, timeout=30)
        session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        return session

    def chart_ids(self, session: requests.Session) -> dict[str, int]:
        answer = session.get(f"{self.url}/api/v1/dashboard/commander/charts", timeout=30)
        return {chart["slice_name"]: chart["id"] for chart in answer.json()["result"]}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    if not PYTHON.exists():
        pytest.skip("no Superset environment: set CITYBRAIN_SUPERSET_PYTHON or make .venv-superset")
    try:
        chromium()
    except LookFault as fault:
        pytest.skip(str(fault))
    home = tmp_path_factory.mktemp("home")
    build_serving(home, "one")
    imported = _load(home)
    assert imported.returncode == 0, imported.stderr
    port = _free_port()
    command = [str(PYTHON), str(ROOT / "dashboards" / "serve.py")]
    with (home / "server.log").open("w") as log:
        server = subprocess.Popen(command, env={**_env(home), "PORT": str(port)}, stdout=log, stderr=log)
    try:
        desk = Desk(home, f"http://127.0.0.1:{port}", imported.stdout)
        _wait_until_healthy(desk.url, server)
        yield desk
    finally:
        server.terminate()
        server.wait(timeout=20)


def test_the_import_says_what_it_made(desk: Desk) -> None:
    assert f"{CHARTS} charts on 1 page(s), 8 datasets" in desk.imported
    kept = list((desk.home / "secrets").iterdir())
    datasets = desk.session("admin").get(f"{desk.url}/api/v1/dataset/", timeout=30).json()["result"]
    assert "feed_urban_case" in {dataset["table_name"] for dataset in datasets}
    assert len(kept) == 3 and {path.stat().st_mode & 0o777 for path in kept} == {0o600}


@pytest.mark.parametrize("user", ["admin", "commander"])
def test_every_chart_answers_and_is_drawn(desk: Desk, user: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "dashboards.look", "--out", str(tmp_path), "--url", desk.url, "--user", user]
    answer = subprocess.run(command, cwd=ROOT, env=desk.env, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr
    assert len(answer.stdout.splitlines()) == CHARTS
    assert len(list(tmp_path.glob("*.png"))) == CHARTS + 1


def test_a_commander_reads_the_page_and_nothing_else(desk: Desk) -> None:
    commander, nobody = desk.session("commander"), requests.Session()
    charts = desk.chart_ids(commander)
    assert len(charts) == CHARTS
    for closed in ("database/", "query/", "saved_query/", "log/", "security/users/"):
        assert commander.get(f"{desk.url}/api/v1/{closed}", timeout=30).status_code in (401, 403, 404), closed
    for chart in charts.values():
        assert commander.get(f"{desk.url}/api/v1/chart/{chart}/data/", timeout=30).ok
        assert nobody.get(f"{desk.url}/api/v1/chart/{chart}/data/", timeout=30).status_code in (401, 403)


def test_no_query_reads_another_file(desk: Desk) -> None:
    admin = desk.session("admin")
    token = admin.get(f"{desk.url}/api/v1/security/csrf_token/", timeout=30).json()["result"]
    headers = {"X-CSRFToken": token, "Referer": desk.url}

    def ask(sql: str) -> requests.Response:
        body = {"database_id": 1, "sql": sql, "runAsync": False, "schema": "main"}
        return admin.post(f"{desk.url}/api/v1/sqllab/execute/", json=body, headers=headers, timeout=60)

    assert ask("SELECT run_id FROM about").json()["data"] == [{"run_id": "one"}]
    assert "disabled by configuration" in ask("SELECT * FROM read_text('/etc/passwd')").text


def test_a_new_snapshot_is_seen_within_a_minute(desk: Desk) -> None:
    admin = desk.session("admin")
    header = desk.chart_ids(admin)["页首"]

    def run_id() -> str:
        answer = admin.get(f"{desk.url}/api/v1/chart/{header}/data/", timeout=30)
        return answer.json()["result"][0]["data"][0]["run_id"]

    assert run_id() == "one"
    build_serving(desk.home, "two")
    end = time.monotonic() + 60
    while run_id() != "two":
        assert time.monotonic() < end
        time.sleep(2)


def test_a_second_import_updates_and_retires(desk: Desk, tmp_path: Path) -> None:
    assets = shutil.copytree(ASSETS, tmp_path / "assets")
    _edit(assets / "charts" / "trend.yaml", '"@{chart.trend}"', "每日警情")
    _edit(assets / "dashboards" / "commander.yaml", "{chart: overdue, width: 4", "{chart: trend, width: 4")
    (assets / "charts" / "overdue.yaml").unlink()
    (assets / "datasets" / "overdue.yaml").unlink()
    _edit(assets / "retired.yaml", "charts: []", "charts: [5c0e7f1d-2f6a-4a43-9d55-7e6c0f9b1a07]")
    _edit(assets / "retired.yaml", "datasets: []", "datasets: [0a7f5b7e-5a0f-4d0e-8f0b-1b1d6a6b9e06]")
    assert _load(desk.home, assets).returncode == 0
    charts = desk.chart_ids(desk.session("admin"))
    assert "每日警情" in charts and "警情走势" not in charts and "逾期事项" not in charts
    assert len(charts) == CHARTS - 1


def _edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def _env(home: Path) -> dict[str, str]:
    own = ("CITYBRAIN_SUPERSET_SECRET", "CITYBRAIN_SUPERSET_DB", "SUPERSET_DATABASE_URI", "CITYBRAIN_LOCALE")
    kept = {name: value for name, value in os.environ.items() if name not in own}
    return {**kept, "CITYBRAIN_HOME": str(home)}


def _load(home: Path, assets: Path = ASSETS) -> subprocess.CompletedProcess[str]:
    command = [str(PYTHON), str(ROOT / "dashboards" / "load.py"), "--assets", str(assets)]
    return subprocess.run(command, env=_env(home), capture_output=True, text=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_until_healthy(url: str, server: subprocess.Popen[bytes], seconds: int = 180) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end and server.poll() is None:
        try:
            if requests.get(f"{url}/health", timeout=30).ok:
                return
        except requests.RequestException:
            time.sleep(0.5)
    raise AssertionError(f"Superset did not answer at {url}/health")

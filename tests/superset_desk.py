"""A real Superset over a city's home, for the tests that look at its pages."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from ports import free_port
from settings import PATIENCE

from dashboards.look import LookFault, chromium

ROOT = Path(__file__).resolve().parents[1]
ASSETS = ROOT / "dashboards" / "assets"
PYTHON = Path(os.environ.get("CITYBRAIN_SUPERSET_PYTHON") or ROOT / ".venv-superset" / "bin" / "python")


class Patient(requests.Session):
    """Waits for each answer as long as a test waits for anything."""

    def request(self, *given: Any, **named: Any) -> requests.Response:
        return super().request(*given, **{"timeout": PATIENCE, **named})


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
        session = Patient()
        password = (self.home / "secrets" / f"superset_{user}_password").read_text().strip()
        who = {"username": user, "password": password, "provider": "db", "refresh": False}
        answer = session.post(f"{self.url}/api/v1/security/login", json=who)
        session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        return session

    def make_user(self, name: str, *roles: str) -> requests.Session:
        """A new account with these roles, logged in."""
        admin, kept = self.session("admin"), self.home / "secrets" / f"superset_{name}_password"
        kept.write_text(f"{name} of a test city")
        found = admin.get(f"{self.url}/api/v1/security/roles/?q=(page_size:100)").json()["result"]
        ids = [role["id"] for role in found if role["name"] in roles]
        assert len(ids) == len(roles)
        token = admin.get(f"{self.url}/api/v1/security/csrf_token/").json()["result"]
        user = {
            "username": name,
            "first_name": name,
            "last_name": "",
            "email": f"{name}@localhost",
            "active": True,
            "roles": ids,
        }
        answer = admin.post(
            f"{self.url}/api/v1/security/users/", json={**user, "password": kept.read_text()},
            headers={"X-CSRFToken": token, "Referer": self.url},
        )  # fmt: skip
        assert answer.ok, answer.text
        return self.session(name)

    def chart_ids(self, session: requests.Session, slug: str = "commander") -> dict[str, int]:
        """Title -> id of the page's charts; none of a page that the session may not open."""
        answer = session.get(f"{self.url}/api/v1/dashboard/{slug}/charts")
        return {chart["slice_name"]: chart["id"] for chart in answer.json().get("result", [])}

    def data(self, session: requests.Session, chart: int) -> list[dict[str, Any]]:
        answer = session.get(f"{self.url}/api/v1/chart/{chart}/data/")
        assert answer.ok, answer.text
        return answer.json()["result"][0]["data"]


@contextmanager
def open_desk(home: Path) -> Iterator[Desk]:
    """Import the page over the home's serving file and serve it on a free port. Skips, saying so, without Superset or a browser."""
    if not PYTHON.exists():
        pytest.skip("no Superset environment: set CITYBRAIN_SUPERSET_PYTHON or make .venv-superset")
    try:
        chromium()
    except LookFault as fault:
        pytest.skip(str(fault))
    imported = load(home)
    assert imported.returncode == 0, imported.stderr
    port = free_port()
    command = [str(PYTHON), str(ROOT / "dashboards" / "serve.py")]
    (home / "logs").mkdir(exist_ok=True)
    with (home / "logs" / "server.log").open("w") as log:
        server = subprocess.Popen(command, env={**_env(home), "PORT": str(port)}, stdout=log, stderr=log)
    try:
        desk = Desk(home, f"http://127.0.0.1:{port}", imported.stdout)
        _wait_until_healthy(desk.url, server)
        yield desk
    finally:
        server.terminate()
        server.wait(timeout=PATIENCE)


def _env(home: Path) -> dict[str, str]:
    own = ("CITYBRAIN_SUPERSET_SECRET", "CITYBRAIN_SUPERSET_DB", "SUPERSET_DATABASE_URI", "CITYBRAIN_LOCALE")
    kept = {name: value for name, value in os.environ.items() if name not in own}
    return {**kept, "CITYBRAIN_HOME": str(home)}


def load(home: Path, assets: Path = ASSETS) -> subprocess.CompletedProcess[str]:
    command = [str(PYTHON), str(ROOT / "dashboards" / "load.py"), "--assets", str(assets)]
    return subprocess.run(command, env=_env(home), capture_output=True, text=True)


def _wait_until_healthy(url: str, server: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and server.poll() is None:
        try:
            if requests.get(f"{url}/health", timeout=30).ok:
                return
        except requests.RequestException:
            time.sleep(0.5)
    raise AssertionError(f"Superset did not answer at {url}/health")

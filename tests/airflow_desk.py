"""An operator at Airflow's pages, in a browser: reads a question about a refused delivery and answers it by clicking."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Page, ViewportSize, sync_playwright
from settings import PATIENCE

from dashboards.look import FLAGS, LookFault, chromium
from jobs import services
from jobs.home import Home

USER = "operator"
# no map is drawn here, and drawing by software would keep a core busy
PLAIN = [*(flag for flag in FLAGS if "gl" not in flag and "shader" not in flag), "--disable-gpu"]
SCREEN: ViewportSize = {"width": 1440, "height": 1000}


@dataclass(frozen=True)
class AirflowDesk:
    page: Page
    url: str
    password: str

    def sees_waiting(self, *subjects: str) -> None:
        """The page that lists what a person is to do comes to show each of these."""
        self.page.goto(f"{self.url}/required_actions")
        for subject in subjects:
            self.page.get_by_text(subject).first.wait_for()

    def open(self, question: str) -> str:
        """A question's page, as text. question: the run's name."""
        self.page.goto(f"{self.url}/dags/decide/runs/{question}/tasks/ask/required_actions")
        self.page.get_by_test_id("hitl-option-通过放行").wait_for()
        return self.page.inner_text("body")

    def can_answer(self) -> bool:
        return all(self.page.get_by_test_id(f"hitl-option-{answer}").is_enabled() for answer in ("通过放行", "退回"))

    def reason(self) -> str:
        return self.page.locator("input[name='element_理由']").input_value()

    def leave(self) -> None:
        """The pages ask and draw without end as long as one is open."""
        self.page.goto("about:blank")

    def give_reason(self, why: str) -> None:
        """Returns once the page lets it be answered."""
        self.page.locator("input[name='element_理由']").fill(why)
        self.page.locator("[data-testid='hitl-option-退回']:enabled").wait_for()

    def click(self, answer: str) -> None:
        """Returns once the server has answered."""
        with self.page.expect_response(lambda got: "hitlDetails" in got.url and got.request.method == "PATCH"):
            self.page.get_by_test_id(f"hitl-option-{answer}").click()

    def ask_api(self, method: str, path: str, body: dict[str, Any]) -> None:
        """What the page's other buttons do: start a DAG, mark a run."""
        who = {"username": USER, "password": self.password}
        token = requests.post(f"{self.url}/auth/token", json=who, timeout=PATIENCE).json()["access_token"]
        bearer = {"Authorization": f"Bearer {token}"}
        answer = requests.request(method, f"{self.url}/api/v2/{path}", json=body, headers=bearer, timeout=PATIENCE)
        assert answer.ok, answer.text


@contextmanager
def open_airflow(home: Home) -> Iterator[AirflowDesk]:
    """Log in as the operator, who reads Chinese. Skips, saying so, without a browser."""
    try:
        browser_path = chromium()
    except LookFault as fault:
        pytest.skip(str(fault))
    passwords = home.root / "airflow" / "simple_auth_manager_passwords.json.generated"
    password = json.loads(Path(passwords).read_text())[USER]
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=browser_path, args=PLAIN)
        try:
            page = browser.new_page(viewport=SCREEN, locale="zh-CN")
            page.set_default_timeout(PATIENCE * 1000)
            desk = AirflowDesk(page, f"http://127.0.0.1:{services.AIRFLOW_PORT}", password)
            _log_in(desk)
            yield desk
        finally:
            browser.close()


def _log_in(desk: AirflowDesk) -> None:
    desk.page.goto(f"{desk.url}/required_actions")
    desk.page.locator("input[name=username]").fill(USER)
    desk.page.locator("input[name=password]").fill(desk.password)
    desk.page.locator("button[type=submit]").click()
    desk.page.wait_for_url("**/required_actions")

"""Look at a page as its reader does: open it in a browser, wait until it is drawn, and judge each chart's picture.

Run in the lakehouse environment: `python -m dashboards.look --out DIR`. Exits 1 naming the chart that fails.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import time
from collections import Counter
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Locator, Page, ViewportSize, sync_playwright

HOME = Path(os.environ.get("CITYBRAIN_HOME") or Path(__file__).resolve().parents[1] / "var").resolve()
SCREEN: ViewportSize = {"width": 1920, "height": 1080}
# The map draws by WebGL; without a graphics card the browser does it in software.
FLAGS = [
    *("--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-sync"),
    *("--disable-component-update", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"),
]
CHART = '[data-test="chart-grid-component"]'
DRAWN = '[data-test="slice-container"]'
BROKEN = '[role="alert"], .ant-alert-error, .missing-chart-container, [data-test="error-container"]'
FEWEST_COLOURS = 6
MOST_OF_ONE_COLOUR = 0.995
PATIENCE_SECONDS = 600  # a busy machine draws slowly; what is done is done at once


class LookFault(RuntimeError):
    """A page or chart that a reader could not use; the message names it."""


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder for the pictures")
    parser.add_argument("--url", default="http://127.0.0.1:8088")
    parser.add_argument("--slug", default="commander")
    parser.add_argument("--user", default="admin")
    options = parser.parse_args(argv)
    try:
        seen = look(options.url, options.slug, options.user, options.out)
    except LookFault as fault:
        print(f"dashboards.look: {fault}", file=sys.stderr)
        return 1
    for name, rows in seen.items():
        print(f"{name}: {rows} rows, drawn")
    return 0


def look(url: str, slug: str, user: str, out: Path) -> dict[str, int]:
    """Pictures of the page and of each chart into out; returns chart title → rows. Raises LookFault."""
    out.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium(), args=FLAGS)
        try:
            page = browser.new_page(viewport=SCREEN, locale="zh-CN")
            page.set_default_timeout(PATIENCE_SECONDS * 1000)
            log_in(page, url, user, password_of(user))
            rows = ask_charts(page, url, slug)
            page.goto(f"{url}/superset/dashboard/{slug}/?standalone=1", wait_until="domcontentloaded")
            wait_until_drawn(page, len(rows))
            page.screenshot(path=out / f"{slug}.png")
            judge_charts(page, set(rows), out)
        finally:
            browser.close()
    return rows


def chromium() -> str:
    """The browser: CITYBRAIN_CHROMIUM, or the first of the usual names on the path; raises LookFault."""
    found = os.environ.get("CITYBRAIN_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    found = found or shutil.which("google-chrome")
    if not found:
        raise LookFault("no Chromium on the path; install it or set CITYBRAIN_CHROMIUM")
    return found


def password_of(user: str) -> str:
    kept = HOME / "secrets" / f"superset_{user}_password"
    if not kept.is_file():
        raise LookFault(f"no password of {user} is kept in CITYBRAIN_HOME; run dashboards/load.py first")
    return kept.read_text().strip()


def log_in(page: Page, url: str, user: str, password: str) -> None:
    page.goto(f"{url}/login/", wait_until="domcontentloaded")
    page.locator('[data-test="username-input"], input#username').first.fill(user)
    page.locator('[data-test="password-input"], input#password').first.fill(password)
    page.locator('[data-test="login-button"], [type="submit"]').first.click()
    page.wait_for_url(lambda at: "/login" not in at)


def ask_charts(page: Page, url: str, slug: str) -> dict[str, int]:
    """Each chart's rows through the data endpoint, by title; raises LookFault on an error or on no row."""
    answer = page.request.get(f"{url}/api/v1/dashboard/{slug}/charts")
    if not answer.ok:
        raise LookFault(f"page {slug}: the server answers {answer.status}")
    rows: dict[str, int] = {}
    for chart in answer.json()["result"]:
        title = chart["slice_name"]
        data = page.request.get(f"{url}/api/v1/chart/{chart['id']}/data/")
        if not data.ok:
            raise LookFault(f"chart {title}: its data answers {data.status}")
        rows[title] = data.json()["result"][0]["rowcount"]
        if not rows[title]:
            raise LookFault(f"chart {title}: its data has no row")
    if not rows:
        raise LookFault(f"page {slug}: has no chart")
    return rows


def wait_until_drawn(page: Page, charts: int) -> None:
    """Until every chart stands on the page and none is loading, twice in a row; raises LookFault."""
    end, calm = time.monotonic() + PATIENCE_SECONDS, 0
    while calm < 3:
        if time.monotonic() > end:
            raise LookFault(f"page: {page.locator(CHART).count()} of {charts} charts drawn after {PATIENCE_SECONDS} s")
        page.wait_for_timeout(1000)
        loading = page.locator('[data-test="loading-indicator"], .loading').count()
        calm = calm + 1 if page.locator(CHART).count() >= charts and not loading else 0


def judge_charts(page: Page, titles: set[str], out: Path) -> None:
    """A picture of each chart; raises LookFault for a missing, broken or blank one."""
    seen = set()
    for chart in page.locator(CHART).all():
        title = chart.get_attribute("data-test-chart-name") or "?"
        seen.add(title)
        picture = chart.screenshot(path=out / f"{title}.png")
        judge(title, chart, picture)
    if missing := titles - seen:
        raise LookFault(f"chart {sorted(missing)[0]}: is not on the page")


def judge(title: str, chart: Locator, picture: bytes) -> None:
    broken = chart.locator(BROKEN)
    if broken.count():
        raise LookFault(f"chart {title}: shows an error: {broken.first.inner_text()[:200]}")
    drawn = chart.locator(DRAWN)
    judge_picture(title, drawn.first.screenshot() if drawn.count() else picture)


def judge_picture(title: str, png: bytes) -> None:
    """Raises LookFault when the picture is all but one colour."""
    colours = colours_of(png)
    most = max(colours.values()) / sum(colours.values())
    if len(colours) < FEWEST_COLOURS or most > MOST_OF_ONE_COLOUR:
        raise LookFault(f"chart {title}: is blank ({len(colours)} colours, {most:.1%} of one)")


def colours_of(png: bytes) -> Counter[tuple[int, ...]]:
    """Colour → pixels of a picture."""
    picture = Image.open(BytesIO(png)).convert("RGB")
    found = picture.getcolors(picture.width * picture.height) or []
    return Counter({colour: pixels for pixels, colour in found if isinstance(colour, tuple)})


if __name__ == "__main__":
    sys.exit(main())

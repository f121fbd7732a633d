"""A refused delivery mutes what rests on it, and page and brief say so; a warned one lowers confidence; a good one lifts both."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from damage import write_over

from jobs.home import Home
from jobs.lake import files
from jobs.report.brief import write_brief

pytestmark = pytest.mark.spark

FEED = "police_incident"
GRIDS = [f"330499001001{n:03d}" for n in range(1, 5)]
HEAD = "警情编号,报警时间,警情类别,所属网格"


def lines_of(day: date, counts: list[int], word: str = "盗窃", first: int = 0) -> list[str]:
    """So many incidents a grid on the day, numbered from `first`."""
    grids = [grid for grid, count in zip(GRIDS, counts, strict=True) for _ in range(count)]
    return [f"JQ{day:%Y%m%d}{first + n:04d},{day} 09:30:00,{word},{grid}" for n, grid in enumerate(grids)]


def file_of(lines: list[str]) -> bytes:
    return "\n".join([HEAD, *lines]).encode("gb18030")


class Desk:
    """The city's run and what the commander then sees."""

    def __init__(self, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
        self.home, self.monkeypatch = home, monkeypatch

    def run(self, today: str) -> Any:
        from jobs.city.run import run_city
        from jobs.serve import serve

        self.monkeypatch.setenv("CITYBRAIN_TODAY", today)
        run = run_city(self.home)
        self.serving = serve(self.home)
        return [one for one in run.warnings if one["family"] == "incident_surge"] if run else []

    def ask(self, sql: str) -> list[tuple]:
        with duckdb.connect(str(self.serving), read_only=True) as con:
            return con.execute(sql).fetchall()


@pytest.fixture
def desk(spark: Any, home: Home, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(home, monkeypatch)


def test_refused_warned_and_good_deliveries_of_one_feed(desk: Desk, drop, take, rows, monkeypatch) -> None:
    days = [date(2026, 4, 20) + timedelta(days=n) for n in range(68)]
    usual = [line for day in days[:-1] for line in lines_of(day, [int(day.day % 3 == 0), 1, 0, day.day % 2])]
    drop(
        FEED,
        "jq_202606.csv",
        file_of([*usual, *(line for day in days[-7:-1] for line in lines_of(day, [6, 0, 0, 0], first=50))]),
    )
    drop(FEED, "jq_20260626.csv", file_of(lines_of(days[-1], [6, 1, 0, 0])))
    monkeypatch.setenv("CITYBRAIN_TODAY", "2026-06-27")
    assert {entry.status for entry in take(FEED)} <= {"passed", "warned"}
    (found,) = desk.run("2026-06-27")
    assert found["grid_code"] == GRIDS[0]
    assert desk.ask("SELECT muted_zh FROM about") == [(None,)]
    told = {row["family"]: row for row in rows("gold", "family_day")}
    assert told["incident_surge"]["raised"] == 1 and told["incident_surge"]["streams"] >= 4
    assert told["incident_surge"]["discoveries"] >= 1 and 0 < told["incident_surge"]["alpha"] < 0.5

    day = date(2026, 6, 27)
    drop(FEED, "jq_20260627.csv", file_of([*lines_of(day, [2, 1, 0, 1]), *lines_of(day, [4, 0, 0, 0], "外星人", 900)]))
    monkeypatch.setenv("CITYBRAIN_TODAY", "2026-06-28")
    assert [entry.status for entry in take(FEED)] == ["refused"]
    assert desk.run("2026-06-28") == [], "what rests on it is not judged"
    assert desk.ask("SELECT grid_code, status FROM warning WHERE family = 'incident_surge'") == [(GRIDS[0], "new")], (
        "it stands"
    )
    (said,) = desk.ask("SELECT muted_zh FROM about")
    assert "城市体征异常(部分)、" in said[0] and "警情突增(警情最近一次送达被退回)" in said[0], (
        "the vital signs of other feeds are judged"
    )
    told = {row["family"]: row for row in rows("gold", "family_day") if row["day"] == date(2026, 6, 28)}
    assert told["city_vital"]["muted"] == "" and told["city_vital"]["partly"] == told["incident_surge"]["muted"] != ""
    brief = write_brief(desk.home.serving / "serving.duckdb", desk.home.reports)
    assert "因警情最近一次送达被退回" in brief.html.read_text(encoding="utf-8")

    drop(
        FEED,
        "jq_20260628.csv",
        file_of(
            [*lines_of(date(2026, 6, 28), [40, 0, 0, 0]), *lines_of(date(2026, 6, 28), [2, 0, 0, 0], "外星人", 900)]
        ),
    )
    monkeypatch.setenv("CITYBRAIN_TODAY", "2026-06-29")
    assert [entry.status for entry in take(FEED)] == ["warned"]
    (doubted,) = desk.run("2026-06-29")
    assert doubted["confidence"] == 0.8 and doubted["confidence_why"] == "警情最近一次送达有提示"
    assert desk.ask("SELECT DISTINCT confidence, confidence_why FROM warning") == [(0.8, "警情最近一次送达有提示")]
    assert desk.ask("SELECT muted_zh FROM about") == [(None,)]

    write_over(max(Path(file) for file, _ in files(desk.home.table("silver", FEED))))
    assert desk.run("2026-06-29") == [], "Spark met a damaged cell: once more without that table"
    (said,) = desk.ask("SELECT muted_zh FROM about")
    assert "警情突增(警情的数据表损坏" in said[0]
    assert desk.ask("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'feed_police_incident'") == [(0,)]

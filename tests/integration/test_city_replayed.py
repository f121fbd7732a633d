"""A replay of a small city: a surge is found on its days and not before, nothing later is looked at, and the lake stays as it was."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable

from jobs.backtest.page import render
from jobs.backtest.result import Result, write
from jobs.backtest.run import replay
from jobs.home import Home

pytestmark = pytest.mark.spark

FEED = "police_incident"
GRIDS = [f"330499001001{n:03d}" for n in range(1, 5)]
SURGE = date(2026, 6, 18)  # its first day


def lines_of(day: date, counts: list[int]) -> list[str]:
    grids = [grid for grid, count in zip(GRIDS, counts, strict=True) for _ in range(count)]
    return [f"JQ{day:%Y%m%d}{n:04d},{day} 09:30:00,盗窃,{grid}" for n, grid in enumerate(grids)]


def incidents(first: date, last: date) -> bytes:
    """Few a day, and from SURGE on six a day in the first grid."""
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    lines = [
        line for day in days for line in lines_of(day, [6 if day >= SURGE else day.day % 3 // 2, 1, 0, day.day % 2])
    ]
    return "\n".join(["警情编号,报警时间,警情类别,所属网格", *lines]).encode("gb18030")


def played(home: Home, first: str, last: str, events: Path | None = None) -> Result:
    start, days = date.fromisoformat(first), (date.fromisoformat(last) - date.fromisoformat(first)).days + 1
    span = [start + timedelta(days=n) for n in range(days)]
    return replay(home, span, by="schedule", budget=5, families=["incident_surge"], events=events)


def found(result: Result) -> list[tuple[Any, ...]]:
    return [
        (*one, *sorted(result.past.evidence[one[0]]))
        for one in ((row["warning_id"], row["observed"], row["score"]) for row in result.past.first.values())
    ]


def versions(home: Home) -> dict[str, int]:
    return {str(log.parent): DeltaTable(log.parent).version() for log in home.lake.rglob("_delta_log")}


def test_a_surge_in_a_history_loaded_at_once(spark, home: Home, drop, take, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("CITYBRAIN_TODAY", "2026-06-27")
    drop(FEED, "jq_202606.csv", incidents(date(2026, 4, 10), date(2026, 6, 26)))
    assert [entry.status for entry in take(FEED)] in (["passed"], ["warned"])
    events = tmp_path / "events.csv"
    events.write_text(
        f"family,window_start,window_end,grid_code,category\nincident_surge,{SURGE},2026-06-24,{GRIDS[0]},theft\n"
        f"incident_surge,{SURGE},2026-06-24,{GRIDS[3]},fraud\n"
    )
    before = versions(home)
    result = played(home, "2026-06-15", "2026-06-22", events)
    assert before and versions(home) == before, "a replay writes nothing to the lake"
    hit, missed = result.outcomes or []
    assert hit.delay is not None and 1 <= hit.delay <= 3 and missed.warnings == []
    assert hit.warnings[0]["grid_code"] == GRIDS[0]
    for id_, one in result.past.first.items():
        assert all(row.day <= date(2026, 6, 21) for row in result.past.evidence[id_].values())
        assert one["raised_on"] > SURGE, "nothing is found before it happens"
    (family,) = result.families
    assert (family.events, family.found) == (2, 1) and family.recall.value == 0.5
    wrong = replace(result, verdicts=dict.fromkeys(result.verdicts, "false"))
    assert "<p>无</p>" in render(result, "zh") and "<p>无</p>" not in render(wrong, "zh"), "what is false is listed"
    write(result, render(result, "zh"), tmp_path / "out")
    page = (tmp_path / "out" / "report.html").read_text()
    assert (
        "回放检验" in page
        and "未找到" in page
        and "<svg" in page
        and "http" not in page.replace("http://www.w3.org", "")
    )
    assert hit.warnings[0]["warning_id"] in (tmp_path / "out" / "warnings.csv").read_text()


def test_what_came_later_changes_no_earlier_day(spark, home: Home, drop, take, monkeypatch) -> None:
    """The next days' files, and a correction of a day that had been seen."""
    monkeypatch.setenv("CITYBRAIN_TODAY", "2026-06-22")
    drop(FEED, "jq_202605.csv", incidents(date(2026, 4, 10), date(2026, 6, 19)))
    for day in (20, 21):
        drop(FEED, f"jq_202606{day}.csv", incidents(date(2026, 6, day), date(2026, 6, day)))
    assert len(take(FEED)) == 3
    then = played(home, "2026-06-22", "2026-06-22")
    monkeypatch.setenv("CITYBRAIN_TODAY", "2026-06-25")
    drop(FEED, "jq_20260622.csv", incidents(date(2026, 6, 22), date(2026, 6, 22)))
    take(FEED)
    drop(FEED, "jq_20260621.csv", incidents(date(2026, 6, 20), date(2026, 6, 21)))
    assert [entry.attempt for entry in take(FEED)] == [2]
    now = played(home, "2026-06-22", "2026-06-22")
    assert found(then) and found(now) == found(then)
    later = played(home, "2026-06-26", "2026-06-26")
    assert found(later) != found(then)

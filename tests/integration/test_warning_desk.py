"""What a commander types, and what the page then shows."""

from __future__ import annotations

from datetime import timedelta

import duckdb
import pytest
from raised import EIGHT, found, warning
from typer.testing import CliRunner

from jobs.cli import app
from jobs.home import Home
from jobs.serve import serve

SURGE, CHECK, BELOW = "ab12cd34-0001", "ff12cd34-0002", "cc12cd34-0003"


@pytest.fixture
def city(home: Home) -> Home:
    found(
        home, warning(SURGE), warning(BELOW, category="noise", status="below_line"),
        warning(CHECK, family="paid_after_death", lane="statutory", level="orange", category=None, grid_code=None, subject="R-0a1b2c3d4e",
                unit_zh="民政局、人社局"),
    )  # fmt: skip
    return home


def says(*words: str, fails: bool = False) -> str:
    done = CliRunner().invoke(app, ["warning", *words])
    assert bool(done.exit_code) == fails, done.output
    return done.output


def listed(*words: str) -> list[str]:
    lines = says("list", *words).splitlines()
    return [line.split()[0] for line in lines if line[:8] in (SURGE[:8], CHECK[:8], BELOW[:8])]


def test_the_list_is_what_is_at_hand_worst_first_and_can_be_narrowed(city: Home) -> None:
    assert listed() == [CHECK[:8], SURGE[:8]]
    assert listed("--all") == [CHECK[:8], SURGE[:8], BELOW[:8]]
    assert (
        listed("--unit", "民政") == listed("--family", "paid_after_death") == listed("--level", "orange") == [CHECK[:8]]
    )
    assert listed("--state", "below_line") == [BELOW[:8]] and listed("--state", "evaluated") == []


def test_a_desk_moves_a_warning_and_a_refusal_says_what_may_follow(city: Home) -> None:
    who = ("--by", "王指挥", "--why", "看现场")
    assert "发现 → 研判" in says("move", "ab12", "triaged", *who)
    refusal = says("move", "ab12", "resolved", *who, fails=True)
    assert "现为「研判」" in refusal and "may become issued, evaluated" in refusal
    assert "没有状态" in says("move", "ab12", "done", *who, fails=True)
    assert "--verdict" in says("move", "ab12", "evaluated", *who, fails=True)
    assert "Missing option" in says("move", "ab12", "issued", fails=True)
    assert "没有编号以" in says("show", "0000", fails=True)
    assert "已提为红色" in says("red", "ab12", *who)
    shown = says("show", "ab12")
    assert "红色" in shown and "提为红色" in shown and "王指挥:看现场" in shown and "人工" in shown


def test_a_silence_holds_from_the_next_sweep_on_and_what_would_go_out_can_be_seen_before(city: Home) -> None:
    who = ("--by", "王指挥", "--why", "系统切换")
    assert "没有预警种类" in says("silence", "incident_surge_", "--until", "2026-07-02", *who, fails=True)
    assert "90" in says("silence", "incident_surge", "--until", "2027-07-02", *who, fails=True)
    says("silence", "incident_surge", "--until", "2026-07-02", *who)
    swept = says("sweep")
    assert swept.count("静默") == 4 and "系统切换" in swept and "2 条变动" in swept
    assert listed() == [CHECK[:8]]
    says("deliver", "--dry-run")
    assert not city.returns.exists()
    assert "0 条变动" in says("sweep")


def test_the_page_shows_the_state_that_the_moves_have_brought(city: Home) -> None:
    says("move", "ab12", "triaged", "--by", "王指挥", "--why", "看")
    says("move", "ff12", "triaged", "--by", "王指挥", "--why", "看")
    says("move", "ff12", "evaluated", "--verdict", "true", "--by", "王指挥", "--why", "属实")
    with duckdb.connect(str(serve(city)), read_only=True) as con:
        told = dict(con.execute("SELECT warning_id, status_zh FROM warning").fetchall())
        assert told == {SURGE: "研判", CHECK: "评价", BELOW: "线下"}
        assert con.execute("SELECT value FROM vital WHERE name = 'warnings_today'").fetchone() == (1,)


def test_a_reminder_goes_to_its_desk_and_not_onto_the_commander_s_page(
    city: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once the day's round is due: before its hour, nothing of the kind goes out."""
    monkeypatch.setattr(Home, "now", lambda city: EIGHT + timedelta(hours=4))
    kind = {
        "family": "age_reached",
        "family_zh": "提醒：即将满龄",
        "lane": "service",
        "level": "blue",
        "unit_zh": "民政局",
        "subject": "R-7",
    }
    found(city, warning(SURGE), warning(CHECK, **kind))
    with duckdb.connect(str(serve(city)), read_only=True) as con:
        assert con.execute("SELECT warning_id FROM warning").fetchall() == [(SURGE,)]
    told = says("deliver", "--dry-run")
    assert "民政局" in told and "公安局" not in told, "nobody has to issue a reminder first"
    monkeypatch.setattr(Home, "now", lambda city: EIGHT.replace(hour=0, minute=30))
    assert "民政局" not in says("deliver", "--dry-run")


def test_a_city_without_a_warning_has_nothing_to_follow(home: Home) -> None:
    home.root.mkdir()
    assert "0 条" in says("list") and "0 条变动" in says("sweep") and "0 次" in says("deliver")
    assert not home.returns.exists()

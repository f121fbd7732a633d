"""One story: a surge is found, its repeat merges, it is sent out, signed for late, answered, found false; another goes quiet and expires."""

from __future__ import annotations

import io
from datetime import date, datetime, timedelta
from typing import Any

import openpyxl
import pytest
from typer.testing import CliRunner

from jobs.home import ZONE, Home
from jobs.warn.doubt import Trust
from jobs.warn.life import IllegalMove, Move, move, one_warning
from schemas.life import load_life
from schemas.warning_rule import load_rules

pytestmark = pytest.mark.spark

FEED = "police_incident"
RULE = next(rule for rule in load_rules() if rule.family == "incident_surge")
GRID = "330499001001{:03d}"
LIFE = load_life()
DAY = timedelta(days=1)
RAISED, LATER = date(2026, 6, 28), date(2026, 7, 12)


def at(hour: int, minute: int = 0, day: date = RAISED) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZONE)


def incidents(grid: int, count: int = 60) -> bytes:
    lines = [f"JQ20260627{n:04d},2026-06-27 09:30:00,盗窃,{GRID.format(grid)}" for n in range(count)]
    return "\n".join(["警情编号,报警时间,警情类别,所属网格", *lines]).encode("gb18030")


def surge(delivery: str, grid: int, row_nos: range, ends: date, category: str = "theft", score: float = 1.9) -> Any:
    from jobs.warn.find import Candidate, Evidence

    evidence = [Evidence(FEED, delivery, number, ends, '{"category": "theft"}') for number in row_nos]
    area = GRID.format(grid)
    return Candidate(
        RULE,
        f"{area}|{category}",
        area,
        category,
        ends - 6 * DAY,
        ends,
        float(len(evidence)),
        2.5,
        6.0,
        score,
        evidence,
    )


@pytest.fixture
def raised(spark, home: Home, drop, take) -> dict[str, str]:
    """Name in the story -> id, as the city's runs of three days recorded them."""
    from jobs.city.views import register_deliveries
    from jobs.warn.record import record

    drop(FEED, "jq_20260627.csv", incidents(1))
    (entry,) = take(FEED)
    register_deliveries(spark, home)
    days = {
        RAISED - DAY: {
            "first": surge(entry.delivery_id, 1, range(1, 10), RAISED - 2 * DAY),
            "quiet": surge(entry.delivery_id, 9, range(50, 56), RAISED - 2 * DAY),
        },
        RAISED: {"repeat": surge(entry.delivery_id, 1, range(5, 15), RAISED - DAY, "fraud")}
        | {f"other{n}": surge(entry.delivery_id, n, range(n * 10, n * 10 + 5), RAISED - DAY) for n in (2, 3, 4)}
        | {"last": surge(entry.delivery_id, 5, range(55, 60), RAISED - DAY)},
    }
    ids: dict[str, str] = {}
    for day, found in days.items():
        record(spark, home, list(found.values()), day, at(8, day=day), Trust({}, {}))
        for name, candidate in found.items():
            (ids[name],) = [one["warning_id"] for one in _all(home) if one["subject_key"] == candidate.subject_key]
    assert len(set(ids.values())) == 7
    return ids


def _all(home: Home) -> list[dict[str, Any]]:
    from jobs.warn.life import warnings_now

    return warnings_now(home)


def citybrain(*words: str) -> str:
    from jobs.cli import app

    done = CliRunner().invoke(app, ["warning", *words])
    assert done.exit_code == 0, done.output
    return done.output


def answers(warning_id: str) -> bytes:
    made, out = openpyxl.Workbook(), io.BytesIO()
    sheet = made.active
    assert sheet is not None
    told = [("签收", at(11, 30), ""), ("处置", at(12), ""), ("反馈", at(15), ""), ("评价", at(16), "不属实")]
    sheet.append(["预警编号", "承办单位", "处置步骤", "处置时间", "评价结论"])
    for step, when, verdict in told:
        sheet.append([warning_id, "公安局", step, f"{when:%Y-%m-%d %H:%M}", verdict])
    made.save(out)
    return out.getvalue()


def refuses_all_that_is_illegal(home: Home, warning_id: str) -> int:
    state = one_warning(home, warning_id)["state"]
    illegal = [other for other in LIFE.states if other not in LIFE.may_follow(state)]
    for other in illegal:
        with pytest.raises(IllegalMove, match=state):
            move(
                home,
                Move(warning_id, other, "王指挥", "试", verdict="true" if other == "evaluated" else None, into_id="x"),
            )
    return len(illegal)


def test_from_the_first_finding_to_the_last_word(spark, home: Home, raised, drop, take, rows) -> None:
    from jobs.operate.upkeep import compact, vacuum
    from jobs.warn.dispositions import take_answers
    from jobs.warn.feedback import measure, move_thresholds, threshold_of
    from jobs.warn.record import record
    from jobs.warn.sweep import sweep

    first, refused = raised["first"], 0
    rested_on = citybrain("rows", first[:8])
    assert rested_on.count(FEED) >= 9 and "9 行" in rested_on
    # its repeat shares five of its nine rows
    (merged,) = sweep(home, at(9))
    assert (merged.warning_id, merged.to_state, merged.into_id) == (raised["repeat"], "merged", first)
    assert sweep(home, at(9)) == []
    refused += refuses_all_that_is_illegal(home, raised["repeat"]) + refuses_all_that_is_illegal(home, first)
    # sent out, and not signed for in two hours
    for state, when in (("triaged", at(9, 5)), ("issued", at(9, 10)), ("dispatched", at(9, 15))):
        move(home, Move(first, state, "王指挥", "请派出所核实", at=when))
        refused += refuses_all_that_is_illegal(home, first)
    assert sweep(home, at(11)) == []
    (late,) = sweep(home, at(11, 20))
    assert (late.warning_id, late.tier) == (first, "community") and "未签收" in late.why
    # the department's file tells the rest
    drop("disposition", "预警-20260629-police.xlsx", answers(first))
    take("disposition")
    assert [one.applied for one in take_answers(home)] == [True] * 4
    refused += refuses_all_that_is_illegal(home, first)
    assert refused > 40
    now = one_warning(home, first)
    assert (now["state"], now["verdict"], now["tier"]) == ("evaluated", "false", "community")
    # so are four others: beyond doubt, the family asks for more from now on
    assert threshold_of(home, RULE.family) == 1.0 and move_thresholds(home) == []
    for name in ("other2", "other3", "other4", "last"):
        move(home, Move(raised[name], "triaged", "王指挥", "看现场"))
        citybrain("move", raised[name][:8], "evaluated", "--verdict", "false", "--by", "王指挥", "--why", "现场无异常")
    (raised_bar,) = move_thresholds(home)
    assert (raised_bar.before, raised_bar.after, threshold_of(home, RULE.family)) == (1.0, 1.1, 1.1)
    total = measure(home)[-1]
    assert (total.evaluated, total.confirmed, total.duplicates, total.acknowledge_minutes) == (5, 0, 1, 135)
    # a fortnight later one is found again with something new: open once more, under the same number; another never was
    again = surge(f"{FEED}-20260627-01", 2, range(30, 36), LATER - DAY)
    record(spark, home, [again], LATER, at(8, day=LATER), Trust({}, {}))
    swept = {one.warning_id: one.to_state for one in sweep(home, at(9, day=LATER))}
    assert swept == {raised["other2"]: "reopened", raised["quiet"]: "expired"}
    # later loads, compaction and vacuum take nothing from what a warning rests on
    drop(FEED, "jq_20260627.csv", incidents(7, 40))
    take(FEED)
    assert any(done.files for done in compact(home))
    list(vacuum(home, keep_days=0))
    assert citybrain("rows", first[:8]) == rested_on
    shown = citybrain("show", first[:8])
    for word in ("评价(不属实)", "社区", "公安局", "上界 6", "silver.police_incident", "部门反馈"):
        assert word in shown
    moves = rows("ops", "warning_move")
    assert len(moves) == 19 and len({(row["warning_id"], row["move_no"]) for row in moves}) == len(moves)

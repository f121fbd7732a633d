"""What the clock does to warnings, and what it leaves alone."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from raised import COMMUNITY, EIGHT, GRID, TODAY, TOWN, evidence, found, warning

from jobs.alert import recent
from jobs.home import Home
from jobs.warn.life import Move, move, moves_of, one_warning, warnings_now
from jobs.warn.silence import CannotSilence, Silence, silence
from jobs.warn.sweep import Scene, decide, sweep, worth_telling

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def standing(warning_id: str = "a", state: str = "new", **given: Any) -> dict[str, Any]:
    row = warning(warning_id, **{k: v for k, v in given.items() if k not in OF_MOVES})
    return row | OF_MOVES | {"state": state, "status": state, "since": row["raised_at"], "tier": "grid"} | given


OF_MOVES: dict[str, Any] = {
    "moved_by": None,
    "tier_since": None,
    "dispatched_at": None,
    "into_id": None,
    "since": None,
    "tier": None,
}


def scene(
    *warnings: dict[str, Any], now: datetime = EIGHT, rows: dict[str, set[int]] | None = None, **given: Any
) -> Scene:
    of = {id_: {("police_incident", "d", number) for number in numbers} for id_, numbers in (rows or {}).items()}
    return Scene(
        list(warnings), of, given.get("newest", {}), given.get("silences", []), given.get("judged_to", TODAY), now,
        given.get("muted_to", {}),
    )  # fmt: skip


def due(*warnings: dict[str, Any], **given: Any) -> list[tuple[str, str]]:
    return [(one.warning_id, one.to_state) for one in decide(scene(*warnings, **given))]


def sent(tier: str = "grid", at: datetime = EIGHT, **given: Any) -> dict[str, Any]:
    return standing(state="dispatched", tier=tier, dispatched_at=at, tier_since=at, since=at, **given)


@pytest.mark.parametrize(
    ("tier", "hours", "above"),
    [("grid", 2, "community"), ("community", 4, "town"), ("town", 8, "city"), ("city", 24, None)],
)
def test_what_is_not_signed_for_in_its_tiers_time_goes_one_tier_up(tier: str, hours: int, above: str | None) -> None:
    assert due(sent(tier), now=EIGHT + hours * HOUR) == []
    late = decide(scene(sent(tier), now=EIGHT + hours * HOUR + HOUR / 60))
    assert [(one.to_state, one.tier) for one in late] == ([("dispatched", above)] if above else [])


def test_each_tier_has_its_own_time_and_signing_ends_it() -> None:
    escalated = sent("community") | {"tier_since": EIGHT + 3 * HOUR}
    assert due(escalated, now=EIGHT + 6 * HOUR) == [] and due(escalated, now=EIGHT + 8 * HOUR) != []
    assert due(sent() | {"state": "acknowledged"}, now=EIGHT + 9 * HOUR) == []


def test_life_and_safety_that_nobody_sends_out_within_the_hour_is_noted_once() -> None:
    hazard = standing(lane="safety", family="elevator_overdue", category=None, subject_key="一号楼")
    assert due(hazard, now=EIGHT + HOUR) == []
    (noted,) = decide(scene(hazard, now=EIGHT + 2 * HOUR))
    assert (noted.to_state, noted.tier) == ("new", "community") and "1 小时未派单" in noted.why
    assert due(hazard | {"tier_since": EIGHT + 2 * HOUR}, now=EIGHT + 9 * HOUR) == []
    assert due(standing(), now=EIGHT + 9 * HOUR) == [], "the budget's lane has no such hour"


@pytest.mark.parametrize(
    ("quiet_days", "state", "expires"),
    [(13, "new", False), (14, "new", True), (14, "dispatched", True), (14, "acknowledged", False), (14, "handling", False)],
)  # fmt: skip
def test_two_quiet_windows_end_what_nobody_signed_for(quiet_days: int, state: str, expires: bool) -> None:
    one = standing(
        state=state, seen_on=TODAY - quiet_days * DAY, since=EIGHT - 40 * DAY, dispatched_at=EIGHT, tier="city"
    )
    assert due(one) == ([("a", "expired")] if expires else [])


def test_a_matter_is_not_quiet_while_what_merged_into_it_is_found() -> None:
    quiet = standing("a", seen_on=TODAY - 20 * DAY, raised_at=EIGHT - 30 * DAY)
    repeat = standing("b", state="merged", category="fraud", into_id="a", raised_at=EIGHT - 29 * DAY)
    assert due(quiet, repeat) == []
    assert due(quiet, repeat | {"seen_on": TODAY - 14 * DAY}) == [("a", "expired")]


def test_a_city_that_was_not_run_is_not_quiet() -> None:
    one = standing(seen_on=TODAY - 30 * DAY)
    assert due(one, judged_to=TODAY - 29 * DAY) == []
    assert due(one, judged_to=TODAY) == [("a", "expired")]


def test_a_long_window_counts_as_at_most_a_fortnight() -> None:
    one = standing(window_start=date(2020, 1, 1), seen_on=TODAY - 28 * DAY)
    assert due(one) == [("a", "expired")] and due(one | {"seen_on": TODAY - 27 * DAY}) == []


def test_what_doubtful_data_mute_is_not_quiet() -> None:
    old = standing(seen_on=TODAY - 15 * DAY)
    assert due(old) == [("a", "expired")]
    assert due(old, muted_to={"incident_surge": TODAY - 14 * DAY}) == []
    assert due(old, muted_to={"hotline_surge": TODAY - 14 * DAY}) == [("a", "expired")]


def test_the_same_matter_merges_into_the_older_and_another_does_not() -> None:
    older = standing("b", raised_at=EIGHT - 3 * DAY)
    assert due(older, standing("a")) == [("a", "merged")]
    for other in (
        standing("a", category="fraud"), standing("a", family="repair_surge"), standing("a", grid_code=GRID[:-1] + "2"),
        standing("a", state="acknowledged"), standing("a", lane="safety"),
    ):  # fmt: skip
        assert due(older, other) == []


def test_two_matters_in_one_grid_without_a_category_are_two() -> None:
    first, second = (standing(id_, category=None, subject_key=key) for id_, key in (("a", "一号楼"), ("b", "二号楼")))
    assert due(first, second) == []
    assert due(first, second | {"subject_key": "一号楼"}) == [("b", "merged")]


@pytest.mark.parametrize(
    ("shared", "days_apart", "merges"), [(5, 0, True), (4, 0, False), (5, 7, True), (5, 8, False), (10, 3, True)]
)
def test_half_of_the_rows_shared_within_a_week_is_one_matter(shared: int, days_apart: int, merges: bool) -> None:
    older = standing("a", raised_at=EIGHT - days_apart * DAY, category="fraud")
    younger = standing("b")
    rows = {"a": set(range(20)), "b": set(range(20 - shared, 30 - shared))}
    assert due(older, younger, rows=rows) == ([("b", "merged")] if merges else [])
    assert due(older, younger | {"unit_zh": "民政局"}, rows=rows) == [], (
        "another desk has something else to do about it"
    )


def test_a_town_s_warning_does_not_vanish_into_that_of_one_of_its_grids() -> None:
    grid, rows = sent(warning_id="a"), {"a": set(range(10)), "b": set(range(40))}
    town = standing("b", grid_code=TOWN, raised_at=EIGHT + HOUR, tier="town")
    assert due(grid, town, rows=rows) == []
    assert due(grid, town | {"grid_code": GRID[:-1] + "2"}, rows=rows) == [("b", "merged")]


def test_a_chain_of_repeats_ends_in_its_oldest() -> None:
    three = [standing(id_, raised_at=EIGHT - days * DAY) for id_, days in (("c", 0), ("b", 1), ("a", 2))]
    moves = decide(scene(*three))
    assert {(one.warning_id, one.into_id) for one in moves} == {("b", "a"), ("c", "a")}


def test_a_town_says_it_for_its_grids_until_it_has_ended() -> None:
    town, grid = standing("t", grid_code=TOWN, raised_at=EIGHT + HOUR), standing("g")
    (muted,) = decide(scene(town, grid))
    assert (muted.warning_id, muted.to_state, muted.into_id) == ("g", "muted", "t")
    for parent in (
        standing("t", grid_code=COMMUNITY), standing("t", grid_code="330499002"), standing("t", grid_code=TOWN, category="fraud"),
        standing("t", grid_code=TOWN, state="evaluated"),
    ):  # fmt: skip
        assert due(parent, grid) == []
    asleep = grid | {"state": "muted", "moved_by": "时钟"}
    assert due(town, asleep) == [] and due(town | {"state": "evaluated"}, asleep) == [("g", "new")]
    assert due(asleep | {"moved_by": "王指挥"}) == [], "what a person muted stays so"


def test_a_silence_mutes_and_ends_by_itself() -> None:
    mine = Silence("s", "incident_surge", None, "王指挥", "大型活动", EIGHT - HOUR, EIGHT + HOUR)
    (muted,) = decide(scene(standing(), silences=[mine]))
    assert muted.to_state == "muted" and "王指挥" in muted.why and "大型活动" in muted.why
    asleep = standing(state="muted", moved_by="时钟")
    assert due(asleep, silences=[mine]) == [] and due(asleep, silences=[mine], now=EIGHT + HOUR) == [("a", "new")]
    area = Silence("s", None, TOWN, "王指挥", "断网", EIGHT - HOUR, EIGHT + HOUR)
    assert due(standing(), silences=[area]) == [("a", "muted")]
    assert due(standing(grid_code="330499002001001"), silences=[area]) == []
    assert due(standing(lane="safety"), silences=[area]) == [], "an area's silence is not one of its hazards"
    assert due(sent(), silences=[area], now=EIGHT) == [], "what was sent out stays with its desk"


def test_an_ended_matter_found_again_within_thirty_days_is_reopened_once() -> None:
    ended = EIGHT - 10 * DAY
    one = standing(state="evaluated", since=ended, raised_at=EIGHT - 20 * DAY)
    yesterday = {"newest": {"a": TODAY - DAY}}
    assert due(one, **yesterday) == [("a", "reopened")]
    assert due(one, newest={"a": ended.date()}) == [], "found again, but nothing in it is new"
    assert due(one | {"since": EIGHT - 31 * DAY}, **yesterday) == []
    assert due(one | {"seen_on": ended.date()}, **yesterday) == []


def test_a_new_warning_of_an_ended_matter_reopens_it_and_merges_into_it() -> None:
    old = standing("a", state="resolved", since=EIGHT - 20 * DAY, raised_at=EIGHT - 25 * DAY, seen_on=TODAY - 21 * DAY)
    moves = decide(scene(old, standing("b")))
    assert [(one.warning_id, one.to_state, one.into_id) for one in moves] == [
        ("a", "reopened", None),
        ("b", "merged", "a"),
    ]


def test_its_desk_hears_again_when_the_level_rises_or_rows_come() -> None:
    now = {"level": "yellow", "evidence_rows": 9}
    assert worth_telling(None, now)
    assert not worth_telling(now, now) and not worth_telling({"level": "orange", "evidence_rows": 9}, now)
    assert worth_telling(now, now | {"level": "red"}) and worth_telling(now, now | {"evidence_rows": 10})


def test_a_second_sweep_at_the_same_moment_writes_nothing(home: Home) -> None:
    found(
        home, warning("older", raised_at=EIGHT - DAY), warning("again"), warning("quiet", seen_on=TODAY - 20 * DAY, category="fraud"),
        warning("late", category="fight"), warning("below", category="noise", status="below_line"),
    )  # fmt: skip
    evidence(home, {"older": [1, 2], "again": [1, 2]})
    move(home, Move("late", "dispatched", "王指挥", "派给网格", at=home.now() - 3 * HOUR))
    first = sweep(home)
    assert {(one.warning_id, one.to_state, one.tier) for one in first} == {
        ("again", "merged", None), ("quiet", "expired", None), ("late", "dispatched", "community"),
    }  # fmt: skip
    told, alerts = moves_of(home), recent(home)
    assert [one["kind"] for one in alerts] == ["warning_late"] and "late" in alerts[0]["says_zh"]
    assert sweep(home) == [] and moves_of(home) == told
    assert one_warning(home, "late")["tier"] == "community"
    assert {one["warning_id"]: one["status"] for one in warnings_now(home)}["below"] == "below_line"


def test_a_silence_has_an_owner_a_reason_and_an_end(home: Home) -> None:
    now = home.now()
    for wrong in (
        {"until": now - HOUR}, {"until": now + 100 * DAY}, {"by": ""}, {"why": " "},
    ):  # fmt: skip
        with pytest.raises(CannotSilence):
            silence(home, **({"what": GRID, "until": now + DAY, "by": "王指挥", "why": "断网"} | wrong))
    found(home, warning("ab12"))
    silence(home, GRID, now + DAY, "王指挥", "断网")
    assert [one.to_state for one in sweep(home, now + HOUR)] == ["muted"]
    assert [one.to_state for one in sweep(home, now + 2 * DAY)] == ["new"]

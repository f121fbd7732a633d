"""The pure parts of a replay: when a period was known, what a warning is about, and the intervals."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from jobs.backtest.events import BadEvents, Event, judge, read_events, verdicts_of
from jobs.backtest.known import Knowing, _spans, due_at, morning_after
from jobs.backtest.measure import a_day, median_of, outcomes, share
from jobs.home import ZONE
from jobs.warn.record import cut

GRID = "330499001001001"


def warning(**given: Any) -> dict[str, Any]:
    usual = {
        "warning_id": "w", "family": "incident_surge", "subject_key": f"{GRID}|theft", "grid_code": GRID, "category": "theft", "score": 2.0,
        "raised_on": date(2026, 6, 10), "seen_on": date(2026, 6, 12), "window_start": date(2026, 6, 3), "window_end": date(2026, 6, 9), "lane": "budget", "status": "new",
    }  # fmt: skip
    return usual | given


def surge(**given: Any) -> Event:
    return Event(
        **{
            "number": "1",
            "family": "incident_surge",
            "start": date(2026, 6, 5),
            "end": date(2026, 6, 8),
            "areas": (GRID,),
            "category": "theft",
        }
        | given
    )


@pytest.mark.parametrize(
    ("feed", "period", "known"),
    [
        ("police_incident", "20260610", "2026-06-11"),  # at 2 o'clock of the next day
        ("death", "202605", "2026-05-26"),
        ("custody", "202605", "2026-06-05"),  # a lag of ten days
        ("repair", "20260607", "2026-06-08"),  # on Monday, of Sunday
        ("grid", "20260301", "2026-03-02"),  # outside the calendar: after its day
        ("police_incident", "202604", "2026-04-01"),  # loaded at once: row by row from its first day
    ],
)
def test_a_period_is_known_when_it_was_due(contracts, feed: str, period: str, known: str) -> None:
    at = due_at(contracts[feed], period)
    assert at and morning_after(at) == date.fromisoformat(known)


@pytest.mark.parametrize(
    ("hour", "minute", "known"), [(0, 0, 20), (5, 59, 20), (6, 0, 20), (6, 1, 21), (14, 30, 21), (23, 59, 21)]
)
def test_what_comes_after_six_is_not_known_that_morning(hour: int, minute: int, known: int) -> None:
    assert morning_after(datetime(2026, 6, 20, hour, minute, tzinfo=ZONE)) == date(2026, 6, known)


@pytest.mark.parametrize(("by", "first"), [("schedule", date(2026, 6, 11)), ("arrival", date(2026, 6, 20))])
def test_a_correction_is_known_when_it_came(contracts, by: Knowing, first: date) -> None:
    rows = [
        {"feed": "police_incident", "delivery_id": f"d{n}", "period": "20260610", "attempt": n, "received_at": datetime(2026, 6, day, 5, tzinfo=ZONE)}
        for n, day in ((1, 20), (2, 25))
    ]  # fmt: skip
    one, other = _spans(contracts["police_incident"], rows, by)
    assert (one.since, one.until, other.since, other.until) == (first, date(2026, 6, 25), date(2026, 6, 25), date.max)


@pytest.mark.parametrize(
    ("event", "about"),
    [
        (surge(), True),
        (surge(areas=("330499001",)), True),  # a town's event, told of a grid in it
        (surge(category="fraud"), False),
        (surge(areas=("330499001001002",)), False),
        (surge(start=date(2026, 6, 10), end=date(2026, 6, 12)), False),
        (surge(person_id="p", equipment_no=f"{GRID} theft"), True),  # an old person's door
        (surge(name=f"{GRID} theft"), True),
        (surge(name="城市管理局 梧桐街道 城管案件"), False),
        (surge(areas=(), category="", keys=("JQ1", f"{GRID}|theft")), True),  # a matter, named by one of its rows
        (surge(unit="水务集团"), False),
        (surge(person_id="p"), False),  # a person is matched by the person alone
    ],
)
def test_what_a_warning_is_about(event: Event, about: bool) -> None:
    assert event.is_about(warning()) is about


def test_a_town_tells_of_the_grids_in_it_and_the_city_of_none() -> None:
    assert surge().is_about(warning(grid_code="330499001"))
    assert not surge().is_about(warning(grid_code="330499"))


def test_found_in_time_only() -> None:
    days = [date(2026, 6, 1) + timedelta(days=n) for n in range(30)]
    early, right, late = (warning(raised_on=day) for day in (date(2026, 6, 4), date(2026, 6, 15), date(2026, 6, 16)))
    (one,) = outcomes([surge(), surge(start=date(2026, 7, 1), end=date(2026, 7, 3))], [late, right, early], days)
    assert one.warnings == [right] and one.delay == 10


def test_another_family_s_event_is_neither_true_nor_false() -> None:
    other = surge(family="incident_cluster")
    elsewhere = surge(areas=("330499009",))
    assert judge(warning(), [surge()]) == "true"
    assert judge(warning(), [elsewhere, other]) == "other"
    assert judge(warning(), [elsewhere]) == "false"
    assert judge(warning(), []) == "unknown"
    standing = surge(start=date(2026, 6, 13), end=date(2026, 7, 13), known_on=date(2026, 6, 12))
    assert outcomes([standing], [warning(window_end=date(2026, 6, 13))], [date(2026, 6, 13)])[0].warnings, (
        "raised before, and still there"
    )
    of_the_last_day = surge(areas=("330499002",), known_on=date(2026, 6, 13))
    assert judge(warning(), [of_the_last_day]) == "unknown", "it was last seen the day before"
    assert judge(warning(seen_on=date(2026, 6, 13)), [of_the_last_day]) == "false"


def test_departments_say_what_was_true() -> None:
    told = [warning(verdict="partly", raised_on=date(2026, 6, 20))]
    assert verdicts_of([warning()], told, timedelta(days=14)) == {"w": "true"}
    assert verdicts_of([warning()], told, timedelta(days=9)) == {"w": "unknown"}


def test_intervals() -> None:
    assert (share(8, 10).low, share(8, 10).high) == (pytest.approx(0.490, abs=1e-3), pytest.approx(0.943, abs=1e-3))
    assert share(0, 0).value is None
    assert (a_day(10, 1).low, a_day(10, 1).high) == (pytest.approx(4.795, abs=1e-3), pytest.approx(18.39, abs=1e-2))
    assert a_day(0, 10).high == pytest.approx(0.3689, abs=1e-4)
    assert (median_of([9, 1, 2, 3, 4, 5]).low, median_of([9, 1, 2, 3, 4, 5]).high) == (1, 9)
    assert median_of([1, 2, 3]).low is None
    ten = median_of(list(range(1, 11)))
    assert (ten.value, ten.low, ten.high) == (5.5, 2, 9)


def test_the_cut_is_the_budget_s() -> None:
    rows = cut([warning(score=float(n)) for n in range(4)] + [warning(lane="safety", score=0.1)], 2)
    assert [row["status"] for row in rows] == ["below_line", "below_line", "new", "new", "new"]


def test_events_that_cannot_be_read_are_named(tmp_path) -> None:
    file = tmp_path / "events.csv"
    file.write_text("family,window_start\n")
    with pytest.raises(BadEvents, match="window_end"):
        read_events(file, lambda resident: "?")
    file.write_text("family,window_start,window_end\na,2026-06-01,6.3\n")
    with pytest.raises(BadEvents, match="第 2 行"):
        read_events(file, lambda resident: "?")

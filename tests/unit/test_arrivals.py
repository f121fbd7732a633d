"""What an officer would say of a department's deliveries: in time, late, missing, short, sent back, sent twice."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from small_feed import feed_of

from jobs.home import ZONE
from jobs.operate.arrivals import Arrival, arrivals, has_come
from jobs.operate.health import promise
from schemas.contract import Contract

DAILY = feed_of({}, every="0 2 * * *", late_after="6h", period_due="yyyyMMdd - 1d")
MONTHLY = feed_of({}, every="0 4 6 * *", late_after="72h", period_due="yyyyMM - 10d")
UNNAMED = feed_of({}, every="0 4 * * 1", late_after="1d")


def at(day: int, hour: float = 2.5, month: int = 3) -> datetime:
    return datetime(2026, month, day, tzinfo=ZONE) + timedelta(hours=hour)


def came(
    period: str, received_at: datetime, status: str = "passed", rows: int = 100, attempt: int = 1
) -> dict[str, Any]:
    return {"period": period, "attempt": attempt, "status": status, "received_at": received_at, "read_rows": rows}


def told(contract: Contract, rows: list[dict[str, Any]], now: datetime) -> dict[str, Arrival]:
    return {arrival.period: arrival for arrival in arrivals(contract, rows, now)}


def states(contract: Contract, rows: list[dict[str, Any]], now: datetime) -> dict[str, str]:
    return {period: arrival.state for period, arrival in told(contract, rows, now).items()}


def test_a_day_that_came_in_time_a_late_one_and_one_that_never_came() -> None:
    rows = [came("20260301", at(2)), came("20260302", at(3, 11)), came("20260304", at(5))]
    assert states(DAILY, rows, at(5, 12)) == {
        "20260301": "on_time", "20260302": "late", "20260303": "missing", "20260304": "on_time",
    }  # fmt: skip
    assert told(DAILY, rows, at(5, 12))["20260302"].late_hours == 3.0


def test_within_its_grace_nothing_is_late_and_after_it_it_is_overdue_until_the_next_is_due() -> None:
    rows = [came("20260301", at(2))]
    assert states(DAILY, rows, at(3, 7)) == {"20260301": "on_time"}
    assert states(DAILY, rows, at(3, 9))["20260302"] == "overdue"
    assert states(DAILY, rows, at(4, 9))["20260302"] == "missing"


def test_a_period_that_was_sent_back_waits_for_its_correction_and_has_come_when_it_is_corrected() -> None:
    rows = [came("20260301", at(2)), came("20260302", at(3), "refused")]
    assert states(DAILY, rows, at(3, 12))["20260302"] == "refused"
    rows.append(came("20260302", at(3, 5), attempt=2))
    corrected = told(DAILY, rows, at(3, 12))["20260302"]
    assert (corrected.state, corrected.attempts) == ("on_time", 2)


def test_what_a_person_sent_back_is_waited_for_unless_the_attempt_before_it_stands() -> None:
    rows = [came("20260301", at(2)), came("20260302", at(3)), came("20260302", at(3), "rejected")]
    assert states(DAILY, rows, at(3, 12))["20260302"] == "refused"
    assert not has_come(DAILY, rows, at(3, 2))
    rows += [
        came("20260302", at(4), attempt=2),
        came("20260302", at(5), attempt=3),
        came("20260302", at(5), "rejected", attempt=3),
    ]
    assert states(DAILY, rows, at(5, 12))["20260302"] == "late"
    assert has_come(DAILY, rows, at(3, 2))


def test_a_correction_after_the_deadline_leaves_its_period_in_time_and_counts_as_another_attempt() -> None:
    rows = [came("20260301", at(2)), came("20260302", at(3), rows=90), came("20260302", at(20), rows=110, attempt=2)]
    corrected = told(DAILY, rows, at(20, 12))["20260302"]
    assert (corrected.state, corrected.attempts, corrected.read_rows) == ("on_time", 2, 110)


def test_a_short_day_is_called_short_only_where_the_contract_says_how_many_are_usual() -> None:
    rows = [came(f"202603{day:02d}", at(day + 1), rows=10 if day == 5 else 100) for day in range(1, 8)]
    assert states(DAILY, rows, at(8, 3))["20260305"] == "on_time"
    usual = DAILY.model_copy(
        update={
            "gate": DAILY.gate.model_validate(
                {"held": {"warn": "2%", "refuse": "5%"}, "volume": "50%..200% of 7-delivery median"}
            )
        }
    )
    assert states(usual, rows, at(8, 3))["20260305"] == "short"


def test_the_same_file_sent_twice_is_counted_and_changes_no_state() -> None:
    rows = [came("20260301", at(2)), came("20260301", at(2, 5), "repeated")]
    arrival = told(DAILY, rows, at(2, 12))["20260301"]
    assert (arrival.state, arrival.attempts, arrival.repeats) == ("on_time", 1, 1)


def test_a_backlog_delivered_on_the_first_day_is_not_late_and_a_hole_in_it_is_missing() -> None:
    rows = [came(period, at(20, 9, month=6)) for period in ("202601", "202602", "202604", "202605")]
    assert states(MONTHLY, rows, at(21, month=6)) == {
        "202601": "on_time", "202602": "on_time", "202603": "missing", "202604": "on_time", "202605": "on_time",
    }  # fmt: skip


def test_a_monthly_backlog_before_daily_files_promises_no_daily_files_of_its_own_time() -> None:
    rows = [came("202602", at(1, 1)), came("20260301", at(2)), came("20260302", at(3))]
    assert states(DAILY, rows, at(3, 12)) == {"20260301": "on_time", "20260302": "on_time"}


def test_a_feed_whose_files_name_no_period_promises_one_between_two_due_times() -> None:
    rows = [came("20260302", at(2, 5)), came("20260317", at(17, 5))]
    assert list(states(UNNAMED, rows, at(24, 12)).values()) == ["missing", "late", "overdue"]
    assert has_come(UNNAMED, rows, at(16, 4)) and not has_come(UNNAMED, rows, at(23, 4))


def test_a_feed_s_word_names_the_newest_periods_it_waits_for() -> None:
    rows = [came("20260301", at(2)), came("20260306", at(7))]
    words = promise(DAILY, arrivals(DAILY, rows, at(7, 12)))
    assert words[4:6] == ["missing", "20260305、20260304、20260303等4期"]
    assert promise(DAILY, [])[4] == "waiting"

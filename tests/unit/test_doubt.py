"""How far a family is to be believed by what became of its feeds."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from small_feed import feed_of

from jobs.home import ZONE
from jobs.warn.doubt import LATE, UNFINISHED, WARNED, Doubt, Trust, doubt_of
from schemas.warning_rule import load_rules

DAILY = feed_of({}, every="0 2 * * *", late_after="6h", period_due="yyyyMMdd - 1d")
RULES = {rule.family: rule for rule in load_rules()}


def at(day: int, hour: float = 2.5) -> datetime:
    return datetime(2026, 3, day, tzinfo=ZONE) + timedelta(hours=hour)


def came(day: int, status: str = "passed") -> dict[str, Any]:
    period = f"202603{day - 1:02d}"
    return {"period": period, "attempt": 1, "status": status, "received_at": at(day), "read_rows": 100}


@pytest.mark.parametrize(
    ("statuses", "left"),
    [
        (["passed", "passed"], None), (["warned", "passed"], None), (["passed", "warned"], WARNED), (["passed", "failed"], UNFINISHED),
        (["passed", "refused"], 0), (["passed", "rejected"], 0), (["refused", "released"], None), (["refused", "passed"], None),
    ],
)  # fmt: skip
def test_the_last_delivery_decides(statuses: list[str], left: float | None) -> None:
    doubt = doubt_of(DAILY, [came(day, status) for day, status in enumerate(statuses, 2)], at(3, 4))
    assert (doubt.left if doubt else None) == left


def test_a_day_late_lowers_and_two_days_mute_until_something_comes() -> None:
    told = [came(2)]
    assert doubt_of(DAILY, told, at(3, 4)) is None, "within its grace"
    late = doubt_of(DAILY, told, at(3, 12))
    assert late == Doubt(DAILY.feed, LATE, "20260302期逾期未到")
    stale = doubt_of(DAILY, told, at(4, 12))
    assert stale and stale.mutes and "2期" in stale.why
    assert doubt_of(DAILY, [*told, came(4)], at(4, 12)) is None, "a hole in the past is no doubt about today"


def test_a_feed_that_never_came_is_not_doubted() -> None:
    assert doubt_of(DAILY, [], at(4)) is None


def test_a_family_is_as_sure_as_its_worst_feed_and_says_why() -> None:
    trust = Trust(
        {"repair": Doubt("repair", WARNED, "最近一次送达有提示"), "death": Doubt("death", 0.0, "最近一次送达被退回")},
        {"repair": "报修", "death": "死亡登记"},
    )
    assert trust.confidence(["equipment_inspection", "repair"]) == (WARNED, "报修最近一次送达有提示")
    assert trust.confidence(["equipment_inspection"]) == (1.0, "")
    assert trust.muted(RULES["elevator_overdue"]) == ""
    assert trust.muted(RULES["paid_after_death"]) == "死亡登记最近一次送达被退回"


def test_what_rests_on_one_feed_of_several_is_judged_whatever_became_of_the_others() -> None:
    def mute(*feeds: str) -> Trust:
        return Trust({feed: Doubt(feed, 0.0, "最近一次送达被退回") for feed in feeds}, {})

    overdue, vitals = RULES["matter_overdue"], RULES["city_vital"]
    assert mute("hotline").muted(overdue) == mute("hotline").muted(vitals) == ""
    assert mute("hotline").mutes(["grid", "hotline"]) and not mute("hotline").mutes(["grid", "repair"])
    assert mute("hotline").partly(vitals) == "hotline最近一次送达被退回" and mute("death").partly(vitals) == ""
    assert mute("grid").partly(overdue) == "", "it is muted as a whole"
    assert "grid" in mute("grid").muted(overdue), "each of its warnings rests on the grids"
    every = mute(*overdue.apart)
    assert all(feed in every.muted(overdue) for feed in overdue.apart)
    assert not overdue.can_be_judged_on(["grid"]) and overdue.can_be_judged_on(["grid", "repair"])

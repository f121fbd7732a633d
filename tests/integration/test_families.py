"""Families by query on a handful of rows as the city's views hold them, each beside what it must not be told of."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from jobs.city.matters import register_matters
from jobs.city.views import SPARK_TYPES
from jobs.home import ZONE
from jobs.warn.candidate import Candidate
from jobs.warn.find import find
from schemas.contract import load_contracts
from schemas.warning_rule import load_rules

pytestmark = pytest.mark.spark

AS_OF = date(2026, 6, 29)
RULES = {rule.family: rule for rule in load_rules()}
CONTRACTS, _ = load_contracts()
Find = Callable[..., dict[str, Candidate]]


@pytest.fixture
def found(spark) -> Find:
    """found(family, feed=[row, ...], ...): the candidates by subject. A row holds the columns that matter, the others are null."""

    def told(family: str, **feeds: list[dict[str, Any]]) -> dict[str, Candidate]:
        for feed in RULES[family].feeds:
            kinds = {c: SPARK_TYPES.get(spec.type, "STRING") for c, spec in CONTRACTS[feed].columns.items()}
            kinds = {"delivery_id": "STRING", "row_no": "BIGINT", "person_id": "STRING", "period": "STRING"} | kinds
            rows = [{"delivery_id": feed, "row_no": n} | row for n, row in enumerate(feeds.get(feed, []), 1)]
            assert all(set(row) <= set(kinds) for row in rows)
            told = [tuple(row.get(column) for column in kinds) for row in rows]
            spark.createDataFrame(told, ", ".join(f"{c} {kind}" for c, kind in kinds.items())).createOrReplaceTempView(
                feed
            )
        return {one.subject_key: one for one in find(spark, RULES[family], AS_OF)}

    return told


def paid(person: str, kind: str, *months: int, amount: int = 768) -> list[dict[str, Any]]:
    return [
        {"person_id": person, "kind": kind, "pay_month": date(2026, month, 1), "amount": Decimal(amount)}
        for month in months
    ]


def registered(person: str, born: date, period: str = "20260601") -> dict[str, Any]:
    return {"person_id": person, "birth_date": born, "grid_code": "330499001001001", "period": period}


def day(ago: int) -> date:
    return AS_OF - timedelta(days=ago)


def at(ago: float) -> datetime:
    return datetime(2026, 6, 29, tzinfo=ZONE) - timedelta(days=ago)


def test_two_programmes_exclude_each_other_in_one_month(found: Find) -> None:
    told = found("benefit_exclusive", benefit_payment=[
        *paid("both", "destitute", 4, 5, 6), *paid("both", "subsistence", 5, 6),
        *paid("changed over", "subsistence", 4, 5), *paid("changed over", "destitute", 6),
        *paid("go together", "subsistence", 5, 6), *paid("go together", "disability", 5, 6),
        *paid("twice the same", "destitute", 6), *paid("twice the same", "destitute", 6),
    ])  # fmt: skip
    assert set(told) == {"both"}
    assert told["both"].observed == 2 and len(told["both"].evidence) == 4


def test_the_old_age_allowance_follows_the_age(found: Find) -> None:
    told = found(
        "benefit_tier_age",
        household_registration=[
            registered("79", date(1947, 3, 5)), registered("80 this month", date(1946, 6, 30)), registered("85", date(1941, 1, 1)),
            registered("90 this month", date(1936, 6, 30)), registered("another benefit", date(1990, 1, 1)),
        ],
        benefit_payment=[
            *paid("79", "old_age", 5, 6, amount=100), *paid("80 this month", "old_age", 6, amount=100),
            *paid("85", "old_age", 4, amount=100), *paid("85", "old_age", 5, amount=200), *paid("90 this month", "old_age", 6, amount=200),
            *paid("another benefit", "subsistence", 6), *paid("not on the register", "old_age", 6),
        ],
    )  # fmt: skip
    assert {who: one.observed for who, one in told.items()} == {"79": 2, "85": 1}


def test_subsistence_beside_an_income_above_the_limit(found: Find) -> None:
    def drawn(person: str, month: int, amount: int) -> dict[str, Any]:
        return {"person_id": person, "pay_month": date(2026, month, 1), "amount": Decimal(amount)}

    def enrolled(person: str, base: int, status: str = "active", since: date = date(2024, 1, 1)) -> dict[str, Any]:
        return {"person_id": person, "base": Decimal(base), "status": status, "enrolled_on": since}

    people = ["pension", "small pension", "pension before", "wage", "least wage", "job left", "hired since"]
    told = found(
        "benefit_over_limit",
        benefit_payment=[row for who in people for row in paid(who, "subsistence", 5, 6)] + paid("rich and old", "old_age", 6),
        pension_payment=[
            drawn("pension", 5, 3000), drawn("pension", 6, 3000), drawn("small pension", 6, 1500),
            drawn("pension before", 4, 3000), drawn("rich and old", 6, 9000),
        ],
        enrolment=[
            enrolled("wage", 9000), enrolled("wage", 9000), enrolled("least wage", 4462), enrolled("job left", 9000, "paused"),
            enrolled("hired since", 9000, since=date(2026, 6, 10)),
        ],
    )  # fmt: skip
    assert {who: one.observed for who, one in told.items()} == {"pension": 2, "wage": 2}


def test_the_dead_are_struck_off_within_a_month(found: Find) -> None:
    def died(person: str, told_on: date | None, on: date = date(2026, 2, 1)) -> dict[str, Any]:
        return {"person_id": person, "died_on": on, "registered_on": told_on}

    born = date(1940, 1, 1)
    told = found(
        "cremated_still_registered",
        household_registration=[registered(who, born) for who in ("forgotten", "no day told", "of late", "alive")]
        + [registered("unreadable period", born, "spring")],
        death=[
            died("forgotten", date(2026, 5, 2)), died("no day told", None), died("of late", date(2026, 5, 3)),
            died("struck off", date(2026, 2, 4)), died("unreadable period", date(2026, 2, 4)),
        ],
    )  # fmt: skip
    assert {who: one.bound for who, one in told.items()} == {"forgotten": 30, "no day told": 120}


def test_a_birthday_that_entitles_is_told_before_it(found: Find) -> None:
    told = found(
        "age_reached",
        household_registration=[
            registered("60", date(1966, 7, 10)), registered("80 today", date(1946, 6, 29)), registered("90", date(1936, 7, 28)),
            registered("80 yesterday", date(1946, 6, 28)), registered("60 later", date(1966, 7, 29)),
            registered("listed", date(1966, 7, 10)), registered("dead", date(1946, 7, 10)), registered("70", date(1956, 7, 10)),
        ],
        elder_registry=[{"person_id": "listed"}],
        death=[{"person_id": "dead"}],
    )  # fmt: skip
    assert {who: one.bound for who, one in told.items()} == {"60": 60, "80 today": 80, "90": 90}
    assert all(one.grid_code and one.rule.lane == "service" and "提醒" in one.rule.says.zh for one in told.values())
    assert found("age_reached", household_registration=[registered("60", date(1966, 7, 10))]) == {}, "no list has come"


def test_a_certificate_that_runs_out_is_told_in_time(found: Find) -> None:
    def holds(person: str, until: date | None, status: str | None = "valid") -> dict[str, Any]:
        return {"person_id": person, "expires_on": until, "status": status}

    told = found(
        "certificate_due",
        disability_certificate=[
            holds("due", day(-30)), holds("today", day(0), None), holds("later", day(-31)), holds("expired", day(1)), holds("endless", None),
            holds("renewed", day(-3)), holds("renewed", day(-3000)), holds("withdrawn", day(-3), "withdrawn"), holds("dead", day(-3)),
        ],
        death=[{"person_id": "dead"}],
        household_registration=[registered("due", date(1980, 1, 1))],
    )  # fmt: skip
    assert {who: (one.bound, one.grid_code) for who, one in told.items()} == {
        "due": (30, "330499001001001"),
        "today": (0, None),
    }


def test_who_is_entitled_and_on_no_list_is_told(found: Find) -> None:
    register = [
        registered("left out", date(1940, 1, 1)), registered("paid", date(1940, 1, 1)), registered("just eighty", date(1946, 5, 1)),
        registered("stopped", date(1940, 1, 1)), registered("dead", date(1940, 1, 1)), registered("79", date(1947, 1, 1)),
    ]  # fmt: skip
    payments = [*paid("paid", "old_age", 4), *paid("stopped", "old_age", 3), *paid("left out", "relief", 6)]
    told = found(
        "entitled_not_enrolled",
        household_registration=register,
        benefit_payment=payments,
        death=[{"person_id": "dead"}],
    )
    assert set(told) == {"left out", "stopped"}
    assert found("entitled_not_enrolled", household_registration=register) == {}, "no list has come: nobody is left out"


def piece(building: str, kind: str, due: date, n: int = 1) -> dict[str, Any]:
    return {
        "equipment_no": f"{kind}{n}",
        "kind": kind,
        "estate": "梅园",
        "building": building,
        "grid_code": "g1",
        "next_due_on": due,
    }


def fault(building: str, kind: str, ago: float) -> dict[str, Any]:
    return {"kind": kind, "estate": "梅园", "building": building, "grid_code": "g1", "reported_at": at(ago)}


def test_gas_and_fire_equipment_is_told_by_faults_of_its_own_kind(found: Find) -> None:
    told = found(
        "gas_fire_overdue",
        equipment_inspection=[
            piece("1幢", "gas", day(45)), piece("2幢", "fire", day(9)), piece("3幢", "fire", day(9)), piece("4幢", "gas", day(9)),
            piece("5幢", "gas", day(0)), piece("6幢", "elevator", day(9)), piece("7幢", "fire", day(9)),
        ],
        repair=[
            fault("1幢", "gas_fault", 3.5), fault("1幢", "gas_fault", 9), fault("1幢", "fire_equipment", 9),
            fault("2幢", "fire_equipment", 29), fault("2幢", "fire_equipment", 3),
            fault("3幢", "gas_fault", 3), fault("3幢", "gas_fault", 4),  # of another kind
            fault("4幢", "gas_fault", 3), fault("4幢", "gas_fault", 31),  # one of them long ago
            fault("5幢", "gas_fault", 3), fault("5幢", "gas_fault", 4),  # not due before tomorrow
            fault("6幢", "elevator_fault", 3), fault("6幢", "elevator_fault", 4),  # another family's
        ],
    )  # fmt: skip
    assert {where: (one.observed, one.bound) for where, one in told.items()} == {
        "梅园 1幢": (2, 45),
        "梅园 2幢": (2, 9),
    }
    assert told["梅园 1幢"].score == pytest.approx(2 * 1.5)
    assert len(told["梅园 1幢"].evidence) == 3


def test_a_hazard_past_its_day_is_told_where_danger_is_reported(found: Find) -> None:
    def hazard(name: str, grid: str, due: date, fixed: date | None = None, level: str = "general") -> dict[str, Any]:
        return {
            "organisation": name,
            "grid_code": grid,
            "due_on": due,
            "fixed_on": fixed,
            "level": level,
            "hazards": 2,
            "open_hazards": 1,
        }

    reports = [
        {"grid_code": grid, "kind": kind, "reported_at": at(n + 0.5)}
        for grid, kind in (("g1", "hazard"), ("g2", "care"))
        for n in range(5)
    ]
    told = found(
        "hazard_open",
        safety_inspection=[
            hazard("化工厂", "g1", day(10)), hazard("化工厂", "g1", day(3), level="major"), hazard("汽修厂", "g1", day(10), fixed=day(1)),
            hazard("食品厂", "g1", day(0)), hazard("玩具厂", "g1", day(2)), hazard("服装厂", "g2", day(10)), hazard("无隐患厂", "g1", day(9)) | {"hazards": 0, "open_hazards": 0},
        ],
        grid_report=reports,
        repair=[fault("1幢", "gas_fault", 4), fault("1幢", "water", 4), fault("1幢", "fire_equipment", 40)],
    )  # fmt: skip
    assert {who: (one.observed, one.bound, len(one.evidence)) for who, one in told.items()} == {
        "化工厂、玩具厂": (6, 10, 9)
    }
    assert told["化工厂、玩具厂"].score == pytest.approx(1.5), "a major hazard weighs half as much again"


@pytest.fixture
def overdue(found: Find, spark) -> Find:
    """As found, of the family matter_overdue: its view is made of the feeds' views."""

    def told(**feeds: list[dict[str, Any]]) -> dict[str, Candidate]:
        register = [{"grid_code": f"3304990010010{n:02d}", "town": "东湖街道"} for n in (1, 2)]
        found("matter_overdue", grid=register, **feeds)
        register_matters(spark, AS_OF)
        return {one.subject_key: one for one in find(spark, RULES["matter_overdue"], AS_OF)}

    for feed in RULES["matter_overdue"].feeds:
        spark.sql(f"DROP VIEW IF EXISTS {feed}")
    register_matters(spark, AS_OF)
    return told


def test_matters_past_their_deadline_are_gathered_by_desk_and_town(overdue: Find) -> None:
    def order(
        unit: str | None, called: float, due: float | None, status: str = "open", closed: float | None = None
    ) -> dict[str, Any]:
        return {
            "unit": unit,
            "called_at": at(called),
            "due_at": due and at(due),
            "status": status,
            "closed_at": closed and at(closed),
        }

    def report(
        tier: str, ago: float, status: str = "open", closed: float | None = None, grid: str = "330499001001001"
    ) -> dict[str, Any]:
        return {
            "tier": tier,
            "reported_at": at(ago),
            "status": status,
            "closed_at": closed and at(closed),
            "grid_code": grid,
        }

    told = overdue(
        hotline=[
            order("水务集团", 12, 5), order("水务集团", 9, None), order("水务集团", 9, None, "returned"),
            order("水务集团", 20, 13, "closed", 0.5),  # closed yesterday
            order("供电公司", 6.5, None), order("供电公司", 20, -0.5),  # not due before today ends
        ],
        urban_case=[
            {"reported_at": at(9), "due_at": at(6), "status": status, "grid_code": "330499001001002"} for status in ("handling", "void")
        ],
        grid_report=[
            report("grid", 4), report("grid", 20, "closed", 10), report("grid", 20, "confirmed", 10), report("grid", 20, "closed", 19),
            report("grid", 90, "closed", 40), report("community", 4), report("community", 6), report("county", 14),
        ],
        repair=[{"reported_at": at(8), "status": "open", "grid_code": "330499002001001"}, {"reported_at": at(6), "status": "open"}],
    )  # fmt: skip
    assert {subject: (one.observed, one.bound, one.unit_zh) for subject, one in told.items()} == {
        "水务集团 热线工单": (2, 5, "水务集团、12345热线中心"),
        "城市管理局 东湖街道 城管案件": (1, 6, "城市管理局、市级"),
        "网格员 东湖街道 网格事件": (2, 7, "网格员、社区"),
        "社区 东湖街道 网格事件": (1, 1, "社区、街镇"),
        "物业企业 报修投诉": (1, 1, "物业企业、街镇"),
    }
    assert told["城市管理局 东湖街道 城管案件"].grid_code == "330499001"

"""The city lives by its calendar: weekdays, 调休, Spring Festival, seasons; and people's lives agree between departments."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd
import pytest
from delivered_files import Built, built, feed

from demo.clock import Rhythm, days_between, emptiness, holidays, hours_around, is_off, is_term
from demo.plan import Plan
from schemas.contract import Contract

NEW_YEAR = date(2026, 2, 17)


@pytest.fixture(scope="module")
def winter(tmp_path_factory: pytest.TempPathFactory) -> Built:
    plan = Plan(residents=50_000, days=110, end=date(2026, 3, 31), quiet=True, noise=False)
    return built(tmp_path_factory.mktemp("winter"), plan, ["police_incident", "urban_case", "grid_report"])


def daily(rows: pd.DataFrame, column: str) -> pd.Series:
    counts = pd.to_datetime(rows[column], format="mixed").dt.date.value_counts()
    return counts.sort_index()


def mean(counts: pd.Series, wanted: list[date]) -> float:
    return float(counts.reindex(wanted).fillna(0).mean())


def test_the_city_empties_for_spring_festival(winter: Built, contracts: dict[str, Contract]) -> None:
    incidents = feed(winter, contracts, "police_incident")
    traffic = daily(incidents[incidents["category"].isin(["交通事故", "交通类"])], "reported_at")
    cases = daily(feed(winter, contracts, "urban_case").drop_duplicates("case_no"), "reported_at")
    reports = feed(winter, contracts, "grid_report").drop_duplicates("report_no")
    visits = daily(reports[reports["kind"].isin(["走访关爱", "走访帮扶"])], "reported_at")
    festival = days_between(NEW_YEAR, NEW_YEAR + timedelta(days=5))
    ordinary = [day for day in days_between(date(2026, 3, 6), date(2026, 3, 31)) if not is_off(day)]
    assert mean(traffic, festival) < 0.75 * mean(traffic, ordinary)
    assert mean(cases, festival) < 0.5 * mean(cases, ordinary)
    assert mean(visits, festival) > 1.3 * mean(visits, ordinary)


def test_a_worked_weekend_is_a_working_day(winter: Built, contracts: dict[str, Contract]) -> None:
    cases = daily(feed(winter, contracts, "urban_case").drop_duplicates("case_no"), "reported_at")
    days = days_between(date(2025, 12, 15), date(2026, 1, 31))
    working, off = [day for day in days if not is_off(day)], [day for day in days if is_off(day)]
    assert date(2026, 1, 4) in working and date(2026, 1, 4).weekday() == 6
    assert cases[date(2026, 1, 4)] > (mean(cases, working) + mean(cases, off)) / 2
    assert mean(cases, off) < 0.85 * mean(cases, working)


def test_the_calendar_of_four_years() -> None:
    per_year = {year: sum(not is_off(day) for day in days_between(date(year, 1, 1), date(year, 12, 31)))
                for year in (2023, 2024, 2025, 2026)}  # fmt: skip
    assert per_year == {2023: 249, 2024: 251, 2025: 248, 2026: 248}
    assert all(off == (day.weekday() < 5) for day, off in holidays().items() if not off)
    assert [emptiness(date(2025, 1, 29)), emptiness(date(2025, 1, 10)), emptiness(date(2024, 7, 1))] == [1.0, 0.0, 0.0]
    assert is_term(date(2026, 5, 11)) and not is_term(date(2026, 7, 20)) and not is_term(date(2026, 2, 10))


def test_a_season_swings_around_its_peak() -> None:
    warm = Rhythm(hours_around((12, 2, 1)), swing=0.2, peak=7)
    july, january = (warm.factors([date(2025, month, 15)])[0] for month in (7, 1))
    assert july == pytest.approx(1.2, abs=0.02) and january == pytest.approx(0.8, abs=0.02)


def test_nights_and_offices_have_their_hours(quiet_city: Built, contracts: dict[str, Contract]) -> None:
    incidents = feed(quiet_city, contracts, "police_incident")
    at = pd.to_datetime(incidents["reported_at"])
    noise = incidents["category"].isin(["噪音扰民", "噪声扰民"])
    assert at[noise].dt.hour.isin([20, 21, 22, 23, 0, 1]).mean() > 0.6
    fraud = incidents["category"].isin(["诈骗", "电信诈骗"])
    assert at[fraud].dt.hour.between(8, 18).mean() > 0.7


def test_parking_fills_at_night_where_people_live(quiet_city: Built, contracts: dict[str, Contract]) -> None:
    seen = feed(quiet_city, contracts, "parking_lot")
    share = seen["taken"].astype(int) / seen["spaces"].astype(int)
    hour = pd.to_datetime(seen["observed_at"]).dt.hour
    by_lot = pd.DataFrame({"lot": seen["lot_no"], "share": share})
    night, day = (by_lot[hour.isin(hours)].groupby("lot")["share"].mean() for hours in ((1, 2, 3), (13, 14, 15)))
    assert ((night > day).sum(), (night < day).sum()) == (8, 4)


def test_each_elder_has_a_habit_of_their_own(quiet_city: Built, contracts: dict[str, Contract]) -> None:
    doors = feed(quiet_city, contracts, "door_sensor")
    opened = doors[doors["event"].isin(["open", "1"])]
    days = pd.to_datetime(opened["occurred_at"]).dt.date
    counts = opened.groupby(["device_no", days]).size().unstack(fill_value=0)
    means = counts.mean(axis=1)
    assert len(means) == 8 and means.max() > 1.5 * means.min()
    assert (counts.var(axis=1) < 3 * means).all() and (counts > 0).to_numpy().mean() > 0.99


def test_who_moves_stands_in_the_next_register_at_the_new_place(
    quiet_city: Built, contracts: dict[str, Contract]
) -> None:
    moves = feed(quiet_city, contracts, "resident_move")
    registers = feed(quiet_city, contracts, "household_registration")
    home = feed(quiet_city, contracts, "dwelling").set_index("dwelling_no")["grid_code"]
    for first in ("20260401", "20260501", "20260601"):
        before = moves[moves["moved_on"].str.replace("-", "") <= first]
        now = registers[registers["file"] == f"hj_{first}.csv"].set_index("resident_id")["grid_code"]
        came, left = before[before["direction"] == "in"], before[before["direction"] == "out"]
        alive = came[came["resident_id"].isin(now.index)]
        assert len(came) > 30 and len(alive) > 0.97 * len(came)
        assert (now[alive["resident_id"]].to_numpy() == home[alive["dwelling_no"]].to_numpy()).all()
        gone = left[~left["resident_id"].isin(came["resident_id"])]
        assert len(gone) > 5 and not gone["resident_id"].isin(now.index).any()


def test_the_dead_leave_the_register_and_the_newborn_enter_it(
    quiet_city: Built, contracts: dict[str, Contract]
) -> None:
    registers, deaths = (feed(quiet_city, contracts, name) for name in ("household_registration", "death"))
    last = registers[registers["file"] == "hj_20260601.csv"]
    told = deaths[deaths["registered_on"] < "2026-06-01"]
    assert len(told) > 30 and not last["resident_id"].isin(told["resident_id"]).any()
    first = registers[registers["file"] == "hj_20260301.csv"]
    assert set(told.loc[told["registered_on"] >= "2026-03-01", "resident_id"]) <= set(first["resident_id"])
    born = last[last["birth_date"] >= "2026-03-01"]
    assert len(born) > 10 and not born["registration_no"].isin(first["registration_no"]).any()
    assert registers["file"].nunique() == 4


def test_couples_and_elders_are_people_of_the_register(quiet_city: Built, contracts: dict[str, Contract]) -> None:
    known = (
        feed(quiet_city, contracts, "household_registration").drop_duplicates("resident_id").set_index("resident_id")
    )
    marriages, elders = feed(quiet_city, contracts, "marriage"), feed(quiet_city, contracts, "elder_registry")
    for column, sex in (("resident_id", ("男", "1")), ("resident_id_two", ("女", "2"))):
        assert known.loc[marriages[column], "sex"].isin(sex).all()
    assert (known.loc[elders["resident_id"], "birth_date"] < "1966-07-29").all(), "some a little before they turn sixty"
    assert (known.loc[elders["resident_id"], "name"].to_numpy() == elders["name"].to_numpy()).all()
    assert set(elders["living"]) == {"独居", "空巢", "与子女同住", "机构养老"}


def test_benefits_keep_the_rules_where_nothing_is_planted(quiet_city: Built, contracts: dict[str, Contract]) -> None:
    benefits, custody, papers = (
        feed(quiet_city, contracts, name) for name in ("benefit_payment", "custody", "disability_certificate")
    )
    held = custody[custody["measure"] != "社区矫正"]
    assert len(held) > 10 and not benefits["resident_id"].isin(held["resident_id"]).any()
    assert benefits["resident_id"].isin(custody["resident_id"]).any(), "people on community correction are decoys"
    valid = papers.drop_duplicates("certificate_no", keep="last").set_index("resident_id")["expires_on"]
    paid = benefits[benefits["kind"].isin(["残疾人补贴", "两项补贴"])]
    until = valid[paid["resident_id"]]
    assert len(paid) > 300 and ((until == "") | (until.to_numpy() > paid["paid_on"].to_numpy())).all()
    assert (valid[valid != ""] < "2026-06-01").any(), "expired certificates without a benefit are decoys"

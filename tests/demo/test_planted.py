"""What the truth says was planted can be counted again from the delivered files."""

from __future__ import annotations

import re
import string
from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
from delivered_files import Built, feed

from demo.complaints import bank, neighbourhood
from demo.plan import Plan
from demo.streams.service import HOTLINE
from schemas.contract import Contract

STREAMS = {
    "incident": ("police_incident", "incident_no", "category", "reported_at"),
    "burglary": ("police_incident", "incident_no", "category", "reported_at"),
    "hotline": ("hotline", "order_no", "kind", "called_at"),
    "urban": ("urban_case", "case_no", "kind", "reported_at"),
}
FORMS = [form for some in bank().kinds.values() for one in some for form in (*one.calls, *one.again, *one.letters)]
Feed = Callable[[str], pd.DataFrame]


@pytest.fixture(scope="module")
def sent(city: Built, contracts: dict[str, Contract]) -> Feed:
    known: dict[str, pd.DataFrame] = {}

    def of(name: str) -> pd.DataFrame:
        if name not in known:
            known[name] = feed(city, contracts, name)
        return known[name]

    return of


@pytest.fixture(scope="module")
def events(city: Built) -> pd.DataFrame:
    events = city.truth["events"]
    return events.assign(
        window_start=pd.to_datetime(events["window_start"]), window_end=pd.to_datetime(events["window_end"])
    )


def test_every_family_is_planted(events: pd.DataFrame) -> None:
    by_the_books = [
        "age_reached",
        "certificate_due",
        "hazard_open",
        "matter_overdue",
        "repeat_matter",
    ]  # what happens of itself is told too
    counts = events["family"].value_counts()
    assert (counts[by_the_books] >= 5).all() and counts["matter_overdue"] < 40 and counts["repeat_matter"] < 80
    assert counts.drop(by_the_books).to_dict() == {
        "incident_surge": 16, "pension_while_employed": 10, "paid_after_death": 8, "elevator_overdue": 6,
        "hotline_surge": 4, "hotline_unit_late": 1, "city_vital": 2, "benefit_certificate_expired": 4, "benefit_in_custody": 3,
        "urban_case_surge": 2, "incident_cluster": 2, "hotline_cluster": 2, "burglary_near_repeat": 2, "elder_silent": 2, "elder_declining": 1,
        "device_failed": 1, "benefit_exclusive": 5, "benefit_tier_age": 7, "benefit_over_limit": 7,
        "cremated_still_registered": 10, "entitled_not_enrolled": 5, "gas_fire_overdue": 5}  # fmt: skip
    assert events["event_id"].is_unique
    surges = events[events["family"] == "incident_surge"]
    assert set(surges["shape"]) == {"step", "ramp", "spike", "drift"}
    assert (surges["current"] == "1").sum() == 8


def test_swells_are_in_their_stream(events: pd.DataFrame, sent: Feed, contracts: dict[str, Contract]) -> None:
    """Each planted row is delivered in its grid, kind and days; and they make the stream as much busier as told."""
    checked = 0
    for event in events[events["family"].str.contains("surge|cluster|near_repeat")].itertuples():
        name, key, kind, time = STREAMS[event.family.split("_")[0]]
        rows = sent(name).drop_duplicates(key, keep="last")
        words = contracts[name].columns[kind].words
        codes = event.grids.split("|") if event.grids else [event.grid_code]
        there = rows[rows["grid_code"].isin(codes) & (rows[kind].map(words) == event.category)]
        own = there[there[key].isin(event.keys.split("|"))]
        assert len(own) == int(event.size) >= 3, event
        day = pd.to_datetime(there[time], format="mixed", errors="coerce").dt.normalize()
        inside = day.between(event.window_start, event.window_end)
        assert inside[own.index].all()
        usual = (~inside).sum() / (120 - length(event))
        if event.shape in ("step", "spike", "cluster"):
            assert inside.sum() / length(event) > 1.2 * usual, event
        checked += len(own)
    assert checked > 100


def length(event: Any) -> int:
    return (event.window_end - event.window_start).days + 1


def test_most_of_the_city_stays_quiet(events: pd.DataFrame) -> None:
    surged = events[(events["family"] == "incident_surge") & (events["grids"] == "")]
    assert surged["grid_code"].is_unique and len(surged) <= 48 / 3


def test_near_repeats_lie_within_200_metres_and_a_week(events: pd.DataFrame, sent: Feed) -> None:
    for event in events[events["family"] == "burglary_near_repeat"].itertuples():
        own = sent("police_incident").set_index("incident_no").loc[event.keys.split("|")]
        metres = own[["lon", "lat"]].astype(float).to_numpy() * [95_700, 110_900]
        apart = np.linalg.norm(metres[:, None] - metres[None, :], axis=2)
        assert 0 < apart.max() <= 200
        at = pd.to_datetime(own["reported_at"])
        assert at.max() - at.min() <= pd.Timedelta(days=7)


def test_repeated_matters_are_of_one_place_in_other_words_each_time(events: pd.DataFrame, sent: Feed) -> None:
    orders, petitions = sent("hotline").drop_duplicates("order_no"), sent("petition")
    petitions = petitions.assign(petition_no=petitions["petition_no"].str.removesuffix(".0")).set_index("petition_no")
    orders, planted = (
        orders.set_index("order_no"),
        events[(events["family"] == "repeat_matter") & (events["shape"] != "by itself")],
    )
    assert len(planted) == 8 and (planted["current"] == "1").sum() == 6
    for event in planted.itertuples():
        keys = event.keys.split("|")
        calls, letters = (
            orders.loc[[key for key in keys if key.startswith("RX")]],
            petitions.loc[[key for key in keys if not key.startswith("RX")]],
        )
        assert len(keys) >= int(event.size) >= 3 and len(calls) >= 2
        words = [*(calls["subject"] + calls["content"]), *(letters["subject"] + letters["content"].str.strip())]
        assert len(set(words)) >= int(event.size) and all(event.estate in one for one in words)
        assert (
            calls["caller_no"].nunique() >= 4 if event.shape == "many" else calls["caller_no"].value_counts().max() >= 2
        )


def test_no_turn_of_phrase_tells_a_planted_call_from_the_others(events: pd.DataFrame, sent: Feed) -> None:
    """Each of the bank's forms that a planted call uses is used by others too, who speak of another thing."""
    orders = sent("hotline").drop_duplicates("order_no")
    planted = events[(events["family"] == "repeat_matter") & (events["shape"] != "by itself")]
    keys = set("|".join(planted["keys"]).split("|"))
    forms = {text: re.compile(re.sub(r"\\\{[a-z]+\\\}", ".+", re.escape(text))) for _, text in FORMS}
    used = {True: set(), False: set()}
    for key, content in zip(orders["order_no"], orders["content"], strict=True):
        used[key in keys] |= {text for text, form in forms.items() if form.fullmatch(content)}
    assert len(used[True]) > 15
    assert len(used[True] - used[False]) <= 0.15 * len(used[True]), (
        "no form is kept for the planted; a few of 594 nobody else happens to use"
    )


def test_a_thing_has_its_own_name_in_its_neighbourhood() -> None:
    around = neighbourhood(Plan(1, 20_000, 90, date(2026, 6, 28)), pd.DataFrame(
        {"estate": ["A", "A", "B", "C"], "building": ["1幢", "2幢", "1幢", "1幢"], "grid": [0, 0, 0, 1]}
    ))  # fmt: skip
    assert around.words["A"]["road"] == around.words["B"]["road"] and around.words["A"]["block"] == ["1幢", "2幢"]
    assert not set(around.words["A"]["shop"]) & set(around.words["B"]["shop"])
    name, calls, letters = around.told_again(np.random.default_rng(1), "noise", "A", 5, 2)
    assert {one.thing for one in [*calls, *letters]} == {calls[0].thing} and calls[0].thing.startswith(f"A|{name}|")
    with pytest.raises(ValueError, match="no words for"):
        around.told_again(np.random.default_rng(1), "noise", "A", 50, 0)


def slots_of(form: str) -> set[str]:
    return {field for _, field, _, _ in string.Formatter().parse(form) if field}


def test_every_text_of_the_bank_can_be_filled() -> None:
    assert set(bank().kinds) == set(HOTLINE.codes)
    for situation, form in [
        (one, form) for some in bank().kinds.values() for one in some for form in (*one.calls, *one.again, *one.letters)
    ]:
        assert "place" in slots_of(form[0]) | slots_of(form[1])
        assert slots_of(form[0]) | slots_of(form[1]) | set(situation.thing) <= {"place", *bank().vocab}
    assert len(set(FORMS)) == len(FORMS)


def test_the_silent_stop_opening_and_the_failed_stop_beating(events: pd.DataFrame, sent: Feed) -> None:
    doors, beats, elders = sent("door_sensor"), sent("device_heartbeat"), sent("elder_registry")
    for event in events[events["family"].isin(["elder_silent", "device_failed"])].itertuples():
        assert (elders.loc[elders["device_no"] == event.equipment_no, "resident_id"] == event.resident_id).all()
        door, beat = (own[own["device_no"] == event.equipment_no] for own in (doors, beats))
        opened = within(door["occurred_at"], event)
        assert len(door) > 100 and not opened.any()
        beating = within(beat["beat_at"], event).sum()
        assert beating == (0 if event.family == "device_failed" else 6 * length(event))


def test_all_other_devices_are_heard_every_day(events: pd.DataFrame, sent: Feed, city: Built) -> None:
    told = set(events["equipment_no"])
    doors = sent("door_sensor")
    at = pd.to_datetime(doors["occurred_at"], format="%Y-%m-%d %H:%M:%S", errors="coerce")
    sound = doors[~doors["device_no"].isin(told) & doors["device_no"].str.fullmatch(r"MC\d{8}")]
    days = at[sound.index].dt.date.groupby(sound["device_no"]).nunique()
    days = days[days > 5]
    assert len(days) == 4 and (days >= 54).all()


def within(moments: pd.Series, event: Any) -> pd.Series:
    return (
        pd.to_datetime(moments, format="%Y-%m-%d %H:%M:%S", errors="coerce")
        .dt.normalize()
        .between(event.window_start, event.window_end)
    )


def test_payments_contradict_the_other_department(events: pd.DataFrame, sent: Feed, city: Built) -> None:
    benefits, pensions, deaths = (sent(name) for name in ("benefit_payment", "pension_payment", "death"))
    paid = pd.concat([benefits[benefits["file"].str.len() == len("jz_202605.csv")], pensions])
    first = {
        "paid_after_death": deaths.set_index("resident_id")["died_on"].astype(str),
        "pension_while_employed": sent("employment").query("left_on == ''").set_index("resident_id")["hired_on"],
        "benefit_in_custody": sent("custody").query("ended_on == ''").set_index("resident_id")["began_on"],
        "benefit_certificate_expired": sent("disability_certificate")
        .drop_duplicates("certificate_no", keep="last").set_index("resident_id")["expires_on"],
    }  # fmt: skip
    checked = 0
    for event in events[events["family"].isin(list(first))].itertuples():
        since = pd.Timestamp(first[event.family].loc[[event.resident_id]].iloc[-1])
        own = paid[paid["resident_id"] == event.resident_id]
        if event.family != "paid_after_death":
            own = own[own["payment_no"].str.startswith("YL" if event.family == "pension_while_employed" else "JZ")]
        if event.family == "pension_while_employed":
            after = pd.to_datetime(own["paid_on"]) >= since
        else:
            month = own["pay_month"].str.replace("-", "")
            after = pd.to_datetime(month, format="%Y%m") > since
        assert after.sum() == int(event.size) >= 1, event
        assert pd.Timestamp(city.plan.end) - event.window_end <= pd.Timedelta(days=60)
        checked += 1
    assert checked == 25


def test_benefits_that_exclude_each_other_and_dead_on_the_register_are_those_told(
    events: pd.DataFrame, sent: Feed
) -> None:
    """By the delivered files alone: nobody else is on two programmes, under age, on the register long after death, or left out."""
    payments, register = sent("benefit_payment"), sent("household_registration")
    month = payments["pay_month"].str.replace("-", "")
    kinds = payments["kind"].replace({"最低生活保障": "低保", "特困人员供养": "特困供养", "尊老金": "高龄津贴"})
    both = kinds.groupby([payments["resident_id"], month]).agg(set).map({"低保", "特困供养"}.issubset)
    assert told(events, "benefit_exclusive") == set(both[both].index.get_level_values(0))
    old = payments[(kinds == "高龄津贴") & payments["resident_id"].str.fullmatch(r"\d{17}[\dX]")]
    born = pd.to_datetime(old["resident_id"].str[6:14], format="%Y%m%d", errors="coerce")
    paid = pd.to_datetime(month[old.index], format="%Y%m", errors="coerce")
    years = (paid.dt.year - born.dt.year) - (paid.dt.month < born.dt.month)
    amount = pd.to_numeric(old["amount"].str.replace(r"[,元]", "", regex=True), errors="coerce")
    above = (years < 80) | ((years < 90) & (amount > 150)) | ((years < 100) & (amount > 250))
    planted = told(events, "benefit_tier_age")
    assert (
        planted <= set(old.loc[above, "resident_id"])
        and above.sum() - old.loc[above, "resident_id"].isin(planted).sum() < 10
    )
    last = register[register["file"] == register["file"].max()]
    deaths = sent("death").drop_duplicates("resident_id").set_index("resident_id")["registered_on"]
    days = pd.Timestamp("2026-06-01") - pd.to_datetime(deaths, errors="coerce")
    kept = days[days.index.isin(last["resident_id"])]
    assert told(events, "cremated_still_registered") == set(kept[kept >= pd.Timedelta(days=30)].index)
    assert (kept < pd.Timedelta(days=30)).sum() >= 3, "some were told of a little before, who are none"
    drawn = set(old.loc[paid >= "2026-04-01", "resident_id"])
    assert not told(events, "entitled_not_enrolled") & drawn


def told(events: pd.DataFrame, family: str) -> set[str]:
    found = set(events.loc[events["family"] == family, "resident_id"])
    assert found
    return found


def test_a_quiet_city_keeps_every_deadline(quiet_city: Built, contracts: dict[str, Contract]) -> None:
    """No order, case or ticket is open past its day, and no hazard is."""
    checked = 0
    for name, key, due, days, closed in (("hotline", "order_no", "due_at", 0, "closed_at"), ("urban_case", "case_no", "due_at", 0, "closed_at"),
                                         ("repair", "ticket_no", "reported_at", 7, "closed_at"), ("safety_inspection", "inspection_no", "due_on", 0, "fixed_on")):  # fmt: skip
        rows = feed(quiet_city, contracts, name).drop_duplicates(key, keep="last")
        by = pd.to_datetime(rows[due], format="mixed", errors="coerce") + pd.Timedelta(days=days)
        open_late = (by < pd.Timestamp("2026-06-29")) & (rows[closed] == "")
        if "status" in rows:
            open_late &= ~rows["status"].isin(["退单", "作废"])
        assert not open_late.any(), (name, rows[open_late])
        checked += len(rows)
    assert checked > 4_000


# ---------------------------------------------------------------- made-up figures


@pytest.fixture(scope="module")
def made_up(city: Built) -> pd.DataFrame:
    return city.truth["fabrications"]


def test_every_kind_of_made_up_figure_is_planted_beside_honest_units(made_up: pd.DataFrame, sent: Feed) -> None:
    assert made_up[made_up["expect"] == "flag"]["kind"].value_counts().to_dict() == {
        "invented": 2, "copied": 2, "smoothed": 2, "at_deadline": 2}  # fmt: skip
    assert set(made_up.loc[made_up["expect"] == "quiet", "kind"]) == {"rounded", "rushed"}
    for name, unit in (("parking_lot", sent("parking_lot")["lot_no"]), ("grid_report", sent("grid_report")["grid_code"].str[:12]), ("hotline", sent("hotline")["unit"])):  # fmt: skip
        told = set(made_up.loc[made_up["feed"] == name, "unit"])
        assert told < set(unit) and len(told) < len(set(unit)) / 2, name


def test_typed_lots_like_0_and_5_and_copied_ones_say_again_what_was_said(made_up: pd.DataFrame, sent: Feed) -> None:
    rows = sent("parking_lot").drop_duplicates(["lot_no", "observed_at"])
    rows = rows[rows["taken"].str.fullmatch(r"\d+") & rows["lot_no"].str.fullmatch(r"TC\d{5}")]
    rows = rows.assign(at=pd.to_datetime(rows["observed_at"], errors="coerce"), taken=rows["taken"].astype(int))
    table = rows.pivot_table(index="at", columns="lot_no", values="taken")
    kinds = made_up[made_up["feed"] == "parking_lot"].set_index("unit")["kind"]
    for unit, kind in kinds.items():
        cars = table[unit].dropna()
        if kind == "invented":
            assert (cars.astype(int) % 5 == 0).mean() > 0.35
            continue
        source, days = ("", 14) if "本车场" in made_up.set_index("unit").loc[unit, "note"] else ("other", 7)
        other = unit if not source else made_up.set_index("unit").loc[unit, "note"].split()[1]
        before = table[other].copy()
        before.index = before.index + pd.Timedelta(days=days)
        last = cars[cars.index >= pd.Timestamp("2026-06-22")]
        assert (last == before.reindex(last.index)).mean() > 0.9
    honest = [unit for unit in table if unit not in kinds.index]
    assert all(
        abs((table[unit].dropna().astype(int) % 5 == 0).mean() - 0.2) < 0.1
        for unit in honest
        if table[unit].max() > 200
    )


def test_smoothed_counts_vary_less_than_honest_ones(made_up: pd.DataFrame, sent: Feed, city: Built) -> None:
    rows = sent("grid_report").drop_duplicates("report_no")
    at = pd.to_datetime(rows["reported_at"], format="%Y/%m/%d %H:%M", errors="coerce")
    day = (at.dt.normalize() - pd.Timestamp(city.plan.start)).dt.days
    counts = pd.crosstab(day, rows["grid_code"].str[:12]).reindex(range(city.plan.days), fill_value=0)
    dispersion = counts.var() / counts.mean()
    smoothed = made_up.loc[made_up["kind"] == "smoothed", "unit"]
    assert (dispersion[smoothed] < 0.7).all() and dispersion.drop(smoothed)[counts.sum() > 60].min() > 0.7


def test_two_units_close_a_minute_before_the_deadline(made_up: pd.DataFrame, sent: Feed) -> None:
    rows = sent("hotline").drop_duplicates("order_no", keep="last")
    due, closed = (pd.to_datetime(rows[name], errors="coerce", format="mixed") for name in ("due_at", "closed_at"))
    left = (due - closed).dt.total_seconds()
    last_minute = ((left > 0) & (left <= 60)).groupby(rows["unit"]).sum() / left.notna().groupby(rows["unit"]).sum()
    late = set(made_up.loc[made_up["kind"] == "at_deadline", "unit"])
    assert (last_minute[list(late)] > 0.7).all() and last_minute.drop(list(late)).max() < 0.05

"""The truth says exactly what was sent, and nothing else is wrong."""

from __future__ import annotations

from datetime import datetime

import pandas as pd
import pytest
from delivered_files import Built, contract_of, feed, frame_of, lines_of, table_of

from demo.corruption import DEMO_KINDS, HELD_SHARE
from demo.people import check_digit
from schemas.contract import Contract

HELD = ["held", "either"]


def test_each_noise_row_points_to_what_was_sent(city: Built, contracts: dict[str, Contract]) -> None:
    noise, checked = city.truth["noise"], 0
    for (feed_name, file), marks in noise.groupby(["feed", "file"]):
        contract = contracts[str(feed_name)]
        path = city.drop / contract.owner.folder / str(file)
        assert contract_of(path, contracts) is contract
        headers, rows = table_of(path, contract)
        column_at = {contract.column_of(header): at for at, header in enumerate(headers)}
        lines = [] if contract.delivery.format == "xlsx" else lines_of(path, contract)
        for mark in marks.itertuples():
            row = int(str(mark.row_no)) - 1
            if mark.column:
                told = rows[row][column_at[mark.column]]
                assert same_cell(told, str(mark.sent)), (file, mark)
            elif lines:
                assert lines[row] == mark.sent, (file, mark)
            checked += 1
    assert checked == len(noise) > 500


def same_cell(told: object, sent: str) -> bool:
    """A spreadsheet may keep a wrong number as a number and a wrong time as a time."""
    if isinstance(told, datetime):
        return told == pd.to_datetime(sent)
    return ("" if told is None else str(told)) == sent or (isinstance(told, float) and float(sent) == told)


def test_about_one_row_in_a_hundred_is_noise_in_every_feed(city: Built, contracts: dict[str, Contract]) -> None:
    noise = city.truth["noise"]
    noise = noise[~noise["file"].isin(expecting(city, "refuse"))]
    rows = sum(len(table_of(path, contract_of(path, contracts))[1]) for path in city.drop.rglob("*.*"))
    assert 0.010 < len(noise) / rows < 0.015
    assert set(noise["feed"]) == set(contracts)
    known = {kind.name for kind in DEMO_KINDS}
    assert known <= set(noise["kind"])
    assert set(noise["expect"]) <= {"repaired", "held", "either", "kept"}


def expecting(city: Built, expect: str) -> set[str]:
    deliveries = city.truth["deliveries"]
    return set(deliveries.loc[deliveries["expect"] == expect, "file"])


def test_no_good_delivery_holds_more_than_a_contract_allows(city: Built, contracts: dict[str, Contract]) -> None:
    noise, checked = city.truth["noise"], 0
    held = noise[noise["expect"].isin(HELD)]
    for (feed_name, file), marks in held.groupby(["feed", "file"]):
        contract = contracts[str(feed_name)]
        rows = len(table_of(city.drop / contract.owner.folder / str(file), contract)[1])
        share = marks["row_no"].nunique() / rows
        if file in expecting(city, "refuse"):
            assert share > 0.25
        else:
            assert share <= min(HELD_SHARE + 2 / rows, contract.gate.held.warn), (file, share)
        checked += 1
    assert checked > 20


def test_one_bad_delivery_out_of_reach_of_the_planted_warnings(city: Built) -> None:
    [bad] = expecting(city, "refuse")
    day = pd.Timestamp(bad[3:11])
    assert pd.Timestamp(city.plan.end) - day > pd.Timedelta(days=37)


def test_ids_are_valid_unless_planted(city: Built, contracts: dict[str, Contract]) -> None:
    noise, checked = city.truth["noise"], 0
    damaged = set(zip(noise["file"], noise["row_no"].astype(int), strict=True))
    [again] = expecting(city, "repeated")
    for name in ["household_registration", "benefit_payment", "death", "employment"]:
        contract = contracts[name]
        for path in sorted((city.drop / contract.owner.folder).glob(contract.delivery.files)):
            headers, rows = table_of(path, contract)
            at = [contract.column_of(header) for header in headers].index("resident_id")
            for number, row in enumerate(rows, 1):
                if path.name != again and (path.name, number) not in damaged:
                    text = str(row[at])
                    assert len(text) == 18 and check_digit(text[:17]) == text[17], (path.name, number)
                    checked += 1
    assert checked > 25_000


def test_noise_of_repaired_kinds_says_another_value_than_was_sent(city: Built) -> None:
    noise = city.truth["noise"]
    cells = noise[noise["column"] != ""]
    assert len(cells) > 400
    assert (cells["sent"] != cells["clean"]).all()


def test_planted_elevators_are_overdue_with_faults_and_decoys_are_not(
    city: Built, contracts: dict[str, Contract]
) -> None:
    found = overdue_with_faults(city, contracts)
    planted = city.truth["events"].query("family == 'elevator_overdue'")
    assert found == set(zip(planted["estate"], planted["building"], strict=True))


def overdue_with_faults(city: Built, contracts: dict[str, Contract]) -> set[tuple[str, str]]:
    """Estate and building by the rule itself: newest inspection past due, two faults or more in 30 days."""
    pieces = feed(city, contracts, "equipment_inspection").drop_duplicates("equipment_no", keep="last")
    pieces = pieces[
        (pieces["kind"] == "电梯")
        & (pd.to_datetime(pieces["next_due_on"], errors="coerce") < pd.Timestamp(city.plan.end))
    ]
    tickets = feed(city, contracts, "repair").drop_duplicates("ticket_no", keep="last")
    at = pd.to_datetime(tickets["reported_at"], format="%Y/%m/%d %H:%M", errors="coerce")
    recent = tickets[(tickets["kind"] == "电梯故障") & (at > pd.Timestamp(city.plan.end) - pd.Timedelta(days=29))]
    faults = recent.groupby(["estate", "building"]).size()
    return {(p.estate, p.building) for p in pieces.itertuples() if faults.get((p.estate, p.building), 0) >= 2}


def test_a_quiet_city_has_no_truth_and_keeps_every_rule(quiet_city: Built, contracts: dict[str, Contract]) -> None:
    for name in ("events", "conflicts", "noise", "deliveries"):
        assert quiet_city.truth[name].empty
    pensions, benefits = (feed(quiet_city, contracts, name) for name in ("pension_payment", "benefit_payment"))
    jobs = feed(quiet_city, contracts, "employment").drop_duplicates("record_no", keep="last")
    open_jobs = set(jobs.loc[jobs["left_on"] == "", "resident_id"])
    assert len(open_jobs) > 4_000
    assert not open_jobs & set(pensions["resident_id"])
    assert set(jobs["resident_id"]) & set(pensions["resident_id"]), (
        "closed last jobs of pensioners are wanted as decoys"
    )
    deaths = feed(quiet_city, contracts, "death").set_index("resident_id")["died_on"].str[:7]
    paid = pd.concat([pensions.assign(month=pensions["pay_month"].str[:4] + "-" + pensions["pay_month"].str[4:]),
                      benefits.assign(month=benefits["pay_month"])])  # fmt: skip
    dead = paid[paid["resident_id"].isin(deaths.index)]
    assert len(dead) > 20
    assert (dead["month"] <= dead["resident_id"].map(deaths)).all()
    assert overdue_with_faults(quiet_city, contracts) == set()


def test_odd_deliveries(city: Built, contracts: dict[str, Contract]) -> None:
    deliveries = city.truth["deliveries"].set_index("file")
    assert deliveries["expect"].value_counts().to_dict() == {
        "repeated": 1, "superseded": 1, "corrected": 1, "refuse": 1, "missing": 1}  # fmt: skip
    assert (deliveries["note"] != "").all()
    sent = {path.name: path for path in city.drop.rglob("*.*")}
    [missing], [again] = (expecting(city, expect) for expect in ("missing", "repeated"))
    assert missing not in sent and set(deliveries.index) - {missing} <= set(sent)
    assert sent[again].read_bytes() == sent[again.replace("_2.", ".")].read_bytes()
    [first], [second] = (expecting(city, expect) for expect in ("superseded", "corrected"))
    contract = contracts["disability_certificate"]
    assert contract.period_of(first, "") == contract.period_of(second, "")
    wrong, right = (frame_of(sent[name], contract).set_index("certificate_no")["grade"] for name in (first, second))
    wrong, right = (grades[~grades.index.duplicated()] for grades in (wrong, right))
    both = wrong.index.intersection(right.index)
    changed = (wrong[both].to_numpy() != right[both].to_numpy()).sum()
    assert 3 <= changed < len(both) * 0.1
    assert first not in set(city.truth["noise"]["file"]) and again not in set(city.truth["noise"]["file"])


def test_departments_disagree_about_twenty_people(city: Built) -> None:
    conflicts = city.truth["conflicts"]
    assert len(conflicts) == 20 and conflicts["resident_id"].is_unique
    for row in conflicts[conflicts["attribute"] == "name"].itertuples():
        assert len(row.value_a) == len(row.value_b)
        assert sum(a != b for a, b in zip(row.value_a, row.value_b, strict=True)) == 1
    assert set(conflicts["attribute"]) == {"name", "sex"}


@pytest.mark.parametrize("kind", DEMO_KINDS, ids=lambda kind: kind.name)
def test_every_kind_of_damage_happens_somewhere(kind, city: Built) -> None:
    assert (city.truth["noise"]["kind"] == kind.name).any()

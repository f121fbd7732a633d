"""Every warning family reads, names what exists, and can be said in two languages."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
import yaml

from jobs.warn.candidate import Candidate, say
from schemas.codes import load_code_list
from schemas.contract import Contract, ContractFault
from schemas.matters import ANY, Matter, load_matters
from schemas.vitals import load_vitals
from schemas.warning_rule import WARNINGS, Cluster, Doors, NearRepeat, Rates, Repeat, Surge, WarningRule, load_rules

RULES = load_rules()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.family)
def test_a_family_names_feeds_and_columns_that_exist(rule: WarningRule, contracts: dict[str, Contract]) -> None:
    assert set(rule.feeds) <= set(contracts)
    method = rule.method
    if isinstance(method, Surge | Cluster):
        columns = contracts[method.feed].columns
        assert {method.time, method.area, method.category} <= set(columns)
        assert set(load_code_list(method.codes).codes) == set(columns[method.category].words.values())
    if isinstance(method, NearRepeat):
        columns = contracts[method.feed].columns
        assert {method.time, method.area, method.category, "lon", "lat"} <= set(columns)
        assert set(method.only) <= set(load_code_list(method.codes).codes)
    if isinstance(method, Repeat):
        for telling in method.tellings:
            named = [
                getattr(telling, part)
                for part in ("time", "number", "subject", "text", "voice", "sort", "area", "unit", "ended")
            ]
            assert {name for name in named if name} <= set(contracts[telling.feed].columns)
        assert {method.places.name, method.places.area} <= set(contracts[method.places.feed].columns)
    if isinstance(method, Rates):
        assert {method.time, method.by} <= set(contracts[method.feed].columns)
    if isinstance(method, Doors):
        assert {method.time, method.device} <= set(contracts[method.feed].columns)
        assert {method.device, method.beat_time} <= set(contracts[method.heartbeats].columns)
        assert {"device_no", "grid_code", "registered_on"} <= set(contracts[method.homes].columns)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.family)
def test_a_family_is_said_in_two_languages(rule: WarningRule) -> None:
    category = next(iter(load_code_list(rule.codes).codes)) if rule.codes else None
    more = {"ratio": 3.0, "p": 0.001, "who": "", "cases": 40.0, "share": 0.2, "usual": 0.1, "days": 7}
    more |= {"name": "", "name_en": "", "side": "", "side_en": ""}
    more |= dict.fromkeys(
        ("spot", "sort", "sort_en", "channels", "channels_en", "climbed", "climbed_en", "listed", "listed_en"), ""
    )
    more |= {"recent": 5.0, "voices": 2.0, "reopened": 1.0}
    found = Candidate(rule, "x", None, category, date(2026, 6, 1), date(2026, 6, 7), 7.0, 2.0, 5.0, 2.0, more=more)
    zh, en = say(found), say(found, "en")
    assert set(re.findall(r"\d+", zh)) & {"7", "5"} and set(re.findall(r"\d+", en)) & {"7", "5"}
    assert any("\u4e00" <= sign <= "\u9fff" for sign in zh) and not any("\u4e00" <= sign <= "\u9fff" for sign in en)


@pytest.mark.parametrize("feed", load_matters())
def test_what_is_late_is_said_in_the_feed_s_own_columns_and_words(feed: str, contracts: dict[str, Contract]) -> None:
    matter, columns = load_matters()[feed], contracts[feed].columns
    told = {matter.number, matter.reported, matter.due, matter.tier, matter.desk, "kind", "grid_code", "closed_at"} - {
        None
    }
    assert told <= set(columns) and contracts[feed].key == [matter.number]
    assert {*matter.shut, matter.confirmed or matter.shut[0]} <= set(columns["status"].words.values())
    assert set(matter.days) == (set(columns[matter.tier].words.values()) if matter.tier else {ANY})


@pytest.mark.parametrize("name", load_vitals())
def test_a_vital_sign_names_a_day_and_a_figure_of_its_feed(name: str, contracts: dict[str, Contract]) -> None:
    vital = load_vitals()[name]
    columns = contracts[vital.feed].columns
    assert columns[vital.at].type in ("timestamp", "date")
    assert vital.sum is None or columns[vital.sum].type == "integer"
    assert vital.unit not in ("", None) and vital.title.zh != vital.title.en


def test_desks_and_deadlines_are_of_the_same_tiers() -> None:
    given = load_matters()["grid_report"].model_dump()
    with pytest.raises(ValueError, match="above: the same tiers"):
        Matter.model_validate(given | {"above": {"grid": "社区"}})
    with pytest.raises(ValueError, match="one of the two"):
        Matter.model_validate(given | {"desk": "worker_no"})
    with pytest.raises(ValueError, match="any, or by the tiers"):
        Matter.model_validate(given | {"tier": None})


def test_no_family_gives_red_and_none_stops_a_payment() -> None:
    assert RULES
    for rule in RULES:
        assert "red" not in rule.levels
        if rule.about_person:
            assert rule.lane in ("statutory", "service"), (
                "because a law asks for a check or an entitlement is due, never scored"
            )


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"surge": None}, "exactly one method"),
        ({"query": {"feeds": ["death"], "sql": "SELECT 1", "about": "place"}}, "exactly one method"),
        ({"levels": {"red": 9}}, "levels"),
        ({"levels": {"blue": 2, "yellow": 1}}, "higher score"),
        ({"colour": "blue"}, "colour"),
        ({"says": {"zh": "{0} 起", "en": "x"}}, "not a name"),
    ],
)
def test_a_fault_names_its_place(change: dict, says: str, tmp_path: Path) -> None:
    given = yaml.safe_load((WARNINGS / "incident_surge.yaml").read_text(encoding="utf-8")) | change
    (tmp_path / "x.yaml").write_text(yaml.safe_dump(given, allow_unicode=True, sort_keys=False), encoding="utf-8")
    with pytest.raises(ContractFault, match=says):
        load_rules(tmp_path)

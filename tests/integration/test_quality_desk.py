"""The quality desk over a lake: made-up figures are flagged for a person, by unit, once a day; honest ones beside them are not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import yaml
from typer.testing import CliRunner

from jobs import lake
from jobs.home import ZONE, Home
from jobs.ingest import ledger
from jobs.quality_desk.examine import examine
from jobs.quality_desk.words import CLOSING
from schemas.contract import Contract, load_contract

GIVEN: dict[str, Any] = {
    "feed": "meter",
    "title": {"zh": "抄表", "en": "Meters"},
    "owner": {"department": "水务集团", "folder": "water", "contact": "a@example.cn"},
    "delivery": {"files": "cb_*.csv", "kind": "events", "every": "0 2 * * *", "late_after": "6h"},
    "key": ["reading_no"],
    "columns": {
        "reading_no": {"from": ["编号"], "type": "string", "required": True},
        "reader": {"from": ["抄表员"], "type": "string", "privacy": "L2"},
        "station": {"from": ["站点"], "type": "string", "privacy": "L1"},
        "read_at": {"from": ["readTime", "抄表时间"], "type": "timestamp"},
        "litres": {"from": ["litres", "用水量"], "type": "integer"},
    },
    "gate": {"held": {"warn": "2%", "refuse": "50%"}},
    "integrity": {"by": "station", "at": "read_at", "figures": ["litres"]},
    "examples": [{"keep": {"编号": "1"}}],
}
TODAY = date(2026, 6, 29)


def contract(tmp_path: Path, **integrity: Any) -> Contract:
    path = tmp_path / "meter.yaml"
    given = GIVEN | {"integrity": GIVEN["integrity"] | integrity}
    path.write_text(yaml.safe_dump(given, allow_unicode=True), encoding="utf-8")
    return load_contract(path)


@pytest.fixture
def metered(home: Home) -> Home:
    """Four stations by the hour for four weeks: one copies its last ten days, one is in a delivery that was refused."""
    hours, rows = 28 * 24, []
    for station in range(4):
        dice = np.random.default_rng(station)
        litres = np.rint(500 + 200 * np.cos(np.arange(hours) % 24 / 24 * 6.28) + dice.normal(0, 30, hours))
        if station in (1, 3):
            litres[-240:] = litres[-240 - 336 : -336]
        begun = datetime(2026, 6, 1, tzinfo=ZONE)
        rows += [
            {"delivery_id": "bad" if station == 3 else "good", "row_no": len(rows) + n, "row_key": f"{station}-{n}",
             "reading_no": f"{station}-{n}", "reader": f"CBY{station}", "station": f"{station}号站",
             "read_at": begun + timedelta(hours=n), "litres": int(value)}
            for n, value in enumerate(litres)
        ]  # fmt: skip
    lake.append(home.table("silver", "meter"), pa.Table.from_pylist(rows))
    book = ledger.Ledger(home, "meter")
    now = datetime(2026, 6, 28, tzinfo=ZONE)
    book.add(ledger.Entry("c1", "good", "meter", "202606", 1, "f", "", 0, now, "passed", 3 * hours, 3 * hours))
    book.add(ledger.Entry("c2", "bad", "meter", "202607", 1, "f", "", 0, now, "refused", hours, 0, 0, 0, hours))
    return home


Rows = Callable[[str, str], list[dict[str, Any]]]


def test_a_copied_figure_is_flagged_in_plain_words_and_punishes_nobody(
    metered: Home, tmp_path: Path, rows: Rows
) -> None:
    done = examine(metered, [contract(tmp_path)])
    [flag] = rows("ops", "integrity_flag")
    assert (flag["flagged_on"], flag["feed"], flag["department"], flag["unit"]) == (TODAY, "meter", "水务集团", "1号站")
    assert flag["figure"] == "litres" and flag["n"] == 28 * 24
    assert set(flag["tests"]) == {"copied_blocks", "repeated_figures"}
    assert all(p < done.alpha for p in flag["p_values"]) and len(flag["effects"]) == 2
    assert (flag["period_from"], flag["period_to"]) == (date(2026, 6, 1), date(2026, 6, 28))
    assert "用水量" in flag["says_zh"] and flag["says_zh"].endswith(CLOSING) and "不作处罚依据" in CLOSING
    assert done.figures == 3 and done.expected_false < 0.001, "a refused delivery is not looked at"


def test_a_run_again_leaves_the_day_as_it_was_and_earlier_days_too(metered: Home, tmp_path: Path, rows: Rows) -> None:
    feed = contract(tmp_path)
    for day in (TODAY, TODAY, TODAY + timedelta(days=1)):
        examine(metered, [feed], day)
    assert sorted(flag["flagged_on"] for flag in rows("ops", "integrity_flag")) == [TODAY, TODAY + timedelta(days=1)]
    examine(metered, [feed], TODAY + timedelta(days=1), days=28)
    examine(metered, [feed], TODAY, days=3)
    assert [flag["flagged_on"] for flag in rows("ops", "integrity_flag")] == [TODAY + timedelta(days=1)], (
        "a flag that the day's last run does not raise is gone"
    )


def test_a_person_is_named_by_a_pseudonym(metered: Home, tmp_path: Path, rows: Rows) -> None:
    examine(metered, [contract(tmp_path, by="reader")])
    [flag] = rows("ops", "integrity_flag")
    assert flag["unit"] == metered.pseudonym("CBY1", 2026)
    assert "CBY" not in flag["says_zh"]


def test_the_command_prints_the_table(metered: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from jobs.cli import app

    contract(tmp_path)
    monkeypatch.setenv("CITYBRAIN_FEEDS", str(tmp_path))
    told = CliRunner().invoke(app, ["integrity", "--feed", "meter"])
    assert told.exit_code == 0, told.output
    assert "1号站" in told.output and "1 flagged of 3" in told.output
    wrong = CliRunner().invoke(app, ["integrity", "--feed", "death"])
    assert wrong.exit_code == 2 and "meter" in wrong.output


@pytest.mark.parametrize(
    ("integrity", "says"),
    [
        ({"by": "statoin"}, "there is no column 'statoin'"),
        ({"figures": ["station"]}, "is of type string; it takes integer"),
        ({"figures": []}, "name what is to be looked at"),
        ({"deadline": {"closed": "litres", "due": "7d"}}, "is of type integer; it takes date"),
    ],
)
def test_a_contract_that_asks_for_what_is_not_there_says_so(
    integrity: dict[str, Any], says: str, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=says):
        contract(tmp_path, **integrity)

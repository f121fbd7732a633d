"""A trial takes its damaged files in for real, and tells what was mended from what was missed and what was harmed."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from demo.corruption import CATALOGUE
from demo.trial.intake import Taken
from demo.trial.judge import Judged, judge
from demo.trial.run import hold_trial
from demo.trial.sources import Sent, city_sheets
from schemas.contract import FEEDS, load_contract

KINDS = ["chinese_date", "id_lower_x", "id_wrong_digit", "month_day_swapped", "blank_line", "duplicate_row"]


@pytest.fixture(scope="module")
def trial() -> Judged:
    """One sheet through the command line: a trial is four processes, whatever it tries."""
    kinds = [CATALOGUE[kind] for kind in KINDS]
    found, seconds = hold_trial(city_sheets(["disability_certificate"]), [101], kinds, 0.3, lambda step: None)
    assert seconds > 0
    return found


def test_one_sheet_through_the_command_line(trial: Judged) -> None:
    assert trial.clean_cells > 0 and not trial.damage
    assert trial.kinds["chinese_date"].recall == 1.0
    assert sum(tally.planted for kind, tally in trial.kinds.items() if kind in KINDS[:4]) >= 3


def test_a_clean_cell_that_changed_is_damage_and_a_wrong_repair_is_wrong() -> None:
    contract = load_contract(FEEDS / "petition.yaml")
    texts = {column: ["1", "2", "3"] for column in contract.columns} | {"likes": ["5", "5", "1,0"]}
    sent = pd.DataFrame(texts, index=pd.Index([1, 2, 3], name="row_no"))
    kept = sent.assign(likes=[5, 6, 10])
    nothing = pd.DataFrame({"row_no": [], "reasons": []})
    repairs = pd.DataFrame([(3, "likes", "number_form")], columns=["row_no", "column_name", "rule"])
    taken = Taken("f", "passed", 3, sent, kept, nothing, repairs)
    mark = {
        "noise_id": "N",
        "row_no": 3,
        "key": "3",
        "column": "likes",
        "kind": "comma_for_point",
        "sent": "1,0",
        "clean": "1.0",
        "expect": "either",
    }
    found = Judged()
    judge(found, contract, Sent("f", b"", [mark]), taken, replace(taken, repairs=repairs.iloc[:0]))
    assert found.damage == {"petition.likes": 1}
    assert found.kinds["comma_for_point"].counts == {"wrong": 1}


def test_a_row_whose_key_a_damaged_row_took_tells_nothing_of_its_own_error() -> None:
    contract = load_contract(FEEDS / "petition.yaml")
    sent = pd.DataFrame({column: ["1", "1"] for column in contract.columns}, index=pd.Index([1, 2], name="row_no"))
    held = pd.DataFrame({"row_no": [1, 2], "reasons": [["duplicate_key:"], ["duplicate_key:"]]})
    nothing = pd.DataFrame({"row_no": [], "column_name": [], "rule": []})
    taken = Taken("f", "passed", 2, sent, sent.iloc[:0], held, nothing)
    clean = replace(taken, held=held.iloc[:0])

    def mark(row_no: int, column: str, kind: str) -> dict:
        said = {"noise_id": f"N{row_no}", "sent": "1", "clean": "5", "key": "5", "expect": "repaired"}
        return said | {"row_no": row_no, "column": column, "kind": kind}

    found = Judged()
    sent_rows = [mark(1, "likes", "unit_behind"), mark(2, contract.key[0], "old_code")]
    judge(found, contract, Sent("f", b"", sent_rows), taken, clean)
    assert {kind: dict(tally.counts) for kind, tally in found.kinds.items()} == {"old_code": {"held_instead": 1}}


def test_blank_lines_of_a_csv_move_no_row(trial: Judged) -> None:
    assert trial.kinds["duplicate_row"].recall == 1.0 and not trial.false_holds

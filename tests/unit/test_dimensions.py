"""Every reason speaks of one dimension, every figure has its words and its line, and figures add up."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_feed import feed_of

from jobs.appraise.scorecard import PROMISE, figures
from jobs.appraise.tally import Tally
from quality import reasons
from quality.dimensions import OF_RULE, NoDimension, between_columns, dimension_of
from schemas.contract import ContractFault, load_contracts
from schemas.scorecard import load_scorecard

CONTRACT = feed_of(
    {
        "opened_on": {"from": ["受理日期"], "type": "date", "required": True},
        "closed_on": {"from": ["办结日期"], "type": "date"},
        "phone": {"from": ["电话"], "type": "mobile"},
    },
    rows=[
        {"closed_after_opened": {"must": "closed_on >= opened_on", "zh": "办结早于受理"}},
        {"not_in_the_future": {"must": "opened_on <= received_at::DATE", "zh": "受理日期在将来"}},
    ],
)
SETS = [
    ("missing:opened_on",),
    ("date:closed_on", "mobile:phone"),
    ("row:closed_after_opened",),
    ("duplicate_row:",),
    ("shape:",),
]


def tally(reasons: dict[tuple[str, ...], int], kept: int = 0, refused: int = 0, filled: int = 0) -> Tally:
    held = sum(reasons.values())
    admitted = not refused
    told = Tally(
        "d", "1", 1, admitted, date(2026, 6, 29), kept + held + refused, kept, 0, held, refused, Counter(reasons)
    )
    told.optional_filled = filled
    return told


def test_every_reason_that_a_row_can_be_held_for_has_a_dimension() -> None:
    named = set(reasons.HELD)
    assert len(named) > 15
    assert not named - set(OF_RULE), "name its dimension in quality/dimensions.py"


def test_every_row_rule_of_every_contract_has_a_dimension() -> None:
    contracts, _ = load_contracts()
    told = Counter(dimension_of(contract, f"row:{rule}") for contract in contracts.values() for rule in contract.rows)
    assert told["consistency"] > 15 and told["validity"] > 2 and set(told) == {"consistency", "validity"}


def test_a_rule_of_several_columns_is_about_how_they_agree_and_one_of_one_about_its_value() -> None:
    assert between_columns(CONTRACT) == ["closed_after_opened"]
    assert dimension_of(CONTRACT, "row:closed_after_opened") == "consistency"
    assert dimension_of(CONTRACT, "row:not_in_the_future") == "validity"
    assert dimension_of(CONTRACT, "row:gone_from_the_contract") == "validity"


def test_a_reason_without_dimension_is_named_with_the_way_out() -> None:
    with pytest.raises(NoDimension, match=r"reason 'odd' has no dimension; add it to quality/dimensions\.py"):
        dimension_of(CONTRACT, "odd:phone")


def test_a_row_counts_once_in_each_dimension_that_it_offends() -> None:
    wrong = {("missing:opened_on", "missing:item_no", "date:closed_on", "mobile:phone", "row:closed_after_opened"): 3}
    told = figures(CONTRACT, [tally(wrong, kept=7, filled=12)])
    assert told["completeness"] == (2 * 10 - 2 * 3, 20), "cells, so both missing ones count"
    assert told["validity"] == (7, 10), "rows, so two wrong cells of one row count once"
    assert told["consistency"] == (7, 10) and told["uniqueness"] == (10, 10)
    assert told["optional"] == (12, 20) and told["held"] == (3, 10)


def test_a_row_without_shape_has_no_cells_to_be_filled() -> None:
    told = figures(CONTRACT, [tally({("shape:",): 2}, kept=8)])
    assert told["completeness"] == (16, 16) and told["validity"] == (8, 10)


def test_a_refused_delivery_is_refused_and_judged_in_nothing_else() -> None:
    told = figures(CONTRACT, [tally({}, refused=9)])
    assert told["refused"] == (9, 9) and told["held"] == (0, 9)
    assert {name for name, share in told.items() if share == (0, 0)} == {
        "completeness", "validity", "uniqueness", "consistency", "marked", "mended", "optional",
    }  # fmt: skip


def test_consistency_of_a_feed_that_compares_nothing_is_not_judged() -> None:
    assert figures(feed_of({}), [tally({}, kept=5)])["consistency"] == (0, 0)


@given(
    st.lists(
        st.builds(
            lambda held, kept, refused: tally({}, refused=refused) if refused else tally(held, kept),
            st.dictionaries(st.sampled_from(SETS), st.integers(1, 9)), st.integers(0, 50), st.integers(0, 20),
        )
    )
)  # fmt: skip
def test_shares_are_shares_and_rows_add_up_whatever_came(told: list[Tally]) -> None:
    found = figures(CONTRACT, told)
    assert all(0 <= numerator <= denominator for numerator, denominator in found.values())
    read = sum(one.read for one in told)
    assert found["held"][1] == found["refused"][1] == found["repaired"][1] == read
    assert sum(one.kept for one in told) == read - found["held"][0] - found["refused"][0]


def test_every_figure_that_is_counted_is_named_and_the_other_way_round() -> None:
    assert {*figures(CONTRACT, []), PROMISE} == set(load_scorecard().figures)


@pytest.mark.parametrize(
    ("figure", "share", "band"),
    [("validity", 0.98, "good"), ("validity", 0.9799, "fair"), ("validity", 0.8999, "poor"), ("held", 0.02, "good"), ("held", 0.021, "fair"),
     ("held", 0.101, "poor"), ("repaired", 0.5, None), ("validity", None, None)],
)  # fmt: skip
def test_a_share_on_the_line_is_on_its_good_side(figure: str, share: float | None, band: str | None) -> None:
    assert load_scorecard().band(figure, share) == band


def test_the_lines_are_those_of_the_contracts_gates() -> None:
    contracts, _ = load_contracts()
    usual = Counter((contract.gate.held.warn, contract.gate.held.refuse) for contract in contracts.values())
    (warn, refuse), _ = usual.most_common(1)[0]
    lines = load_scorecard().lines
    assert (lines.good, lines.fair) == pytest.approx((1 - warn, 1 - refuse))


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [("lines:", "line:", "unknown key 'line'"), ("good: 98%", "good: much", "write a share such as 2%"), (", better: less", ", better: loss", "figures.held.better")],
)  # fmt: skip
def test_a_scorecard_that_cannot_be_read_says_where(old: str, new: str, sentence: str, tmp_path: Path) -> None:
    from schemas.scorecard import SCORECARD

    text = SCORECARD.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "scorecard.yaml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ContractFault, match=sentence):
        load_scorecard(path)

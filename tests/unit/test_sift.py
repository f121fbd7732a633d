"""No row is lost and none is silently changed, whatever text stands in whatever column."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from small_feed import RECEIVED, Row, feed_of, one_column, sifted

from jobs.lake import connect
from quality.reasons import say_held, say_repaired
from quality.sift import _received, _uneven, sift
from schemas.contract import Contract, load_contracts

CONTRACTS, _ = load_contracts()
DIGITS_OF_ALL_SCRIPTS = st.text(st.characters(categories=["Nd", "Nl", "No"]), max_size=20)
LONG_NUMBERS = st.integers(-(10**40), 10**40).map(str) | st.floats().map(str)
SQL_AND_MARKUP = st.sampled_from(
    ["'; DROP TABLE landed; --", '"', "\\", "%", "{}", "<b>", "=1+1", "\x00", "\u2028", "\U0001f600"]
)
NEARLY = st.text("0123456789-/.年月日:： ,，万元xXＸ+", min_size=1, max_size=22)
ANY_TEXT = st.none() | st.text(max_size=30) | DIGITS_OF_ALL_SCRIPTS | LONG_NUMBERS | SQL_AND_MARKUP | NEARLY


AROUND = (
    " \t\n\r\v\f\u00a0\u3000" + "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u00ad"
)  # taking these off is conforming, no repair


@pytest.mark.parametrize("feed", CONTRACTS)
@settings(deadline=None, max_examples=4)
@given(data=st.data())
def test_whatever_is_sent_is_kept_as_sent_or_mended_with_a_word_or_held_with_a_reason(
    feed: str, data: st.DataObject
) -> None:
    """Of text columns: what stands in silver is the sent text without the spaces and unseen signs around it, or a logged repair, or a code."""
    contract = CONTRACTS[feed]
    believable = example_of(contract)
    spoiled = st.fixed_dictionaries(dict.fromkeys(contract.columns, ANY_TEXT))
    touched = st.builds(
        lambda column, text: believable | {column: text}, st.sampled_from(list(contract.columns)), ANY_TEXT
    )
    texts = [
        c
        for c, spec in contract.columns.items()
        if spec.type in ("string", "free_text", "person_name", "mobile") and not spec.words
    ]
    sent = data.draw(st.lists(spoiled | touched, min_size=15, max_size=25))
    sent += [
        believable | {column: data.draw(ANY_TEXT), contract.key[0]: f"{believable[contract.key[0]][:-2]}{number:02d}"}
        for number, column in enumerate(texts * 3)
    ]  # fmt: skip
    counted, rows = sifted(contract, sent)
    assert counted.read == len(sent) == counted.kept + counted.held
    assert counted.kept == sum(row.kept for row in rows)
    assert any(row.kept for row in rows)
    for row, given_row in zip(rows, sent, strict=True):
        assert row.kept == (not row.reasons)
        assert all(chinese(say_held(contract, reason)) for reason in row.reasons)
        assert all(chinese(say_repaired(contract, rule, column)) for column, rule in row.repairs.items())
        for column in texts:
            asked = (given_row.get(column) or "").strip(AROUND) or None
            if row.kept and row.values[column] != asked:
                assert column in row.repairs


EVERY_TYPE = feed_of(
    {
        "word": {"from": ["词"], "type": "string", "map": {"甲": "a", "无": "none"}},
        "code": {"from": ["编码"], "type": "string", "pattern": r".{1,6}"},
        "plain": {"from": ["说明"], "type": "string"},
        "count": {"from": ["数"], "type": "integer", "range": [0, 100]},
        "size": {"from": ["量"], "type": "number"},
        "paid": {"from": ["金额"], "type": "money", "required": True},
        "day": {"from": ["日"], "type": "date", "formats": ["yyyy-MM-dd", "yyyy/M/d"]},
        "moment": {"from": ["时"], "type": "timestamp", "formats": ["yyyy-MM-dd HH:mm:ss"]},
        "agreed": {"from": ["是否"], "type": "boolean"},
        "resident": {"from": ["身份证号"], "type": "resident_id"},
        "mobile": {"from": ["手机"], "type": "mobile"},
        "name": {"from": ["姓名"], "type": "person_name"},
        "told": {"from": ["描述"], "type": "free_text"},
    },
    rows=[{"not_too_many": {"must": "count <= size", "zh": "数大于量"}}],
)
WRITTEN = st.sampled_from(
    ["甲", "无", "12", "1.50", "2026-01-05", "1900-01-01", "1986-07-01 08:00:00", "2026-01-05 08:30:00", "是", "11010519491231002X",
     "13712345678", "13800000000", "张三", "张 三", "N/A", "ab１", "infinity", "epoch", "99999", "-1"]
)  # fmt: skip
PADDED = st.builds(
    lambda pad, text, more: f"{pad}{text}{more}",
    *[st.sampled_from(["", "", " ", "\u3000", "\u00a0"]), WRITTEN, st.sampled_from(["", "", "\t"])],
)


@settings(deadline=None, max_examples=10)
@given(data=st.data())
def test_the_quick_look_says_of_a_row_what_the_close_look_says(data: st.DataObject) -> None:
    cells = st.fixed_dictionaries(dict.fromkeys(EVERY_TYPE.columns, st.none() | PADDED | ANY_TEXT))
    sent = data.draw(st.lists(cells, min_size=50, max_size=60))
    sent += [
        {"item_no": f"N{n}", "paid": "1", column: data.draw(PADDED)} for n, column in enumerate(EVERY_TYPE.columns)
    ]
    quick, close = _looked_at([*sent, {"item_no": "plain", "paid": "1"}])
    assert len(sent) in quick
    assert {row_no: close[row_no] for row_no in quick} == quick


def _looked_at(sent: list[dict[str, str | None]]) -> tuple[dict[int, Any], dict[int, Any]]:
    """Rows the quick look let through, and every row under the close look: values, reasons and repairs by row number."""
    with connect(reads_delta=False) as con:
        texts = {column: pa.array([row.get(column) for row in sent], pa.string()) for column in EVERY_TYPE.columns}
        nothing = pa.nulls(len(sent), pa.string())
        con.register("landed", pa.table({"row_no": range(len(sent)), "defect": nothing, **texts, "extra": nothing}))
        sift(con, EVERY_TYPE, RECEIVED)
        typed = ", ".join(f'"{column}"' for column in EVERY_TYPE.columns)
        quick = con.execute(f"SELECT row_no, {typed}, [], [] FROM typed WHERE even").fetchall()
        con.execute("UPDATE typed SET even = false")
        con.execute(_uneven(EVERY_TYPE, _received(RECEIVED, None)))
        close = con.execute(f"SELECT row_no, {typed}, reasons, repairs FROM uneven").fetchall()
        return {row[0]: row[1:] for row in quick}, {row[0]: row[1:] for row in close}


def example_of(contract: Contract) -> dict[str, str]:
    """The contract's own example of a row to keep, by column."""
    kept = next(example.keep for example in contract.examples if example.keep)
    return {contract.column_of(header) or "": text for header, text in kept.items()}


def chinese(sentence: str) -> bool:
    return any("\u4e00" <= letter <= "\u9fff" for letter in sentence) and "{" not in sentence


CASES = feed_of(
    {
        "opened": {"from": ["立案日期"], "type": "date", "required": True},
        "closed": {"from": ["结案日期"], "type": "date"},
        "amount": {"from": ["金额"], "type": "money", "range": [0, 1000]},
        "status": {"from": ["状态"], "type": "string", "map": {"待处理": "open", "已结案": "closed"}},
    },
    rows=[{"closed_after_opened": {"must": "closed >= opened", "zh": "结案日期早于立案日期"}}],
)


def case(item_no: str | None = "A1", **changed: str | None) -> dict[str, str | None]:
    return {"item_no": item_no, "opened": "2026-03-01", "status": "待处理", **changed}


def test_a_held_row_carries_every_reason_not_only_the_first() -> None:
    (row,) = sifted(CASES, [case("", opened="昨天", amount="9999", status="不知道")])[1]
    assert set(row.reasons) == {"missing:item_no", "date:opened", "range:amount", "code:status"}


def test_an_empty_optional_value_is_no_fault_and_breaks_no_rule_between_columns() -> None:
    (row,) = sifted(CASES, [case(closed="", amount=None)])[1]
    assert (row.kept, row.values["closed"], row.repairs) == (True, None, {})


def test_a_rule_between_columns_holds_with_the_words_of_its_contract() -> None:
    (row,) = sifted(CASES, [case(closed="2026-02-01")])[1]
    assert [say_held(CASES, reason) for reason in row.reasons] == ["结案日期早于立案日期"]


def test_a_rule_between_columns_judges_the_mended_value() -> None:
    early, late = sifted(CASES, [case("A1", closed="2026年2月1日"), case("A2", closed="2026年4月1日")])[1]
    assert (early.kept, late.kept) == (False, True)


def test_of_the_same_row_twice_the_first_is_kept() -> None:
    first, other, again = sifted(CASES, [case("A1"), case("A2"), case("A1")])[1]
    assert (first.kept, other.kept, again.reasons) == (True, True, ["duplicate_row:"])


def test_the_same_row_written_differently_is_still_the_same_row() -> None:
    first, again = sifted(CASES, [case("A1"), case("A1", opened="2026年3月1日")])[1]
    assert (first.kept, again.reasons) == (True, ["duplicate_row:"])


def test_two_rows_of_one_key_that_differ_are_both_held_for_nobody_knows_which_is_right() -> None:
    counted, rows = sifted(CASES, [case("A1", amount="1"), case("A1", amount="2"), case("A1", amount="2"), case("A2")])
    assert [row.reasons for row in rows] == [["duplicate_key:"], ["duplicate_key:"], ["duplicate_row:"], []]
    assert (counted.kept, counted.held) == (1, 3)


def test_a_value_and_no_value_are_two_different_contents_of_one_key() -> None:
    rows = sifted(CASES, [case("A1", amount="0"), case("A1", amount=None)])[1]
    assert [row.reasons for row in rows] == [["duplicate_key:"]] * 2


def test_a_row_held_for_another_reason_does_not_drag_its_healthy_twin_down() -> None:
    bad, good = sifted(CASES, [case("A1", opened="昨天"), case("A1")])[1]
    assert (bad.reasons, good.kept) == (["date:opened"], True)


def test_what_cannot_be_checked_between_columns_is_not_called_wrong() -> None:
    (row,) = sifted(CASES, [case(opened="昨天", closed="2026-01-01")])[1]
    assert row.reasons == ["date:opened"]


@pytest.mark.parametrize(
    "type_",
    [
        "string",
        "integer",
        "number",
        "money",
        "date",
        "timestamp",
        "boolean",
        "resident_id",
        "mobile",
        "person_name",
        "free_text",
    ],
)
@pytest.mark.parametrize("spec", [{}, {"required": True}, {"repair": False}, {"repair": False, "required": True}])
def test_every_reason_of_every_type_can_be_said_to_a_department(type_: str, spec: dict) -> None:
    contract = one_column(type_, **spec)
    texts = ["", "无", "张 三", "Ｘ１", "x", "1900-01-01", "999999999999999999999", "11010519491231002x", "\x01"]
    _, rows = sifted(contract, [{"item_no": str(i), "value": text} for i, text in enumerate(texts)])
    said = [say_held(contract, reason) for row in rows for reason in row.reasons]
    assert all(map(chinese, said))
    assert said or (type_ in ("string", "person_name", "free_text") and not spec)


NAMES_OF_OURS = [
    "row_no",
    "defect",
    "extra",
    "reasons",
    "repairs",
    "received_at",
    "t_item_no",
    "d_item_no",
    "p_item_no",
]


@pytest.mark.parametrize("name", NAMES_OF_OURS)
def test_a_column_named_like_one_of_ours_is_refused_in_the_contract_or_read_right(name: str) -> None:
    """A department's own 'extra' or 'defect' column must not change, lose or hold a value without a word."""
    try:
        contract = feed_of({name: {"from": ["列"], "type": "string"}})
    except ValidationError:
        return
    if name in ("row_no", "defect", "extra"):
        pytest.fail(f"a contract may call a column {name!r}, which is also a column of the landed table")
    (row,) = sifted(contract, [{"item_no": "A1", name: "东湖"}])[1]
    assert row == Row({"item_no": "A1", name: "东湖"}, True, [], {})


@pytest.mark.parametrize("pattern", [r"(?!0)\d{5}", r"(\d)\1{3}", r"(?<=A)\d+", r"\d++"])
def test_a_pattern_that_the_screening_cannot_run_is_refused_in_the_contract(pattern: str) -> None:
    """Else every delivery of the feed fails, long after the contract was reviewed."""
    with pytest.raises(ValidationError):
        one_column("string", pattern=pattern)


@settings(deadline=None, max_examples=6)
@given(st.lists(st.tuples(st.sampled_from("ABCDEFGHIJKL"), st.sampled_from(["1", "2"])), min_size=1, max_size=36))
def test_of_each_key_at_most_one_row_is_kept(pairs: list[tuple[str, str]]) -> None:
    _, rows = sifted(CASES, [case(key, amount=amount) for key, amount in pairs])
    kept = Counter(row.values["item_no"] for row in rows if row.kept)
    contents = {key: {amount for k, amount in pairs if k == key} for key, _ in pairs}
    assert kept == Counter({key: 1 for key, amounts in contents.items() if len(amounts) == 1})

"""What a batch says of its own odd cells: mended where witnesses or letters settle it, left alone where they do not."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.home import ZONE
from quality.evidence import dependencies
from quality.evidence.decide import Mended, decide
from quality.evidence.spelling import misspelt, nearest
from quality.evidence.witness import Cell, Witness
from quality.sift import repairs, sift
from schemas.contract import Contract

CONTRACT: dict[str, Any] = {
    "feed": "shop", "title": {"zh": "店铺", "en": "Shops"},
    "owner": {"department": "城管局", "folder": "chengguan", "contact": "a@example.cn"},
    "delivery": {"files": "*.csv", "kind": "events", "every": "0 2 * * *", "late_after": "6h"},
    "key": ["no"],
    "columns": {
        "no": {"from": ["编号"], "type": "string", "required": True},
        "street_code": {"from": ["街道编码"], "type": "string", "pattern": r"\d{3}"},
        "street": {"from": ["街道"], "type": "string", "spelling": True},
        "town": {"from": ["区"], "type": "string"},
        "fee": {"from": ["费用"], "type": "number", "unit": ["元", "元整"]},
    },
    "dependencies": [{"determinant": ["street_code"], "dependent": ["street", "town"], "policy": "mark"}],
    "run_together": [["street", "town"]],
    "gate": {"held": {"warn": "2%", "refuse": "50%"}}, "examples": [{"keep": {"编号": "1"}}],
}  # fmt: skip
STREETS = {"001": ("东湖路商业街", "南湖区"), "002": ("中山西路老街", "秀洲区"), "003": ("人民大道北段", "南湖区")}
Row = tuple[str | None, ...]


def shops(times: int = 12) -> list[Row]:
    """Clean rows: each street `times` times."""
    return [
        (f"{code}-{i}", code, street, town, "12.5") for code, (street, town) in STREETS.items() for i in range(times)
    ]


def screened(rows: list[Row], contract: Contract) -> dict[str, Any]:
    """What screening makes of the rows: kept and held by key, repairs and marks."""
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'Asia/Shanghai'")
        columns = list(contract.columns)
        con.execute(
            f"CREATE TABLE landed (row_no BIGINT, defect VARCHAR, {', '.join(f'{c} VARCHAR' for c in columns)}, extra VARCHAR)"
        )
        con.executemany(
            f"INSERT INTO landed VALUES (?, NULL, {', '.join('?' for _ in columns)}, NULL)",
            [[number, *row] for number, row in enumerate(rows, 1)],
        )
        con.execute("CREATE TABLE reference (column_name VARCHAR, value VARCHAR)")
        con.execute("INSERT INTO reference VALUES ('street_code', '001'), ('street_code', '002')")
        counts = sift(con, contract, datetime(2026, 6, 29, tzinfo=ZONE))
        assert counts.kept + counts.held == len(rows)
        log = repairs(contract)
        return {
            "kept": {
                row[1]: row
                for row in con.execute("SELECT row_no, * EXCLUDE (row_no, repairs, marks) FROM kept").fetchall()
            },
            "held": dict(con.execute("SELECT row_no, reasons FROM held").fetchall()),
            "marks": dict(con.execute("SELECT row_no, marks FROM kept WHERE len(marks) > 0").fetchall()),
            "repairs": {(row[0], row[1]): row[2:] for row in con.execute(log).fetchall()} if log else {},
        }


@pytest.fixture
def contract() -> Contract:
    return Contract.model_validate(CONTRACT)


def changed(**keys: Any) -> Contract:
    given_ = copy.deepcopy(CONTRACT)
    for key, value in keys.items():
        if key in given_["columns"]:
            given_["columns"][key] |= value
        else:
            given_[key] = value
    return Contract.model_validate(given_)


def test_a_clean_batch_is_left_as_it_is(contract: Contract) -> None:
    result = screened(shops(), contract)
    assert len(result["kept"]) == 36
    assert (result["held"], result["marks"], result["repairs"]) == ({}, {}, {})


@pytest.mark.parametrize(
    ("row", "column", "after", "rule"),
    [
        (("x", "001", "东湖路商业街", None, "1"), "town", "南湖区", "dominant"),
        (("x", "001", "东湖路商业街", "秀洲区", "1"), "town", "南湖区", "dominant"),
        (("x", "001", "东湖路商业衔", "南湖区", "1"), "street", "东湖路商业街", "dominant"),
        (("x", None, "东湖路商业衔", "南湖区", "1"), "street", "东湖路商业街", "spelling"),
        (("x", "001", "东湖路商业街 南湖区", None, "1"), "town", "南湖区", "run_together"),
        (("x", "001", "东湖路商业街", "南湖区", "1,200.50元整"), "fee", "1200.5", "unit"),
    ],
)
def test_one_odd_cell_is_mended_with_its_evidence(
    contract: Contract, row: Row, column: str, after: str, rule: str
) -> None:
    result = screened([*shops(), row], contract)
    assert result["repairs"][37, column][1:3] == (after, rule)
    assert (result["repairs"][37, column][3] is None) == (rule == "unit"), "what the batch says comes with its evidence"
    assert len(result["kept"]) == 37


def test_two_values_that_both_are_meant_are_nobody_s_mistake(contract: Contract) -> None:
    """Half of a street lies in the other district: no value dominates, and nothing is changed."""
    rows = [*shops(), *((f"y{i}", "001", "东湖路商业街", "秀洲区", "1") for i in range(11))]
    result = screened(rows, contract)
    assert result["repairs"] == {}
    assert len(result["kept"]) == len(rows)


@pytest.mark.parametrize(("policy", "where"), [("mark", "marks"), ("hold", "held")])
def test_what_no_witness_settles_follows_the_policy(policy: str, where: str) -> None:
    doubtful = changed(
        dependencies=[{"determinant": ["street_code"], "dependent": ["town"], "policy": policy, "repair": False}]
    )
    result = screened([*shops(), ("x", "001", "东湖路商业街", "秀洲区", "1")], doubtful)
    assert result[where] == {37: ["dependency:town"]}


@pytest.mark.parametrize(("policy", "where"), [("mark", "marks"), ("hold", "held")])
def test_a_code_that_the_other_feed_does_not_know(policy: str, where: str) -> None:
    referring = changed(street_code={"references": {"feed": "street", "column": "code", "policy": policy}})
    result = screened(shops(1), referring)
    assert result[where] == {3: ["reference:street_code"]}


def test_a_matter_entered_twice_is_marked_once() -> None:
    alike = changed(alike={"columns": ["street_code", "fee"]}, dependencies=[], run_together=[])
    rows: list[Row] = [
        ("a", "001", "东湖路商业街", "南湖区", "88"),
        ("b", "001", "东湖路商业街", "南湖区", "88"),
        ("c", "002", None, None, "88"),
    ]
    assert screened(rows, alike)["marks"] == {2: ["near_duplicate:"]}


def test_a_code_one_letter_away_from_a_word_of_the_list() -> None:
    coded = changed(street={"map": {"东湖路商业街": "dh", "中山西路老街": "zs"}}, dependencies=[], run_together=[])
    result = screened([("a", "001", "东湖路商业衔", "南湖区", "1"), ("b", "001", "东湖路", "南湖区", "1")], coded)
    assert result["repairs"][1, "street"][1:3] == ("dh", "spelling")
    assert result["held"] == {2: ["code:street"]}


def test_a_row_rule_is_asked_again_of_a_mended_row() -> None:
    ruled = changed(rows=[{"in_nanhu": {"must": "town = '南湖区' OR street_code <> '001'", "zh": "区不对"}}])
    result = screened([*shops(), ("x", "001", "东湖路商业街", "秀洲区", "1")], ruled)
    assert result["held"] == {}
    assert result["repairs"][37, "town"][1] == "南湖区"


cells = st.sampled_from(
    [
        None,
        "",
        "001",
        "002",
        "南湖区",
        "秀洲区",
        "东湖路商业街",
        "东湖路商业衔",
        "东湖路商业街 南湖区",
        "无",
        "1元",
        "x" * 40,
    ]
)


@settings(max_examples=10, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30).map(str), cells, cells, cells, cells), max_size=30))
def test_rows_are_conserved_whatever_the_batch_says(odd: list[Row]) -> None:
    screened([*shops(3), *odd], Contract.model_validate(CONTRACT))  # it counts them


# ------------------------------------------------------------ dependencies


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as con:
        yield con


def table(con: duckdb.DuckDBPyConnection, rows: list[tuple[str | None, ...]]) -> list[str]:
    columns = [f"c{i}" for i in range(len(rows[0]))]
    con.execute(f"CREATE OR REPLACE TABLE t ({', '.join(f'{c} VARCHAR' for c in columns)})")
    con.executemany(f"INSERT INTO t VALUES ({', '.join('?' for _ in columns)})", rows)
    return columns


def test_mu_plus_is_the_figure_of_its_definition(con: duckdb.DuckDBPyConnection) -> None:
    """Two groups of four, one of them broken once: pdep(X→A) = (4/8)·1 + (4/8)·(9+1)/16 = .8125, pdep(A) = (25 + 9)/64."""
    table(con, [("x", "a")] * 4 + [("y", "b")] * 3 + [("y", "a")])
    found = dependencies.measure(con, "t", ["c0"], "c1")
    assert found
    pdep, overall = 0.8125, 34 / 64
    assert found.mu_plus == pytest.approx(1 - (1 - pdep) / (1 - overall) * 7 / 6)
    assert (found.support, found.patterned, found.crowd) == (7 / 8, 0.0, 4.0)


def test_what_is_meant_twice_is_no_dependency_and_what_is_broken_at_random_is(con: duckdb.DuckDBPyConnection) -> None:
    truth = [(f"s{i % 20}", f"t{i % 20 % 7}") for i in range(400)]
    noisy = [(a, b) if i % 23 else (a, f"?{i}") for i, (a, b) in enumerate(truth)]
    split = [(a, b) if i % 7 else (a, f"other {a}") for i, (a, b) in enumerate(truth)]
    for rows, holds in ((truth, True), (noisy, True), (split, False)):
        found = dependencies.discover(con, "t", table(con, rows))
        assert any(d.determinant == ("c0",) and d.dependent == "c1" for d in found) is holds


def test_two_determinants_are_named_where_one_leaves_something_open(con: duckdb.DuckDBPyConnection) -> None:
    rows = [(f"m{i % 10}", f"p{i // 10 % 3}", f"m{i % 10}-p{i // 10 % 3}") for i in range(300)]
    found = [d for d in dependencies.discover(con, "t", table(con, rows)) if d.dependent == "c2"]
    assert [d.determinant for d in found] == [("c0", "c1")]


def test_chance_is_no_dependency(con: duckdb.DuckDBPyConnection) -> None:
    import random

    rng = random.Random(4)
    rows = [tuple(str(rng.randrange(n)) for n in (5, 8, 30, 200)) for _ in range(1_000)]
    assert dependencies.discover(con, "t", table(con, rows)) == []


# ------------------------------------------------------------ letters


def test_a_rare_word_next_to_a_frequent_one_is_it_misspelt(con: duckdb.DuckDBPyConnection) -> None:
    table(
        con,
        [("general hospital",)] * 40 + [("birmingham clinic",)] * 40 + [("generxl hospital",), ("birminghamxclinic",)],
    )
    found = misspelt(con, "t", "c0")
    assert {value: (spelling.meant, spelling.sure) for value, spelling in found.items()} == {
        "generxl hospital": ("general hospital", True),
        "birminghamxclinic": ("birmingham clinic", True),
    }


def test_digits_are_never_guessed_by_letters(con: duckdb.DuckDBPyConnection) -> None:
    table(con, [(f"{n} patients",) for n in range(10, 90)] * 2 + [("4x patients",), ("57 patxents",)])
    assert {value: spelling.meant for value, spelling in misspelt(con, "t", "c0").items() if spelling.sure} == {
        "57 patxents": "57 patients"
    }


def test_a_rare_value_among_many_rare_ones_is_meant(con: duckdb.DuckDBPyConnection) -> None:
    """Rare words that mostly lie far from any frequent one: the one that happens to lie near is no mistake either."""
    rare = ["portland", "cortland", "kyoto", "lima", "quito", "bergen", "tartu", "porto", "malmo"]
    table(con, [("portland",)] * 60 + [("seattle",)] * 60 + [(word,) for word in rare[1:]])
    assert not [spelling for spelling in misspelt(con, "t", "c0").values() if spelling.sure]


def test_a_word_between_two_of_the_list_is_neither() -> None:
    assert nearest({"机动车违停": 1, "非动车违停": 1}, {"机动车违停放": "a", "非机动车违停": "b"}).keys() == {
        "非动车违停"
    }
    assert nearest({"盗切": 1}, {"盗窃": "theft"}) == {}, "two letters are too few"


# ------------------------------------------------------------ decisions


def says(value: str, count: int, rows: int, agrees: int = 0) -> Witness:
    return Witness(("x",), value, count, agrees, rows)


@pytest.mark.parametrize(
    ("value", "odd", "witnesses", "outcome"),
    [
        ("b", False, [says("a", 9, 9)], "a"),
        ("b", False, [says("a", 2, 2)], "dependency"),
        ("b", True, [says("a", 2, 2)], "a"),
        ("b", True, [says("a", 1, 1)], None),
        (None, False, [says("a", 5, 9)], "a"),
        (None, False, [says("a", 2, 9)], None),
        ("b", False, [says("a", 5, 9, agrees=4)], "dependency"),
        ("b", False, [says("a", 4, 9, agrees=5)], None),
        ("b", False, [says("a", 9, 9), Witness(("y",), "b", 9, 9, 9)], None),
        ("b", False, [], None),
    ],
)
def test_witnesses_are_weighed(value: str | None, odd: bool, witnesses: list[Witness], outcome: str | None) -> None:
    verdict = decide(Cell(1, "c", value, odd, witnesses), None)
    assert (verdict.value if isinstance(verdict, Mended) else verdict) == outcome


@pytest.mark.parametrize(
    ("value", "witness", "outcome"),
    [
        ("商业用", says("住家用", 14, 14), "dependency"),
        ("商业用", says("住家用", 30, 30), "住家用"),
        ("Main Stret", says("Main Street", 3, 3), "Main Street"),
        (None, says("住家用", 5, 9), "住家用"),
    ],
)
def test_a_rule_nobody_vouched_for_overrules_another_word_only_against_many_rows(
    value: str | None, witness: Witness, outcome: str
) -> None:
    verdict = decide(Cell(1, "use", value, False, [witness]), None, vouched=False)
    assert (verdict.value if isinstance(verdict, Mended) else verdict) == outcome

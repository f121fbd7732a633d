"""What a sample tells of its columns: shapes, types, units, codes, keys; and what it does not tell."""

from __future__ import annotations

import re
from typing import Any

import duckdb
import pytest

from quality.discover.column import draft_column
from quality.discover.shapes import pattern_of
from quality.discover.table import draft_table


def drafted(counts: dict[str, int], header: str = "列", rows: int | None = None) -> dict[str, Any]:
    with duckdb.connect() as con:
        return draft_column(con, header, counts, rows or sum(counts.values())).keys


@pytest.mark.parametrize(
    ("values", "pattern"),
    [
        ([f"JQ{n:012d}" for n in range(100)], r"JQ\d{12}"),
        ([*(f"土地{n % 9}建物1" for n in range(300)), "土地20建物1"], r"土地\d{1,2}建物\d"),
        ([f"{n}%" for n in range(5, 100)] + ["空"] * 20, r"\d{1,2}%|空"),
        ([f"A-{n:03d}/{n % 3}" for n in range(100)], r"A\-\d{3}/\d"),
        (["al", "ak", "ca"] * 20, "[a-z]{2}"),
        (["东湖街道", "南桥街道", "西塘街道"] * 20, None),
        (["an open text", "of any length", "and shape"] * 20, None),
    ],
)
def test_a_shape_is_told_by_nearly_all_values(values: list[str], pattern: str | None) -> None:
    counts = {value: values.count(value) for value in set(values)}
    found = pattern_of(counts)
    assert found == pattern
    if found:
        assert all(re.fullmatch(found, value) for value in values)
        assert pattern_of(counts | {"?!": 1}) == pattern, "one broken value changes nothing"


@pytest.mark.parametrize(
    ("values", "keys"),
    [
        (["2026-01-05", "2026-02-11"], {"type": "date", "formats": ["yyyy-MM-dd"]}),
        (["2026/1/5", "2026/2/11"], {"type": "date", "formats": ["yyyy/M/d"]}),
        (["20260105", "20260211"], {"type": "date", "formats": ["yyyyMMdd"]}),
        (["0740918", "1081215"], {"type": "date", "formats": ["yyyMMdd"]}),
        (["2026/1/5 9:30", "2026/2/11 10:05"], {"type": "timestamp", "formats": ["yyyy/M/d H:mm"]}),
        (["13/25/2011", "12/25/2011"], {"type": "string"}),
        (["12/25/2011", "2/3/2011"], {"type": "date", "formats": ["M/d/yyyy"]}),
        (["1/5/2011", "2/3/2011"], {"type": "string"}),
        (["12", "345"], {"type": "integer"}),
        (["12.5", "345"], {"type": "number"}),
        (["12.0 oz", "12.5 oz."], {"type": "number", "unit": ["oz", "oz."]}),
        (["0.05", "0.04%"], {"type": "number", "unit": ["%"]}),
        (["2017", "2020"], {"type": "integer", "range": [2005, 2032]}),
        (["12 kg", "9 kg"], {"type": "string"}),
        (["5 kg", "5000 g"], {"type": "string"}),
        (["1,234", "2,345"], {"type": "string"}),
        (["0012", "0345"], {"type": "string"}),
        (["11010519491231002X", "440308199901101512"], {"type": "resident_id"}),
        (["13712345678", "15812345678"], {"type": "mobile"}),
    ],
)
def test_a_type_is_told_by_its_values(values: list[str], keys: dict[str, Any]) -> None:
    found = drafted(dict.fromkeys(values, 30))
    assert {key: found.get(key) for key in keys} == keys


def test_whom_a_column_tells_of_is_guessed_by_value_and_by_header() -> None:
    names = {f"{surname}{given}": 1 for surname in "王李张刘陈" for given in ("伟", "芳", "娜", "敏", "静", "丽")}
    assert drafted(names, "当事人")["type"] == "person_name"
    assert drafted({f"Name{n}": 1 for n in range(40)}, "姓名")["identifying"] is True
    assert drafted({f"东湖街道{n}号{n}幢{n}室": 1 for n in range(40)}, "所在")["privacy"] == "L3"


def test_few_words_become_a_code_list_but_not_a_misspelling() -> None:
    assert drafted({"盗窃": 300, "诈骗": 120, "纠纷": 80})["map"] == {"盗窃": "盗窃", "诈骗": "诈骗", "纠纷": "纠纷"}
    assert "map" not in drafted({"acute care": 900, "acuxe care": 8, "critical access": 60})


def test_words_for_nothing_are_no_values() -> None:
    found = drafted({"N/A": 500, "12": 300, "45": 200})
    assert (found["type"], found.get("required")) == ("integer", None)


def test_the_key_is_the_column_that_is_called_a_number() -> None:
    with duckdb.connect() as con:
        con.execute(
            "CREATE TABLE sent AS SELECT 'n' || i AS c0, (1000 + i)::VARCHAR AS c1, (i % 3)::VARCHAR AS c2 FROM range(60) t(i)"
        )
        found = draft_table(con, ["说明", "案件编号", "街道"])
        assert (found.key, found.unique, found.rows) == (["c1"], True, 60)
        con.execute(
            "CREATE OR REPLACE TABLE sent AS SELECT (i // 5)::VARCHAR AS c0, (i % 5)::VARCHAR AS c1 FROM range(60) t(i)"
        )
        assert draft_table(con, ["户", "人"]).key == ["c0", "c1"]

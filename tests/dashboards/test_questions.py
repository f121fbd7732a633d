"""A reader's question to a chart is the chart's own, with plain filters besides; no other part of it reaches the database."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from questions import HOSTILE, SQL

from dashboards.asked import CHOOSING, NOTHING_BUT_EMPTY, OPERATORS, NotTheCharts, check_question
from dashboards.bundle import Bundle, read_bundle, read_words

HERE = Path(__file__).resolve().parents[2] / "dashboards"
BUNDLE: Bundle = read_bundle(HERE / "assets", read_words(HERE / "words.yaml"), "zh")
CHARTS = sorted(BUNDLE.charts)


def ask(chart: str, query: dict[str, Any], declared: set[str], result: str = "full") -> None:
    kept = BUNDLE.charts[chart]
    check_question(kept["query_context"]["queries"], kept["params"], [query], declared, result)


def own(chart: str) -> dict[str, Any]:
    return deepcopy(BUNDLE.charts[chart]["query_context"]["queries"][0])


def declared(chart: str) -> set[str]:
    return {"department", "town", *(clause["col"] for clause in own(chart).get("filters", []))}


@pytest.mark.parametrize("chart", CHARTS)
def test_a_charts_own_question_is_answered_as_kept_and_as_a_browser_sends_it(chart: str) -> None:
    query = own(chart)
    ask(chart, query, declared(chart))
    sent = {
        **query, "filters": query.get("filters", []), "extras": {"having": "", "where": "", "time_grain_sqla": "P1D"}, "applied_time_extras": {},
        "annotation_layers": [], "series_limit": 0, "order_desc": True, "url_params": {"x": "1"}, "custom_params": {}, "custom_form_data": {},
        "time_offsets": [], "post_processing": [{"operation": "flatten"}, None],
    }  # fmt: skip
    ask(chart, sent, declared(chart))
    narrowed = {**sent, "filters": [*sent["filters"], {"col": "town", "op": "IN", "val": ["东湖街道"]}]}
    ask(chart, narrowed, declared(chart))


def test_a_time_axis_is_its_columns_bare_name() -> None:
    axis = {
        "columnType": "BASE_AXIS",
        "expressionType": "SQL",
        "label": "day",
        "sqlExpression": "day",
        "timeGrain": "P1D",
    }
    ask("trend", {**own("trend"), "columns": [axis]}, declared("trend"))
    for other in (
        {"sqlExpression": SQL},
        {"sqlExpression": "measure || day"},
        {"timeGrain": "x') OR 1=1 --"},
        {"columnType": None},
    ):
        with pytest.raises(NotTheCharts):
            ask("trend", {**own("trend"), "columns": [axis | other]}, declared("trend"))


@pytest.mark.parametrize("chart", CHARTS)
@pytest.mark.parametrize("what", HOSTILE)
def test_any_other_part_is_refused(chart: str, what: str) -> None:
    kept = own(chart).get("filters", [])
    given_parts = deepcopy(HOSTILE[what])
    if "filters" in given_parts:
        given_parts["filters"] += kept
    with pytest.raises(NotTheCharts):
        ask(chart, own(chart) | given_parts, declared(chart))


@pytest.mark.parametrize("result", ["samples", "drill_detail", "query", "columns", "timegrains", ""])
def test_a_charts_other_sides_are_refused(result: str) -> None:
    with pytest.raises(NotTheCharts):
        ask("warnings", own("warnings"), declared("warnings"), result)


@pytest.mark.parametrize("chart", [chart for chart in CHARTS if own(chart).get("filters")])
def test_a_charts_own_filters_cannot_be_left_out(chart: str) -> None:
    query = own(chart)
    for left in range(len(query["filters"])):
        fewer = {**query, "filters": [clause for n, clause in enumerate(query["filters"]) if n != left]}
        with pytest.raises(NotTheCharts):
            ask(chart, fewer, declared(chart))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.just(SQL),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["sqlExpression", "expressionType", "col", "column", "label", "where", "operation"]), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


def says(value: Any, said: str) -> bool:
    if isinstance(value, dict):
        return any(says(one, said) for one in value.values())
    return says_in_list(value, said) if isinstance(value, list) else value == said


def says_in_list(value: list[Any], said: str) -> bool:
    return any(says(one, said) for one in value)


@given(
    st.sampled_from(CHARTS),
    st.sampled_from(sorted((CHOOSING | NOTHING_BUT_EMPTY) - {"filters", "post_processing"})),
    JSON,
)
def test_no_expression_gets_through_in_any_shape(chart: str, part: str, value: Any) -> None:
    assume(says(value, SQL))
    try:
        ask(chart, own(chart) | {part: value}, declared(chart))
    except (NotTheCharts, TypeError, AttributeError):
        return
    raise AssertionError(f"{part}: {value}")


@given(JSON, JSON, JSON)
def test_a_filter_names_a_declared_column_or_is_refused(column: Any, operator: Any, value: Any) -> None:
    clause = {"col": column, "op": operator, "val": value}
    try:
        ask("departments", own("departments") | {"filters": [clause]}, {"department"})
    except (NotTheCharts, TypeError):
        return
    assert column == "department" and operator in OPERATORS


def test_a_query_names_no_dataset_of_its_own() -> None:
    with pytest.raises(NotTheCharts):
        ask("trend", own("trend") | {"datasource": {"id": 1, "type": "table"}}, declared("trend"))


def test_no_question_at_all_is_refused() -> None:
    with pytest.raises(NotTheCharts):
        check_question(BUNDLE.charts["trend"]["query_context"]["queries"], {}, [], set(), "full")

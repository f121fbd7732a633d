"""What a reader may ask of a chart: the chart's own question, and besides only plain filters on columns that its dataset declares.

Superset lets whoever may read a dataset ask it anything, SQL expressions included, and a row rule is one clause among others then.
Knows no Superset, so that the fast tests can try it with anything.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

Query = Mapping[str, Any]

# The parts of a query that a browser sends and that choose neither columns nor rows beyond the chart's own.
HARMLESS = {
    "annotation_layers", "applied_time_extras", "url_params", "custom_params", "custom_form_data", "is_timeseries", "order_desc", "row_limit",
    "row_offset", "series_limit", "timeseries_limit", "time_range", "group_others_when_limit_reached", "result_type",
}  # fmt: skip
NOTHING_BUT_EMPTY = {
    "annotation_layers", "time_offsets", "time_shift", "is_rowcount", "custom_params",
    "custom_form_data", "apply_fetch_values_predicate", "where", "having", "granularity", "granularity_sqla", "druid_time_origin", "datasource",
}  # fmt: skip
CHOOSING = {
    "columns",
    "groupby",
    "metrics",
    "orderby",
    "filters",
    "extras",
    "series_columns",
    "post_processing",
    "series_limit_metric",
    "timeseries_limit_metric",
}
OPERATORS = {
    "==", "!=", ">", "<", ">=", "<=", "LIKE", "NOT LIKE", "ILIKE", "NOT ILIKE", "IN", "NOT IN", "IS NULL", "IS NOT NULL", "IS TRUE", "IS FALSE",
    "TEMPORAL_RANGE",
}  # fmt: skip
RESHAPING = {"pivot", "rename", "flatten", "sort"}
GRAINS = {"PT1H", "P1D", "P1W", "P1M", "P3M", "P1Y"}
RESULTS = {"full", "results"}  # neither `samples` nor `drill_detail`, which show every column, nor `query`


class NotTheCharts(ValueError):
    """The question is not the chart's own; the text says which part."""


def check_question(stored: list[Query], form: Query, asked: list[Query], declared: set[str], result: str) -> None:
    """Raise NotTheCharts unless each query that is asked is one of the chart's own, part for part.

    stored: the queries kept with the chart; form: its kept parameters; declared: the columns of its dataset.
    """
    if result not in RESULTS:
        raise NotTheCharts(f"result_type {result!r}")
    if not asked:
        raise NotTheCharts("no query")
    for query in asked:
        _check_query(stored, form, query, declared)


def _check_query(stored: list[Query], form: Query, query: Query, declared: set[str]) -> None:
    for part, value in query.items():
        if part in NOTHING_BUT_EMPTY and value:
            raise NotTheCharts(part)
        if part not in HARMLESS | NOTHING_BUT_EMPTY | CHOOSING:
            raise NotTheCharts(f"unknown part {part!r}")
    if query.get("result_type") and _result(query) not in RESULTS:
        raise NotTheCharts("result_type")
    named, measured, ordered = _columns(stored, form), _metrics(stored, form), _orders(stored, form)
    for part in ("columns", "groupby", "series_columns"):
        for column in query.get(part) or []:
            if _named(column, named) is None:
                raise NotTheCharts(part)
    limits = [query[part] for part in ("series_limit_metric", "timeseries_limit_metric") if query.get(part)]
    for metric in [*(query.get("metrics") or []), *limits]:
        if _frozen(_plain(metric)) not in measured:
            raise NotTheCharts("metrics")
    for order in query.get("orderby") or []:
        if not (isinstance(order, list | tuple) and len(order) == 2 and isinstance(order[1], bool)):
            raise NotTheCharts("orderby")
        if not (order[0] in ordered if isinstance(order[0], str) else _frozen(_plain(order[0])) in measured):
            raise NotTheCharts("orderby")
    _check_filters(stored, query, declared)
    _check_extras(query.get("extras") or {})
    if any(
        not isinstance(step, Mapping) or step.get("operation") not in RESHAPING
        for step in query.get("post_processing") or []
        if step
    ):
        raise NotTheCharts("post_processing")


def _check_filters(stored: list[Query], query: Query, declared: set[str]) -> None:
    """Every filter is plain, and those of one of the chart's own queries are all there."""
    given = query.get("filters") or []
    for clause in given:
        if not (isinstance(clause, Mapping) and isinstance(clause.get("col"), str) and clause["col"] in declared):
            raise NotTheCharts("a filter's column")
        if clause.get("op") not in OPERATORS or not _is_value(clause.get("val")):
            raise NotTheCharts("a filter's operator or value")
        if clause.get("grain") not in (None, *GRAINS) or set(clause) - {"col", "op", "val", "grain", "isExtra"}:
            raise NotTheCharts("a filter's parts")
    there = {_clause(clause) for clause in given}
    if not any({_clause(clause) for clause in own.get("filters") or []} <= there for own in stored):
        raise NotTheCharts("a filter of the chart's own is missing")


def _check_extras(extras: Any) -> None:
    if not isinstance(extras, Mapping):
        raise NotTheCharts("extras")
    for part, value in extras.items():
        if part == "time_grain_sqla" and value in (None, *GRAINS):
            continue
        if value:
            raise NotTheCharts(f"extras.{part}")


def _columns(stored: list[Query], form: Query) -> set[str]:
    kept = [form.get("x_axis"), form.get("line_column"), *(form.get("all_columns") or []), *(form.get("groupby") or [])]
    kept += [item.get("column_name") for item in form.get("tooltip_contents") or [] if isinstance(item, Mapping)]
    kept += [column for query in stored for part in ("columns", "groupby") for column in query.get(part) or []]
    return {column for column in kept if isinstance(column, str)}


def _metrics(stored: list[Query], form: Query) -> set[str]:
    kept = [
        *(form.get("metrics") or []),
        form.get("metric"),
        *(m for query in stored for m in query.get("metrics") or []),
    ]
    return {_frozen(_plain(metric)) for metric in kept if metric}


def _orders(stored: list[Query], form: Query) -> set[str]:
    """Columns by which the chart's own queries are ordered, or which they show."""
    kept = [order[0] for query in stored for order in query.get("orderby") or []]
    kept += [json.loads(order)[0] for order in form.get("order_by_cols") or []]
    return {column for column in kept if isinstance(column, str)} | _columns(stored, form)


def _named(column: Any, named: set[str]) -> str | None:
    """The column that is meant; a time axis comes as an expression that is a column's bare name."""
    if isinstance(column, Mapping):
        plain = column.get("columnType") == "BASE_AXIS" and column.get("timeGrain") in (None, *GRAINS)
        column = column.get("sqlExpression") if plain else None
    return column if isinstance(column, str) and column in named else None


def _plain(metric: Any) -> Any:
    """What of a metric reaches the database; a browser adds names of its own to it."""
    if not isinstance(metric, Mapping):
        return metric
    if metric.get("expressionType") == "SQL":
        return {"sql": metric.get("sqlExpression")}
    column = metric.get("column")
    return {
        "of": column.get("column_name") if isinstance(column, Mapping) else column,
        "by": metric.get("aggregate"),
        "else": metric.get("sqlExpression"),
    }


def _clause(clause: Mapping[str, Any]) -> str:
    return _frozen([clause.get("col"), str(clause.get("op")).upper(), clause.get("val")])


def _is_value(value: Any) -> bool:
    return isinstance(value, str | int | float | bool | None) or (
        isinstance(value, list | tuple) and all(isinstance(one, str | int | float | bool | None) for one in value)
    )


def _result(query: Query) -> str:
    return getattr(query["result_type"], "value", query["result_type"])


def _frozen(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)

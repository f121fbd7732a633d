"""What a chart is asked by one who wants more than it shows: parts of a query, each in the place of the chart's own."""

from __future__ import annotations

from typing import Any

SQL = "1=1 OR 1"
ADHOC = {"expressionType": "SQL", "sqlExpression": SQL, "label": "x"}

HOSTILE: dict[str, dict[str, Any]] = {
    "a filter whose column is an expression": {"filters": [{"col": ADHOC, "op": "==", "val": 1}]},
    "a filter on a column that is not declared": {"filters": [{"col": "1=1 OR town", "op": "==", "val": 1}]},
    "a filter with an operator of its own": {"filters": [{"col": "town", "op": "= 1 OR 1 =", "val": 1}]},
    "a filter with a value that is no value": {"filters": [{"col": "town", "op": "IN", "val": [ADHOC]}]},
    "a filter with a grain of its own": {"filters": [{"col": "town", "op": "==", "val": 1, "grain": SQL}]},
    "where": {"extras": {"where": SQL}}, "having": {"extras": {"having": SQL}}, "a grain": {"extras": {"time_grain_sqla": SQL}},
    "something else in extras": {"extras": {"transpile_to_dialect": True}}, "where of old": {"where": SQL},
    "a column": {"columns": ["resident_id"]}, "an expression for a column": {"columns": [ADHOC]}, "a group": {"groupby": [ADHOC]},
    "a measure": {"metrics": [ADHOC]}, "a measure of old": {"metrics": [{"expressionType": "SIMPLE", "aggregate": "MAX", "column": {"column_name": "x"}}]},
    "an order": {"orderby": [[ADHOC, True]]}, "an order by a name": {"orderby": [["x, (SELECT 1)", True]]}, "an order that is no order": {"orderby": [["day"]]},
    "a series": {"series_columns": [ADHOC]}, "a series' limit": {"series_limit_metric": ADHOC}, "the same of old": {"timeseries_limit_metric": ADHOC},
    "a time column": {"granularity": SQL}, "a comparison": {"time_offsets": ["1 year ago"]}, "a layer": {"annotation_layers": [{"value": SQL}]},
    "reshaping by a formula": {"post_processing": [{"operation": "eval", "options": {"x": SQL}}]}, "what nobody knows": {"raw_sql": SQL},
    "counting rows": {"is_rowcount": True}, "every column": {"result_type": "samples"},
}  # fmt: skip

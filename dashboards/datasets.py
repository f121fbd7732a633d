"""Make a Superset dataset from a table of the serving file, so that a new department's table needs no file here."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid5

# Same table, same uuid, on every machine: a second import updates the dataset instead of making another.
_TABLES = UUID("0a7f5b7e-5a0f-4d0e-8f0b-1b1d6a6b9e00")
FEED_PREFIX = "feed_"


def dataset_of(table: str, columns: dict[str, str], database_uuid: str) -> dict[str, Any]:
    """A dataset over a serving table; columns: name → DuckDB type, in the table's order."""
    dataset = {"version": "1.0.0", "uuid": str(uuid5(_TABLES, table)), "database_uuid": database_uuid}
    return with_columns({**dataset, "table_name": table, "columns": []}, columns)


def with_columns(dataset: dict[str, Any], columns: dict[str, str]) -> dict[str, Any]:
    """The dataset with the table's own columns before its computed ones; the table is the only spelling of them."""
    computed = dataset.get("columns", [])
    own = [
        {
            "column_name": name,
            "type": kind,
            "is_dttm": kind == "DATE" or kind.startswith("TIMESTAMP"),
            "groupby": True,
            "filterable": True,
        }
        for name, kind in columns.items()
    ]
    return {
        "main_dttm_col": None,
        "schema": "main",
        "filter_select_enabled": True,
        "metrics": [{"metric_name": "count", "expression": "COUNT(*)"}],
        **dataset,
        "columns": own + [{"groupby": True, "filterable": True, "is_dttm": False, **column} for column in computed],
    }


def feed_tables(tables: dict[str, dict[str, str]]) -> list[str]:
    """The serving tables that a feed's contract made: one a department's feed."""
    return sorted(table for table in tables if table.startswith(FEED_PREFIX))

"""Turn a dashboard's rows of charts into the tree of positions that Superset draws."""

from __future__ import annotations

from typing import Any

TRANSPARENT = {"background": "BACKGROUND_TRANSPARENT"}


def position_of(dashboard: dict[str, Any], charts: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Superset's `position`: rows of cells; a cell is a chart or a stack of charts. Widths in twelfths, heights × 8."""
    tree: dict[str, Any] = {
        "DASHBOARD_VERSION_KEY": "v2",
        "ROOT_ID": {"type": "ROOT", "id": "ROOT_ID", "children": ["GRID_ID"]},
        "GRID_ID": {"type": "GRID", "id": "GRID_ID", "children": [], "parents": ["ROOT_ID"]},
        "HEADER_ID": {"type": "HEADER", "id": "HEADER_ID", "meta": {"text": dashboard["dashboard_title"]}},
    }
    for number, row in enumerate(dashboard["layout"], start=1):
        row_id = _place(tree, "GRID_ID", "ROW", f"ROW-{number}", TRANSPARENT)
        for cell in row:
            _place_cell(tree, row_id, cell, charts)
    return tree


def _place_cell(tree: dict[str, Any], parent: str, cell: dict[str, Any], charts: dict[str, dict[str, Any]]) -> None:
    if "stack" in cell:
        name = "-".join(inner["chart"] for inner in cell["stack"])
        column = _place(tree, parent, "COLUMN", f"COLUMN-{name}", {**TRANSPARENT, "width": cell["width"]})
        for inner in cell["stack"]:
            _place_cell(tree, column, inner, charts)
        return
    chart = charts[cell["chart"]]
    meta = {"uuid": chart["uuid"], "sliceName": chart["slice_name"], "chartId": list(charts).index(cell["chart"]) + 1}
    size = {"width": cell["width"], "height": cell["height"]}
    _place(tree, parent, "CHART", f"CHART-{cell['chart']}", {**meta, **size})


def _place(tree: dict[str, Any], parent: str, kind: str, node: str, meta: dict[str, Any]) -> str:
    parents = [*tree[parent].get("parents", []), parent]
    tree[node] = {"type": kind, "id": node, "children": [], "parents": parents, "meta": meta}
    tree[parent]["children"].append(node)
    return node

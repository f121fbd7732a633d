"""网格中心: the reference of all grids with their boundaries, once."""

from __future__ import annotations

import pandas as pd

from demo.grids import polygon_text
from demo.plan import Plan
from demo.sheet import Column, Form, Sheet

GRID = {
    "grid_code": Column("网格编码", "key", required=True),
    "grid_name": Column("网格名称", "text", required=True),
    "community": Column("所属社区", "text", required=True),
    "town": Column("所属街道", "text", required=True),
    "lon": Column("中心经度", "number"),
    "lat": Column("中心纬度", "number"),
    "boundary": Column("网格边界", "text", required=True),
}


def grid_sheet(plan: Plan, grids: pd.DataFrame) -> Sheet:
    rows = grids[["grid_code", "grid_name", "community", "town"]].assign(
        lon=grids["lon"].map("{:.6f}".format),
        lat=grids["lat"].map("{:.6f}".format),
        boundary=grids["ring"].map(polygon_text),
    )
    return Sheet("grid", "grid_centre", f"wg_{plan.start:%Y%m}01.csv", Form("csv"), GRID, rows.astype(object))

"""Reads the lake's Delta tables as data frames: the only way the score learns what became of the deliveries."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import duckdb
import pandas as pd


class Lake:
    """The tables under <home>/lake. One that does not exist yet counts as empty."""

    def __init__(self, home: Path) -> None:
        self.root = home / "lake"
        self.session = duckdb.connect(config={"allow_unsigned_extensions": "true"})
        self.session.execute(f"LOAD '{_delta_extension()}'")
        self.session.execute("SET TimeZone = 'Asia/Shanghai'")

    def read(self, table: str, *columns: str) -> pd.DataFrame:
        """The named columns of a table such as "ops/delivery"; a column the table does not have is all None."""
        path = self.root / table
        if not (path / "_delta_log").is_dir():
            return pd.DataFrame({name: pd.Series(dtype=object) for name in columns})
        frame = self.session.execute("SELECT * FROM delta_scan(?)", [str(path.resolve())]).df()
        return frame.reindex(columns=list(columns)) if columns else frame

    def close(self) -> None:
        self.session.close()


def _delta_extension() -> Path:
    """The extension's file inside its package. Raises FileNotFoundError when its version is not DuckDB's."""
    spec = find_spec("duckdb_extension_delta")
    places = list(spec.submodule_search_locations or []) if spec else []
    for place in places:
        path = Path(place) / "extensions" / f"v{duckdb.__version__}" / "delta.duckdb_extension"
        if path.is_file():
            return path
    raise FileNotFoundError(
        f"no delta extension for DuckDB {duckdb.__version__}: install duckdb-extension-delta=={duckdb.__version__}"
    )

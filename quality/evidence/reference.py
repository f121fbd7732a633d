"""Values that another feed must know: a grid that exists, a person who is registered."""

from __future__ import annotations

import duckdb

from quality.forms import name, quote
from schemas.contract import Contract


def doubt_unknown(con: duckdb.DuckDBPyConnection, contract: Contract) -> None:
    """Rows with a value that `reference` (column_name, value) lacks, into `doubt`. A column of which it knows nothing is not judged."""
    con.execute("CREATE TABLE IF NOT EXISTS reference (column_name VARCHAR, value VARCHAR)")
    for column, spec in contract.columns.items():
        if spec.references:
            con.execute(f"""
                INSERT INTO doubt
                SELECT row_no, {quote(f"reference:{column}")}, {quote(spec.references.policy)} FROM single
                WHERE {name(column)} IS NOT NULL AND EXISTS (SELECT 1 FROM reference WHERE column_name = {quote(column)})
                  AND {name(column)}::VARCHAR NOT IN (SELECT value FROM reference WHERE column_name = {quote(column)})""")

"""What other feeds know, for a delivery to be checked against: the current values of the columns that its contract refers to."""

from __future__ import annotations

import duckdb

from jobs import lake
from jobs.current import current_deliveries, current_rows
from jobs.home import Home
from jobs.ingest import ledger
from quality.forms import name, quote
from schemas.contract import Contract


def bring_references(home: Home, con: duckdb.DuckDBPyConnection, contract: Contract) -> list[str]:
    """Leave `reference` (column_name, value VARCHAR). Returns a sentence for each column that cannot be checked yet: nothing of the other feed has come.

    An identifying value is compared in this connection's memory only.
    """
    con.execute("CREATE OR REPLACE TABLE reference (column_name VARCHAR, value VARCHAR)")
    referring = {column: spec.references for column, spec in contract.columns.items() if spec.references}
    if not referring:
        return []
    contracts, _ = home.contracts()
    unknown = []
    for column, said in referring.items():
        feed, there = said.feed, said.column
        if values := _values(home, contracts.get(feed), there):
            lake.load_delta(con)
            con.execute(
                f"INSERT INTO reference SELECT DISTINCT {quote(column)}, {name(there)}::VARCHAR FROM ({values}) WHERE {name(there)} IS NOT NULL"
            )
        else:
            other = contracts[feed].title.zh if feed in contracts else feed
            unknown.append(f"{contract.title_of(column)}未与{other}核对:{other}还没有送达。")
    return unknown


def _values(home: Home, contract: Contract | None, column: str) -> str | None:
    """SQL of the column's current values, or None when there are none yet."""
    if not contract or column not in contract.columns or not lake.exists(ledger.path(home)):
        return None
    silver = home.table("silver", contract.feed)
    if not lake.exists(silver):
        return None
    rows = current_rows(contract, lake.scan(silver), f"({current_deliveries(lake.scan(ledger.path(home)))})")
    if not contract.columns[column].identifies:
        return rows
    return f"SELECT i.{name(column)} FROM ({rows}) c JOIN {lake.scan(home.table('identity', contract.feed))} i USING (delivery_id, row_no)"

"""One matter entered twice: rows alike in what they say, under different keys."""

from __future__ import annotations

import duckdb

from quality.forms import name, quote
from schemas.contract import Contract

UNTOLD = r"[\s\p{P}\p{S}]+"  # white space, marks and signs tell no two matters apart


def doubt_alike(con: duckdb.DuckDBPyConnection, contract: Contract) -> None:
    """Every row but the first of those alike, into `doubt`; rows with one of the columns empty are alike to none."""
    if not (rule := contract.alike):
        return
    texts = [f"nullif(lower(regexp_replace({name(c)}::VARCHAR, {quote(UNTOLD)}, '', 'g')), '')" for c in rule.columns]
    con.execute(f"""
        INSERT INTO doubt
        WITH told AS (SELECT row_no, hash({", ".join(texts)}) AS told FROM single WHERE {" AND ".join(f"{t} IS NOT NULL" for t in texts)})
        SELECT row_no, 'near_duplicate:', {quote(rule.policy)} FROM told QUALIFY row_number() OVER (PARTITION BY told ORDER BY row_no) > 1""")

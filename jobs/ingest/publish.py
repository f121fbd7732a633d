"""What a delivery leaves in the lake: bronze, held, repairs, gate results, identity and silver, each replaced as a whole."""

from __future__ import annotations

from dataclasses import asdict

import duckdb
import pyarrow as pa

from jobs import lake
from jobs.home import Home
from quality.forms import name, quote
from quality.gate import Verdict
from quality.sift import repairs
from schemas.contract import Contract

GATE_SCHEMA = pa.schema(
    [
        ("delivery_id", pa.string()), ("feed", pa.string()), ("expectation", pa.string()), ("column", pa.string()), ("met", pa.bool_()),
        ("severity", pa.string()), ("observed", pa.float64()), ("bound", pa.string()), ("says_zh", pa.string()),
    ]
)  # fmt: skip


def keep_bronze(home: Home, con: duckdb.DuckDBPyConnection, contract: Contract, delivery: str, file_name: str) -> None:
    """The rows as they were delivered, text only."""
    columns = ", ".join(f"l.{name(column)}" for column in contract.columns)
    rows = con.sql(
        f"SELECT {quote(delivery)} AS delivery_id, {quote(file_name)} AS file_name, row_no, defect, {columns}, extra FROM landed l"
    )
    lake.replace_delivery(home.table("bronze", contract.feed), rows, delivery)


def hold(home: Home, con: duckdb.DuckDBPyConnection, contract: Contract, delivery: str) -> None:
    """The held rows, raw, with every reason."""
    raw = ", ".join(f"{quote(column)}: l.{name(column)}" for column in contract.columns)
    rows = con.sql(
        f"SELECT {quote(delivery)} AS delivery_id, row_no, to_json({{{raw}, '_extra': l.extra}})::VARCHAR AS raw, h.reasons "
        "FROM held h JOIN landed l USING (row_no)"
    )
    _replace_if_any(home.table("held", contract.feed), rows, delivery)


def publish(home: Home, con: duckdb.DuckDBPyConnection, contract: Contract, delivery: str) -> None:
    """The admitted rows: who a person is goes to identity, everything else to silver. Readers see them once the ledger has the delivery."""
    identity = [column for column, spec in contract.columns.items() if spec.identifies]
    silver = [column for column in contract.columns if column not in identity]
    if identity:
        rows = con.sql(f"SELECT {quote(delivery)} AS delivery_id, row_no, {', '.join(map(name, identity))} FROM kept")
        lake.replace_delivery(home.table("identity", contract.feed), rows, delivery)
    typed = ", ".join(map(name, silver))
    rows = con.sql(
        f"SELECT {quote(delivery)} AS delivery_id, row_no, {_row_key(home, contract)} AS row_key, {typed} FROM kept"
    )
    lake.replace_delivery(home.table("silver", contract.feed), rows, delivery)


def log_repairs(home: Home, con: duckdb.DuckDBPyConnection, contract: Contract, delivery: str) -> None:
    """Every repair with before, after and rule. Of an identifying column the values stay in bronze and identity, under the same row number."""
    if not (log := repairs(contract)):
        return
    hidden = ", ".join(quote(column) for column, spec in contract.columns.items() if spec.identifies) or "''"
    rows = con.sql(
        f"SELECT {quote(delivery)} AS delivery_id, {quote(contract.feed)} AS feed, row_no, column_name, "
        f"CASE WHEN column_name NOT IN ({hidden}) THEN before_value END AS before_value, "
        f"CASE WHEN column_name NOT IN ({hidden}) THEN after_value END AS after_value, rule FROM ({log})"
    )
    _replace_if_any(home.table("ops", "repair"), rows, delivery)


def log_gate(home: Home, contract: Contract, delivery: str, verdict: Verdict) -> None:
    rows = [asdict(finding) | {"delivery_id": delivery, "feed": contract.feed} for finding in verdict.findings]
    lake.replace_delivery(home.table("ops", "gate_result"), pa.Table.from_pylist(rows, GATE_SCHEMA), delivery)


def _replace_if_any(path: str, rows: duckdb.DuckDBPyRelation, delivery: str) -> None:
    """Most deliveries have nothing to hold: a table is not touched unless there is something to write or to take back."""
    if lake.exists(path) or rows.limit(1).fetchone():
        lake.replace_delivery(path, rows, delivery)


def _row_key(home: Home, contract: Contract) -> str:
    """The business key of a row as one text. When it would tell who a person is, its HMAC-SHA-256 under the city's row key."""
    text = " || '|' || ".join(f"{name(column)}::VARCHAR" for column in contract.key)
    if not any(contract.columns[column].identifies for column in contract.key):
        return text
    key = home.subkey("row_key")
    outer, inner = bytes(byte ^ 0x5C for byte in key).hex(), bytes(byte ^ 0x36 for byte in key).hex()
    return f"sha256(unhex('{outer}') || unhex(sha256(unhex('{inner}') || encode({text}))))"

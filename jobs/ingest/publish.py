"""What a delivery leaves in the lake: bronze, held, repairs, gate results, identity and silver, each as a whole."""

from __future__ import annotations

from dataclasses import asdict, dataclass

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


@dataclass(frozen=True)
class Batch:
    """One delivery on its way into the lake.

    database: the name of its connection's database in this process; the gate opens it by that. anew: an earlier try at it may
    have left rows, which these replace.
    """

    home: Home
    con: duckdb.DuckDBPyConnection
    database: str
    contract: Contract
    delivery_id: str
    anew: bool

    def rows(self, select: str) -> duckdb.DuckDBPyRelation:
        """The rows of a SELECT list and its FROM, each with the delivery it came in."""
        return self.con.sql(f"SELECT {quote(self.delivery_id)} AS delivery_id, {select}")

    def put(self, room: str, table: str, rows: duckdb.DuckDBPyRelation | pa.Table) -> None:
        """What all feeds share is partitioned by feed, so that a feed's run reads and replaces its own files only."""
        mine = f"delivery_id = {quote(self.delivery_id)}"
        if room == "ops":
            instead_of, by, history = f"feed = {quote(self.contract.feed)} AND {mine}", ["feed"], None
        else:
            instead_of, by, history = mine, None, lake.HISTORY_DAYS
        path = self.home.table(room, table)
        lake.put_rows(path, rows, instead_of=instead_of if self.anew else None, by=by, history_days=history)

    def put_if_any(self, room: str, table: str, rows: duckdb.DuckDBPyRelation) -> None:
        """Most deliveries have nothing to hold: a table is not touched unless there is something to write or to take back."""
        if rows.limit(1).fetchone() or (self.anew and lake.exists(self.home.table(room, table))):
            self.put(room, table, rows)


def keep_bronze(batch: Batch, file_name: str) -> None:
    """The rows as they were delivered, text only."""
    columns = ", ".join(f"l.{name(column)}" for column in batch.contract.columns)
    rows = batch.rows(f"{quote(file_name)} AS file_name, row_no, defect, {columns}, extra FROM landed l")
    batch.put("bronze", batch.contract.feed, rows)


def hold(batch: Batch) -> None:
    """The held rows, raw, with every reason."""
    raw = ", ".join(f"{quote(column)}: l.{name(column)}" for column in batch.contract.columns)
    rows = batch.rows(
        f"row_no, to_json({{{raw}, '_extra': l.extra}})::VARCHAR AS raw, h.reasons FROM held h JOIN landed l USING (row_no)"
    )
    batch.put_if_any("held", batch.contract.feed, rows)


def publish(batch: Batch) -> None:
    """The admitted rows: who a person is goes to identity, everything else to silver. Readers see them once the ledger has the delivery."""
    contract = batch.contract
    identity = [column for column, spec in contract.columns.items() if spec.identifies]
    silver = [column for column in contract.columns if column not in identity]
    if identity:
        batch.put("identity", contract.feed, batch.rows(f"row_no, {', '.join(map(name, identity))} FROM kept"))
    typed = ", ".join(map(name, silver))
    rows = batch.rows(f"row_no, {row_key(batch.home, contract)} AS row_key, {typed} FROM kept")
    batch.put("silver", contract.feed, rows)


def log_repairs(batch: Batch) -> None:
    """Every repair with before, after, rule and evidence. Of an identifying column the values stay in bronze and identity, under the same row number."""
    if not (log := repairs(batch.contract)):
        return
    hidden = ", ".join(quote(column) for column, spec in batch.contract.columns.items() if spec.identifies) or "''"
    rows = batch.rows(
        f"{quote(batch.contract.feed)} AS feed, row_no, column_name, "
        f"CASE WHEN column_name NOT IN ({hidden}) THEN before_value END AS before_value, "
        f"CASE WHEN column_name NOT IN ({hidden}) THEN after_value END AS after_value, rule, evidence FROM ({log})"
    )
    batch.put_if_any("ops", "repair", rows)


def log_marks(batch: Batch) -> None:
    """Every kept row that is doubted, and why, without a value of it."""
    feed = quote(batch.contract.feed)
    rows = batch.rows(f"{feed} AS feed, row_no, unnest(marks) AS reason FROM kept WHERE len(marks) > 0")
    batch.put_if_any("ops", "mark", rows)


def log_gate(batch: Batch, verdict: Verdict) -> None:
    of = {"delivery_id": batch.delivery_id, "feed": batch.contract.feed}
    batch.put(
        "ops", "gate_result", pa.Table.from_pylist([asdict(found) | of for found in verdict.findings], GATE_SCHEMA)
    )


def row_key(home: Home, contract: Contract) -> str:
    """The business key of a row as one text. When it would tell who a person is, its HMAC-SHA-256 under the city's row key."""
    text = " || '|' || ".join(f"{name(column)}::VARCHAR" for column in contract.key)
    if not any(contract.columns[column].identifies for column in contract.key):
        return text
    key = home.subkey("row_key")
    outer, inner = bytes(byte ^ 0x5C for byte in key).hex(), bytes(byte ^ 0x36 for byte in key).hex()
    return f"sha256(unhex('{outer}') || unhex(sha256(unhex('{inner}') || encode({text}))))"

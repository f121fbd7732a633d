"""Which rows of a feed count today: SQL that DuckDB and Spark both read, over the feed's silver and the ledger."""

from __future__ import annotations

from schemas.contract import Contract

LEDGER = """
    SELECT delivery_id, feed, period, attempt, status, read_rows, kept_rows, repaired_rows, held_rows, refused_rows, received_at, entry_no
    FROM (SELECT *, row_number() OVER (PARTITION BY delivery_id ORDER BY entry_no DESC) AS latest
          FROM {ledger} WHERE status <> 'repeated') ranked
    WHERE latest = 1"""


def latest_outcomes(ledger: str) -> str:
    """Each delivery once, with what became of it last. ledger is a table or scan of ops.delivery."""
    return LEDGER.format(ledger=ledger)


def current_deliveries(ledger: str) -> str:
    """The committed delivery of each feed and period: its latest admitted attempt."""
    return f"""
        SELECT delivery_id, feed, period, attempt FROM (
            SELECT *, row_number() OVER (PARTITION BY feed, period ORDER BY attempt DESC) AS newest
            FROM ({latest_outcomes(ledger)}) WHERE status IN ('passed', 'warned', 'released')) ranked
        WHERE newest = 1"""


def current_rows(contract: Contract, silver: str, deliveries: str) -> str:
    """The rows that count, by the feed's kind.

    events: every period's rows; snapshot: the newest period's; changes: the last word on each key.
    A key that two periods both carry counts once, as the later period has it.
    """
    only_newest = f"WHERE d.period = (SELECT max(period) FROM {deliveries} WHERE feed = '{contract.feed}')"
    return f"""
        SELECT * FROM (
            SELECT s.*, d.period, row_number() OVER (PARTITION BY s.row_key ORDER BY d.period DESC, d.attempt DESC) AS newest
            FROM {silver} s JOIN {deliveries} d ON s.delivery_id = d.delivery_id
            {only_newest if contract.delivery.kind == "snapshot" else ""}) ranked
        WHERE newest = 1"""

"""The health of every source: what came of what was promised, how it was judged, and which periods are waited for."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import astuple, fields
from datetime import datetime
from typing import Any

import duckdb

from jobs.operate.arrivals import Arrival, arrivals
from quality.forms import quote
from schemas.contract import Contract

VERDICT_ZH = {"pass": "通过", "warn": "有提示", "refuse": "已退回", "failed": "处理出错"}
STATE_ZH = {
    "on_time": "按时", "late": "迟到", "short": "偏少", "missing": "缺失", "overdue": "逾期未到", "refused": "已退回待更正",
    "waiting": "未送达",
}  # fmt: skip
WORST = ("missing", "overdue", "refused", "short", "late", "on_time")
RECENT = 12  # promises that a feed's state looks back on
NAMED = 3  # periods waited for that are called by name


def source_health(con: duckdb.DuckDBPyConnection, contracts: dict[str, Contract], now: datetime) -> None:
    """Write `arrival` (a row a promised period) and `source_health` (a row a feed) from `told`, the ledger, and `outcome`, each delivery's last word."""
    promised = {
        feed: arrivals(contract, rows, now) for feed, contract in contracts.items() for rows in [_told(con, feed)]
    }
    con.execute(
        "CREATE TABLE arrival (feed VARCHAR, period VARCHAR, due_at TIMESTAMPTZ, state VARCHAR, arrived_at TIMESTAMPTZ, late_hours DOUBLE, "
        "read_rows BIGINT, rows_ratio DOUBLE, attempts INT, repeats INT)"
    )
    for told in promised.values():
        if told:
            marks = ", ".join("?" for _ in fields(Arrival))
            con.executemany(f"INSERT INTO arrival VALUES ({marks})", [astuple(arrival) for arrival in told])
    con.execute(
        "CREATE TEMP TABLE promise (feed VARCHAR, title_zh VARCHAR, title_en VARCHAR, department VARCHAR, state VARCHAR, waiting_zh VARCHAR, "
        "hours_late DOUBLE, late_periods INT, missing_periods INT, repeats INT)"
    )
    rows = [promise(contract, promised[feed]) for feed, contract in contracts.items()]
    con.executemany("INSERT INTO promise VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
    con.execute(SOURCE_HEALTH)


def _told(con: duckdb.DuckDBPyConnection, feed: str) -> list[dict[str, Any]]:
    found = con.execute(
        "SELECT period, attempt, status, received_at, read_rows FROM told WHERE feed = ? ORDER BY entry_no", [feed]
    )
    names = [column[0] for column in found.description or []]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def promise(contract: Contract, told: list[Arrival]) -> list[object]:
    """A feed's row of `promise`: how its newest promise came, or the worst that is still waited for; the periods waited for in words, and counts over all promises."""
    counts: dict[str, int] = defaultdict(int)
    for arrival in told:
        counts[arrival.state] += 1
    recent = told[-RECENT:]
    matter = [arrival.state for arrival in recent if arrival.waited_for or arrival is recent[-1]]
    state = min(matter, key=WORST.index, default="waiting")
    waited = [arrival.period for arrival in reversed(recent) if arrival.waited_for]
    words = "、".join(waited[:NAMED]) + (f"等{len(waited)}期" if len(waited) > NAMED else "")
    hours = max((arrival.late_hours for arrival in recent if arrival.waited_for or arrival is recent[-1]), default=0.0)
    return [
        contract.feed, contract.title.zh, contract.title.en, contract.owner.department, state, words, hours, counts["late"],
        counts["missing"] + counts["overdue"], sum(arrival.repeats for arrival in told),
    ]  # fmt: skip


def _words(column: str, words: dict[str, str]) -> str:
    whens = " ".join(f"WHEN {quote(code)} THEN {quote(word)}" for code, word in words.items())
    return f"CASE {column} {whens} ELSE {column} END"


SOURCE_HEALTH = f"""
    CREATE TABLE source_health AS
    WITH total AS (SELECT feed, count(*) AS deliveries, sum(read_rows) AS read_rows, sum(kept_rows) AS kept_rows, sum(repaired_rows) AS repaired_rows,
                          sum(held_rows) AS held_rows, sum(refused_rows) AS refused_rows FROM outcome GROUP BY 1),
         last AS (SELECT feed, max_by(status, entry_no) AS status, max_by(period, entry_no) AS period, max(received_at) AS received_at
                  FROM outcome GROUP BY 1),
         judged AS (
            SELECT p.feed, p.title_zh, p.title_en, p.department, last.period, last.received_at AS last_delivery_at, coalesce(t.deliveries, 0) AS deliveries,
                   coalesce(t.read_rows, 0)::BIGINT AS read_rows, coalesce(t.kept_rows, 0)::BIGINT AS kept_rows,
                   coalesce(t.repaired_rows, 0)::BIGINT AS repaired_rows, coalesce(t.held_rows, 0)::BIGINT AS held_rows,
                   coalesce(t.refused_rows, 0)::BIGINT AS refused_rows, coalesce(t.held_rows / nullif(t.read_rows, 0), 0)::DOUBLE AS held_share,
                   CASE last.status WHEN 'passed' THEN 'pass' WHEN 'released' THEN 'pass' WHEN 'warned' THEN 'warn' WHEN 'failed' THEN 'failed'
                                    ELSE CASE WHEN last.feed IS NOT NULL THEN 'refuse' END END AS verdict,
                   CASE WHEN p.state = 'waiting' AND t.feed IS NOT NULL THEN 'on_time' ELSE p.state END AS state,
                   p.waiting_zh, p.hours_late, p.late_periods, p.missing_periods, p.repeats
            FROM promise p LEFT JOIN total t USING (feed) LEFT JOIN last USING (feed))
    SELECT *, {_words("verdict", VERDICT_ZH)} AS verdict_zh, {_words("state", STATE_ZH)} AS state_zh FROM judged
    ORDER BY list_position({[*WORST, "waiting"]}, state), department, feed"""

"""The appraisal desk's tables of the serving file: scores by department and by day, what was wrong, promises kept, integrity flags."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import duckdb

from jobs import lake
from jobs.home import Home
from jobs.operate.health import STATE_ZH
from quality.forms import quote
from quality.reasons import say_held, say_repaired
from schemas.contract import Contract
from schemas.scorecard import load_scorecard

DAYS = 30  # that a score of today looks back on
INTEGRITY_FLAG = (
    "flagged_on DATE, feed VARCHAR, department VARCHAR, unit VARCHAR, figure VARCHAR, tests VARCHAR[], p_values DOUBLE[], effects DOUBLE[], n BIGINT, "
    "period_from DATE, period_to DATE, says_zh VARCHAR"
)
SCORE = (
    "department VARCHAR, feed VARCHAR, day DATE, dimension VARCHAR, numerator BIGINT, denominator BIGINT, score DOUBLE"
)
REASON = "department VARCHAR, feed VARCHAR, day DATE, outcome VARCHAR, reason VARCHAR, dimension VARCHAR, rows BIGINT"


def appraisal(con: duckdb.DuckDBPyConnection, home: Home, contracts: dict[str, Contract], as_of: date) -> None:
    """Write `scorecard`, `scorecard_reason`, `department_score`, `promise_kept`, `quality_trend` and `integrity_flag`.

    Needs the views `gold_scorecard` and `gold_scorecard_reason` where those tables exist, the ledger's `outcome` and `arrival`.
    """
    _names(con, contracts)
    _scorecard(con, as_of)
    _reasons(con, contracts, as_of)
    _department_score(con)
    _promises(con, as_of)
    _trend(con)
    _integrity(con, home)


def _names(con: duckdb.DuckDBPyConnection, contracts: dict[str, Contract]) -> None:
    con.execute("CREATE TEMP TABLE feed_name (feed VARCHAR, title_zh VARCHAR, title_en VARCHAR, owner VARCHAR)")
    con.execute(
        "CREATE TEMP TABLE figure_name (dimension VARCHAR, ordinal INT, dimension_zh VARCHAR, dimension_en VARCHAR)"
    )
    _insert(con, "feed_name", ((c.feed, c.title.zh, c.title.en, c.owner.department) for c in contracts.values()))
    figures = load_scorecard().figures.items()
    _insert(con, "figure_name", ((name, ordinal, spec.zh, spec.en) for ordinal, (name, spec) in enumerate(figures, 1)))


def _insert(con: duckdb.DuckDBPyConnection, table: str, rows: Iterator[tuple[Any, ...]]) -> None:
    for row in rows:
        con.execute(f"INSERT INTO {table} VALUES ({', '.join('?' for _ in row)})", row)


def _gold(con: duckdb.DuckDBPyConnection, table: str, columns: str) -> str:
    """The gold table, or an empty one of these columns before it was ever written."""
    if con.execute("SELECT 1 FROM duckdb_views() WHERE view_name = ?", [f"gold_{table}"]).fetchone():
        return f"gold_{table}"
    con.execute(f"CREATE OR REPLACE TEMP TABLE no_{table} ({columns})")
    return f"no_{table}"


def _recent(day: str, as_of: date) -> str:
    return f"{day} BETWEEN DATE '{as_of}' - {DAYS - 1} AND DATE '{as_of}'"


def _scorecard(con: duckdb.DuckDBPyConnection, as_of: date) -> None:
    con.execute(f"""
        CREATE TABLE scorecard AS
        SELECT s.department, s.feed, f.title_zh, f.title_en, s.day, {_recent("s.day", as_of)} AS recent, s.dimension, d.ordinal, d.dimension_zh,
               d.dimension_en, s.numerator, s.denominator, s.score
        FROM {_gold(con, "scorecard", SCORE)} s JOIN figure_name d USING (dimension) LEFT JOIN feed_name f USING (feed)
        ORDER BY department, feed, day, ordinal""")


def _reasons(con: duckdb.DuckDBPyConnection, contracts: dict[str, Contract], as_of: date) -> None:
    """What was wrong, in the words of the department's receipt."""
    source = _gold(con, "scorecard_reason", REASON)
    con.execute(
        "CREATE TEMP TABLE reason_name (feed VARCHAR, outcome VARCHAR, reason VARCHAR, column_zh VARCHAR, says_zh VARCHAR)"
    )
    found = con.execute(f"SELECT DISTINCT feed, outcome, reason FROM {source}").fetchall()
    _insert(
        con, "reason_name", (_worded(_in_chinese(contracts[feed]), *said) for feed, *said in found if feed in contracts)
    )
    con.execute(f"""
        CREATE TABLE scorecard_reason AS
        SELECT s.department, s.feed, f.title_zh, s.day, {_recent("s.day", as_of)} AS recent, s.outcome, s.reason, s.dimension, d.dimension_zh,
               r.column_zh, r.says_zh, s.rows
        FROM {source} s JOIN reason_name r USING (feed, outcome, reason) JOIN feed_name f USING (feed) LEFT JOIN figure_name d USING (dimension)
        ORDER BY s.department, s.feed, s.day, s.rows DESC""")


def _in_chinese(contract: Contract) -> Contract:
    """The contract with each column's Chinese header first, where it has one: the desk is not the system that sends `callTime`."""
    columns = {
        name: spec.model_copy(
            update={"aliases": sorted(spec.aliases, key=lambda alias: not re.search("[\u4e00-\u9fff]", alias))}
        )
        for name, spec in contract.columns.items()
    }
    return contract.model_copy(update={"columns": columns})


def _worded(contract: Contract, outcome: str, reason: str) -> tuple[str, ...]:
    rule, _, column = reason.partition(":")
    says = say_repaired(contract, rule, column) if outcome == "repaired" else say_held(contract, reason)
    title = "整行" if rule == "row" or not column else contract.title_of(column)
    return contract.feed, outcome, reason, title, says


def _department_score(con: duckdb.DuckDBPyConnection) -> None:
    """A row a department: each figure over the last days, and beside it how it stands, for its colour."""
    figures = load_scorecard().figures
    columns = ", ".join(f"{figure} DOUBLE, {figure}_stands VARCHAR" for figure in figures)
    con.execute(f"CREATE TABLE department_score (department VARCHAR, feeds BIGINT, read_rows BIGINT, {columns})")
    shares = shares_of(con, "department")
    worst = {figure: _worst(figure, [share[figure] for share in shares.values()]) for figure in figures}
    sizes = con.execute("""
        SELECT department, count(DISTINCT feed), coalesce(sum(denominator) FILTER (dimension = 'held'), 0)
        FROM scorecard WHERE recent GROUP BY 1 ORDER BY 1""").fetchall()
    _insert(con, "department_score", (
        (*size, *(cell for figure in figures for cell in _cells(figure, shares[size[0]][figure], worst[figure]))) for size in sizes
    ))  # fmt: skip


def shares_of(con: duckdb.DuckDBPyConnection, by: str, where: str = "true") -> dict[str, dict[str, float | None]]:
    """Value of the column `by` -> figure -> its share over the last days; None where there was nothing to judge."""
    found = con.execute(
        f"SELECT {by}, dimension, sum(numerator) / nullif(sum(denominator), 0) FROM scorecard "
        f"WHERE recent AND {where} GROUP BY ALL ORDER BY 1"
    ).fetchall()
    shares: dict[str, dict[str, float | None]] = {}
    for whose, figure, share in found:
        shares.setdefault(whose, dict.fromkeys(load_scorecard().figures))[figure] = share
    return shares


def _worst(figure: str, shares: list[float | None]) -> float | None:
    """The one worst share of several, if there is one worst."""
    better, known = load_scorecard().figures[figure].better, [share for share in shares if share is not None]
    if better is None or len(known) < 2:
        return None
    worst = min(known) if better == "more" else max(known)
    return worst if known.count(worst) == 1 else None


def _cells(figure: str, share: float | None, worst: float | None) -> tuple[float | None, str]:
    stands = load_scorecard().band(figure, share) or "plain"
    return share, f"{stands} worst" if share is not None and share == worst else stands


def _promises(con: duckdb.DuckDBPyConnection, as_of: date) -> None:
    states = " ".join(f"WHEN {quote(state)} THEN {quote(zh)}" for state, zh in STATE_ZH.items())
    con.execute(f"""
        CREATE TABLE promise_kept AS
        SELECT f.owner AS department, a.feed, f.title_zh, a.period, a.due_at::DATE AS due_on, {_recent("a.due_at::DATE", as_of)} AS recent, a.state,
               CASE a.state {states} END AS state_zh, a.late_hours
        FROM arrival a JOIN feed_name f USING (feed) ORDER BY due_on DESC, department""")


def _trend(con: duckdb.DuckDBPyConnection) -> None:
    """Rows by what became of them, on the day that each delivery is about: the period its name tells, else its receipt."""
    con.execute("""
        CREATE TABLE quality_trend AS
        SELECT f.owner AS department, o.feed, f.title_zh,
               coalesce(try_strptime(CASE length(o.period) WHEN 6 THEN o.period || '01' ELSE o.period END, '%Y%m%d')::DATE, o.received_at::DATE) AS about_on,
               sum(o.read_rows)::BIGINT AS read_rows, sum(o.kept_rows)::BIGINT AS kept_rows, sum(o.repaired_rows)::BIGINT AS repaired_rows,
               sum(o.held_rows)::BIGINT AS held_rows, sum(o.refused_rows)::BIGINT AS refused_rows
        FROM outcome o JOIN feed_name f USING (feed) GROUP BY ALL ORDER BY about_on, department""")


def _integrity(con: duckdb.DuckDBPyConnection, home: Home) -> None:
    """The last flag of each unit's figure: a reason for a person to look, never a verdict."""
    con.execute(f"CREATE TABLE integrity_flag ({INTEGRITY_FLAG})")
    if lake.exists(path := home.table("ops", "integrity_flag")):
        columns = ", ".join(column.split()[0] for column in INTEGRITY_FLAG.split(", "))
        con.execute(
            f"INSERT INTO integrity_flag SELECT {columns} FROM {lake.scan(path)} "
            "QUALIFY row_number() OVER (PARTITION BY feed, unit, figure ORDER BY flagged_on DESC) = 1 ORDER BY flagged_on DESC, department"
        )

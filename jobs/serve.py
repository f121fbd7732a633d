"""The serving file: one DuckDB file a run, built beside the old one and put in its place by a symlink.

Only de-identified columns are in it: Superset has no column security.
"""

from __future__ import annotations

import json
import os
import shutil
import uuid
from collections.abc import Collection
from datetime import date, datetime
from pathlib import Path

import duckdb

from jobs import lake
from jobs.appraise.desk import appraisal
from jobs.current import current_deliveries, current_rows, latest_outcomes
from jobs.department_files import PLAIN, write_department_files
from jobs.disclosure import K, disclose
from jobs.home import ZONE, Home
from jobs.ingest import ledger
from jobs.ingest.alone import alone
from jobs.ingest.no_room import naming_a_full_disk
from jobs.operate.health import source_health
from jobs.torn import on_what_is_whole, stop_if_torn
from jobs.warn.life import AT_HAND, view_standing
from jobs.warn.vitals import FRESH_DAYS
from jobs.whole import written_whole
from quality.forms import name, quote
from schemas.codes import load_code_list
from schemas.contract import Contract
from schemas.life import load_life
from schemas.vitals import load_vitals
from schemas.warning_rule import LEVELS_ZH, load_rules

KEEP_FILES = 3
GOLD = ("warning", "family_day", "grid_daily", "city_vital", "overdue", "scorecard", "scorecard_reason")
STATUS_ZH = {state: words.zh for state, words in load_life().states.items()} | {"new": "新发现", "below_line": "线下"}


def serve(home: Home, as_of: date | None = None) -> Path:
    """Build a new serving file from the lake as it stands and swap it in. Readers of the old one go on until they reopen.

    A feed whose table is torn is left out, and the operator is told. Raises TornTable where what no file brings back is torn; NoRoom.
    """
    contracts, _ = home.contracts()
    now = home.now().replace(microsecond=0)
    as_of = as_of or now.date()
    with naming_a_full_disk(home, "serve"), alone(home, "serving"):
        return on_what_is_whole(home, contracts, lambda torn: _serve(home, contracts, as_of, now, torn))


def _serve(home: Home, contracts: dict[str, Contract], as_of: date, now: datetime, torn: Collection[str]) -> Path:
    run_id = f"{datetime.now(ZONE):%Y%m%d%H%M%S}-{uuid.uuid4().hex[:6]}"
    home.serving.mkdir(parents=True, exist_ok=True)
    for left in home.serving.glob("serving-*.part*"):  # by a run that was killed
        left.unlink()
    target = home.serving / f"serving-{run_id}.duckdb"
    part = target.with_suffix(".part")
    with lake.connect(part) as con:
        con.execute(PLAIN)
        _read_gold(con, home)
        _read_feeds(con, home, contracts, torn)
        _grids(con, contracts)
        _warnings(con, home, as_of)
        _muted(con, as_of)
        _grid_map(con, as_of)
        _city_vitals(con, as_of)
        _overdue(con, contracts)
        source_health(con, contracts, now)
        appraisal(con, home, contracts, as_of)
        _vital(con, home, as_of)
        _about(con, home, as_of, now, run_id)
    write_department_files(part, target.with_suffix(""))
    os.replace(part, target)
    _swap(home, target)
    return target


def current(home: Home) -> Path:
    """The serving file of now. Raises FileNotFoundError when none was ever built."""
    return (home.serving / "serving.duckdb").resolve(strict=True)


def _read_gold(con: duckdb.DuckDBPyConnection, home: Home) -> None:
    """The gold tables that exist, as temporary views `gold_<table>`: views of the serving file itself must not reach outside it."""
    for table in GOLD:
        path = home.table("gold", table)
        if lake.exists(path):
            stop_if_torn(home, f"gold.{table}")
            con.execute(f"CREATE TEMP VIEW gold_{table} AS SELECT * FROM {lake.scan(path)}")


def served_columns(contract: Contract) -> list[str]:
    """The columns of a feed that dashboards and analysts may see."""
    return [column for column, spec in contract.columns.items() if spec.leaves]


def _read_feeds(
    con: duckdb.DuckDBPyConnection, home: Home, contracts: dict[str, Contract], torn: Collection[str]
) -> None:
    """Each feed's current rows as `feed_<name>`, without any personal column; `disclosure` tells what was emptied in them, and why."""
    con.register("no_ledger_yet", ledger.SCHEMA.empty_table())
    told = lake.scan(ledger.path(home)) if lake.exists(ledger.path(home)) else "no_ledger_yet"
    con.execute(f"CREATE TEMP TABLE told AS SELECT * FROM {told}")
    con.unregister("no_ledger_yet")
    con.execute(f"CREATE TEMP TABLE outcome AS {latest_outcomes('told')}")
    con.execute(f"CREATE TEMP TABLE delivery_now AS {current_deliveries('told')}")
    con.execute(
        "CREATE TABLE disclosure (feed VARCHAR, title_zh VARCHAR, quasi_identifiers VARCHAR[], k INT, served_rows BIGINT, "
        "emptied_rows BIGINT, left_out_rows BIGINT)"
    )
    for feed, contract in contracts.items():
        columns = served_columns(contract)
        path = home.table("silver", feed)
        if feed in torn:
            continue
        if lake.exists(path):
            con.execute(
                f"CREATE TEMP VIEW {name(f'now_{feed}')} AS {current_rows(contract, lake.scan(path), 'delivery_now')}"
            )
        if columns and lake.exists(path):
            quasi = contract.quasi_identifiers
            told = disclose(con, f"feed_{feed}", f"FROM {name(f'now_{feed}')}", [*columns, "delivery_id"], quasi)
            con.execute(
                "INSERT INTO disclosure VALUES (?, ?, ?, ?, ?, ?, ?)",
                [feed, contract.title.zh, quasi, K, told.rows, told.emptied, told.left_out],
            )


def _has(con: duckdb.DuckDBPyConnection, table: str) -> bool:
    return bool(
        con.execute(
            "SELECT 1 FROM duckdb_tables() WHERE table_name = ? UNION ALL SELECT 1 FROM duckdb_views() WHERE view_name = ?",
            [table, table],
        ).fetchone()
    )


def _grids(con: duckdb.DuckDBPyConnection, contracts: dict[str, Contract]) -> None:
    """Temporary `place`: a grid with its names and its ring of points; and `area`: that and each community, town and the city by its code.

    Both are empty before the grid reference has come.
    """
    if _has(con, "feed_grid"):
        con.execute(r"""
            CREATE TEMP TABLE place AS
            SELECT grid_code, grid_name, community, town,
                   '[' || regexp_replace(regexp_replace(regexp_extract(boundary, '\(\(([^()]*)\)', 1), '\s*,\s*', '],[', 'g'),
                                         '(-?[0-9.]+)\s+(-?[0-9.]+)', '\1,\2', 'g') || ']' AS ring
            FROM feed_grid""")
        con.execute("UPDATE place SET ring = '[[' || ltrim(ring, '[') || ']'")
    else:
        con.execute(
            "CREATE TEMP TABLE place (grid_code VARCHAR, grid_name VARCHAR, community VARCHAR, town VARCHAR, ring VARCHAR)"
        )
    tiers = load_life().tiers
    community, town, city = (tiers[tier].code_digits for tier in ("community", "town", "city"))
    con.execute(f"""
        CREATE TEMP TABLE area AS
        SELECT grid_code, grid_name, community, town FROM place
        UNION ALL SELECT substr(grid_code, 1, {community}) AS code, NULL, any_value(community), any_value(town) FROM place GROUP BY code
        UNION ALL SELECT substr(grid_code, 1, {town}) AS code, NULL, NULL, any_value(town) FROM place GROUP BY code
        UNION ALL SELECT substr(grid_code, 1, {city}) AS code, NULL, NULL, {quote(tiers["city"].zh)} FROM place GROUP BY code""")


def _warnings(con: duckdb.DuckDBPyConnection, home: Home, as_of: date) -> None:
    """The warnings found on the day that are for the commander's page, each in the state that its moves have brought it to.

    Of a family that is muted on the day, those found when it was last judged: nobody looked since, so they stand.
    """
    shown = ", ".join(quote(lane) for lane, spec in load_life().lanes.items() if spec.on_page)
    ranks = " ".join(f"WHEN {quote(level)} THEN {rank}" for rank, level in enumerate(LEVELS_ZH, 1))
    if not view_standing(con, home):
        return con.execute(f"CREATE TABLE warning ({WARNING_COLUMNS})") and None
    con.execute(f"""
        CREATE TABLE warning AS
        SELECT w.warning_id, w.family, w.family_zh, w.lane, w.level, w.level_zh, CASE w.level {ranks} END::INT AS level_rank, w.title_zh,
               w.reason_zh, CASE WHEN w.lane = 'budget' THEN coalesce(p.town || coalesce(p.community, '') || coalesce(p.grid_name, ''), '网格基础信息未到,编码尾号' || right(w.grid_code, 6), w.subject) ELSE w.subject END AS subject,
               w.grid_code, p.grid_name, p.community, p.town, w.raised_at, w.window_start, w.window_end, w.observed, w.expected, w.bound, w.score,
               w.confidence, w.confidence_why, w.unit_zh, w.deadline_at, w.status,
               {_words("w.status", STATUS_ZH)} AS status_zh, w.evidence_rows, w.table_versions
        FROM (SELECT * FROM warning_now WHERE (seen_on = DATE '{as_of}' OR {_muted_since(con, as_of)}) AND lane IN ({shown})) w LEFT JOIN area p USING (grid_code) ORDER BY level_rank DESC, score DESC""")


WARNING_COLUMNS = (
    "warning_id VARCHAR, family VARCHAR, family_zh VARCHAR, lane VARCHAR, level VARCHAR, level_zh VARCHAR, level_rank INT, title_zh VARCHAR, "
    "reason_zh VARCHAR, subject VARCHAR, grid_code VARCHAR, grid_name VARCHAR, community VARCHAR, town VARCHAR, raised_at TIMESTAMPTZ, "
    "window_start DATE, window_end DATE, observed DOUBLE, expected DOUBLE, bound DOUBLE, score DOUBLE, confidence DOUBLE, confidence_why VARCHAR, "
    "unit_zh VARCHAR, deadline_at TIMESTAMPTZ, status VARCHAR, status_zh VARCHAR, evidence_rows BIGINT, table_versions VARCHAR"
)


def _muted_since(con: duckdb.DuckDBPyConnection, as_of: date) -> str:
    """The condition that a family is muted on the day and the warning was found on the last day it was not."""
    if not _has(con, "gold_family_day"):
        return "false"
    return (
        f"(family, seen_on) IN (SELECT (family, max(day) FILTER (muted = '')) FROM gold_family_day WHERE day <= DATE '{as_of}' "
        f"GROUP BY family HAVING max(day) = DATE '{as_of}' AND max_by(muted, day) <> '')"
    )


def _muted(con: duckdb.DuckDBPyConnection, as_of: date) -> None:
    """`muted_family`: the families that could not be judged on the day, or not on all of their feeds, and why."""
    con.execute("CREATE TABLE muted_family (family VARCHAR, family_zh VARCHAR, why_zh VARCHAR)")
    if _has(con, "gold_family_day"):
        titles = {rule.family: rule.title.zh for rule in load_rules()}
        con.execute(f"""
            INSERT INTO muted_family
            SELECT family, {_words("family", titles)} || CASE WHEN muted = '' THEN '(部分)' ELSE '' END, muted || coalesce(partly, '') FROM gold_family_day
            WHERE day = DATE '{as_of}' AND muted || coalesce(partly, '') <> '' ORDER BY family""")


def _grid_map(con: duckdb.DuckDBPyConnection, as_of: date) -> None:
    """Each grid by the worst warning about it or about a community or town it lies in; one about the whole city would colour them all."""
    city = load_life().tiers["city"].code_digits
    residents = (
        "SELECT grid_code, count(*) AS n FROM now_household_registration GROUP BY 1"
        if _has(con, "now_household_registration")
        else NO_COUNTS
    )
    incidents = (
        f"SELECT grid_code, sum(events) AS n FROM gold_grid_daily WHERE measure = 'incident' AND day >= DATE '{as_of}' - 7 GROUP BY 1"
        if _has(con, "gold_grid_daily")
        else NO_COUNTS
    )
    con.execute(f"""
        CREATE TABLE grid_map AS
        SELECT p.grid_code, p.grid_name, p.community, p.town, coalesce(r.n, 0)::BIGINT AS residents, coalesce(i.n, 0)::BIGINT AS incidents_7d,
               coalesce(w.n, 0)::BIGINT AS warnings, coalesce(w.worst, 0)::INT AS worst_rank, w.worst_level, p.ring AS polygon
        FROM place p LEFT JOIN ({residents}) r USING (grid_code) LEFT JOIN ({incidents}) i USING (grid_code)
        LEFT JOIN (SELECT g.grid_code, count(*) AS n, max(level_rank) AS worst, max_by(level, level_rank) AS worst_level
                   FROM place g JOIN (SELECT * FROM warning WHERE {AT_HAND} AND length(grid_code) > {city}) a
                   ON starts_with(g.grid_code, a.grid_code) GROUP BY 1) w USING (grid_code)
        ORDER BY p.grid_code""")


NO_COUNTS = "SELECT NULL::VARCHAR AS grid_code, 0 AS n WHERE false"


def _city_vitals(con: duckdb.DuckDBPyConnection, as_of: date) -> None:
    """`trend_daily`: every vital sign of each day beside its band; `city_vital`: the newest day of each, and on which side of the band it lies."""
    source = "gold_city_vital" if _has(con, "gold_city_vital") else NO_VITALS
    names = {name: vital.title.zh for name, vital in load_vitals().items()}
    known = ", ".join(
        f"CASE WHEN NOT isnan({figure}) THEN {figure} END AS {figure}" for figure in ("expected", "upper", "lower")
    )
    con.execute(f"""
        CREATE TABLE trend_daily AS
        SELECT day, vital AS measure, {_words("vital", names)} AS measure_zh, observed, {known} FROM {source} ORDER BY measure, day""")
    order = " ".join(f"WHEN {quote(name)} THEN {ordinal}" for ordinal, name in enumerate(names, 1))
    con.execute(f"""
        CREATE TABLE city_vital AS
        SELECT CASE measure {order} END::INT AS ordinal, measure AS name, measure_zh AS name_zh, day, observed, expected, lower, upper,
               CASE WHEN day < DATE '{as_of}' - {FRESH_DAYS} THEN 'old' WHEN upper IS NULL THEN 'short' WHEN observed > upper THEN 'more'
                    WHEN observed < lower THEN 'less' ELSE 'usual' END AS state
        FROM trend_daily QUALIFY row_number() OVER (PARTITION BY measure ORDER BY day DESC) = 1 ORDER BY ordinal""")
    con.execute(
        f"ALTER TABLE city_vital ADD COLUMN state_zh VARCHAR; UPDATE city_vital SET state_zh = {_words('state', VITAL_STATES_ZH)}"
    )


VITAL_STATES_ZH = {"usual": "在区间内", "more": "偏高", "less": "偏低", "old": "等待数据", "short": "积累不足"}
NO_VITALS = (
    "(SELECT NULL::DATE AS day, '' AS vital, 0.0 AS observed, 0.0 AS expected, 0.0 AS upper, 0.0 AS lower WHERE false)"
)


def _overdue(con: duckdb.DuckDBPyConnection, contracts: dict[str, Contract]) -> None:
    """What is overdue: equipment and repairs by their kind, of other matters only what sort it is."""
    kinds = {
        code: zh for lst in ("equipment_kind", "repair_kind") for code, (zh, _) in load_code_list(lst).codes.items()
    }
    source = (
        "gold_overdue"
        if _has(con, "gold_overdue")
        else f"(SELECT {', '.join(f'NULL AS {c}' for c in OVERDUE_COLUMNS)} WHERE false)"
    )
    unit = contracts["repair"].owner.department if "repair" in contracts else ""
    con.execute(f"""
        CREATE TABLE overdue AS
        SELECT o.matter_kind, CASE WHEN o.matter_kind IN ('inspection', 'repair') THEN {_words("o.kind", kinds)} ELSE o.matter_zh END
               || CASE o.matter_kind WHEN 'inspection' THEN '超期未检' ELSE '超期未办结' END AS matter_kind_zh,
               o.matter_no, o.estate || o.building AS place, o.grid_code, p.grid_name, p.town, coalesce(o.unit, {quote(unit)}) AS unit_zh, o.due_on,
               o.days_overdue::BIGINT AS days_overdue, o.complaints_30d::BIGINT AS complaints_30d
        FROM {source} o LEFT JOIN place p USING (grid_code) ORDER BY days_overdue DESC""")


OVERDUE_COLUMNS = (
    "matter_kind",
    "matter_zh",
    "kind",
    "matter_no",
    "estate",
    "building",
    "grid_code",
    "due_on",
    "days_overdue",
    "complaints_30d",
    "unit",
)


def _vital(con: duckdb.DuckDBPyConnection, home: Home, as_of: date) -> None:
    figures = [
        ("residents", "登记居民", "SELECT sum(residents) FROM grid_map", "人", "户籍登记最新一期"),
        ("grids", "网格", "SELECT count(*) FROM grid_map", "个", ""),
        ("incidents_7d", "近7天警情", "SELECT sum(incidents_7d) FROM grid_map", "起", "按所属网格合计"),
        ("warnings_today", "今日预警", f"SELECT count(*) FROM warning WHERE {AT_HAND}", "条", ""),
        ("overdue", "逾期事项", "SELECT count(*) FROM overdue", "件", ""),
        ("held_share", "待补正占比", "SELECT 100.0 * sum(held_rows) / nullif(sum(read_rows), 0) FROM source_health", "%", "全部送达行"),
    ]  # fmt: skip
    con.execute(
        "CREATE TABLE vital (ordinal INT, name VARCHAR, name_zh VARCHAR, value DOUBLE, unit_zh VARCHAR, note_zh VARCHAR)"
    )
    for ordinal, (figure, zh, sql, unit, note) in enumerate(figures, 1):
        con.execute(f"INSERT INTO vital SELECT ?, ?, ?, coalesce(({sql}), 0), ?, ?", [ordinal, figure, zh, unit, note])


def _about(con: duckdb.DuckDBPyConnection, home: Home, as_of: date, now: datetime, run_id: str) -> None:
    tables = {f"gold.{table}": lake.version(home.table("gold", table)) for table in GOLD} | {
        "ops.delivery": lake.version(ledger.path(home))
    }
    clock = "演示时钟" if home.frozen_day else "实时"
    con.execute(
        "CREATE TABLE about AS SELECT ?::DATE AS as_of, ?::TIMESTAMPTZ AS built_at, ? AS run_id, ? AS clock, ? AS table_versions, "
        "(SELECT string_agg(families || '(' || why_zh || ')', '；' ORDER BY why_zh) FROM "
        "(SELECT why_zh, string_agg(family_zh, '、' ORDER BY family) AS families FROM muted_family GROUP BY why_zh)) AS muted_zh",
        [as_of, now, run_id, clock, json.dumps(tables, sort_keys=True)],
    )


def _words(column: str, words: dict[str, str]) -> str:
    whens = " ".join(f"WHEN {quote(code)} THEN {quote(word)}" for code, word in words.items())
    return f"CASE {column} {whens} ELSE {column} END"


def _swap(home: Home, target: Path) -> None:
    link = home.serving / "serving.duckdb"
    with written_whole(link) as draft:
        draft.unlink(missing_ok=True)
        draft.symlink_to(target.name)
    others = sorted(path for path in home.serving.glob("serving-*.duckdb") if path != target)
    for old in others[: 1 - KEEP_FILES]:
        old.unlink()
    kept = {path.stem for path in home.serving.glob("serving-*.duckdb")}
    for folder in home.serving.glob("serving-*"):
        if folder.is_dir() and folder.name not in kept:  # of a file that is gone, or of a run that was killed
            shutil.rmtree(folder)

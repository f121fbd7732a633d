"""A small serving file with plausible rows of the fictional city 东湖市, for tests and for looking at the page."""

from __future__ import annotations

import json
import math
import random
import shutil
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import duckdb
from quality_rows import quality_rows

from jobs.department_files import PLAIN, write_department_files

AS_OF = date(2026, 6, 28)
CHINA = timezone(timedelta(hours=8))
TOWNS = ["东湖街道", "南桥街道", "西塘街道", "北港镇"]
LEVELS = {1: ("blue", "蓝"), 2: ("yellow", "黄"), 3: ("orange", "橙"), 4: ("red", "红")}
PINNED = json.dumps({"gold.warning": 12})

SERVING_DDL = """
CREATE TABLE warning(
    warning_id VARCHAR, family VARCHAR, family_zh VARCHAR, lane VARCHAR, level VARCHAR, level_zh VARCHAR,
    level_rank INT, title_zh VARCHAR, reason_zh VARCHAR, subject VARCHAR, grid_code VARCHAR, grid_name VARCHAR,
    community VARCHAR, town VARCHAR, raised_at TIMESTAMPTZ, window_start DATE, window_end DATE, observed DOUBLE,
    expected DOUBLE, bound DOUBLE, score DOUBLE, confidence DOUBLE, confidence_why VARCHAR, unit_zh VARCHAR,
    deadline_at TIMESTAMPTZ, status VARCHAR, status_zh VARCHAR, evidence_rows BIGINT, table_versions VARCHAR);
CREATE TABLE grid_map(
    grid_code VARCHAR, grid_name VARCHAR, community VARCHAR, town VARCHAR, residents BIGINT, incidents_7d BIGINT,
    warnings BIGINT, worst_rank INT, worst_level VARCHAR, polygon VARCHAR);
CREATE TABLE trend_daily(
    day DATE, measure VARCHAR, measure_zh VARCHAR, observed DOUBLE, expected DOUBLE, upper DOUBLE, lower DOUBLE);
CREATE TABLE city_vital(
    ordinal INT, name VARCHAR, name_zh VARCHAR, day DATE, observed DOUBLE, expected DOUBLE, lower DOUBLE, upper DOUBLE, state VARCHAR,
    state_zh VARCHAR);
CREATE TABLE overdue(
    matter_kind VARCHAR, matter_kind_zh VARCHAR, matter_no VARCHAR, place VARCHAR, grid_code VARCHAR,
    grid_name VARCHAR, town VARCHAR, unit_zh VARCHAR, due_on DATE, days_overdue BIGINT, complaints_30d BIGINT);
CREATE TABLE source_health(
    feed VARCHAR, title_zh VARCHAR, department VARCHAR, period VARCHAR, last_delivery_at TIMESTAMPTZ,
    deliveries BIGINT, read_rows BIGINT, kept_rows BIGINT, repaired_rows BIGINT, held_rows BIGINT,
    refused_rows BIGINT, held_share DOUBLE, verdict VARCHAR, verdict_zh VARCHAR, state VARCHAR, state_zh VARCHAR,
    hours_late DOUBLE, waiting_zh VARCHAR);
CREATE TABLE vital(ordinal INT, name VARCHAR, name_zh VARCHAR, value DOUBLE, unit_zh VARCHAR, note_zh VARCHAR);
CREATE TABLE scorecard(
    department VARCHAR, feed VARCHAR, title_zh VARCHAR, title_en VARCHAR, day DATE, recent BOOLEAN, dimension VARCHAR,
    ordinal INT, dimension_zh VARCHAR, dimension_en VARCHAR, numerator BIGINT, denominator BIGINT, score DOUBLE);
CREATE TABLE scorecard_reason(
    department VARCHAR, feed VARCHAR, title_zh VARCHAR, day DATE, recent BOOLEAN, outcome VARCHAR, reason VARCHAR,
    dimension VARCHAR, dimension_zh VARCHAR, column_zh VARCHAR, says_zh VARCHAR, rows BIGINT);
CREATE TABLE department_score(
    department VARCHAR, feeds BIGINT, read_rows BIGINT, completeness DOUBLE, completeness_stands VARCHAR,
    validity DOUBLE, validity_stands VARCHAR, uniqueness DOUBLE, uniqueness_stands VARCHAR, consistency DOUBLE,
    consistency_stands VARCHAR, timeliness DOUBLE, timeliness_stands VARCHAR, held DOUBLE, held_stands VARCHAR,
    refused DOUBLE, refused_stands VARCHAR, marked DOUBLE, marked_stands VARCHAR, repaired DOUBLE, repaired_stands VARCHAR, mended DOUBLE,
    mended_stands VARCHAR, optional DOUBLE, optional_stands VARCHAR);
CREATE TABLE promise_kept(
    department VARCHAR, feed VARCHAR, title_zh VARCHAR, period VARCHAR, due_on DATE, recent BOOLEAN, state VARCHAR,
    state_zh VARCHAR, late_hours DOUBLE);
CREATE TABLE quality_trend(
    department VARCHAR, feed VARCHAR, title_zh VARCHAR, about_on DATE, read_rows BIGINT, kept_rows BIGINT,
    repaired_rows BIGINT, held_rows BIGINT, refused_rows BIGINT);
CREATE TABLE integrity_flag(
    flagged_on DATE, feed VARCHAR, department VARCHAR, unit VARCHAR, figure VARCHAR, tests VARCHAR[],
    p_values DOUBLE[], effects DOUBLE[], n BIGINT, period_from DATE, period_to DATE, says_zh VARCHAR);
CREATE TABLE about(as_of DATE, built_at TIMESTAMPTZ, run_id VARCHAR, clock VARCHAR, table_versions VARCHAR, muted_zh VARCHAR);
"""

# A department's feed, as the serve job puts it beside the tables above: one table a feed, open columns only.
FEED_DDL = """
CREATE TABLE feed_urban_case AS
SELECT 'CG' || number AS case_no, '东湖街道' AS street, TIMESTAMPTZ '2026-06-27 09:00:00+08' AS reported_at
FROM range(5) AS numbers(number);
"""


def build_serving(home: Path, run_id: str = "fixture") -> Path:
    """Write home/serving/serving-<run_id>.duckdb and point home/serving/serving.duckdb at it; returns the link."""
    folder = home / "serving"
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"serving-{run_id}.duckdb"
    target.unlink(missing_ok=True)
    with duckdb.connect(str(target)) as db:
        db.execute("SET TimeZone = 'Asia/Shanghai'")
        db.execute(PLAIN)
        db.execute(SERVING_DDL)
        db.execute(FEED_DDL)
        for table, rows in sample_rows(run_id).items():
            marks = f"({', '.join('?' * len(rows[0]))})"  # one statement: row by row takes a minute
            db.execute(
                f"INSERT INTO {table} VALUES {', '.join([marks] * len(rows))}", [cell for row in rows for cell in row]
            )
    shutil.rmtree(target.with_suffix(""), ignore_errors=True)
    write_department_files(target, target.with_suffix(""))
    link = folder / "serving.duckdb"
    fresh = folder / ".serving.duckdb.next"
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(target.name)
    fresh.replace(link)
    return link


def sample_rows(run_id: str) -> dict[str, list[tuple]]:
    """Rows by table; the same on every call."""
    rng = random.Random(20260628)
    grids = _grids(rng)
    warnings = _warnings(rng, grids)
    return {
        "warning": warnings,
        "grid_map": _grid_map(grids, warnings),
        "trend_daily": _trend(rng),
        "city_vital": _city_vitals(),
        "overdue": _overdue(rng, grids),
        "source_health": _source_health(),
        "vital": _vitals(len(grids), warnings),
        **quality_rows(AS_OF),
        "about": [(AS_OF, _at(AS_OF, 6, 40), run_id, "演示时钟", PINNED, None)],
    }


def _at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=CHINA)


def _grids(rng: random.Random) -> list[dict]:
    """48 four-sided grids whose shared corners are nudged, so that they tile the city without gaps."""
    columns, rows = 8, 6

    def corner(x: int, y: int) -> list[float]:
        nudge = random.Random(x * 100 + y)
        lon = 110.0 + x * 0.012 + nudge.uniform(-0.003, 0.003)
        lat = 30.0 + y * 0.009 + nudge.uniform(-0.002, 0.002)
        return [round(lon, 5), round(lat, 5)]

    grids = []
    for y in range(rows):
        for x in range(columns):
            number = y * columns + x
            town = TOWNS[(2 if y >= rows // 2 else 0) + (1 if x >= columns // 2 else 0)]
            ring = [corner(x, y), corner(x + 1, y), corner(x + 1, y + 1), corner(x, y + 1), corner(x, y)]
            grids.append(
                {
                    "code": f"DH{number + 1:03d}",
                    "name": f"{town[:2]}第{number % 12 + 1}网格",
                    "community": f"{town[:2]}{'一二三'[number % 3]}社区",
                    "town": town,
                    "residents": rng.randint(280, 640),
                    "incidents": rng.choice([0, 1, 1, 2, 2, 3, 4, 6]),
                    "ring": ring,
                }
            )
    return grids


def _warnings(rng: random.Random, grids: list[dict]) -> list[tuple]:
    families = [
        ("incident_surge", "警情骤增", "budget", "公安分局", "噪声扰民近7日11起,预期3.2起,超出上限7.4起"),
        ("elevator_overdue", "电梯逾期未检", "safety", "市场监管所", "电梯检验逾期46天,近30日投诉5件"),
        ("paid_after_death", "身故后仍发放", "statutory", "社保中心", "死亡登记后仍发放养老金3笔,待人工核实"),
        ("pension_while_employed", "在职领取待遇", "statutory", "社保中心", "同月既有参保缴费又有养老待遇,待人工核实"),
    ]
    rows = []
    for number, rank in enumerate([4, 4, 3, 3, 3, 3, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1]):
        family, family_zh, lane, unit, reason = families[number % 4]
        grid = grids[(number * 7) % len(grids)]
        personal = lane == "statutory"
        place = f"R-{rng.getrandbits(32):08x}" if personal else f"{grid['community']}{number + 1}号楼"
        level, level_zh = LEVELS[rank]
        observed = float(rng.randint(3, 14))
        rows.append(
            (
                f"W-{number + 1:04d}", family, family_zh, lane, level, level_zh, rank,
                f"{grid['community']}{family_zh}", reason, place, grid["code"], grid["name"], grid["community"],
                grid["town"], _at(AS_OF, 6, number), AS_OF - timedelta(days=7), AS_OF - timedelta(days=1),
                observed, 3.2, None if personal else 7.4, observed / 3, 0.6 + number % 4 / 10,
                "来源数据质量通过", unit, _at(AS_OF + timedelta(days=1 + number % 5), 18),
                "new" if number < 18 else "below_line", "新发" if number < 18 else "预算线下",
                int(observed), PINNED,
            )
        )  # fmt: skip
    return rows


def _grid_map(grids: list[dict], warnings: list[tuple]) -> list[tuple]:
    ranks: dict[str, list[int]] = {}
    for row in warnings:
        ranks.setdefault(row[10], []).append(row[6])
    rows = []
    for grid in grids:
        mine = ranks.get(grid["code"], [])
        worst = max(mine, default=0)
        level = LEVELS[worst][0] if worst else None
        place = (grid["code"], grid["name"], grid["community"], grid["town"], grid["residents"], grid["incidents"])
        rows.append((*place, len(mine), worst, level, json.dumps(grid["ring"])))
    return rows


def _trend(rng: random.Random) -> list[tuple]:
    rows = []
    for measure, measure_zh, base in [("incident", "警情", 42), ("repair", "报修", 25), ("petition", "信访", 8)]:
        for back in range(84, 0, -1):
            day = AS_OF - timedelta(days=back)
            expected = base * (1 + 0.12 * math.sin(2 * math.pi * day.weekday() / 7))
            observed = max(0, round(rng.gauss(expected, math.sqrt(expected))))
            if measure == "incident" and back <= 3:
                observed = round(expected * 1.6)
            half = 2 * math.sqrt(expected)
            known = back <= 56
            band = (round(expected, 1), round(expected + half, 1), round(expected - half, 1)) if known else (None,) * 3
            rows.append((day, measure, measure_zh, float(observed), *band))
    return rows


def _city_vitals() -> list[tuple]:
    day = AS_OF - timedelta(days=1)
    return [
        (1, "incident", "警情", day, 67.0, 42.0, 30.0, 55.0, "more", "偏高"),
        (2, "hotline", "热线来电", day, 31.0, 28.0, 18.0, 39.0, "usual", "在区间内"),
        (3, "grid_report", "网格上报", day, 6.0, 17.0, 10.0, 26.0, "less", "偏低"),
        (4, "petition", "网上信访", day - timedelta(days=28), 4.0, None, None, None, "old", "等待数据"),
    ]


def _overdue(rng: random.Random, grids: list[dict]) -> list[tuple]:
    rows = []
    for number in range(14):
        inspection = number % 2 == 0
        grid = grids[(number * 11) % len(grids)]
        kind, kind_zh = ("inspection", "电梯检验") if inspection else ("repair", "报修")
        days = rng.randint(3, 60)
        place = f"{grid['community']}{rng.randint(1, 30)}号楼" + ("2号梯" if inspection else "")
        unit = "市场监管所" if inspection else f"{grid['town'][:2]}物业服务中心"
        due = AS_OF - timedelta(days=days)
        number_zh = f"{'DT' if inspection else 'BX'}{number + 101}"
        rows.append(
            (kind, kind_zh, number_zh, place, grid["code"], grid["name"], grid["town"], unit, due, days, number % 6)
        )
    return rows


def _source_health() -> list[tuple]:
    feeds = [
        ("police_household", "户籍人口", "公安局", "pass", "通过", "on_time", "按时", 0.004),
        ("police_incident", "警情", "公安局", "warn", "有提示", "on_time", "按时", 0.031),
        ("civil_death", "死亡登记", "民政局", "pass", "通过", "late", "迟到", 0.002),
        ("civil_benefit", "救助待遇", "民政局", "pass", "通过", "on_time", "按时", 0.008),
        ("social_pension", "养老金发放", "社保中心", "pass", "通过", "on_time", "按时", 0.001),
        ("social_enrolment", "参保缴费", "社保中心", "refuse", "已退回", "on_time", "按时", 0.182),
        ("property_elevator", "电梯台账", "物业中心", "pass", "通过", "on_time", "按时", 0.006),
        ("property_repair", "报修投诉", "物业中心", "pass", "通过", "missing", "缺失", 0.0),
        ("urban_case", "城管案件", "城市管理局", None, None, "waiting", "未送达", 0.0),
    ]
    rows = []
    for number, (feed, title, department, verdict, verdict_zh, state, state_zh, share) in enumerate(feeds):
        read = 0 if state == "missing" else 1200 + number * 731
        held = round(read * share)
        refused = read if verdict == "refuse" else 0
        delivered = None if state == "missing" else _at(AS_OF, 2, number * 5)
        late = {"late": 3.5, "missing": 30.0}.get(state, 0.0)
        rows.append(
            (feed, title, department, "2026-06-27", delivered, int(read > 0), read, read - held, held // 2, held,
             refused, share, verdict, verdict_zh, state, state_zh, late, "")
        )  # fmt: skip
    return rows


def _vitals(grids: int, warnings: list[tuple]) -> list[tuple]:
    return [
        (1, "residents", "在册居民", 20416.0, "人", "常住与户籍归并后"),
        (2, "grids", "网格", float(grids), "个", "4个街镇"),
        (3, "incidents_7d", "近7日警情", 327.0, "起", "预期 296 起"),
        (4, "warnings_today", "今日预警", float(sum(row[-4] == "new" for row in warnings)), "条", "其中红橙 6 条"),
        (5, "overdue", "逾期事项", 14.0, "件", "最长逾期 58 天"),
        (6, "held_share", "待补正占比", 2.6, "%", "9 个来源"),
    ]

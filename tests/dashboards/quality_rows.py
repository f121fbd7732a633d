"""Plausible rows of the appraisal desk's tables: scores that are good, fair and poor, promises of every state, flags."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

from jobs.operate.health import STATE_ZH
from schemas.scorecard import load_scorecard

FEEDS = {
    "公安局": [("police_household", "户籍人口"), ("police_incident", "警情")],
    "民政局": [("civil_death", "死亡登记"), ("civil_benefit", "救助待遇")],
    "社保中心": [("social_pension", "养老金发放"), ("social_enrolment", "参保缴费")],
    "物业中心": [("property_elevator", "电梯台账"), ("property_repair", "报修投诉")],
    "城市管理局": [("urban_case", "城管案件")],
}
DAYS = 40
POOR = {"社保中心": ("validity", 0.86), "物业中心": ("timeliness", 0.8), "民政局": ("completeness", 0.95)}
WRONG = [
    ("missing:name", "completeness", "姓名", "姓名为空(必填)"),
    ("check_digit:resident_id", "validity", "身份证号", "身份证号的校验码不对,号码中有录错的数字"),
    ("duplicate_key:", "uniqueness", "整行", "登记编号与本文件中另一行相同,但内容不同,无法判断哪一行正确"),
    ("row:closed_after_opened", "consistency", "整行", "办结时间早于上报时间"),
]


def quality_rows(as_of: date) -> dict[str, list[tuple[Any, ...]]]:
    """Rows by table; the same on every call."""
    dice = random.Random(20260629)
    scores = _scores(dice, as_of)
    return {
        "scorecard": scores,
        "scorecard_reason": _reasons(dice, as_of),
        "department_score": [_department(department, scores) for department in FEEDS],
        "promise_kept": _promises(as_of),
        "quality_trend": _trend(dice, as_of),
        "integrity_flag": _flags(as_of),
    }


def _scores(dice: random.Random, as_of: date) -> list[tuple[Any, ...]]:
    rows = []
    for department, feeds in FEEDS.items():
        for feed, title in feeds:
            for back in range(0, DAYS, 3):
                for ordinal, (figure, spec) in enumerate(load_scorecard().figures.items(), 1):
                    numerator, denominator = _share(dice, department, figure)
                    score = numerator / denominator if denominator else None
                    names = (figure, ordinal, spec.zh, spec.en)
                    day = as_of - timedelta(days=back)
                    rows.append((department, feed, title, feed, day, back < 30, *names, numerator, denominator, score))
    return rows


def _share(dice: random.Random, department: str, figure: str) -> tuple[int, int]:
    poor, share = POOR.get(department, ("", 0.0))
    if figure == "timeliness":
        return (int(dice.random() < share) if figure == poor else 1), 1
    if figure == "mended":
        return (5, 8) if dice.random() < 0.2 else (0, 0)
    good = {"held": 0.01, "refused": 0.0, "marked": 0.004, "repaired": 0.02, "optional": 0.8}.get(figure, 0.995)
    return round(1000 * (share if figure == poor else good)), 1000


def _department(department: str, scores: list[tuple[Any, ...]]) -> tuple[Any, ...]:
    mine = [row for row in scores if row[0] == department and row[5]]
    cells: list[Any] = []
    for figure in load_scorecard().figures:
        numerator = sum(row[10] for row in mine if row[6] == figure)
        denominator = sum(row[11] for row in mine if row[6] == figure)
        share = numerator / denominator if denominator else None
        worst = " worst" if POOR.get(department, ("",))[0] == figure else ""
        cells += [share, (load_scorecard().band(figure, share) or "plain") + worst]
    read = sum(row[11] for row in mine if row[6] == "held")
    return department, len(FEEDS[department]), read, *cells


def _reasons(dice: random.Random, as_of: date) -> list[tuple[Any, ...]]:
    figures = load_scorecard().figures
    return [
        (department, feed, title, as_of, True, "held", reason, dimension, figures[dimension].zh, column, says, rows)
        for department, feeds in FEEDS.items()
        for feed, title in feeds
        for reason, dimension, column, says in WRONG
        if (rows := dice.randint(1, 90))
    ]


def _promises(as_of: date) -> list[tuple[Any, ...]]:
    rows = []
    states = [state for state in STATE_ZH if state != "waiting"]
    for number, (department, feeds) in enumerate(FEEDS.items()):
        for feed, title in feeds:
            for back in range(20):
                state = states[(number + back) % len(states)] if back % 5 == 0 else "on_time"
                due = as_of - timedelta(days=back)
                rows.append((department, feed, title, f"{due:%Y%m%d}", due, True, state, STATE_ZH[state], 0.0))
    return rows


def _trend(dice: random.Random, as_of: date) -> list[tuple[Any, ...]]:
    rows = []
    for department, feeds in FEEDS.items():
        for feed, title in feeds:
            for back in range(0, 180, 5):
                held, repaired, refused = dice.randint(2, 14), dice.randint(5, 25), 1000 if back == 90 else 0
                counts = (1000, 0, 0, 0, refused) if refused else (1000, 1000 - held, repaired, held, 0)
                rows.append((department, feed, title, as_of - timedelta(days=back), *counts))
    return rows


def _flags(as_of: date) -> list[tuple[Any, ...]]:
    says = "末位数字分布不匀(整十、整五偏多),且与邻近街镇同期相比过于平稳;n=412。请核对原始台账。"
    tests = (["terminal_digits", "too_smooth"], [0.0002, 0.0006])
    return [
        (as_of, "points_entry", "网格中心", "东湖街道", "points", *tests, [0.31, 0.2], 412, date(2026, 3, 1), as_of, says),
        (as_of - timedelta(days=3), "grid_report", "网格中心", "西塘街道", "closed_at", *tests, [0.22, 0.4], 188, date(2026, 5, 1), as_of,
         "办结时间集中在时限前一分钟,且与前期记录成段重复;n=188。请核对原始台账。"),
    ]  # fmt: skip

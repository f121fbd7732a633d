"""The lint recomputes what a brief prints: each kind of false figure is found, and an honest brief has none."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from jobs.report.compose import Brief, compose
from jobs.report.figures import Feed, Figures, NewWarning, Overdue, Vital
from jobs.report.identifiers import find_identifiers, mask_identifiers
from jobs.report.lint import lint
from jobs.report.typeset import chinese_punctuation

LATE = Feed("pension", "养老金发放", "人社局", 100, 98, 2, 0, 0.02, "pass", "通过", "late", "迟报", 5.0, None)
ON_TIME = Feed("incident", "警情", "公安局", 300, 300, 0, 0, 0.0, "pass", "通过", "on_time", "按时", 0.0, None)
WARNING = NewWarning(
    "red", "红", "警情异常增多", "近7日 23 起,预期 9 起。", "R-3f9a2c71", "东湖第1网格", None, "东湖街道", None, None
)
OVERDUE = Overdue("检验", "ZT-1", "6幢1号梯", "东湖街道", "市场监管局", date(2026, 2, 1), 28, 2)


def _brief(**change: object) -> Brief:
    vitals = (
        Vital("warnings_today", "今日预警", 1.0, "条", None),
        Vital("overdue", "逾期事项", 1.0, "件", "9 个部门"),
        Vital("held_share", "待补正占比", 0.5, "%", None),
    )
    figures = Figures(
        as_of=date(2026, 3, 1),
        built_at=datetime(2026, 3, 1, tzinfo=UTC),
        run_id="r",
        clock="实时",
        table_versions={},
        vitals=vitals,
        new_warnings=(WARNING,),
        below_line=0,
        muted=(),
        overdue=(OVERDUE,),
        feeds=(ON_TIME, LATE),
        trend=(),
        cells=(),
    )
    return compose(replace(figures, **change))  # type: ignore[arg-type]


def _said(brief: Brief) -> list[str]:
    return [str(fault) for fault in lint(brief)]


def test_an_honest_brief_has_no_fault() -> None:
    brief = _brief()
    assert len(list(brief.passages())) > 20
    assert _said(brief) == []


@pytest.mark.parametrize(
    ("says", "fault"),
    [
        ("新增预警 9 条:红色 1 条、橙色 7 条。", "合计 9 条：分项之和为 8"),
        ("接入 3 个:按时 1 个、迟报 1 个(人社局);退回 1 个", "合计 3 个：分项之和为 2"),
        ("共 1,200 行:入库 1,100 行、退回 10 行", "合计 1200 行：分项之和为 1110"),
        ("占 207/3942(4.11%)", "207/3942 = 4.11%：重算为 5.25%"),
        ("占 5/0(0%)", "5/0 = 0%：重算为 nan%"),
        ("联系人１３８００１３８０００", "手机号码：正文不得出现个人标识，请改为化名"),
    ],
)
def test_printed_words_are_recomputed(says: str, fault: str) -> None:
    brief = _brief()
    assert f"导语：{fault}" in _said(replace(brief, lead=says))


@pytest.mark.parametrize(
    "says",
    [
        "近7日警情 23 起,预期 9 起,上界 15 起",
        "逾期 9 件:检验 5 件、维修 4 件;最长逾期 37 天。",
        "占 207/3942(5.25%)",
        "1/3 约 33%",
        "检修时间 18:00、19:00",
        "ZT-20260301123456 号单",
    ],
)
def test_honest_words_are_left_alone(says: str) -> None:
    assert _said(replace(_brief(), lead=says)) == []


def test_a_vital_sign_that_the_rest_contradicts_is_found() -> None:
    vitals = (Vital("overdue", "逾期事项", 2.0, "件", None), Vital("held_share", "待补正占比", 0.02, None, None))
    assert _said(_brief(vitals=vitals)) == [
        "一、运行体征：逾期事项 2：由明细重算为 1",
        "一、运行体征：待补正占比 2：由明细重算为 0.5",
    ]


def test_rows_that_vanish_and_feeds_that_count_twice_are_found() -> None:
    lost = LATE._replace(kept_rows=90)
    assert any("读入 100 行：入库、待补正、退回之和为 92" in said for said in _said(_brief(feeds=(ON_TIME, lost))))
    twice = _said(_brief(feeds=(ON_TIME, LATE, LATE), vitals=()))
    assert any("数据源 pension：列了 2 次" in said for said in twice)


def test_a_late_department_without_its_name_is_found() -> None:
    brief = _brief()
    silent = tuple(replace(section, rows=(), unlisted=section.total, more="") for section in brief.sections)
    assert "四、数据缺口：人社局：养老金发放迟报，未点名" in _said(replace(brief, sections=silent))


def test_departments_beyond_the_table_are_named_below_it() -> None:
    many = tuple(LATE._replace(feed=f"f{n}", department=f"第{n}局") for n in range(15))
    brief = _brief(feeds=many, vitals=())
    assert _said(brief) == []
    assert "第14局（养老金发放）迟报" in brief.sections[2].more


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("330106195001011234", ["居民身份号码"]),
        ("证号33010619500101123x。", ["居民身份号码"]),
        ("330106 19500101 1234", ["居民身份号码"]),
        ("330106500101123", ["居民身份号码"]),
        ("+86 138-0013-8000", ["手机号码"]),
        ("8613800138000", ["手机号码"]),
        ("R-13800138000", ["手机号码"]),
        ("R-a13800138000b", []),
        ("R-3f9a2c…", []),
        ("ZT-20260301123456", []),
        ("合计 13,800,138,000 元", []),
    ],
)
def test_personal_numbers_are_told_from_others(text: str, kinds: list[str]) -> None:
    assert find_identifiers(text) == kinds
    assert find_identifiers(mask_identifiers(text)) == []


@pytest.mark.parametrize(
    ("typed", "printed"),
    [
        ("近7日 23 起,预期 9.1 起;以纠纷为主(含噪声)", "近7日 23 起，预期 9.1 起；以纠纷为主（含噪声）"),
        ("2,310 元,18:00 前", "2,310 元，18:00 前"),
        ("R-3f9a2c, see (a)", "R-3f9a2c, see (a)"),
        ("第 12 行:编号为空", "第 12 行：编号为空"),
    ],
)
def test_chinese_reads_with_chinese_punctuation(typed: str, printed: str) -> None:
    assert chinese_punctuation(typed) == printed
    assert chinese_punctuation(printed) == printed

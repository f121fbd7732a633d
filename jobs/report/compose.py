"""Puts a day's figures into the sentences and tables of the brief."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from jobs.report.figures import Feed, Figures, Muted, NewWarning, Overdue, Vital
from jobs.report.typeset import chinese_punctuation

WARNINGS_LISTED, OVERDUE_LISTED, GAPS_LISTED = 12, 5, 8
STATES = ("on_time", "late", "short", "overdue", "refused", "missing", "waiting")
GAP_STATES, GAP_VERDICTS = STATES[1:6], ("refuse", "failed")
PRESSING = ("orange", "red")
_WEEKDAYS = "一二三四五六日"
_PSEUDONYM = re.compile(r"[A-Z]-[0-9a-f]{4,}")


@dataclass(frozen=True)
class Section:
    """One section under its heading: a sentence, then a table whose rest is counted."""

    key: str
    heading: str
    says: str
    total: int
    unlisted: int
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    levels: tuple[str, ...] = ()  # of warnings: the level of each row, for its colour
    more: str = ""


@dataclass(frozen=True)
class Tile:
    """A vital sign as printed."""

    name: str
    shown: str
    unit: str
    note: str


@dataclass(frozen=True)
class Brief:
    """One issue of the daily brief; `html` and `pdf` are known once it is written."""

    issue_no: int
    figures: Figures
    lead: str
    tiles: tuple[Tile, ...]
    sections: tuple[Section, ...]
    html: Path | None = None
    pdf: Path | None = None

    def passages(self) -> Iterator[tuple[str, str]]:
        """Every (place, text) that a reader will see, for the lint."""
        yield "导语", self.lead
        for tile in self.tiles:
            yield f"一、运行体征「{tile.name}」", f"{tile.name} {tile.shown}{tile.unit} {tile.note}"
        for section in self.sections:
            yield f"{section.heading} 概述", section.says
            yield f"{section.heading} 表后", section.more
            for n, row in enumerate(section.rows, 1):
                for column, text in zip(section.columns, row, strict=True):
                    yield f"{section.heading} 第 {n} 行「{column}」", text


def compose(figures: Figures, issue_no: int | None = None) -> Brief:
    """The brief of a day. issue_no: the day of the year unless given."""
    sections = (_warnings(figures), _overdue(figures), _gaps(figures.feeds))
    return Brief(
        issue_no=issue_no if issue_no is not None else figures.as_of.timetuple().tm_yday,
        figures=figures,
        lead=_headline(figures, sections),
        tiles=tuple(_tile(vital) for vital in figures.vitals),
        sections=sections,
    )


def _headline(figures: Figures, sections: tuple[Section, ...]) -> str:
    """The day in one sentence: what to decide, what is late, what is not known."""
    warned, overdue, gaps = (section.total for section in sections)
    pressing = sum(warning.level in PRESSING for warning in figures.new_warnings)
    warnings = f"新增预警 {warned} 条" + (f"（橙色及以上 {pressing} 条）" if pressing else "")
    return f"{warnings}，逾期 {overdue} 件，数据缺口 {gaps} 项。"


def long_date(day: date) -> str:
    """2026年3月1日 星期日"""
    return f"{day.year}年{day.month}月{day.day}日 星期{_WEEKDAYS[day.weekday()]}"


def moment(at: datetime | None) -> str:
    """3月1日 8:05, or a dash."""
    return f"{at.month}月{at.day}日 {at.hour}:{at.minute:02d}" if at else "—"


def _tile(vital: Vital) -> Tile:
    shown, unit = _figure(vital)
    return Tile(chinese_punctuation(vital.name_zh), shown, unit, chinese_punctuation(vital.note_zh or ""))


def _figure(vital: Vital) -> tuple[str, str]:
    """(figure, unit) as printed: shares in percent, whole numbers without decimals."""
    if vital.value is None:
        return "—", ""
    if (share := percent(vital)) is not None:
        return f"{share:.2f}", "%"
    whole = float(vital.value).is_integer()
    return (f"{vital.value:,.0f}" if whole else f"{vital.value:,.1f}"), vital.unit_zh or ""


def percent(vital: Vital) -> float | None:
    """A share in percent: 2.6 with unit % is 2.6, a fraction 0.026 named `…_share` too; None if it is no share."""
    if vital.value is None or not (vital.unit_zh == "%" or vital.name.endswith("_share")):
        return None
    return vital.value if vital.unit_zh == "%" else 100 * vital.value


def _warnings(figures: Figures) -> Section:
    listed, total = figures.new_warnings[:WARNINGS_LISTED], len(figures.new_warnings)
    parts = _parts((f"{warning.level_zh}色" for warning in figures.new_warnings), "条")
    says = f"新增预警 {total} 条：{parts}。" if total else "今日无新增预警。"
    unlisted = total - len(listed)
    rest = [f"另有 {unlisted} 条未列出" if unlisted else ""]
    rest += [f"低于当日名额线、留存备查的 {figures.below_line} 条" if figures.below_line else ""]
    return Section(
        key="warnings",
        heading="二、新增预警",
        says=says,
        total=total,
        unlisted=unlisted,
        columns=("级别", "事项", "地点", "缘由", "建议单位", "时限"),
        rows=tuple(_warning_row(warning) for warning in listed),
        levels=tuple(warning.level for warning in listed),
        more=_sentence(rest, "可在指挥席查看") + _not_judged(figures.muted),
    )


def _not_judged(muted: Iterable[Muted]) -> str:
    """The families that doubtful data mute today, by their reason."""
    by_reason: dict[str, list[str]] = {}
    for one in muted:
        by_reason.setdefault(one.why_zh, []).append(one.family_zh)
    said = "，".join(f"{why}，{'、'.join(families)}停判" for why, families in by_reason.items())
    return f"因{said}。" if said else ""


def _warning_row(warning: NewWarning) -> tuple[str, ...]:
    return _row(
        warning.level_zh,
        warning.title_zh,
        _place(warning),
        warning.reason_zh,
        warning.unit_zh or "—",
        moment(warning.deadline_at),
    )


def _place(warning: NewWarning) -> str:
    """Town and place; for a person the grid (else the community) and the pseudonym that its worker can resolve."""
    area = warning.grid_name or warning.community or ""
    subject = warning.subject or ""
    if _PSEUDONYM.match(subject):
        return f"{_within(warning.town, area)} {subject}".strip()
    return _within(warning.town, subject or area) or "—"


def _within(town: str | None, place: str | None) -> str:
    """The place with its town in front, unless it names the town already."""
    place = place or ""
    return place if not town or town in place else f"{town}{place}"


def _overdue(figures: Figures) -> Section:
    matters = figures.overdue
    listed, total = matters[:OVERDUE_LISTED], len(matters)
    parts = _parts((matter.matter_kind_zh for matter in matters), "件")
    longest = max((matter.days_overdue for matter in matters), default=0)
    unlisted = total - len(listed)
    return Section(
        key="overdue",
        heading="三、逾期事项",
        says=f"逾期事项 {total} 件：{parts}；最长逾期 {longest} 天。" if total else "无逾期事项。",
        total=total,
        unlisted=unlisted,
        columns=("类别", "编号", "地点", "责任单位", "应办日期", "逾期天数", "30日投诉"),
        rows=tuple(_overdue_row(matter, figures.as_of) for matter in listed),
        more=_sentence([f"另有 {unlisted} 件未列出" if unlisted else ""], "可在指挥席查看"),
    )


def _overdue_row(matter: Overdue, as_of: date) -> tuple[str, ...]:
    year = "" if matter.due_on.year == as_of.year else f"{matter.due_on.year}年"
    return _row(
        matter.matter_kind_zh,
        matter.matter_no,
        _within(matter.town, matter.place) or "—",
        matter.unit_zh or "—",
        f"{year}{matter.due_on.month}月{matter.due_on.day}日",
        f"{matter.days_overdue:,}",
        "—" if matter.complaints_30d is None else f"{matter.complaints_30d:,}",
    )


def _gaps(feeds: tuple[Feed, ...]) -> Section:
    """Coverage first, then every late, short, missing or refused feed by its department's name, in the table or below it."""
    gaps = [feed for feed in feeds if is_gap(feed)]
    listed, rest = gaps[:GAPS_LISTED], gaps[GAPS_LISTED:]
    return Section(
        key="gaps",
        heading="四、数据缺口",
        says=_coverage(feeds),
        total=len(gaps),
        unlisted=len(rest),
        columns=("部门", "数据", "到达", "质检", "迟到", "未入库"),
        rows=tuple(_gap_row(feed) for feed in listed),
        more=f"另有 {len(rest)} 项：{'、'.join(map(_named, rest))}。" if rest else "",
    )


def is_gap(feed: Feed) -> bool:
    """Late, short, missing, refused, or failed in processing."""
    return feed.state in GAP_STATES or feed.verdict in GAP_VERDICTS


def _coverage(feeds: tuple[Feed, ...]) -> str:
    if not feeds:
        return "尚无接入的数据源。"
    in_order = sorted(feeds, key=lambda feed: STATES.index(feed.state) if feed.state in STATES else len(STATES))
    arrived = _parts((feed.state_zh for feed in in_order), "个")
    says = f"接入数据源 {len(feeds)} 个：{arrived}"
    stopped = _parts((feed.verdict_zh or "未通过" for feed in feeds if feed.verdict in GAP_VERDICTS), "个")
    return f"{says}；质检{stopped}。" if stopped else f"{says}。"


def _named(feed: Feed) -> str:
    """公安局(警情)迟报: department, feed and what is wrong."""
    wrong = feed.state_zh if feed.state in GAP_STATES else feed.verdict_zh or "未通过"
    return chinese_punctuation(f"{feed.department}({feed.title_zh}){wrong}")


def _gap_row(feed: Feed) -> tuple[str, ...]:
    late = f"{feed.hours_late:,.0f} 小时" if feed.hours_late and feed.hours_late >= 1 else "—"
    stopped = (feed.held_rows or 0) + (feed.refused_rows or 0)
    return _row(
        feed.department,
        feed.title_zh,
        feed.state_zh + (f"({feed.waiting_zh})" if feed.waiting_zh else ""),
        feed.verdict_zh or "—",
        late,
        f"{stopped:,} 行" if stopped else "—",
    )


def _row(*cells: str) -> tuple[str, ...]:
    return tuple(chinese_punctuation(cell) for cell in cells)


def _parts(words: Iterable[str], unit: str) -> str:
    """红色 1 条、橙色 2 条: how many of each, in the order of first appearance."""
    return "、".join(f"{word} {count} {unit}" for word, count in Counter(words).items())


def _sentence(clauses: list[str], ending: str) -> str:
    said = [clause for clause in clauses if clause]
    return f"{'，'.join(said)}，{ending}。" if said else ""

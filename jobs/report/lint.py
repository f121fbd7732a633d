"""Recomputes what a brief says: sums, percentages, vital signs, late departments, and that it names nobody."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from jobs.report.compose import Brief, is_gap, percent
from jobs.report.figures import Feed
from jobs.report.identifiers import find_identifiers

_SHARE_ROUNDING = 0.05  # percentage points: a share may have been rounded to one decimal


class Fault(NamedTuple):
    """One thing that keeps a brief from being published."""

    place: str
    figure: str
    says: str

    def __str__(self) -> str:
        return f"{self.place}：{self.figure}：{self.says}"


class BriefFault(ValueError):
    """A brief whose figures do not hold; nothing was written."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("日报未生成，请先改正：" + "；".join(map(str, faults)))
        self.faults = faults


def lint(brief: Brief) -> list[Fault]:
    """All faults of a brief, in reading order; an empty list lets it out."""
    return [
        *_printed(brief),
        *_listed_and_rest(brief),
        *_vitals(brief),
        *_rows_conserved(brief),
        *_late_departments_named(brief),
    ]


def _printed(brief: Brief) -> Iterator[Fault]:
    """What can be judged from the words alone, whoever wrote them."""
    for place, text in brief.passages():
        plain = unicodedata.normalize("NFKC", text)  # full-width marks and digits count like narrow ones
        yield from _sums(place, plain)
        yield from _percentages(place, plain)
        # The fault names the kind and the place only: the log must not carry the number either.
        yield from (Fault(place, kind, "正文不得出现个人标识，请改为化名") for kind in find_identifiers(text))


_TOTAL = re.compile(r"(?P<total>\d[\d,]*) ?(?P<unit>[条件个起行户人]):(?P<parts>[^。;:]+)")
_PART = re.compile(r"^[^\d、]+ ?(?P<count>\d[\d,]*) ?(?P<unit>[条件个起行户人])(?:\([^)]*\))?$")


def _sums(place: str, text: str) -> Iterator[Fault]:
    """「9 条:红色 1 条、橙色 8 条」 must add up; lists of another shape are left alone."""
    for found in _TOTAL.finditer(text):
        parts = [_PART.match(part.strip()) for part in found["parts"].split("、")]
        counts = [_whole(part["count"]) for part in parts if part and part["unit"] == found["unit"]]
        total = _whole(found["total"])
        if len(counts) == len(parts) and sum(counts) != total:
            yield Fault(place, f"合计 {total} {found['unit']}", f"分项之和为 {sum(counts)}")


_PERCENTAGE = re.compile(
    r"(?P<part>\d[\d,]*)\s*/\s*(?P<whole>\d[\d,]*)\s*[=(,:占为即约]*\s*(?P<shown>\d+(?:\.(?P<decimals>\d+))?)\s*%"
)


def _percentages(place: str, text: str) -> Iterator[Fault]:
    """「207/3942(4.11%)」 is recomputed to the decimals it shows."""
    for found in _PERCENTAGE.finditer(text):
        part, whole = _whole(found["part"]), _whole(found["whole"])
        right = 100 * part / whole if whole else float("nan")
        decimals = len(found["decimals"] or "")
        if not abs(right - float(found["shown"])) <= 0.5 * 10**-decimals + 1e-9:
            yield Fault(place, f"{part}/{whole} = {found['shown']}%", f"重算为 {right:.{decimals}f}%")


def _listed_and_rest(brief: Brief) -> Iterator[Fault]:
    for section in brief.sections:
        listed = len(section.rows)
        if listed + section.unlisted != section.total:
            says = f"列出 {listed} 加未列 {section.unlisted} 不等于合计"
            yield Fault(section.heading, f"合计 {section.total}", says)


def _vitals(brief: Brief) -> Iterator[Fault]:
    """A vital sign that the rest of the brief can recompute equals it; the grids hold no more than the city."""
    figures = brief.figures
    equal = {
        "warnings_today": len(figures.new_warnings),
        "overdue": len(figures.overdue),
        "grids": len(figures.cells),
        "held_share": _held_percent(figures.feeds),
    }
    at_least = {
        "residents": sum(cell.residents or 0 for cell in figures.cells),
        "incidents_7d": sum(cell.incidents_7d or 0 for cell in figures.cells),
    }
    for vital in figures.vitals:
        said = percent(vital) if percent(vital) is not None else vital.value
        if said is None:
            continue
        right, least = equal.get(vital.name), at_least.get(vital.name)
        if right is not None and abs(said - right) > _SHARE_ROUNDING:
            yield Fault("一、运行体征", f"{vital.name_zh} {said:g}", f"由明细重算为 {right:.6g}")
        if least is not None and said < least:
            yield Fault("一、运行体征", f"{vital.name_zh} {said:g}", f"各网格之和 {least} 反而更多")


def _held_percent(feeds: tuple[Feed, ...]) -> float | None:
    read = sum(feed.read_rows or 0 for feed in feeds)
    return 100 * sum(feed.held_rows or 0 for feed in feeds) / read if read else None


def _rows_conserved(brief: Brief) -> Iterator[Fault]:
    """Each feed once; its rows read are its rows kept, held and refused; its held share is held / read."""
    for name, times in Counter(feed.feed for feed in brief.figures.feeds).items():
        if times > 1:
            yield Fault("四、数据缺口", f"数据源 {name}", f"列了 {times} 次，数据源个数会多算")
    for feed in brief.figures.feeds:
        read, parts = feed.read_rows or 0, (feed.kept_rows or 0, feed.held_rows or 0, feed.refused_rows or 0)
        place = f"四、数据缺口 {feed.department}({feed.title_zh})"
        if sum(parts) != read:
            yield Fault(place, f"读入 {read} 行", f"入库、待补正、退回之和为 {sum(parts)}")
        if read and feed.held_share is not None and abs(feed.held_share - parts[1] / read) > _SHARE_ROUNDING / 100:
            yield Fault(place, f"待补正占比 {feed.held_share:.2%}", f"重算为 {parts[1] / read:.2%}")


def _late_departments_named(brief: Brief) -> Iterator[Fault]:
    gaps = next(section for section in brief.sections if section.key == "gaps")
    said = gaps.more + "".join(cell for row in gaps.rows for cell in row)
    for feed in brief.figures.feeds:
        if is_gap(feed) and feed.department not in said:
            yield Fault(gaps.heading, feed.department, f"{feed.title_zh}{feed.state_zh}，未点名")


def _whole(figure: str) -> int:
    return int(figure.replace(",", "") or 0)

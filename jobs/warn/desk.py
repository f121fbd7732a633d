"""Warnings as a desk reads them: the list, one with everything about it, and the very rows that it rests on."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from rich.table import Table
from rich.text import Text

from jobs.home import ZONE, Home
from jobs.status import LEVEL_STYLE
from jobs.warn.life import AT_HAND, evidence_of, moves_of, warnings_now
from schemas.life import load_life
from schemas.warning_rule import LEVELS

SHOWN = 8  # characters of an id: enough to name it, and to paste back
SOURCE_ZH = {"person": "人工", "clock": "时钟", "delivery": "派送"}


def state_zh(warning: dict[str, Any]) -> str:
    return "线下" if warning["status"] == "below_line" else load_life().states[warning["state"]].zh


def tier_zh(tier: str | None) -> str:
    return load_life().tiers[tier].zh if tier else ""  # pyright: ignore[reportArgumentType]


def moment(at: datetime | None) -> str:
    return f"{at.astimezone(ZONE):%m-%d %H:%M}" if at else "—"


def sign_by(warning: dict[str, Any]) -> datetime | None:
    """By when the desk that has it signs for it; None where nothing waits to be signed for."""
    if warning["state"] != "dispatched":
        return None
    since = max(filter(None, (warning["dispatched_at"], warning["tier_since"])))
    return since + load_life().acknowledge_within(warning["tier"])


def listed(
    home: Home, state: str | None, family: str | None, level: str | None, unit: str | None, everything: bool
) -> list[dict[str, Any]]:
    """Warnings that fit all that is asked, worst first; unless everything is asked for or a state named, those at hand."""
    asked = [
        ("status = ?", state), ("family = ?", family), ("level = ?", level), ("contains(unit_zh, ?)", unit),
    ]  # fmt: skip
    given = [(clause, value) for clause, value in asked if value]
    where = [clause for clause, _ in given] + ([] if everything or state else [AT_HAND])
    found = warnings_now(home, " AND ".join(where) or "true", [value for _, value in given])
    return sorted(found, key=lambda one: (-LEVELS.index(one["level"]), -one["score"]))


def as_table(warnings: list[dict[str, Any]]) -> Table:
    table = Table("编号", "级别", "状态", "预警", "地点或对象", "缘由", "承办", "签收期限", box=None, pad_edge=False)
    for column in (0, 1, 2):
        table.columns[column].no_wrap = True
    for one in warnings:
        table.add_row(
            one["warning_id"][:SHOWN], Text(one["level_zh"], LEVEL_STYLE[one["level"]]), state_zh(one), one["title_zh"],
            one["subject"], one["reason_zh"], one["unit_zh"], moment(sign_by(one)),
        )  # fmt: skip
    return table


def everything_about(home: Home, warning: dict[str, Any]) -> Text:
    """What, where, how much beyond what was expected, why it is believed, who acts by when, its moves, and its rows' sources."""
    life = load_life()
    lines = [
        Text.assemble(
            (f"{warning['level_zh']}色  ", LEVEL_STYLE[warning["level"]]), (warning["title_zh"], "bold"), f"  {warning['warning_id']}"
        ),
        *(Text(f"{name:<6}{value}") for name, value in _facts(warning)),
        Text("经过", "bold"),
    ]  # fmt: skip
    lines.append(Text(f"  {moment(warning['raised_at'])}  发现"))
    for row in moves_of(home, warning["warning_id"]):
        what = life.states[row["to_state"]].zh
        if row["from_state"] == row["to_state"]:
            what = "提为红色" if row["level"] == "red" else f"转至{tier_zh(row['tier'])}"
        verdict = f"({life.verdicts[row['verdict']].zh})" if row["verdict"] else ""
        into = f" → {row['into_id'][:SHOWN]}" if row["into_id"] else ""
        source = SOURCE_ZH.get(row["source"], "部门反馈")
        lines.append(Text(f"  {moment(row['at'])}  {what}{verdict}{into}  {row['by']}:{row['why']}  [{source}]"))
    lines.append(Text(f"依据 {warning['evidence_rows']} 行", "bold"))
    counts: dict[tuple[str, int], int] = {}
    for row in evidence_of(home, warning["warning_id"]):
        source = (row["feed"], row["table_version"])
        counts[source] = counts.get(source, 0) + 1
    lines += [
        Text(f"  {feed}  {rows} 行,读自 silver.{feed} 第 {version} 版") for (feed, version), rows in counts.items()
    ]
    lines.append(Text(f"  逐行查看:citybrain warning rows {warning['warning_id'][:SHOWN]}", "dim"))
    following = life.may_follow(warning["state"])
    next_ones = "、".join(f"{life.states[state].zh} {state}" for state in following) or "无"
    lines.append(Text(f"接下来可以是:{next_ones}", "dim"))
    return Text("\n").join(lines)


def _facts(warning: dict[str, Any]) -> list[tuple[str, str]]:
    bound = "" if warning["bound"] is None else f",上界 {warning['bound']:g}"
    confidence = f"{warning['confidence']:.0%}" + (
        f"({warning['confidence_why']})" if warning["confidence_why"] else ""
    )
    due = sign_by(warning)
    return [
        ("缘由", warning["reason_zh"]),
        ("对象", f"{warning['subject']}  {warning['window_start']} 至 {warning['window_end']}"),
        ("数值", f"实有 {warning['observed']:g},预期 {warning['expected']:g}{bound},得分 {warning['score']:.2f}"),
        ("置信", confidence),
        ("版本", ", ".join(f"{table}@{version}" for table, version in json.loads(warning["table_versions"]).items())),
        ("承办", f"{warning['unit_zh']},办理期限 {moment(warning['deadline_at'])}"),
        ("状态", f"{state_zh(warning)},{tier_zh(warning['tier'])}" + (f",{moment(due)} 前签收" if due else "")),
    ]


def rows_table(rows: list[dict[str, Any]]) -> Table:
    """The copied rows, each with where it came from and the version of its table that was read."""
    table = Table("数据", "报送编号", "行号", "日期", "表版本", "内容", box=None, pad_edge=False)
    for row in rows:
        facts = ",".join(f"{name}={value}" for name, value in json.loads(row["facts"]).items())
        table.add_row(
            row["feed"], row["delivery_id"], str(row["row_no"]), str(row["day"]), str(row["table_version"]), facts
        )
    return table

"""Prints a score for people, and writes it for programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from demo.corruption import CATALOGUE
from demo.score import OUTCOMES

FAMILY_ZH = {
    "incident_surge": "警情突增",
    "paid_after_death": "死亡后仍发放",
    "pension_while_employed": "领养老金又在职",
    "elevator_overdue": "电梯超期且有故障",
    "incident_cluster": "相邻网格警情聚集",
    "burglary_near_repeat": "近重复入室盗窃",
    "hotline_unit_late": "承办单位超期偏多",
    "hotline_surge": "热线诉求突增",
    "hotline_cluster": "相邻网格诉求聚集",
    "urban_case_surge": "城管案件突增",
    "repeat_matter": "同一事项反复反映",
    "city_vital": "城市体征异常",
    "benefit_in_custody": "羁押期间仍发救助",
    "benefit_certificate_expired": "残疾证到期仍发补贴",
    "elder_silent": "独居老人无开门",
    "elder_declining": "老人出门渐少",
    "device_failed": "门磁设备失联",
    "benefit_exclusive": "互斥救助同月发放",
    "benefit_tier_age": "高龄津贴与年龄不符",
    "benefit_over_limit": "低保而收入超限",
    "cremated_still_registered": "死亡后户籍未注销",
    "age_reached": "提醒满龄",
    "certificate_due": "提醒残疾证到期",
    "entitled_not_enrolled": "提醒应享未享",
    "hazard_open": "隐患逾期未整改",
    "gas_fire_overdue": "燃气消防超期且有故障",
    "matter_overdue": "事项逾期未办结",
}
FABRICATED_ZH = {"invented": "凭空填写", "copied": "照抄", "smoothed": "抹平", "at_deadline": "到点办结", "rounded": "时间取整",
                 "rushed": "临期赶办"}  # fmt: skip
STATUS_ZH = {"refused": "已退回", "absent": "未投递", "passed": "放行", "warned": "带提醒放行", "failed": "处理失败",
             "released": "人工放行", "rejected": "人工退回"}  # fmt: skip
KIND_ZH = {kind.name: kind.zh for kind in CATALOGUE.values()}


def print_score(console: Console, result: dict[str, Any]) -> None:
    console.print(_events(result["events"]))
    console.print(_noise(result["noise"]))
    for line in _sentences(result):
        console.print(line, highlight=False)


def write_json(result: dict[str, Any], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def _table(title: str, *headers: str) -> Table:
    table = Table(title=title, title_justify="left")
    for number, header in enumerate(headers):
        table.add_column(header, justify="right" if number else "left")
    return table


def _events(events: dict[str, Any]) -> Table:
    table = _table("预警", "类别", "埋入", "找到", "其中线上", "漏掉", "历史找到", "发出预警", "误报", "其中线上")
    for family, own in events.items():
        history = f"{own['history_found']}/{own['history_planted']}"
        table.add_row(
            FAMILY_ZH.get(family, family),
            *map(
                str,
                [
                    own["planted"],
                    own["found"],
                    own["found_above_line"],
                    len(own["missed"]),
                    history,
                    own["warnings"],
                    own["false"],
                    own["false_above_line"],
                ],
            ),
        )
    return table


def _noise(noise: dict[str, Any]) -> Table:
    table = _table("噪声", "种类", "埋入", "按预期", "修对未记录", "搁置/修复互换", "修错", "漏掉")
    for kind, own in noise["by_kind"].items():
        table.add_row(
            KIND_ZH.get(kind, kind),
            *(str(own[name]) for name in ("planted", *OUTCOMES)),
        )
    total = {name: sum(own[name] for own in noise["by_kind"].values()) for name in OUTCOMES}
    table.add_section()
    table.add_row("合计", str(noise["planted"]), *map(str, total.values()))
    return table


def _sentences(result: dict[str, Any]) -> list[str]:
    quiet, conflicts, deliveries = result["quiet"], result["conflicts"], result["deliveries"]
    to_refuse = [f"{file}（{STATUS_ZH.get(status, status)}）" for file, status in deliveries["to_refuse"].items()]
    lines = [
        f"好数据 {quiet['rows']:,} 行："
        f"误搁置 {quiet['held']} 行，误修 {quiet['repaired']} 行，占 {quiet['touched_share']:.3%}。",
        f"部门矛盾：埋入 {conflicts['planted']} 处，"
        f"登记册列出其中 {conflicts['found']} 处（共列出 {conflicts['listed']} 处）。",
        f"应退回的文件：{_listed(to_refuse)}；误退回的好文件：{_listed(deliveries['good_but_refused'])}；"
        f"带提醒放行 {len(deliveries['warned'])} 个。",
    ]
    lines += _fabrications(result["fabrications"])
    if result["not_judged"]:
        untold = [f"{FAMILY_ZH.get(family, family)} {count}" for family, count in result["not_judged"].items()]
        lines.append(f"未评（尚无对应的预警）：{_listed(untold)}。")
    if result["noise"]["in_files_not_admitted"]:
        lines.append(f"另有 {result['noise']['in_files_not_admitted']} 行噪声所在的文件未入库，不计入上表。")
    for title, reasons in (("误搁置原因", quiet["held_because"]), ("误修原因", quiet["repaired_by"])):
        if reasons:
            lines.append(f"{title}：" + "；".join(f"{reason}（{count}）" for reason, count in reasons.items()))
    return lines


def _fabrications(told: dict[str, Any]) -> list[str]:
    """What was found of the made-up figures by kind, and which honest units were flagged."""
    if not told["by_kind"]:
        return []
    found = [
        f"{FABRICATED_ZH.get(kind, kind)} {own['found']}/{own['planted']}" for kind, own in told["by_kind"].items()
    ]
    missed = [
        f"{unit}（{FABRICATED_ZH.get(kind, kind)}）" for kind, own in told["by_kind"].items() for unit in own["missed"]
    ]
    habits = [str(FABRICATED_ZH.get(kind, kind)) for kind in told["honest_habits"]]
    return [f"造假的数：找到 {_listed(found)}；漏掉：{_listed(missed)}；误标 {len(told['false'])} 个"
            f"（另埋入诚实习惯：{_listed(habits)}）：{_listed(told['false'])}。"]  # fmt: skip


def _listed(names: list[str]) -> str:
    return "、".join(names) or "无"

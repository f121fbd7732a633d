"""The command line of the demo city."""

from __future__ import annotations

import os
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

app = typer.Typer(
    help="虚构的东湖市：生成各部门的数据文件（已知其中埋了什么），并为数据湖的处理结果打分。",
    no_args_is_help=True,
    add_completion=False,
)
console = Console()


@app.command("build")
def build_command(
    out: Annotated[Path, typer.Option(help="各部门投递目录，文件写入 <部门文件夹>/<文件名>")],
    truth: Annotated[Path, typer.Option(help="真值目录：events、conflicts、noise、deliveries、traits 五个 CSV")],
    seed: Annotated[int, typer.Option(help="同一种子与参数，文件逐字节相同", min=0)] = 7,
    residents: Annotated[int, typer.Option(help="居民人数", min=2_000, max=50_000)] = 20_000,
    days: Annotated[int, typer.Option(help="覆盖天数", min=90, max=365)] = 120,
    end: Annotated[
        datetime, typer.Option(help="最后一个完整日", formats=["%Y-%m-%d"], show_default="2026-06-28")
    ] = datetime(2026, 6, 28),
    quiet_city: Annotated[bool, typer.Option("--quiet-city", help="不埋任何事件和部门矛盾")] = False,
    no_noise: Annotated[bool, typer.Option("--no-noise", help="不加数据噪声")] = False,
) -> None:
    """生成一座城市。例：python -m demo build --out drop --truth truth --seed 7"""
    from demo.build import build, write_city
    from demo.plan import Plan
    from demo.scorecard import FAMILY_ZH

    plan = Plan(seed, residents, days, end.date(), quiet_city, not no_noise)
    spoiled, tables = build(plan)
    size = write_city(spoiled, tables, out, truth)
    summary = Table(title=f"东湖市 {plan.start} 至 {plan.end},种子 {seed}", title_justify="left")
    for header in ("部门", "数据", "文件", "行数", "噪声行"):
        summary.add_column(header, justify="left" if header in ("部门", "数据") else "right")
    noise = Counter(tables["noise"]["feed"])
    for feed in dict.fromkeys(one.sheet.feed for one in spoiled):
        own = [one for one in spoiled if one.sheet.feed == feed]
        rows = sum(len(one.records) for one in own)
        summary.add_row(own[0].sheet.folder, feed, f"{len(own)}", f"{rows:,}", f"{noise[feed]:,}")
    console.print(summary)
    planted = Counter(tables["events"]["family"])
    planted_text = "、".join(f"{FAMILY_ZH[family]} {count}" for family, count in planted.items()) or "无"
    refused = "、".join(tables["deliveries"]["file"]) or "无"
    conflicts = len(tables["conflicts"])
    console.print(f"共 {len(spoiled)} 个文件、{size / 1e6:.1f} MB。埋入事件：{planted_text}；部门矛盾 {conflicts} 处。")
    console.print(f"应被退回的文件：{refused}。真值写在 {truth}。")


@app.command("score")
def score_command(
    truth: Annotated[Path, typer.Option(help="build 写出的真值目录")],
    home: Annotated[Path | None, typer.Option(help="数据湖的根，默认 $CITYBRAIN_HOME 或 var")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="同时把结果写成 JSON 文件")] = None,
) -> None:
    """为数据湖打分：事件找没找到，噪声处理没处理，好数据有没有被动过。只读湖里的表。"""
    from demo.score import score
    from demo.scorecard import print_score, write_json

    result = score(home or Path(os.environ.get("CITYBRAIN_HOME", "var")), truth)
    print_score(console, result)
    if json_file:
        write_json(result, json_file)

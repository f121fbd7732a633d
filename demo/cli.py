"""The command line of the demo city."""

from __future__ import annotations

import os
from collections import Counter
from datetime import datetime
from pathlib import Path
from time import perf_counter
from typing import Annotated
from zipfile import BadZipFile

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

app = typer.Typer(
    help="虚构的东湖市：生成各部门的数据文件（已知其中埋了什么），并为数据湖的处理结果打分。",
    no_args_is_help=True,
    add_completion=False,
)
console = Console(markup=False, emoji=False)


@app.command("build")
def build_command(
    out: Annotated[Path, typer.Option(help="各部门投递目录，文件写入 <部门文件夹>/<文件名>")],
    truth: Annotated[
        Path, typer.Option(help="真值目录：events、conflicts、fabrications、noise、deliveries、traits 六个 CSV")
    ],
    seed: Annotated[int, typer.Option(help="同一种子与参数，文件逐字节相同", min=0)] = 7,
    residents: Annotated[int, typer.Option(help="居民人数", min=2_000, max=2_000_000)] = 20_000,
    days: Annotated[int, typer.Option(help="覆盖天数", min=90, max=1_100)] = 120,
    end: Annotated[
        datetime, typer.Option(help="最后一个完整日", formats=["%Y-%m-%d"], show_default="2026-06-28")
    ] = datetime(2026, 6, 28),
    feeds: Annotated[str, typer.Option(help="只写这些数据，逗号分隔，默认全部")] = "",
    quiet_city: Annotated[bool, typer.Option("--quiet-city", help="不埋任何事件、部门矛盾和投递异常")] = False,
    no_noise: Annotated[bool, typer.Option("--no-noise", help="不加数据噪声")] = False,
) -> None:
    """生成一座城市。例：python -m demo build --out drop --truth truth --seed 7"""
    from demo.build import MAKERS, Written, build
    from demo.build_summary import print_summary
    from demo.plan import Plan

    chosen = [feed.strip() for feed in feeds.split(",") if feed.strip()] or list(MAKERS)
    if unknown := [feed for feed in chosen if feed not in MAKERS]:
        raise typer.BadParameter(f"没有 {'、'.join(unknown)} 这项数据，可选：{'、'.join(MAKERS)}")
    plan = Plan(seed, residents, days, end.date(), quiet_city, not no_noise)
    began = perf_counter()
    with Progress(SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(),
                  console=console, transient=True) as progress:  # fmt: skip
        task = progress.add_task("人口与生活", total=len(chosen))

        def tell(feed: Written, file: str) -> None:
            progress.update(task, completed=chosen.index(feed.feed), description=f"{feed.feed} {file}")

        written, tables = build(plan, out, truth, chosen, tell)
    print_summary(console, plan, written, tables, perf_counter() - began)
    console.print(f"真值写在 {truth}。")


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


@app.command("corrupt")
def corrupt_command(
    file: Annotated[
        Path | None, typer.Argument(help="CSV 或 XLSX 文件，第一行是表头", exists=True, dir_okay=False)
    ] = None,
    out: Annotated[Path, typer.Option(help="弄脏的文件写到这里，文件名不变")] = Path("corrupted"),
    truth: Annotated[Path, typer.Option(help="真值目录：noise.csv（行内）与 files.csv（整个文件）")] = Path("truth"),
    seed: Annotated[int, typer.Option(help="同一种子与参数，文件逐字节相同", min=0)] = 7,
    rate: Annotated[str, typer.Option(help="弄脏的行占多少，如 2% 或 0.02")] = "2%",
    kinds: Annotated[str, typer.Option(help="种类或类别，逗号分隔，见 --list")] = "form,value,between,row",
    roles: Annotated[Path | None, typer.Option(help="YAML：列名: 角色；没有写到的列看值猜测", exists=True)] = None,
    encoding: Annotated[str, typer.Option(help="文件编码，默认自动辨认 UTF-8、UTF-16、GB18030")] = "",
    list_kinds: Annotated[bool, typer.Option("--list", help="列出全部种类")] = False,
) -> None:
    """弄脏任何一个表格文件，并写下真值。例：python -m demo corrupt 某表.csv --out 脏 --truth 真值 --rate 2%"""
    from demo.corruption.any_file import corrupt, write_corrupted
    from demo.corruption.catalogue import catalogue_table, chosen
    from demo.corruption.roles import read_roles
    from demo.plan import Plan

    if list_kinds or file is None:
        console.print(catalogue_table())
        return
    try:
        picked = chosen(word.strip() for word in kinds.split(","))
        told = read_roles(roles) if roles else None
        share = float(rate.rstrip("%")) / (100 if rate.endswith("%") else 1)
        sent, noise, files = corrupt(file, Plan(seed), picked, share, told, encoding)
    except KeyError as unknown:
        raise typer.BadParameter(f"没有 {unknown.args[0]} 这个种类或类别，见 --list") from None
    except (ValueError, LookupError, BadZipFile) as fault:
        raise typer.BadParameter(f"{file.name}：{fault}") from None
    path = write_corrupted(sent, noise, files, out, truth)
    rows = len({row["row_no"] for row in noise})
    told_kinds = Counter(row["kind"] for row in noise)
    most = "、".join(f"{kind} {count}" for kind, count in told_kinds.most_common(8))
    console.print(f"{path}：弄脏 {rows:,} 行、{len(noise):,} 处，共 {len(told_kinds)} 种。最多：{most or '无'}")
    if not noise and not files:
        console.print("所选种类都不适合这个文件，文件没有改动。", style="yellow")
    for struck in files:
        console.print(f"整个文件：{struck['kind']}（{struck['expect']}）：{struck['why']}")


@app.command("trial")
def trial_command(
    file: Annotated[
        Path | None,
        typer.Argument(help="干净的 CSV 或 XLSX，第一行是表头；不给则用演示城市的表", exists=True, dir_okay=False),
    ] = None,
    contract: Annotated[Path | None, typer.Option(help="该文件的契约 YAML", exists=True, dir_okay=False)] = None,
    feeds: Annotated[str, typer.Option(help="不给文件时：演示城市的哪些数据，逗号分隔，默认全部")] = "",
    seeds: Annotated[str, typer.Option(help="种子，如 101 或 101-105")] = "101",
    rate: Annotated[str, typer.Option(help="弄脏的行占多少，如 10% 或 0.1")] = "10%",
    kinds: Annotated[str, typer.Option(help="种类或类别，逗号分隔，见 corrupt --list")] = "form,value",
    json_file: Annotated[Path | None, typer.Option("--json", help="同时把结果写成 JSON 文件")] = None,
) -> None:
    """弄脏干净的表，真正入湖一遍，按种类计召回、精度和误伤。例：python -m demo trial 某表.csv --contract 契约.yaml --seeds 101-105"""
    from demo.build import MAKERS
    from demo.corruption.catalogue import chosen
    from demo.trial.intake import NotTaken
    from demo.trial.page import print_trial
    from demo.trial.page import write_json as write_trial
    from demo.trial.run import hold_trial
    from demo.trial.sources import TableFile, city_sheets
    from schemas.contract import ContractFault

    if (file is None) != (contract is None):
        raise typer.BadParameter("文件和它的契约（--contract）要一起给")
    named = [feed.strip() for feed in feeds.split(",") if feed.strip()] or list(MAKERS)
    if unknown := [feed for feed in named if feed not in MAKERS]:
        raise typer.BadParameter(f"没有 {'、'.join(unknown)} 这项数据，可选：{'、'.join(MAKERS)}")
    first, _, last = seeds.partition("-")
    try:
        picked = [kind for kind in chosen(word.strip() for word in kinds.split(",")) if kind.level != "file"]
        share = float(rate.rstrip("%")) / (100 if rate.endswith("%") else 1)
        numbers = range(int(first), int(last or first) + 1)
        sources = [TableFile(file, contract)] if file and contract else city_sheets(named)
        with console.status("试验") as status:
            found, seconds = hold_trial(sources, numbers, picked, share, status.update)
    except KeyError as unknown:
        raise typer.BadParameter(f"没有 {unknown.args[0]} 这个种类或类别，见 corrupt --list") from None
    except (ValueError, LookupError, BadZipFile, ContractFault, NotTaken) as fault:
        raise typer.BadParameter(str(fault)) from None
    print_trial(console, found, seconds)
    if json_file:
        write_trial(found, json_file)

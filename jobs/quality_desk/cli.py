"""`citybrain integrity`: run the quality desk's tests and print what they flag."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer
from rich.table import Table

from jobs.home import home
from jobs.screen import Screen

app = typer.Typer()
console = Screen(160)


@app.command()
def integrity(
    feed: Annotated[
        str | None, typer.Option("--feed", help="one feed (default: all that ask for it) · 一项数据,默认全部")
    ] = None,
    as_of: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="按哪一天判断 · judge the days before this one (default: today)"),
    ] = None,
    days: Annotated[int, typer.Option(help="往前看多少天 · days looked back", min=28)] = 180,
) -> None:
    """Flag figures that look invented, copied, smoothed or closed for the deadline, on two independent tests, for a person to check."""
    from jobs.quality_desk.examine import examine

    here = home()
    contracts, _ = here.contracts()
    if feed and (feed not in contracts or not contracts[feed].integrity):
        known = ", ".join(name for name, contract in contracts.items() if contract.integrity)
        raise typer.BadParameter(f"no integrity key in a contract of feed {feed!r}; there is one in {known}")
    chosen = [contracts[feed]] if feed else list(contracts.values())
    with console.status("integrity") as status:
        done = examine(here, chosen, as_of.date() if as_of else None, days, status.update)
    table = Table("部门", "数据", "单位", "条数", "检验", "p", "请核实", title="数据真实性提示")
    for flag in done.flags:
        p_values = "\n".join(f"{p:.1e}" for p in flag["p_values"])
        table.add_row(
            flag["department"],
            flag["feed"],
            flag["unit"],
            f"{flag['n']:,}",
            "\n".join(flag["tests"]),
            p_values,
            flag["says_zh"],
        )
    if done.flags:
        console.print(table)
    console.print(
        f"{len(done.flags)} flagged of {done.figures} (unit, figure), {done.judged} of them judged by two features or more: "
        f"{done.pairs} pairs of independent tests at p < {done.alpha:.1e} each, {done.expected_false:.1e} false flags expected"
    )

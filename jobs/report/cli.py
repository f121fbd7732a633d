"""The command line of reports."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="决策报告", no_args_is_help=True)


@app.callback()
def _reports() -> None:
    """决策报告。"""


@app.command()
def brief(
    serving: Annotated[Path, typer.Option(help="看板库文件（serving.duckdb）", exists=True, dir_okay=False)],
    out: Annotated[Path, typer.Option(help="存放日报的文件夹")],
    issue_no: Annotated[int | None, typer.Option(help="期号，默认为当年第几天", min=1)] = None,
) -> None:
    """生成日报（HTML 与 PDF）；数字有误则不生成。"""
    from jobs.report.brief import BriefFault, write_brief
    from jobs.report.page import PageOverflow

    try:
        written = write_brief(serving, out, issue_no=issue_no)
    except (BriefFault, PageOverflow) as fault:
        typer.echo(str(fault), err=True)
        raise typer.Exit(1) from fault
    typer.echo(f"{written.html}\n{written.pdf}")

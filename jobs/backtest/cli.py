"""`citybrain backtest`: what the city's warnings would have been, a day at a time, and how good."""

from __future__ import annotations

import time
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.table import Table

from jobs.home import home
from jobs.screen import Screen
from jobs.warn.find import BUDGET_A_DAY
from schemas.contract import ContractFault

app = typer.Typer()
console = Screen(140)
told = Screen(soft=True, stderr=True)


@app.command()
def backtest(
    start: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="the first day judged · 首日")],
    end: Annotated[datetime, typer.Option("--to", formats=["%Y-%m-%d"], help="the last day judged · 末日")],
    out: Annotated[Path, typer.Option(help="folder of warnings.csv, evidence.csv and report.html", file_okay=False)],
    events: Annotated[
        Path | None,
        typer.Option(
            help="a CSV of what is known to have happened: family, window_start, window_end and what names it",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    family: Annotated[
        list[str] | None, typer.Option(help="one family; give it again for several (default: all)")
    ] = None,
    known: Annotated[
        str, typer.Option(help="schedule: a period is known when it was due; arrival: when it came")
    ] = "schedule",
    budget: Annotated[int, typer.Option(min=1, help="warnings a day for a commander")] = BUDGET_A_DAY,
) -> None:
    """Replay the city's history day by day with only what was known that morning; precision, recall, delay and load by family.

    Reads the lake and writes nothing to it. A family's threshold is where its rule sets it, and data are believed in full.
    """
    from jobs.backtest.events import BadEvents
    from jobs.backtest.page import render
    from jobs.backtest.result import write
    from jobs.backtest.run import NothingToReplay, replay
    from jobs.spark import NoJars, NoJava

    if known not in ("schedule", "arrival"):
        raise typer.BadParameter(f"--known is schedule or arrival, not {known!r}")
    by: Literal["schedule", "arrival"] = "arrival" if known == "arrival" else "schedule"
    if end < start:
        raise typer.BadParameter("--to 早于 --from · --to is before --from")
    days = [start.date() + timedelta(days=n) for n in range((end - start).days + 1)]
    here, began = home(), time.monotonic()

    def progress(day: date, past: Any) -> None:
        done = len(past.loads)
        left = (time.monotonic() - began) / done * (len(days) - done)
        told.print(f"{day} {done}/{len(days)}  {len(past.first)} warnings  {left:.0f} s left")

    try:
        result = replay(here, days, by=by, budget=budget, families=family, events=events, told=progress)
    except (NoJava, NoJars, ContractFault, BadEvents, NothingToReplay) as fault:
        told.wrong(fault)
        raise typer.Exit(1) from None
    write(result, render(result, here.language), out)
    _show(result, here.language)
    console.print(f"{out / 'report.html'}")


def _show(result: Any, language: str) -> None:
    from jobs.backtest.page import COLUMNS, cells, load_says, words_of

    words = words_of(language)
    table = Table(words["family"], *(words[name] for name in COLUMNS), box=None)
    for one in result.families:
        table.add_row(
            result.title(one.family, language),
            *(f"{cell.value} ({cell.interval})" if cell.interval else cell.value for cell in cells(result, one)),
        )
    console.print(table)
    console.print(load_says(result, words))
    if result.outcomes is None:
        console.print(words["no_events"])

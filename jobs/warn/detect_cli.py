"""`citybrain detect`: the warning methods on any table of counts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from jobs.screen import Screen

app = typer.Typer()
console = Screen(120, soft=True)
told = Screen(soft=True, stderr=True)


@app.command()
def detect(
    file: Annotated[
        Path, typer.Argument(help="a CSV of counts, one row a date (and series)", exists=True, dir_okay=False)
    ],
    time: Annotated[
        str, typer.Option(help="column of the day, week or month counted: 2026-03-02, 2026-W10, 2026-03, 202603")
    ],
    count: Annotated[str, typer.Option(help="column of the count; several rows of a date are summed")],
    by: Annotated[
        list[str] | None, typer.Option(help="column that names the series; give it again for several")
    ] = None,
    method: Annotated[
        str | None,
        typer.Option(
            help="farrington_scan, farrington_flexible, bayes, bayes_recent, cusum, ears_c1, ears_c2, ears_c3 (default: by cadence and length)"
        ),
    ] = None,
    alpha: Annotated[
        float | None, typer.Option(help="share of quiet dates that may alarm (default: the method's own)")
    ] = None,
    last: Annotated[
        int | None, typer.Option(help="judge only the last dates (default: all with enough past)", min=1)
    ] = None,
    holidays: Annotated[
        Path | None,
        typer.Option(
            help="for cusum on days: a CSV with columns day and off (1 a weekday off, 0 a weekend worked, 调休)",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="every judged date, its bound and whether it alarms")] = Path(
        "alarms.csv"
    ),
) -> None:
    """Judge each date of each series by the dates before it, and write what is more than chance.

    Days, weeks or months are told from the dates; dates without a row count 0. The default method: weeks and months with three years of
    past, farrington_scan (the same season of past years, trend, past outbreaks weighed down; the last one and two weeks); with less,
    bayes_recent (the twelve dates before); days with nine weeks of past, cusum (a doubling, weekday by weekday); with less, ears_c2.
    score = 1 is the bound; an alarm is a score above 1. Example:

    citybrain detect 工单.csv --time 日期 --count 件数 --by 街道 --by 类别 --out alarms.csv
    """  # fmt: skip
    from jobs.warn.detect import CannotDetect, detect_file

    try:
        result = detect_file(
            file, time, count, tuple(by or ()), out, method=method, alpha=alpha, last=last, holidays=holidays
        )
    except CannotDetect as fault:
        told.wrong(fault)
        raise typer.Exit(1) from None
    for line in result.said():
        console.print(line, markup=False, highlight=False)

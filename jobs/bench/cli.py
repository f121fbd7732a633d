"""`citybrain bench`: each prints its figures beside a peer's."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

app = typer.Typer(help="How fast and how large, beside a peer on the same work in the same run.", no_args_is_help=True)
console = Console(width=None if sys.stdout.isatty() else 160)


@app.callback()
def bench() -> None:
    """How fast and how large, beside a peer on the same work in the same run."""


@app.command("ingest")
def ingest_command(
    rows: Annotated[list[int], typer.Option(help="rows of the file; several show the slope")] = [1_000_000],  # noqa: B006
    spark: Annotated[bool, typer.Option(help="also the same screening on local Spark")] = True,
) -> None:
    """One delivery from landing to ledger, beside DuckDB's bare copy of the same file and the same screening on Spark.

    Example: citybrain bench ingest --rows 5000000 --rows 20000000 --no-spark
    """
    from jobs.bench.ingest import PEERS, bench_ingest

    peers = PEERS if spark else PEERS[:2]
    table = Table("rows", "peer", "seconds", "× copy", "s / M rows", "peak MB", "steps")
    for size in rows:
        with console.status("bench") as status:
            runs = bench_ingest(size, peers, status.update)
        copied = next(run.seconds for run in runs if run.peer == "copy")
        for run in runs:
            steps = "  ".join(f"{step} {seconds:.1f}" for step, seconds in run.steps.items())
            peak = f"{run.peak_mb:,}" if run.peak_mb else "—"
            table.add_row(
                f"{size:,}", run.peer, f"{run.seconds:.1f}", f"{run.seconds / copied:.1f}",
                f"{run.seconds / size * 1e6:.2f}", peak, steps,
            )  # fmt: skip
    console.print(table)


@app.command("crowd")
def crowd_command(
    feeds: Annotated[int, typer.Option(help="small feeds")] = 20,
    files: Annotated[int, typer.Option(help="files of each, dropped at the same moment")] = 3,
    rows: Annotated[int, typer.Option(help="rows a file")] = 200,
) -> None:
    """Many small feeds at once under a real Airflow with its LocalExecutor: deliveries a minute, and what they wait for.

    Starts services of its own on the ports of CITYBRAIN_AIRFLOW_PORT, in a temporary city, and stops them.
    """
    import os

    from jobs.bench.crowd import bench_crowd

    with console.status("bench") as status:
        crowd = bench_crowd(feeds, files, rows, os.environ, status.update)
    console.print(
        f"{crowd.deliveries} deliveries of {crowd.feeds} feeds in {crowd.seconds:.0f} s: {crowd.a_minute:.1f} a minute"
    )
    for stretch, seconds in crowd.waits.items():
        console.print(f"  {seconds:6.1f} s  {stretch}")


@app.command("integrity")
def integrity_command(
    data: Annotated[
        Path | None, typer.Option(help="folder of published data (default: CITYBRAIN_BENCH_DATA, else ../shared/data)")
    ] = None,
    replications: Annotated[
        int, typer.Option(help="units of each simulated shape; 0 for published data alone", min=0)
    ] = 1000,
    seed: Annotated[int, typer.Option(min=0)] = 1,
) -> None:
    """How often the quality desk's tests speak of honest figures, of made-up ones, and of published data that nobody falsified.

    Example: citybrain bench integrity --data ../shared/data
    """
    import os

    from jobs.bench.integrity import Spoken, published, simulate

    folder = data or Path(os.environ.get("CITYBRAIN_BENCH_DATA") or "../shared/data")

    def tell(spoken: Spoken) -> None:
        table = Table(
            "test",
            "judged",
            "p < .05",
            "speaks at .001",
            title=f"{spoken.name}: {spoken.flags} of {spoken.units} flagged",
            title_justify="left",
        )
        for test, judged in spoken.judged.items():
            share = f"{spoken.below_05[test] / judged:.1%}" if judged else "—"
            table.add_row(test, f"{judged:,}", share, f"{spoken.spoke[test]:,}")
        console.print(table)

    for spoken in simulate(replications, seed) if replications else ():
        tell(spoken)
    try:
        for spoken in published(folder):
            tell(spoken)
    except FileNotFoundError as fault:
        console.print(f"[yellow]{fault}[/yellow]")

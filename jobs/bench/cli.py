"""`citybrain bench`: each prints its figures beside a peer's."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from jobs.screen import Screen

app = typer.Typer(help="How fast and how large, beside a peer on the same work in the same run.", no_args_is_help=True)
console = Screen(160)


@app.callback()
def bench() -> None:
    """How fast and how large, beside a peer on the same work in the same run."""


@app.command("ingest")
def ingest_command(
    rows: Annotated[list[int], typer.Option(help="rows of the file; several show the slope")] = [1_000_000],  # noqa: B006
    spark: Annotated[bool, typer.Option(help="also the same screening on local Spark")] = True,
    pandas: Annotated[bool, typer.Option(help="also the same rules by Great Expectations on pandas")] = True,
) -> None:
    """One delivery from landing to ledger, beside DuckDB's bare copy of the same file and the same rules on Spark and on pandas.

    Example: citybrain bench ingest --rows 5000000 --rows 20000000 --no-spark
    """
    from jobs.bench.ingest import PEERS, bench_ingest

    peers = tuple(peer for peer in PEERS if {"spark": spark, "pandas": pandas}.get(peer, True))
    table = Table("rows", "peer", "seconds", "× copy", "s / M rows", "peak MB", "gate", "steps")
    for size in rows:
        with console.status("bench") as status:
            runs = bench_ingest(size, peers, status.update)
        copied = next(run.seconds for run in runs if run.peer == "copy")
        for run in runs:
            steps = "  ".join(f"{step} {seconds:.1f}" for step, seconds in run.steps.items())
            peak = f"{run.peak_mb:,}" if run.peak_mb else "—"
            gate = f"{run.gate_share:.0%}" if run.gate_share is not None else "—"
            table.add_row(
                f"{size:,}", run.peer, f"{run.seconds:.1f}", f"{run.seconds / copied:.1f}",
                f"{run.seconds / size * 1e6:.2f}", peak, gate, steps,
            )  # fmt: skip
    console.print(table)


@app.command("nightly")
def nightly_command(
    towns: Annotated[int, typer.Option(help="of 64 grids each; 72 make a city of 4,608")] = 72,
    categories: Annotated[int, typer.Option(help="kinds of events in each grid")] = 20,
) -> None:
    """A night of a big city: three years of every grid and category judged in every tier, and the scan for clusters; Farrington beside R's.

    R with its package `surveillance` is asked where it is installed. Example: citybrain bench nightly --towns 18
    """
    from jobs.bench.nightly import bench_nightly

    with console.status("bench") as status:
        night = bench_nightly(towns, categories, status.update)
    console.print(f"{night.grids:,} grids × {night.categories} categories, {night.events:,} events in three years")
    for step, seconds in night.seconds.items():
        console.print(f"  {seconds:7.1f} s  {step}: {night.warnings[step]} found")
    console.print(f"  peak {night.peak_mb:,} MB, Spark's {night.spark_mb:,} MB")
    if peer := night.peer:
        console.print(
            f"Farrington Flexible, {peer.series} series on one core: {peer.ours * 1e3:.3f} ms a series, R's {peer.theirs * 1e3:.1f} ms, "
            f"{peer.theirs / peer.ours:,.0f} times; {peer.equal} bounds equal, {peer.within} within one event"
        )
    else:
        console.print("R with the package surveillance is not installed: no peer")


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


@app.command("noise")
def noise_command(
    data: Annotated[
        Path, typer.Option(envvar="CITYBRAIN_BENCH_DATA", help="folder with errors/<name>/dirty.csv and clean.csv")
    ] = Path("../shared/data"),
    seed: Annotated[int, typer.Option(help="of the disguise: columns renamed and moved, rows shuffled")] = 1,
    only: Annotated[list[str] | None, typer.Option(help="a pair to try, may be given again (default: all)")] = None,
) -> None:
    """Noise found and mended by a drafted contract as it stands: no labels, no rule by hand; by cell, beside published figures.

    Columns are renamed and rows shuffled first. The clean table is tried too: whatever is changed there is damage.
    """
    from jobs.bench.noise import PUBLISHED, bench_noise

    try:
        with console.status("bench") as status:
            measured = bench_noise(data, seed, status.update, only or ())
    except FileNotFoundError as fault:
        console.wrong(f"{fault}; name it with --data or CITYBRAIN_BENCH_DATA")
        raise typer.Exit(1) from None
    table = Table(
        "pair", "cells", "wrong", "detection P / R / F1", "repair P / R / F1", "damaged", "share", "draft s", "try s"
    )
    for noise in measured:
        scores = [" / ".join(f"{score:.3f}" for score in three) for three in (noise.detection, noise.repair)]
        if not noise.wrong:
            scores = ["", ""]
        table.add_row(
            noise.name, f"{noise.cells:,}", f"{noise.wrong:,}", *scores, f"{noise.damaged:,}", f"{noise.damage:.4%}",
            f"{noise.draft_seconds:.1f}", f"{noise.try_seconds:.1f}",
        )  # fmt: skip
    console.print(table)
    for name, says in PUBLISHED.items():
        console.print(f"{name}: {says}")


@app.command("encoding")
def encoding_command(
    data: Annotated[
        Path | None,
        typer.Option(envvar="CITYBRAIN_BENCH_DATA", help="folder of real data (default: installed texts only)"),
    ] = None,
    cuts: Annotated[int, typer.Option(help="cuts of each text, encoding and size")] = 40,
    seed: Annotated[int, typer.Option(help="of the cuts")] = 1,
) -> None:
    """Guessing an encoding: right, unsure or wrong by size, and how reliable its confidence is.

    Example: citybrain bench encoding --data ../shared/data
    """
    from jobs.bench.encodings import SIZES, bench_encoding, reliability

    if data and not data.is_dir():
        raise typer.BadParameter(f"there is no folder {data}")
    with console.status("bench"):
        trials = bench_encoding(data, cuts, seed)
    table = Table("language", "encoding", *(f"{size} B" for size in SIZES), title="right / unsure / wrong")
    for kind in sorted({(trial.language, trial.encoding) for trial in trials}):
        of_kind = [trial for trial in trials if (trial.language, trial.encoding) == kind]
        counts = (Counter(trial.outcome for trial in of_kind if trial.size == size) for size in SIZES)
        table.add_row(*kind, *(f"{count['right']} / {count['unsure']} / {count['wrong']}" for count in counts))
    console.print(table)
    for title, some in {
        "all": trials, "Chinese": (chinese := [trial for trial in trials if trial.language.startswith("zh")]),
        "Chinese, 500 B and more": [trial for trial in chinese if trial.size >= 500],
    }.items():  # fmt: skip
        count = Counter(trial.outcome for trial in some)
        console.print(
            f"{title}: {len(some):,} cuts, {count['unsure'] / len(some):.2%} unsure, {count['wrong']} wrong and sure ({count['wrong'] / len(some):.3%})"
        )
    table = Table("confidence", "cuts", "mean confidence", "likeliest right", title="reliability, Chinese")
    for bounds, cuts_of, confidence, right in reliability(chinese):
        table.add_row(bounds, f"{cuts_of:,}", f"{confidence:.4f}", f"{right:.4f}")
    console.print(table)


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
        console.odd(fault)


@app.command("clusters")
def clusters_command(
    data: Annotated[
        Path | None, typer.Option(help="folder of published data (default: CITYBRAIN_BENCH_DATA, else ../shared/data)")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="folder for a map of each table's strongest clusters")] = None,
    only: Annotated[str | None, typer.Option(help="one table: chicago_311 or houston_crime")] = None,
    weeks: Annotated[int, typer.Option(help="weeks replayed, the last ones; 0 for none", min=0, max=52)] = 52,
    once_a_day: Annotated[
        bool, typer.Option("--once-a-day", help="replay with events at one place on one day counted once")
    ] = False,
    plants: Annotated[int, typer.Option(help="clusters planted at 2, 3 and 5 times the usual; 0 for none", min=0)] = 20,
    seed: Annotated[int, typer.Option(min=0)] = 1,
) -> None:
    """The space-time scan on published events: signals a year in a weekly replay, planted clusters found, what chance does, seconds.

    Example: citybrain bench clusters --data ../shared/data --out maps
    """
    import os

    from jobs.bench.clusters import PUBLISHED, RECURRENCES, bench_clusters
    from jobs.warn.points import as_date

    folder = data or Path(os.environ.get("CITYBRAIN_BENCH_DATA") or "../shared/data")
    try:
        with console.status("bench") as status:
            measured = bench_clusters(folder, seed, status.update, out, only, weeks, plants, once_a_day)
    except FileNotFoundError as fault:
        console.wrong(f"{fault}; name it with --data or CITYBRAIN_BENCH_DATA")
        raise typer.Exit(1) from None
    for of in measured:
        console.print(
            f"{of.name}: {of.cases:,} cases, {of.weeks} weeks replayed, {of.scans} scans a week, {of.seconds_a_run:.1f} s a week"
        )
        for days in RECURRENCES if of.weeks else ():
            console.print(
                f"  recurrence ≥ {days} days: {of.signals[days]:.1f} signals a year, {of.matters[days]:.1f} after merging; by chance {365 / days:.1f}"
            )
        for budget, days in of.calibrated.items():
            console.print(f"  for {budget} matters a year: recurrence ≥ {days:,.0f} days")
        for planting in of.plantings:
            console.print(
                f"  planted at {planting.times}× within 1 km for 7 days (+{planting.added:.1f} cases): {planting.found} of {plants} found"
                + (f", centre {planting.metres:,.0f} m off" if planting.found else "")
            )
        console.print(
            "  shuffles with p ≤ " + ", ".join(f"{bound:.4f}: {share:.4f}" for bound, share in of.tail.items())
        )
        table = Table("category", "x, y", "radius m", "days", "observed", "expected", "p", title_justify="left")
        for one in of.strongest[:12]:
            c = one.cluster
            table.add_row(
                one.category, f"{c.x:,.0f}, {c.y:,.0f}", f"{c.radius:,.0f}", f"{as_date(c.first_day)} – {as_date(c.last_day)}",
                str(c.observed), f"{c.expected:.1f}", f"{c.p:.1e}",
            )  # fmt: skip
        if of.weeks:
            console.print(table)
        if of.map:
            console.print(str(of.map))
    console.print(PUBLISHED)


@app.command("warnings")
def warnings_command(
    data: Annotated[
        Path,
        typer.Option(
            envvar="CITYBRAIN_BENCH_DATA", help="folder with surveillance/: rki_weekly, noufaily28_scenarios, nab"
        ),
    ] = Path("../shared/data"),
    replications: Annotated[
        int, typer.Option(help="series of each of the 28 scenarios; 0 for real series alone", min=0)
    ] = 1000,
    seed: Annotated[int, typer.Option(help="of the simulation and the bootstrap", min=0)] = 1,
) -> None:
    """Warning methods on series whose outbreaks are known: what they find at equal silence, beside published figures.

    Example: citybrain bench warnings --data ../shared/data --replications 100
    """  # fmt: skip
    from jobs.bench.surveillance.show import show_nab, show_noufaily, show_rki

    with console.status("bench") as status:
        try:
            show_rki(console, data, seed, status.update)
            if replications:
                show_noufaily(console, data, replications, seed, status.update)
            show_nab(console, data, seed, status.update)
        except FileNotFoundError as fault:
            console.wrong(f"{fault}; name the folder with --data or CITYBRAIN_BENCH_DATA")
            raise typer.Exit(1) from None

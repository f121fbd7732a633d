"""`citybrain scan`: clusters in space and time of any table of points."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from jobs.screen import Screen

app = typer.Typer()
RETROSPECTIVE_P = 0.05
console = Screen(140)
errors = Screen(soft=True, stderr=True)


@app.command("scan")
def scan_command(
    events: Annotated[Path, typer.Argument(help="a CSV (also .csv.gz), one event a row", exists=True, dir_okay=False)],
    time: Annotated[str, typer.Option(help="column of the day, e.g. 上报时间; a clock behind it is not looked at")],
    x: Annotated[str, typer.Option("--x", help="column of the longitude, or of metres east")],
    y: Annotated[str, typer.Option("--y", help="column of the latitude, or of metres north")],
    by: Annotated[str | None, typer.Option(help="column of the category: each is scanned by itself")] = None,
    today: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="clusters that last until this day (default: the last)"),
    ] = None,
    retrospective: Annotated[
        bool,
        typer.Option(
            "--retrospective", help="clusters of any past days with p ≤ .05, not only those that last until today"
        ),
    ] = False,
    days: Annotated[int, typer.Option(help="study window: what today is compared with", min=4)] = 365,
    longest: Annotated[int, typer.Option(help="days of the longest cluster", min=2)] = 30,
    least_radius: Annotated[float, typer.Option(help="metres of the smallest circles", min=1)] = 250,
    within_weekdays: Annotated[
        bool, typer.Option("--within-weekdays", help="places that are busy on some weekdays are then no clusters")
    ] = False,
    once_a_day: Annotated[
        bool, typer.Option("--once-a-day", help="events at one place on one day count once: a matter told by many")
    ] = False,
    permutations: Annotated[int, typer.Option(help="shuffles of the days", min=9)] = 999,
    recurrence: Annotated[float, typer.Option(help="report what chance brings at most once in so many days")] = 100,
    degrees: Annotated[
        bool | None, typer.Option("--degrees/--metres", help="what the coordinates are (default: by their range)")
    ] = None,
    day_first: Annotated[
        bool | None, typer.Option("--day-first/--month-first", help="of dates like 3/4/2026 (default: by the column)")
    ] = None,
    encoding: Annotated[str | None, typer.Option(help="of the file, where it cannot be told from its bytes")] = None,
    out: Annotated[
        Path | None, typer.Option(help="write the clusters here (CSV), with the rows of their cases")
    ] = None,
    map_: Annotated[Path | None, typer.Option("--map", help="draw them here: .png, .svg or .html")] = None,
    seed: Annotated[int, typer.Option(help="of the shuffles; the same seed gives the same answer")] = 0,
) -> None:
    """Where and since when do events crowd more than their places and their days explain? No population figures are needed.

    Circles of every size, 2 to 30 days high, are compared with shuffles of the days among the events: a place that always has many and a
    day that has many everywhere make no cluster. Recurrence interval: so many nights pass before chance alone brings such a cluster.

    Example: citybrain scan 城管案件.csv --time 上报时间 --x 经度 --y 纬度 --by 案件类别 --out clusters.csv --map clusters.png
    """
    from jobs.warn.points import UnfitTable, as_date, read_points
    from jobs.warn.scan_events import scan_events, write_clusters

    if map_ and map_.suffix not in (".png", ".svg", ".html"):
        raise typer.BadParameter(f"--map writes .png, .svg or .html, not {map_.suffix or map_.name!r}")
    try:
        with console.status("scan") as status:
            points = read_points(
                events, time, x, y, by, degrees=degrees, day_first=day_first, encoding=encoding
            )  # fmt: skip
            scanned = scan_events(
                points, today=(today.date() - date(1970, 1, 1)).days if today else None, retrospective=retrospective,
                within_weekdays=within_weekdays,
                once_a_day=once_a_day, window_days=days, longest=longest, least_radius=least_radius,
                permutations=permutations, seed=seed, told=status.update,
            )  # fmt: skip
    except UnfitTable as fault:
        errors.wrong(fault)
        raise typer.Exit(1) from None
    for why, n in points.dropped.items():
        console.odd(f"{n:,} rows {why} left out")
    for category, why in scanned.left_out.items():
        console.odd(f"{category or 'all'}: not scanned, {why}")
    kind = "until any day" if retrospective else f"until {today.date() if today else as_date(int(points.day.max()))}"
    console.print(f"{scanned.cases:,} cases in {scanned.scans} scans, clusters {kind}")
    # Looking back is done once, not nightly: how often chance would bring such a cluster again has no answer there.
    reported = [
        one
        for one in scanned.found
        if (one.cluster.p <= RETROSPECTIVE_P if retrospective else one.cluster.recurrence_days >= recurrence)
    ]
    if reported:
        console.print(_table(points, reported, by, retrospective))
    else:
        asked = f"p ≤ {RETROSPECTIVE_P}" if retrospective else f"a recurrence interval of {recurrence:g} days"
        strongest = f"; the strongest has p = {scanned.found[0].cluster.p:.2g}" if scanned.found else ""
        console.print(f"no cluster with {asked}{strongest}")
    if out:
        write_clusters(out, points, reported, retrospective)
        console.print(str(out))
    if map_:
        from jobs.warn.cluster_map import draw_map

        draw_map(map_, points, reported, f"{events.name}: {len(reported)} clusters {kind}", longest)
        console.print(str(map_))


def _table(points, found, by: str | None, retrospective: bool) -> Table:
    from jobs.warn.points import as_date

    figures = [
        "radius m",
        "from",
        "to",
        "observed",
        "expected",
        "×",
        "p",
        *([] if retrospective else ["recurrence days"]),
    ]
    table = Table("no", *([by] if by else []), "where", *figures)
    for column in table.columns[-len(figures) :]:
        column.justify = "right"
    for number, one in enumerate(found, 1):
        c = one.cluster
        where = ", ".join(f"{at:.5f}" if points.plane else f"{at:.0f}" for at in points.where(c.x, c.y))
        recurs = f"{c.recurrence_days:,.0f}" if c.recurrence_days < 1e6 else "> 1,000,000"
        table.add_row(
            str(number), *([one.category] if by else []), where, f"{c.radius:,.0f}", str(as_date(c.first_day)),
            str(as_date(c.last_day)), str(c.observed), f"{c.expected:.1f}", f"{c.ratio:.1f}", f"{c.p:.2g}",
            *([] if retrospective else [recurs]),
        )  # fmt: skip
    return table

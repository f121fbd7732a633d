"""The command line `citybrain`: what an operator does by hand."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from jobs.author.cli import app as author_app
from jobs.backtest.cli import app as backtest_app
from jobs.bench.cli import app as bench_app
from jobs.contract.cli import app as contract_app
from jobs.home import MissingKey, home
from jobs.ingest.ledger import Entry
from jobs.operate.cli import app as operate_app
from jobs.operate.folders import close_to_others
from jobs.quality_desk.cli import app as quality_desk_app
from jobs.screen import Screen
from jobs.warn.cli import app as warn_app
from jobs.warn.desk_cli import app as warning_app
from schemas.contract import ContractFault

app = typer.Typer(
    help="城市大脑数据湖仓 · a city's data lakehouse. 状态在 var/(CITYBRAIN_HOME)。",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)
app.add_typer(author_app)
app.add_typer(operate_app)
app.add_typer(quality_desk_app)
app.add_typer(warn_app)
app.add_typer(backtest_app)
app.add_typer(bench_app, name="bench")
app.add_typer(contract_app, name="contract")
app.add_typer(warning_app, name="warning")
console = Screen(120)
Day = Annotated[
    datetime | None, typer.Option(formats=["%Y-%m-%d"], help="按哪一天判断 · judge as of this day (default: today)")
]


@app.command()
def init() -> None:
    """Make this city's secret key once, and its folders; run again after a new contract: it also sets who may enter which folder."""
    from jobs.operate.folders import make_folders

    here = home()
    contracts, faults = here.contracts()
    make_folders(here, contracts.values())
    here.make_key()
    console.print(f"{here.root}: {len(contracts)} feeds; drop folders in {here.drop}")
    _tell(faults)


@app.command()
def ingest(
    feed: Annotated[str | None, typer.Argument(help="one feed (default: all) · 一项数据,默认全部")] = None,
    now: Annotated[bool, typer.Option("--now", help="take files at once, also those just written")] = False,
) -> None:
    """Take the waiting deliveries from the drop folders: land, sift, gate, publish, receipt, ledger."""
    from jobs.ingest.claim import STILL_SECONDS
    from jobs.ingest.delivery import DeliveriesFailed
    from jobs.ingest.delivery import ingest as take
    from jobs.ingest.no_room import NoRoom
    from jobs.ingest.stranger import turn_strangers_away

    here = home()
    contracts, faults = here.contracts()
    if feed and feed not in contracts:
        raise typer.BadParameter(f"there is no feed {feed!r}; known are {', '.join(contracts)}")
    still = 0.0 if now else STILL_SECONDS
    failed = False
    try:
        for name in [feed] if feed else contracts:
            try:
                take(here, contracts[name], _say, still)
            except DeliveriesFailed as fault:
                console.wrong(fault)
                failed = True
        if not feed:
            for entry in turn_strangers_away(here, still):
                _say(entry)
    except NoRoom as fault:
        console.wrong(fault)
        failed = True
    _tell(faults)
    raise typer.Exit(1 if failed else 0)


@app.command()
def city(as_of: Day = None) -> None:
    """Register, features and warnings over everything committed, then a new serving file."""
    from jobs.city.run import run_city
    from jobs.ingest.no_room import NoRoom
    from jobs.serve import serve
    from jobs.spark import NoJars, NoJava
    from jobs.torn import TornTable

    day = as_of.date() if as_of else None
    try:
        with console.status("city") as status:
            run = run_city(home(), day, lambda step: status.update(step))
        served = serve(home(), day).name if run else ""
    except (NoJava, NoJars, ContractFault, TornTable, NoRoom) as fault:
        console.wrong(fault)
        raise typer.Exit(1) from None
    if run is None:
        console.print("nothing was ever ingested: drop a file and run `citybrain ingest` first")
        raise typer.Exit(1)
    console.print(f"{len(run.warnings)} warnings as of {run.as_of}; {served}")


@app.command()
def serve() -> None:
    """Build a new serving file from the lake as it stands and swap it in."""
    from jobs import serve as serving
    from jobs.ingest.no_room import NoRoom
    from jobs.torn import TornTable

    try:
        console.print(serving.serve(home()).name)
    except (TornTable, NoRoom) as fault:
        console.wrong(fault)
        raise typer.Exit(1) from None


@app.command()
def report(out: Annotated[Path | None, typer.Option(help="folder (default: HOME/reports)")] = None) -> None:
    """Write the daily brief as HTML and PDF."""
    from jobs.report.brief import write_brief
    from jobs.serve import current

    brief = write_brief(current(home()), out or home().reports)
    console.print(f"{brief.html}\n{brief.pdf}")


@app.command()
def status() -> None:
    """Feeds, rows, warnings, and where to look."""
    from jobs.status import show_status

    try:
        show_status(home(), console)
    except FileNotFoundError:
        console.print("nothing to show yet: run `citybrain ingest` and `citybrain city`, or `make demo`")
        raise typer.Exit(1) from None
    _tell(home().contracts()[1])


@app.command()
def scorecard(
    department: Annotated[str | None, typer.Option(help="one department, feed by feed · 一个部门,逐项数据")] = None,
) -> None:
    """How good each department's data were over the last 30 days, as the appraisal desk sees it."""
    from jobs.appraise.show import NoSuchDepartment, show_scorecard

    try:
        show_scorecard(home(), console, department)
    except NoSuchDepartment as fault:
        raise typer.BadParameter(str(fault)) from None
    except FileNotFoundError:
        console.print("nothing to show yet: run `citybrain ingest` and `citybrain city`, or `make demo`")
        raise typer.Exit(1) from None


@app.command()
def jars() -> None:
    """Resolve Delta's JARs for Spark once, by pinned coordinates, and check their sums."""
    from jobs.spark import NoJars, NoJava, fetch_jars

    try:
        console.print(f"Delta's JARs are in {fetch_jars()}")
    except (NoJava, NoJars) as fault:
        console.wrong(fault)
        raise typer.Exit(1) from None


@app.command()
def up() -> None:
    """Start Airflow and Superset on loopback under one supervisor."""
    from jobs import services

    here = home()
    here.make_key()
    try:
        with console.status("starting Airflow and Superset"):
            services.up(here)
    except services.NotStarted as fault:
        console.wrong(fault)
        raise typer.Exit(1) from None
    secrets = here.root / "secrets" / "superset_admin_password"
    console.print(
        f"指挥席   http://127.0.0.1:{services.SUPERSET_PORT}/superset/dashboard/commander/   admin / {secrets} 中的口令"
    )
    console.print(f"综合考核 http://127.0.0.1:{services.SUPERSET_PORT}/superset/dashboard/quality/")
    passwords = here.root / "airflow" / "simple_auth_manager_passwords.json.generated"
    console.print(f"Airflow  http://127.0.0.1:{services.AIRFLOW_PORT}/   operator / {passwords} 中的口令")
    console.print(f"投放     {here.drop}/<部门>/")


@app.command()
def down() -> None:
    """Stop everything that `up` started."""
    from jobs import services

    try:
        services.down(home())
    except services.NotStarted as fault:
        console.wrong(fault)
        raise typer.Exit(1) from None
    console.print("stopped")


def _say(entry: Entry) -> None:
    figures = (
        f"{entry.read_rows:,} = {entry.kept_rows:,} kept + {entry.held_rows:,} held + {entry.refused_rows:,} refused"
    )
    words = f"  {' '.join(entry.words)}" if entry.words else ""
    console.print(f"{entry.delivery_id:<42} {entry.status:<9} {figures}{words}")


def _tell(faults: list[ContractFault]) -> None:
    for fault in faults:
        console.odd(f"contract left out: {fault}")


def main() -> None:
    close_to_others()
    try:
        app()
    except MissingKey as fault:
        console.wrong(fault)
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()

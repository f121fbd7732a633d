"""`citybrain contract`: a feed's contract, checked or handed on in the standard's words."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from jobs.home import home
from jobs.screen import GOOD, WRONG, Screen
from quality.forms import sql_type
from schemas.contract import Contract, ContractFault, load_contract
from schemas.odcs import Status, odcs_yaml

app = typer.Typer(help="A feed's contract: check it, or hand it on as a standard document.", no_args_is_help=True)
console = Screen(soft=True)


class Format(StrEnum):
    odcs = "odcs"


@app.command("export")
def export_command(
    contract: Annotated[
        str, typer.Argument(metavar="FEED|PATH", help="a feed in use, or a contract's file · 数据项或约定文件")
    ],
    form: Annotated[Format, typer.Option("--format", help="Open Data Contract Standard v3 (YAML)")] = Format.odcs,
    out: Annotated[Path | None, typer.Option(help="file to write (default: standard output)")] = None,
) -> None:
    """Write a contract as an Open Data Contract Standard document. A feed in use is `active`, a file elsewhere a `draft`.

    Example: citybrain contract export hotline --out hotline.odcs.yaml
    """
    read, status = _read(contract)
    text = odcs_yaml(read, {name: sql_type(column) for name, column in read.columns.items()}, status)
    if out is None:
        sys.stdout.write(text)
        return
    out.write_text(text, encoding="utf-8")
    console.print(f"{read.feed}: {out}")


@app.command("check")
def check_command(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="contracts' files · 约定文件")],
) -> None:
    """Read contracts and say what is wrong with each: the place, and the way out."""
    faults = 0
    for path in paths:
        try:
            read = load_contract(path)
        except (ContractFault, OSError) as fault:
            faults += 1
            console.print(Text.assemble(("✗", WRONG), f" {fault}"))
        else:
            console.print(
                Text.assemble(("✓", GOOD), f" {read.feed}: {len(read.columns)} columns, {len(read.rows)} row rules")
            )
    raise typer.Exit(1 if faults else 0)


def _read(named: str) -> tuple[Contract, Status]:
    """A feed in use by its name, else the file of that path."""
    in_use, _ = home().contracts()
    if named in in_use:
        return in_use[named], "active"
    path = Path(named)
    if not path.is_file():
        raise typer.BadParameter(f"{named!r} is neither a feed nor a file; known feeds are {', '.join(in_use)}")
    try:
        read = load_contract(path)
    except ContractFault as fault:
        console.wrong(fault)
        raise typer.Exit(1) from None
    return read, "active" if in_use.get(read.feed) == read else "draft"

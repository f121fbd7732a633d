"""`citybrain draft` and `citybrain try`: from a sample file to a contract that fits it."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from jobs.home import home
from jobs.screen import Screen
from schemas.contract import SLUG, Contract, ContractFault, load_contract

app = typer.Typer()
console = Screen(120, soft=True)
told = Screen(soft=True, stderr=True)

Sample = Annotated[
    Path,
    typer.Argument(
        help="a file as a department sends it: CSV, XLSX, JSON lines, or a zip of one", exists=True, dir_okay=False
    ),
]


@app.command()
def draft(
    file: Sample,
    feed: Annotated[str | None, typer.Option(help="name of the feed (default: from the file's name)")] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="write the contract here (default: print it)")] = None,
    encoding: Annotated[
        str | None, typer.Option(help="the file's encoding, where it cannot be told from its bytes")
    ] = None,
) -> None:
    """Draft a contract from a sample alone: encoding, headers, types, formats, codes, keys, dependencies, patterns, ranges, privacy.

    Its reasons stand beside it as comments. A draft marks what it doubts and holds nothing: read it, settle the names, the codes and the
    policies, then try it. Example: citybrain draft 城管案件.xlsx -o schemas/feeds/urban_case.yaml && citybrain try urban_case 城管案件.xlsx
    """
    from jobs.author.draft import CannotDraft, draft_contract
    from jobs.ingest.unreadable import Unreadable

    name = feed or (out.stem if out else None)
    if name and not re.match(SLUG, name):
        raise typer.BadParameter(f"a feed is named in small Latin letters, digits and _, not {name!r}: give --feed")
    try:
        text = draft_contract(file, name, encoding)
    except (CannotDraft, Unreadable) as fault:
        told.wrong(fault)
        raise typer.Exit(1) from None
    if out is None:
        sys.stdout.write(text)
        return
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(text, encoding="utf-8")
    told.print(f"{out}: next, read its comments, then `citybrain try {out} {file}`")


@app.command("try")
def try_command(
    contract: Annotated[str, typer.Argument(help="a feed's name, or the path of a contract")],
    file: Sample,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="folder for kept.csv, flags.csv and repairs.csv")
    ] = None,
) -> None:
    """Screen a file by a contract and say what would be kept, mended, marked and held, and why; the lake is not touched."""
    from jobs.author.tryout import Unfit, try_contract
    from jobs.ingest.unreadable import Unreadable

    try:
        found = _contract(contract)
        tried = try_contract(home(), found, file, out)
    except (ContractFault, Unreadable, Unfit) as fault:
        told.wrong(fault)
        raise typer.Exit(1) from None
    rows = tried.sifted
    console.print(
        f"{found.title.zh}({found.feed}) · {file.name}\n"
        f"读入 {rows.read:,} = 入库 {rows.kept:,}(其中改正 {rows.repaired:,} 行、存疑 {tried.marked:,} 行) + 待补正 {rows.held:,}"
    )
    for header, nearest in tried.landed.map.unknown:
        console.print(f"没有认出的列「{header}」" + (f",是否应为「{nearest}」?" if nearest else ""))
    for title, counts in (
        ("已代为改正", tried.repaired),
        ("存疑(保留并标注)", tried.marks),
        ("待补正的原因", tried.held),
    ):
        if counts:
            table = Table("行数", title, title_justify="left")
            table.columns[0].justify = "right"
            for said, n in counts.most_common():
                table.add_row(f"{n:,}", said)
            console.print(table)
    if out:
        console.print(f"{out / 'kept.csv'} · {out / 'flags.csv'} · {out / 'repairs.csv'}")


def _contract(said: str) -> Contract:
    path = Path(said)
    if path.suffix in (".yaml", ".yml") or path.is_file():
        if not path.is_file():
            raise typer.BadParameter(f"there is no contract {said}")
        return load_contract(path)
    contracts, faults = home().contracts()
    if said in contracts:
        return contracts[said]
    broken = next((fault for fault in faults if fault.path.stem == said), None)
    if broken:
        raise broken
    raise typer.BadParameter(
        f"there is no feed {said!r}; known are {', '.join(contracts)}; or give the path of a contract"
    )

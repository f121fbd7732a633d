"""The scorecard as a table in the terminal: the desk's figures for an operator without Superset."""

from __future__ import annotations

import math

import duckdb
from rich.console import Console
from rich.table import Table
from rich.text import Text

from jobs import serve
from jobs.appraise.desk import DAYS, shares_of
from jobs.home import Home
from quality.forms import quote
from schemas.scorecard import load_scorecard

BAND_STYLE = {"good": "green", "fair": "yellow", "poor": "bold red"}


class NoSuchDepartment(ValueError):
    """No row of the scorecard is of that department."""


def show_scorecard(home: Home, console: Console, department: str | None = None) -> None:
    """Print each department's figures over the last days; of one department, each feed's.

    Raises FileNotFoundError before the first run, NoSuchDepartment naming those there are.
    """
    with duckdb.connect(str(serve.current(home)), read_only=True) as con:
        by, where = ("title_zh", f"department = {quote(department)}") if department else ("department", "true")
        shares = shares_of(con, by, where)
        if department and not shares:
            known = [row[0] for row in con.execute("SELECT DISTINCT department FROM scorecard ORDER BY 1").fetchall()]
            raise NoSuchDepartment(f"there are no scores of {department!r}; known are {'、'.join(known) or 'none yet'}")
        console.print(
            _table(shares, f"{department or '各部门'}数据质量(%) · 近{DAYS}日", "数据" if department else "部门")
        )
        console.print(_total(con, where))


def _table(shares: dict[str, dict[str, float | None]], title: str, first: str) -> Table:
    figures = load_scorecard().figures
    table = Table(first, *(figure.zh for figure in figures.values()), title=title)
    for column in table.columns[1:]:
        column.justify, column.no_wrap = "right", True
    for whose, share in shares.items():
        table.add_row(whose, *(_cell(figure, share[figure]) for figure in figures))
    return table


def _cell(figure: str, share: float | None) -> Text:
    """A share rounded to its bad side, so that 100.00 and 0.00 mean all and none."""
    if share is None:
        return Text("—", "dim")
    card = load_scorecard()
    to_bad = math.ceil if card.figures[figure].better == "less" else math.floor
    return Text(f"{to_bad(round(share * 10_000, 6)) / 100:.2f}", BAND_STYLE.get(card.band(figure, share) or "", ""))


def _total(con: duckdb.DuckDBPyConnection, where: str) -> Text:
    read, held, refused, redropped, mended = con.execute(
        "SELECT " + ", ".join(f"coalesce(sum({part}) FILTER (dimension = '{figure}'), 0)::BIGINT" for part, figure in (
            ("denominator", "held"), ("numerator", "held"), ("numerator", "refused"), ("denominator", "mended"), ("numerator", "mended")
        )) + f" FROM scorecard WHERE recent AND {where}"
    ).fetchone() or (0, 0, 0, 0, 0)  # fmt: skip
    rows = f"读入 {read:,} = 入库 {read - held - refused:,} + 待补正 {held:,} + 退回 {refused:,}"
    return Text(f"{rows};重报涉及待补正 {redropped:,},已改好 {mended:,}", "bold")

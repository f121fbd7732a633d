"""The state of the city in one screen: feeds, rows, warnings, and where to look."""

from __future__ import annotations

from pathlib import Path

import duckdb
from rich.console import Console
from rich.table import Table
from rich.text import Text

from jobs import serve
from jobs.alert import recent
from jobs.home import Home
from jobs.operate.undecided import undecided
from jobs.warn.life import AT_HAND
from schemas.warning_rule import LEVELS_ZH

MOST_NAMED = 5  # refused deliveries that are called by name
ANSWERS = {"放行": "release", "退回": "reject "}
WHERE_TO_DECIDE = "`make up` 后在 http://127.0.0.1:8080/required_actions 点选,或用命令:"
LEVEL_STYLE = {"blue": "bold #2F6BFF", "yellow": "bold #F5B400", "orange": "bold #FF7A00", "red": "bold #E02020"}
STATE_STYLE = {
    "on_time": "green", "late": "yellow", "short": "yellow", "overdue": "red", "refused": "red", "missing": "red", "waiting": "dim",
}  # fmt: skip


class RowsDoNotAddUp(AssertionError):
    """The ledger's read is not kept + held + refused."""


def show_status(home: Home, console: Console) -> None:
    """Print feeds with read = kept + held + refused, warnings by level, and where to look. Raises FileNotFoundError before the first run."""
    with duckdb.connect(str(serve.current(home)), read_only=True) as con:
        console.print(_feeds(con))
        console.print(_total(con))
        console.print(_levels(con))
    console.print(waiting_list(home, MOST_NAMED))
    for told in recent(home):
        console.print(Text(f"{told['raised_at']:%m-%d %H:%M}  {told['says_zh']}", "yellow"))
    console.print(_where(home))


def _feeds(con: duckdb.DuckDBPyConnection) -> Table:
    table = Table(
        "部门", "数据", "期数", "读入", "入库", "其中修复", "待补正", "退回", "最近判定", "时效", title="各部门数据"
    )
    for column in table.columns:
        column.no_wrap = True
    for column in table.columns[2:8]:
        column.justify = "right"
    rows = con.execute(
        "SELECT department, title_zh, deliveries, read_rows, kept_rows, repaired_rows, held_rows, refused_rows, verdict_zh, state_zh, state "
        "FROM source_health ORDER BY department, feed"
    ).fetchall()
    for *cells, verdict, state_zh, state in rows:
        table.add_row(
            *(f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in cells),
            verdict or "—",
            Text(state_zh, STATE_STYLE[state]),
        )
    return table


def _total(con: duckdb.DuckDBPyConnection) -> Text:
    read, kept, held, refused = con.execute(
        "SELECT sum(read_rows), sum(kept_rows), sum(held_rows), sum(refused_rows) FROM source_health"
    ).fetchone() or (0, 0, 0, 0)
    if read != kept + held + refused:
        raise RowsDoNotAddUp(f"read {read:,} is not kept {kept:,} + held {held:,} + refused {refused:,}")
    return Text(f"读入 {read:,} = 入库 {kept:,} + 待补正 {held:,} + 退回 {refused:,}", "bold")


def _levels(con: duckdb.DuckDBPyConnection) -> Text:
    found = dict(con.execute(f"SELECT level, count(*) FROM warning WHERE {AT_HAND} GROUP BY level").fetchall())
    below = con.execute("SELECT count(*) FROM warning WHERE status = 'below_line'").fetchone() or (0,)
    parts = [Text("今日预警  ", "bold")]
    for level in reversed(LEVELS_ZH):
        parts.append(Text(f"{LEVELS_ZH[level]} {found.get(level, 0)}  ", LEVEL_STYLE[level]))
    return Text.assemble(*parts, Text(f"(线下 {below[0]} 条供分析)", "dim"))


def waiting_list(home: Home, most: int | None) -> Text:
    """How many deliveries wait for a person; at most so many of them (None: all) with why, and both answers as commands to paste."""
    waiting, contracts = undecided(home), home.contracts()[0]
    if not waiting:
        return Text("没有待决定的批次", "dim")
    lines = [Text.assemble((f"待决定 {len(waiting)} 批", "bold red"), (f"  {WHERE_TO_DECIDE}", "dim"))]
    for case in waiting[:most]:
        contract = contracts.get(case.feed)
        whose = f"{contract.owner.department} · {contract.title.zh}" if contract else case.feed
        why = " ".join(case.words)
        lines += [
            Text(f"  {case.delivery_id}  {whose} {case.period} 期,{case.read_rows:,} 行:{why}"),
            *(Text(f"    {answer}  citybrain {command} {case.delivery_id} --by 姓名 --why 理由", "dim") for answer, command in ANSWERS.items()),
        ]  # fmt: skip
    if left := len(waiting[most:] if most else []):
        lines.append(Text(f"  另有 {left} 批:citybrain refused", "dim"))
    return Text("\n").join(lines)


def _where(home: Home) -> Text:
    briefs = sorted(home.reports.glob("*.pdf"))
    lines = [
        ("日报    ", briefs[-1] if briefs else "还没有"),
        ("回执    ", home.returns),
        ("数据湖  ", home.lake),
        ("指挥席  ", "`make up` 后打开 http://127.0.0.1:8088/superset/dashboard/commander/"),
        ("考核    ", "同上 /superset/dashboard/quality/;在终端:`citybrain scorecard`"),
    ]
    return Text("\n".join(f"{name}{_short(where)}" for name, where in lines))


def _short(where: Path | str) -> str:
    if isinstance(where, Path) and where.is_relative_to(Path.cwd()):
        return str(where.relative_to(Path.cwd()))
    return str(where)

"""What a build prints when it is done: rows by feed, what was planted, seconds a million rows, peak memory."""

from __future__ import annotations

import resource
import sys
from collections import Counter
from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.table import Table

from demo.build import Written
from demo.plan import Plan
from demo.scorecard import FAMILY_ZH

EXPECT_ZH = {
    "refuse": "应退回",
    "repeated": "重复",
    "superseded": "被更正",
    "corrected": "更正",
    "missing": "缺期",
}


def print_summary(
    console: Console, plan: Plan, written: list[Written], truth: dict[str, pd.DataFrame], seconds: float
) -> None:
    """seconds: from the first resident to the last file."""
    table = Table(title=f"东湖市 {plan.start} 至 {plan.end},种子 {plan.seed}", title_justify="left")
    for header in ("部门", "数据", "文件", "行数", "噪声", "秒"):
        table.add_column(header, justify="left" if header in ("部门", "数据") else "right")
    for feed in written:
        row = (f"{feed.files}", f"{feed.rows:,}", f"{feed.noise:,}", f"{feed.seconds:.1f}")
        table.add_row(feed.folder, feed.feed, *row)
    console.print(table)
    files, rows, writing = (sum(getattr(feed, name) for feed in written) for name in ("files", "rows", "seconds"))
    size = sum(feed.size for feed in written) / 1e6
    console.print(
        f"共 {files} 个文件、{rows:,} 行、{size:,.1f} MB；用时 {seconds:.1f} 秒（写出 {writing:.1f} 秒），"
        f"每百万行 {seconds / max(rows, 1) * 1e6:.1f} 秒；内存峰值 {peak_megabytes():,.0f} MB。",
        soft_wrap=True,
    )
    planted = Counter(truth["events"]["family"])
    told = "、".join(f"{FAMILY_ZH.get(family, family)} {count}" for family, count in planted.items()) or "无"
    console.print(
        f"埋入事件：{told}；部门矛盾 {len(truth['conflicts'])} 处；"
        f"造假的数 {(truth['fabrications']['expect'] == 'flag').sum()} 个。",
        soft_wrap=True,
    )
    odd = "、".join(
        f"{row.file}（{EXPECT_ZH.get(row.expect, row.expect)}）" for row in truth["deliveries"].itertuples()
    )
    console.print(f"投递异常：{odd or '无'}。", soft_wrap=True)


def peak_megabytes() -> float:
    """The most memory this process has held. What the kernel counts for getrusage begins with the memory of whoever started it."""
    status = Path("/proc/self/status")
    if status.exists():
        return next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM")) / 1e3
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak / 1e3

"""A delivery that is odd in every way that the gate watches, after six months in which nothing was."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from jobs.home import ZONE
from quality.profile import ColumnProfile, Profile


def odd_delivery() -> tuple[Profile, list[Profile]]:
    """(now, past) of a feed with the columns of tests/contracts/test_grammar.py, by the month."""
    usual = {
        "case_no": ColumnProfile(300, deciles=[6.0] * 9),
        "day": ColumnProfile(300, deciles=[-28.0 + 3 * n for n in range(9)]),
        "score": ColumnProfile(295, deciles=[float(n) for n in range(1, 10)]),
        "phone": ColumnProfile(290, deciles=[11.0] * 9),
    }
    past = [
        Profile(
            f"2026{month:02d}", 300, 0, ["编号", "日期", "得分", "电话", "时间"], usual,
            newest=datetime(2026, month, 28, 20, tzinfo=ZONE), behind_days=0.2, days=[10] * 28,
            sealed=[f"{month}-{n}" for n in range(256)],
        )
        for month in range(6, 0, -1)
    ]  # fmt: skip
    odd = usual | {
        "score": ColumnProfile(100, deciles=[n * 100.0 for n in range(1, 10)]),
        "phone": ColumnProfile(150, deciles=[11.0] * 9),
    }
    now = replace(
        past[0], period="202607", columns=odd, headers=["日期", "编号", "得分", "电话", "备注"],
        newest=datetime(2026, 7, 12, 20, tzinfo=ZONE), behind_days=19.2, days=[10] * 12 + [0] * 19,
    )  # fmt: skip
    return now, past

"""How departments really deliver: one file twice, one corrected later, one never, one ruined."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from demo.departments import civil_affairs, property
from demo.periods import daily, last_month_closed, monthly
from demo.plan import Plan
from demo.sheet import Sheet

COLUMNS = ["file", "expect", "note"]
WRONG_GRADES = 0.03  # of the first attempt's rows


@dataclass
class Deliveries:
    """What befalls which file. rows: truth/deliveries.csv, told as the files come by."""

    plan: Plan
    rows: list[tuple[str, str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        plan = self.plan
        self.ruined = property.bad_delivery(plan) if plan.noise else ""
        self.missing = f"tc_{daily(plan)[-3].name}.zip"
        self.twice = f"jz_{monthly(plan)[-2].name}.csv"
        self.corrected = f"cj_{last_month_closed(plan)[0].name}.csv"

    def as_sent(self, sheet: Sheet) -> list[Sheet]:
        """The attempts at the sheet's period: none, itself, or a wrong one before it."""
        if self.plan.quiet:
            return [sheet]
        name = sheet.file_name
        if name == self.missing:
            self.rows.append((name, "missing", "这一期从未送达"))
            return []
        if name == self.ruined:
            self.rows.append((name, "refuse", "导出系统变更，近三成行不可信"))
        if name == self.corrected:
            return self._attempts(sheet)
        return [sheet]

    def again(self, sheet: Sheet) -> str:
        """The name under which the same bytes arrive once more, "" for most files."""
        if self.plan.quiet or sheet.file_name != self.twice:
            return ""
        name = _renamed(sheet.file_name, "_2")
        self.rows.append((name, "repeated", f"与 {sheet.file_name} 内容完全相同，重复送达"))
        return name

    def _attempts(self, sheet: Sheet) -> list[Sheet]:
        """First with some wrong grades, then as it should have been. Noise only in the second, which counts."""
        dice, free = self.plan.dice(f"corrected {sheet.file_name}"), np.flatnonzero(~sheet.guarded)
        rows = np.sort(dice.choice(free, size=max(3, round(len(free) * WRONG_GRADES)), replace=False))
        wrong = sheet.rows.astype(object)
        grades = civil_affairs.GRADES
        wrong.loc[rows, "grade"] = [grades[(grades.index(grade) + 1) % 4] for grade in wrong.loc[rows, "grade"]]
        second = replace(sheet, file_name=_renamed(sheet.file_name, "_v2"))
        self.rows.append((sheet.file_name, "superseded", f"{len(rows)} 行等级有误，之后被更正"))
        self.rows.append((second.file_name, "corrected", f"同一期第二次送达，更正 {len(rows)} 行残疾等级"))
        return [replace(sheet, rows=wrong, guarded=np.ones(len(wrong), bool)), second]


def _renamed(file_name: str, tail: str) -> str:
    stem, _, suffix = file_name.rpartition(".")
    return f"{stem}{tail}.{suffix}"

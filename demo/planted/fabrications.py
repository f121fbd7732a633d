"""Figures that were not measured but made up: typed in, copied, smoothed, closed for the deadline; and honest habits that look like it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from demo.plan import Plan
from demo.streams.parking import HOURS, Lots
from demo.streams.service import WALKING
from demo.streams.stream import Stream

COLUMNS = ["feed", "unit", "figure", "kind", "expect", "window_start", "window_end", "rows", "note"]
A_DAY, A_MINUTE = 86_400, 60
# how willingly people write each last digit when they make a number up
LIKED_DIGITS = np.array([0.26, 0.05, 0.11, 0.07, 0.07, 0.20, 0.07, 0.05, 0.08, 0.04])
REDRAWN = 0.8  # of the numbers whose last digit is the one just written
# minutes of made-up times
LIKED_MINUTES = {
    0: 0.22,
    30: 0.18,
    15: 0.09,
    45: 0.07,
    10: 0.09,
    20: 0.09,
    40: 0.08,
    50: 0.07,
    5: 0.03,
    25: 0.03,
    35: 0.03,
    55: 0.02,
}
MOVED_BY_A_DAY, CLOSED_LATE = 0.15, 0.85
COPIED_DAYS, LENT_DAYS = 10, 7
SMOOTHED, ROUNDED = 2, 1
AT_THE_DEADLINE = ("公安局交警大队", "住房和城乡建设局")
IN_A_RUSH = "生态环境局"


@dataclass
class Fabrications:
    """Who makes figures up, and what the truth says of it (rows of COLUMNS, told as the figures are made)."""

    plan: Plan
    rows: list[dict[str, Any]] = field(default_factory=list)

    def told(self, feeds: set[str]) -> pd.DataFrame:
        """truth/fabrications.csv, of the delivered feeds."""
        return pd.DataFrame([row for row in self.rows if row["feed"] in feeds], columns=COLUMNS)

    def park(self, lots: Lots) -> Lots:
        """Lots of which some are not counted: two are typed in, one repeats its own past days, one another's."""
        if self.plan.quiet or len(lots.table) < 6:
            return lots
        dice = self.plan.dice("fabricated parking")
        order = np.argsort(-lots.table["spaces"].to_numpy(), kind="stable")
        typed, (own, lent) = order[[1, 3]], order[[2, 5]]
        forged: dict[int, Callable[[date, np.ndarray], np.ndarray]] = {
            int(lot): self._typed(int(lot), int(lots.table["spaces"].iloc[lot])) for lot in typed
        }
        end = self.plan.end
        smaller = [int(lot) for lot in order[6:]] or [int(order[-1])]
        source = int(dice.choice(smaller))
        forged[int(own)] = _copied(lots, int(own), end - timedelta(COPIED_DAYS - 1), 14)
        forged[int(lent)] = _copied(lots, source, end - timedelta(LENT_DAYS - 1), 7)
        for lot in typed:
            self._note_lot(lot, "invented", lots.start, 24, "凭印象填写,偏爱 0 和 5,末位不愿连着相同")
        self._note_lot(own, "copied", end - timedelta(COPIED_DAYS - 1), 24, "逐时照抄两周前本车场的数")
        self._note_lot(lent, "copied", end - timedelta(LENT_DAYS - 1), 24, f"逐时照抄一周前 TC{source + 1:05d} 的数")
        return replace(lots, forged=forged)

    def _note_lot(self, lot: int, kind: str, first: date, a_day: int, note: str) -> None:
        days = (self.plan.end - first).days + 1
        self._note("parking_lot", f"TC{int(lot) + 1:05d}", "taken", kind, first, days * a_day, note)

    def _typed(self, lot: int, spaces: int) -> Callable[[date, np.ndarray], np.ndarray]:
        """About as many cars as usual, with a last digit that comes to mind."""

        def write(day: date, taken: np.ndarray) -> np.ndarray:
            dice, last, told = self.plan.dice(f"typed {lot} {day}"), -1, []
            for count in taken:
                digit = int(dice.choice(10, p=LIKED_DIGITS))
                while digit == last and dice.random() < REDRAWN:
                    digit = int(dice.choice(10, p=LIKED_DIGITS))
                tens = max(0, int(count) // 10 + int(dice.integers(-1, 2)))
                last = digit
                told.append(min(tens * 10 + digit, int(spaces * 1.1)))
            return np.array(told)

        return write

    def report(self, stream: Stream, grid_codes: np.ndarray) -> Stream:
        """Reports of which two communities send the same number every day, and one writes its times to ten minutes.

        grid_codes: (grids,) the code of each grid, of which the first 12 signs are the community's.
        """
        if self.plan.quiet:
            return stream
        dice = self.plan.dice("fabricated reports")
        community = np.array([code[:12] for code in grid_codes])[stream.grid]
        names, sizes = np.unique(community, return_counts=True)
        chosen = dice.permutation(names[sizes >= 75])[: SMOOTHED * self.plan.copies + ROUNDED]
        at = stream.at.copy()
        for name in chosen[:-ROUNDED]:
            own = np.flatnonzero(community == name)
            at[own] = _smoothed(dice, self.plan, at[own])
            self._note(
                "grid_report",
                str(name),
                "reported_at",
                "smoothed",
                self.plan.start,
                len(own),
                "每天补报或压报到差不多的件数,时间事后补填",
            )
        for name in chosen[-ROUNDED:]:
            own = np.flatnonzero(community == name)
            minute = at[own].astype("datetime64[m]").astype(np.int64)
            at[own] = (np.floor(minute / 10) * 10).astype(np.int64).astype("datetime64[m]").astype("datetime64[s]")
            self._note(
                "grid_report",
                str(name),
                "reported_at",
                "rounded",
                self.plan.start,
                len(own),
                "时间习惯写到十分钟,件数属实",
                "quiet",
            )
        return _in_order(stream, at)

    def close(self, at: np.ndarray, closed: np.ndarray, unit: np.ndarray, allowed: np.timedelta64) -> np.ndarray:
        """Closing times, of which two units' are a minute before the deadline, and one unit honestly hurries near it.

        at, closed: (orders,) datetime64[s]; unit: (orders,) name of who handles it; allowed: time until the deadline.
        """
        if self.plan.quiet:
            return closed
        closed, dice = closed.copy(), self.plan.dice("fabricated closing")
        for name in AT_THE_DEADLINE:
            own = np.flatnonzero((unit == name) & ~np.isnat(closed) & (dice.random(len(at)) < CLOSED_LATE))
            closed[own] = at[own] + allowed - A_MINUTE
            self._note(
                "hotline",
                name,
                "closed_at",
                "at_deadline",
                self.plan.start,
                len(own),
                "未办结的到时限前一分钟一律点办结",
            )
        own = np.flatnonzero((unit == IN_A_RUSH) & ~np.isnat(closed) & (dice.random(len(at)) < 0.35))
        hurried = (dice.gamma(1.6, 5.0, len(own)) * 3600).astype(np.int64)
        closed[own] = np.maximum(closed[own], at[own] + allowed - np.maximum(hurried, 120).astype("timedelta64[s]"))
        self._note(
            "hotline", IN_A_RUSH, "closed_at", "rushed", self.plan.start, len(own), "临近时限集中办理,时间属实", "quiet"
        )
        return closed

    def _note(
        self, feed: str, unit: str, figure: str, kind: str, first: date, rows: int, note: str, expect: str = "flag"
    ) -> None:
        told = (feed, unit, figure, kind, expect, str(first), str(self.plan.end), rows, note)
        self.rows.append(dict(zip(COLUMNS, told, strict=True)))


def _copied(lots: Lots, source: int, first: date, back: int) -> Callable[[date, np.ndarray], np.ndarray]:
    """From `first` on what the source lot had so many days before."""

    def write(day: date, taken: np.ndarray) -> np.ndarray:
        return lots.counted(day - timedelta(days=back))[:, source] if day >= first else taken

    return write


def _smoothed(dice: np.random.Generator, plan: Plan, at: np.ndarray) -> np.ndarray:
    """The reports spread evenly over all days; one that is moved to another day gets a time that comes to mind."""
    day = at.astype("datetime64[D]")
    even = (np.arange(len(at)) + 0.5) * plan.days / len(at)
    even = np.floor(even).astype(int) + dice.choice(
        [-1, 0, 1], len(at), p=[MOVED_BY_A_DAY / 2, 1 - MOVED_BY_A_DAY, MOVED_BY_A_DAY / 2]
    )
    new = np.datetime64(plan.start, "D") + np.clip(even, 0, plan.days - 1)
    hour = dice.choice(len(HOURS), len(at), p=WALKING / WALKING.sum())
    minute = dice.choice(list(LIKED_MINUTES), len(at), p=list(LIKED_MINUTES.values()))
    made_up = new.astype("datetime64[s]") + (hour * 3600 + minute * A_MINUTE).astype("timedelta64[s]")
    return np.where(new == day, at, made_up)


def _in_order(stream: Stream, at: np.ndarray) -> Stream:
    """The stream with other times, in their order, numbered within their days. It has nothing else planted in it."""
    order = np.argsort(at, kind="stable")
    at, day = at[order], at[order].astype("datetime64[D]")
    number = (np.arange(len(at)) - np.searchsorted(day, day) + 1).astype(np.int32)
    return replace(
        stream, grid=stream.grid[order], kind=stream.kind[order], at=at, event=stream.event[order], number=number
    )

"""What a family rests on, and how far that is to be believed today: doubtful data lower its confidence, refused or stale data mute it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from jobs import lake
from jobs.home import Home
from jobs.ingest import ledger
from jobs.operate.arrivals import Arrival, arrivals
from jobs.warn.life import rows_of
from schemas.contract import Contract
from schemas.warning_rule import WarningRule

WARNED, UNFINISHED, LATE = 0.8, 0.5, 0.8  # what is left of a confidence
TORN = "的数据表损坏,待运维恢复"
STALE_PERIODS = 2  # of a feed that are due and have not come: its present is then unknown


@dataclass(frozen=True)
class Doubt:
    """Of one feed. left: the share of confidence that is left, 0 where nothing may be judged on it."""

    feed: str
    left: float
    why: str

    @property
    def mutes(self) -> bool:
        return self.left == 0


@dataclass(frozen=True)
class Trust:
    """The doubts of a day. doubts: feed -> the worst that is to be said of it, of none that is as promised; titles: feed -> its name in Chinese."""

    doubts: dict[str, Doubt]
    titles: dict[str, str]

    def confidence(self, feeds: Iterable[str]) -> tuple[float, str]:
        """What is left of full confidence in what rests on these feeds, and why."""
        here = [self.doubts[feed] for feed in feeds if feed in self.doubts]
        return min((doubt.left for doubt in here), default=1.0), self._said(here)

    def muted(self, rule: WarningRule) -> str:
        """Why the family cannot be judged today, "" when it can."""
        mute = [feed for feed in rule.feeds if self.mutes([feed])]
        can = rule.can_be_judged_on(set(rule.feeds) - set(mute))
        return "" if can else self._said(self.doubts[feed] for feed in mute)

    def partly(self, rule: WarningRule) -> str:
        """Why some of what the family is judged on is left out today, "" when nothing is, or when all is."""
        mute = [feed for feed in rule.feeds if feed in rule.apart and self.mutes([feed])]
        return "" if self.muted(rule) else self._said(self.doubts[feed] for feed in mute)

    def mutes(self, feeds: Iterable[str]) -> bool:
        """Whether what rests on these feeds cannot be said today."""
        return any(feed in self.doubts and self.doubts[feed].mutes for feed in feeds)

    def _said(self, doubts: Iterable[Doubt]) -> str:
        return "；".join(f"{self.titles.get(doubt.feed, doubt.feed)}{doubt.why}" for doubt in doubts)


def trust_now(home: Home, contracts: dict[str, Contract], now: datetime, torn: Collection[str] = ()) -> Trust:
    """From the ledger as it stands. torn: feeds whose table cannot be read."""
    titles = {feed: contract.title.zh for feed, contract in contracts.items()}
    if not lake.exists(ledger.path(home)):
        return Trust({}, titles)
    with lake.connect(reads_delta=False) as con:
        lake.offer(con, "told", ledger.path(home))
        outcomes = rows_of(
            con.execute(
                "SELECT feed, period, attempt, status, received_at, read_rows FROM told WHERE status <> 'repeated' ORDER BY entry_no"
            )
        )
    of_feed: dict[str, list[dict[str, Any]]] = {}
    for row in outcomes:
        of_feed.setdefault(row["feed"], []).append(row)
    found = {feed: doubt_of(contract, of_feed.get(feed, []), now) for feed, contract in contracts.items()}
    found |= {feed: Doubt(feed, 0.0, TORN) for feed in torn}
    return Trust({feed: doubt for feed, doubt in found.items() if doubt}, titles)


def doubt_of(contract: Contract, outcomes: list[dict[str, Any]], now: datetime) -> Doubt | None:
    """From a feed's outcomes in the ledger's order. A feed that never sent anything is not doubted: nothing rests on it."""
    if not outcomes:
        return None
    feed, status = contract.feed, outcomes[-1]["status"]
    if status in ("refused", "rejected"):
        return Doubt(feed, 0.0, "最近一次送达被退回")
    due = arrivals(contract, outcomes, now)
    waited = _waited(due)
    if waited >= STALE_PERIODS:
        return Doubt(feed, 0.0, f"已连续{waited}期未送达")
    if status == "failed":
        return Doubt(feed, UNFINISHED, "最近一次送达未处理完")
    if status == "warned":
        return Doubt(feed, WARNED, "最近一次送达有提示")
    if waited:
        return Doubt(feed, LATE, f"{due[-1].period}期逾期未到")
    return None


def _waited(due: list[Arrival]) -> int:
    """How many of the newest promised periods have not come."""
    come = [number for number, arrival in enumerate(reversed(due)) if not arrival.waited_for]
    return come[0] if come else len(due)

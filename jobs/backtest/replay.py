"""The replay: every morning is judged on what was known then, and its warnings are merged, cut and swept as the city does, in memory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from jobs import lake
from jobs.backtest.known import MORNING, Known
from jobs.backtest.views import cache_history, see
from jobs.city.matters import register_matters
from jobs.city.views import register_hidden
from jobs.home import ZONE, Home
from jobs.warn.candidate import Candidate, Evidence
from jobs.warn.doubt import Trust
from jobs.warn.find import find_all
from jobs.warn.record import SAME_MATTER_DAYS, by_matter, cut, warning_of
from jobs.warn.sweep import Scene, after, decide
from schemas.contract import Contract
from schemas.life import load_life
from schemas.warning_rule import WarningRule

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

TRUSTED = Trust({}, {})  # how far data were believed on a past day is not replayed
UNMOVED: dict[str, Any] = {
    "state": "new", "moved_by": None, "tier_since": None, "dispatched_at": None, "acknowledged_at": None, "verdict": None, "into_id": None,
}  # fmt: skip


@dataclass(frozen=True)
class Load:
    """A commander's morning: matters of the budget's lane found and neither merged nor muted; below: how many of them the line cut off."""

    day: date
    found: int
    below: int

    @property
    def shown(self) -> int:
        return self.found - self.below


@dataclass
class Past:
    """What the city would know of its own warnings. warnings: id -> the row of gold.warning with its state; first: id -> as it was raised."""

    home: Home
    versions: dict[str, Any]
    budget: int
    warnings: dict[str, dict[str, Any]] = field(default_factory=dict)
    first: dict[str, dict[str, Any]] = field(default_factory=dict)
    evidence: dict[str, dict[tuple[str, str, int], Evidence]] = field(default_factory=lambda: defaultdict(dict))
    shown: set[str] = field(default_factory=set)
    loads: list[Load] = field(default_factory=list)

    def live(self, candidates: list[Candidate], day: date) -> None:
        """One day: merged by matter, cut to the budget, swept by the clock."""
        now = datetime.combine(day, MORNING, ZONE)
        since = day - timedelta(days=SAME_MATTER_DAYS)
        known = by_matter(one for one in self.warnings.values() if one["seen_on"] >= since)
        rows = [warning_of(self.home, one, known, TRUSTED, self.versions, day, now) for one in candidates]
        cut(rows, self.budget)
        for candidate, row in zip(candidates, rows, strict=True):
            self._keep(row, candidate.evidence)
        self._sweep(day, now)
        self._count(day, {row["warning_id"] for row in rows})

    def _keep(self, row: dict[str, Any], evidence: list[Evidence]) -> None:
        id_ = row["warning_id"]
        unmoved = UNMOVED | {"since": row["raised_at"], "tier": load_life().tier_of(row["grid_code"])}
        self.first.setdefault(id_, row)
        self.warnings[id_] = unmoved | self.warnings.get(id_, {}) | row
        self.evidence[id_] |= {(one.feed, one.delivery_id, one.row_no): one for one in evidence}

    def _sweep(self, day: date, now: datetime) -> None:
        rows = {id_: set(found) for id_, found in self.evidence.items()}
        newest = {id_: max(one.day for one in found.values()) for id_, found in self.evidence.items() if found}
        for move in decide(Scene(list(self.warnings.values()), rows, newest, [], day, now)):
            self.warnings[move.warning_id] |= after(move)

    def _count(self, day: date, today: set[str]) -> None:
        at_hand = [self.warnings[id_] for id_ in today if self.warnings[id_]["state"] in load_life().at_hand]
        mine = [one for one in at_hand if one["lane"] == "budget"]
        self.shown |= {one["warning_id"] for one in at_hand if one["status"] != "below_line"}
        self.loads.append(Load(day, len(mine), sum(one["status"] == "below_line" for one in mine)))


Told = Callable[[date, Past], None]


def play(
    spark: SparkSession, home: Home, contracts: dict[str, Contract], rules: list[WarningRule], known: list[Known],
    days: list[date], budget: int, told: Told = lambda day, past: None,
) -> Past:  # fmt: skip
    """The days in their order; told hears of each. Reads the lake and writes nothing to it."""
    used = feeds_of(contracts, rules)
    feeds = cache_history(spark, home, used, known)
    register_hidden(spark, home, {feed for rule in rules for feed in rule.hidden_feeds})
    versions = {f"silver.{one.feed}": lake.version(home.table("silver", one.feed)) for one in used}
    past = Past(home, versions, budget)
    for day in days:
        see(spark, feeds, day)
        register_matters(spark, day)
        past.live(find_all(spark, rules, day, lambda family: 1.0), day)
        told(day, past)
    for one in used:
        spark.catalog.uncacheTable(f"past_{one.feed}")
    return past


def feeds_of(contracts: dict[str, Contract], rules: list[WarningRule]) -> list[Contract]:
    """What the rules read; clusters also look up the grids' centres."""
    names = {feed for rule in rules for feed in rule.feeds} | {"grid"}
    return [contract for feed, contract in contracts.items() if feed in names]

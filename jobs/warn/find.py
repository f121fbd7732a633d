"""From a rule and the city's current rows to candidate warnings with their evidence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date
from typing import TYPE_CHECKING, Any

from jobs.warn.candidate import Candidate, Evidence, facts
from jobs.warn.clusters import find_clusters
from jobs.warn.declines import find_declines
from jobs.warn.doors import find_silence
from jobs.warn.doubt import Trust
from jobs.warn.family_day import FamilyDay, Tests
from jobs.warn.near_repeats import find_near_repeats
from jobs.warn.rates import find_rates
from jobs.warn.repeats import find_repeats
from jobs.warn.surges import find_surges
from jobs.warn.vitals import find_vitals
from schemas.warning_rule import Cluster, Decline, NearRepeat, Query, Rates, Repeat, Silence, Surge, Vitals, WarningRule

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

BUDGET_A_DAY = 5
BY_CHANCE = 0.1  # the share of a full budget that may be chance; the rest is left to what happens


def find_all(
    spark: SparkSession, rules: list[WarningRule], as_of: date, threshold_of: Callable[[str], float],
    log: Callable[[FamilyDay], None] = lambda one: None, trust: Trust | None = None,
) -> list[Candidate]:  # fmt: skip
    """What every family finds. Surges have equal shares of what the commander's budget leaves to chance.

    threshold_of: how far verdicts have moved a family's threshold; only families that are cut to the budget are moved; log hears of each
    family once it was judged; trust: of the families that are judged, what rests on a feed that mutes is left out.
    """
    share = BY_CHANCE * BUDGET_A_DAY / max(1, sum(isinstance(rule.method, Surge) for rule in rules))
    candidates: list[Candidate] = []
    for rule in rules:
        tests: list[Tests] = []
        threshold = threshold_of(rule.family) if rule.lane == "budget" else 1.0
        found = find(spark, rule, as_of, share, threshold, tests.append)
        if trust:
            found = [one for one in found if not trust.mutes(one.feeds)]
        partly = trust.partly(rule) if trust else ""
        log(FamilyDay(rule.family, partly=partly, raised=len(found), tests=tests[0] if tests else None))
        candidates += found
    return candidates


def find(
    spark: SparkSession, rule: WarningRule, as_of: date, budget: float = BY_CHANCE * BUDGET_A_DAY, threshold: float = 1.0,
    log: Callable[[Tests], None] = lambda tests: None,
) -> list[Candidate]:  # fmt: skip
    """Every matter at or above the rule's lowest level times the threshold, judged on the days before as_of.

    budget: warnings a day by chance, of a surge rule; log hears what such a rule tested.
    """
    match rule.method:
        case Surge() as surge:
            found = find_surges(spark, rule, surge, as_of, budget, log)
        case Cluster() as cluster:
            found = find_clusters(spark, rule, cluster, as_of)
        case NearRepeat() as near_repeat:
            found = find_near_repeats(spark, rule, near_repeat, as_of)
        case Rates() as rates:
            found = find_rates(spark, rule, rates, as_of)
        case Silence() as silence:
            found = find_silence(spark, rule, silence, as_of)
        case Decline() as decline:
            found = find_declines(spark, rule, decline, as_of)
        case Repeat() as repeat:
            found = find_repeats(spark, rule, repeat, as_of)
        case Vitals() as vitals:
            found = find_vitals(spark, rule, vitals, as_of)
        case Query() as query:
            found = _matters(spark, rule, query, as_of)
    return [candidate for candidate in found if rule.level_of(candidate.score / threshold)]


def _matters(spark: SparkSession, rule: WarningRule, query: Query, as_of: date) -> Iterator[Candidate]:
    """A rule's rows, gathered by matter; a row with counted = true is one of those observed. What bears on the matter (grid_code, weight,
    expected, bound, unit) is the same in each of its rows."""
    matters: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in spark.sql(query.sql.format(as_of=as_of)).collect():
        matters[row["subject_key"]].append(row.asDict())
    for key in sorted(matters):
        mine = sorted(matters[key], key=lambda row: (row["feed"], row["day"], row["row_no"]))
        counted = [row for row in mine if row["counted"]]
        observed = float(len(counted))
        yield Candidate(
            rule, key, mine[0].get("grid_code"), None, min(row["day"] for row in mine), max(row["day"] for row in counted),
            observed, float(mine[0]["expected"]), _figure(mine[0].get("bound")), observed * float(mine[0]["weight"]),
            [Evidence(row["feed"], row["delivery_id"], row["row_no"], row["day"], facts(row)) for row in mine],
            unit_zh=mine[0].get("unit"),
        )  # fmt: skip


def _figure(said: Any) -> float | None:
    """Of SQL's, which may be a decimal."""
    return None if said is None else float(said)

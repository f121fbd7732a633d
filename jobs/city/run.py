"""One run of the city: everything committed so far becomes a register, features and warnings."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from jobs import lake
from jobs.alert import alert
from jobs.home import Home
from jobs.ingest import ledger
from jobs.ingest.alone import alone
from jobs.ingest.no_room import naming_a_full_disk
from jobs.torn import on_what_is_whole, stop_if_torn
from schemas.contract import Contract

KEPT_FOR_GOOD = (
    "identity.person",
    "gold.warning",
    "gold.warning_evidence",
)  # what a run adds to; the rest it makes anew


@dataclass(frozen=True)
class CityRun:
    """What a run made: warnings as in gold.warning, worst first."""

    run_id: str
    as_of: date
    warnings: list[dict[str, Any]]


def run_city(home: Home, as_of: date | None = None, told: Callable[[str], None] = lambda step: None) -> CityRun | None:
    """Register, features, warnings, judged on the days before as_of (default: the city's today). None when nothing was ever committed.

    One run at a time. A feed whose table is torn is left out, what rests on it is muted, and the operator is told. Raises NoJava or NoJars
    when Spark cannot start; ContractFault when a warning family cannot be read; TornTable when the ledger is torn; NoRoom.
    """
    from jobs import spark
    from schemas.warning_rule import load_rules

    if not lake.exists(ledger.path(home)):
        return None
    contracts, _ = home.contracts()
    now = home.now()
    as_of = as_of or now.date()
    load_rules()  # what cannot be judged at all is said before anything is read
    with naming_a_full_disk(home, "city"), alone(home, "city"):
        stop_if_torn(home, *KEPT_FOR_GOOD)
        spark.session()
        warnings = on_what_is_whole(home, contracts, lambda torn: _run(home, contracts, torn, as_of, now, told))
    return CityRun(f"{now:%Y%m%d%H%M%S}-{uuid.uuid4().hex[:6]}", as_of, warnings)


def _run(
    home: Home, contracts: dict[str, Contract], torn: dict[str, str], as_of: date, now: datetime, told: Callable[[str], None]
) -> list[dict[str, Any]]:  # fmt: skip
    from jobs import spark as sparks
    from jobs.appraise.scorecard import keep_score
    from jobs.city.features import FEEDS_OF_FEATURES, compute_features
    from jobs.city.register import register_people
    from jobs.city.views import register_deliveries, register_feeds, register_hidden
    from jobs.warn.doubt import trust_now
    from jobs.warn.family_day import FamilyDay, write_family_days
    from jobs.warn.feedback import threshold_of
    from jobs.warn.find import find_all
    from jobs.warn.record import record
    from jobs.warn.workdays import known
    from schemas.warning_rule import load_rules

    rules = [rule for rule in load_rules() if rule.can_be_judged_on(contracts)]
    whole = {feed: contract for feed, contract in contracts.items() if feed not in torn}
    told("Spark")
    spark = sparks.session()
    told("人员归一 register")
    register_deliveries(spark, home)
    register_people(spark, home, whole)
    wanted = {feed for rule in rules for feed in rule.feeds} | FEEDS_OF_FEATURES
    register_feeds(spark, home, [contract for feed, contract in contracts.items() if feed in wanted], torn)
    register_hidden(spark, home, {feed for rule in rules for feed in rule.hidden_feeds} - set(torn))
    told("指标 features")
    compute_features(spark, home, as_of)
    told("预警 warnings")
    if not known(as_of):
        alert(home, "calendar", str(as_of.year), f"{as_of.year}年的放假安排还没有,基线只认周末:请更新 chinesecalendar")
    trust = trust_now(home, contracts, now, torn)
    judged = [rule for rule in rules if not trust.muted(rule)]
    families = [FamilyDay(rule.family, muted=trust.muted(rule)) for rule in rules if trust.muted(rule)]
    candidates = find_all(spark, judged, as_of, lambda family: threshold_of(home, family), families.append, trust)
    warnings = record(spark, home, candidates, as_of, now, trust)
    write_family_days(home, as_of, families, now)
    told("数据质量 scorecard")
    keep_score(spark, home, whole, now)
    spark.catalog.clearCache()
    return warnings

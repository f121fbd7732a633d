"""One run of the city: everything committed so far becomes a register, features and warnings."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from jobs import lake
from jobs.alert import alert
from jobs.home import Home
from jobs.ingest import ledger
from jobs.ingest.alone import alone


@dataclass(frozen=True)
class CityRun:
    """What a run made: warnings as in gold.warning, worst first."""

    run_id: str
    as_of: date
    warnings: list[dict[str, Any]]


def run_city(home: Home, as_of: date | None = None, told: Callable[[str], None] = lambda step: None) -> CityRun | None:
    """Register, features, warnings, judged on the days before as_of (default: the city's today). None when nothing was ever committed.

    One run at a time. Raises NoJava or NoJars when Spark cannot start; ContractFault when a warning family cannot be read.
    """
    from schemas.warning_rule import load_rules

    if not lake.exists(ledger.path(home)):
        return None
    rules = load_rules()
    contracts, _ = home.contracts()
    now = home.now()
    as_of = as_of or now.date()
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

    with alone(home, "city"):
        told("Spark")
        spark = sparks.session()
        told("人员归一 register")
        register_deliveries(spark, home)
        register_people(spark, home, contracts)
        rules = [rule for rule in rules if rule.can_be_judged_on(contracts)]
        wanted = {feed for rule in rules for feed in rule.feeds} | FEEDS_OF_FEATURES
        register_feeds(spark, home, [contract for feed, contract in contracts.items() if feed in wanted])
        register_hidden(spark, home, {feed for rule in rules for feed in rule.hidden_feeds})
        told("指标 features")
        compute_features(spark, home, as_of)
        told("预警 warnings")
        if not known(as_of):
            alert(
                home, "calendar", str(as_of.year), f"{as_of.year}年的放假安排还没有,基线只认周末:请更新 chinesecalendar"
            )
        trust = trust_now(home, contracts, now)
        judged = [rule for rule in rules if not trust.muted(rule)]
        families = [FamilyDay(rule.family, muted=trust.muted(rule)) for rule in rules if trust.muted(rule)]
        candidates = find_all(spark, judged, as_of, lambda family: threshold_of(home, family), families.append, trust)
        warnings = record(spark, home, candidates, as_of, now, trust)
        write_family_days(home, as_of, families, now)
        told("数据质量 scorecard")
        keep_score(spark, home, contracts, now)
        spark.catalog.clearCache()
    return CityRun(f"{now:%Y%m%d%H%M%S}-{uuid.uuid4().hex[:6]}", as_of, warnings)

"""One replay from beginning to end: what was known, what would have been found, how good that was."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from jobs import lake
from jobs.backtest.events import Verdict, judge, people_of, read_events, verdicts_of
from jobs.backtest.known import Knowing, known_deliveries
from jobs.backtest.measure import measure, outcomes
from jobs.backtest.replay import Told, play
from jobs.backtest.result import Result
from jobs.home import Home
from jobs.ingest import ledger
from jobs.warn.life import warnings_now
from jobs.warn.record import SAME_MATTER_DAYS
from schemas.warning_rule import load_rules


class NothingToReplay(ValueError):
    """The text says what is missing."""


def replay(
    home: Home, days: list[date], *, by: Knowing, budget: int, families: list[str] | None = None, events: Path | None = None,
    told: Told = lambda day, past: None,
) -> Result:  # fmt: skip
    """Raises NothingToReplay, BadEvents; NoJava or NoJars when Spark cannot start; ContractFault when a family cannot be read."""
    from jobs import spark as sparks

    if not lake.exists(ledger.path(home)):
        raise NothingToReplay("还没有任何数据入库 · nothing was ever ingested")
    contracts, _ = home.contracts()
    rules = [rule for rule in load_rules() if rule.can_be_judged_on(contracts)]
    if unknown := set(families or ()) - {rule.family for rule in rules}:
        raise NothingToReplay(
            f"没有预警类别 {'、'.join(sorted(unknown))} · there is no such family; known are {', '.join(rule.family for rule in rules)}"
        )
    rules = [rule for rule in rules if not families or rule.family in families]
    happened = read_events(events, people_of(home)) if events else None
    past = play(sparks.session(), home, contracts, rules, known_deliveries(home, contracts, by), days, budget, told)
    raised = [one | {"seen_on": past.warnings[id_]["seen_on"]} for id_, one in past.first.items()]
    verdicts: dict[str, Verdict]
    if happened is None:
        verdicts = verdicts_of(raised, warnings_now(home, "verdict IS NOT NULL"), timedelta(days=SAME_MATTER_DAYS))
        found = None
    else:
        verdicts = {one["warning_id"]: judge(one, happened) for one in raised}
        replayed = {rule.family for rule in rules}
        found = outcomes([one for one in happened if one.family in replayed], raised, days)
    figures = measure([rule.family for rule in rules], raised, past.shown, verdicts, found or [], days)
    return Result(days, by, budget, rules, past, verdicts, found, figures)

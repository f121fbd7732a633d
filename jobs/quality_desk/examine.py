"""ops.integrity_flag: what the quality desk should look at by hand. A day's run over a feed replaces that day's flags of the feed.

So a run that was killed and begun again leaves the same rows, and what earlier days flagged is never touched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa

from jobs import lake
from jobs.home import Home
from jobs.ingest.alone import alone
from jobs.quality_desk.figures import Figure, figures_of
from jobs.quality_desk.words import say, title
from quality.integrity.finding import Finding, alpha_for, expected_false, is_flag, pairs, speaking
from quality.integrity.judge import judge_counts, judge_deadlines, judge_figures
from schemas.contract import Contract

DAYS = 180  # looked back
SCHEMA = pa.schema(
    [
        ("flagged_on", pa.date32()), ("feed", pa.string()), ("department", pa.string()), ("unit", pa.string()), ("figure", pa.string()),
        ("tests", pa.list_(pa.string())), ("p_values", pa.list_(pa.float64())), ("effects", pa.list_(pa.float64())), ("n", pa.int64()),
        ("period_from", pa.date32()), ("period_to", pa.date32()), ("says_zh", pa.string()),
    ]
)  # fmt: skip


@dataclass(frozen=True)
class Examined:
    """A run over some feeds. figures: (unit, figure) looked at, of them `judged` by two features or more; pairs: of
    independent tests; alpha: the level of each; expected_false: flags that honest figures would give, at most."""

    figures: int
    judged: int
    pairs: int
    alpha: float
    expected_false: float
    flags: list[dict[str, Any]]


@dataclass(frozen=True)
class Looked:
    """One figure of one unit, and what the tests said of it."""

    contract: Contract
    figure: Figure
    number: int
    findings: list[Finding]


def examine(
    home: Home,
    contracts: Iterable[Contract],
    as_of: date | None = None,
    days: int = DAYS,
    told: Callable[[str], None] = lambda feed: None,
) -> Examined:
    """Look at every feed whose contract asks for it, over the `days` days before as_of (default: the city's today), and put its flags into the lake."""
    as_of = as_of or home.now().date()
    asked = [contract for contract in contracts if contract.integrity]
    with alone(home, "quality_desk"):
        looked = [one for contract in asked for one in _look(home, contract, as_of, days, told)]
        many = sum(pairs(one.findings) for one in looked)
        alpha = alpha_for(many)
        flags = [flag for one in looked if (flag := _flag(home, one, as_of, alpha))]
        for contract in asked:
            _put(home, contract, as_of, [flag for flag in flags if flag["feed"] == contract.feed])
    judged = sum(pairs(one.findings) > 0 for one in looked)
    return Examined(len(looked), judged, many, alpha, expected_false(many), flags)


def judge(figure: Figure) -> list[list[Finding]]:
    """The findings of each unit, by the figure's sort."""
    if figure.sort == "counted":
        return judge_counts(figure.units, figure.first, figure.last)
    if figure.sort == "deadline":
        return judge_deadlines(figure.units, figure.to_the_day)
    return judge_figures(figure.units)


def _look(home: Home, contract: Contract, as_of: date, days: int, told: Callable[[str], None]) -> Iterator[Looked]:
    told(contract.feed)
    for figure in figures_of(home, contract, as_of, days):
        for number, findings in enumerate(judge(figure)):
            yield Looked(contract, figure, number, findings)


def _flag(home: Home, looked: Looked, as_of: date, alpha: float) -> dict[str, Any] | None:
    found = speaking(looked.findings, alpha)
    if not is_flag(found):
        return None
    contract, unit = looked.contract, looked.figure.units[looked.number]
    named = _named(home, contract, unit.unit, as_of)
    first, last = (moment.astype("datetime64[D]").item() for moment in (unit.at[0], unit.at[-1]))
    return {
        "flagged_on": as_of, "feed": contract.feed, "department": contract.owner.department, "unit": named,
        "figure": looked.figure.column, "tests": [finding.test for finding in found],
        "p_values": [finding.p for finding in found], "effects": [finding.effect for finding in found], "n": len(unit.at),
        "period_from": first, "period_to": last,
        "says_zh": say(named, title(contract, looked.figure.column), f"{first}至{last},{len(unit.at)} 条", found),
    }  # fmt: skip


def _named(home: Home, contract: Contract, unit: str, as_of: date) -> str:
    """The unit's own name; a pseudonym where the column is more than public, as a grid worker's number is."""
    by = contract.integrity.by if contract.integrity else ""
    return unit if contract.columns[by].privacy == "L1" else home.pseudonym(unit, as_of.year)


def _put(home: Home, contract: Contract, as_of: date, flags: list[dict[str, Any]]) -> None:
    lake.put_rows(
        home.table("ops", "integrity_flag"), pa.Table.from_pylist(flags, SCHEMA),
        instead_of=f"feed = '{contract.feed}' AND flagged_on = '{as_of}'", by=["feed"],
    )  # fmt: skip

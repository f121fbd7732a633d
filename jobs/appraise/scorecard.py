"""gold.scorecard: how good each department's data were, by feed, day of receipt and dimension; gold.scorecard_reason: what was wrong, by column.

Only days of which the ledger has told since the last run are counted again, so a run costs what is new and not what was.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import duckdb

from jobs import lake
from jobs.appraise.tally import Tally, read_ledger, tallies
from jobs.home import Home
from jobs.operate.arrivals import arrivals
from quality.dimensions import between_columns, dimension_of
from quality.forms import quote
from schemas.contract import Contract

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SCORE = "department STRING, feed STRING, day DATE, dimension STRING, numerator BIGINT, denominator BIGINT, score DOUBLE, entry_no BIGINT"
REASON = "department STRING, feed STRING, day DATE, outcome STRING, reason STRING, dimension STRING, rows BIGINT"
PROMISE = "timeliness"
Share = tuple[int, int]  # numerator, denominator


def keep_score(spark: SparkSession, home: Home, contracts: dict[str, Contract], now: datetime) -> None:
    """Bring both tables up to the ledger. A day is replaced as a whole; the scores are written last, and tell how far was counted.

    day: of receipt; of a promise (timeliness) the day it fell due. entry_no: the feed's last ledger row counted then; none of a promise.
    """
    scores, reasons, days_of, due_of = [], [], {}, {}
    with lake.connect() as con:
        read_ledger(con, home)
        counted_to, promised = _known(con, home)
        for feed, contract in contracts.items():
            told = tallies(con, home, contract, counted_to.get(feed, 0))
            if told:
                days_of[feed] = sorted({tally.day for tally in told})
                last = con.execute("SELECT max(entry_no) FROM told WHERE feed = ?", [feed]).fetchone() or (0,)
                scores += [row for day in days_of[feed] for row in _scored(contract, day, told, last[0])]
                reasons += [row for day in days_of[feed] for row in _reasoned(contract, day, told)]
            kept = _promises(con, contract, now)
            before = {day: share for day, share in promised.get(feed, {}).items() if kept and day >= min(kept)}
            if changed := sorted(day for day in {*kept, *before} if kept.get(day) != before.get(day)):
                due_of[feed] = changed
                scores += [_row(contract, day, PROMISE, kept[day], None) for day in changed if day in kept]
    if days_of:
        _replace(spark, reasons, REASON, home.table("gold", "scorecard_reason"), _of_days(days_of, ""))
    if days_of or due_of:
        old = [*_of_days(days_of, f" AND dimension <> '{PROMISE}'"), *_of_days(due_of, f" AND dimension = '{PROMISE}'")]
        _replace(spark, scores, SCORE, home.table("gold", "scorecard"), old)


def figures(contract: Contract, told: Iterable[Tally]) -> dict[str, Share]:
    """Each figure of schemas/scorecard.yaml but timeliness over the deliveries, as (numerator, denominator); (0, 0) where there is nothing to judge.

    Dimensions are judged on the rows of admitted deliveries, held and marked ones alike against them; what was wrong in a refused one was never looked at row by row.
    """
    told = list(told)
    read, judged = sum(tally.read for tally in told), sum(tally.kept + tally.held for tally in told)
    faulty: Counter[str] = Counter()
    missing = shapeless = 0
    for reasons, rows in (*_held(told).items(), *_marked(told).items()):
        faulty.update(dict.fromkeys({dimension_of(contract, reason) for reason in reasons}, rows))
        missing += rows * sum(reason.startswith("missing:") for reason in reasons)
        shapeless += rows * ("shape:" in reasons)
    required = sum(spec.required for spec in contract.columns.values())
    cells = judged - shapeless  # of each column
    optional = cells * (len(contract.columns) - required)
    compared = judged if between_columns(contract) or contract.hears_others or faulty["consistency"] else 0
    return {
        "completeness": (cells * required - missing, cells * required),
        "validity": (judged - faulty["validity"], judged),
        "uniqueness": (judged - faulty["uniqueness"], judged),
        "consistency": (compared - faulty["consistency"], compared),
        "held": (sum(tally.held for tally in told), read),
        "refused": (sum(tally.refused for tally in told), read),
        "marked": (_marked(told).total(), sum(tally.kept for tally in told)),
        "repaired": (sum(tally.repaired for tally in told), read),
        "mended": (sum(tally.mended for tally in told), sum(tally.redropped for tally in told)),
        "optional": (sum(tally.optional_filled for tally in told), optional),
    }


def _held(told: Iterable[Tally]) -> Counter[tuple[str, ...]]:
    return sum((tally.reasons for tally in told), Counter())


def _marked(told: Iterable[Tally]) -> Counter[tuple[str, ...]]:
    return sum((tally.marks for tally in told), Counter())


def _scored(contract: Contract, day: date, told: list[Tally], entry_no: int) -> Iterator[tuple[Any, ...]]:
    for figure, share in figures(contract, [tally for tally in told if tally.day == day]).items():
        yield _row(contract, day, figure, share, entry_no)


def _row(contract: Contract, day: date, figure: str, share: Share, entry_no: int | None) -> tuple[Any, ...]:
    numerator, denominator = share
    score = numerator / denominator if denominator else None
    return contract.owner.department, contract.feed, day, figure, numerator, denominator, score, entry_no


def _reasoned(contract: Contract, day: date, told: list[Tally]) -> Iterator[tuple[Any, ...]]:
    mine = [tally for tally in told if tally.day == day]
    for outcome, sets in (("held", _held(mine)), ("marked", _marked(mine))):
        rows_of: Counter[str] = Counter()
        for reasons, rows in sets.items():
            rows_of.update(dict.fromkeys(reasons, rows))
        for reason, rows in rows_of.items():
            yield contract.owner.department, contract.feed, day, outcome, reason, dimension_of(contract, reason), rows
    for repair, cells in sum((tally.repairs for tally in mine), Counter[str]()).items():
        yield contract.owner.department, contract.feed, day, "repaired", repair, None, cells


def _promises(con: duckdb.DuckDBPyConnection, contract: Contract, now: datetime) -> dict[date, Share]:
    """Day due -> (came in time and was admitted, promised)."""
    found = con.execute(
        "SELECT period, attempt, status, received_at, read_rows FROM told WHERE feed = ? ORDER BY entry_no",
        [contract.feed],
    )
    names = [column[0] for column in found.description or []]
    kept: dict[date, Share] = {}
    for arrival in arrivals(contract, [dict(zip(names, row, strict=True)) for row in found.fetchall()], now):
        in_time, promised = kept.get(arrival.due_at.date(), (0, 0))
        came = not arrival.waited_for and not arrival.late_hours
        kept[arrival.due_at.date()] = (in_time + came, promised + 1)
    return kept


def _known(con: duckdb.DuckDBPyConnection, home: Home) -> tuple[dict[str, int], dict[str, dict[date, Share]]]:
    """Feed -> the last ledger row counted, and feed -> its promises, as the table has them."""
    if not lake.exists(path := home.table("gold", "scorecard")):
        return {}, {}
    counted = con.execute(f"SELECT feed, max(entry_no) FROM {lake.scan(path)} WHERE entry_no IS NOT NULL GROUP BY 1")
    counted_to = dict(counted.fetchall())
    promised: dict[str, dict[date, Share]] = {}
    for feed, day, numerator, denominator in con.execute(
        f"SELECT feed, day, numerator, denominator FROM {lake.scan(path)} WHERE dimension = '{PROMISE}'"
    ).fetchall():
        promised.setdefault(feed, {})[day] = (numerator, denominator)
    return counted_to, promised


def _of_days(days_of: dict[str, list[date]], also: str) -> list[str]:
    return [
        f"(feed = {quote(feed)} AND day IN ({', '.join(f'DATE {quote(day.isoformat())}' for day in days)}){also})"
        for feed, days in days_of.items()
    ]


def _replace(spark: SparkSession, rows: list[tuple[Any, ...]], schema: str, path: str, old: list[str]) -> None:
    """Put the rows in the place of those that any of the predicates `old` names, in one commit."""
    writer = spark.createDataFrame(rows, schema).coalesce(1).write.format("delta").mode("overwrite")
    if lake.exists(path):
        writer = writer.option("replaceWhere", " OR ".join(old))
    writer.save(path)

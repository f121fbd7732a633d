"""How good the warnings were, day by day and family by family, and what departments' verdicts do to a family's threshold."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from statistics import median
from typing import Any

import pyarrow as pa
from scipy.stats import binomtest

from jobs import lake
from jobs.home import ZONE, Home
from jobs.ingest.alone import alone
from jobs.warn.life import moves_of, rows_of, warnings_now
from quality.forms import quote
from schemas.life import Feedback, load_life

EVERY_FAMILY = "*"
UNTOUCHED = 1.0
ENDED = ("resolved", "evaluated", "expired")
MEASURE = pa.schema(
    [
        ("day", pa.date32()), ("family", pa.string()), ("days", pa.int32()), ("raised", pa.int64()), ("closed", pa.int64()),
        ("evaluated", pa.int64()), ("confirmed", pa.int64()), ("precision", pa.float64()), ("precision_low", pa.float64()),
        ("precision_high", pa.float64()), ("shown_a_day", pa.float64()), ("acknowledge_minutes", pa.float64()), ("duplicates", pa.int64()),
        ("reopens", pa.int64()), ("not_evaluated_share", pa.float64()), ("recorded_at", pa.timestamp("us", "UTC")),
    ]
)  # fmt: skip
THRESHOLD = pa.schema(
    [
        ("family", pa.string()), ("move_no", pa.int64()), ("before", pa.float64()), ("after", pa.float64()), ("why", pa.string()),
        ("evaluated", pa.int64()), ("confirmed", pa.int64()), ("at", pa.timestamp("us", "UTC")),
    ]
)  # fmt: skip


@dataclass(frozen=True)
class Measure:
    """One family's warnings of the `days` up to `day`. Shares are 0..1 and None where there is nothing to share.

    precision: confirmed of those that ended (resolved, evaluated, expired), with Wilson's 95 % interval; shown_a_day: what reached the
    commander; acknowledge_minutes: the median from dispatch to signature.
    """

    day: date
    family: str
    days: int
    raised: int
    closed: int
    evaluated: int
    confirmed: int
    precision: float | None
    precision_low: float | None
    precision_high: float | None
    shown_a_day: float
    acknowledge_minutes: float | None
    duplicates: int
    reopens: int
    not_evaluated_share: float | None
    recorded_at: datetime


@dataclass(frozen=True)
class ThresholdMove:
    """A score of the family is divided by its threshold: 1.1 asks for a tenth more than its rule does."""

    family: str
    move_no: int
    before: float
    after: float
    why: str
    evaluated: int
    confirmed: int
    at: datetime


def wilson(hits: int, of: int) -> tuple[float | None, float | None]:
    """95 % interval of a share; (None, None) of nothing. Source: Wilson 1927, JASA 22."""
    if of == 0:
        return None, None
    interval = binomtest(hits, of).proportion_ci(method="wilson")
    return float(interval.low), float(interval.high)


def measure(home: Home, day: date | None = None) -> list[Measure]:
    """Write the day's figures into ops.warning_measure, a row a family and one of all; measured again, they replace the day's."""
    now, days = home.now(), load_life().feedback.days
    day = day or now.date()
    recent = [one for one in warnings_now(home) if timedelta() <= day - one["raised_on"] < timedelta(days=days)]
    reopened = {(one["warning_id"], one["move_no"]) for one in moves_of(home) if one["to_state"] == "reopened"}
    families = sorted({one["family"] for one in recent})
    found = [
        _measured(family, [one for one in recent if family in (one["family"], EVERY_FAMILY)], reopened, day, days, now)
        for family in ([*families, EVERY_FAMILY] if families else [])
    ]
    if found:
        rows = pa.Table.from_pylist(list(map(asdict, found)), MEASURE)
        with alone(home, "warning_measure"):
            lake.put_rows(home.table("ops", "warning_measure"), rows, instead_of=f"day = {quote(str(day))}")
    return found


def _measured(
    family: str, warnings: list[dict[str, Any]], reopened: set[tuple[str, int]], day: date, days: int, now: datetime
) -> Measure:
    closed = [one for one in warnings if one["state"] in ENDED]
    verdicts = [one["verdict"] for one in closed if one["state"] == "evaluated"]
    confirmed = sum(verdict in load_life().confirms for verdict in verdicts)
    low, high = wilson(confirmed, len(closed))
    shown = [one for one in warnings if one["status"] not in ("below_line", "merged", "muted")]
    waits = [
        (one["acknowledged_at"] - one["dispatched_at"]) / timedelta(minutes=1)
        for one in warnings
        if one["acknowledged_at"] and one["dispatched_at"] and one["acknowledged_at"] >= one["dispatched_at"]
    ]
    ids = {one["warning_id"] for one in warnings}
    return Measure(
        day, family, days, len(warnings), len(closed), len(verdicts), confirmed, confirmed / len(closed) if closed else None, low, high,
        len(shown) / days, median(waits) if waits else None, sum(one["state"] == "merged" for one in warnings),
        sum(warning_id in ids for warning_id, _ in reopened), (len(closed) - len(verdicts)) / len(closed) if closed else None, now,
    )  # fmt: skip


def move_thresholds(home: Home) -> list[ThresholdMove]:
    """One step, logged, for each family whose verdicts leave no doubt; a verdict counts towards one step only.

    Up when even the upper end of the confirmed share's interval is under `raise_below`, down when the lower end is over `lower_above`,
    never beyond the bounds. Life and safety stays as it is.
    """
    rules, now = load_life().feedback, home.now()
    with alone(home, "threshold_move"):
        log = threshold_log(home)
        since = {one["family"]: one["at"] for one in log}
        oldest = now - timedelta(days=rules.days)
        fresh: dict[str, list[str]] = {}
        for one in warnings_now(home, "state = 'evaluated'"):
            if one["lane"] in rules.lanes and one["since"] > max(oldest, since.get(one["family"], oldest)):
                fresh.setdefault(one["family"], []).append(one["verdict"])
        current = _current(log)
        made = [
            step
            for number, (family, verdicts) in enumerate(sorted(fresh.items()), len(log) + 1)
            if (step := step_of(family, number, current.get(family, UNTOUCHED), verdicts, rules, now))
        ]
        if made:
            lake.append(_log_path(home), pa.Table.from_pylist(list(map(asdict, made)), THRESHOLD))
    return made


def step_of(
    family: str, number: int, before: float, verdicts: list[str], rules: Feedback, now: datetime
) -> ThresholdMove | None:
    """The step that these verdicts ask for, None when they are few, leave doubt, or the bound is reached."""
    of, confirmed = len(verdicts), sum(verdict in load_life().confirms for verdict in verdicts)
    low, high = wilson(confirmed, of)
    if of < rules.least_evaluated or low is None or high is None:
        return None
    sign = 1 if high < rules.raise_below else -1 if low > rules.lower_above else 0
    after = round(min(rules.highest, max(rules.lowest, before + sign * rules.step)), 3)
    if after == before:
        return None
    line = f"低于 {rules.raise_below:.0%}" if sign > 0 else f"高于 {rules.lower_above:.0%}"
    why = f"近 {rules.days} 天评价 {of} 条,属实 {confirmed} 条(95% 区间 {low:.0%}–{high:.0%}),{line}"
    return ThresholdMove(family, number, before, after, why, of, confirmed, now)


def threshold_of(home: Home, family: str) -> float:
    """What a score of the family is divided by before it is held against its rule's levels; 1 until feedback moved it."""
    return _current(threshold_log(home)).get(family, UNTOUCHED)


def _current(log: Iterable[dict[str, Any]]) -> dict[str, float]:
    return {one["family"]: one["after"] for one in log}


def threshold_log(home: Home) -> list[dict[str, Any]]:
    """Every move of a threshold, in order."""
    if not lake.exists(_log_path(home)):
        return []
    with lake.connect(reads_delta=False) as con:
        lake.offer(con, "log", _log_path(home))
        return [
            row | {"at": row["at"].astimezone(ZONE)}
            for row in rows_of(con.execute("SELECT * FROM log ORDER BY move_no"))
        ]


def _log_path(home: Home) -> str:
    return home.table("ops", "threshold_move")

"""A delivery against its feed's own history: each comparison is a figure, the bound it should keep, and a sentence for the department."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median
from typing import Literal

import numpy as np

from quality.profile import ColumnProfile, Profile, is_coded
from quality.wander import RARE, Array, decile_distance, null_bound, psi, shared_rows, strangeness
from schemas.contract import Contract
from schemas.watch import Limit, days_of

FEWEST_PAST = 5  # deliveries; before that nothing is usual
MOST_PAST = 24
CERTAIN = 10.0  # -ln of one in twenty thousand: how improbable a missing day is before it is told
HARDLY_CHANGES = 0.9
Severity = Literal["pass", "warn", "refuse"]


@dataclass(frozen=True)
class Figure:
    """One comparison: name of the check, the contract's column it is about, what was found, the most it may be, and what is said if it is more."""

    check: str
    column: str | None
    observed: float
    most: float
    severity: Severity
    says_zh: str


def against_history(contract: Contract, now: Profile, past: list[Profile]) -> list[Figure]:
    """What to judge of a delivery. past: profiles of the feed's other admitted periods of the same length, newest first.

    Headers are compared with the last delivery; everything else once there are FEWEST_PAST.
    """
    figures = list(_headers(contract, now, past[0])) if past and contract.gate.headers == "warn" else []
    past = [one for one in past if one.rows][:MOST_PAST]
    if len(past) < FEWEST_PAST or not now.rows:
        return figures
    for column in contract.columns:
        figures += _nulls(contract, column, now, past)
        figures += _drift(contract, column, now, past)
    return [
        *figures,
        *_stale(contract, now, past),
        *_repeated(contract, now, past),
        *_missing_days(contract, now, past),
    ]


def like_this_one(period: str, past: list[tuple[str, int]]) -> list[int]:
    """Rows of the past deliveries (period, rows) that a day's volume is compared with: those of its day of the week, when they are enough."""
    if len(period) == 8 and (day := days_of(period, "0 0 * * *")):
        same = [
            rows for other, rows in past if (d := days_of(other, "0 0 * * *")) and d[1].weekday() == day[1].weekday()
        ]
        if len(same) >= FEWEST_PAST:
            return same
    return [rows for _, rows in past]


def _limited(
    check: str, column: str | None, limit: Limit, observed: float, most: Callable[[float], float], says_zh: str
) -> Iterator[Figure]:
    """A figure for the limit that warns, and one for the limit that refuses where the contract has one."""
    yield Figure(check, column, float(observed), float(most(limit.warn)), "warn", says_zh)
    if limit.refuse is not None:
        yield Figure(check, column, float(observed), float(most(limit.refuse)), "refuse", says_zh)


def _nulls(contract: Contract, column: str, now: Profile, past: list[Profile]) -> Iterator[Figure]:
    limit = contract.gate.nulls
    if not limit or contract.columns[column].required or not _sends(contract, now, column):
        return
    known = [(one.rows - one.columns[column].filled, one.rows) for one in past if column in one.columns]
    if len(known) < FEWEST_PAST:
        return
    empty, rows = (np.array(values, float) for values in zip(*known, strict=True))
    share, usual = 1 - now.columns[column].filled / now.rows, empty.sum() / rows.sum()
    says = (
        f"{contract.title_of(column)}为空的行占 {share:.1%},往次 {len(known)} 期合计为 {usual:.1%},请核对该列是否漏导出"
    )
    yield from _limited("nulls", column, limit, share, lambda most: null_bound(empty, rows, now.rows, most), says)


def _drift(contract: Contract, column: str, now: Profile, past: list[Profile]) -> Iterator[Figure]:
    limit = contract.gate.drift
    seen = [one.columns[column] for one in (now, *past) if column in one.columns]
    told = [one for one in seen if one.codes or one.deciles]
    if not limit or len(told) <= FEWEST_PAST or told[0] is not now.columns.get(column):
        return
    if is_coded(contract.columns[column]):
        (apart, chance), says = _code_distances(told), _say_codes(contract, column, told)
    else:
        (apart, chance), says = (
            _decile_distances(contract, column, now.period, told),
            _say_deciles(contract, column, told),
        )
    observed = strangeness(apart, chance, limit.warn)[0]
    yield from _limited("drift", column, limit, observed, lambda most: strangeness(apart, chance, most)[1], says)


def _code_distances(told: list[ColumnProfile]) -> tuple[Array, Array]:
    codes = sorted({code for one in told for code in one.codes})
    return psi(np.array([[one.codes.get(code, 0) for code in codes] for one in told], float))


def _decile_distances(contract: Contract, column: str, period: str, told: list[ColumnProfile]) -> tuple[Array, Array]:
    deciles = np.array([one.deciles for one in told])
    least = {"number": 0.0, "money": 0.0}.get(
        contract.columns[column].type, 1.0
    )  # one day, one character: no difference
    if contract.columns[column].type in ("date", "timestamp") and (span := days_of(period, contract.delivery.every)):
        least = max(least, ((span[1] - span[0]).days + 1) / 2)  # months end on another day, and paydays avoid Sundays
    return decile_distance(deciles, np.array([one.filled for one in told], float), least)


def _say_codes(contract: Contract, column: str, told: list[ColumnProfile]) -> str:
    """The code that moved most, in the department's word for it."""
    shares = [{code: rows / one.filled for code, rows in one.codes.items()} for one in told]
    usual = {code: median(share.get(code, 0.0) for share in shares[1:]) for code in set().union(*shares)}
    moved = max(sorted(usual), key=lambda code: abs(shares[0].get(code, 0.0) - usual[code]))
    word = {code: word for word, code in reversed(contract.columns[column].words.items())}.get(moved, moved)
    return (
        f"{contract.title_of(column)}各取值的占比与往次相差很大(变化最大的是“{word}”:往次约 {usual[moved]:.0%},"
        f"本次 {shares[0].get(moved, 0.0):.0%}),请核对口径是否有变、取值是否串位"
    )


def _say_deciles(contract: Contract, column: str, told: list[ColumnProfile]) -> str:
    spec, title = contract.columns[column], contract.title_of(column)
    middle, usual = told[0].deciles[4], median(one.deciles[4] for one in told[1:])
    if spec.type in ("date", "timestamp"):
        return (
            f"{title}的日期分布与往次相差很大(居中的日期:往次约在{_from_the_end(usual)},本次在{_from_the_end(middle)}),"
            "请核对本期数据是否完整、是否为本期数据"
        )
    if spec.type in ("integer", "number", "money"):
        figures = "" if not spec.leaves else f"(居中的数:往次约 {usual:g},本次 {middle:g})"
        return f"{title}的数值分布与往次相差很大{figures},请核对单位和口径"
    return f"{title}的字数与往次相差很大(居中的字数:往次约 {usual:.0f},本次 {middle:.0f}),请核对是否截断或错列"


def _from_the_end(days: float) -> str:
    return f"期末{'后' if days > 0 else '前'} {abs(days):.0f} 天"


def _stale(contract: Contract, now: Profile, past: list[Profile]) -> Iterator[Figure]:
    """How far before the period's end the newest row lies.

    It may lie as far as ever, and further by the largest of: the limit; twice what the furthest is beyond the middle; and
    what the last of so few rows may, were they strewn over the period by chance: of length * (1 - u^(1/rows)), the gap
    behind the last of them, the quantile at 1 - RARE (the order statistics of a uniform law: David and Nagaraja 2003, 2.3).
    """
    limit, span = contract.gate.stale, days_of(now.period, contract.delivery.every)
    usual = [one.behind_days for one in past if one.behind_days is not None]
    if not limit or now.behind_days is None or not now.newest or not span or len(usual) < FEWEST_PAST:
        return
    length, furthest = (span[1] - span[0]).days + 1, max(0.0, *usual)
    wide = max(2 * (furthest - median(usual)), length * (1 - RARE ** (1 / now.rows)))
    title = contract.title_of(contract.event_time or "")
    says = (
        f"{title}最晚为 {now.newest:%Y-%m-%d %H:%M},距期末 {now.behind_days:.1f} 天,往次最多 {furthest:.1f} 天,"
        "请核对本期数据是否完整、是否为本期数据"
    )
    yield from _limited(
        "stale", contract.event_time, limit, now.behind_days, lambda most: furthest + max(most * length, wide), says
    )


def _repeated(contract: Contract, now: Profile, past: list[Profile]) -> Iterator[Figure]:
    """The largest share of rows that one earlier delivery had, against the shares that past deliveries had of one another.

    A register that hardly changes is sent nearly the same each time; of that nothing is said.
    """
    if not (limit := contract.gate.repeated):
        return
    shares = [_shared(now, one) for one in past]
    usual = max(_shared(one, other) for n, one in enumerate(past) for other in past[n + 1 :])
    if usual > HARDLY_CHANGES:
        return
    most = max(shares)
    says = f"约 {most:.0%} 的行与 {past[shares.index(most)].period} 期相同,请核对是否误送了以前的文件"
    yield from _limited("repeated", None, limit, most, lambda limit: limit + (1 - limit) * usual, says)


def _shared(one: Profile, other: Profile) -> float:
    return shared_rows(one.sealed, one.rows, other.sealed, other.rows)


def _missing_days(contract: Contract, now: Profile, past: list[Profile]) -> Iterator[Figure]:
    """Days without a row whose day of the week never was without one.

    They are told when so many rows were to be expected on them that none at all is a matter of one in twenty thousand, under a
    Poisson law made wider by the past's own variance over its mean (quasi-Poisson: Wedderburn 1974, Biometrika 61(3)).
    """
    limit, known = contract.gate.missing_days, [one for one in past if one.days]
    if not limit or not now.days or len(known) < FEWEST_PAST:
        return
    usual: dict[int, list[int]] = {}
    for one in known:
        for day, rows in _dated(contract, one):
            usual.setdefault(day.weekday(), []).append(rows)
    never_empty = {weekday: rows for weekday, rows in usual.items() if min(rows)}
    missing = [day for day, rows in _dated(contract, now) if not rows and day.weekday() in never_empty]
    expected = sum(float(np.mean(never_empty[day.weekday()])) for day in missing)
    spread = max([1.0, *(float(np.var(rows) / np.mean(rows)) for rows in never_empty.values())])
    observed = len(missing) if expected > CERTAIN * spread else 0
    says = f"缺 {_say_days(missing)} 的数据(共 {len(missing)} 天),往次这些日子都有数据,请核对是否漏报"
    yield from _limited("missing_days", contract.event_time, limit, observed, lambda least: least - 0.5, says)


def _dated(contract: Contract, one: Profile) -> Iterator[tuple[date, int]]:
    span = days_of(one.period, contract.delivery.every)
    if span:
        yield from ((span[0] + timedelta(days=n), rows) for n, rows in enumerate(one.days))


def _say_days(days: list[date]) -> str:
    """3月16日至3月31日、4月2日: neighbours drawn together, the first three spans."""
    spans: list[list[date]] = []
    for day in days:
        if spans and day - spans[-1][1] == timedelta(days=1):
            spans[-1][1] = day
        else:
            spans.append([day, day])
    told = [_say_day(first) if first == last else f"{_say_day(first)}至{_say_day(last)}" for first, last in spans[:3]]
    return "、".join(told) + ("等" if len(spans) > 3 else "")


def _say_day(day: date) -> str:
    return f"{day.month}月{day.day}日"


def _sends(contract: Contract, one: Profile, column: str) -> bool:
    return column in map(contract.column_of, one.headers)


def _headers(contract: Contract, now: Profile, last: Profile) -> Iterator[Figure]:
    """Columns that we know and that are gone, headers that nobody knows and that are new, and another order, which is only told."""
    gone = [c for c in contract.columns if _sends(contract, last, c) and not _sends(contract, now, c)]
    says = f"上次有、本次没有的列:{'、'.join(map(contract.title_of, gone))},请核对是否漏导出"
    yield Figure("headers_gone", None, len(gone), 0, "warn", says)
    come = [h for h in now.headers if h not in last.headers and contract.column_of(h) is None]
    says = f"上次没有、约定中也没有的列:{'、'.join(come)},平台不采用,如需采用请联系平台"
    yield Figure("headers_come", None, len(come), 0, "warn", says)
    both = [[h for h in one.headers if h in now.headers and h in last.headers] for one in (now, last)]
    yield Figure("headers_moved", None, both[0] != both[1], 0, "pass", "列的次序与上次不同,已按表头识别,无需处理")

"""What the clock does to warnings: escalate, merge, mute, wake, expire, reopen. Each decision is read off the rows; one function writes."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import combinations
from typing import Any

from jobs import lake
from jobs.alert import alert
from jobs.home import ZONE, Home
from jobs.warn.family_day import muted_families
from jobs.warn.life import Move, move_all, rows_of, warnings_now
from jobs.warn.silence import Silence, silences
from quality.forms import quote
from schemas.life import Life, State, load_life
from schemas.warning_rule import LEVELS

CLOCK = "时钟"
UNSIGNED = ("new", "triaged", "issued", "dispatched", "reopened")  # no department has signed for it yet
OPEN = (*UNSIGNED, "acknowledged", "handling")
ENDED = ("resolved", "evaluated", "expired")
UNSENT = ("new", "triaged", "issued", "reopened")
MOST_PASSES = 6  # one decision may make way for another: a matter is reopened, and its repeat merges into it
Warning = dict[str, Any]  # a row of warning_now
Row = tuple[str, str, int]  # feed, delivery, row number


@dataclass(frozen=True)
class Scene:
    """All that the clock looks at. rows: of each warning its evidence; newest: the day of the last of it; judged_to: the city's last run;
    muted_to: family -> its own last run, of those that doubtful data mute since."""

    warnings: list[Warning]
    rows: dict[str, set[Row]]
    newest: dict[str, date]
    silences: list[Silence]
    judged_to: date
    now: datetime
    muted_to: dict[str, date] = field(default_factory=dict)
    life: Life = field(default_factory=load_life)


def sweep(home: Home, now: datetime | None = None) -> list[Move]:
    """Write what the clock decides at this moment; a second sweep at the same moment writes nothing. Late desks are told the operator."""
    now = now or home.now()
    scene = look(home, now)
    done, _ = move_all(home, decide(scene))  # what a person moved meanwhile is left as the person wants it
    titles = {one["warning_id"]: one["title_zh"] for one in scene.warnings}
    for one in done:
        if one.from_state == one.to_state:
            alert(home, "warning_late", one.warning_id, f"预警 {one.warning_id[:8]}({titles[one.warning_id]}){one.why}")
    return done


def look(home: Home, now: datetime) -> Scene:
    warnings = warnings_now(home)
    rows: dict[str, set[Row]] = defaultdict(set)
    newest: dict[str, date] = {}
    gold = home.table("gold", "warning_evidence")
    ids = ", ".join(quote(one["warning_id"]) for one in warnings if one["state"] in (*OPEN, *ENDED))
    if ids and lake.exists(gold):
        with lake.connect(reads_delta=False) as con:
            lake.offer(con, "evidence", gold)
            asked = f"SELECT warning_id, feed, delivery_id, row_no, day FROM evidence WHERE warning_id IN ({ids})"
            for row in rows_of(con.execute(asked)):
                rows[row["warning_id"]].add((row["feed"], row["delivery_id"], row["row_no"]))
                newest[row["warning_id"]] = max(row["day"], newest.get(row["warning_id"], row["day"]))
    return Scene(warnings, rows, newest, silences(home, now), _judged_to(home, warnings), now, muted_families(home))


def _judged_to(home: Home, warnings: list[Warning]) -> date:
    """The day of the city's last run. A city that was not run is not a quiet city: nothing expires meanwhile."""
    seen = max((one["seen_on"] for one in warnings), default=date.min)
    judged = home.table("gold", "family_day")
    if not lake.exists(judged):
        return seen
    with lake.connect(reads_delta=False) as con:
        lake.offer(con, "judged", judged)
        (last,) = con.execute("SELECT max(day) FROM judged").fetchone() or (None,)
    return max(seen, last) if last else seen


def decide(scene: Scene) -> list[Move]:
    """Every move that is due, until nothing more is."""
    moves: list[Move] = []
    now_as = {one["warning_id"]: dict(one) for one in _with_merged(scene)}
    for _ in range(MOST_PASSES):
        due = _due(
            Scene(
                list(now_as.values()),
                scene.rows,
                scene.newest,
                scene.silences,
                scene.judged_to,
                scene.now,
                scene.muted_to,
            )
        )
        if not due:
            break
        for one in due:
            now_as[one.warning_id] |= after(one)
        moves += due
    return moves


def _with_merged(scene: Scene) -> list[Warning]:
    """What merged into a warning speaks for it: while that is found, the matter is not quiet."""
    by_id = {one["warning_id"]: dict(one) for one in scene.warnings}
    # the youngest first: what merged into it is handed on to what it merged into
    for one in sorted(by_id.values(), key=_age, reverse=True):
        older = by_id.get(one["into_id"] or "")
        if one["state"] == "merged" and older:
            older["seen_on"] = max(older["seen_on"], one["seen_on"])
    return list(by_id.values())


def _due(scene: Scene) -> list[Move]:
    """At most one move a warning."""
    due: dict[str, Move] = {}
    for rule in (_reopened, _woken, _silenced, _inside_another, _repeats, _quiet, _not_sent, _not_signed):
        for one in rule(scene):
            due.setdefault(one.warning_id, one)
    # what a warning is put into must itself stand still in this pass
    return [one for one in due.values() if one.into_id not in due]


def after(move: Move) -> dict[str, Any]:
    """What the rules of the next pass read of a warning that was moved."""
    changed: dict[str, Any] = {"state": move.to_state}
    if move.from_state != move.to_state:
        changed |= {"since": move.at, "into_id": move.into_id, "moved_by": move.by}
    if move.tier:
        changed |= {"tier": move.tier, "tier_since": move.at}
    return changed


def _move(scene: Scene, one: Warning, to: State, why: str, **more: Any) -> Move:
    return Move(one["warning_id"], to, CLOCK, why, source="clock", at=scene.now, from_state=one["state"], **more)


def _reopened(scene: Scene) -> Iterator[Move]:
    """An ended matter of which something new is found within 30 days: by itself, or as a new warning of the same matter."""
    again: dict[tuple[Any, ...], list[Warning]] = defaultdict(list)
    for one in scene.warnings:
        if one["state"] in UNSIGNED:
            again[matter(one)].append(one)
    for one in scene.warnings:
        if one["state"] not in ENDED:
            continue
        ended = _day(one["since"])
        newest = scene.newest.get(one["warning_id"], date.min)
        itself = one["seen_on"] > ended and (one["state"] == "expired" or newest > ended)
        found = [one["seen_on"]] if itself else []
        if one["state"] != "expired":
            found += [
                other["raised_on"] for other in again[matter(one)] if ended < other["raised_on"] and _older(one, other)
            ]
        if found and min(found) - ended <= scene.life.reopen_within:
            yield _move(scene, one, "reopened", f"{min(found)} 又发现同一事项")


def _woken(scene: Scene) -> Iterator[Move]:
    """What the clock muted is heard again once nothing mutes it; what a person muted, when a person says so."""
    for one in scene.warnings:
        if one["state"] == "muted" and one["moved_by"] == CLOCK and not _muting(scene, one) and not _parent(scene, one):
            yield _move(scene, one, "new", "静默已到期或上级预警已了结")


def _silenced(scene: Scene) -> Iterator[Move]:
    for one in scene.warnings:
        if one["state"] in UNSENT and (by := _muting(scene, one)):
            until = f"{by.until_at.astimezone(ZONE):%m-%d %H:%M}"
            yield _move(scene, one, "muted", f"{by.by}设静默至 {until}:{by.why}")


def _muting(scene: Scene, one: Warning) -> Silence | None:
    return next((silence for silence in scene.silences if silence.covers(one, scene.now)), None)


def _inside_another(scene: Scene) -> Iterator[Move]:
    """A warning of a town or the city says it for all inside."""
    for one in scene.warnings:
        if one["state"] in UNSENT and (parent := _parent(scene, one)):
            tier = scene.life.tiers[scene.life.tier_of(parent["grid_code"])].zh
            yield _move(
                scene, one, "muted", f"已含于{tier}预警 {parent['warning_id'][:8]}", into_id=parent["warning_id"]
            )


def _parent(scene: Scene, one: Warning) -> Warning | None:
    area = one["grid_code"] or ""
    for other in scene.warnings:
        around = other["grid_code"] or ""
        if (
            around and len(around) < len(area) and area.startswith(around)
            and scene.life.tier_of(around) in scene.life.parents
            and other["family"] == one["family"] and other["category"] in (None, one["category"]) and other["state"] in OPEN
        ):  # fmt: skip
            return other
    return None


def matter(one: Warning) -> tuple[Any, ...]:
    """What makes two warnings one matter: family, category and area; where one of them is not told, the subject itself."""
    if one["category"] and one["grid_code"]:
        return (one["family"], one["category"], one["grid_code"])
    return (one["family"], one["subject_key"])


def _repeats(scene: Scene) -> Iterator[Move]:
    """The younger of two that are one matter goes into the older; never across lanes, so that no hazard hides in a statistic."""
    by_id = {one["warning_id"]: one for one in scene.warnings if one["state"] in OPEN}
    gone: dict[str, str] = {}
    for older, younger, why in _pairs(scene, by_id):
        if younger["warning_id"] in gone or younger["state"] not in UNSIGNED or older["lane"] != younger["lane"]:
            continue
        into = older["warning_id"]
        while into in gone:
            into = gone[into]
        gone[younger["warning_id"]] = into
        yield _move(scene, younger, "merged", why, into_id=into)


def _pairs(scene: Scene, by_id: dict[str, Warning]) -> Iterator[tuple[Warning, Warning, str]]:
    """(older, younger, why) of those that are one matter, the oldest first. Rows in common make two one only where one desk has both;
    a younger one about a wider area is more than the older's repeat."""
    alike: dict[tuple[Any, ...], list[Warning]] = defaultdict(list)
    for one in by_id.values():
        alike[matter(one)].append(one)
    found = {
        _in_order(a, b): "同类、同类别、同区域的事项已有预警"
        for group in alike.values()
        for a, b in combinations(group, 2)
    }
    for (a, b), shared in _shared(scene, by_id).items():
        older, younger = (by_id[id_] for id_ in _in_order(by_id[a], by_id[b]))
        near = abs(older["raised_at"] - younger["raised_at"]) <= scene.life.merge.within
        share = shared / min(len(scene.rows[a]), len(scene.rows[b]))
        same_desk = older["unit_zh"] == younger["unit_zh"]
        if near and same_desk and share >= scene.life.merge.shared_rows and not _around(younger, older):
            found.setdefault((older["warning_id"], younger["warning_id"]), f"{share:.0%} 的依据行相同")
    ordered = sorted(found.items(), key=lambda pair: [_age(by_id[id_]) for id_ in pair[0]])
    return ((by_id[older], by_id[younger], why) for (older, younger), why in ordered)


def _around(one: Warning, other: Warning) -> bool:
    """Whether one is about a wider area that the other's lies in."""
    wide, small = one["grid_code"] or "", other["grid_code"] or ""
    return bool(wide) and len(wide) < len(small) and small.startswith(wide)


def _shared(scene: Scene, by_id: dict[str, Warning]) -> Counter[tuple[str, str]]:
    """How many rows two warnings have in common, of those that have any."""
    resting: dict[Row, list[str]] = defaultdict(list)
    for warning_id in sorted(by_id):
        for row in scene.rows.get(warning_id, ()):
            resting[row].append(warning_id)
    return Counter(pair for ids in resting.values() for pair in combinations(ids, 2))


def _quiet(scene: Scene) -> Iterator[Move]:
    """Not found in two windows, and no department has signed for it. Somebody's decision about it starts the count anew."""
    quiet = scene.life.quiet
    for one in scene.warnings:
        if one["state"] not in scene.life.before("expired"):
            continue
        window = min(one["window_end"] - one["window_start"] + timedelta(days=1), quiet.longest_window)
        heard = one["seen_on"] if one["state"] == "new" else max(one["seen_on"], _day(one["since"]))
        if scene.muted_to.get(one["family"], scene.judged_to) - heard >= quiet.windows * window:
            yield _move(scene, one, "expired", f"{heard} 以后连续 {quiet.windows} 个窗口({window.days} 天)未再发现")


def _not_sent(scene: Scene) -> Iterator[Move]:
    """Life and safety that nobody has sent out in time: noted once, one tier up."""
    for one in scene.warnings:
        within = scene.life.lanes[one["lane"]].dispatch
        since = one["since"] if one["state"] == "reopened" else one["raised_at"]
        noted = one["tier_since"] and one["tier_since"] >= since
        if within and one["state"] in UNSENT and not noted and scene.now > since + within:
            above = scene.life.above(one["tier"]) or one["tier"]
            hours = within / timedelta(hours=1)
            why = f"超过 {hours:g} 小时未派单,请{scene.life.tiers[above].zh}督办"
            yield _move(scene, one, one["state"], why, tier=above)


def _not_signed(scene: Scene) -> Iterator[Move]:
    """Not signed for in its tier's time: one tier up, where the time begins anew. Above the city there is nobody."""
    for one in scene.warnings:
        above = scene.life.above(one["tier"])
        if one["state"] != "dispatched" or not above:
            continue
        within = scene.life.acknowledge_within(one["tier"])
        if scene.now > max(filter(None, (one["dispatched_at"], one["tier_since"]))) + within:
            tiers, hours = scene.life.tiers, within / timedelta(hours=1)
            why = f"{tiers[one['tier']].zh}超过 {hours:g} 小时未签收,转至{tiers[above].zh}"
            yield _move(scene, one, "dispatched", why, tier=above)


def worth_telling(told: dict[str, Any] | None, warning: Warning) -> bool:
    """Whether its desk hears of a warning (again): the first time, and when the level has risen or new rows have come.

    told: the last notice (level, evidence_rows), None before the first.
    """
    if told is None:
        return True
    risen = LEVELS.index(warning["level"]) > LEVELS.index(told["level"])
    return risen or warning["evidence_rows"] > told["evidence_rows"]


def _age(one: Warning) -> tuple[datetime, str]:
    return one["raised_at"], one["warning_id"]


def _older(one: Warning, other: Warning) -> bool:
    return _age(one) < _age(other)


def _in_order(one: Warning, other: Warning) -> tuple[str, str]:
    older, younger = sorted((one, other), key=_age)
    return older["warning_id"], younger["warning_id"]


def _day(at: datetime) -> date:
    return at.astimezone(ZONE).date()

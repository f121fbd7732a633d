"""What becomes of a warning: ops.warning_move, one appended row a move. The state is what the last row says, and rows are never changed.

Spark writes gold.warning anew each run; what people and the clock decide lies here, written without a JVM, and survives that.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

import duckdb
import pyarrow as pa

from jobs import lake
from jobs.home import Home
from jobs.ingest.alone import alone
from quality.forms import quote
from schemas.life import BIRTH, Life, State, load_life

MOVING = "warning_move"  # the table, and the lock of who writes it
SHORTEST_ID = 4
AT_HAND = f"status IN ({', '.join(map(quote, load_life().at_hand))})"  # SQL of a warning that still asks for somebody
SCHEMA = pa.schema(
    [
        ("warning_id", pa.string()), ("move_no", pa.int64()), ("at", pa.timestamp("us", "UTC")), ("from_state", pa.string()),
        ("to_state", pa.string()), ("by", pa.string()), ("why", pa.string()), ("source", pa.string()), ("tier", pa.string()),
        ("verdict", pa.string()), ("level", pa.string()), ("into_id", pa.string()), ("recorded_at", pa.timestamp("us", "UTC")),
    ]
)  # fmt: skip


@dataclass(frozen=True)
class Move:
    """A move that is wanted, and once numbered the row it became.

    at: when it happened, which a department may tell later (`recorded_at`). source: person, clock, delivery, or a disposition's
    key. Staying in a state (from = to) notes something: a tier it was escalated to, or that a person called it red. Numbers, not
    times, order the moves of a warning: a clock may jump.
    """

    warning_id: str
    to_state: State
    by: str
    why: str
    source: str = "person"
    at: datetime | None = None
    tier: str | None = None
    verdict: str | None = None
    level: str | None = None
    into_id: str | None = None
    from_state: State | None = None
    move_no: int = 0
    recorded_at: datetime | None = None


Known = tuple[State, int, str | None]  # of a warning: its state, the number of its last move, its area's code


class CannotMove(ValueError):
    """The text says which warning, why not, and what would do."""


class NoSuchWarning(CannotMove):
    pass


class IllegalMove(CannotMove):
    """What the life of a warning does not allow; says_zh is for a department to read."""

    def __init__(self, warning_id: str, state: State, to_state: str, life: Life) -> None:
        following = life.may_follow(state)
        words = "、".join(f"{life.states[one].zh} {one}" for one in following) or "无"
        wanted = life.states[to_state].zh if to_state in life.states else to_state
        self.says_zh = (
            f"预警 {warning_id[:8]} 现为「{life.states[state].zh}」,不能直接「{wanted}」;接下来可以是:{words}"
        )
        super().__init__(
            f"{self.says_zh} · warning {warning_id[:8]} is {state} and cannot become {to_state}; it may become {', '.join(following) or 'nothing more'}"
        )
        self.warning_id, self.state, self.following = warning_id, state, following


class Overtaken(CannotMove):
    """Somebody else moved the warning since the decision was made."""


def path(home: Home) -> str:
    return home.table("ops", MOVING)


def move(home: Home, wanted: Move) -> Move:
    """Append one move. Raises IllegalMove, NoSuchWarning, or CannotMove when a word is missing that the move needs."""
    moved, refused = move_all(home, [wanted])
    if refused:
        raise refused[0][1]
    return moved[0]


def move_all(home: Home, wanted: Iterable[Move]) -> tuple[list[Move], list[tuple[Move, CannotMove]]]:
    """Append each move that is legal, in their order and in one write; the others come back with the reason.

    The state is looked at under the lock, so of two who move one warning the second meets the state that the first has made. A move
    that names its from_state is Overtaken when that is no longer the state.
    """
    wanted, life, now = list(wanted), load_life(), home.now()
    if not wanted:
        return [], []
    with alone(home, MOVING):
        known = _last_words(home, {one.warning_id for one in wanted})
        done: list[Move] = []
        refused: list[tuple[Move, CannotMove]] = []
        for one in wanted:
            try:
                state, number, area_code = _looked_up(known, one.warning_id)
                _check(one, state, life)
            except CannotMove as fault:
                refused.append((one, fault))
                continue
            tier = one.tier or (life.tier_of(area_code) if one.to_state == "dispatched" != state else None)
            row = replace(one, at=one.at or now, tier=tier, from_state=state, move_no=number + 1, recorded_at=now)
            done.append(row)
            known[one.warning_id] = (one.to_state, number + 1, area_code)
        if done:
            lake.append(path(home), pa.Table.from_pylist([asdict(one) for one in done], SCHEMA))
    return done, refused


def raise_to_red(home: Home, warning_id: str, by: str, why: str) -> Move:
    """Call a warning red, which no detector may. It changes nothing but the level; it stops no payment and scores no person.

    Raises CannotMove when its matter has ended.
    """
    now = one_warning(home, warning_id)
    if not load_life().may_follow(now["state"]) or now["state"] in ("evaluated", "expired", "muted"):
        raise CannotMove(
            f"预警 {warning_id[:8]} 已是「{load_life().states[now['state']].zh}」,不能再提为红色 · it is {now['state']}; reopen it first"
        )
    return move(home, Move(now["warning_id"], now["state"], by, why, level="red", from_state=now["state"]))


def _looked_up(known: dict[str, Known], warning_id: str) -> Known:
    if warning_id not in known:
        raise NoSuchWarning(f"没有编号为 {warning_id!r} 的预警 · there is no warning {warning_id!r}")
    return known[warning_id]


def _check(wanted: Move, state: State, life: Life) -> None:
    if wanted.from_state and wanted.from_state != state:
        raise Overtaken(
            f"预警 {wanted.warning_id[:8]} 已由他人变为「{life.states[state].zh}」 · it has become {state} meanwhile"
        )
    for word, name in ((wanted.by, "--by"), (wanted.why, "--why")):
        if not word.strip():
            raise CannotMove(f"缺 {name}:每一步都要写明谁、为什么 · every move says who and why: {name} is missing")
    stays = wanted.to_state == state and (wanted.level or (wanted.source == "clock" and wanted.tier))
    if not stays and wanted.to_state not in life.may_follow(state):
        raise IllegalMove(wanted.warning_id, state, wanted.to_state, life)
    if wanted.to_state == "merged" and not wanted.into_id:
        raise CannotMove("并入要写明并入哪一条(--into) · merging names the warning it goes into: --into is missing")
    if wanted.to_state in life.needs_verdict and wanted.verdict not in life.verdicts:
        words = "、".join(f"{words.zh} {code}" for code, words in life.verdicts.items())
        raise CannotMove(f"评价要给出结论(--verdict):{words} · an evaluation has a verdict: {', '.join(life.verdicts)}")
    if wanted.to_state not in life.needs_verdict and wanted.verdict:
        raise CannotMove("只有评价才有结论 · only an evaluation has a verdict")


def _last_words(home: Home, ids: set[str]) -> dict[str, Known]:
    """Each warning that exists -> its state, the number of its last move, and its area's code."""
    gold = home.table("gold", "warning")
    if not lake.exists(gold):
        return {}
    with lake.connect(reads_delta=False) as con:
        _offer_moves(con, home)
        lake.offer(con, "found", gold)
        named = ", ".join(map(quote, sorted(ids)))
        found = con.execute(
            f"SELECT w.warning_id, coalesce(m.state, '{BIRTH}'), coalesce(m.last, 0), w.grid_code FROM found w LEFT JOIN "
            "(SELECT warning_id, max_by(to_state, move_no) AS state, max(move_no) AS last FROM warning_move GROUP BY 1) m "
            f"USING (warning_id) WHERE w.warning_id IN ({named})"
        ).fetchall()
    return {warning_id: (state, last, area_code) for warning_id, state, last, area_code in found}


def _offer_moves(con: duckdb.DuckDBPyConnection, home: Home) -> None:
    """`warning_move`: the moves, none before the first."""
    if lake.exists(path(home)):
        lake.offer(con, "warning_move", path(home))
    else:
        con.register("warning_move", SCHEMA.empty_table())


def view_standing(con: duckdb.DuckDBPyConnection, home: Home) -> bool:
    """Temporary views `warning_move` and `warning_now`: gold.warning with each warning's state, since when, at which tier and by whom.

    A warning without a move is new, or `below_line` when the budget had no room for it. Red holds until the matter is reopened. False
    while there is no warning yet.
    """
    gold = home.table("gold", "warning")
    if not lake.exists(gold):
        return False
    life = load_life()
    tiers = " ".join(f"WHEN {spec.code_digits} THEN '{tier}'" for tier, spec in life.tiers.items())
    _offer_moves(con, home)
    lake.offer(con, "warning_found", gold)
    con.execute(f"""
        CREATE OR REPLACE TEMP VIEW warning_now AS
        WITH reopening AS (SELECT warning_id, max(move_no) AS move_no FROM warning_move WHERE to_state = 'reopened' GROUP BY 1),
        told AS (
            SELECT m.warning_id, max_by(to_state, m.move_no) AS state, max(m.move_no) AS moves,
                   max_by(m."at", m.move_no) FILTER (from_state <> to_state) AS since, max_by("by", m.move_no) AS moved_by,
                   max_by(tier, m.move_no) FILTER (tier IS NOT NULL) AS tier,
                   max_by(m."at", m.move_no) FILTER (tier IS NOT NULL) AS tier_since,
                   max_by(m."at", m.move_no) FILTER (to_state = 'dispatched' AND from_state <> to_state) AS dispatched_at,
                   max_by(m."at", m.move_no) FILTER (to_state = 'acknowledged') AS acknowledged_at,
                   max_by(verdict, m.move_no) FILTER (verdict IS NOT NULL) AS verdict,
                   max_by(into_id, m.move_no) FILTER (into_id IS NOT NULL) AS into_id,
                   coalesce(bool_or(level = 'red' AND m.move_no > coalesce(r.move_no, 0)), false) AS red
            FROM warning_move m LEFT JOIN reopening r ON r.warning_id = m.warning_id GROUP BY 1)
        SELECT w.* REPLACE (CASE WHEN t.red THEN 'red' ELSE w.level END AS level, CASE WHEN t.red THEN '红' ELSE w.level_zh END AS level_zh,
                            CASE WHEN t.state IS NULL AND w.status = 'below_line' THEN w.status ELSE coalesce(t.state, '{BIRTH}') END AS status),
               coalesce(t.state, '{BIRTH}') AS state, coalesce(t.moves, 0) AS moves, coalesce(t.since, w.raised_at) AS since, t.moved_by,
               coalesce(t.tier, CASE length(w.grid_code) {tiers} ELSE 'city' END) AS tier, t.tier_since, t.dispatched_at, t.acknowledged_at,
               t.verdict, CASE WHEN t.state IN ('merged', 'muted') THEN t.into_id END AS into_id
        FROM warning_found w LEFT JOIN told t USING (warning_id)""")
    return True


def warnings_now(home: Home, where: str = "true", values: Iterable[Any] = ()) -> list[dict[str, Any]]:
    """Rows of `warning_now`, oldest first."""
    with lake.connect(reads_delta=False) as con:
        if not view_standing(con, home):
            return []
        return rows_of(
            con.execute(f"SELECT * FROM warning_now WHERE {where} ORDER BY raised_at, warning_id", list(values))
        )


def one_warning(home: Home, short_id: str) -> dict[str, Any]:
    """The warning whose id begins so. Raises NoSuchWarning, also when several do."""
    if len(short_id) < SHORTEST_ID:
        raise NoSuchWarning(f"编号至少写前 {SHORTEST_ID} 位 · give at least {SHORTEST_ID} characters of the id")
    found = warnings_now(home, "starts_with(warning_id, ?)", [short_id.strip().lower()])
    if not found:
        raise NoSuchWarning(
            f"没有编号以 {short_id} 开头的预警,用 `citybrain warning list --all` 查看 · no warning's id begins with {short_id}"
        )
    if len(found) > 1:
        ids = "、".join(warning["warning_id"][:12] for warning in found[:5])
        raise NoSuchWarning(
            f"{short_id} 对应 {len(found)} 条预警({ids}),请多写几位 · {len(found)} warnings begin so: write more of it"
        )
    return found[0]


def moves_of(home: Home, warning_id: str | None = None) -> list[dict[str, Any]]:
    """The moves of one warning, or of all, in their order."""
    with lake.connect(reads_delta=False) as con:
        _offer_moves(con, home)
        mine = "" if warning_id is None else f"WHERE warning_id = {quote(warning_id)}"
        return rows_of(con.execute(f"SELECT * FROM warning_move {mine} ORDER BY warning_id, move_no"))


def evidence_of(home: Home, warning_id: str) -> list[dict[str, Any]]:
    """The rows that a warning rests on, as they were copied when it was found, with the versions they were read at."""
    gold = home.table("gold", "warning_evidence")
    if not lake.exists(gold):
        return []
    with lake.connect(reads_delta=False) as con:
        lake.offer(con, "evidence", gold)
        return rows_of(
            con.execute(
                "SELECT * FROM evidence WHERE warning_id = ? ORDER BY feed, day, delivery_id, row_no",
                [warning_id],
            )
        )


def rows_of(found: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    names = [column[0] for column in found.description or []]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

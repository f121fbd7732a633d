"""What departments answer: each newly admitted row of the `disposition` feed becomes a move of its warning, or comes back with the reason."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from jobs import lake
from jobs.current import current_deliveries, current_rows
from jobs.home import ZONE, Home
from jobs.ingest import ledger
from jobs.ingest.alone import alone
from jobs.ingest.mending.cells import guarded
from jobs.warn.life import CannotMove, IllegalMove, Move, move_all, moves_of, rows_of, warnings_now
from jobs.whole import written_whole
from schemas.contract import Contract

FEED = "disposition"
BY_THE_MINUTE = timedelta(minutes=1)  # a department writes no seconds
SCHEMA = pa.schema(
    [
        ("row_key", pa.string()), ("delivery_id", pa.string()), ("row_no", pa.int64()), ("warning_id", pa.string()), ("step", pa.string()),
        ("unit", pa.string()), ("answered_at", pa.timestamp("us", "UTC")), ("applied", pa.bool_()), ("says_zh", pa.string()),
        ("recorded_at", pa.timestamp("us", "UTC")),
    ]
)  # fmt: skip
COLUMNS = ("预警编号", "处置步骤", "处置时间", "承办单位", "行号", "原因")


@dataclass(frozen=True)
class Outcome:
    """What became of one answer. says_zh: why it was not applied, for the department."""

    row_key: str
    delivery_id: str
    row_no: int
    warning_id: str
    step: str
    unit: str
    answered_at: datetime
    applied: bool
    says_zh: str
    recorded_at: datetime


class TooEarly(CannotMove):
    """Answered before it was sent out."""


def take_answers(home: Home) -> list[Outcome]:
    """Apply what was admitted since the last time, in the order in which departments say it happened; returns each answer's outcome.

    An answer counts once, however often its file is sent. One that could not be applied is tried again when it is sent again.
    """
    contracts, _ = home.contracts()
    contract = contracts.get(FEED)
    if contract is None or not lake.exists(home.table("silver", FEED)):
        return []
    with alone(home, "disposition_outcome"):
        answers = _news(home, contract)
        outcomes = _applied(home, answers)
        if outcomes:
            _give_back(home, contracts, [one for one in outcomes if not one.applied])
            lake.append(path(home), pa.Table.from_pylist(list(map(asdict, outcomes)), SCHEMA))
    return outcomes


def _news(home: Home, contract: Contract) -> list[dict[str, Any]]:
    """Current rows that have no outcome yet: of an answer that was applied none, of a refused one none from the same delivery."""
    known = {one["source"] for one in moves_of(home)}
    with lake.connect(reads_delta=False) as con:
        lake.offer(con, "answers", home.table("silver", FEED))
        lake.offer(con, "told", ledger.path(home))
        con.execute(f"CREATE TEMP TABLE delivery_now AS {current_deliveries('told')}")
        rows = rows_of(con.execute(f"{current_rows(contract, 'answers', 'delivery_now')} ORDER BY answered_at, row_no"))
    tried = {(one["row_key"], one["delivery_id"]) for one in outcomes(home)}
    return [row for row in rows if source_of(row) not in known and (row["row_key"], row["delivery_id"]) not in tried]


def _applied(home: Home, answers: list[dict[str, Any]]) -> list[Outcome]:
    if not answers:
        return []
    sent = {one["warning_id"]: one["dispatched_at"] for one in warnings_now(home)}
    wanted = {source_of(row): _as_move(row) for row in answers}
    early = {
        source: TooEarly("处置时间早于派单时间,请核对")
        for source, one in wanted.items()
        if one.at and (at := sent.get(one.warning_id)) and one.at + BY_THE_MINUTE < at
    }
    _, refused = move_all(home, [one for source, one in wanted.items() if source not in early])
    faults: dict[str, CannotMove] = {**early, **{one.source: fault for one, fault in refused}}
    now = home.now()
    return [
        Outcome(
            row["row_key"], row["delivery_id"], row["row_no"], row["warning_id"], row["step"], row["unit"], row["answered_at"],
            source_of(row) not in faults, _in_words(faults.get(source_of(row))), now,
        )
        for row in answers
    ]  # fmt: skip


def _as_move(row: dict[str, Any]) -> Move:
    """The department's own words stay in identity: they may name people. The move says where they stand."""
    verdict = row["verdict"] if row["step"] == "evaluated" else None
    why = f"见报送 {row['delivery_id']} 第 {row['row_no']} 行"
    return Move(row["warning_id"], row["step"], row["unit"], why, source_of(row), row["answered_at"], verdict=verdict)


def source_of(row: dict[str, Any]) -> str:
    return f"{FEED}:{row['row_key']}"


def _in_words(fault: CannotMove | None) -> str:
    if fault is None:
        return ""
    return fault.says_zh if isinstance(fault, IllegalMove) else str(fault).split(" · ")[0]


def _give_back(home: Home, contracts: dict[str, Contract], refused: Iterable[Outcome]) -> None:
    """Into each unit's return folder, a file for each delivery, the answers that were not taken and why."""
    folders = folders_of(contracts.values())
    lists: dict[Path, list[Outcome]] = defaultdict(list)
    for one in refused:
        folder = folders.get(one.unit, contracts[FEED].owner.folder)
        lists[home.returns / folder / f"预警处置未采纳-{one.delivery_id}.csv"].append(one)
    title = {code: word for word, code in reversed(contracts[FEED].columns["step"].map.items())}
    for file, ones in lists.items():
        with written_whole(file) as draft, draft.open("w", encoding="utf-8-sig", newline="") as out:
            sheet = csv.writer(out, quoting=csv.QUOTE_ALL)
            sheet.writerow(COLUMNS)
            for one in ones:
                at = f"{one.answered_at.astimezone(ZONE):%Y-%m-%d %H:%M}"
                cells = (one.warning_id, title[one.step], at, one.unit, str(one.row_no), one.says_zh)
                sheet.writerow(map(guarded, cells))


def folders_of(contracts: Iterable[Contract]) -> dict[str, str]:
    """Each department -> its folder."""
    return {contract.owner.department: contract.owner.folder for contract in contracts}


def outcomes(home: Home) -> list[dict[str, Any]]:
    if not lake.exists(path(home)):
        return []
    with lake.connect(reads_delta=False) as con:
        lake.offer(con, "outcome", path(home))
        return rows_of(con.execute("SELECT * FROM outcome ORDER BY recorded_at, answered_at, row_no"))


def path(home: Home) -> str:
    return home.table("ops", "disposition_outcome")

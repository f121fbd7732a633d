"""A warning reaches the desk that must act: by its return folder, and by mail or webhook where the city has said so; each attempt is a row."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Literal

import pyarrow as pa
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential

from jobs import lake
from jobs.alert import alert
from jobs.home import ZONE, Home
from jobs.ingest.alone import alone
from jobs.warn.channels import FAILURES, send_mail, send_webhook
from jobs.warn.dispositions import FEED, folders_of
from jobs.warn.handout import write_grid_list, write_workbook
from jobs.warn.life import Move, evidence_of, move_all, rows_of, warnings_now
from jobs.warn.sweep import UNSENT, worth_telling
from schemas.contract import Contract
from schemas.desks import Desk, Desks, load_desks
from schemas.life import load_life

SENDER = "派送"
ON_ITS_WAY = ("issued", "dispatched", "acknowledged", "handling")
GRID_DESK = "网格员"
Channel = Literal["folder", "grid_list", "mail", "webhook"]
SCHEMA = pa.schema(
    [
        ("warning_id", pa.string()), ("desk", pa.string()), ("channel", pa.string()), ("attempt", pa.int32()), ("sent", pa.bool_()),
        ("detail", pa.string()), ("level", pa.string()), ("evidence_rows", pa.int64()), ("at", pa.timestamp("us", "UTC")),
    ]
)  # fmt: skip
ROUND = "*"  # the row that says that a day's round went out


@dataclass(frozen=True)
class Notice:
    """One attempt to tell one desk of one warning. detail: the file, or what went wrong."""

    warning_id: str
    desk: str
    channel: str
    level: str
    evidence_rows: int
    at: datetime
    attempt: int = 0
    sent: bool = False
    detail: str = ""


@dataclass(frozen=True)
class Errand:
    """All that is new for one desk, by one way. whole: what its file holds, which is everything on its way to it."""

    desk: str
    channel: Channel
    folder: str
    news: list[dict[str, Any]]
    whole: list[dict[str, Any]]


def deliver(home: Home, now: datetime | None = None, dry_run: bool = False) -> list[Notice]:
    """Tell every desk what it has not been told yet: life and safety, and what was escalated, at once; the rest once a day from the round's hour on.

    What went out is dispatched. What cannot be delivered after all tries is an alert, and is tried again the next time.
    """
    now = now or home.now()
    desks, contracts = load_desks(home.root / "delivery.yaml"), home.contracts()[0]
    with alone(home, "warning_notice"):
        told = notices(home)
        going = [one for one in warnings_now(home) if _goes_out(one)]
        in_round = _round_is_due(desks, told, now)
        at_once = {lane for lane, spec in load_life().lanes.items() if spec.at_once}
        errands = list(_errands(home, desks, contracts, going, told, in_round, at_once))
        if dry_run:
            return [notice for errand in errands for notice in _notices(errand, now)]
        made = [notice for errand in errands for notice in _run(home, desks, contracts, errand, now)]
        if in_round:
            _keep(home, [Notice(ROUND, ROUND, "round", "", 0, now, 1, True)])
        _dispatch(home, going, made, now)
    return made


def _goes_out(warning: dict[str, Any]) -> bool:
    unasked = load_life().lanes[warning["lane"]].dispatch_unasked
    return warning["state"] in ON_ITS_WAY or (unasked and warning["state"] in UNSENT)


def _round_is_due(desks: Desks, told: list[dict[str, Any]], now: datetime) -> bool:
    midnight = now.astimezone(ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
    return now >= midnight + desks.round and not any(one["desk"] == ROUND and one["at"] >= midnight for one in told)


def _errands(
    home: Home, desks: Desks, contracts: dict[str, Contract], going: list[dict[str, Any]], told: list[dict[str, Any]],
    in_round: bool, at_once: set[str],
) -> Iterator[Errand]:  # fmt: skip
    heard = {(one["warning_id"], one["desk"], one["channel"]): one for one in told if one["sent"]}
    folders = folders_of(contracts.values())
    grids = contracts["grid"].owner.folder if "grid" in contracts else contracts[FEED].owner.folder
    by_desk: dict[str, list[dict[str, Any]]] = defaultdict(list)
    in_folder: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)  # two desks may share one, and its file
    for one in going:
        above = _desk_above(one)
        for name in [*one["unit_zh"].split("、"), *([above] if above in desks.desks else [])]:
            by_desk[name].append(one)
            in_folder[_folder(name, desks, folders, grids)][one["warning_id"]] = one
        if one["tier"] == "grid" and one["grid_code"]:
            by_desk[GRID_DESK].append(one)
    for name, whole in by_desk.items():
        desk = desks.desks.get(name, Desk())
        folder = _folder(name, desks, folders, grids)
        ways: list[tuple[Channel, bool]] = [
            ("grid_list", name == GRID_DESK), ("folder", name != GRID_DESK), ("mail", bool(desk.mail)), ("webhook", bool(desk.webhook)),
        ]  # fmt: skip
        for channel, is_open in ways:
            news = [
                one
                for one in whole
                if is_open
                and (in_round or one["lane"] in at_once or name == _desk_above(one))
                and worth_telling(heard.get((one["warning_id"], name, channel)), one)
            ]
            if news:
                yield Errand(
                    name, channel, folder, news, whole if name == GRID_DESK else list(in_folder[folder].values())
                )


def _desk_above(warning: dict[str, Any]) -> str:
    """The desk of the tier that a warning was escalated to (社区, 街镇, 市级), '' before; the city says in delivery.yaml whether it has one."""
    life, tier = load_life(), warning["tier"]
    escalated = warning["state"] == "dispatched" and tier != life.tier_of(warning["grid_code"])
    return life.tiers[tier].zh if escalated else ""


def _folder(name: str, desks: Desks, folders: dict[str, str], grids: str) -> str:
    """A desk's return folder: as the city says, its department's own, else the grid centre's."""
    said = desks.desks[name].folder if name in desks.desks else None
    return said or folders.get(name, grids)


def _run(home: Home, desks: Desks, contracts: dict[str, Contract], errand: Errand, now: datetime) -> list[Notice]:
    """Try, wait, try again; a row for each attempt and warning."""
    act, where = _act(home, desks, contracts, errand, now)
    made: list[Notice] = []

    def note(attempt: int, sent: bool, detail: str) -> None:
        rows = [replace(one, attempt=attempt, sent=sent, detail=detail) for one in _notices(errand, now)]
        _keep(home, rows)
        made.extend(rows)

    def failed(state: RetryCallState) -> None:
        fault = state.outcome.exception() if state.outcome else None
        note(state.attempt_number, False, f"{type(fault).__name__}: {fault}"[:200])

    retries = desks.retries
    tries = Retrying(
        stop=stop_after_attempt(retries.tries), wait=wait_exponential(multiplier=retries.first_wait, max=60),
        retry=retry_if_exception_type(FAILURES), after=failed, reraise=True,
    )  # fmt: skip
    try:
        for attempt in tries:
            with attempt:
                act()
            if attempt.retry_state.outcome and not attempt.retry_state.outcome.failed:
                note(attempt.retry_state.attempt_number, True, where)
    except FAILURES as fault:
        says = f"{len(errand.news)} 条预警未能以 {errand.channel} 送达 {errand.desk}:{type(fault).__name__}"
        alert(home, "warning_not_delivered", errand.desk, says)
    return made


def _act(
    home: Home, desks: Desks, contracts: dict[str, Contract], errand: Errand, now: datetime
) -> tuple[Callable[[], None], str]:
    """What to do, and what to call it."""
    desk, day = desks.desks.get(errand.desk, Desk()), f"{now.astimezone(ZONE):%Y%m%d}"
    if errand.channel == "mail":
        return partial(send_mail, home, desks, errand.desk, desk, errand.news), ", ".join(desk.mail)
    if errand.channel == "webhook":
        return partial(send_webhook, errand.desk, desk, errand.news), str(desk.webhook)
    if errand.channel == "grid_list":
        path = home.returns / errand.folder / f"网格清单-{day}.csv"
        return partial(write_grid_list, path, errand.whole), path.name
    path = home.returns / errand.folder / f"预警-{day}-{errand.folder}.xlsx"
    own = {feed for feed, contract in contracts.items() if contract.owner.folder == errand.folder}
    rows = [row for one in errand.whole for row in evidence_of(home, one["warning_id"]) if row["feed"] in own]
    return partial(write_workbook, path, contracts[FEED], errand.whole, rows), path.name


def _notices(errand: Errand, now: datetime) -> list[Notice]:
    return [
        Notice(one["warning_id"], errand.desk, errand.channel, one["level"], one["evidence_rows"], now)
        for one in errand.news
    ]


def _dispatch(home: Home, going: list[dict[str, Any]], made: list[Notice], now: datetime) -> None:
    """What has reached a desk is sent out."""
    reached: dict[str, list[str]] = defaultdict(list)
    for one in made:
        if one.sent and one.desk not in reached[one.warning_id]:
            reached[one.warning_id].append(one.desk)
    move_all(
        home,
        [
            Move(one["warning_id"], "dispatched", SENDER, f"已送达 {'、'.join(desks)}", "delivery", now, from_state=one["state"])
            for one in going
            if one["state"] in (*UNSENT, "issued") and (desks := reached[one["warning_id"]])
        ],
    )  # fmt: skip


def _keep(home: Home, rows: list[Notice]) -> None:
    lake.append(path(home), pa.Table.from_pylist(list(map(asdict, rows)), SCHEMA))


def notices(home: Home, since: timedelta | None = None) -> list[dict[str, Any]]:
    """Every attempt, in order."""
    if not lake.exists(path(home)):
        return []
    with lake.connect(reads_delta=False) as con:
        lake.offer(con, "notice", path(home))
        after = f"""WHERE "at" >= TIMESTAMPTZ '{home.now() - since}'""" if since else ""
        return rows_of(con.execute(f'SELECT * FROM notice {after} ORDER BY "at", warning_id, desk, channel, attempt'))


def path(home: Home) -> str:
    return home.table("ops", "warning_notice")

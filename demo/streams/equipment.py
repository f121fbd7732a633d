"""Elevators, fire and gas equipment with their inspections, and the repair tickets of the estates they stand in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from demo.clock import Rhythm, days_between, hours_around, moments
from demo.plan import Plan
from demo.planted.event import Event

FAULTY, WRONG_KIND, ONCE, REDONE, SOUND = 5, 2, 2, 2, 3  # gas and fire equipment
PLANTED, DECOYS, LATE_BUT_DONE, OTHER_OVERDUE = 6, 10, 3, 5
TICKETS_A_WEEK = 75.0  # at 20,000 residents
DAYS_TO_REPAIR = 7
A_YEAR = np.timedelta64(365, "D")
KINDS = {"elevator": "DT", "fire": "XF", "gas": "RQ"}
FAULTS = {
    "elevator_fault": ["电梯异响", "电梯困人，已救出", "电梯按键失灵", "电梯门关不上", "电梯停在中间楼层"],
    "water": ["厨房水管漏水", "楼道停电", "下水道堵塞", "跳闸后无法恢复"],
    "fire_equipment": ["消防栓无水", "烟感误报", "应急灯不亮"],
    "public_area": ["楼道堆物", "垃圾未清运", "路灯不亮", "绿化带破损"],
    "other": ["门禁刷卡无反应", "车位被占", "快递柜故障"],
    "gas_fault": ["闻到煤气味", "燃气灶打不着火，表前阀漏气", "楼道燃气管锈蚀"],
}
FAULT_KINDS = list(FAULTS)
SHARES = [0.11, 0.42, 0.07, 0.28, 0.12, 0.0]
FAULT_OF = {"fire": "fire_equipment", "gas": "gas_fault"}
PARTS = ["", "planted", "late", "sound", "faulty", "wrong_kind", "once", "redone", "danger"]
CALLING = Rhythm(hours_around((9, 2, 1.0), (16, 2.5, 0.7), (20, 1.5, 0.5), floor=0.08), 0.8, 0.7, 0.6, swing=0.06)


@dataclass
class Estate:
    """equipment: equipment_no, kind, place (row in the buildings), inspected_on, next_due_on, redone_on (NaT: not in
    these days), redue_on, part (one of PARTS, or decoy). tickets, in order of time: kind (place in FAULT_KINDS), place,
    reported_at, closed_at (NaT: still open), part."""

    equipment: pd.DataFrame
    tickets: pd.DataFrame


def first_inspection_day(plan: Plan) -> date:
    """Since when inspections are told: a year at most, in which each piece is inspected once."""
    return max(plan.start, plan.end - timedelta(days=364))


def keep_estates(plan: Plan, buildings: pd.DataFrame) -> Estate:
    """Equipment inspected on time but for the chosen few, and tickets that leave the overdue decoys alone."""
    equipment = _install(plan, buildings)
    _inspect(plan, equipment)
    _choose(plan, equipment)
    tickets = _report(plan, buildings, equipment)
    if not plan.quiet:
        _choose_gas_and_fire(plan, equipment)
        tickets = _gas_and_fire_faults(plan, equipment, tickets)
    return Estate(equipment, tickets)


def overdue_events(plan: Plan, estates: Estate, buildings: pd.DataFrame, codes: np.ndarray) -> list[Event]:
    """codes: grid code of each row of the grids."""
    events, faults = [], estates.tickets[estates.tickets["part"] == "planted"]
    for piece in estates.equipment[estates.equipment["part"] == "planted"].itertuples():
        place, size = buildings.loc[piece.place], int((faults["place"] == piece.place).sum())
        events.append(Event("elevator_overdue", {
            "current": 1, "grid_code": codes[place["grid"]], "estate": place["estate"], "building": place["building"],
            "equipment_no": piece.equipment_no, "window_start": f"{piece.next_due_on:%Y-%m-%d}",
            "window_end": plan.end, "size": size,
            "note": f"应于 {piece.next_due_on:%Y-%m-%d} 前检验，近 30 天电梯故障报修 {size} 起",
        }))  # fmt: skip
    return events


def gas_fire_events(plan: Plan, estates: Estate, buildings: pd.DataFrame, codes: np.ndarray) -> list[Event]:
    """Gas and fire equipment that is overdue, with two faults of its own kind or more in its building in thirty days; planted or not."""
    pieces, tickets = estates.equipment, estates.tickets
    today = pd.Timestamp(plan.end) + pd.Timedelta(days=1)
    due = pieces["redue_on"].fillna(pieces["next_due_on"])
    recent = tickets[tickets["reported_at"] >= today - pd.Timedelta(days=30)]
    events = []
    for piece in pieces[(due < today) & pieces["kind"].isin(FAULT_OF)].itertuples():
        place, kind = buildings.loc[piece.place], FAULT_KINDS.index(FAULT_OF[str(piece.kind)])
        size = int(((recent["place"] == piece.place) & (recent["kind"] == kind)).sum())
        if size >= 2:
            events.append(Event("gas_fire_overdue", {
                "current": 1, "grid_code": codes[place["grid"]], "category": piece.kind, "estate": place["estate"],
                "building": place["building"], "equipment_no": piece.equipment_no, "window_start": f"{piece.next_due_on:%Y-%m-%d}",
                "window_end": plan.end, "size": size, "note": f"应于 {piece.next_due_on:%Y-%m-%d} 前检验，近 30 天同类报修 {size} 起",
            }))  # fmt: skip
    return events


def _install(plan: Plan, buildings: pd.DataFrame) -> pd.DataFrame:
    """One or two elevators a building of eleven floors or more, fire and gas pieces in about every third building."""
    dice = plan.dice("equipment")
    tall = np.flatnonzero(buildings["floors"] >= 11)
    elevators = np.repeat(tall, np.where(dice.random(len(tall)) < 0.3, 2, 1))
    fire, gas = (np.flatnonzero(dice.random(len(buildings)) < share) for share in (0.34, 0.30))
    parts = [pd.DataFrame({"kind": kind, "place": place})
             for kind, place in zip(KINDS, (elevators, fire, gas), strict=True)]  # fmt: skip
    pieces = pd.concat(parts, ignore_index=True)
    pieces["equipment_no"] = pieces["kind"].map(KINDS) + (pieces.groupby("kind").cumcount() + 1).map("{:06d}".format)
    return pieces


def _inspect(plan: Plan, pieces: pd.DataFrame) -> None:
    """Each piece has a yearly inspection; one that falls due within the days is done a little before."""
    dice = plan.dice("inspections")
    start, end = np.datetime64(first_inspection_day(plan), "D"), np.datetime64(plan.end, "D")
    done = start - dice.integers(1, 335, len(pieces))
    again = done + A_YEAR - dice.integers(3, 25, len(pieces))
    again = np.where(again <= end, again, np.datetime64("NaT", "D"))
    for name, days in {"inspected_on": done, "next_due_on": done + A_YEAR, "redone_on": again,
                       "redue_on": again + A_YEAR}.items():  # fmt: skip
        pieces[name] = days.astype("datetime64[s]")


def _choose(plan: Plan, pieces: pd.DataFrame) -> None:
    """Mark overdue elevators with faults (unless quiet) and without, those done late, and other overdue pieces."""
    dice, pieces["part"], copies = plan.dice("overdue"), "", plan.copies
    end = pd.Timestamp(plan.end)
    alone = ~pieces.duplicated(["place", "kind"], keep=False)
    due = pieces["next_due_on"].between(end - pd.Timedelta(days=75), end - pd.Timedelta(days=4))
    fit = dice.permutation(pieces.index[(pieces["kind"] == "elevator") & alone & due])
    ends = np.cumsum([PLANTED * copies, DECOYS * copies, LATE_BUT_DONE * copies])
    planted, decoys, late, _ = np.split(fit, ends)
    others = dice.permutation(pieces.index[(pieces["kind"] != "elevator") & due])[: OTHER_OVERDUE * copies]
    never = [*decoys, *others, *([] if plan.quiet else planted)]
    pieces.loc[never, ["redone_on", "redue_on"]] = pd.NaT
    pieces.loc[decoys, "part"] = "decoy"
    if not plan.quiet:
        pieces.loc[planted, "part"] = "planted"
    pieces.loc[late, "part"] = "late"
    pieces.loc[late, "redone_on"] = end - pd.Timedelta(days=3)
    pieces.loc[late, "redue_on"] = end + pd.Timedelta(days=362)


def _choose_gas_and_fire(plan: Plan, pieces: pd.DataFrame) -> None:
    """Overdue pieces with faults; overdue with faults of another kind only, or with a single one; done of late."""
    end, dice = pd.Timestamp(plan.end), plan.dice("overdue gas and fire")
    due = pieces["next_due_on"].between(end - pd.Timedelta(days=75), end - pd.Timedelta(days=4))
    fit = dice.permutation(pieces.index[(pieces["kind"] != "elevator") & due & pieces["redone_on"].notna()])
    ends = np.cumsum([FAULTY, WRONG_KIND, ONCE, REDONE]) * plan.copies
    for part, rows in zip(("faulty", "wrong_kind", "once", "redone"), np.split(fit, ends)[:-1], strict=True):
        again = end - pd.Timedelta(days=3) if part == "redone" else pd.NaT
        pieces.loc[rows, "part"] = part
        pieces.loc[rows, "redone_on"], pieces.loc[rows, "redue_on"] = again, again + A_YEAR


def _gas_and_fire_faults(plan: Plan, pieces: pd.DataFrame, tickets: pd.DataFrame) -> pd.DataFrame:
    """The tickets, and faults in the last weeks at the chosen pieces and at sound ones."""
    dice = plan.dice("gas and fire faults")
    sound = pieces[
        (pieces["kind"] != "elevator") & (pieces["part"] == "") & (pieces["next_due_on"] > pd.Timestamp(plan.end))
    ]
    sound = sound.loc[dice.choice(sound.index, min(SOUND * plan.copies, len(sound)), replace=False)].assign(
        part="sound"
    )
    where = pd.concat([pieces[pieces["part"].isin(["faulty", "wrong_kind", "once", "redone"])], sound])
    times = np.where(where["part"] == "once", 1, dice.integers(2, 5, len(where)))
    where = where.loc[np.repeat(where.index, times)]
    other = {"fire": "gas_fault", "gas": "fire_equipment"}
    kinds = [
        (other if part == "wrong_kind" else FAULT_OF)[kind]
        for part, kind in zip(where["part"], where["kind"], strict=True)
    ]
    day = np.datetime64(plan.end, "D") - dice.integers(1, 24, len(where))
    return report_faults(
        dice,
        tickets,
        where["place"].to_numpy(),
        np.array([FAULT_KINDS.index(kind) for kind in kinds]),
        day,
        where["part"].to_numpy(),
    )


def report_faults(
    dice: np.random.Generator,
    tickets: pd.DataFrame,
    place: np.ndarray,
    kind: np.ndarray,
    day: np.ndarray,
    part: np.ndarray | str,
) -> pd.DataFrame:
    """The tickets with these among them, which are all closed in time."""
    more = _tickets(dice, place, kind, day, part)
    took = np.round(np.clip(dice.exponential(1.8, len(more)), 0.04, 6) * 1440).astype("timedelta64[m]")
    more["closed_at"] = more["reported_at"].to_numpy() + took
    return pd.concat([tickets, more]).sort_values(["reported_at", "place"], kind="stable", ignore_index=True)


def _report(plan: Plan, buildings: pd.DataFrame, pieces: pd.DataFrame) -> pd.DataFrame:
    dice = plan.dice("tickets")
    tickets = pd.concat([_ordinary(plan, dice, buildings, pieces), _elevator_faults(plan, dice, pieces)])
    tickets = tickets.sort_values(["reported_at", "place"], ignore_index=True)
    took = np.round(np.clip(dice.exponential(2.4, len(tickets)), 0.04, 20) * 1440).astype("timedelta64[m]")
    closed = tickets["reported_at"].to_numpy() + took
    tickets["closed_at"] = np.where(dice.random(len(tickets)) > 0.03, closed, np.datetime64("NaT", "s"))
    if plan.quiet:  # every ticket is closed within the seven days that it may take
        latest = tickets["reported_at"] + pd.Timedelta(days=DAYS_TO_REPAIR - 1)
        tickets["closed_at"] = tickets["closed_at"].fillna(latest).clip(upper=latest)
    return tickets


def _ordinary(plan: Plan, dice: np.random.Generator, buildings: pd.DataFrame, pieces: pd.DataFrame) -> pd.DataFrame:
    """Tickets anywhere; an elevator fault only where there is an elevator that is not an overdue one."""
    days = days_between(plan.start, plan.end)
    counts = dice.poisson(CALLING.factors(days) * TICKETS_A_WEEK * plan.scale / 6.6)
    day = np.repeat(np.arange(len(days)), counts)
    kind = dice.choice(len(FAULT_KINDS), size=len(day), p=SHARES)
    barred = pieces.loc[pieces["part"].isin(["planted", "decoy"]), "place"]
    sound = np.setdiff1d(np.flatnonzero(buildings["floors"] >= 11), barred)
    place = np.where(kind == 0, dice.choice(sound, len(day)), dice.integers(0, len(buildings), len(day)))
    return _tickets(dice, place, kind, np.datetime64(plan.start, "D") + day, "")


def _elevator_faults(plan: Plan, dice: np.random.Generator, pieces: pd.DataFrame) -> pd.DataFrame:
    """Two to four faults in the last weeks: at the planted ones, and at sound elevators as decoys."""
    marked = pieces[pieces["part"].isin(["planted", "late"])]
    sound = pieces[(pieces["kind"] == "elevator") & (pieces["part"] == "") & ~pieces["place"].isin(marked["place"])]
    sound = sound[~sound["place"].isin(pieces.loc[pieces["part"] == "decoy", "place"])]
    noisy = sound.loc[dice.choice(sound.index, (DECOYS - LATE_BUT_DONE) * plan.copies, replace=False)]
    where = pd.concat([marked, noisy.assign(part="sound")])[["place", "part"]]
    where = where.loc[np.repeat(where.index, dice.integers(2, 5, len(where)))]
    day = np.datetime64(plan.end, "D") - dice.integers(1, 24, len(where))
    return _tickets(dice, where["place"].to_numpy(), np.zeros(len(where), int), day, where["part"].to_numpy())


def _tickets(
    dice: np.random.Generator, place: np.ndarray, kind: np.ndarray, day: np.ndarray, part: np.ndarray | str
) -> pd.DataFrame:
    at = moments(dice, day, CALLING.hours).astype("datetime64[m]").astype("datetime64[s]")
    return pd.DataFrame({"kind": kind.astype(np.int8), "place": place.astype(np.int32), "reported_at": at,
                         "part": pd.Categorical(np.broadcast_to(part, len(day)), PARTS)})  # fmt: skip

"""Elevators, fire and gas equipment with their inspections, and the repair tickets of the estates they stand in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from demo.clock import day_factors, days_between, hours_around, moments
from demo.plan import Plan

PLANTED, DECOYS, LATE_BUT_DONE, OTHER_OVERDUE = 6, 10, 3, 5
TICKETS_A_WEEK = 75.0  # at 20,000 residents
KINDS = {"elevator": "DT", "fire": "XF", "gas": "RQ"}
FAULTS = {
    "elevator_fault": ["电梯异响", "电梯困人，已救出", "电梯按键失灵", "电梯门关不上", "电梯停在中间楼层"],
    "water": ["厨房水管漏水", "楼道停电", "下水道堵塞", "跳闸后无法恢复"],
    "fire_equipment": ["消防栓无水", "烟感误报", "应急灯不亮"],
    "public_area": ["楼道堆物", "垃圾未清运", "路灯不亮", "绿化带破损"],
    "other": ["门禁刷卡无反应", "车位被占", "快递柜故障"],
}
SHARES = {"elevator_fault": 0.11, "water": 0.42, "fire_equipment": 0.07, "public_area": 0.28, "other": 0.12}
DAYTIME = hours_around((9, 2, 1.0), (16, 2.5, 0.7), (20, 1.5, 0.5), floor=0.08)


@dataclass
class Estate:
    """equipment: equipment_no, kind, estate, building, grid, inspected_on, next_due_on, redone_on (NaT: not in these
    days), redue_on, part (planted|decoy|late|""). tickets: ticket_no, kind, estate, building, grid, reported_at,
    closed_at (NaT: still open), detail, mobile, part."""

    equipment: pd.DataFrame
    tickets: pd.DataFrame


def keep_estates(plan: Plan, buildings: pd.DataFrame, people: pd.DataFrame) -> Estate:
    """Equipment inspected on time but for the chosen few, and tickets that leave the overdue decoys alone."""
    equipment = _install(plan, buildings)
    _inspect(plan, equipment)
    _choose(plan, equipment)
    return Estate(equipment, _report(plan, buildings, equipment, people))


def _install(plan: Plan, buildings: pd.DataFrame) -> pd.DataFrame:
    """One or two elevators a building of eleven floors or more, fire and gas pieces in about every third building."""
    dice = plan.dice("equipment")
    tall = buildings[buildings["floors"] >= 11]
    elevators = tall.loc[np.repeat(tall.index, np.where(dice.random(len(tall)) < 0.3, 2, 1))]
    fire, gas = (buildings[dice.random(len(buildings)) < share] for share in (0.34, 0.30))
    parts = [part.assign(kind=kind) for kind, part in zip(KINDS, (elevators, fire, gas), strict=True)]
    pieces = pd.concat(parts, ignore_index=True)
    pieces["equipment_no"] = pieces["kind"].map(KINDS) + (pieces.groupby("kind").cumcount() + 1).map("{:06d}".format)
    return pieces


def _inspect(plan: Plan, pieces: pd.DataFrame) -> None:
    """Each piece has a yearly inspection; one that falls due within the days is done a little before."""
    dice = plan.dice("inspections")
    start, end = pd.Timestamp(plan.start), pd.Timestamp(plan.end)
    pieces["inspected_on"] = start - pd.to_timedelta(dice.integers(1, 335, len(pieces)), unit="D")
    pieces["next_due_on"] = pieces["inspected_on"] + pd.Timedelta(days=365)
    redone = pieces["next_due_on"] - pd.to_timedelta(dice.integers(3, 25, len(pieces)), unit="D")
    pieces["redone_on"] = redone.where(redone <= end)
    pieces["redue_on"] = pieces["redone_on"] + pd.Timedelta(days=365)


def _choose(plan: Plan, pieces: pd.DataFrame) -> None:
    """Mark overdue elevators with faults (unless quiet) and without, those done late, and other overdue pieces."""
    dice, pieces["part"] = plan.dice("overdue"), ""
    end = pd.Timestamp(plan.end)
    alone = ~pieces.duplicated(["estate", "building", "kind"], keep=False)
    due = pieces["next_due_on"].between(end - pd.Timedelta(days=75), end - pd.Timedelta(days=4))
    fit = dice.permutation(pieces.index[(pieces["kind"] == "elevator") & alone & due])
    planted, decoys, late = np.split(fit[: PLANTED + DECOYS + LATE_BUT_DONE], [PLANTED, PLANTED + DECOYS])
    others = dice.permutation(pieces.index[(pieces["kind"] != "elevator") & due])[:OTHER_OVERDUE]
    never = [*decoys, *others, *([] if plan.quiet else planted)]
    pieces.loc[never, ["redone_on", "redue_on"]] = pd.NaT
    pieces.loc[decoys, "part"] = "decoy"
    if not plan.quiet:
        pieces.loc[planted, "part"] = "planted"
    pieces.loc[late, "part"] = "late"
    pieces.loc[late, "redone_on"] = end - pd.Timedelta(days=3)
    pieces.loc[late, "redue_on"] = end + pd.Timedelta(days=362)


def _report(plan: Plan, buildings: pd.DataFrame, pieces: pd.DataFrame, people: pd.DataFrame) -> pd.DataFrame:
    dice = plan.dice("tickets")
    tickets = pd.concat([_ordinary(plan, dice, buildings, pieces), _elevator_faults(plan, dice, pieces)])
    tickets = tickets.sort_values(["reported_at", "estate", "building"], ignore_index=True)
    tickets["ticket_no"] = [f"BX{n:08d}" for n in range(26_000_001, 26_000_001 + len(tickets))]
    took = pd.to_timedelta(np.round(np.clip(dice.exponential(2.4, len(tickets)), 0.04, 20) * 1440), unit="min")
    tickets["closed_at"] = (tickets["reported_at"] + took).where(dice.random(len(tickets)) > 0.03)
    tickets["detail"] = [FAULTS[kind][int(pick * len(FAULTS[kind]))]
                         for kind, pick in zip(tickets["kind"], dice.random(len(tickets)), strict=True)]  # fmt: skip
    callers = people.loc[people["mobile"] != "", "mobile"].to_numpy()
    tickets["mobile"] = np.where(dice.random(len(tickets)) < 0.1, "", dice.choice(callers, len(tickets)))
    return tickets


def _ordinary(plan: Plan, dice: np.random.Generator, buildings: pd.DataFrame, pieces: pd.DataFrame) -> pd.DataFrame:
    """Tickets anywhere; an elevator fault only where there is an elevator that is not an overdue one."""
    days = days_between(plan.start, plan.end)
    counts = dice.poisson(day_factors(days, 0.8, 0.7) * TICKETS_A_WEEK * plan.scale / 6.6)
    day = np.repeat(np.arange(len(days)), counts)
    kind = dice.choice(list(SHARES), size=len(day), p=list(SHARES.values()))
    overdue = pieces[pieces["part"].isin(["planted", "decoy"])]
    barred = (
        buildings.merge(overdue[["estate", "building"]], how="left", indicator=True)["_merge"].eq("both").to_numpy()
    )
    sound = np.flatnonzero((buildings["floors"] >= 11).to_numpy() & ~barred)
    place = np.where(kind == "elevator_fault", dice.choice(sound, len(day)), dice.integers(0, len(buildings), len(day)))
    at = moments(dice, np.datetime64(plan.start) + day, DAYTIME).dt.floor("min")
    where = buildings[["estate", "building", "grid"]].iloc[place].reset_index(drop=True)
    return where.assign(kind=kind, reported_at=at, part="")


def _elevator_faults(plan: Plan, dice: np.random.Generator, pieces: pd.DataFrame) -> pd.DataFrame:
    """Two to four faults in the last weeks: at the planted ones, and at sound elevators as decoys."""
    marked = pieces[pieces["part"].isin(["planted", "late"])]
    sound = pieces[(pieces["kind"] == "elevator") & (pieces["part"] == "")]
    sound = sound[~sound.set_index(["estate", "building"]).index.isin(marked.set_index(["estate", "building"]).index)]
    noisy = sound.loc[dice.choice(sound.index, DECOYS - LATE_BUT_DONE, replace=False)].assign(part="sound")
    where = pd.concat([marked, noisy])[["estate", "building", "grid", "part"]]
    where = where.loc[np.repeat(where.index, dice.integers(2, 5, len(where)))].reset_index(drop=True)
    day = np.datetime64(plan.end) - dice.integers(1, 24, len(where))
    return where.assign(kind="elevator_fault", reported_at=moments(dice, day, DAYTIME).dt.floor("min"))

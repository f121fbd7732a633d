"""What is planted for the warnings to find: surges, payments to the dead, employed pensioners, overdue elevators."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pandas as pd

from demo.equipment import Estate
from demo.lives import EMPLOYERS, Lives
from demo.plan import Plan, next_month

# how many times a normal week, which normal week to look for, first and last day counted back from the end, current
SURGES = [
    (6.0, 1.5, 6, 0, 1),
    (4.5, 2.0, 4, 0, 1),
    (3.5, 2.6, 5, 1, 1),
    (5.0, 1.6, 34, 28, 0),
    (3.0, 2.8, 48, 43, 0),
    (2.5, 3.6, 62, 56, 0),
]
SURGE_KINDS = ["vehicle_theft", "noise", "dispute", "theft", "traffic", "help"]
PAID_AFTER_DEATH, EMPLOYED_PENSIONERS, OVERDUE_WITH_FAULTS = 8, 10, 6
COLUMNS = [
    "event_id",
    "family",
    "current",
    "resident_id",
    "name",
    "grid_code",
    "category",
    "estate",
    "building",
    "equipment_no",
    "window_start",
    "window_end",
    "size",
    "note",
]


@dataclass
class Planted:
    """surges: grid, kind, window_start, window_end, size (events added), factor, weekly. persons: rows to shield."""

    surges: pd.DataFrame
    employed: list[int]
    paid_dead: list[int]


def plant(plan: Plan, rates: pd.DataFrame, lives: Lives) -> Planted:
    """Choose who and where, and change the lives accordingly. A quiet city gets none."""
    if plan.quiet:
        return Planted(pd.DataFrame(columns=["grid", "kind", "window_start", "window_end", "size"]), [], [])
    surges = _surges(plan, rates)
    return Planted(surges, _employ_pensioners(plan, lives), _pay_the_dead(plan, lives))


def _surges(plan: Plan, rates: pd.DataFrame) -> pd.DataFrame:
    """For each surge the stream whose normal week is nearest to the one wanted; no kind or grid twice."""
    rows, free = [], rates.copy()
    for (factor, wanted, first, last, current), kind in zip(SURGES, SURGE_KINDS, strict=True):
        grid = int((free[kind] - wanted * min(1.0, plan.scale)).abs().idxmin())
        weekly = float(rates.loc[grid, kind])
        size = max(5, int(np.ceil((factor - 1) * weekly)))
        start, end = (pd.Timestamp(plan.end - timedelta(days=back)) for back in (first, last))
        rows.append((grid, kind, start, end, size, (weekly + size) / weekly, weekly, current))
        free = free.drop(index=grid)
    return pd.DataFrame(
        rows, columns=["grid", "kind", "window_start", "window_end", "size", "factor", "weekly", "current"]
    )


def _employ_pensioners(plan: Plan, lives: Lives) -> list[int]:
    """Living pensioners without a job on record get an open one: most before the first day, the last few within it."""
    dice, people = plan.dice("employed pensioners"), lives.people
    settled = people["pension_from"] < pd.Timestamp(plan.start)
    fit = people.index[
        settled & people["died_on"].isna() & (people["age"] < 72) & ~people.index.isin(lives.jobs["person"])
    ]
    chosen = dice.choice(fit, size=EMPLOYED_PENSIONERS, replace=False)
    ago = np.where(np.arange(len(chosen)) < 6, dice.integers(60, 700, len(chosen)), -dice.integers(10, 45, len(chosen)))
    hired = pd.Timestamp(plan.start) - pd.to_timedelta(ago, unit="D")
    added = pd.DataFrame(
        {
            "person": chosen,
            "hired_on": hired,
            "left_on": pd.NaT,
            "declared_on": hired + pd.Timedelta(days=2),
            "employer": dice.choice(EMPLOYERS, len(chosen)),
        }
    )
    jobs = pd.concat([lives.jobs, added.astype(lives.jobs.dtypes.to_dict())], ignore_index=True)
    lives.jobs = jobs.sort_values(["declared_on", "person"], ignore_index=True)
    return chosen.tolist()


def _pay_the_dead(plan: Plan, lives: Lives) -> list[int]:
    """People who died in the first two months and are paid to the end; two of them to the month before the last."""
    people, second = lives.people, next_month(next_month(plan.start))
    paid = (people["pension_from"] < pd.Timestamp(plan.start)) | people["benefit"].isin(["old_age", "subsistence"])
    early = people["died_on"] < pd.Timestamp(min(second, plan.end - timedelta(days=60)))
    # newest deaths first, so that the two who are paid a month less are among the oldest
    pensioners = people[early & (people["pension"] > 0)].sort_values("died_on", ascending=False).index
    others = people.index[early & paid & (people["pension"] == 0)]
    wanted = PAID_AFTER_DEATH - min(3, len(others))
    spread = np.linspace(0, len(pensioners) - 1, min(wanted, len(pensioners))).astype(int)
    chosen = [*others[:3], *pensioners[spread]]
    last = pd.Timestamp(plan.end.replace(day=1))
    people.loc[chosen, "paid_until"] = last
    people.loc[chosen[-2:], "paid_until"] = last - pd.DateOffset(months=1)
    return [int(person) for person in chosen]


def event_table(
    plan: Plan, grids: pd.DataFrame, lives: Lives, planted: Planted, paid: pd.DataFrame, estates: Estate
) -> pd.DataFrame:
    """truth/events.csv: one row a planted event. paid: every payment as person, pay_month, paid_on."""
    rows = [
        *_surge_rows(grids, planted),
        *_dead_rows(lives, planted, paid),
        *_employed_rows(lives, planted, paid),
        *_elevator_rows(plan, grids, estates),
    ]
    table = pd.DataFrame(rows, columns=COLUMNS[1:]).fillna("")
    table.insert(0, "event_id", [f"E{n:03d}" for n in range(1, len(table) + 1)])
    return table


def _surge_rows(grids: pd.DataFrame, planted: Planted) -> list[dict]:
    return [
        {
            "family": "incident_surge",
            "current": surge.current,
            "grid_code": grids.loc[surge.grid, "grid_code"],
            "category": surge.kind,
            "window_start": surge.window_start.date(),
            "window_end": surge.window_end.date(),
            "size": surge.size,
            "note": f"平常每周约 {surge.weekly:.1f} 起，另加 {surge.size} 起，约为平常的 {surge.factor:.1f} 倍",
        }
        for surge in planted.surges.itertuples()
    ]


def _dead_rows(lives: Lives, planted: Planted, paid: pd.DataFrame) -> list[dict]:
    rows = []
    for person in planted.paid_dead:
        who = lives.people.loc[person]
        after = paid[(paid["person"] == person) & (paid["pay_month"] > who["died_on"])]
        rows.append(
            {
                "family": "paid_after_death",
                "current": 1,
                "resident_id": who["resident_id"],
                "name": who["name"],
                "window_start": after["pay_month"].min().date(),
                "window_end": after["paid_on"].max().date(),
                "size": len(after),
                "note": f"{who['died_on']:%Y-%m-%d} 死亡，次月起仍发放 {len(after)} 笔",
            }
        )
    return rows


def _employed_rows(lives: Lives, planted: Planted, paid: pd.DataFrame) -> list[dict]:
    rows = []
    for person in planted.employed:
        who, job = lives.people.loc[person], lives.jobs[lives.jobs["person"] == person].iloc[0]
        during = paid[
            (paid["person"] == person) & (paid["paid_on"] >= job["hired_on"]) & (paid["feed"] == "pension_payment")
        ]
        rows.append(
            {
                "family": "pension_while_employed",
                "current": 1,
                "resident_id": who["resident_id"],
                "name": who["name"],
                "window_start": during["paid_on"].min().date(),
                "window_end": during["paid_on"].max().date(),
                "size": len(during),
                "note": f"{job['hired_on']:%Y-%m-%d} 入职{job['employer']}，未离职",
            }
        )
    return rows


def _elevator_rows(plan: Plan, grids: pd.DataFrame, estates: Estate) -> list[dict]:
    rows = []
    for piece in estates.equipment[estates.equipment["part"] == "planted"].itertuples():
        faults = estates.tickets[
            (estates.tickets["part"] == "planted")
            & (estates.tickets["estate"] == piece.estate)
            & (estates.tickets["building"] == piece.building)
        ]
        rows.append(
            {
                "family": "elevator_overdue",
                "current": 1,
                "grid_code": grids.loc[piece.grid, "grid_code"],
                "estate": piece.estate,
                "building": piece.building,
                "equipment_no": piece.equipment_no,
                "window_start": piece.next_due_on.date(),
                "window_end": plan.end,
                "size": len(faults),
                "note": f"应于 {piece.next_due_on:%Y-%m-%d} 前检验，近 30 天电梯故障报修 {len(faults)} 起",
            }
        )
    return rows

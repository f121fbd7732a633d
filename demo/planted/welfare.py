"""Payments that contradict another department: to the dead, to the employed, in custody, on an expired certificate."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd

from demo.life.care import Care
from demo.life.lives import KINDS, NEVER, Lives
from demo.life.payments import paid_to
from demo.plan import Plan, next_month
from demo.planted.event import Event

PAID_AFTER_DEATH, EMPLOYED_PENSIONERS, IN_CUSTODY, EXPIRED = 8, 10, 3, 4


def plant_welfare(plan: Plan, lives: Lives, care: Care, events: list[Event]) -> np.ndarray:
    """Change lives and lists accordingly and add the events. Returns the persons whose rows noise leaves alone."""
    employed = _employ_pensioners(plan, lives)
    dead = _pay_the_dead(plan, lives)
    held = _pay_in_custody(plan, lives, care)
    expired = _let_certificates_expire(plan, lives, care)
    paid = paid_to(plan, lives, [*employed, *dead, *held, *expired])
    for told in (_dead_rows(lives, dead, paid), _employed_rows(lives, employed, paid),
                 _custody_rows(lives, care, held, paid), _expired_rows(lives, care, expired, paid)):  # fmt: skip
        events += told
    return np.array([*employed, *dead, *held, *expired])


def _employ_pensioners(plan: Plan, lives: Lives) -> list[int]:
    """Living pensioners without a job on record get an open one: most before the first day, the last few within it."""
    dice, frame = plan.dice("employed pensioners"), lives.frame
    settled = (frame["pension_from"] < np.datetime64(plan.start)) & frame["died_on"].isna() & (frame["age"] < 72)
    fit = np.setdiff1d(np.flatnonzero(settled), lives.jobs["person"])
    size = EMPLOYED_PENSIONERS * plan.copies
    chosen = dice.choice(fit, size=size, replace=False)
    ago = np.where(np.arange(size) < size * 0.6, dice.integers(60, 700, size), -dice.integers(10, 45, size))
    hired = (np.datetime64(plan.start, "D") - ago).astype("datetime64[s]")
    added = pd.DataFrame({"person": chosen, "hired_on": hired, "left_on": np.full(size, NEVER),
                          "declared_on": hired + np.timedelta64(2, "D"),
                          "employer": dice.integers(0, 24, size).astype(np.int32)})  # fmt: skip
    jobs = pd.concat([lives.jobs, added], ignore_index=True)
    lives.jobs = jobs.sort_values(["declared_on", "person"], ignore_index=True)
    return chosen.tolist()


def _pay_the_dead(plan: Plan, lives: Lives) -> list[int]:
    """People who died in the first two months and are paid to the end; the last two to the month before the last."""
    frame, second = lives.frame, next_month(next_month(plan.start))
    early = frame["died_on"] < pd.Timestamp(min(second, plan.end - timedelta(days=60)))
    steady = frame["benefit"].isin([KINDS.index("old_age"), KINDS.index("subsistence")])
    # newest deaths first, so that those who are paid a month less are among the oldest
    drawing = early & (frame["pension"] > 0) & (frame["pension_from"] < pd.Timestamp(plan.start))
    pensioners = frame[drawing].sort_values("died_on", ascending=False).index.to_numpy()
    others = np.flatnonzero(early & steady & (frame["pension"] == 0))[: 3 * plan.copies]
    wanted = min(PAID_AFTER_DEATH * plan.copies - len(others), len(pensioners))
    spread = np.linspace(0, len(pensioners) - 1, wanted).astype(int)
    chosen = [int(person) for person in (*others, *pensioners[spread])]
    last = np.datetime64(plan.end, "M")
    until = frame["paid_until"].to_numpy().copy()
    until[chosen] = last.astype("datetime64[s]")
    until[chosen[-2:]] = (last - 1).astype("datetime64[s]")
    frame["paid_until"] = until
    return chosen


def _pay_in_custody(plan: Plan, lives: Lives, care: Care) -> list[int]:
    """People on subsistence allowance who are taken into custody and go on drawing it."""
    dice, frame = plan.dice("paid in custody"), lives.frame
    poor = (frame["benefit"] == KINDS.index("subsistence")) & frame["age"].between(19, 58) & frame["died_on"].isna()
    fit = np.setdiff1d(np.flatnonzero(poor), care.custody["person"])
    chosen = dice.choice(fit, size=min(IN_CUSTODY * plan.copies, len(fit)), replace=False)
    began = np.datetime64(plan.end, "D") - dice.integers(75, 88, len(chosen))
    added = pd.DataFrame({"person": chosen, "measure": dice.choice(["criminal", "sentence"], len(chosen)),
                          "began_on": began.astype("datetime64[s]"), "ended_on": np.full(len(chosen), NEVER)})  # fmt: skip
    custody = pd.concat([care.custody, added], ignore_index=True)
    care.custody = custody.sort_values(["began_on", "person"], ignore_index=True)
    return chosen.tolist()


def _let_certificates_expire(plan: Plan, lives: Lives, care: Care) -> list[int]:
    """People who draw the disability allowance although their certificate has expired."""
    dice, papers = plan.dice("expired certificates"), care.certificates
    drawing = (lives.frame["benefit"] == KINDS.index("disability")) & lives.frame["died_on"].isna()
    fit = papers.index[drawing.to_numpy()[papers["person"]] & papers["expires_on"].notna()]
    rows = dice.choice(fit, size=min(EXPIRED * plan.copies, len(fit) // 2), replace=False)
    expires = np.datetime64(plan.end, "D") - dice.integers(65, 88, len(rows))
    papers.loc[rows, "expires_on"] = expires.astype("datetime64[s]")
    papers.loc[rows, "issued_on"] = (expires - 3652).astype("datetime64[s]")
    return papers.loc[rows, "person"].tolist()


def person_told(lives: Lives, person: int) -> dict[str, Any]:
    who = np.array([person])
    return {"resident_id": lives.people.ids(who)[0].as_py(), "name": lives.people.names(who)[0].as_py(), "current": 1}


def _day(moment: Any) -> str:
    return f"{moment:%Y-%m-%d}"


def _dead_rows(lives: Lives, dead: list[int], paid: pd.DataFrame) -> list[Event]:
    events = []
    for person in dead:
        died = lives.frame.at[person, "died_on"]
        after = paid[(paid["person"] == person) & (paid["pay_month"] > died)]
        events.append(Event("paid_after_death", {
            **person_told(lives, person), "window_start": _day(after["pay_month"].min()),
            "window_end": _day(after["paid_on"].max()), "size": len(after),
            "note": f"{_day(died)} 死亡，次月起仍发放 {len(after)} 笔"}))  # fmt: skip
    return events


def _employed_rows(lives: Lives, employed: list[int], paid: pd.DataFrame) -> list[Event]:
    events, jobs = [], lives.jobs[lives.jobs["person"].isin(employed)].set_index("person")
    for person in employed:
        job = jobs.loc[person]
        own = paid[(paid["person"] == person) & (paid["feed"] == "pension_payment")]
        during = own[own["paid_on"] >= job["hired_on"]]
        events.append(Event("pension_while_employed", {
            **person_told(lives, person), "window_start": _day(during["paid_on"].min()),
            "window_end": _day(during["paid_on"].max()), "size": len(during),
            "note": f"{_day(job['hired_on'])} 入职{lives.employers[job['employer']]}，未离职"}))  # fmt: skip
    return events


def _custody_rows(lives: Lives, care: Care, held: list[int], paid: pd.DataFrame) -> list[Event]:
    events, custody = [], care.custody.set_index("person")
    for person in held:
        began = custody.at[person, "began_on"]
        own = paid[(paid["person"] == person) & (paid["feed"] == "benefit_payment")]
        during = own[own["pay_month"] > began]
        events.append(Event("benefit_in_custody", {
            **person_told(lives, person), "window_start": _day(during["pay_month"].min()),
            "window_end": _day(during["paid_on"].max()), "size": len(during),
            "note": f"{_day(began)} 起羁押，次月起仍发放低保 {len(during)} 笔"}))  # fmt: skip
    return events


def _expired_rows(lives: Lives, care: Care, expired: list[int], paid: pd.DataFrame) -> list[Event]:
    events, papers = [], care.certificates.set_index("person")
    for person in expired:
        ended = papers.at[person, "expires_on"]
        own = paid[(paid["person"] == person) & (paid["feed"] == "benefit_payment")]
        after = own[own["pay_month"] > ended]
        events.append(Event("benefit_certificate_expired", {
            **person_told(lives, person), "window_start": _day(after["pay_month"].min()),
            "window_end": _day(after["paid_on"].max()), "size": len(after),
            "note": f"残疾人证 {_day(ended)} 到期未换领，次月起仍发放残疾人补贴 {len(after)} 笔"}))  # fmt: skip
    return events

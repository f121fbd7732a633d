"""Who is on two lists that exclude each other, on the wrong one, or on none: benefits against age, income, the register and certificates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from demo.life.care import Care
from demo.life.lives import ENDLESS, KINDS, Lives
from demo.life.payments import pay_runs
from demo.plan import Plan
from demo.planted.event import Event
from demo.planted.welfare import person_told

EXCLUSIVE, TOO_YOUNG, TOO_MUCH, PENSIONED, EARNING = 5, 4, 3, 4, 3
FORGOTTEN, DUE, LEFT_OUT = 4, 4, 5
NEAR_MISSES = 3  # of each sort of those who look alike and are in order
PENSION_LIMIT, BASE_LIMIT = 1_500, 5_500  # a month
REGISTER_GRACE, SOON, ENROL_GRACE = 30, 30, 62  # days
TURNING = (60, 80, 90)


@dataclass(frozen=True)
class Pool:
    """Takes people out of a crowd, nobody twice."""

    plan: Plan
    lives: Lives
    taken: set[int]

    def take(self, part: str, fit: np.ndarray, count: int) -> list[int]:
        """count people a copy of the city, or as many as fit (a mask) leaves. Only residents who live and stay."""
        stays = self.lives.people.rooted & self.lives.frame["died_on"].isna().to_numpy()
        free = np.setdiff1d(np.flatnonzero(fit & stays), list(self.taken))
        chosen = self.plan.dice(part).choice(free, min(count * self.plan.copies, len(free)), replace=False).tolist()
        self.taken.update(chosen)
        return chosen


def plant_entitlements(
    plan: Plan, lives: Lives, care: Care, shielded: np.ndarray, bases: np.ndarray, register_day: np.datetime64,
) -> tuple[list[Event], np.ndarray, np.ndarray]:  # fmt: skip
    """Changes lives and lists. bases: (persons,) what each pays contributions on, 0 who has no job.

    register_day: of the last household register. Returns events, persons whose rows noise leaves alone, and the dead whom
    the register keeps.
    """
    pool = Pool(plan, lives, set(shielded.tolist()))
    kept = _keep_the_dead(plan, lives, pool, register_day)
    paid = {
        "benefit_exclusive": (_pay_two(plan, lives, pool), "特困供养与低保同月发放"),
        "benefit_tier_age": (_pay_wrong_age(plan, lives, pool), "高龄津贴档次高于年龄"),
        "benefit_over_limit": (_pay_the_earning(plan, lives, pool, bases), "领取低保,养老金或缴费基数高于限额"),
    }
    _leave_out(plan, lives, pool)
    _let_fall_due(plan, care, lives, pool)
    register_early(plan, lives, care, pool.take("registered early", turning_soon(plan, lives) == 60, NEAR_MISSES))
    events = [event for family, (persons, note) in paid.items() for event in _paid(plan, lives, family, persons, note)]
    return events, np.array(sorted(pool.taken - set(shielded.tolist()))), kept


def register_early(plan: Plan, lives: Lives, care: Care, persons: Sequence[int]) -> None:
    """These are on the register of old people since some weeks ago."""
    day = np.datetime64(plan.end, "s") - np.timedelta64(45 * 86_400, "s")
    more = pd.DataFrame({
        "person": np.array(persons, int), "living": np.int8(2), "level": np.int8(0), "registered_on": day,
        "contact": lives.people.callers[: len(persons)], "device": 0,
    })  # fmt: skip
    care.elders = pd.concat([care.elders, more], ignore_index=True)
    care.elders = care.elders.sort_values("registered_on", kind="stable", ignore_index=True)


def keep_up(plan: Plan, lives: Lives, care: Care) -> None:
    """Where nothing is planted, whoever turns sixty is registered before, and no certificate is about to run out."""
    listed = np.isin(np.arange(len(lives.frame)), care.elders["person"])
    register_early(plan, lives, care, np.flatnonzero((turning_soon(plan, lives) > 0) & ~listed).tolist())
    papers, today = care.certificates, pd.Timestamp(plan.end) + pd.Timedelta(days=1)
    due = papers["expires_on"].between(today, today + pd.Timedelta(days=SOON))
    papers.loc[due, "expires_on"] += pd.Timedelta(days=400)


def turning_soon(plan: Plan, lives: Lives) -> np.ndarray:
    """(persons,) the age that each turns within the next thirty days, 0 who turns none of the three."""
    born = pd.DatetimeIndex(lives.frame["birth"])
    today, ages = np.datetime64(plan.end, "D") + 1, np.zeros(len(born), int)
    for years in TURNING:
        day = _birthday(born, years)
        ages[(day >= today) & (day < today + SOON)] = years
    return ages


def _birthday(born: pd.DatetimeIndex, years: int) -> np.ndarray:
    """(persons,) datetime64[D]; who is born on a leap day has it on the last day of February otherwise."""
    month = born.to_numpy().astype("datetime64[M]") + 12 * years
    last = ((month + 1).astype("datetime64[D]") - month.astype("datetime64[D]")).astype(int)
    return month.astype("datetime64[D]") + np.minimum(born.day.to_numpy(), last) - 1


def told_of_lists(plan: Plan, lives: Lives, care: Care, kept: np.ndarray, register_day: np.datetime64) -> list[Event]:
    """Who ought to be told, or struck off, by the city's own books: planted or not."""
    frame, today = lives.frame, np.datetime64(plan.end, "D") + 1
    told = frame["death_told_on"].to_numpy().astype("datetime64[D]")
    events = [_event(plan, lives, "cremated_still_registered", person, told[person], register_day, "死亡登记后户籍未注销")
              for person in kept if told[person] + REGISTER_GRACE <= register_day]  # fmt: skip
    here = (
        (lives.people.dwellings(np.arange(len(frame)), register_day) >= 0) & lives.alive(register_day) & np.isnat(told)
    )
    listed, ages = np.isin(np.arange(len(frame)), care.elders["person"]), turning_soon(plan, lives)
    events += [_event(plan, lives, "age_reached", person, today, today + SOON, f"30天内满{ages[person]}周岁,未登记")
               for person in np.flatnonzero(here & ~listed & (ages > 0))]  # fmt: skip
    papers = care.certificates
    expires = papers["expires_on"].to_numpy().astype("datetime64[D]")
    due = (expires >= today) & (expires <= today + SOON) & ~papers["withdrawn"].to_numpy() & papers["renewed_on"].isna()
    events += [_event(plan, lives, "certificate_due", person, today, today + SOON, "残疾人证30天内到期")
               for person in papers.loc[due, "person"] if np.isnat(told[person])]  # fmt: skip
    drawing = {person for run in list(pay_runs(plan, lives, "benefit_payment"))[-3:]
               for person in run.persons[run.kinds == KINDS.index("old_age")]}  # fmt: skip
    old = _birthday(pd.DatetimeIndex(frame["birth"]), 80) <= today - ENROL_GRACE
    events += [_event(plan, lives, "entitled_not_enrolled", person, today, today, "已满80周岁,未领高龄津贴")
               for person in np.flatnonzero(here & old) if person not in drawing]  # fmt: skip
    return events


def _keep_the_dead(plan: Plan, lives: Lives, pool: Pool, register_day: np.datetime64) -> np.ndarray:
    """Dead whom the register forgets to strike off; and some it may still hold, since their death was told a little before."""
    frame = lives.frame
    told = frame["death_told_on"].to_numpy().astype("datetime64[D]")
    free = np.setdiff1d(np.flatnonzero(told < register_day), list(pool.taken))
    long_ago = free[told[free] + REGISTER_GRACE <= register_day]
    dice = plan.dice("kept on the register")
    chosen = [
        dice.choice(some, min(count * plan.copies, len(some)), replace=False)
        for some, count in ((long_ago, FORGOTTEN), (np.setdiff1d(free, long_ago), NEAR_MISSES))
    ]
    kept = np.concatenate(chosen)
    pool.taken.update(kept.tolist())
    return np.union1d(kept, np.flatnonzero(frame["paid_until"].notna()))


def _pay_two(plan: Plan, lives: Lives, pool: Pool) -> list[int]:
    """On support for the destitute and, for the last two months, on subsistence. In order: relief beside subsistence; who changes over."""
    plain = _plain(lives)
    both = pool.take("two programmes", plain & _on(lives, "destitute"), EXCLUSIVE)
    beside = pool.take("relief beside", _on(lives, "subsistence"), NEAR_MISSES)
    changed = pool.take("changed over", plain & _on(lives, None), NEAR_MISSES)
    last = np.datetime64(plan.end, "M")
    _pay(lives, both, "subsistence", 912, last - 1)
    _pay(lives, beside, "relief", 1000, last - 1)
    _pay(lives, changed, "subsistence", 768, last - 12, last - 2)
    _pay(lives, changed, "destitute", 1580, last - 1)
    return both


def _pay_wrong_age(plan: Plan, lives: Lives, pool: Pool) -> list[int]:
    """The old-age allowance before eighty, or one of its higher amounts."""
    age = lives.frame["age"].to_numpy()
    young = pool.take("allowance too young", _on(lives, None) & (age >= 66) & (age <= 77), TOO_YOUNG)
    _pay(lives, young, "old_age", 100, np.datetime64(plan.end, "M") - 2)
    second = lives.second
    natural = np.isin(np.arange(len(age)), second.loc[second["kind"] == KINDS.index("old_age"), "person"])
    high = pool.take("allowance too high", natural & (age >= 81) & (age <= 87), TOO_MUCH)
    second.loc[second["person"].isin(high) & (second["amount"] == 0), "amount"] = 300.0
    return young + high


def _pay_the_earning(plan: Plan, lives: Lives, pool: Pool, bases: np.ndarray) -> list[int]:
    """Subsistence beside a pension or a wage above the limit. In order: below it, and after the job was left."""
    frame, free, last = lives.frame, _on(lives, None), np.datetime64(plan.end, "M")
    pension, since = frame["pension"].to_numpy(), frame["pension_from"].to_numpy()
    drawn = free & (since < np.datetime64(plan.start)) & (frame["age"] < 78).to_numpy()
    jobs = lives.jobs
    open_since = jobs[jobs["left_on"].isna() & (jobs["hired_on"] < pd.Timestamp(plan.end) - pd.Timedelta(days=120))]
    works = free & (pension == 0) & np.isin(np.arange(len(frame)), open_since["person"])
    left = jobs[jobs["left_on"] < pd.Timestamp(plan.end) - pd.Timedelta(days=150)]
    over = [
        *pool.take("pension over the limit", drawn & (pension > PENSION_LIMIT * 1.1), PENSIONED),
        *pool.take("wage over the limit", works & (bases > BASE_LIMIT * 1.1), EARNING),
    ]
    below = [
        *pool.take("pension below the limit", drawn & (pension > 0) & (pension < PENSION_LIMIT * 0.95), NEAR_MISSES),
        *pool.take("wage below the limit", works & (bases > 0) & (bases < BASE_LIMIT * 0.95), NEAR_MISSES),
        *pool.take("job left", free & (pension == 0) & np.isin(np.arange(len(frame)), left["person"]), NEAR_MISSES),
    ]
    _pay(lives, over + below, "subsistence", 768, last - 1)
    return over


def _leave_out(plan: Plan, lives: Lives, pool: Pool) -> None:
    """Over eighty and not paid; and some who have just turned eighty, who have time yet."""
    today, second = np.datetime64(plan.end, "D") + 1, lives.second
    turned = _birthday(pd.DatetimeIndex(lives.frame["birth"]), 80)
    natural = np.isin(np.arange(len(turned)), second.loc[(second["amount"] == 0), "person"])
    out = [
        *pool.take("left out", natural & (turned <= today - ENROL_GRACE), LEFT_OUT),
        *pool.take("not yet paid", natural & (turned > today - ENROL_GRACE), NEAR_MISSES),
    ]
    lives.second = second[~second["person"].isin(out)].reset_index(drop=True)


def _let_fall_due(plan: Plan, care: Care, lives: Lives, pool: Pool) -> None:
    """Certificates that expire within thirty days; and some that do a little later."""
    papers, end = care.certificates, np.datetime64(plan.end, "D")
    good = papers["expires_on"].notna() & papers["renewed_on"].isna() & ~papers["withdrawn"]
    holders = papers.loc[good & (papers["expires_on"] > end + SOON + 10), "person"]
    for part, count, days in (("due soon", DUE, (2, SOON)), ("due later", NEAR_MISSES, (SOON + 5, SOON + 60))):
        chosen = pool.take(part, np.isin(np.arange(len(lives.frame)), holders), count)
        rows = papers.index[papers["person"].isin(chosen)]
        expires = end + plan.dice(part).integers(*days, len(rows))
        papers.loc[rows, "expires_on"] = expires.astype("datetime64[s]")
        papers.loc[rows, "issued_on"] = (expires - 3652).astype("datetime64[s]")


def _on(lives: Lives, kind: str | None) -> np.ndarray:
    """(persons,) who draws this benefit and no other; None: none at all."""
    alone = ~np.isin(np.arange(len(lives.frame)), lives.second["person"])
    return alone & (lives.frame["benefit"].to_numpy() == (-1 if kind is None else KINDS.index(kind)))


def _plain(lives: Lives) -> np.ndarray:
    """(persons,) grown-up, without pension and without any job on record."""
    frame = lives.frame
    jobless = ~np.isin(np.arange(len(frame)), lives.jobs["person"])
    return jobless & (frame["pension"] == 0).to_numpy() & frame["age"].between(18, 78).to_numpy()


def _pay(
    lives: Lives, persons: list[int], kind: str, amount: float, since: np.datetime64, until: np.datetime64 = ENDLESS
) -> None:
    more = pd.DataFrame({
        "person": np.array(persons, int), "kind": KINDS.index(kind), "amount": float(amount),
        "since": since.astype("datetime64[s]"), "until": until.astype("datetime64[s]"),
    })  # fmt: skip
    lives.second = pd.concat([lives.second, more], ignore_index=True)


def _paid(plan: Plan, lives: Lives, family: str, persons: list[int], note: str) -> list[Event]:
    """size: the benefit payments to the person, of whichever kind."""
    runs = list(pay_runs(plan, lives, "benefit_payment"))
    events = []
    for person in persons:
        months = [run.paid_on for run in runs for _ in range(int((run.persons == person).sum()))]
        events.append(_event(plan, lives, family, person, min(months), max(months), note, len(months)))
    return events


def _event(
    plan: Plan, lives: Lives, family: str, person: int | np.integer, start: Any, end: Any, note: str, size: int = 1
) -> Event:  # fmt: skip
    return Event(family, {**person_told(lives, int(person)), "window_start": str(start)[:10], "window_end": str(end)[:10],
                          "size": size, "note": note})  # fmt: skip

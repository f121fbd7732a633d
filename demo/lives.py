"""What happens to people: who draws a pension or a benefit, who works where, and who dies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from demo.plan import Plan

BENEFITS = {"old_age": 450, "subsistence": 230, "disability": 160, "destitute": 35, "relief": 25}  # at 20,000 residents
PENSIONERS = 3_500
RECORDS = 6_000
EMPLOYERS = [
    "东湖机械厂",
    "南桥纺织有限公司",
    "西塘食品厂",
    "北港物流有限公司",
    "湖滨百货",
    "望湖酒店",
    "柳堤装饰工程公司",
    "钟楼药房",
    "桂花印染厂",
    "石板五金厂",
    "文昌书店",
    "荷花电子有限公司",
    "米市粮油公司",
    "塘湾水产合作社",
    "港口装卸公司",
    "渔港冷链公司",
    "盐仓建材厂",
    "新港船舶修造厂",
    "东湖公交公司",
    "东湖自来水公司",
    "东湖环境服务公司",
    "南桥第一小学",
    "西塘卫生院",
    "北港热电厂",
]


@dataclass
class Lives:
    """people: the residents plus pension (monthly, 0 none), pension_from, benefit kind and benefit_amount, died_on,
    registered_on, paid_until (NaT: until the death month). jobs: person, employer, hired_on, left_on, declared_on."""

    people: pd.DataFrame
    jobs: pd.DataFrame


def live(plan: Plan, people: pd.DataFrame) -> Lives:
    """A city in which every rule is kept: no pensioner holds an open job, nobody is paid after the death month."""
    dice = plan.dice("lives")
    people = people.copy()
    _retire(plan, dice, people)
    _support(plan, dice, people)
    _die(plan, dice, people)
    people["paid_until"] = pd.NaT
    return Lives(people, _work(plan, dice, people))


def retirement_age(people: pd.DataFrame) -> np.ndarray:
    return np.where(people["sex"] == "男", 60, 55)


def _retire(plan: Plan, dice: np.random.Generator, people: pd.DataFrame) -> None:
    """About 4 in 5 people of age draw a pension; a few draw their first one within the days we cover."""
    of_age = np.flatnonzero(people["age"] > retirement_age(people))
    drawn = dice.choice(of_age, size=min(plan.count(PENSIONERS), int(len(of_age) * 0.9)), replace=False)
    people["pension"] = 0.0
    people.loc[drawn, "pension"] = np.round(np.clip(dice.gamma(5, 620, len(drawn)), 1200, 9800), 1)
    people["pension_from"] = pd.NaT
    people.loc[drawn, "pension_from"] = pd.Timestamp(plan.start.replace(day=1)) - pd.DateOffset(years=1)
    late = dice.choice(drawn, size=max(1, len(drawn) // 150), replace=False)
    months = plan.months()
    people.loc[late, "pension_from"] = [pd.Timestamp(months[i]) for i in dice.integers(1, len(months), len(late))]


def _support(plan: Plan, dice: np.random.Generator, people: pd.DataFrame) -> None:
    """One programme a person at most, so that none that exclude each other meet."""
    people["benefit"], people["benefit_amount"] = "", 0.0
    amounts = {"old_age": [100, 200, 300], "subsistence": [768, 912, 1086], "disability": [356, 498],
               "destitute": [1580, 1710], "relief": [1000, 1500, 3000]}  # fmt: skip
    for kind, count in BENEFITS.items():
        fit = (people["age"] >= 80) if kind == "old_age" else (people["age"] >= 18)
        free = np.flatnonzero(fit & (people["benefit"] == ""))
        drawn = dice.choice(free, size=min(plan.count(count), len(free)), replace=False)
        people.loc[drawn, "benefit"] = kind
        people.loc[drawn, "benefit_amount"] = dice.choice(amounts[kind], len(drawn)).astype(float)


def _die(plan: Plan, dice: np.random.Generator, people: pd.DataFrame) -> None:
    """Deaths from a week before the first day, registered within twelve days; the old die more often."""
    people["died_on"], people["registered_on"] = pd.NaT, pd.NaT
    risk = np.exp(people["age"].to_numpy() / 9.0)
    count = plan.count(0.15 * (plan.days + 7) * 4)
    gone = dice.choice(len(people), size=count, replace=False, p=risk / risk.sum())
    died = np.datetime64(plan.start) - 7 + dice.integers(0, plan.days + 7, count)
    registered = died + dice.integers(1, 13, count)
    counted = (registered >= np.datetime64(plan.start)) & (registered <= np.datetime64(plan.end))
    people.loc[gone[counted], "died_on"] = pd.to_datetime(died[counted])
    people.loc[gone[counted], "registered_on"] = pd.to_datetime(registered[counted])


def _work(plan: Plan, dice: np.random.Generator, people: pd.DataFrame) -> pd.DataFrame:
    """Open and closed jobs before the first day, hires and leavers since, and the closed last jobs of pensioners."""
    working = np.flatnonzero(
        (people["age"] >= 18) & (people["age"] < retirement_age(people)) & (people["pension"] == 0)
    )
    size = min(plan.count(RECORDS), int(len(working) * 0.9))
    chosen = dice.choice(working, size=size, replace=False)
    start, length = np.datetime64(plan.start), plan.days
    fresh = np.arange(size) < size * length // 1500
    # nobody is hired before the eighteenth birthday
    grown = people["birth"].to_numpy()[chosen].astype("datetime64[D]") + 18 * 366
    hired = np.maximum(start - dice.integers(10, 3600, size), np.minimum(grown, start - 5))
    hired = np.where(fresh, start + dice.integers(0, length - 3, size), hired)
    left = np.full(size, np.datetime64("NaT"), dtype="datetime64[D]")
    leaves = ~fresh & (dice.random(size) < 0.0005 * length)
    left[leaves] = (start + dice.integers(0, length, size))[leaves]
    past = ~fresh & ~leaves & (dice.random(size) < 0.06)
    left[past] = (hired + ((start - hired).astype(int) * dice.random(size)).astype(int))[past]
    jobs = pd.DataFrame({"person": chosen, "hired_on": hired, "left_on": left})
    jobs = pd.concat([jobs, _last_jobs(dice, people)], ignore_index=True)
    jobs["declared_on"] = jobs["hired_on"] + pd.to_timedelta(dice.integers(0, 4, len(jobs)), unit="D")
    jobs["employer"] = dice.choice(EMPLOYERS, size=len(jobs))
    return jobs.sort_values(["declared_on", "person"], ignore_index=True)


def _last_jobs(dice: np.random.Generator, people: pd.DataFrame) -> pd.DataFrame:
    """Some pensioners' last jobs, left before the first pension: they look like offenders to a careless join."""
    pensioners = people[people["pension"] > 0]
    new = pensioners["pension_from"] > pensioners["pension_from"].min()
    chosen = pensioners[new | (dice.random(len(pensioners)) < 0.08)]
    left = chosen["pension_from"] - pd.to_timedelta(dice.integers(1, 20, len(chosen)), unit="D")
    hired = left - pd.to_timedelta(dice.integers(400, 5000, len(chosen)), unit="D")
    return pd.DataFrame({"person": chosen.index, "hired_on": hired, "left_on": left})

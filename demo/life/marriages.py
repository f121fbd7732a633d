"""Marriages between people who head a household alone, divorces of couples, and papers issued again."""

from __future__ import annotations

import numpy as np
import pandas as pd

from demo.clock import Rhythm, days_between, hours_around
from demo.life.lives import Lives
from demo.plan import Plan

A_YEAR = {"marriage": 3.4, "divorce": 1.9, "reissue": 1.2}  # of 1,000 residents
OFFICE = Rhythm(hours_around((10, 2, 1.0), (15, 1.5, 0.7), floor=0.0), off=0.15, holiday=0.05, swing=0.12, peak=5.5)


def marriages(plan: Plan, lives: Lives) -> pd.DataFrame:
    """kind, man, woman (persons), registered_on, in order of days. Nobody appears twice."""
    dice, frame, rooted = (
        plan.dice("marriages"),
        lives.frame,
        lives.people.rooted & lives.frame["died_on"].isna().to_numpy(),
    )
    men, women = _single(dice, frame, rooted)
    husbands, wives = _couples(dice, frame, rooted)
    wanted = {kind: round(rate * plan.residents / 1000 * plan.days / 365) for kind, rate in A_YEAR.items()}
    new = min(wanted["marriage"], len(men), len(women))
    apart, again = wanted["divorce"], wanted["reissue"]
    kinds = ["marriage"] * new + ["divorce"] * apart + ["reissue"] * again
    table = pd.DataFrame({
        "kind": kinds,
        "man": np.concatenate([men[:new], husbands[: apart + again]]),
        "woman": np.concatenate([women[:new], wives[: apart + again]]),
    })  # fmt: skip
    days = days_between(plan.start, plan.end)
    chance = OFFICE.factors(days) * np.array([6.0 if (day.month, day.day) == (5, 20) else 1.0 for day in days])
    day = dice.choice(plan.days, size=len(table), p=chance / chance.sum())
    table["registered_on"] = (np.datetime64(plan.start) + day).astype("datetime64[s]")
    return table.sort_values(["registered_on", "man"], ignore_index=True)


def _single(dice: np.random.Generator, frame: pd.DataFrame, rooted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Grown children at home, and people under forty who live alone, each sex by age so that couples fit."""
    size = np.bincount(frame["household"].to_numpy())[frame["household"].to_numpy()]
    free = (frame["place"].to_numpy() >= 2) | (size == 1)
    able = rooted & free & frame["age"].between(23, 39).to_numpy()
    sides = []
    for male in (True, False):
        fit = dice.permutation(np.flatnonzero(able & (frame["male"].to_numpy() == male)))
        sides.append(fit)
    return sides[0], sides[1]


def _couples(dice: np.random.Generator, frame: pd.DataFrame, rooted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Heads and their wives or husbands, who stand next to each other."""
    place, male, age = (frame[name].to_numpy() for name in ("place", "male", "age"))
    heads = np.flatnonzero((place[:-1] == 0) & (place[1:] == 1) & rooted[:-1] & rooted[1:] & (age[:-1] < 70))
    heads = dice.permutation(heads)
    return np.where(male[heads], heads, heads + 1), np.where(male[heads], heads + 1, heads)

"""Those whom the city looks after or holds: old people on the register, disability certificates, custody."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from demo.life.lives import KINDS, NEVER, Lives
from demo.plan import Plan

ELDERS, MOST_ELDERS = 800, 40_000  # on the register at 20,000 residents, and the most that a spreadsheet carries
DEVICES, MOST_DEVICES = 8, 1_000
LIVING = ["alone", "couple", "family", "institution"]
OTHER_CERTIFICATES, CUSTODY = 260, 24
MEASURES = ["administrative", "criminal", "sentence", "community_correction"]
LONGEST = {"administrative": 15, "criminal": 210, "sentence": 1500, "community_correction": 500}


@dataclass
class Care:
    """elders: person, living (place in LIVING), level (0 able to 3 severe), device (number, 0 none), registered_on,
    contact (a person). certificates: person, kind (0 to 6), grade (0 to 3), issued_on, expires_on (NaT: never),
    renewed_on (NaT: not within the days), withdrawn. custody: person, measure, began_on, ended_on (NaT: not ended)."""

    elders: pd.DataFrame
    certificates: pd.DataFrame
    custody: pd.DataFrame


def look_after(plan: Plan, lives: Lives) -> Care:
    """Lists on which every rule is kept: no benefit in custody, none on an expired certificate."""
    return Care(_elders(plan, lives), _certificates(plan, lives), _custody(plan, lives))


def _elders(plan: Plan, lives: Lives) -> pd.DataFrame:
    """The register of people over sixty, of those who live alone first; some of these have a door sensor."""
    dice, frame, people = plan.dice("elders"), lives.frame, lives.people
    household, old = frame["household"].to_numpy(), frame["age"].to_numpy() >= 63
    size, olds = np.bincount(household)[household], np.bincount(household, weights=old)[household]
    living = np.select([size == 1, olds == size], [0, 1], 2)
    stays = people.rooted & np.isnat(people.homes.moved_on)[household] & np.isnat(frame["died_on"].to_numpy())
    fit = np.flatnonzero(old & stays)
    weight = np.array([1.0, 0.85, 0.7])[living[fit]] * dice.random(len(fit))
    chosen = fit[np.argsort(-weight)][: min(plan.count(ELDERS), MOST_ELDERS, len(fit))]
    ago = np.where(dice.random(len(chosen)) < 0.06, -dice.integers(0, plan.days, len(chosen)),
                   dice.integers(20, 900, len(chosen)))  # fmt: skip
    elders = pd.DataFrame({
        "person": chosen,
        "living": np.where(dice.random(len(chosen)) < 0.02, 3, living[chosen]).astype(np.int8),
        "level": dice.choice(4, len(chosen), p=[0.72, 0.16, 0.08, 0.04]).astype(np.int8),
        "registered_on": (np.datetime64(plan.start, "D") - ago).astype("datetime64[s]"),
        "contact": dice.choice(people.callers, len(chosen)),
    })  # fmt: skip
    elders = elders.sort_values(["registered_on", "person"], ignore_index=True)
    able = np.flatnonzero((elders["living"] == 0) & (elders["registered_on"] < np.datetime64(plan.start)))
    elders["device"] = 0
    fitted = np.sort(able[: min(max(6, plan.count(DEVICES)), MOST_DEVICES)])
    elders.loc[fitted, "device"] = np.arange(1, len(fitted) + 1)
    return elders


def _certificates(plan: Plan, lives: Lives) -> pd.DataFrame:
    """All who draw the disability allowance hold a valid one; of the others some let it expire, some renew it."""
    dice, frame, start = plan.dice("certificates"), lives.frame, np.datetime64(plan.start, "D")
    paid = np.flatnonzero(frame["benefit"].to_numpy() == KINDS.index("disability"))
    free = np.flatnonzero(lives.people.rooted & (frame["benefit"].to_numpy() < 0) & frame["age"].between(6, 90))
    others = dice.choice(free, size=min(plan.count(OTHER_CERTIFICATES), len(free)), replace=False)
    holders = np.concatenate([paid, others])
    drawing, size = np.arange(len(holders)) < len(paid), len(holders)
    left = np.where(drawing, plan.days + dice.integers(40, 3000, size), dice.integers(-200, 3000, size))
    expires = start + left
    born = frame["birth"].to_numpy()[holders].astype("datetime64[D]")
    issued = np.maximum(expires - 3652, np.minimum(born + 900, expires - 400))
    endless = dice.random(size) < 0.12
    renewed = ~drawing & (left > 0) & (left < plan.days) & (dice.random(size) < 0.6)
    again = np.where(renewed, expires - dice.integers(0, 20, size), np.datetime64("NaT", "D"))
    again = np.where(again >= start, again, np.datetime64("NaT", "D"))
    table = pd.DataFrame({
        "person": holders, "kind": dice.choice(7, size, p=[0.14, 0.12, 0.03, 0.44, 0.1, 0.12, 0.05]).astype(np.int8),
        "grade": dice.choice(4, size, p=[0.15, 0.3, 0.3, 0.25]).astype(np.int8),
        "issued_on": issued.astype("datetime64[s]"),
        "expires_on": np.where(endless, NEVER, expires.astype("datetime64[s]")),
        "renewed_on": np.where(endless, NEVER, again.astype("datetime64[s]")),
        "withdrawn": ~drawing & (dice.random(size) < 0.03),
    })  # fmt: skip
    return table.sort_values(["issued_on", "person"], ignore_index=True)


def _custody(plan: Plan, lives: Lives) -> pd.DataFrame:
    """People without benefit or pension; and a few who draw one while on community correction, which is no custody."""
    dice, frame = plan.dice("custody"), lives.frame
    free = lives.people.rooted & frame["age"].between(19, 58).to_numpy() & np.isnat(frame["died_on"].to_numpy())
    plain = np.flatnonzero(free & (frame["benefit"].to_numpy() < 0) & (frame["pension"].to_numpy() == 0))
    poor = np.flatnonzero(free & (frame["benefit"].to_numpy() == KINDS.index("subsistence")))
    decoys = dice.choice(poor, size=min(2 * plan.copies, len(poor) // 3), replace=False)
    persons = np.concatenate([dice.choice(plain, size=plan.count(CUSTODY), replace=False), decoys])
    measure = dice.choice(MEASURES, size=len(persons), p=[0.5, 0.2, 0.2, 0.1])
    measure[len(persons) - len(decoys) :] = "community_correction"
    began = np.datetime64(plan.start, "D") - 60 + dice.integers(0, plan.days + 55, len(persons))
    days = np.ceil(np.array([LONGEST[one] for one in measure]) * dice.uniform(0.2, 1, len(persons))).astype(int)
    ended = np.where(began + days <= np.datetime64(plan.end), began + days, np.datetime64("NaT", "D"))
    table = pd.DataFrame({"person": persons, "measure": measure, "began_on": began.astype("datetime64[s]"),
                          "ended_on": ended.astype("datetime64[s]")})  # fmt: skip
    return table.sort_values(["began_on", "person"], ignore_index=True)

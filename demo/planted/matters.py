"""Repeated matters: one thing at one place is told again and again, in other words each time, by one person or by many."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pandas as pd

from demo.clock import moments
from demo.complaints import Neighbourhood, bank
from demo.homes import Homes
from demo.people import People
from demo.plan import Plan
from demo.planted.event import Event
from demo.planted.surges import Swells
from demo.streams.service import CALLING, HOTLINE

RECENT = 30  # days


@dataclass(frozen=True)
class Shape:
    """calls and letters: how many, from and to; days: back from the end, from and to; voices: 1, or as many as there are calls.

    ends: days back on which the last one comes at the latest; current: whether a run on the last day must tell it.
    """

    says: str
    calls: tuple[int, int]
    letters: tuple[int, int]
    days: tuple[int, int]
    ends: int
    many_voices: bool = False
    current: int = 1


SHAPES = [
    Shape("同一人一个月内反复来电", (3, 5), (0, 0), (1, 27), 9),
    Shape("同一人反复来电", (3, 4), (0, 0), (1, 28), 12),
    Shape("先打热线，未解决，又写信访", (2, 3), (1, 1), (3, 70), 16),
    Shape("先打热线，后两次写信访", (2, 2), (1, 2), (2, 60), 18),
    Shape("多人十日内反映同一件事", (5, 7), (0, 0), (1, 11), 4, many_voices=True),
    Shape("多人反映同一件事，有人写信访", (4, 6), (1, 1), (1, 24), 8, many_voices=True),
    Shape("早先反复反映，已经平息", (3, 4), (0, 0), (60, 100), 66, current=0),
    Shape("早先多人反映，已经平息", (5, 6), (0, 0), (58, 70), 64, many_voices=True, current=0),
]  # fmt: skip


def plant_matters(
    plan: Plan, homes: Homes, grids: pd.DataFrame, people: People, around: Neighbourhood, swells: Swells
) -> pd.DataFrame:  # fmt: skip
    """Adds the calls to the hotline. Returns the petitions: event, filed_at, subject, content, thing."""
    petitions = []
    for copy in range(plan.copies):
        for number, shape in enumerate(SHAPES):
            dice = plan.dice(f"matter {copy} {number}")
            petitions += _plant(plan, dice, shape, homes, grids, people, around, swells)
    return pd.DataFrame(petitions, columns=["event", "filed_at", "subject", "content", "thing"])


def _plant(
    plan: Plan, dice: np.random.Generator, shape: Shape, homes: Homes, grids: pd.DataFrame, people: People, around: Neighbourhood,
    swells: Swells,
) -> list[tuple]:  # fmt: skip
    building = homes.buildings.iloc[int(dice.integers(len(homes.buildings)))]
    place, grid = str(building["estate"]), int(building["grid"])
    kind = str(dice.choice([code for code in bank().kinds if code != "other"]))
    calls, letters = (int(dice.integers(low, high + 1)) for low, high in (shape.calls, shape.letters))
    situation, heard, written = around.told_again(dice, kind, place, calls, letters)
    days = _days(plan, dice, shape, calls + letters)
    at = moments(dice, days, CALLING)
    callers = dice.choice(people.callers, calls if shape.many_voices else 1, replace=False)
    rows = (
        pd.DataFrame([vars(one) for one in heard])
        .rename(columns={"subject": "says", "text": "content"})
        .assign(
            grid=grid,
            kind=HOTLINE.codes.index(kind),
            at=at[:calls],
            person=callers if shape.many_voices else int(callers[0]),
        )
    )
    event = Event("repeat_matter", {
        "current": shape.current, "grid_code": grids.loc[grid, "grid_code"], "category": kind, "estate": place,
        "window_start": days[0], "window_end": days[-1], "size": calls + letters, "shape": "many" if shape.many_voices else "one",
        "note": f"{situation}：{shape.says}，热线 {calls} 次，信访 {letters} 次，每次说法不同",
    })  # fmt: skip
    number = len(swells.events)
    swells.add(HOTLINE, event, rows, days[0], days[-1])
    return [(number, when, one.subject, one.text, one.thing) for when, one in zip(at[calls:], written, strict=True)]


def _days(plan: Plan, dice: np.random.Generator, shape: Shape, count: int) -> np.ndarray:
    """(count,) days in their order, the last one within `ends`; several on one day only where many speak."""
    low, high = shape.days
    last = int(dice.integers(low, shape.ends + 1))
    before = np.arange(last + (not shape.many_voices), min(high, plan.days - 1) + 1)
    back = np.sort(np.r_[last, dice.choice(before, size=count - 1, replace=shape.many_voices)])[::-1]
    return np.array([np.datetime64(plan.end - timedelta(days=int(n)), "D") for n in back])


def matter_events(plan: Plan, told: pd.DataFrame, events: list[Event]) -> list[Event]:
    """Things that by the last day came three times in thirty days, twice after they were closed, from five people in two weeks or by petition after
    a call, though nobody planted them: not asked for, since people only happen to speak of one thing, but no false alarm either. And the rows that joined
    a planted one are added to its keys. They have no area and no category: two neighbours who speak of one thing explain no surge around them.

    told: key, at, closed, voice, channel, thing, event (its place in events, -1 none).
    """
    end, found = np.datetime64(plan.end, "D") + 1, []
    for _, own in told.sort_values("at", kind="stable").groupby("thing", sort=True):
        if len(own) < 2:
            continue
        planted = own.loc[own["event"] >= 0, "event"].unique()
        repeated = [number for number in planted if events[number].family == "repeat_matter"]
        if repeated:
            events[repeated[0]].keys = own["key"].tolist()
        elif _is_repeated(own, end):
            found.append(Event("repeat_matter", {
                "current": 0, "estate": own["thing"].iloc[0].split("|")[0], "window_start": f"{own['at'].min():%Y-%m-%d}",
                "window_end": f"{own['at'].max():%Y-%m-%d}", "size": len(own), "shape": "by itself",
                "note": f"{own['thing'].iloc[0].split('|')[1]}：不同的人各自反映同一件事 {len(own)} 次",
            }, own["key"].tolist()))  # fmt: skip
    return found


def _is_repeated(own: pd.DataFrame, end: np.datetime64) -> bool:
    """own: of one thing, in order of time."""
    at, closed = own["at"].to_numpy(), own["closed"].to_numpy()
    ago = (end - at.astype("datetime64[D]")).astype(int)
    if ago.min() > RECENT:
        return False
    came_back = sum(bool((closed[:n] <= at[n]).any()) for n in range(1, len(own)))
    channel = own["channel"].to_numpy()
    climbed = (channel[1:] > np.maximum.accumulate(channel)[:-1]) & (ago[1:] <= RECENT)
    return bool((ago <= RECENT).sum() >= 3 or came_back >= 2 or climbed.any() or own["voice"][ago <= 14].nunique() >= 5)

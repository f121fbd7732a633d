"""信访局: online petitions as a spreadsheet filled from a web page: float numbers, times in two forms, stray tabs."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
import pandas as pd

from demo.city import City
from demo.clock import Rhythm, days_between, hours_around, moments
from demo.complaints import bank, told
from demo.periods import monthly
from demo.sheet import Column, Form, Sheet
from demo.text import as_loose_stamp, numbered, picked, table, written

MONTHLY = 120.0  # at 20,000 residents
FILING = Rhythm(hours_around((10, 2.5, 1.0), (15, 2, 0.8), (21, 2, 0.9), floor=0.05), 0.8, 0.6, 0.4)
PETITION = {
    "petition_no": Column("留言编号", "key", required=True, cell="number"),
    "user_no": Column("留言用户", "text", required=True),
    "subject": Column("留言主题", "prose", required=True),
    "filed_at": Column("留言时间", "stamp", required=True, cell="mixed_stamp"),
    "content": Column("留言详情", "prose", required=True),
    "against": Column("反对数", "number", cell="number"),
    "likes": Column("点赞数", "number", cell="number"),
}
PREFIX, SUFFIX = "\n\t\t\t\t\t\n\t\t\t\t\t", "\n\t\t\t\t"  # what the web page's template leaves around every text


def petitions(city: City) -> Iterator[Sheet]:
    """One spreadsheet a month of filing. Planted petitions are guarded."""
    letters = _file(city)
    planted = letters["event"].to_numpy() >= 0
    numbers = letters["petition_no"].to_numpy()
    for event, number in zip(letters["event"].to_numpy()[planted], numbers[planted], strict=True):
        city.events[int(event)].keys.append(str(number))
    at = letters["filed_at"].to_numpy()
    for period in monthly(city.plan):
        here = period.slice_of(at)
        rows, every = letters.iloc[here], np.arange(here.stop - here.start)
        if not len(rows):
            continue
        yield Sheet("petition", "petitions", f"petitions_{period.name}.xlsx", Form("xlsx"), PETITION, table(
            petition_no=written(numbers[here]),
            user_no=numbered("A", rows["user"].to_numpy(), 8),
            subject=picked(rows["subject"].tolist(), every),
            filed_at=as_loose_stamp(at[here], seconds=True),
            content=picked([PREFIX + text + SUFFIX for text in rows["content"]], every),
            against=written(rows["against"].to_numpy()),
            likes=written(rows["likes"].to_numpy()),
        ), planted[here])  # fmt: skip


def _file(city: City) -> pd.DataFrame:
    """Petitions in order of filing. A tenth comes from a few users who file again, about something else where they live."""
    plan, dice = city.plan, city.plan.dice("petitions")
    size = plan.count(MONTHLY * plan.days / 30.4)
    chance = FILING.factors(days_between(plan.start, plan.end))
    day = np.datetime64(plan.start, "D") + dice.choice(plan.days, size=size, p=chance / chance.sum())
    estates, kinds = city.people.homes.buildings["estate"].unique(), np.array(list(bank().kinds))
    user, kind, place = (dice.integers(*ends, size) for ends in ((1000, 99_999), (0, len(kinds)), (0, len(estates))))
    regulars = dice.choice(size, size=max(1, size // 40), replace=False)
    repeats = np.flatnonzero(dice.random(size) < 0.1)
    again = dice.choice(regulars, size=len(repeats))
    user[repeats], place[repeats] = user[again], place[again]
    drawn = partial(plan.lots, rows=np.arange(size))
    subject, content = told(
        kinds[kind].tolist(), estates[place].tolist(), lambda part: drawn(f"petition {part}"), letters=True
    )
    filed = pd.DataFrame({"subject": subject, "content": content}).assign(
        user=user, filed_at=moments(dice, day, FILING.hours), event=-1
    )
    letters = city.letters.assign(user=_writers(city.letters))
    filed = pd.concat([filed, letters] if len(letters) else [filed], ignore_index=True)
    filed = filed.sort_values("filed_at", ignore_index=True, kind="stable")
    filed["petition_no"] = 188_006 + np.cumsum(dice.integers(1, 30, len(filed)))
    return filed.assign(against=dice.poisson(0.2, len(filed)), likes=dice.poisson(1.4, len(filed)))


def _writers(letters: pd.DataFrame) -> np.ndarray:
    """A user number for each who wrote a planted letter, one for all letters of one matter told by one person."""
    return 1_000 + letters["event"].to_numpy().astype(int) * 7_919 % 98_999

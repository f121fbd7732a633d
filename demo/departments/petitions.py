"""信访局: online petitions as a spreadsheet filled from a web page: float numbers, times in two forms, stray tabs."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from demo.city import City
from demo.periods import monthly
from demo.sheet import Column, Form, Sheet
from demo.text import as_loose_stamp, numbered, picked, table, written

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
    letters = city.petitions
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

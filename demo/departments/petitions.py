"""信访局: online petitions as a spreadsheet filled from a web page: float numbers, times in two forms, stray tabs."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from demo.city import City
from demo.clock import Rhythm, days_between, hours_around, moments
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
TOPICS = [
    ("反映{place}路灯不亮", "{place}内主路路灯已有{n}天不亮，晚上出行不便，物业说要等维修资金，希望尽快处理。"),
    ("{place}夜间施工噪音扰民", "{place}旁工地连续{n}晚施工到深夜，老人孩子无法休息，请有关部门制止。"),
    ("{place}电梯经常故障", "{place}电梯本月已坏{n}次，高层住户上下楼困难，请督促检修。"),
    ("{place}停车难问题", "{place}车位不足，外来车辆占用消防通道，已向物业反映{n}次无果。"),
    (
        "咨询老年人高龄津贴如何办理",
        "本人住{place}，家中老人已满80周岁，提交材料{n}个工作日仍未收到答复，请问如何查询进度。",
    ),
    ("{place}周边餐饮油烟扰民", "{place}楼下餐饮店油烟直排，开窗{n}分钟屋里就全是油味，请环保部门检查。"),
    ("{place}物业费上涨不合理", "{place}物业未经业主大会同意将物业费上调{n}角，请主管部门核查。"),
    ("建议{place}增设公交站", "{place}到最近的公交站要走{n}0分钟，建议增设站点。"),
    ("{place}老旧小区改造进度缓慢", "{place}改造停工已{n}周，路面坑洼，雨天积水。"),
    ("{place}广场舞音响过大", "{place}门口每晚{n}支队伍跳广场舞，音响声音过大，希望协调。"),
]


def petitions(city: City) -> Iterator[Sheet]:
    """One spreadsheet a month of filing. Planted petitions are guarded."""
    told = _file(city)
    planted = told["event"].to_numpy() >= 0
    numbers = told["petition_no"].to_numpy()
    for event, number in zip(told["event"].to_numpy()[planted], numbers[planted], strict=True):
        city.events[int(event)].keys.append(str(number))
    at = told["filed_at"].to_numpy()
    for period in monthly(city.plan):
        here = period.slice_of(at)
        rows, every = told.iloc[here], np.arange(here.stop - here.start)
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
    """Petitions in order of filing. A tenth comes from a few users who file again about the same place."""
    plan, dice = city.plan, city.plan.dice("petitions")
    size = plan.count(MONTHLY * plan.days / 30.4)
    chance = FILING.factors(days_between(plan.start, plan.end))
    day = np.datetime64(plan.start, "D") + dice.choice(plan.days, size=size, p=chance / chance.sum())
    estates = city.people.homes.buildings["estate"].unique()
    user, topic, place = (dice.integers(*ends, size) for ends in ((1000, 99_999), (0, len(TOPICS)), (0, len(estates))))
    regulars = dice.choice(size, size=max(1, size // 40), replace=False)
    repeats = np.flatnonzero(dice.random(size) < 0.1)
    again = dice.choice(regulars, size=len(repeats))
    user[repeats], topic[repeats], place[repeats] = user[again], topic[again], place[again]
    text = [(TOPICS[t][0].format(place=estates[p]), TOPICS[t][1].format(place=estates[p], n=n))
            for t, p, n in zip(topic, place, dice.integers(2, 9, size), strict=True)]  # fmt: skip
    told = pd.DataFrame(text, columns=["subject", "content"]).assign(
        user=user, filed_at=moments(dice, day, FILING.hours), event=-1
    )
    letters = city.letters.assign(user=1_000 + city.letters["event"].to_numpy().astype(int) * 7_919 % 98_999)
    told = pd.concat([told, letters] if len(letters) else [told], ignore_index=True)
    told = told.sort_values("filed_at", ignore_index=True, kind="stable")
    told["petition_no"] = 188_006 + np.cumsum(dice.integers(1, 30, len(told)))
    return told.assign(against=dice.poisson(0.2, len(told)), likes=dice.poisson(1.4, len(told)))

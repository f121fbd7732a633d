"""Repeated matters: one caller comes back about one place, in other words each time, by hotline and by petition."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd

from demo.clock import moments
from demo.homes import Homes
from demo.people import People
from demo.plan import Plan
from demo.planted.event import Event
from demo.planted.surges import Swells
from demo.streams.service import CALLING, HOTLINE

# kind; calls as (subject, content); petitions as (subject, content)
MATTERS = [
    ("noise", [
        ("{place}旁工地半夜还在施工", "来电人反映{place}旁边工地连续多晚施工到凌晨，严重影响睡眠"),
        ("再次反映{place}夜间施工噪声", "来电人称此前已反映过{place}旁工地夜里打桩，至今没有改善，要求答复"),
        ("{place}夜里打桩声太大", "市民第三次来电，{place}外面的工地夜间机器声不断，老人孩子都睡不好"),
    ], [("{place}旁边工地深夜扰民，多次投诉无果", "我住{place}，旁边工地天天干到后半夜，打了几次热线都说在处理，可是一直没停。"),
        ("请管一管{place}外工地的夜间作业", "前后反映过好几回，{place}外面工地照样夜里打桩，希望给个说法。")]),
    ("housing", [
        ("{place}屋顶漏水", "来电人住{place}顶楼，下雨就漏，物业一直未修"),
        ("{place}顶楼渗水物业推诿", "来电人再次反映{place}顶层渗水，墙面发霉，物业说没有维修资金"),
        ("催办{place}房屋渗漏问题", "来电人催问{place}顶楼漏水何时维修，已等两个月"),
    ], [("{place}顶楼漏雨两个月无人管", "本人为{place}业主，屋顶漏雨，墙皮脱落，物业和社区互相推，请协调动用维修资金。")]),
    ("parking", [
        ("{place}消防通道被占", "来电人反映{place}消防通道长期停满车辆"),
        ("{place}消防通道仍被堵", "来电人称上次反映后只清理了一天，{place}消防通道又停满车"),
    ], [("{place}消防通道天天被堵，出了事谁负责", "{place}的消防通道从早到晚停着车，投诉过，管了一天又回到老样子。"),
        ("反映{place}生命通道被占用", "已多次反映，{place}消防通道占用问题反复出现，请落实长效管理。")]),
    ("refuse", [
        ("{place}垃圾房异味大", "来电人反映{place}垃圾房清运不及时，臭味很重"),
        ("{place}垃圾清运还是不及时", "来电人第二次反映{place}垃圾堆到路上，蚊蝇多"),
        ("{place}垃圾堆放问题未解决", "来电人催促处理{place}垃圾堆积，称工单已办结但现场没变化"),
    ], [("{place}垃圾成堆，工单办结了现场没人来", "{place}垃圾房周围一直脏乱，热线回复已处理，其实没有，请实地看看。")]),
]  # fmt: skip


def plant_matters(plan: Plan, homes: Homes, grids: pd.DataFrame, people: People, swells: Swells) -> pd.DataFrame:
    """Adds the calls to the hotline. Returns the petitions: event, filed_at, subject, content."""
    petitions = []
    for copy in range(plan.copies):
        for number, (kind, calls, letters) in enumerate(MATTERS):
            dice = plan.dice(f"matter {copy} {number}")
            building = homes.buildings.iloc[int(dice.integers(len(homes.buildings)))]
            place, grid = str(building["estate"]), int(building["grid"])
            back = np.sort(dice.choice(np.arange(3, 75), size=len(calls) + len(letters), replace=False))[::-1]
            days = np.array([np.datetime64(plan.end - timedelta(days=int(n)), "D") for n in back])
            at = moments(dice, days, CALLING)
            told = [(subject.format(place=place), content.format(place=place)) for subject, content in calls + letters]
            heard = [(subject, f"地点：{place}。{content}") for subject, content in told[: len(calls)]]
            rows = pd.DataFrame(heard, columns=["says", "content"]).assign(
                grid=grid, kind=HOTLINE.codes.index(kind), at=at[: len(calls)], person=int(dice.choice(people.callers))
            )
            petitions += [(len(swells.events), when, *text)
                          for when, text in zip(at[len(calls) :], told[len(calls) :], strict=True)]  # fmt: skip
            event = Event("repeat_matter", {
                "current": 1, "grid_code": grids.loc[grid, "grid_code"], "category": kind, "estate": place,
                "window_start": days[0], "window_end": days[-1], "size": len(told),
                "note": f"同一来电人就同一小区反复反映：热线 {len(calls)} 次，信访 {len(letters)} 次，每次说法不同",
            })  # fmt: skip
            swells.add(HOTLINE, event, rows, days[0], days[-1])
    return pd.DataFrame(petitions, columns=["event", "filed_at", "subject", "content"])

"""What residents and inspectors report: hotline calls, grid workers' reports and urban-management cases."""

from __future__ import annotations

from demo.clock import Rhythm, hours_around
from demo.streams.stream import Recipe, Sort

CALLING = hours_around((10, 2.5, 1.0), (15, 2.5, 0.8), (20, 2, 0.5), floor=0.08)
NIGHT = hours_around((22, 2, 1.4), (13, 2, 0.3), floor=0.06)
CALLS = Rhythm(CALLING, 0.75, 0.6, 0.5)
WALKING = hours_around((9.5, 1.5, 1.0), (15.5, 1.5, 0.9), floor=0.02)
STREET = Rhythm(hours_around((9, 2, 1.0), (16, 2, 0.9), floor=0.05), 0.7, 0.6, 0.35)
HOTLINE = Recipe("hotline", 195.0, {
    "noise": Sort(0.15, Rhythm(NIGHT, 1.15, 1.1, 0.5, swing=0.25)),
    "refuse": Sort(0.09, Rhythm(CALLING, 0.8, 0.8, 0.8, swing=0.2)),
    "parking": Sort(0.14, Rhythm(CALLING, 0.9, 1.1, 0.7)),
    "water": Sort(0.08, Rhythm(CALLING, 0.95, 0.9, 0.7, swing=0.1)),
    "power": Sort(0.05, Rhythm(CALLING, 0.95, 0.9, 0.7, swing=0.35)),
    "housing": Sort(0.12, CALLS),
    "road": Sort(0.08, CALLS),
    "transit": Sort(0.03, CALLS),
    "welfare": Sort(0.06, Rhythm(CALLING, 0.3, 0.15, 0.3)),
    "food": Sort(0.03, Rhythm(CALLING, 0.9, 1.0, 0.8, swing=0.2)),
    "stray": Sort(0.03, Rhythm(CALLING, 1.0, 1.0, 0.8)),
    "wage": Sort(0.04, Rhythm(CALLING, 0.4, 0.2, 0.5, swing=0.4, peak=1)),
    "consult": Sort(0.08, Rhythm(CALLING, 0.3, 0.15, 0.3)),
    "other": Sort(0.02, CALLS),
})  # fmt: skip
GRID_REPORTS = Recipe("grid reports", 120.0, {
    "hazard": Sort(0.24, Rhythm(WALKING, 0.4, 0.4, 0.6), ["楼道堆放杂物", "电动车飞线充电", "灭火器过期"]),
    "dispute": Sort(0.10, Rhythm(WALKING, 0.5, 0.5, 0.6), ["邻里争吵，已劝解", "租客与房东有矛盾"]),
    "environment": Sort(0.22, Rhythm(WALKING, 0.4, 0.4, 0.4), ["绿化带垃圾", "河道漂浮物", "墙面小广告"]),
    "facility": Sort(0.16, Rhythm(WALKING, 0.4, 0.3, 0.4), ["健身器材损坏", "井盖破损", "路灯不亮"]),
    "care": Sort(0.20, Rhythm(WALKING, 0.5, 0.9, 2.6, swing=0.15, peak=1), ["走访独居老人", "看望空巢老人", "上门送药"]),
    "illegal_build": Sort(0.04, Rhythm(WALKING, 0.4, 0.3, 0.3), ["屋顶搭建阳光房", "占用绿地搭棚"]),
    "other": Sort(0.04, Rhythm(WALKING, 0.4, 0.3, 0.4), ["出租房人员登记更新"]),
})  # fmt: skip
URBAN_CASES = Recipe("urban cases", 120.0, {
    "street_stall": Sort(0.24, STREET, ["流动摊贩占用人行道", "店外经营"]),
    "refuse": Sort(0.19, STREET, ["路边暴露垃圾", "建筑垃圾未清"]),
    "advert": Sort(0.11, STREET, ["墙面小广告", "横幅未经审批"]),
    "illegal_build": Sort(0.04, STREET, ["违法建设正在施工"]),
    "parking": Sort(0.20, STREET, ["机动车停放在人行道", "非机动车乱停放"]),
    "facility": Sort(0.09, STREET, ["井盖缺失", "护栏损坏"]),
    "greenery": Sort(0.05, STREET, ["树木倒伏", "绿地被踩踏"]),
    "construction": Sort(0.06, Rhythm(STREET.hours, 0.6, 0.3, 0.05), ["工地未围挡", "渣土车抛洒"]),
    "other": Sort(0.02, STREET, ["其他市容问题"]),
})  # fmt: skip

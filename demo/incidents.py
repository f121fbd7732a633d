"""Incidents that the police are called to: how often by grid and kind, when in the day, and what callers say."""

from __future__ import annotations

import numpy as np
import pandas as pd

from demo.clock import day_factors, days_between, hours_around, moments
from demo.grids import point_in
from demo.plan import Plan

WEEKLY = 450.0  # at 20,000 residents
# kind: share, factor on a weekend, factor on a holiday, (24,) hours, what is told
KINDS: dict[str, tuple[float, float, float, np.ndarray, list[str]]] = {
    "traffic": (0.22, 0.85, 1.1, hours_around((8, 1.2, 1.0), (18, 1.6, 1.1)),
                ["路口两车刮擦，无人受伤", "电动车与小客车相撞", "倒车碰撞，协商未果", "三车追尾，道路拥堵"]),
    "help": (0.19, 1.1, 1.15, hours_around((10, 3, 1.0), (20, 2.5, 0.8)),
             ["老人走失，请求查找", "钥匙锁在屋内，家中有小孩", "独居老人敲门无应答", "群众捡到手机一部"]),
    "dispute": (0.20, 1.15, 1.2, hours_around((11, 3, 0.8), (20, 2.4, 1.2)),
                ["邻里因停车位争吵", "楼上漏水引发纠纷", "消费退款纠纷，双方情绪激动", "家庭成员争执"]),
    "noise": (0.13, 1.3, 1.35, hours_around((22.5, 1.8, 1.6), (14, 2, 0.25), floor=0.06),
              ["广场舞音响声音过大", "夜间施工影响休息", "楼下烧烤店深夜喧哗", "邻居半夜唱歌"]),
    "vehicle_theft": (0.10, 0.95, 0.9, hours_around((2.5, 2, 0.5), (8, 2, 1.0), (18, 2, 0.7)),
                      ["停放在楼下的电动车被盗", "车棚内电瓶车不见", "超市门口电动车被盗"]),
    "theft": (0.07, 1.0, 1.2, hours_around((9, 2.5, 0.8), (3, 2, 0.5)),
              ["家中财物被盗，门锁有撬痕", "菜场内手机被扒", "快递在门口被拿走"]),
    "fraud": (0.06, 0.8, 0.7, hours_around((11, 2.5, 1.0), (16, 2.5, 1.0), floor=0.05),
              ["冒充客服退款被骗", "刷单被骗", "冒充熟人借款", "虚假投资平台无法提现"]),
    "assault": (0.03, 1.3, 1.3, hours_around((21, 2.5, 1.5), (0.5, 1.5, 0.6)),
                ["酒后发生打架，一人受伤", "因口角动手", "夜宵摊发生打斗"]),
}  # fmt: skip


def weekly_rates(plan: Plan, grids: pd.DataFrame) -> pd.DataFrame:
    """Events a normal week: one row a grid (in the grids' order), one column a kind."""
    dice = plan.dice("rates")
    busy = dice.lognormal(0, 0.42, len(grids))
    leaning = dice.lognormal(0, 0.25, (len(grids), len(KINDS)))
    shares = np.array([kind[0] for kind in KINDS.values()])
    rates = busy[:, None] * leaning * shares
    return pd.DataFrame(rates / rates.sum() * WEEKLY * plan.scale, columns=list(KINDS))


def ordinary_incidents(plan: Plan, grids: pd.DataFrame, rates: pd.DataFrame) -> pd.DataFrame:
    """Every incident of a city where nothing is planted: grid, kind, reported_at."""
    dice = plan.dice("incidents")
    days = days_between(plan.start, plan.end)
    weather = dice.lognormal(0, 0.08, len(days))
    parts = []
    for kind, (_, off, holiday, hours, _) in KINDS.items():
        factors = day_factors(days, off, holiday) * weather
        counts = dice.poisson(np.outer(factors, rates[kind].to_numpy(float) / 7).astype(float))
        day, grid = (np.repeat(index.ravel(), counts.ravel()) for index in np.indices(counts.shape))
        at = moments(dice, np.datetime64(plan.start) + day, hours)
        parts.append(pd.DataFrame({"grid": grid, "kind": kind, "reported_at": at}))
    return pd.concat(parts, ignore_index=True)


def surge_incidents(plan: Plan, surges: pd.DataFrame) -> pd.DataFrame:
    """The planted events of each surge (grid, kind, window_start, window_end, size) on top of the ordinary ones."""
    dice = plan.dice("surges")
    parts = []
    for surge in surges.itertuples():
        length = (surge.window_end - surge.window_start).days + 1
        day = np.datetime64(surge.window_start.date()) + np.sort(dice.integers(0, length, surge.size))
        at = moments(dice, day, KINDS[surge.kind][3])
        parts.append(pd.DataFrame({"grid": surge.grid, "kind": surge.kind, "reported_at": at}))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["grid", "kind", "reported_at"])


def describe(plan: Plan, grids: pd.DataFrame, people: pd.DataFrame, incidents: pd.DataFrame) -> pd.DataFrame:
    """The incidents in order of time, with number, place, caller, arrival and a line of text."""
    dice = plan.dice("incident details")
    told = incidents.sort_values(["reported_at", "grid", "kind"], ignore_index=True)
    day = told["reported_at"].dt.strftime("%Y%m%d")
    told["incident_no"] = "JQ" + day + (told.groupby(day).cumcount() + 1).map("{:04d}".format)
    places = np.zeros((len(told), 2))
    for grid, at in told.groupby("grid").indices.items():
        row = grids.iloc[grid]
        places[at] = point_in(dice, row["ring"], np.array([row["lon"], row["lat"]]), len(at))
    told["lon"], told["lat"] = places.T
    minutes = np.round(np.clip(dice.gamma(4, 2.6, len(told)), 2, 55) * 60)
    arrived = told["reported_at"] + pd.to_timedelta(minutes, unit="s")
    told["arrived_at"] = arrived.where(dice.random(len(told)) > np.where(told["kind"] == "fraud", 0.5, 0.04))
    callers = people.loc[people["mobile"] != "", "mobile"].to_numpy()
    told["caller_mobile"] = np.where(dice.random(len(told)) < 0.05, "", dice.choice(callers, len(told)))
    told["detail"] = [KINDS[kind][4][int(pick * len(KINDS[kind][4]))]
                      for kind, pick in zip(told["kind"], dice.random(len(told)), strict=True)]  # fmt: skip
    return told

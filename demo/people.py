"""Who lives in the city: estates and buildings, households in them, and people with valid resident IDs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from demo.plan import Plan

SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛"
    "叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔"
    "贺赖龚文"
)
MALE = (
    "伟强磊军勇杰涛斌超明刚平辉鹏华飞鑫波建国志峰浩宇俊凯亮健林德福生祥海东文龙成荣宏毅泽轩昊然博诚家"
    "梓子瑞阳安永世长根水金木春富贵"
)
FEMALE = (
    "芳娜敏静丽艳娟霞秀玲桂英兰凤洁梅琳云莲雪荣爱香莹颖琴燕红玉萍莉婷倩佳欣怡雨涵梦瑶诗雅思妍晓月美珍"
    "珠翠菊花巧春秋彩素惠淑"
)
ESTATE_HEADS = [
    "湖畔",
    "翠柳",
    "金桂",
    "银杏",
    "枫林",
    "紫藤",
    "听涛",
    "望岳",
    "澄湖",
    "碧水",
    "晨光",
    "永安",
    "和顺",
    "锦绣",
    "玉兰",
    "丹枫",
    "清河",
    "兰亭",
    "云栖",
    "松风",
    "梅园",
    "竹溪",
    "百合",
    "星河",
]
ESTATE_TAILS = ["花园", "新村", "家园", "公寓", "雅苑", "小区"]
REGIONS = np.array(["330499", "330498", "330497"])  # region codes no real place bears
CHECK_WEIGHTS = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2])
CHECK_DIGITS = "10X98765432"


@dataclass(frozen=True)
class Homes:
    """buildings: estate, building (3幢), grid (row in the grids), floors; a dwelling is a building and a room."""

    buildings: pd.DataFrame


def check_digit(seventeen: str) -> str:
    """The 18th character of a resident ID (GB 11643-1999, ISO 7064 MOD 11-2)."""
    total = sum(int(digit) * int(weight) for digit, weight in zip(seventeen, CHECK_WEIGHTS, strict=True))
    return CHECK_DIGITS[total % 11]


def build_homes(plan: Plan, grids: pd.DataFrame) -> Homes:
    """Two or three estates a grid, five to eight buildings an estate."""
    dice = plan.dice("homes")
    names = [head + tail for head in ESTATE_HEADS for tail in ESTATE_TAILS]
    dice.shuffle(names)
    rows = []
    for grid in range(len(grids)):
        for _ in range(int(dice.integers(2, 4))):
            estate, floors = names.pop(), int(dice.choice([6, 6, 11, 18]))
            rows += [(estate, f"{n}幢", grid, floors) for n in range(1, int(dice.integers(6, 10)))]
    return Homes(pd.DataFrame(rows, columns=["estate", "building", "grid", "floors"]))


def settle(plan: Plan, grids: pd.DataFrame, homes: Homes) -> pd.DataFrame:
    """One row a resident: resident_id, name, sex (男|女), birth (datetime64), age on the last day, household, grid,
    address, mobile ("" under 14). Members of a household stand together."""
    dice = plan.dice("people")
    people = _households(plan, dice)
    people["birth"] = _births(plan, dice, people["age"].to_numpy())
    people["age"] = (np.datetime64(plan.end) - people["birth"].to_numpy()).astype("timedelta64[D]").astype(int) // 365
    people["resident_id"] = _resident_ids(dice, people)
    people["name"] = _names(dice, people)
    _house(dice, people, grids, homes)
    mobiles = _mobiles(dice, len(people))
    people["mobile"] = np.where(people["age"] < 14, "", mobiles)
    return people


def _households(plan: Plan, dice: np.random.Generator) -> pd.DataFrame:
    """Household number, place in the household, sex and rough age, until there are as many residents as asked."""
    sizes = dice.choice([1, 2, 3, 4, 5], size=plan.residents, p=[0.2, 0.29, 0.28, 0.15, 0.08])
    household = np.repeat(np.arange(plan.residents), sizes)[: plan.residents]
    place = np.arange(plan.residents) - np.searchsorted(household, household)
    size = np.bincount(household)[household]
    head = np.clip(np.where(dice.random(plan.residents) < 0.33, dice.normal(68, 9, plan.residents),
                            dice.normal(42, 10, plan.residents)), 21, 97)  # fmt: skip
    head_age = head[np.searchsorted(household, household)]
    head_male = (dice.random(plan.residents) < 0.62)[np.searchsorted(household, household)]
    child = np.clip(head_age - dice.normal(28, 4, plan.residents), 0.1, 70)
    parent = np.clip(head_age + dice.normal(26, 3, plan.residents), 45, 99)
    spouse = np.clip(head_age + dice.normal(-1, 2.5, plan.residents), 20, 98)
    third_is_parent = (place == 2) & (head_age < 58) & (dice.random(plan.residents) < 0.12)
    older = third_is_parent | ((place == 4) & (head_age < 60)) | ((place == 3) & (dice.random(plan.residents) < 0.25))
    age = np.select([place == 0, place == 1, older & (head_age < 65)], [head_age, spouse, parent], child)
    coin = dice.random(plan.residents) < 0.505
    male = np.select([place == 0, place == 1], [head_male, ~head_male], coin)
    return pd.DataFrame({"household": household, "place": place, "size": size, "age": age,
                         "sex": np.where(male, "男", "女")})  # fmt: skip


def _births(plan: Plan, dice: np.random.Generator, age: np.ndarray) -> np.ndarray:
    days = (age * 365.25).astype(int) + dice.integers(0, 300, len(age))
    newest = np.datetime64(plan.start) - 90
    return np.minimum(np.datetime64(plan.end) - days, newest).astype("datetime64[ns]")


def _resident_ids(dice: np.random.Generator, people: pd.DataFrame) -> np.ndarray:
    """Valid and distinct IDs: within a birthday and sex the sequence counts up in steps that keep its parity."""
    region = dice.choice(REGIONS, size=len(people), p=[0.86, 0.09, 0.05])
    birth = pd.to_datetime(people["birth"]).dt.strftime("%Y%m%d")
    within = people.groupby([birth, people["sex"]]).cumcount().to_numpy()
    first = birth.astype(int).to_numpy() * 7 % 89
    sequence = (2 * (first + 3 * within) + (people["sex"] == "男").to_numpy()) % 1000
    body = [f"{r}{b}{s:03d}" for r, b, s in zip(region, birth, sequence, strict=True)]
    return np.array([seventeen + check_digit(seventeen) for seventeen in body], dtype=object)


def _names(dice: np.random.Generator, people: pd.DataFrame) -> list[str]:
    """Children bear the surname of their household's head; given names have one or two characters."""
    weights = 1 / (np.arange(len(SURNAMES)) + 6)
    drawn = dice.choice(list(SURNAMES), size=len(people), p=weights / weights.sum())
    head = np.searchsorted(people["household"].to_numpy(), people["household"].to_numpy())
    follows = (people["place"].to_numpy() >= 2) & (dice.random(len(people)) < 0.8)
    surname = np.where(follows, drawn[head], drawn)
    male = people["sex"].to_numpy() == "男"
    first, second = (
        np.where(male, dice.choice(list(MALE), len(people)), dice.choice(list(FEMALE), len(people))) for _ in "12"
    )
    single = dice.random(len(people)) < 0.18
    return [s + a + ("" if one else b) for s, a, b, one in zip(surname, first, second, single, strict=True)]


def _house(dice: np.random.Generator, people: pd.DataFrame, grids: pd.DataFrame, homes: Homes) -> None:
    """Give each household a dwelling of its own estate; busier grids hold more, all about evenly."""
    density = dice.lognormal(0, 0.14, len(grids))
    per_building = density[homes.buildings["grid"]] / homes.buildings.groupby("grid")["floors"].transform("size")
    households = people["household"].nunique()
    building = dice.choice(len(homes.buildings), size=households, p=(per_building / per_building.sum()).to_numpy())
    chosen = homes.buildings.iloc[building].reset_index(drop=True)
    room = [f"{1 + dice.integers(0, floors)}0{dice.integers(1, 5)}室" for floors in chosen["floors"]]
    grid = grids.iloc[chosen["grid"]].reset_index(drop=True)
    address = grid["town"] + grid["community"] + chosen["estate"] + chosen["building"] + pd.Series(room)
    for column, values in {"grid": chosen["grid"], "address": address}.items():
        people[column] = values.to_numpy()[people["household"]]


def _mobiles(dice: np.random.Generator, size: int) -> np.ndarray:
    prefix = dice.choice(
        ["135", "136", "137", "139", "150", "151", "158", "159", "177", "182", "186", "188"], size=size
    )
    tail = dice.choice(89_999_999, size=size, replace=False) + 10_000_000
    return np.array([f"{p}{t}" for p, t in zip(prefix, tail, strict=True)], dtype=object)

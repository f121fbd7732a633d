"""Repeated matters: what is one matter whoever writes it, what is another, and how hot each is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.warn.methods.matters import BY_CHANCE, link_texts, matter_of, repeated_matters, sorts_like

# Invented petitions; many more of other matters stand around them, for rarity to mean something.
MIXER = [
    ("云锦花园旁边建搅拌站噪音扰民", "我是云锦花园的业主,小区东侧新建的搅拌站昼夜施工,粉尘和噪音很大,请环保部门查处。"),
    ("投诉云锦花园附近违建搅拌站", "云锦花园小区旁边百米的搅拌站没有环评手续,粉尘污染严重,老人孩子咳嗽。"),
    ("云锦花园搅拌站何时搬走", "搅拌站离云锦花园太近,夜里噪音让人无法入睡,请尽快搬走。"),
    ("请关注云锦花园小区搅拌站污染", "云锦花园业主再次反映搅拌站的粉尘,开窗就是灰。"),
    ("云锦花园旁的搅拌站粉尘污染严重", "搅拌站的粉尘飘到云锦花园,请领导重视。"),
]
OTHERS = [
    ("云锦花园物业乱收停车费", "物业公司未经业主大会同意上调停车费,每月三百元,要求公开账目。"),
    ("南苑路口红绿灯坏了", "南苑路与学院路口的红绿灯坏了一周,早高峰很危险。"),
    ("咨询人才购房补贴何时发放", "去年提交的人才购房补贴申请通过了,至今没有到账。"),
]
NAMES = "东西南北湖山桥塔柳松梅竹"
TOPICS = [
    ("物业乱收停车费", "物业公司未经业主大会同意上调停车费,要求公开账目"),
    ("路口红绿灯坏了", "路口的红绿灯坏了,早高峰很危险"),
    ("何时发放购房补贴", "提交的购房补贴申请通过了,至今没有到账"),
    ("夜间施工噪音扰民", "工地夜里施工,噪音让人无法入睡,请环保部门查处"),
    ("电梯经常停运", "电梯经常停运,老人上下楼不便,请尽快维修"),
    ("拖欠工资", "公司拖欠工资三个月,请劳动部门查处"),
    ("餐馆油烟直排", "楼下餐馆油烟直排,污染严重,请领导重视"),
    ("何时通燃气", "小区何时通燃气,请回复"),
]


def petitions(more: int = 240, seed: int = 1) -> tuple[list[str], list[str], list[str], np.ndarray]:
    """The mixer's and the others', and more of the same topics in places with random names, each once."""
    rng = np.random.default_rng(seed)
    made = []
    for n in range(more):
        name, (subject, text) = "".join(rng.choice(list(NAMES), 4)) + "苑", TOPICS[n % len(TOPICS)]
        made.append((name + subject, f"{name}{text},电话{rng.integers(10**6)}"))
    subjects, texts = (list(some) for some in zip(*MIXER, *OTHERS, *made, strict=True))
    days = np.r_[100 + np.arange(len(MIXER)) * 2, 101, 103, 105, rng.integers(60, 130, more)]
    return subjects, texts, [f"place {max(n, 5)}" for n in range(len(subjects))], days


def matters(subjects, texts, places, days) -> np.ndarray:
    return matter_of(len(subjects), days, link_texts(subjects, texts, places, days))


def test_one_matter_in_five_peoples_words_is_one_and_the_neighbours_are_others() -> None:
    found = matters(*petitions())
    assert len(found) == 248
    assert (found[:5] == 0).all()
    assert len({0, *found[5:8]}) == 4
    assert (found == 0).sum() == 5, "a topic alone makes no matter"


def test_the_same_words_of_another_place_or_spot_are_another_matter() -> None:
    subjects, texts, places, days = petitions()
    spots = [""] * len(days)
    spots[0], spots[1] = "云锦花园", "云锦公寓"
    links = link_texts(subjects, texts, places, days, spots=spots)
    assert (0, 1) not in {(int(a), int(b)) for a, b in zip(links.earlier, links.later, strict=True)}
    places[0] = "330401"
    subjects[1], texts[1] = subjects[0], texts[0]
    assert matters(subjects, texts, places, days)[1] != 0


def test_one_voice_may_say_it_in_other_words_and_a_crowd_in_vague_ones() -> None:
    """Among a year of short calls of seven sorts about ninety spots: who comes back about the same sort, and six people within a week."""
    rng = np.random.default_rng(3)
    sorts = [f"sort {n}" for n in rng.integers(0, 7, 2000)]
    spots = [f"spot {n}" for n in rng.integers(0, 90, 2000)]
    days = np.sort(rng.integers(0, 120, 2000))
    texts = ["".join(rng.choice(list("一二三四五六七八九十甲乙丙丁"), 12)) for _ in range(2000)]
    voices = [f"voice {n}" for n in range(2000)]
    for n, at in enumerate(np.searchsorted(days, [60, 63, 66])):
        sorts[at], spots[at], voices[at], texts[at] = (
            "sort 1",
            "spot 1",
            "one",
            ["夜里吵得很，睡不着", "昨晚吵得很没人管", "一家人睡不着，没人管"][n],
        )
    crowd = np.searchsorted(days, [90, 91, 91, 92, 93, 94]) + np.arange(6)
    for n, at in enumerate(crowd):
        sorts[at], spots[at], texts[at] = "sort 2", "spot 2", f"一楼漏水{texts[at][:3]}{n}"
    links = link_texts([""] * 2000, texts, spots, days, sorts=sorts, spots=spots, voices=voices)
    matter = matter_of(2000, days, links)
    assert len({*matter[np.searchsorted(days, [60, 63, 66])]}) == 1
    assert np.bincount(matter[crowd]).max() >= 5
    assert (matter != np.arange(2000)).sum() < 40, "the others are of themselves"


def test_a_text_without_a_sort_has_that_of_those_most_like_it() -> None:
    subjects, texts, _, _ = petitions()
    known = ["noise" if "噪音" in s or "搅拌" in s else "parking" if "停车" in s else "other" for s in subjects]
    asked = known.copy()
    for n in (1, 3, 5):
        asked[n] = ""
    found = sorts_like(subjects, texts, asked)
    assert [found[n] for n in (1, 3, 5)] == ["noise", "noise", "parking"]
    assert sorts_like(["x"], ["y"], [""]) == [""] and sorts_like(["x", "啊"], ["y", "哦"], ["a", ""]) == ["a", ""]


def test_after_three_months_it_is_another_matter() -> None:
    subjects, texts, places, days = petitions()
    days[4] = 300
    assert matters(subjects, texts, places, days)[4] == 4


def test_a_text_joins_what_came_before_and_nothing_later_moves_it() -> None:
    subjects, texts, places, days = petitions()
    links = link_texts(subjects, texts, places, days)
    assert len(links.chance) >= 4 and (links.chance <= BY_CHANCE).all()
    assert (days[links.later] >= days[links.earlier]).all()
    whole = matter_of(len(days), days, links)
    early = links.later < 3
    cut = matter_of(len(days), days, type(links)(*(of[early] for of in (links.later, links.earlier, links.chance))))
    assert list(cut[:3]) == list(whole[:3])


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 10_000), st.integers(-1000, 1000))
def test_the_order_of_rows_and_the_first_day_change_no_matter(seed: int, later: int) -> None:
    subjects, texts, places, days = petitions(60, seed)
    days = days * 70 + np.arange(len(days)) if seed % 7 == 0 else days * 2 + np.arange(len(days)) % 2
    order = np.random.default_rng(seed).permutation(len(days))
    plain = matters(subjects, texts, places, days)
    mixed = matters(*([some[i] for i in order] for some in (subjects, texts, places)), days[order] + later)
    together = {frozenset(np.flatnonzero(plain == m)) for m in plain}
    assert together == {frozenset(order[np.flatnonzero(mixed == m)]) for m in mixed}


def test_heat_is_what_came_lately_and_levels_are_those_of_the_rule() -> None:
    matter = np.array([0, 0, 0, 3, 3, 5, 5, 7, 7, 7, 7, 7, 12])
    days = np.array([100, 90, 70, 100, 99, 50, 95, 88, 90, 92, 94, 96, 101])
    channels = np.array([0, 0, 0, 1, 1, 0, 3, 2, 2, 2, 2, 2, 0])
    people = ["a", "a", "a", "b", "c", "d", "d", "e", "f", "g", "h", "i", "z"]
    reopened = np.zeros(13, dtype=bool)
    reopened[3:5] = True
    heat = repeated_matters(matter, days, channels, people, 100, reopened=reopened)
    assert list(heat.matter) == [0, 3, 5, 7], "what is filed tomorrow is not known"
    assert heat.score[0] == pytest.approx(1 + np.exp(-10 / 30) + np.exp(-1))
    assert list(heat.recent) == [2, 2, 1, 5]
    assert list(heat.reopened) == [0, 2, 0, 0]
    assert list(heat.petitioners) == [1, 2, 1, 5]
    assert list(heat.climbed) == [False, False, True, False]
    assert heat.level == ["", "yellow", "orange", "orange"]
    assert repeated_matters(matter, days, channels, people, 99).level[3] == "orange"
    assert repeated_matters(matter, days, channels, [""] * 13, 100).level == ["", "", "orange", "yellow"]
    double = repeated_matters(matter, days, channels, people, 100, weights=np.full(13, 2.0))
    assert double.score == pytest.approx(2 * heat.score)


def test_one_persons_third_petition_is_yellow_and_no_more() -> None:
    heat = repeated_matters(np.zeros(3, dtype=int), np.array([80, 90, 100]), np.zeros(3, dtype=int), ["a"] * 3, 100)
    assert heat.level == ["yellow"]


def test_nothing_and_empty_texts() -> None:
    assert len(link_texts([], [], [], np.zeros(0, dtype=int)).later) == 0
    assert repeated_matters(np.zeros(0, dtype=int), np.zeros(0, dtype=int), np.zeros(0, dtype=int), [], 5).level == []
    assert len(link_texts(["", "", "。"], ["", "", "!"], ["", "", ""], np.zeros(3, dtype=int)).later) == 0
    with pytest.raises(ValueError, match="for each report"):
        link_texts(["a"], ["b", "c"], [""], np.zeros(1, dtype=int))

"""One matter brought again, by calls and petitions as the city's views and its identity layer hold them."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime, timedelta

import numpy as np
import pytest

from demo.complaints import bank, neighbourhood
from demo.plan import Plan
from jobs.home import ZONE
from jobs.warn.candidate import Candidate, say
from jobs.warn.find import find
from schemas.warning_rule import load_rules

pytestmark = pytest.mark.spark

AS_OF = date(2026, 6, 29)
RULE = next(rule for rule in load_rules() if rule.family == "repeat_matter")
ESTATES = [f"{name}花园" for name in ("湖畔", "翠柳", "金桂", "银杏", "枫林", "紫藤", "听涛", "望岳", "澄湖", "碧水")]
GRID = {estate: f"330499001001{n:03d}" for n, estate in enumerate(ESTATES)}
Told = tuple[str, int, str, str, str]  # feed, days ago, voice, subject, text


@pytest.fixture(scope="module")
def usual() -> list[tuple[str, str, Told]]:
    """A hundred and twenty days of calls about as many things at ten estates, no two in the same words: kind, estate, call."""
    import pandas as pd

    dice = np.random.default_rng(8)
    around = neighbourhood(Plan(8, 20_000, 120, date(2026, 6, 28)), pd.DataFrame(
        {"estate": np.repeat(ESTATES, 3), "building": ["1幢", "2幢", "3幢"] * 10, "grid": np.repeat(range(10), 3)}
    ))  # fmt: skip
    kinds, calls, said = list(bank().kinds), [], set()
    for n in range(600):
        kind, estate = str(dice.choice(kinds)), str(dice.choice(ESTATES))
        (call,) = around.told([kind], [estate], lambda part: np.array([dice.random()]))
        if call.subject in said:
            continue
        said.add(call.subject)
        calls.append((kind, estate, ("hotline", int(dice.integers(1, 120)), f"LD{n:08d}", call.subject, call.text)))
    return calls


@pytest.fixture
def found(spark, usual) -> Callable[..., list[Candidate]]:
    """more: kind, estate and call (or petition) beside the usual ones; closed_after: days, of those."""

    def told(*more: tuple[str, str, Told], closed_after: int | None = None, texts: bool = True) -> list[Candidate]:
        calls, letters, hidden = [], [], {"hotline": [], "petition": []}
        for n, (kind, estate, (feed, ago, voice, subject, text)) in enumerate([*usual, *more]):
            at = datetime(2026, 6, 29, 9, tzinfo=ZONE) - timedelta(days=ago)
            closed = at + timedelta(days=closed_after) if closed_after is not None and n >= len(usual) else None
            if feed == "hotline":
                calls.append(("d", n, f"RX{n:012d}", at, kind, GRID[estate], voice, "住建局", closed))
            else:
                letters.append(("d", n, f"{n:06d}", at, voice))
            hidden[feed].append(("d", n, subject, text))
        for name, rows, columns in (
            ("hotline", calls, "delivery_id STRING, row_no BIGINT, order_no STRING, called_at TIMESTAMP, kind STRING, grid_code STRING, "
             "caller_no STRING, unit STRING, closed_at TIMESTAMP"),
            ("petition", letters, "delivery_id STRING, row_no BIGINT, petition_no STRING, filed_at TIMESTAMP, user_no STRING"),
            ("dwelling", list(GRID.items()), "estate STRING, grid_code STRING"),
            *((f"identity_{feed}", rows if texts else [], "delivery_id STRING, row_no BIGINT, subject STRING, content STRING") for feed, rows in hidden.items()),
        ):  # fmt: skip
            spark.createDataFrame(rows, columns).createOrReplaceTempView(name)
        return find(spark, RULE, AS_OF)

    return told


def leak(*days: int, voice: str = "LD99999999") -> list[tuple[str, str, Told]]:
    words = [
        ("屋顶漏水", "住湖畔花园2幢顶楼，一下雨客厅就漏，天花板都鼓包了。"),
        ("漏水没人修", "湖畔花园2幢顶楼漏雨，物业来看过一眼就走了，天花板又湿了一片。"),
        ("天花板掉皮", "湖畔花园2幢，顶楼漏水半年，墙皮和天花板一块块往下掉，孩子不敢睡。"),
        ("催修屋顶", "湖畔花园2幢的屋顶什么时候修？客厅漏得要用盆接。"),
    ]
    return [("housing", "湖畔花园", ("hotline", ago, voice, *words[n])) for n, ago in enumerate(days)]


def test_nothing_is_told_of_people_who_each_tell_of_something_else(found) -> None:
    assert found() == []
    assert found(*leak(20, 6)) == [], "twice is not again and again"


def test_who_calls_three_times_in_a_month_in_other_words_is_heard(found, usual) -> None:
    (matter,) = found(*leak(21, 12, 3))
    assert (matter.observed, matter.grid_code, matter.category, matter.unit_zh) == (3, GRID["湖畔花园"], None, "住建局")
    assert matter.subject_key == f"RX{len(usual):012d}" and RULE.level_of(matter.score) == "yellow"
    assert say(matter).startswith("湖畔花园房屋物业一事19天内反映3次(热线3),近30天3次,来自1人,办结后又来0次")
    assert "brought 3 times in 19 days (hotline 3)" in say(matter, "en")


def test_one_that_comes_back_after_it_was_closed_and_climbs_is_orange(found) -> None:
    letter = (
        "petition",
        2,
        "A1",
        "请修湖畔花园2幢屋顶",
        "我住湖畔花园2幢顶楼，漏水打了几次热线都说办结，天花板和墙皮照样往下掉，客厅要用盆接，请协调。",
    )
    (matter,) = found(*leak(15, 10, 5), ("housing", "湖畔花园", letter), closed_after=1)
    assert matter.observed == 4 and RULE.level_of(matter.score) == "orange"
    assert "(热线3、信访1)" in say(matter) and say(matter).endswith("来自2人,办结后又来3次,已升级反映")


def test_many_voices_about_one_thing_within_days_are_orange(found) -> None:
    crowd = [row for n in range(2) for row in leak(6 - n, 5 - n, 4 - n, 3 - n, voice=f"LD8888888{n}")]
    crowd = [
        (kind, estate, (feed, ago, f"LD7777777{n}", *words))
        for n, (kind, estate, (feed, ago, _, *words)) in enumerate(crowd)
    ]
    told = found(*crowd)
    assert max(one.observed for one in told) >= 5
    best = max(told, key=lambda one: one.score)
    assert RULE.level_of(best.score) == "orange"


def test_no_text_and_no_person_leaves_the_identity_layer(found) -> None:
    (matter,) = found(*leak(21, 12, 3))
    said = (
        say(matter)
        + say(matter, "en")
        + json.dumps([item.facts for item in matter.evidence], ensure_ascii=False)
        + str(matter.more)
    )
    for words in ("漏", "天花板", "客厅", "2幢"):
        assert words not in said
    assert len(matter.evidence) == 3 and all(item.feed == "hotline" for item in matter.evidence)
    assert found(*leak(21, 12, 3), texts=False) == []

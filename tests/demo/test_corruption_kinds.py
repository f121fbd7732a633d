"""Every kind of damage changes what it strikes, the same way with the same dice, and says what it should come to."""

from __future__ import annotations

import numpy as np
import pytest
from corruption_samples import VALUES, sheet_of
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from demo.corruption import CATALOGUE, DEMO_KINDS, Kind, Spoiler
from demo.corruption.kind import PARENT_ROLE
from demo.corruption.kinds.between import bd09, gcj02
from demo.plan import Plan
from demo.sheet import Form

CELLS = [kind for kind in CATALOGUE.values() if kind.level == "cell"]
ROWS = [kind for kind in CATALOGUE.values() if kind.level in ("columns", "row")]
FORMS = {"csv": Form("csv", "gb18030", newline="\r\n"), "jsonl": Form("jsonl"), "xlsx": Form("xlsx")}


def name(kind: Kind) -> str:
    return kind.name


def test_the_catalogue_is_whole_and_in_chinese() -> None:
    assert len(CATALOGUE) > 150
    for kind in CATALOGUE.values():
        assert (kind.why and not kind.why.isascii() and not kind.zh.isascii()) or kind.name == "am_pm", kind.name
        assert (kind.level == "cell") == bool(kind.roles), kind.name
        assert kind.roles <= {*VALUES, *PARENT_ROLE}, kind.name
        assert (kind.verdict == "refuse") <= (kind.level == "file"), kind.name
    assert {kind.family for kind in CATALOGUE.values()} == {"form", "value", "between", "row", "file"}
    assert 30 < len(DEMO_KINDS) < 40


@pytest.mark.parametrize("kind", CELLS, ids=name)
@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
    derandomize=True,
)
@given(data=st.data(), seed=st.integers(0, 2**31))
def test_a_cell_is_changed_the_same_way_each_time(kind: Kind, data: st.DataObject, seed: int) -> None:
    role = data.draw(st.sampled_from(sorted(kind.roles)))
    clean = data.draw(VALUES[role])
    sent, again = (kind.change(np.random.default_rng(seed), clean, role) for _ in "12")
    assert sent == again
    assume(sent is not None and sent != clean)
    assert isinstance(sent, str)


@pytest.mark.parametrize("kind", CELLS, ids=name)
def test_a_cell_says_what_was_clean(kind: Kind) -> None:
    sheet = sheet_of(400)
    spoiled = Spoiler(Plan(), [kind], rate=0.02, held_share=1.0).spoil(sheet)
    assert spoiled.marks
    for mark in spoiled.marks:
        assert (mark.kind, mark.nth) == (kind.name, 0)
        clean, sent = sheet.rows.at[mark.position, mark.column], spoiled.instead[mark.position][0].cells
        assert mark.clean == ("" if kind.loses else clean)
        assert sent[list(sheet.columns).index(mark.column)] == mark.sent != clean
        others = [text for name, text in zip(sheet.columns, sent, strict=True) if name != mark.column]
        assert others == sheet.rows.loc[mark.position].drop(mark.column).tolist()


@pytest.mark.parametrize("kind", ROWS, ids=name)
@pytest.mark.parametrize("form", ["csv", "xlsx", "jsonl"])
def test_rows_are_struck_in_every_form_that_fits(kind: Kind, form: str) -> None:
    spoiled = Spoiler(Plan(), [kind], rate=0.02, held_share=1.0).spoil(sheet_of(300, FORMS[form]))
    assert bool(spoiled.marks) == (form in kind.formats)
    assert {mark.kind for mark in spoiled.marks} <= {kind.name}
    assert all(mark.sent != mark.clean or mark.column == "" for mark in spoiled.marks)


@pytest.mark.parametrize(("kind", "clean", "told"), [
    ("chinese_date", "2026-03-01", {"2026年3月1日"}),
    ("excel_serial", "2026-03-01", {"46082"}),
    ("excel_serial_1904", "2026-03-01", {"44620"}),
    ("roc_date", "2020-01-03", {"民國109年1月3日", "民国109年1月3日"}),
    ("roc_slash", "2020-01-03", {"109/1/3"}),
    ("hour_24", "2026-03-02 00:05:00", {"2026-03-01 24:05:00"}),
    ("iso_in_utc", "2026-03-02 07:05:00", {"2026-03-01T23:05:00Z"}),
    ("unix_time", "1970-01-02 08:00:00", {"86400", "86400000"}),
    ("month_or_day_first", "2020-01-03", {"1/3/2020", "3/1/2020"}),
    ("forenoon_afternoon", "2026-03-01 15:05:09", {"2026/3/1 下午3:05:09"}),
    ("am_pm", "2026-03-01 00:05:09", {"2026-03-01 12:05:09 AM"}),
    ("wan_yi", "12000.50", {"1.20005万"}),
    ("in_fen", "1086.50", {"108650"}),
    ("trailing_minus", "-120.00", {"120.00-"}),
    ("accounting_brackets", "-120.00", {"(120.00)"}),
    ("degrees_minutes", "121.500000", {"121°30′00.00″"}),
    ("micro_degrees", "121.474103", {"121474103"}),
    ("grid_through_excel", "110105000000001", {"1.10105E+14"}),
    ("code_became_date", "3-1", {"3月1日"}),
    ("id_of_15", "110105194912310021", {"110105491231002"}),
    ("name_in_pinyin", "张丽", {"Zhang Li"}),
    ("gbk_as_latin1", "你好", {"ÄãºÃ"}),
    ("kunjinkao", "你好", {"锟斤拷"}),
    ("utf8_as_gbk", "你好", {"浣犲ソ"}),
])  # fmt: skip
def test_known_damage(kind: str, clean: str, told: set[str]) -> None:
    seen = {CATALOGUE[kind].change(np.random.default_rng(seed), clean, "") for seed in range(20)}
    assert seen == told


def test_a_map_datum_moves_a_place_by_some_hundred_metres() -> None:
    """Tian'anmen in WGS-84 and as the published converters give it."""
    assert gcj02(116.391265, 39.907346) == pytest.approx((116.397507, 39.908750), abs=2e-5)
    assert bd09(116.397507, 39.908750) == pytest.approx((116.403881, 39.915095), abs=2e-4)

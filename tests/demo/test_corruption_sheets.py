"""A sheet's damage: as much as asked, never where it must not be, the same whatever else is spoiled."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from corruption_samples import sheet_of

from demo.corruption import CATALOGUE, DEMO_KINDS, HELD_SHARE, Spoiled, Spoiler
from demo.files import Record
from demo.plan import Plan
from demo.sheet import Form


def records(spoiled: Spoiled) -> list[Record]:
    """Every record as sent, in order."""
    clean = spoiled.sheet.rows.to_numpy(dtype=object).tolist()
    return [record for at, cells in enumerate(clean) for record in spoiled.instead.get(at, [Record(cells)])]


def test_the_truth_points_to_what_is_sent() -> None:
    spoiled = Spoiler(Plan(), list(CATALOGUE.values()), rate=0.2, held_share=1.0).spoil(sheet_of(2_000))
    sent, names, checked = records(spoiled), list(spoiled.sheet.columns), Counter()
    assert len(sent) == spoiled.record_count
    for row in spoiled.noise_rows():
        record = sent[int(row["row_no"]) - 1]
        if row["column"]:
            assert record.cells[names.index(str(row["column"]))] == row["sent"], row
        elif record.raw is not None:
            assert record.raw == row["sent"]
        checked[row["kind"]] += 1
    assert len(checked) > 120 and checked.total() > 300


def test_rows_that_nobody_touched_are_no_records() -> None:
    sheet = sheet_of(2_000)
    spoiled = Spoiler(Plan()).spoil(sheet)
    touched = {mark.position for mark in spoiled.marks}
    assert touched and set(spoiled.instead) - touched == set()
    for at in set(range(2_000)) - touched:
        assert at not in spoiled.instead


def test_about_the_rate_and_no_more_held_than_allowed() -> None:
    for seed in range(5):
        spoiled = Spoiler(Plan(seed=seed)).spoil(sheet_of(4_000))
        rows = list(spoiled.noise_rows())
        held = {row["row_no"] for row in rows if row["expect"] != "repaired"}
        assert 0.011 < len({row["noise_id"] for row in rows}) / 4_000 < 0.013
        assert 0 < len(held) <= HELD_SHARE * 4_000


@pytest.mark.parametrize("feed", ["grid", "death"])
def test_small_references_are_never_held(feed: str) -> None:
    rows = list(Spoiler(Plan()).spoil(sheet_of(3_000, feed=feed)).noise_rows())
    assert rows and {row["expect"] for row in rows} == {"repaired"}


def test_guarded_rows_are_left_alone() -> None:
    sheet = sheet_of(500)
    sheet.guarded[:] = np.arange(500) % 5 > 0
    spoiled = Spoiler(Plan(), list(CATALOGUE.values()), rate=0.5, held_share=1.0).spoil(sheet)
    assert len(spoiled.marks) > 50
    for mark in spoiled.marks:
        assert mark.nth or not sheet.guarded[mark.position]


def test_a_sheet_does_not_depend_on_the_others() -> None:
    spoiler, sheets = Spoiler(Plan()), [sheet_of(900, file_name=f"x_{n}.csv") for n in (1, 2, 3)]
    together = [list(spoiler.spoil(sheet).noise_rows()) for sheet in sheets]
    alone = [list(Spoiler(Plan()).spoil(sheet).noise_rows()) for sheet in reversed(sheets)][::-1]
    assert together == alone
    assert [row["row_no"] for row in together[0]] != [row["row_no"] for row in together[1]]
    assert together[0] != list(Spoiler(Plan(seed=8)).spoil(sheets[0]).noise_rows())


def test_over_a_feeds_files_all_kinds_come() -> None:
    kinds = Counter()
    for n in range(30):
        kinds.update(mark.kind for mark in Spoiler(Plan()).spoil(sheet_of(700, file_name=f"x_{n}.csv")).marks)
    fitting = {kind.name for kind in DEMO_KINDS if "csv" in kind.formats}
    assert set(kinds) == fitting


def test_a_ruined_sheet_has_nearly_a_third_that_must_be_held() -> None:
    for form in (Form("csv", delimiter=";"), Form("xlsx"), Form("jsonl")):
        spoiled = Spoiler(Plan()).spoil(sheet_of(400, form), ruin=True)
        held = {row["row_no"] for row in spoiled.noise_rows() if row["expect"] in ("held", "either")}
        assert 0.25 < len(held) / spoiled.record_count < 0.45


def test_without_noise_and_without_rows_nothing_happens() -> None:
    assert not Spoiler(Plan(noise=False)).spoil(sheet_of(500)).instead
    assert not Spoiler(Plan()).spoil(sheet_of(0)).instead
    assert Spoiler(Plan(), list(CATALOGUE.values()), held_share=1.0).spoil(sheet_of(1)).record_count >= 1


def test_a_large_sheet_stays_a_frame() -> None:
    """200,000 rows: records grow with the damage, not with the rows."""
    sheet = sheet_of(2_000)
    sheet.rows = pd.concat([sheet.rows] * 100, ignore_index=True).astype(pd.ArrowDtype(pa.string()))
    sheet.guarded = np.zeros(len(sheet.rows), dtype=bool)
    spoiled = Spoiler(Plan()).spoil(sheet)
    assert 2_000 < len(spoiled.instead) < 3_000

"""Whatever mixture of damage strikes a file, every row of it is kept or held, and every planted error is in one of the two."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demo.corruption import CATALOGUE, Spoiler
from demo.files import write
from demo.plan import Plan
from demo.trial.sources import city_sheets
from jobs.home import ZONE
from jobs.ingest.land import land
from jobs.lake import connect
from quality.sift import sift
from schemas.contract import load_contract

RECEIVED = datetime(2026, 6, 29, 12, tzinfo=ZONE)
ROWWISE = sorted(name for name, kind in CATALOGUE.items() if kind.level != "file")
ROWS = 120


@pytest.fixture(scope="module")
def sheets() -> dict:
    return {one.sheet.feed: one for one in city_sheets(["household_registration", "police_incident"])}


@pytest.mark.parametrize("feed", ["household_registration", "police_incident"])
@settings(deadline=None, max_examples=8)
@given(
    kinds=st.lists(st.sampled_from(ROWWISE), min_size=1, unique=True),
    rate=st.floats(0.01, 1.0),
    seed=st.integers(0, 2**31),
)
def test_every_row_of_a_damaged_file_is_kept_or_held(
    sheets, feed: str, kinds: list[str], rate: float, seed: int
) -> None:
    source = sheets[feed]
    contract = load_contract(source.contract_path)
    sheet = source.sheet.__class__(
        **{**vars(source.sheet), "rows": source.sheet.rows.iloc[:ROWS], "guarded": source.sheet.guarded[:ROWS]}
    )
    spoiled = Spoiler(Plan(seed), [CATALOGUE[kind] for kind in kinds], rate, held_share=1.0).spoil(sheet)
    noise = pd.DataFrame(list(spoiled.noise_rows()))
    with TemporaryDirectory() as folder, connect(reads_delta=False) as con:
        path = Path(folder) / sheet.file_name
        write(sheet, path, spoiled.instead)
        land(con, contract, path, Path(folder))
        counted = sift(con, contract, RECEIVED)
        kept = {row for (row,) in con.execute("SELECT row_no FROM kept").fetchall()}
        held = {row for (row,) in con.execute("SELECT row_no FROM held").fetchall()}
        sent = {row for (row,) in con.execute("SELECT row_no FROM landed").fetchall()}
    assert counted.kept + counted.held == counted.read == len(kept) + len(held) == len(sent)
    assert kept | held == sent and not kept & held
    if len(noise):
        blank = set(noise.loc[noise["kind"].isin(["blank_line", "empty_cells_line"]), "row_no"])
        assert set(noise["row_no"]) - blank <= sent, "a planted row is in neither"

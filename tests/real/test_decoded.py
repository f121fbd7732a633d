"""Real texts, each decoded by the wrong table: they come back, and what was right is never touched."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from quality.decoded import rightly_decoded

WRONGLY = [("gbk", "latin-1"), ("utf-8", "latin-1"), ("gbk", "cp1252"), ("utf-8", "cp1252"), ("utf-8", "gbk")]


def cells(path: Path, **how: Any) -> Iterator[str]:
    table = pd.read_excel(path, dtype=str) if path.suffix == ".xlsx" else pd.read_csv(path, dtype=str, **how)
    for name in table:
        yield from table[name].dropna().unique()


@pytest.fixture
def chinese(published) -> list[str]:
    lines = published("cn/address_10k.txt").read_text(encoding="utf-8").splitlines()
    found = [*cells(published("petitions_cn/petitions.xlsx")), *cells(published("petitions_cn/taxonomy.xlsx")), *lines]
    return [text for text in found if any("\u4e00" <= sign <= "\u9fff" for sign in text)]


@pytest.mark.parametrize(("sent", "read"), WRONGLY)
def test_chinese_decoded_by_the_wrong_table_comes_back(chinese: list[str], sent: str, read: str) -> None:
    struck: dict[str, str] = {}
    for text in chinese:
        try:
            struck[text.encode(sent).decode(read)] = text
        except UnicodeError:
            continue  # its bytes have no sign there, and no system would have sent it so
    assert len(struck) > 500
    back = sum(rightly_decoded(wrong) == text for wrong, text in struck.items())
    assert back >= 0.999 * len(struck)


def test_what_was_right_is_not_touched(chinese: list[str], published) -> None:
    english = [text for name in ("hospital", "beers") for text in cells(published(f"errors/{name}/clean.csv"))]
    taiwan = list(cells(published("messy/b_lvr_land_a.csv"), skiprows=[1]))
    looked = [*chinese, *english, *taiwan]
    assert len(looked) > 30_000
    assert [text for text in looked if rightly_decoded(text) != text] == []

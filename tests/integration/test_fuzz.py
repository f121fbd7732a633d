"""Whatever the bytes: no crash, no hang, no memory without bound; the file is refused in words, or every row of it is kept or held."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest
from fuzzed_files import FEEDS, GOOD, explore, read

EXAMPLES = {"csv": 40, "csv in utf-8": 30, "zip": 30, "xlsx": 25, "jsonl": 40}


@pytest.mark.parametrize("kind", EXAMPLES, ids=lambda kind: kind.replace(" ", "-"))
def test_a_good_file_is_read_before_it_is_spoiled(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "good"
    path.write_bytes(GOOD[kind])
    assert read(FEEDS[kind], path, tmp_path) == 12


@pytest.mark.parametrize("kind", EXAMPLES, ids=lambda kind: kind.replace(" ", "-"))
def test_spoiled_bytes_are_refused_in_words_or_read_to_the_last_row(kind: str, tmp_path: Path) -> None:
    last, report = tmp_path / "last", tmp_path / "report"
    reader = multiprocessing.get_context("spawn").Process(target=explore, args=(kind, EXAMPLES[kind], last, report))
    reader.start()
    reader.join()
    assert reader.exitcode in (0, 1), f"died of {reader.exitcode} reading {last.read_bytes().hex()}"
    assert reader.exitcode == 0, report.read_text(encoding="utf-8")
    seen, taken = map(int, report.read_text(encoding="utf-8").split())
    assert seen >= EXAMPLES[kind] // 2 and 0 < taken < seen, "some are still read, some are refused"

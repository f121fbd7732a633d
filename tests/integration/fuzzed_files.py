"""Good files spoiled at random, read in a process that may be lost: what it died of, and of which bytes, is told."""

from __future__ import annotations

import io
import os
import resource
import signal
import tempfile
import traceback
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bad_files import packed, workbook
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from small_feed import RECEIVED, feed_of

from demo.build_summary import peak_megabytes
from jobs.ingest.land import land
from jobs.ingest.unreadable import Unreadable
from jobs.lake import connect
from quality.sift import sift
from schemas.contract import Contract

MOST_ADDRESSES = 8 << 30  # of which DuckDB reserves up to 3 GB and touches a tenth
MOST_MEGABYTES = 1024
MOST_SECONDS = 60
COLUMNS = {
    "town": {"from": ["所属街道"], "type": "string", "map": {"东湖街道": "donghu", "南桥街道": "nanqiao"}},
    "paid_on": {"from": ["日期"], "type": "date"},
    "amount": {"from": ["金额"], "type": "money"},
    "note": {"from": ["备注"], "type": "string"},
}
TITLES = ["编号", "所属街道", "日期", "金额", "备注"]
ROWS = [
    [str(n), "东湖街道", "2026-03-02", f"{n}.50", "第一行\n第二行" if n % 5 == 0 else f"备注{n}"] for n in range(1, 13)
]
CSV = "\n".join(",".join(f'"{cell}"' if "\n" in cell else cell for cell in row) for row in [TITLES, *ROWS]) + "\n"
JSON = "".join(
    f'{{"编号": {number}, "所属街道": "{town}", "日期": "{day}", "金额": {amount}, "备注": {{"a": [1, null]}}}}\n'
    for number, town, day, amount, _ in ROWS
)
GOOD = {
    "csv": CSV.encode("gb18030"),
    "csv in utf-8": CSV.encode(),
    "zip": packed({"表.csv": CSV.encode("gb18030")}),
    "xlsx": workbook([TITLES, *ROWS]),
    "jsonl": JSON.encode(),
}
FEEDS = {
    "csv": feed_of(COLUMNS, encoding="gb18030"),
    "csv in utf-8": feed_of(COLUMNS, encoding="utf-8-sig"),
    "zip": feed_of(COLUMNS, encoding="gb18030"),
    "xlsx": feed_of(COLUMNS, format="xlsx"),
    "jsonl": feed_of(COLUMNS, format="jsonl"),
}
MAGIC = {"csv": b"", "csv in utf-8": b"\xef\xbb\xbf", "zip": b"PK\x03\x04", "xlsx": b"PK\x03\x04", "jsonl": b'{"'}
TOKENS = [b'"', b'""', b"'", b",", b"\n", b"\r", b"\r\n", b"\n\n", b"\0", b"\\", b"\t", b"\x1f\x07\x1e\x07", b"\xff", b"\x81", b"\xef\xbb\xbf",
          b"{", b"}", b"[", b"]", b":", b"\\u0000", b"\\ud800", b"1e999", b"-", b"9" * 40, b"=1+1", b"<", b'r="XFD1048576"', b"&#0;", b"PK\x05\x06"]  # fmt: skip
PLACE = st.integers(0, 65535)
EDIT = st.one_of(
    st.tuples(st.just("write"), PLACE, st.binary(min_size=1, max_size=8)),
    st.tuples(st.just("insert"), PLACE, st.sampled_from(TOKENS)),
    st.tuples(st.just("insert"), PLACE, st.binary(min_size=1, max_size=64)),
    st.tuples(st.just("cut"), PLACE, st.integers(1, 200)),
    st.tuples(st.just("repeat"), PLACE, st.tuples(st.integers(1, 200), st.integers(2, 60))),
    st.tuples(st.just("end"), PLACE, st.none()),
)


def edited(content: bytes, edits: list[tuple[str, int, Any]]) -> bytes:
    """The bytes after each edit in turn; a place is a 65536th of what there is."""
    for what, place, how in edits:
        at = place * len(content) >> 16
        head, tail = content[:at], content[at:]
        match what:
            case "write":
                content = head + how + tail[len(how) :]
            case "insert":
                content = head + how + tail
            case "cut":
                content = head + tail[how:]
            case "repeat":
                length, times = how
                content = head + tail[:length] * times + tail[length:]
            case _:
                content = head
    return content


def spoiled(kind: str) -> st.SearchStrategy[bytes]:
    """Files of a kind: edited as they are, edited within their packing, or noise behind the right first bytes."""
    edits = st.lists(EDIT, min_size=1, max_size=6)
    outer = edits.map(lambda chosen: edited(GOOD[kind], chosen))
    noise = st.binary(max_size=300).map(lambda tail: MAGIC[kind] + tail)
    if not zipfile.is_zipfile(io.BytesIO(GOOD[kind])):
        return st.one_of(outer, outer, outer, noise)
    with zipfile.ZipFile(io.BytesIO(GOOD[kind])) as book:
        members = {name: book.read(name) for name in book.namelist()}
    inner = st.tuples(st.sampled_from(sorted(members)), edits).map(
        lambda chosen: packed(members | {chosen[0]: edited(members[chosen[0]], chosen[1])})
    )
    return st.one_of(outer, inner, inner, noise)


def read(contract: Contract, path: Path, staging: Path) -> int | None:
    """Rows landed, each of them kept or held (sift raises if not); None when the file was refused in words."""
    with connect(reads_delta=False, spill=staging) as con:
        try:
            rows = land(con, contract, path, staging).rows
        except Unreadable:
            return None
        told = sift(con, contract, RECEIVED)
        assert rows == told.read == told.kept + told.held
        return rows


def explore(kind: str, examples: int, last: Path, report: Path, start: int | None = None) -> None:
    """Read so many spoiled files; the bytes of the one being read are in `last`, what came of all in `report`. Run it in a process of its own."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_ADDRESSES, MOST_ADDRESSES))
    outcomes: list[bool] = []

    def one(content: bytes) -> None:
        last.write_bytes(content)
        signal.alarm(MOST_SECONDS)
        with tempfile.TemporaryDirectory(dir=last.parent) as staging:
            outcomes.append(read(FEEDS[kind], last, Path(staging)) is not None)
        signal.alarm(0)
        assert peak_megabytes() < MOST_MEGABYTES, f"{peak_megabytes():.0f} MB of memory"

    chosen = settings(
        max_examples=examples, deadline=None, database=None, derandomize=start is None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
    )  # fmt: skip
    test: Callable[[], None] = chosen(given(spoiled(kind))(one))
    if start is not None:
        test = seed(start)(test)
    try:
        test()
    except BaseException:
        report.write_text(f"{traceback.format_exc()}\n{last.read_bytes().hex()}", encoding="utf-8")
        os._exit(1)
    report.write_text(f"{len(outcomes)} {sum(outcomes)}", encoding="utf-8")

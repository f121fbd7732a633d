"""A department's first file: drafted, tried, taken in; whatever its container, and without touching the lake."""

from __future__ import annotations

import csv
import io
import random
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from typer.testing import CliRunner

from jobs.author.draft import CannotDraft, draft_contract
from jobs.author.tryout import try_contract
from jobs.cli import app
from jobs.home import Home
from schemas.contract import Contract, load_contract

STREETS = {"330401": "东湖街道", "330402": "南桥街道", "330403": "西塘街道", "330404": "北港镇"}
HEADER = ["案件编号", "上报时间", "街道编码", "所属街道", "联系电话", "费用", "备注"]


def cases(rows: int = 240) -> list[list[str]]:
    rng = random.Random(7)
    made = []
    for number in range(rows):
        code = rng.choice(list(STREETS))
        made.append(
            [f"CG2026{number:06d}", f"2026/{number % 12 + 1}/{number % 28 + 1} {number % 24}:{number % 60:02d}", code, STREETS[code],
             f"137{rng.randrange(10**8):08d}", f"{rng.randrange(900)}.{rng.randrange(10)}0", rng.choice(["", "", "", "已核", "转办"])]
        )  # fmt: skip
    return made


def as_csv(
    rows: list[list[str]], encoding: str = "gb18030", delimiter: str = ",", above: tuple[str, ...] = ()
) -> bytes:
    text = io.StringIO()
    text.writelines(f"{line}\r\n" for line in above)
    csv.writer(text, delimiter=delimiter).writerows([HEADER, *rows])
    return text.getvalue().encode(encoding)


def as_xlsx(rows: list[list[str]]) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["东湖市城市管理案件月报"])
    sheet.append(["填报单位:城市管理局"])
    for row in [HEADER, *rows]:
        sheet.append(row)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def zipped(content: bytes, name: str = "案件.csv") -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return packed.getvalue()


CONTAINERS: dict[str, tuple[str, Callable[[list[list[str]]], bytes], dict[str, object]]] = {
    "a GB18030 CSV": ("案件_202606.csv", as_csv, {"encoding": "gb18030", "format": "csv"}),
    "UTF-8 with a BOM, cut by ;": (
        "案件.csv",
        lambda rows: as_csv(rows, "utf-8-sig", ";"),
        {"encoding": "utf-8-sig", "delimiter": ";"},
    ),
    "a title above": ("案件.csv", lambda rows: as_csv(rows, above=("城管案件,,,,,,",)), {"header_row": 2}),
    "a workbook with two titles": ("案件.xlsx", as_xlsx, {"format": "xlsx", "header_row": 3}),
    "a zip": ("案件.zip", lambda rows: zipped(as_csv(rows)), {"encoding": "gb18030"}),
}


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def contract_from(text: str, folder: Path, feed: str = "case") -> Contract:
    path = folder / f"{feed}.yaml"
    path.write_text(text, encoding="utf-8")
    return load_contract(path)


@pytest.mark.parametrize("container", CONTAINERS)
def test_a_draft_fits_its_own_sample(container: str, home: Home, tmp_path: Path) -> None:
    name, content, told = CONTAINERS[container]
    sample = written(tmp_path / name, content(cases()))
    contract = contract_from(draft_contract(sample, "case"), tmp_path)
    assert {key: getattr(contract.delivery, key) for key in told} == told
    types = {spec.aliases[0]: spec.type for spec in contract.columns.values()}
    assert types == {
        "案件编号": "string", "上报时间": "timestamp", "街道编码": "string", "所属街道": "string", "联系电话": "mobile",
        "费用": "number", "备注": "string",
    }  # fmt: skip
    assert contract.key == ["an_jian_bian_hao"]
    tried = try_contract(home, contract, sample, None)
    assert (tried.sifted.read, tried.sifted.kept, tried.sifted.repaired, tried.marked) == (240, 240, 0, 0)


def test_a_draft_tells_of_no_person(tmp_path: Path) -> None:
    rows = cases()
    text = draft_contract(written(tmp_path / "案件.csv", as_csv(rows)), "case")
    assert not [row[4] for row in rows if row[4] in text]
    assert "13712345678" in text, "the example has a stand-in"


def test_what_a_draft_finds_is_mended_and_marked(home: Home, tmp_path: Path) -> None:
    rows = cases()
    clean = contract_from(draft_contract(written(tmp_path / "案件.csv", as_csv(rows)), "case"), tmp_path)
    assert (("jie_dao_bian_ma",), "suo_shu_jie_dao") in {
        (tuple(d.determinant), c) for d in clean.dependencies for c in d.dependent
    }
    right = rows[5][3]
    rows[5][3], rows[6][4], rows[7][0] = (f"{right[0]}朝{right[2:]}", "１３７-1234 5678", "CG2026x00007")
    rows[8][3] = next(s for s in STREETS.values() if s != rows[8][3])
    dirty = written(tmp_path / "案件2.csv", as_csv(rows))
    out = tmp_path / "out"
    tried = try_contract(home, clean, dirty, out)
    assert (tried.sifted.repaired, tried.marked, tried.sifted.held) == (2, 2, 0)
    kept, flags, repairs = (
        list(csv.reader((out / f"{what}.csv").open(encoding="utf-8", newline="")))
        for what in ("kept", "flags", "repairs")
    )
    assert kept[0] == ["row", *HEADER]
    assert [row[0] for row in kept[1:]] == [str(n) for n in range(1, 241)], "in the order they were sent"
    assert (kept[6][4], kept[7][5]) == (right, "13712345678")
    assert [row for row in kept[1:] if row[0] not in ("6", "7")] == [
        [str(n), *row] for n, row in enumerate(rows, 1) if n not in (6, 7)
    ], "what needs no mending leaves as it came"
    assert [(row[0], row[1], row[3]) for row in flags[1:]] == [
        ("8", "案件编号", "marked"), ("9", "街道编码", "marked"), ("9", "所属街道", "marked"),
    ], "a code and a street that do not belong together: which of them is wrong, no row tells"  # fmt: skip
    assert {(row[0], row[1], row[3], row[4]) for row in repairs[1:]} == {
        ("6", "所属街道", right, "dominant"), ("7", "联系电话", "13712345678", "full_width"),
    }  # fmt: skip


def test_the_gate_admits_what_a_draft_only_marks(home, contracts, drop, take, rows, tmp_path: Path) -> None:
    """A required cell that is empty and a figure out of its range are kept and marked: neither is a promise broken."""
    sent = cases()
    sample = written(tmp_path / "案件.csv", as_csv(sent))
    contracts["case"] = contract_from(draft_contract(sample, "case"), tmp_path)
    assert contracts["case"].columns["shang_bao_shi_jian"].required and contracts["case"].columns["fei_yong"].range
    sent[5][1], sent[6][5] = "", "99999999.00"
    drop("case", "案件.csv", as_csv(sent))
    (entry,) = take("case")
    assert (entry.status, entry.kept_rows) == ("passed", 240), entry.words
    assert {row["row_no"] for row in rows("ops", "mark")} == {6, 7}
    receipt = next((home.returns / "unsettled").glob("*.html")).read_text(encoding="utf-8")
    assert "请核对" in receipt and "无需操作" not in receipt


def test_trying_leaves_the_lake_alone(home: Home, tmp_path: Path) -> None:
    sample = written(tmp_path / "案件.csv", as_csv(cases(40)))
    run = CliRunner().invoke(app, ["draft", str(sample), "--out", str(tmp_path / "case.yaml")])
    assert run.exit_code == 0, run.output
    run = CliRunner().invoke(app, ["try", str(tmp_path / "case.yaml"), str(sample), "--out", str(tmp_path / "out")])
    assert run.exit_code == 0, run.output
    assert "读入 40 = 入库 40" in run.output
    assert not home.lake.exists()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"1,2,3\n4,5,6\n7,8,9\n", "no row looks like headers"),
        ("編號,區域\n".encode("big5") + b"".join(f"{n},{n}\n".encode() for n in range(50)), "--encoding"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 100, "图片"),
        (b"", "空"),
    ],
)
def test_what_cannot_be_drafted_says_why(content: bytes, says: str, tmp_path: Path) -> None:
    run = CliRunner().invoke(app, ["draft", str(written(tmp_path / "sample.csv", content))])
    assert run.exit_code == 1
    assert says in run.output
    assert "Traceback" not in run.output


def test_a_file_that_lacks_a_column_is_answered_with_the_nearest(home: Home, tmp_path: Path) -> None:
    sample = written(tmp_path / "案件.csv", as_csv(cases(40)))
    contract_from(draft_contract(sample, "case"), tmp_path)
    other = written(
        tmp_path / "案件3.csv", as_csv(cases(40)).replace("案件编号".encode("gb18030"), "案件号编".encode("gb18030"))
    )
    run = CliRunner().invoke(app, ["try", str(tmp_path / "case.yaml"), str(other)])
    assert run.exit_code == 1
    assert "缺少必填列:案件编号" in run.output
    assert "「案件号编」是否应为「案件编号」" in run.output


def test_a_feed_must_have_a_name_of_its_own(tmp_path: Path) -> None:
    sample = written(tmp_path / "案件.csv", as_csv(cases(40)))
    run = CliRunner().invoke(app, ["draft", str(sample), "--feed", "案件"])
    assert run.exit_code == 2
    with pytest.raises(CannotDraft):
        draft_contract(written(tmp_path / "x.csv", b"1,2\n3,4\n"))

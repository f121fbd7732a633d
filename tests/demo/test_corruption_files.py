"""Any file can be spoiled: the truth recounts from what was written, and what was not struck is as it was."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from corruption_samples import sheet_of
from typer.testing import CliRunner

from demo.cli import app
from demo.corruption import CATALOGUE, Kind
from demo.corruption.any_file import FILE_COLUMNS, corrupt, read_table, write_corrupted
from demo.corruption.catalogue import chosen
from demo.corruption.kind import Upload
from demo.corruption.roles import Told, read_roles
from demo.plan import Plan
from demo.sheet import Form

ROWS = 800
ALL_ROW_KINDS = chosen(["form", "value", "between", "row"])
FILE_KINDS = [kind for kind in CATALOGUE.values() if kind.level == "file"]
ROLES = {"birth_date": "birth", "reported_at": "start_stamp", "arrived_at": "end_stamp", "likes": "number", "pay_month": "month",
         "mobile": "mobile", "name": "name", "resident_id": "id", "grid_code": "grid", "sex": "sex", "place": "text"}  # fmt: skip


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A GB18030 file with quoted cells, Windows line ends, and no line end after the last row."""
    path = tmp_path_factory.mktemp("good") / "police_20260301.csv"
    rows = sheet_of(ROWS).rows
    rows.loc[rows.index % 7 == 0, "detail"] += ',他说"急",\n分两行写'
    path.write_bytes(rows.to_csv(index=False, lineterminator="\r\n").removesuffix("\r\n").encode("gb18030"))
    return path


@pytest.fixture(scope="module")
def good_book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("book") / "police.xlsx"
    rows = sheet_of(300).rows
    rows.astype({"amount": float, "reported_at": "datetime64[ns]"}).to_excel(path, index=False)
    return path


def raw_records(data: bytes, encoding: str = "gb18030") -> list[str]:
    """The records' own text, without line ends, the header first."""
    records, is_open = [], False
    for line in io.StringIO(data.decode(encoding), newline=""):
        records = [*records[:-1], records[-1] + line] if is_open else [*records, line]
        is_open ^= line.count('"') % 2 == 1
    return [record.rstrip("\r\n") for record in records]


def test_the_truth_recounts_from_the_file_and_the_rest_is_as_it_was(good: Path, tmp_path: Path) -> None:
    sent, noise, files = corrupt(good, Plan(), ALL_ROW_KINDS, 0.2, told={k: Told(v) for k, v in ROLES.items()})
    path = write_corrupted(sent, noise, files, tmp_path / "out", tmp_path / "truth")
    truth = pd.read_csv(tmp_path / "truth/noise.csv", dtype=str, keep_default_na=False)
    lines = raw_records(path.read_bytes())[1:]
    header, *cells = csv.reader(io.StringIO(path.read_bytes().decode("gb18030"), newline=""))
    assert len(truth) > 150 and len(lines) == len(cells)
    for row in truth.itertuples():
        at = int(str(row.row_no)) - 1
        told = cells[at][header.index(str(row.column))] if row.column else lines[at]
        assert told == row.sent, row
    struck = set(truth["row_no"].astype(int))
    left = [line for number, line in enumerate(lines, 1) if number not in struck]
    clean = raw_records(good.read_bytes())[1:]
    positions = iter(clean)
    assert all(line in positions for line in left), "untouched rows keep their order and their bytes"
    assert len(left) > 0.7 * ROWS
    assert len(set(truth["kind"])) > 80


def test_same_seed_same_bytes_and_another_seed_other_rows(good: Path) -> None:
    one, again, other = (corrupt(good, Plan(seed), ALL_ROW_KINDS, 0.02) for seed in (1, 1, 2))
    assert one[0].data == again[0].data and one[1] == again[1]
    assert {row["row_no"] for row in one[1]} != {row["row_no"] for row in other[1]}


@pytest.mark.parametrize("rate", [0.01, 0.05, 0.2])
def test_the_rate_is_met(good: Path, rate: float) -> None:
    _, noise, _ = corrupt(good, Plan(), chosen(["form", "value"]), rate)
    assert len({row["row_no"] for row in noise}) == pytest.approx(rate * ROWS, abs=1)


def test_a_workbook_tells_the_same(good_book: Path, tmp_path: Path) -> None:
    sent, noise, files = corrupt(good_book, Plan(), ALL_ROW_KINDS, 0.15)
    path = write_corrupted(sent, noise, files, tmp_path / "out", tmp_path / "truth")
    header, *rows = openpyxl.load_workbook(path).worksheets[0].iter_rows(values_only=True)
    cells = [row for row in noise if row["column"]]
    assert len(cells) > 40
    for row in cells:
        told = rows[int(row["row_no"]) - 1][header.index(row["column"])]
        assert ("" if told is None else str(told)) == row["sent"], row
    assert sent.data == corrupt(good_book, Plan(), ALL_ROW_KINDS, 0.15)[0].data


@pytest.mark.parametrize("kind", FILE_KINDS, ids=lambda kind: kind.name)
def test_each_file_kind_changes_a_file(kind: Kind, good: Path) -> None:
    import numpy as np

    changed = 0
    for upload in uploads(good):
        if upload.form.kind in kind.formats:
            told = [kind.change(np.random.default_rng(3), upload) for _ in "12"]
            assert told[0] == told[1]
            changed += told[0] is not None and (told[0].name, told[0].data) != (upload.name, upload.data)
    assert changed


def uploads(good: Path) -> list[Upload]:
    text = "\r\n".join(raw_records(good.read_bytes())[:150])
    lines = "".join(json.dumps({"编号": n, "姓名": "张丽"}, ensure_ascii=False) + "\n" for n in range(50))
    return [
        Upload(good.name, text.encode("gb18030"), Form("csv", "gb18030", newline="\r\n")),
        Upload("a_20260301.csv", text.encode(), Form("csv")),
        Upload("b_20260301.csv", text.encode("utf-8-sig"), Form("csv", "utf-8-sig")),
        Upload("c_20260301.jsonl", lines.encode(), Form("jsonl")),
    ]


def struck_by(kind: str, good: Path) -> Upload:
    sent, noise, [told] = corrupt(good, Plan(), [CATALOGUE[kind]], 0.02)
    assert not noise
    assert list(told) == FILE_COLUMNS and (told["file"], told["sent_as"], told["kind"]) == (good.name, sent.name, kind)
    return sent


def test_files_go_wrong_as_they_say(good: Path) -> None:
    table = list(csv.reader(io.StringIO(good.read_bytes().decode("gb18030"), newline="")))
    other = struck_by("other_delimiter", good).data.decode("gb18030")
    assert any(list(csv.reader(io.StringIO(other, newline=""), delimiter=sign)) == table for sign in ";\t|")
    assert struck_by("other_encoding", good).data.decode("utf-8") == good.read_bytes().decode("gb18030")
    with pytest.raises(UnicodeDecodeError):
        struck_by("mixed_encodings", good).data.decode("utf-8")
    assert struck_by("header_missing", good).data.decode("gb18030").startswith(table[1][0])
    assert struck_by("stale_content", good).name == "police_20260302.csv"
    assert zipfile.ZipFile(io.BytesIO(struck_by("zip_of_two", good).data)).namelist() == [
        good.name,
        f"副本_{good.name}",
    ]
    assert openpyxl.load_workbook(io.BytesIO(struck_by("xlsx_as_csv", good).data)).worksheets[0].max_row == ROWS + 1
    assert len(raw_records(struck_by("ten_times_the_rows", good).data)) > 9 * ROWS
    assert b"\x00" in struck_by("nul_bytes", good).data
    assert struck_by("empty_file", good).data == b""


def test_roles_are_seen_or_told(good: Path, tmp_path: Path) -> None:
    seen = {name: told.role for name, told in read_table(good, None).told.items()}
    expected = ROLES | {"record_no": "key", "registered_on": "date", "category": "word", "community": "community",
                        "lon": "lon", "lat": "lat", "amount": "money", "detail": "prose"}  # fmt: skip
    guessed = {
        name: role for name, role in expected.items() if name not in ("reported_at", "arrived_at", "pay_month", "place")
    }
    assert {name: seen[name] for name in guessed} == guessed
    said = tmp_path / "roles.yaml"
    said.write_text("likes: {role: number, required: true}\nplace: prose\n", encoding="utf-8")
    assert read_table(good, read_roles(said)).told["likes"] == Told("number", required=True)
    said.write_text("likes: colour\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"column likes has .*colour"):
        read_roles(said)


def test_the_command_writes_and_lists(good: Path, tmp_path: Path) -> None:
    run = CliRunner().invoke
    out, truth = tmp_path / "dirty", tmp_path / "truth"
    told = run(
        app,
        ["corrupt", str(good), "--out", str(out), "--truth", str(truth), "--rate", "3%", "--kinds", "form,bom_added"],
    )
    assert told.exit_code == 0, told.output
    noise = pd.read_csv(truth / "noise.csv", dtype=str, keep_default_na=False)
    assert len(noise) == 0.03 * ROWS and set(noise["expect"]) <= {"repaired", "kept", "either"}
    assert (out / good.name).read_bytes().decode("gb18030") and (truth / "files.csv").exists()
    assert "锟斤拷" in run(app, ["corrupt", "--list"], env={"COLUMNS": "220"}).output
    assert run(app, ["corrupt", str(good), "--kinds", "nonsense"]).exit_code == 2
    (tmp_path / "x.jsonl").write_text("{}")
    assert run(app, ["corrupt", str(tmp_path / "x.jsonl")]).exit_code == 2
    assert run(app, ["corrupt", str(good), "--encoding", "ascii", "--out", str(out)]).exit_code == 2

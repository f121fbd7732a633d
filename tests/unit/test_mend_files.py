"""The rows to mend on their way out and back: what a spreadsheet shows, keeps, changes, and what is read of it again."""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.ingest.mending.cells import as_meant, bare, guarded, is_damaged
from jobs.ingest.mending.name import mend_name, mending_of
from jobs.ingest.mending.read import mended_rows
from jobs.ingest.mending.write import CellTooLong, HeldRow, write_mend_csv, write_mend_xlsx
from jobs.ingest.sheet import sheet_rows
from jobs.lake import connect

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
NASTY = [
    "=1+1", "+86 13712345678", "@SUM(A1)", "-2+3", '=HYPERLINK("http://x.example","点")', "110105194912310021", "11010519491231002X",
    "007", "3-1", "12E5", "2026-03-01 09:30:45", "2026/3/1", "12.50", "0.10", "东湖街道", "多\n行", '带"引号,逗号', "-12.5", "1234567890123456789", "TRUE",
]  # fmt: skip
TITLES = [f"列{n}" for n in range(len(NASTY))]


# ---- names


@pytest.mark.parametrize(
    "around",
    [
        "{}",
        "{} (1)",
        "{}(2)",
        "{}（3）",
        "副本{}",
        "副本 {}",
        "{} - 副本",
        "{}-已改",
        "{}_最终版2",
        "Copy of {}",
        "[张三]{}",
        "{}.csv",
    ],
)
@pytest.mark.parametrize("ending", ["csv", "xlsx", "CSV", "zip"])
def test_whatever_is_put_around_the_name_the_delivery_is_known(around: str, ending: str) -> None:
    found = mending_of(f"{around.format('police_incident-20260301-01-补正')}.{ending}")
    assert found is not None and found.delivery_id == "police_incident-20260301-01"
    assert (found.feed, found.period, found.attempt) == ("police_incident", "20260301", 1)


@pytest.mark.parametrize(
    "name", ["jq_20260301.csv", "补正.csv", "jq_20260301-补正.csv", "police_incident-20260301-01.html", "警情补正.xlsx"]
)
def test_other_names_are_no_mendings(name: str) -> None:
    assert mending_of(name) is None


@settings(deadline=None, max_examples=40)
@given(
    st.from_regex(r"[a-z][a-z0-9_]{0,20}", fullmatch=True),
    st.from_regex(r"[0-9A-Za-z_-]{1,20}", fullmatch=True),
    st.integers(1, 9999),
)
def test_every_name_we_give_is_recognised(feed: str, period: str, attempt: int) -> None:
    given_as = f"{feed}-{period}-{attempt:02d}"
    found = mending_of(mend_name(given_as, "csv"))
    assert found is not None and found.delivery_id == given_as


# ---- cells


@pytest.mark.parametrize(
    ("sent", "written"),
    [
        ("=1+1", "'=1+1"),
        ("+86", "'+86"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("-2+3", "'-2+3"),
        ("-", "'-"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("  =1", "'  =1"),
        ("'=1", "''=1"),
        ("\uff1d1+1", "'\uff1d1+1"),
        ("-12.5", "-12.5"),
        ("-3", "-3"),
        ("330106195001011234", "\t330106195001011234"),
        ("33010619500101123X", "\t33010619500101123X"),
        ("-123456789012", "\t-123456789012"),
        ("007", "\t007"),
        ("3-1", "\t3-1"),
        ("12E5", "\t12E5"),
        ("TRUE", "\tTRUE"),
        ("0.5", "0.5"),
        ("2026-02-01", "2026-02-01"),
        ("东湖街道", "东湖街道"),
        ("", ""),
    ],
)
def test_a_spreadsheet_neither_runs_nor_changes_a_cell(sent: str, written: str) -> None:
    assert guarded(sent) == written and bare(written) == sent


@given(TEXTS)
def test_every_cell_comes_back_as_it_was_sent(sent: str) -> None:
    assert bare(guarded(sent)) == sent == as_meant(sent, guarded(sent))


@pytest.mark.parametrize(
    ("sent", "came", "meant"),
    [
        ("110105194912310021", "1.10105E+17", "110105194912310021"),
        ("110105194912310021", "1.1010519491231e+17", "110105194912310021"),
        ("110105194912310021", "110105194912310000", "110105194912310021"),
        ("202603010001", "2.02603E+11", "202603010001"),
        ("110105194912310021", "1.20105E+17", "1.20105E+17"),
        ("东湖", "1.1E+17", "1.1E+17"),
        ("2026-03-01 09:30:45", "2026/3/1 9:30", "2026-03-01 09:30:45"),
        ("2026-03-01 09:30:45", "2026/3/1 9:31", "2026/3/1 9:31"),
        ("2026-03-01 09:30:45", "2026-03-01 09:30:46", "2026-03-01 09:30:46"),
        ("2026-03-01", "2026/3/1", "2026-03-01"),
        ("2026-03-01", "2026/3/2", "2026/3/2"),
        ("12.50", "12.5", "12.50"),
        ("12.50", "12.6", "12.6"),
        ("007", "7", "7"),
        ("多\r\n行", "多\n行", "多\r\n行"),
        ("+86 13712345678", "'+86 13712345678", "+86 13712345678"),
        ("=1+1", "'13712345678", "13712345678"),
        ("110105194912310021", "\t11010519491231002X", "11010519491231002X"),
        ("昨天", "2026-03-01", "2026-03-01"),
        ("昨天", "", ""),
    ],
)  # fmt: skip
def test_what_a_spreadsheet_did_is_told_from_what_a_person_did(sent: str, came: str, meant: str) -> None:
    assert as_meant(sent, came) == meant


def test_a_long_number_that_a_spreadsheet_cut_is_known() -> None:
    assert [text for text in ("1.1E+17", "1.10105e+17", "12E5", "1E5", "JQ1E+17", "东湖") if is_damaged(text)] == [
        "1.1E+17",
        "1.10105e+17",
    ]


# ---- files


def _csv(path: Path, header: list[str], *rows: HeldRow) -> list[list[str]]:
    assert write_mend_csv(path, header, rows) == len(rows)
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def _returned(header: list[str], path: Path) -> list[tuple[int, list[str]]]:
    """What is read of a mended file, each cell as it was meant by who had been sent NASTY."""
    with tempfile.TemporaryDirectory() as staging, connect(reads_delta=False) as con:
        mended_rows(con, header, path, Path(staging))
        return con.execute("SELECT of_row, cells FROM returned ORDER BY of_row").fetchall()


def test_ragged_rows_lose_nothing(tmp_path: Path) -> None:
    found = _csv(tmp_path / "a.csv", ["甲", "乙"], HeldRow(2, ["a"], "短"), HeldRow(3, ["a", "b", "c"], "长"))
    assert found == [["甲", "乙", "行号", "原因"], ["a", "", "2", "短"], ["a", "b", "3", "长", "c"]]


def test_the_csv_opens_as_chinese_text_with_every_cell_quoted(tmp_path: Path) -> None:
    _csv(tmp_path / "a.csv", ["街道"], HeldRow(12, ["东湖街道"], "缺少证件号"))
    written = (tmp_path / "a.csv").read_bytes()
    assert written == '\ufeff"街道","行号","原因"\r\n"东湖街道","12","缺少证件号"\r\n'.encode()
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"], "no draft stays behind"


def test_the_workbook_is_text_throughout_and_marks_what_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    rows = [HeldRow(12, NASTY, "列3的写法不符合约定", frozenset({3})), HeldRow(13, ["\x01甲"], "短")]
    assert write_mend_xlsx(path, TITLES, rows, tmp_path) == 2
    assert [found.name for found in tmp_path.iterdir()] == ["a.xlsx"], "no scratch stays behind"
    sheet = openpyxl.load_workbook(path).active
    assert sheet is not None and sheet.freeze_panes == "A2"
    assert (sheet.page_setup.orientation, sheet.page_setup.fitToHeight, sheet.print_title_rows) == (
        "landscape",
        0,
        "$1:$1",
    )
    head, first, second = sheet.iter_rows()
    assert [cell.value for cell in head] == [*TITLES, "行号", "原因"] and all(cell.font.bold for cell in head)
    assert [cell.value for cell in first] == [*NASTY, "12", "列3的写法不符合约定"]
    assert {(cell.data_type, cell.number_format) for cell in (*head, *first)} == {("s", "@")}, "no formula, no number"
    coloured = [i for i, cell in enumerate(first) if cell.fill.fgColor.rgb[-6:] == "FFE3A3"]
    assert coloured == [3]
    assert first[-1].alignment.wrap_text and sheet.column_dimensions["V"].width > 40
    assert second[0].value == "\ufffd甲", "what a workbook cannot hold is seen to be gone"


def test_a_cell_too_long_for_a_workbook_is_not_cut(tmp_path: Path) -> None:
    with pytest.raises(CellTooLong):
        write_mend_xlsx(tmp_path / "a.xlsx", ["甲"], [HeldRow(1, ["长" * 40_000], "长")], tmp_path)
    assert list(tmp_path.glob("*.xlsx")) == []


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
@settings(deadline=None, max_examples=40)
@given(st.lists(st.lists(TEXTS.filter(lambda text: "\r" not in text), min_size=2, max_size=2), min_size=1, max_size=3))
def test_every_row_comes_back_by_its_number(ending: str, cells: list[list[str]]) -> None:
    header = ["甲", "乙"]
    rows = [HeldRow(n, row, "错") for n, row in enumerate(cells, 1)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"a.{ending}"
        if ending == "csv":
            write_mend_csv(path, header, rows)
        else:
            write_mend_xlsx(path, header, rows, Path(folder))
        found = _returned(header, path)
    assert [number for number, _ in found] == [row.number for row in rows]
    for (_, came), sent in zip(found, cells, strict=True):
        assert [_plain(as_meant(a, b)) for a, b in zip(sent, came, strict=True)] == [_plain(cell) for cell in sent]


def _plain(cell: str) -> str:
    """Without what no workbook holds: control signs, and white space at the ends."""
    return "".join("\ufffd" if ord(sign) < 32 and sign not in "\t\n" else sign for sign in cell).strip()


def test_columns_moved_about_added_and_named_like_ours_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("标题\n备注,原因,行号,乙,甲,行号,乙\n,新,A1,b1,a,3,b2\n,,,,,,\n", encoding="gb18030")
    with connect(reads_delta=False) as con:
        assert mended_rows(con, ["甲", "乙", "乙", "行号"], path, tmp_path) == ["备注"]
        assert con.execute("SELECT * FROM returned").fetchall() == [(3, ["a", "b1", "b2", "A1"])]


def test_the_originals_own_reason_column_is_not_taken_for_ours(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("原因,'=乙,行号\n丙,丁,3\n", encoding="utf-8")
    with connect(reads_delta=False) as con:
        assert mended_rows(con, ["原因", "=乙"], path, tmp_path) == []
        assert con.execute("SELECT * FROM returned").fetchall() == [(3, ["丙", "丁"])]


def test_memory_stays_flat_however_many_rows_go_into_a_workbook(tmp_path: Path) -> None:
    script = tmp_path / "many.py"
    script.write_text(
        "import re, sys\nfrom pathlib import Path\nfrom jobs.ingest.mending.write import *\n"
        "rows = (HeldRow(n, ['JQ', '东湖街道' * 20, str(n)] * 3, '错') for n in range(int(sys.argv[1])))\n"
        "write_mend_xlsx(Path(sys.argv[2]), [f'列{n}' for n in range(9)], rows, Path(sys.argv[2]).parent)\n"
        "print(re.search(r'VmHWM:\\s+(\\d+)', Path('/proc/self/status').read_text())[1])\n"
    )
    few, many = (
        int(subprocess.check_output([sys.executable, script, str(n), tmp_path / "m.xlsx"])) for n in (200, 8_000)
    )
    assert many - few < 4_000, f"kB: {few} for 200 rows, {many} for 8,000"


# ---- a real spreadsheet


@pytest.fixture(scope="module")
def office() -> str:
    found = shutil.which("soffice")
    if not found:
        pytest.skip("LibreOffice (soffice) is not installed: only the files' bytes are tested")
    return found


def _saved_by(office: str, path: Path, as_: str, ending: str) -> Path:
    """The file, opened and saved again by LibreOffice."""
    out = path.parent / "saved"
    command = [office, f"-env:UserInstallation=file://{path.parent}/profile", "--headless", "--infilter=CSV:44,34,76,1" if path.suffix == ".csv" else "", "--convert-to", as_, "--outdir", str(out), str(path)]  # fmt: skip
    subprocess.run([part for part in command if part], check=True, capture_output=True, timeout=180)
    return out / f"{path.stem}.{ending}"


CSV_UTF8, CSV_GB = (
    "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false",
    "csv:Text - txt - csv (StarCalc):59,34,33,1,,0,false,true,false",
)


@pytest.mark.parametrize(
    ("given_as", "as_", "ending"),
    [
        ("csv", CSV_UTF8, "csv"),
        ("xlsx", CSV_UTF8, "csv"),
        ("xlsx", "xlsx:Calc MS Excel 2007 XML", "xlsx"),
        ("csv", "xlsx:Calc MS Excel 2007 XML", "xlsx"),
    ],
)
def test_a_spreadsheet_opens_and_saves_it_and_every_cell_is_read_as_it_was_sent(
    office: str, tmp_path: Path, given_as: str, as_: str, ending: str
) -> None:
    path = tmp_path / f"a.{given_as}"
    rows = [HeldRow(12, NASTY, "列3的写法不符合约定")]
    if given_as == "csv":
        write_mend_csv(path, TITLES, rows)
    else:
        write_mend_xlsx(path, TITLES, rows, tmp_path)
    saved = _saved_by(office, path, as_, ending)
    if ending == "xlsx":
        assert next(iter(sheet_rows(saved)))[:2] == TITLES[:2], "Chinese stays Chinese"
        sheet = openpyxl.load_workbook(saved).active
        assert sheet is not None and "f" not in {cell.data_type for row in sheet.iter_rows() for cell in row}, (
            "nothing is run"
        )
    ((number, came),) = _returned(TITLES, saved)
    assert number == 12
    assert [as_meant(a, b) for a, b in zip(NASTY, came, strict=True)] == NASTY

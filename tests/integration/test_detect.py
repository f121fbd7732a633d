"""`citybrain detect` on files as people have them."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from jobs.cli import app

runner = CliRunner()
MONDAY = date(2020, 1, 6)


def weeks(n: int) -> list[str]:
    return [(MONDAY + timedelta(weeks=week)).isoformat() for week in range(n)]


def write(path: Path, header: list[str], rows: list[list[object]], encoding: str = "utf-8") -> Path:
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def detect(*said: object) -> tuple[int, str]:
    run = runner.invoke(app, ["detect", *map(str, said)], catch_exceptions=False)
    return run.exit_code, run.output


def judged(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_weekly_counts_of_several_streets(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    rows = [[week, street, int(n)] for street in ("东街", "西街") for week, n in zip(weeks(330), rng.poisson(9, 330), strict=True)]  # fmt: skip
    rows[329][2] = 40
    rng.shuffle(rows)
    source, out = write(tmp_path / "工单.csv", ["周", "街道", "件数"], rows, "gb18030"), tmp_path / "alarms.csv"
    code, said = detect(source, "--time", "周", "--count", "件数", "--by", "街道", "--out", out)
    assert code == 0, said
    assert "2 series of 330 weeks" in said
    assert "farrington_scan" in said
    found = judged(out)
    assert list(found[0]) == ["周", "街道", "件数", "expected", "bound", "score", "alarm"]
    last = {row["街道"]: row for row in found if row["周"] == weeks(330)[-1]}
    assert last["东街"]["alarm"] == "1"
    assert last["西街"]["alarm"] == "0"
    assert float(last["东街"]["bound"]) < 40 < 45
    assert "东街" in said
    assert 300 < len(found) < 2 * 330
    assert sum(int(row["alarm"]) for row in found) < 0.03 * len(found)


def test_days_missing_are_counted_as_none_and_rows_of_a_day_summed(tmp_path: Path) -> None:
    days = [date(2026, 1, 1) + timedelta(days=n) for n in range(120)]
    rows = [[f"{day:%Y/%m/%d}", 2] for day in days for _ in range(2) if day.day != 15]
    source, out = write(tmp_path / "calls.csv", ["day", "n"], rows), tmp_path / "o" / "alarms.csv"
    code, said = detect(source, "--time", "day", "--count", "n", "--alpha", "0.05", "--out", out)
    assert code == 0, said
    assert "cusum" in said
    assert "4 of 120 days have no row and count as 0" in said
    assert "116 rows were added" in said
    found = {row["day"]: row for row in judged(out)}
    assert found["2026-03-15"]["n"] == "0"
    assert found["2026-03-16"]["n"] == "4"
    assert len(found) == 120 - 63


@pytest.mark.parametrize(
    ("dates", "says", "label"),
    [
        ([f"2026-W{week:02d}" for week in range(1, 31)], "30 weeks, 2026-W01 … 2026-W30", "2026-W30"),
        ([f"{2023 + m // 12}{m % 12 + 1:02d}" for m in range(30)], "30 months, 2023-01 … 2025-06", "2025-06"),
        ([f"{2023 + m // 12}年{m % 12 + 1}月" for m in range(30)], "30 months, 2023-01 … 2025-06", "2025-06"),
        ([f"{2023 + m // 12}-{m % 12 + 1}-1" for m in range(30)], "30 months, 2023-01 … 2025-06", "2025-06"),
        ([f"2026-03-{day:02d} 08:00:00" for day in range(1, 31)], "30 days, 2026-03-01 … 2026-03-30", "2026-03-30"),
    ],
)
def test_the_cadence_is_told_from_the_dates(tmp_path: Path, dates: list[str], says: str, label: str) -> None:
    source, out = write(tmp_path / "t.csv", ["when", "n"], [[when, 3] for when in dates]), tmp_path / "a.csv"
    code, said = detect(source, "--time", "when", "--count", "n", "--out", out)
    assert code == 0, said
    assert says in said
    assert judged(out)[-1]["when"] == label


def test_five_years_of_months(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    rows = [[f"{2019 + m // 12}-{m % 12 + 1:02d}", int(rng.poisson(30))] for m in range(84)]
    rows[-1][1] = 80
    source, out = write(tmp_path / "m.csv", ["month", "n"], rows), tmp_path / "a.csv"
    code, said = detect(source, "--time", "month", "--count", "n", "--out", out)
    assert code == 0, said
    assert "farrington_scan" in said
    assert judged(out)[-1]["alarm"] == "1"


@pytest.mark.parametrize("method", ["farrington_flexible", "bayes", "bayes_recent", "cusum", "ears_c1", "ears_c2", "ears_c3"])  # fmt: skip
def test_every_method_by_name(tmp_path: Path, method: str) -> None:
    rng = np.random.default_rng(3)
    rows = [[week, int(n)] for week, n in zip(weeks(230), rng.poisson(9, 230), strict=True)]
    rows[-1][1] = 60
    source, out = write(tmp_path / "t.csv", ["week", "n"], rows), tmp_path / "a.csv"
    code, said = detect(source, "--time", "week", "--count", "n", "--method", method, "--last", "3", "--out", out)
    assert code == 0, said
    found = judged(out)
    assert len(found) == 3
    assert found[-1]["alarm"] == "1"
    assert found[-1]["score"] > "1"


def test_cutting_later_rows_changes_no_earlier_answer(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    rows = [[week, int(n)] for week, n in zip(weeks(300), rng.negative_binomial(2, 0.2, 300), strict=True)]
    whole, cut = write(tmp_path / "w.csv", ["week", "n"], rows), write(tmp_path / "c.csv", ["week", "n"], rows[:-26])
    for source in (whole, cut):
        assert detect(source, "--time", "week", "--count", "n", "--out", source.with_suffix(".out"))[0] == 0
    one, other = judged(whole.with_suffix(".out")), judged(cut.with_suffix(".out"))
    assert len(other) > 50
    assert one[: len(other)] == other


def test_an_empty_count_is_neither_none_nor_judged(tmp_path: Path) -> None:
    rows = [[week, "" if n == 20 else 5] for n, week in enumerate(weeks(40))]
    source, out = write(tmp_path / "t.csv", ["week", "n"], rows), tmp_path / "a.csv"
    code, said = detect(source, "--time", "week", "--count", "n", "--out", out)
    assert code == 0, said
    assert "1 counts are empty" in said
    assert len(judged(out)) == 40 - 12 - 1


@pytest.mark.parametrize(
    ("rows", "options", "says"),
    [
        ([["2026-01-01", 1]], ["--time", "date"], "no column 'date'; it has 'day', 'n'"),
        ([["2026-01-01", 1], ["2026-13-01", 1]], [], "row 3, column 'day': '2026-13-01' is no date"),
        ([["2026-01-01", 1], ["2026-01-02", "many"]], [], "row 3, column 'n': 'many' is no count"),
        ([["2026-01-01", 1], ["2026-01-02", -4]], [], "row 3, column 'n': '-4' is no count"),
        ([["2026-01-01", 1], ["2026-01", 1]], [], "mixes days and months"),
        ([["2026-01-01", 1]], [], "one date only"),
        ([], [], "a header and no rows"),
        ([["2026-01-01", 1], ["2026-01-02", 1]], ["--method", "magic"], "no method 'magic'; there are farrington_scan"),
        ([["2026-01-01", 1], ["2026-01-02", 1]], ["--alpha", "2"], "between 0 and 0.5"),
        ([["2026-01-01", 1], ["2026-01-02", 1]], [], "EARS needs 9 days before the one judged, not 1"),
        ([["0202-01-01", 1], ["2026-01-02", 1]], [], "mistyped year"),
    ],
)
def test_what_cannot_be_judged_is_said_in_one_line(tmp_path: Path, rows, options: list[str], says: str) -> None:
    source, out = write(tmp_path / "t.csv", ["day", "n"], rows), tmp_path / "a.csv"
    code, said = detect(source, "--time", "day", "--count", "n", "--out", out, *options)
    assert code == 1
    assert says in said
    assert len(said.strip().splitlines()) == 1
    assert not out.exists()
    assert not list(tmp_path.glob(".a.csv*"))


def test_the_table_itself_is_not_overwritten(tmp_path: Path) -> None:
    source = write(tmp_path / "t.csv", ["day", "n"], [[f"2026-01-{day:02d}", 1] for day in range(1, 31)])
    before = source.read_bytes()
    code, said = detect(source, "--time", "day", "--count", "n", "--out", source)
    assert code == 1
    assert "name another file" in said
    assert source.read_bytes() == before


def test_a_worked_weekend_is_no_alarm_where_the_calendar_says_so(tmp_path: Path) -> None:
    days = [date(2025, 1, 1) + timedelta(days=n) for n in range(300)]
    worked = {day for n, day in enumerate(days) if day.weekday() == 6 and n % 5 == 0}
    rows = [[day.isoformat(), 20 if day.weekday() < 5 or day in worked else 4] for day in days]
    source, out = write(tmp_path / "d.csv", ["day", "n"], rows), tmp_path / "a.csv"
    holidays = write(tmp_path / "h.csv", ["day", "off"], [[day.isoformat(), 0] for day in worked])
    alarms = []
    for options in ([], ["--holidays", holidays]):
        code, said = detect(source, "--time", "day", "--count", "n", "--alpha", "0.02", "--out", out, *options)
        assert code == 0, said
        alarms.append(sum(int(row["alarm"]) for row in judged(out)))
    assert alarms[1] < alarms[0]
    wrong = write(tmp_path / "w.csv", ["day", "off"], [["2025-02-30", 1]])
    code, said = detect(source, "--time", "day", "--count", "n", "--out", out, "--holidays", wrong)
    assert (code, "w.csv, row 2" in said) == (1, True)


def test_help_teaches() -> None:
    code, said = detect("--help")
    assert code == 0
    for word in ("--time", "--by", "farrington_scan", "alarms.csv"):
        assert word in said

"""`citybrain scan` on tables as they come: clusters found with their rows, what is missing said, faults in one line."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from jobs.cli import app
from jobs.warn.points import as_date

HEADER = ["案件编号", "上报时间", "经度", "纬度", "类别"]
TODAY = "2026-06-29"


def cases(planted: int = 14) -> list[list[str]]:
    """700 cases of two kinds over 180 days in a town 6 km wide; in the last six days, planted ones of one kind in one quarter."""
    rng = np.random.default_rng(3)
    last = np.datetime64(TODAY)
    day = last - rng.integers(0, 180, 700)
    lon, lat = 120.70 + rng.uniform(0, 0.06, 700), 30.70 + rng.uniform(0, 0.055, 700)
    kind = rng.choice(["暴露垃圾", "占道经营"], 700)
    day = np.r_[day, last - rng.integers(0, 6, planted), last]
    lon, lat = np.r_[lon, 120.71 + rng.uniform(0, 0.003, planted), 120.73], np.r_[lat, 30.74 + rng.uniform(0, 0.003, planted), 30.73]  # fmt: skip
    kind = np.r_[kind, np.full(planted + 1, "暴露垃圾")]
    return [
        [f"CG{n:05d}", f"{day[n]} {n % 24:02d}:{n % 60:02d}:00", f"{lon[n]:.6f}", f"{lat[n]:.6f}", kind[n]]
        for n in range(len(day))
    ]


def written(path: Path, rows: list[list[str]], encoding: str = "utf-8", header: list[str] = HEADER) -> Path:
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def scan(path: Path, *more: str):
    columns = ["--time", "上报时间", "--x", "经度", "--y", "纬度"]
    return CliRunner().invoke(app, ["scan", str(path), *columns, "--permutations", "199", *more])


def lines(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_the_planted_cluster_is_told_with_its_rows_and_drawn(tmp_path: Path) -> None:
    rows = cases()
    rows[10][2] = ""
    rows[20][1] = "不详"
    rows[30][2] = rows[30][3] = "0"
    events = written(tmp_path / "案件.csv", rows, "gb18030")
    out, drawn = tmp_path / "out" / "clusters.csv", tmp_path / "out" / "map.png"
    run = scan(events, "--by", "类别", "--out", str(out), "--map", str(drawn))
    assert run.exit_code == 0, run.output
    assert "1 rows without a day in '上报时间' left out" in run.output
    assert "2 rows without a place in '经度', '纬度' left out" in run.output
    assert "until 2026-06-29" in run.output
    first = lines(out)[0]
    assert first["category"] == "暴露垃圾" and first["to"] == TODAY
    assert abs(float(first["x"]) - 120.7115) < 0.005 and abs(float(first["y"]) - 30.7415) < 0.005
    numbers = [int(n) for n in first["rows"].split()]
    assert len(numbers) == int(first["observed"])
    assert len(set(numbers) & set(range(701, 715))) >= 12, "row 1 is the first after the headers"
    assert all(rows[n - 1][4] == "暴露垃圾" and first["from"] <= rows[n - 1][1][:10] <= first["to"] for n in numbers)
    assert drawn.read_bytes().startswith(b"\x89PNG") and drawn.stat().st_size > 20_000


def test_without_a_cluster_it_says_so(tmp_path: Path) -> None:
    run = scan(written(tmp_path / "案件.csv", cases(0)))
    assert run.exit_code == 0, run.output
    assert "no cluster with a recurrence interval of 100 days" in run.output


def test_one_matter_told_by_many_on_a_day_is_no_cluster_when_it_counts_once(tmp_path: Path) -> None:
    told = [[f"M{n}", f"{TODAY} 09:{n:02d}", "120.750000", "30.750000", "占道经营"] for n in range(15)]
    events, out = written(tmp_path / "案件.csv", cases(0) + told), tmp_path / "clusters.csv"
    assert scan(events, "--out", str(out)).exit_code == 0
    assert int(lines(out)[0]["observed"]) >= 15
    once = scan(events, "--once-a-day", "--out", str(out))
    assert once.exit_code == 0 and "no cluster" in once.output
    assert lines(out) == []


def test_looking_back_and_as_of_a_day(tmp_path: Path) -> None:
    rows = cases() + [[f"L{n}", str(as_date(20700 + n)), "120.75", "30.75", "占道经营"] for n in range(3)]
    events, out = written(tmp_path / "案件.csv", rows), tmp_path / "clusters.csv"
    assert scan(events, "--today", TODAY, "--out", str(out)).exit_code == 0
    assert lines(out)[0]["to"] == TODAY
    run = scan(events, "--retrospective", "--least-radius", "700", "--out", str(out), "--map", str(tmp_path / "m.html"))
    assert run.exit_code == 0, run.output
    assert "2026-06-2" in lines(out)[0]["from"] and lines(out)[0]["to"] <= "2026-07-01"
    assert "<svg" in (tmp_path / "m.html").read_text(encoding="utf-8")


def test_metres_dates_with_slashes_and_a_compressed_file(tmp_path: Path) -> None:
    rows = [[n, "{1}/{2}/{0}".format(*day[:10].split("-")), str(round((float(x) - 120) * 95_600)), str(round((float(y) - 30) * 111_195)), k]
            for n, day, x, y, k in cases()]  # fmt: skip
    plain = written(tmp_path / "案件.csv", rows)
    events, out = tmp_path / "案件.csv.gz", tmp_path / "clusters.csv"
    events.write_bytes(gzip.compress(plain.read_bytes()))
    run = scan(events, "--out", str(out))
    assert run.exit_code == 0, run.output
    assert lines(out)[0]["to"] == TODAY and abs(float(lines(out)[0]["x"]) - 68_000) < 500


@pytest.mark.parametrize(
    ("change", "more", "says"),
    [
        (lambda rows: rows, ("--by", "类型"), "no column '类型'; it has 案件编号, 上报时间"),
        (lambda rows: [[*r[:2], r[3], r[2], r[4]] for r in rows], (), "swap them"),
        (lambda rows: [[r[0], "昨天", *r[2:]] for r in rows], (), "no date could be read in '上报时间', for example '昨天'"),
        (lambda rows: [[r[0], f"{n % 9 + 1}/{n % 12 + 1}/2026", *r[2:]] for n, r in enumerate(rows)], (), "give --day-first or --month-first"),
        (lambda rows: [[*r[:2], "某路", r[3], r[4]] for r in rows], (), "no row has numbers in both '经度' and '纬度'"),
        (lambda rows: rows[:5], (), "a scan needs 20"),
        (lambda rows: rows, ("--today", "2020-01-01"), "nothing to scan in the 365 days to 2020-01-01"),
        (lambda rows: rows, ("--map", "map.pdf"), ".png, .svg or .html"),
    ],
)  # fmt: skip
def test_what_cannot_be_scanned_says_why_in_one_line(change, more: tuple[str, ...], says: str, tmp_path: Path) -> None:
    run = scan(written(tmp_path / "案件.csv", change(cases())), *more)
    assert run.exit_code in (1, 2)
    assert says in " ".join(run.output.replace("│", " ").split())
    assert "Traceback" not in run.output


def test_an_empty_file(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes(b"")
    run = scan(tmp_path / "x.csv")
    assert run.exit_code == 1 and "x.csv is empty" in run.output


def test_published_requests_are_scanned_as_they_come(published, tmp_path: Path) -> None:
    """Chicago's sanitation requests: a neighbourhood north of the centre had four times its share in December 2013."""
    events, out = published("chicago_311/sanitation_2011_2013.csv.gz"), tmp_path / "clusters.csv"
    run = CliRunner().invoke(
        app,
        ["scan", str(events), "--time", "Creation_Date", "--x", "Longitude", "--y", "Latitude", "--permutations", "99", "--out", str(out)],
    )  # fmt: skip
    assert run.exit_code == 0, run.output
    assert "24 rows without a place" in run.output
    first = lines(out)[0]
    assert first["to"] == "2013-12-31" and int(first["observed"]) > 3 * float(first["expected"]) > 50

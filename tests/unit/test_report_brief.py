"""The daily brief from a small serving file: same bytes twice, two pages at most, two Noto fonts, no half issue."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from datetime import date, datetime, timedelta, timezone
from itertools import islice
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from jobs.report.brief import BriefFault, write_brief
from jobs.report.cli import app

AS_OF = date(2026, 3, 1)
CHINA = timezone(timedelta(hours=8))
TOWNS = ("东湖街道", "南桥街道", "西塘街道", "北港镇")
LEVELS = {1: ("blue", "蓝"), 2: ("yellow", "黄"), 3: ("orange", "橙"), 4: ("red", "红")}
KINDS = (
    ("警情异常增多", "近7日警情 23 起，预期 9.1 起，上界 15.4 起；以纠纷类为主", "公安局", "望湖小区"),
    ("死亡后仍发放待遇", "死亡登记后仍有 3 笔救助金发放，合计 2,310 元，请核实", "民政局", "R-3f9a2c71"),
    ("在业期间领取养老金", "同月有参保单位缴费和养老金发放 2 个月，请核实", "人社局", "R-b81d04ce"),
    (
        "电梯检验逾期",
        "超过检验有效期 37 天，近30日同楼故障报修 4 次、投诉 2 次",
        "市场监管局",
        "望湖小区6幢2单元1号电梯",
    ),
)
DDL = """
CREATE TABLE warning(warning_id VARCHAR, family VARCHAR, family_zh VARCHAR, lane VARCHAR, level VARCHAR,
  level_zh VARCHAR, level_rank INT, title_zh VARCHAR, reason_zh VARCHAR, subject VARCHAR, grid_code VARCHAR,
  grid_name VARCHAR, community VARCHAR, town VARCHAR, raised_at TIMESTAMPTZ, window_start DATE, window_end DATE,
  observed DOUBLE, expected DOUBLE, bound DOUBLE, score DOUBLE, confidence DOUBLE, confidence_why VARCHAR,
  unit_zh VARCHAR, deadline_at TIMESTAMPTZ, status VARCHAR, status_zh VARCHAR, evidence_rows BIGINT,
  table_versions VARCHAR);
CREATE TABLE grid_map(grid_code VARCHAR, grid_name VARCHAR, community VARCHAR, town VARCHAR, residents BIGINT,
  incidents_7d BIGINT, warnings BIGINT, worst_rank INT, worst_level VARCHAR, polygon VARCHAR);
CREATE TABLE trend_daily(day DATE, measure VARCHAR, measure_zh VARCHAR, observed DOUBLE, expected DOUBLE,
  upper DOUBLE, lower DOUBLE);
CREATE TABLE overdue(matter_kind VARCHAR, matter_kind_zh VARCHAR, matter_no VARCHAR, place VARCHAR, grid_code VARCHAR,
  grid_name VARCHAR, town VARCHAR, unit_zh VARCHAR, due_on DATE, days_overdue BIGINT, complaints_30d BIGINT);
CREATE TABLE source_health(feed VARCHAR, title_zh VARCHAR, department VARCHAR, period VARCHAR,
  last_delivery_at TIMESTAMPTZ, deliveries BIGINT, read_rows BIGINT, kept_rows BIGINT, repaired_rows BIGINT,
  held_rows BIGINT, refused_rows BIGINT, held_share DOUBLE, verdict VARCHAR, verdict_zh VARCHAR, state VARCHAR,
  state_zh VARCHAR, hours_late DOUBLE, waiting_zh VARCHAR);
CREATE TABLE vital(ordinal INT, name VARCHAR, name_zh VARCHAR, value DOUBLE, unit_zh VARCHAR, note_zh VARCHAR);
CREATE TABLE about(as_of DATE, built_at TIMESTAMPTZ, run_id VARCHAR, clock VARCHAR, table_versions VARCHAR, muted_zh VARCHAR);
CREATE TABLE muted_family(family VARCHAR, family_zh VARCHAR, why_zh VARCHAR);
"""


def serving_file(
    folder: Path, *, warnings: int = 5, below_line: int = 3, overdue: int = 9, muted: list[tuple] | None = None
) -> Path:
    """A serving file of 48 grids, ten feeds (one late, one missing, one refused) and the given numbers of matters."""
    target = folder / "serving-run1.duckdb"
    with duckdb.connect(str(target)) as lake:
        lake.execute("SET TimeZone = 'Asia/Shanghai'")
        lake.execute(DDL)
        _fill(lake, "warning", [_warning(n, "new") for n in range(warnings)])
        _fill(lake, "warning", [_warning(90 + n, "below_line") for n in range(below_line)])
        _fill(lake, "grid_map", [_grid(n) for n in range(48)])
        _fill(lake, "trend_daily", [_trend(n) for n in range(90)])
        _fill(lake, "overdue", [_overdue(n) for n in range(overdue)])
        _fill(lake, "source_health", _feeds())
        _fill(lake, "vital", _vitals(warnings, overdue))
        built = datetime(2026, 3, 1, 6, 40, tzinfo=CHINA)
        _fill(lake, "about", [(AS_OF, built, "run-20260301-0640", "演示时钟", json.dumps({"gold.warning": 12}), None)])
        _fill(lake, "muted_family", muted or [])
    link = folder / "serving.duckdb"
    link.symlink_to(target.name)
    return link


def _fill(lake: duckdb.DuckDBPyConnection, table: str, rows: list[tuple]) -> None:
    if rows:
        lake.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(rows[0]))})", rows)


def _warning(n: int, status: str) -> tuple:
    rank = 4 if n == 0 else 3 if n < 3 else 2 if n < 7 else 1
    level, level_zh = LEVELS[rank]
    title, reason, unit, subject = KINDS[n % 4]
    town = TOWNS[n % 4]
    return (
        f"W-{n:04d}", "incident_surge", title, "budget", level, level_zh, rank, title, reason, subject, f"DH{n:03d}",
        f"{town[:2]}第{n % 12 + 1}网格", f"{town[:2]}社区", town, datetime(2026, 3, 1, 6, n % 60, tzinfo=CHINA),
        date(2026, 2, 22), date(2026, 2, 28), 23.0, 9.1, 15.4, 2.2, 0.8, "数据按时", unit,
        datetime(2026, 3, 1 + n % 4, 18, tzinfo=CHINA), status, "新发", 23, "{}",
    )  # fmt: skip


def _grid(n: int) -> tuple:
    x, y = n % 8, n // 8
    town = TOWNS[(x > 3) + 2 * (y > 2)]
    corners = ((0, 0), (1, 0), (1, 1), (0, 1))
    ring = [[120.10 + 0.012 * (x + dx), 30.50 + 0.01 * (y + dy)] for dx, dy in corners]
    rank = {9: 4, 20: 3, 30: 3, 35: 2, 41: 1}.get(n, 0)
    level = LEVELS[rank][0] if rank else None
    place = (f"DH{n:03d}", f"{town[:2]}第{n}网格", f"{town[:2]}社区", town)
    return (*place, 420, n % 5, 1, rank, level, json.dumps(ring))


def _trend(n: int) -> tuple:
    day = AS_OF - timedelta(days=89 - n)
    expected = 14 + 3 * (day.weekday() >= 5)
    observed = expected + (n * 7 % 9 - 4) + (9 if n in (70, 88, 89) else 0)
    band = (float(expected), expected + 7.0, expected - 7.0) if n >= 28 else (None, None, None)
    return (day, "incident", "警情", float(observed), *band)


def _overdue(n: int) -> tuple:
    kind, kind_zh, unit = (("inspection", "检验", "市场监管局"), ("repair", "维修", "望湖物业服务中心"))[n % 2]
    days, town = 5 + 4 * n, TOWNS[n % 4]
    due = AS_OF - timedelta(days=days)
    place = f"望湖小区{n + 1}幢1号电梯"
    return (kind, kind_zh, f"ZT-{n:05d}", place, f"DH{n:03d}", "第1网格", town, unit, due, days, n % 4)


def _feeds() -> list[tuple]:
    names = [
        *(("警情", "公安局"), ("户籍登记", "公安局"), ("死亡登记", "民政局"), ("待遇发放", "民政局")),
        *(("养老金发放", "人社局"), ("就业参保", "人社局"), ("报修工单", "望湖物业"), ("设备检验", "市场监管局")),
        *(("信访件", "信访局"), ("网格", "综治中心")),
    ]
    rows = []
    for n, (title, department) in enumerate(names):
        state, state_zh, late = {4: ("late", "迟报", 7.0), 8: ("missing", "缺报", 30.0)}.get(
            n, ("on_time", "按时", 0.0)
        )
        verdict, verdict_zh = ("refuse", "退回") if n == 5 else ("pass", "通过")
        read = 0 if n == 8 else 1000
        held = 0 if n in (5, 8) else 10
        refused = read if n == 5 else 0
        counts = (read, read - held - refused, 4, held, refused, held / read if read else None)
        rows.append(
            (
                f"feed_{n}",
                title,
                department,
                "2026-02-28",
                None,
                1,
                *counts,
                verdict,
                verdict_zh,
                state,
                state_zh,
                late,
                "20260228" if n == 8 else "",
            )
        )
    return rows


def _vitals(warnings: int, overdue: int) -> list[tuple]:
    return [
        (1, "residents", "在册居民", 20416.0, "人", "4 个街镇"),
        (2, "grids", "网格", 48.0, "个", "覆盖全市"),
        (3, "incidents_7d", "近7日警情", 127.0, "起", "预期 112 起"),
        (4, "warnings_today", "今日预警", float(warnings), "条", "名额内"),
        (5, "overdue", "逾期事项", float(overdue), "件", "检验与维修"),
        (6, "held_share", "待补正占比", 80 / 9000, None, "9 个来源"),
    ]


def poppler(*command: str) -> str:
    """What one of poppler's programs prints; the test is skipped, saying so, where they are not installed."""
    if not shutil.which(command[0]):
        pytest.skip(f"{command[0]} is not installed (Debian: poppler-utils)")
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def _pages(pdf: Path) -> int:
    told = poppler("pdfinfo", str(pdf))
    return int(re.findall(r"Pages:\s+(\d+)", told)[0])


def _text(pdf: Path) -> str:
    return poppler("pdftotext", "-layout", str(pdf), "-")


def test_an_ordinary_day_fits_one_page_and_says_its_figures(tmp_path: Path) -> None:
    written = write_brief(serving_file(tmp_path), tmp_path / "out")
    assert written.pdf and written.html
    assert (written.pdf.name, written.html.name) == ("日报-20260301.pdf", "日报-20260301.html")
    assert _pages(written.pdf) == 1
    html, printed = written.html.read_text(encoding="utf-8"), "".join(_text(written.pdf).split())
    for words in ("第 60 期", "新增预警 5 条", "红色 1 条、橙色 2 条、黄色 2 条", "逾期事项 9 件", "最长逾期 37 天"):
        assert words in html
        assert words.replace(" ", "") in printed
    assert "接入数据源 10 个：按时 8 个、迟报 1 个、缺报 1 个；质检退回 1 个。" in html
    gaps = html[html.index("四、数据缺口") :]
    assert all(f"<td>{department}</td>" in gaps for department in ("人社局", "信访局"))


def test_the_worst_day_fits_two_pages_and_counts_what_it_does_not_list(tmp_path: Path) -> None:
    written = write_brief(serving_file(tmp_path, warnings=20, below_line=7, overdue=40), tmp_path / "out")
    assert written.pdf and written.html
    assert 1 <= _pages(written.pdf) <= 2
    html = written.html.read_text(encoding="utf-8")
    assert len(re.findall(r'class="badge (?:red|orange|yellow|blue)"', html)) == 12
    assert "另有 8 条未列出，低于当日名额线、留存备查的 7 条，可在指挥席查看。" in html
    assert "另有 35 件未列出" in html


def test_a_quiet_day_says_so(tmp_path: Path) -> None:
    written = write_brief(serving_file(tmp_path, warnings=0, below_line=0, overdue=0), tmp_path / "out", issue_no=7)
    assert written.html
    html = written.html.read_text(encoding="utf-8")
    assert all(words in html for words in ("第 7 期", "今日无新增预警。", "无逾期事项。"))


def test_a_day_without_trend_or_map_still_has_a_brief(tmp_path: Path) -> None:
    link = serving_file(tmp_path)
    with duckdb.connect(str(link.resolve())) as lake:
        lake.execute("DELETE FROM trend_daily; DELETE FROM grid_map; DELETE FROM vital WHERE name = 'grids'")
    written = write_brief(link, tmp_path / "out")
    assert written.html and "<svg" not in written.html.read_text(encoding="utf-8")


def test_the_same_serving_file_gives_the_same_bytes_later_in_another_process_and_time_zone(tmp_path: Path) -> None:
    link = serving_file(tmp_path)
    here = write_brief(link, tmp_path / "here")
    assert here.html and here.pdf
    command = [sys.executable, "-c", "from jobs.report.cli import app; app()", "brief", "--serving", str(link), "--out"]
    zone = {**os.environ, "TZ": "America/New_York"}
    subprocess.run([*command, str(tmp_path / "there")], check=True, env=zone, capture_output=True)
    for mine in (here.html, here.pdf):
        assert mine.read_bytes() == (tmp_path / "there" / mine.name).read_bytes()


def test_the_pdf_embeds_the_two_noto_fonts_and_no_other(tmp_path: Path) -> None:
    written = write_brief(serving_file(tmp_path), tmp_path / "out")
    told = poppler("pdffonts", str(written.pdf))
    fonts = {line.split()[0].split("+")[1] for line in islice(told.splitlines(), 2, None)}
    assert fonts == {"NotoSansCJKsc-Regular-Identity-H", "NotoSerifCJKsc-Regular-Identity-H"}


def test_the_html_stands_alone_and_escapes_what_departments_wrote(tmp_path: Path) -> None:
    link = serving_file(tmp_path)
    with duckdb.connect(str(link.resolve())) as lake:
        lake.execute("UPDATE warning SET reason_zh = '<script>x</script> *粗* #let' WHERE warning_id = 'W-0000'")
    written = write_brief(link, tmp_path / "out")
    assert written.html and written.pdf
    html = written.html.read_text(encoding="utf-8")
    assert "<script" not in html and "&lt;script&gt;" in html
    assert "*粗*#let" in "".join(_text(written.pdf).split())
    outward = re.findall(r"(?:src|href)\s*=|url\(|@import", html)
    assert outward == []


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("UPDATE warning SET reason_zh = '联系电话 138 0013 8000' WHERE warning_id = 'W-0001'", "手机号码"),
        ("UPDATE overdue SET place = '330106195001011234' WHERE days_overdue = 37", "居民身份号码"),
        ("UPDATE vital SET value = 6 WHERE name = 'warnings_today'", "由明细重算为 5"),
        ("UPDATE source_health SET kept_rows = 991 WHERE feed = 'feed_0'", "读入 1000 行"),
        ("UPDATE vital SET note_zh = '207/3942(4.11%)' WHERE name = 'overdue'", "重算为 5.25%"),
    ],
)
def test_a_brief_that_does_not_hold_is_refused_and_the_last_issue_stays(
    tmp_path: Path, change: str, named: str
) -> None:
    link, out = serving_file(tmp_path), tmp_path / "out"
    write_brief(link, out)
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    with duckdb.connect(str(link.resolve())) as lake:
        lake.execute(change)
    with pytest.raises(BriefFault, match=re.escape(named)) as raised:
        write_brief(link, out)
    assert "8000" not in str(raised.value) and "3301061950" not in str(raised.value)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


def test_the_command_line_tells_an_operator_why_there_is_no_brief(tmp_path: Path) -> None:
    link = serving_file(tmp_path)
    with duckdb.connect(str(link.resolve())) as lake:
        lake.execute("UPDATE vital SET value = 1 WHERE name = 'overdue'")
    told = CliRunner().invoke(app, ["brief", "--serving", str(link), "--out", str(tmp_path / "out")])
    assert told.exit_code == 1
    assert "逾期事项 1：由明细重算为 9" in told.output
    assert not (tmp_path / "out").exists()

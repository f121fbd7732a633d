"""The scorecard of a small lake whose every fault is known, brought up to the ledger and no further."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from jobs import lake
from jobs.appraise.scorecard import keep_score
from jobs.home import ZONE, Home
from jobs.operate.orders import reject

pytestmark = pytest.mark.spark

FEED, FILE = "police_incident", "jq_20260628.csv"
HEADERS = ["警情编号", "报警时间", "警情类别", "所属网格", "经度", "纬度", "到场时间", "报警电话", "简要警情"]
FIRST, NEXT = date(2026, 6, 29), date(2026, 6, 30)
NOON = datetime(2026, 6, 29, 12, tzinfo=ZONE), datetime(2026, 6, 30, 12, tzinfo=ZONE)
ROWS = 60


def incident(number: int) -> dict[str, str]:
    """A row in order, with position for the first half and a telephone for ten: two to repair and one placeholder among them."""
    phone = {0: "+86 13712345678", 1: "+86 13712345679", 2: "无"}.get(number, "13712345670" if number < 10 else "")
    position = ("120.75", "30.74") if number < 30 else ("", "")
    values = (
        f"JQ20260628{number:04d}",
        "2026-06-28 09:30:00",
        "盗窃",
        "330499001001001",
        *position,
        "2026-06-28 09:41:00",
        phone,
        "车被盗",
    )
    return dict(zip(HEADERS, values, strict=True))


def delivered(*, mended: bool) -> bytes:
    """Sixty rows, five of them to hold; mended: all put right but one, and the copy left out."""
    rows = [incident(number) for number in range(ROWS - 1)]
    rows[43] |= {"警情类别": "", "所属网格": "此地"}
    if not mended:
        rows[40]["警情类别"] = ""
        rows[41]["警情类别"] = "外星人"
        rows[42]["到场时间"] = "2026-06-28 08:00:00"
        rows.append(dict(rows[50]))
    lines = [",".join(HEADERS), *(",".join(row.values()) for row in rows)]
    return "\n".join(lines).encode("gb18030")


def shares(rows: Any, day: date) -> dict[str, tuple[int, int]]:
    found = [row for row in rows("gold", "scorecard") if row["day"] == day]
    assert len({row["dimension"] for row in found}) == len(found), "one row a feed, day and dimension"
    assert all(row["score"] == (row["numerator"] / row["denominator"] if row["denominator"] else None) for row in found)
    return {row["dimension"]: (row["numerator"], row["denominator"]) for row in found}


@pytest.fixture
def score(spark, home, contracts):
    only = {FEED: contracts[FEED]}
    return lambda now: keep_score(spark, home, only, now)


def test_each_figure_of_a_delivery_with_known_faults(drop, take, rows, score) -> None:
    drop(FEED, FILE, delivered(mended=False))
    (entry,) = take(FEED)
    assert (entry.read_rows, entry.kept_rows, entry.held_rows) == (60, 55, 5)
    score(NOON[0])
    assert shares(rows, FIRST) == {
        "completeness": (4 * 60 - 2, 4 * 60),  # four required columns; two cells are empty
        "validity": (58, 60),  # an unknown category, a grid that is none
        "uniqueness": (59, 60),
        "consistency": (59, 60),  # arrived before it was reported
        "timeliness": (1, 1),
        "held": (5, 60),
        "refused": (0, 60),
        "marked": (0, 55),
        "repaired": (3, 60),
        "mended": (0, 0),
        "optional": (60 + 60 + 30 + 30 + 9, 5 * 60),  # arrival, detail, longitude, latitude, telephone without 无
    }
    told = {
        (row["outcome"], row["reason"]): (row["dimension"], row["rows"]) for row in rows("gold", "scorecard_reason")
    }
    assert told == {
        ("held", "missing:category"): ("completeness", 2),
        ("held", "code:category"): ("validity", 1),
        ("held", "pattern:grid_code"): ("validity", 1),
        ("held", "row:arrived_after_reported"): ("consistency", 1),
        ("held", "duplicate_row:"): ("uniqueness", 1),
        ("repaired", "mobile_form:caller_mobile"): (None, 2),
        ("repaired", "placeholder:caller_mobile"): (None, 1),
    }


def test_a_redrop_mends_and_only_what_is_new_is_counted(home, contracts, drop, take, rows, score, monkeypatch) -> None:
    drop(FEED, FILE, delivered(mended=False))
    take(FEED)
    score(NOON[0])
    path = home.table("gold", "scorecard")
    before, version = shares(rows, FIRST), lake.version(path)
    score(NOON[0])
    assert lake.version(path) == version, "nothing new, nothing written"

    monkeypatch.setenv("CITYBRAIN_TODAY", NEXT.isoformat())
    drop(FEED, FILE, delivered(mended=True))
    (again,) = take(FEED)
    assert (again.attempt, again.read_rows, again.held_rows) == (2, 59, 1)
    score(NOON[1])
    assert shares(rows, FIRST) == before
    after = shares(rows, NEXT)
    assert after["mended"] == (4, 5), "three put right and the copy left out; one is still held"
    assert after["timeliness"] == (0, 1), "the day's own delivery has not come"
    _adds_up(rows)

    reject(home, contracts[FEED], again.delivery_id, "张三", "试验")
    score(NOON[1])
    after = shares(rows, NEXT)
    assert after["refused"] == (59, 59) and after["validity"] == (0, 0)
    assert not [row for row in rows("gold", "scorecard_reason") if row["day"] == NEXT]
    assert shares(rows, FIRST) == before
    _adds_up(rows)


def _adds_up(rows: Any) -> None:
    """The card's rows are the ledger's: read = kept + held + refused, over each delivery's last word."""
    last = {row["delivery_id"]: row for row in sorted(rows("ops", "delivery"), key=lambda row: row["entry_no"])}
    assert last
    figures = rows("gold", "scorecard")
    for figure, column in (("held", "held_rows"), ("refused", "refused_rows"), ("repaired", "repaired_rows")):
        mine = [row for row in figures if row["dimension"] == figure]
        assert sum(row["numerator"] for row in mine) == sum(row[column] for row in last.values())
        assert sum(row["denominator"] for row in mine) == sum(row["read_rows"] for row in last.values())


def test_the_same_file_taken_in_again_by_an_operator_mends_nothing(home, contracts, drop, take, rows, score) -> None:
    from jobs.operate.orders import replay

    drop(FEED, FILE, delivered(mended=False))
    take(FEED)
    assert replay(home, contracts[FEED], "20260628", "张三", "试验").attempt == 2
    score(NOON[0])
    assert shares(rows, FIRST)["mended"] == (0, 0) and shares(rows, FIRST)["held"] == (10, 120)


def test_the_desk_and_the_terminal_show_the_same_figures(home, drop, take, score, monkeypatch) -> None:
    import duckdb
    from rich.console import Console

    from jobs.appraise.show import NoSuchDepartment, show_scorecard
    from jobs.serve import serve

    monkeypatch.setattr(Home, "now", lambda self: NOON[0])
    drop(FEED, FILE, delivered(mended=False))
    take(FEED)
    score(NOON[0])
    with duckdb.connect(str(serve(home)), read_only=True) as con:
        shown = con.execute(
            "SELECT department, read_rows, held, held_stands, repaired_stands FROM department_score"
        ).fetchall()
        assert shown == [("公安局", 60, 5 / 60, "fair", "plain")]
        said = dict(con.execute("SELECT reason, says_zh FROM scorecard_reason").fetchall())
        assert said["missing:category"] == "警情类别为空(必填)" and len(said) == 7
        assert con.execute("SELECT count(*) FROM integrity_flag").fetchone() == (0,)
        assert con.execute("SELECT sum(held_rows), min(about_on) FROM quality_trend").fetchone() == (
            5,
            date(2026, 6, 28),
        )
        assert con.execute("SELECT department, state_zh FROM promise_kept").fetchall() == [("公安局", "按时")]
        pinned = con.execute("SELECT table_versions FROM about").fetchone() or ("",)
        assert '"gold.scorecard": 0' in pinned[0]
    console = Console(width=160, record=True)
    show_scorecard(home, console, "公安局")
    text = console.export_text()
    assert "99.16" in text and "8.34" in text, "rounded to the bad side: 238/240 and 5/60"
    assert "读入 60 = 入库 55 + 待补正 5 + 退回 0" in text
    with pytest.raises(NoSuchDepartment, match="known are 公安局"):
        show_scorecard(home, console, "公安")


def test_flags_of_the_integrity_tests_are_shown_as_they_stand(home, drop, take) -> None:
    import duckdb

    from jobs.appraise.desk import INTEGRITY_FLAG
    from jobs.serve import serve

    drop(FEED, FILE, delivered(mended=False))
    take(FEED)
    with lake.connect(reads_delta=False) as con:
        con.execute(f"CREATE TABLE flag ({INTEGRITY_FLAG}, further VARCHAR)")
        con.execute(
            "INSERT INTO flag VALUES ('2026-06-29', 'points_entry', '网格中心', '东湖街道', 'points', ['terminal_digits', 'benford'], [0.0001, 0.0004], "
            "[0.3, 0.2], 412, '2026-03-01', '2026-06-28', '末位数字不匀,请核对。', 'x')"
        )
        lake.put_rows(home.table("ops", "integrity_flag"), con.sql("FROM flag"))
    with duckdb.connect(str(serve(home)), read_only=True) as con:
        assert con.execute("SELECT department, tests, n, says_zh FROM integrity_flag").fetchall() == [
            ("网格中心", ["terminal_digits", "benford"], 412, "末位数字不匀,请核对。")
        ]
        assert con.execute("SELECT count(*) FROM scorecard").fetchone() == (0,), "no city run yet"


def test_a_row_kept_with_a_mark_counts_against_its_dimension(home, drop, take, rows, score) -> None:
    drop(FEED, FILE, delivered(mended=False))
    (entry,) = take(FEED)
    with lake.connect(reads_delta=False) as con:
        marks = con.sql(
            f"SELECT '{entry.delivery_id}' AS delivery_id, '{FEED}' AS feed, n AS row_no, unnest(['reference:grid_code', 'range:lon']) AS reason "
            "FROM range(1, 3) t(n)"
        )
        lake.put_rows(home.table("ops", "mark"), marks, by=["feed"])
    score(NOON[0])
    found = shares(rows, FIRST)
    assert found["marked"] == (2, 55) and found["held"] == (5, 60)
    assert found["consistency"] == (57, 60) and found["validity"] == (56, 60)
    marked = {row["reason"]: row["rows"] for row in rows("gold", "scorecard_reason") if row["outcome"] == "marked"}
    assert marked == {"reference:grid_code": 2, "range:lon": 2}


def test_rows_that_the_ledger_says_were_mended_within_a_delivery_count(home, drop, take, rows, score) -> None:
    from deltalake import write_deltalake

    drop(FEED, FILE, delivered(mended=False))
    take(FEED)
    path = home.table("ops", "delivery")
    with lake.connect() as con:
        told = con.sql(f"SELECT * REPLACE (3::BIGINT AS mended_rows) FROM {lake.scan(path)}").to_arrow_table()
    write_deltalake(path, told, mode="overwrite", schema_mode="overwrite", partition_by=["feed"])
    score(NOON[0])
    assert shares(rows, FIRST)["mended"] == (3, 8), "five still held beside the three"

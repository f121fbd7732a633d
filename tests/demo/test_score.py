"""The score counts what the lake says: found, missed, false; caught, wrong, missed; quiet rows touched."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from deltalake import write_deltalake
from typer.testing import CliRunner

from demo.cli import app
from demo.planted.event import FEEDS
from demo.same import same_value
from demo.score import FAMILIES, OUTCOMES, score

EVENT = ["event_id", "family", "current", "resident_id", "name", "grid_code", "category", "estate", "building",
         "equipment_no", "window_start", "window_end", "size", "note"]  # fmt: skip


@pytest.fixture
def truth(tmp_path: Path) -> Path:
    folder = tmp_path / "truth"
    folder.mkdir()
    surge = ("incident_surge", "1", "", "", "g1", "theft", "", "", "", "2026-06-22", "2026-06-28", "6", "")
    tables = {
        "events": pd.DataFrame([
            ("E1", *surge),
            ("E2", *surge[:4], "g2", *surge[5:]),
            ("E3", "incident_surge", "0", *surge[2:4], "g3", "theft", "", "", "", "2026-05-01", "2026-05-07", "6", ""),
            ("E4", "paid_after_death", "1", "ID-A", "", "", "", "", "", "", "2026-05-01", "2026-06-15", "2", ""),
            ("E5", "elevator_overdue", "1", "", "", "g1", "", "梅园", "3幢", "", "2026-05-01", "2026-06-28", "2", ""),
        ], columns=EVENT),
        "conflicts": pd.DataFrame([
            ("ID-A", "name", "a", "张丽", "b", "张莉"),
            ("ID-B", "name", "a", "王英", "b", "王瑛"),
        ], columns=["resident_id", "attribute", "feed_a", "value_a", "feed_b", "value_b"]),
        "noise": pd.DataFrame([
            ("N1", "repair", "bx_1.csv", 1, "K1", "mobile", "mobile_dress", "+86137", "137", "repaired"),
            ("N2", "repair", "bx_1.csv", 2, "K2", "reported_at", "chinese_date", "3月1日", "2026/3/1 9:05", "repaired"),
            ("N3", "repair", "bx_1.csv", 3, "K3", "kind", "unknown_word", "99", "其他", "held"),
            ("N4", "repair", "bx_1.csv", 4, "K4", "", "duplicate_row", "x", "x", "held"),
            ("N4", "repair", "bx_1.csv", 5, "K4", "", "duplicate_row", "x", "x", "held"),
            ("N5", "repair", "bx_1.csv", 6, "K6", "mobile", "placeholder", "无", "", "repaired"),
            ("N6", "repair", "bx_1.csv", 7, "K7", "mobile", "full_width_digits", "１", "1", "repaired"),
            ("N9", "repair", "bx_1.csv", 8, "K8", "estate", "padding", " 梅园", "梅园", "repaired"),
            ("N7", "repair", "bx_2.csv", 1, "K8", "kind", "missing", "", "其他", "held"),
            ("N8", "repair", "bx_bad.csv", 1, "K9", "kind", "missing", "", "其他", "held"),
        ], columns=["noise_id", "feed", "file", "row_no", "key", "column", "kind", "sent", "clean", "expect"]),
        "deliveries": pd.DataFrame([("bx_bad.csv", "refuse")], columns=["file", "expect"]),
        "fabrications": pd.DataFrame([
            ("parking_lot", "TC00001", "taken", "invented", "flag"),
            ("parking_lot", "TC00002", "taken", "invented", "flag"),
            ("grid_report", "330499001001", "reported_at", "rounded", "quiet"),
        ], columns=["feed", "unit", "figure", "kind", "expect"]),
        "traits": pd.DataFrame([("repair", "detail", "")], columns=["feed", "column", "trait"]),
    }  # fmt: skip
    for name, table in tables.items():
        table.to_csv(folder / f"{name}.csv", index=False)
    return folder


@pytest.fixture
def home(tmp_path: Path) -> Path:
    root = tmp_path / "home"

    def table(name: str, rows: list[dict]) -> None:
        write_deltalake(str(root / "lake" / name), pa.Table.from_pylist(rows))

    def delivery(delivery_id: str, feed: str, file: str, status: str, rows: int) -> dict:
        return {"delivery_id": delivery_id, "feed": feed, "file_name": file, "status": status, "read_rows": rows}

    def repair(row_no: int, column: str) -> dict:
        return {"delivery_id": "d1", "feed": "repair", "row_no": row_no, "column_name": column, "rule": "r"}  # fmt: skip

    def integrity_flag(day: str, feed: str, unit: str, figure: str) -> dict:
        return {
            "flagged_on": pd.Timestamp(day).date(),
            "feed": feed,
            "unit": unit,
            "figure": figure,
            "tests": ["too_round"],
        }

    def warning(name: str, family: str, grid: str | None, end: str, status: str = "new", subject: str = "R-1") -> dict:
        end_day = pd.Timestamp(end).date()
        return {"warning_id": name, "family": family, "subject": subject, "grid_code": grid, "category": "theft",
                "window_start": (pd.Timestamp(end) - pd.Timedelta(days=6)).date(), "window_end": end_day,
                "level": "blue", "status": status}  # fmt: skip

    table("ops/delivery", [
        delivery("d0", "repair", "bx_1.csv", "refused", 20),
        delivery("d1", "repair", "bx_1.csv", "released", 20),
        delivery("d2", "repair", "bx_bad.csv", "refused", 30),
        delivery("d3", "pension_payment", "yl_1.jsonl", "passed", 5),
        delivery("d4", "repair", "bx_3.csv", "refused", 9),
    ])  # fmt: skip
    table("held/repair", [
        {"delivery_id": "d1", "row_no": 3, "raw": "{}", "reasons": ["unknown_code:kind"]},
        {"delivery_id": "d1", "row_no": 5, "raw": "{}", "reasons": ["duplicate:ticket_no"]},
        {"delivery_id": "d1", "row_no": 20, "raw": "{}", "reasons": ["required:kind"]},
        {"delivery_id": "d2", "row_no": 1, "raw": "{}", "reasons": ["required:kind"]},
    ])  # fmt: skip
    table("ops/repair", [
        repair(1, "mobile"),
        repair(2, "reported_at"),
        repair(6, "mobile"),
        repair(18, "mobile"),
        repair(19, "detail"),
    ])  # fmt: skip
    table("silver/repair", [
        {"delivery_id": "d1", "row_no": row_no, "reported_at": "2026-03-01 10:05:00+08:00", "estate": "梅园"}
        for row_no in (1, 2, 6, 7, 8)
    ])  # fmt: skip
    table("identity/repair", [
        {"delivery_id": "d1", "row_no": row_no, "mobile": mobile} for row_no, mobile in ((1, "137"), (6, None), (7, "１"))
    ])  # fmt: skip
    table("gold/warning", [
        warning("W1", "incident_surge", "g1", "2026-06-27"),
        warning("W2", "incident_surge", "g3", "2026-05-08", "below_line"),
        warning("W3", "incident_surge", "g9", "2026-06-27", "below_line"),
        warning("W4", "paid_after_death", None, "2026-06-27"),
        warning("W5", "paid_after_death", None, "2026-06-27"),
        warning("W6", "elevator_overdue", "g1", "2026-06-27", subject="梅园3幢"),
    ])  # fmt: skip
    table("gold/warning_evidence", [
        {"warning_id": "W4", "feed": "pension_payment", "delivery_id": "d3", "row_no": 1},
        {"warning_id": "W5", "feed": "pension_payment", "delivery_id": "d3", "row_no": 2},
    ])  # fmt: skip
    table("identity/pension_payment", [
        {"delivery_id": "d3", "row_no": 1, "resident_id": "ID-A"},
        {"delivery_id": "d3", "row_no": 2, "resident_id": "ID-Z"},
    ])  # fmt: skip
    table("ops/integrity_flag", [
        integrity_flag("2026-06-28", "parking_lot", "TC00002", "taken"),  # of the day before: not asked
        integrity_flag("2026-06-29", "parking_lot", "TC00001", "taken"),
        integrity_flag("2026-06-29", "grid_report", "330499001001", "reported_at"),
        integrity_flag("2026-06-29", "parking_lot", "TC00003", "taken"),
    ])  # fmt: skip
    table("register/conflict", [{"person_id": "p1", "attribute": "name", "winner": "张丽", "loser": "张莉"}])
    return root


def test_events(home: Path, truth: Path) -> None:
    events = score(home, truth)["events"]
    surge = events["incident_surge"]
    assert (surge["planted"], surge["found"], surge["missed"]) == (2, 1, ["E2"])
    assert (surge["history_planted"], surge["history_found"]) == (1, 1)
    assert (surge["warnings"], surge["false"], surge["false_above_line"]) == (3, 1, 0)
    assert [row["warning_id"] for row in events["paid_after_death"]["false_warnings"]] == ["W5"]
    assert events["paid_after_death"]["found"] == events["elevator_overdue"]["found"] == 1


def test_every_planted_family_is_judged() -> None:
    assert set(FEEDS) == set(FAMILIES)


def test_families_without_a_detector_are_not_judged(home: Path, truth: Path) -> None:
    _plant(truth, "deliberation_stalled", "g1", "noise")
    result = score(home, truth)
    assert result["not_judged"] == {"deliberation_stalled": 1}
    assert set(result["events"]) == set(FAMILIES)
    told = CliRunner().invoke(app, ["score", "--home", str(home), "--truth", str(truth)])
    assert "未评" in told.output and "deliberation_stalled 1" in told.output


def test_a_warning_about_a_planted_cluster_is_no_false_one(home: Path, truth: Path) -> None:
    """W3 is about grid g9, where nothing surges; a cluster reaches into it."""
    assert score(home, truth)["events"]["incident_surge"]["false"] == 1
    _plant(truth, "incident_cluster", "g8", "theft", grids="g8|g9")
    surge = score(home, truth)["events"]["incident_surge"]
    assert (surge["planted"], surge["found"], surge["false"]) == (2, 1, 0)


def _plant(truth: Path, family: str, grid: str, category: str, grids: str = "") -> None:
    events = pd.read_csv(truth / "events.csv", dtype=str, keep_default_na=False)
    new = {"event_id": "E9", "family": family, "current": "1", "grid_code": grid, "category": category, "grids": grids,
           "window_start": "2026-06-20", "window_end": "2026-06-28", "size": "6"}  # fmt: skip
    pd.concat([events, pd.DataFrame([new])]).fillna("").to_csv(truth / "events.csv", index=False)


def test_only_files_to_refuse_are_asked_for(home: Path, truth: Path) -> None:
    rows = [("bx_bad.csv", "refuse", ""), ("bx_1.csv", "late", ""), ("bx_4.csv", "missing", "")]
    pd.DataFrame(rows, columns=["file", "expect", "note"]).to_csv(truth / "deliveries.csv", index=False)
    assert score(home, truth)["deliveries"]["to_refuse"] == {"bx_bad.csv": "refused"}


def test_noise(home: Path, truth: Path) -> None:
    noise = score(home, truth)["noise"]
    outcome = {kind: next(name for name in OUTCOMES if own[name])
               for kind, own in noise["by_kind"].items()}  # fmt: skip
    assert outcome == {
        "mobile_dress": "expected",
        "chinese_date": "wrong",
        "unknown_word": "expected",
        "duplicate_row": "expected",
        "placeholder": "expected",
        "full_width_digits": "missed",
        "padding": "silent",
    }
    assert noise["planted"] == 7
    assert (noise["in_refused_files"], noise["in_files_not_admitted"]) == (1, 1)


def test_quiet_rows(home: Path, truth: Path) -> None:
    quiet = score(home, truth)["quiet"]
    assert quiet["rows"] == 25 - 8
    assert (quiet["held"], quiet["repaired"]) == (1, 1)
    assert quiet["touched_share"] == pytest.approx(2 / 17)
    assert quiet["held_because"] == {"repair required:kind": 1}


def test_conflicts_and_deliveries(home: Path, truth: Path) -> None:
    result = score(home, truth)
    assert (result["conflicts"]["planted"], result["conflicts"]["found"]) == (2, 1)
    assert result["deliveries"]["refused_right"] == 1
    assert result["deliveries"]["good_but_refused"] == ["bx_3.csv"]


def test_made_up_figures(home: Path, truth: Path) -> None:
    told = score(home, truth)["fabrications"]
    assert told["by_kind"] == {"invented": {"planted": 2, "found": 1, "missed": ["TC00002"]}}
    assert told["honest_habits"] == {"rounded": 1}
    assert told["false"] == ["grid_report/330499001001/reported_at", "parking_lot/TC00003/taken"]


def test_an_empty_lake_finds_nothing_and_fails_nothing(tmp_path: Path, truth: Path) -> None:
    told = CliRunner().invoke(
        app, ["score", "--home", str(tmp_path), "--truth", str(truth), "--json", str(tmp_path / "s.json")]
    )
    assert told.exit_code == 0, told.output
    assert "预警" in told.output
    assert '"found": 0' in (tmp_path / "s.json").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("clean", "after", "same"),
    [
        ("2026-03-01", "2026-03-01 00:00:00", True),
        ("20260301", "2026-03-01", True),
        ("2026/3/1 9:05", "2026-03-01 09:05:00+08:00", True),
        ("2026/3/1 9:05", "2026-03-01 09:15:00+08", False),
        ("202603", "2026-03-01", True),
        ("1086.00", "1086", True),
        ("1086.00", "1068", False),
        ("33049920140506133X", "33049920140506133X", True),
        ("", None, True),
        ("", "无", False),
        ("盗窃", "theft", True),
        ("张丽", "张莉", False),
        ("张丽", "张　丽", False),
        ("梅园", "梅园 ", False),
        ("1", "１", False),
        ("33049920140506133X", "33049920140506133x", False),
        ("330499198907290648", "330499198907290649", False),
        ("330499001001001", "330499001001001", True),
    ],
)
def test_same_value(clean: str, after: str | None, same: bool) -> None:
    assert same_value(clean, after) is same

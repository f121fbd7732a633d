"""A delivery's life: dropped, taken once, repeated, corrected, superseded; what counts today follows the feed's kind."""

from __future__ import annotations

from typing import Any

from counted import counted
from deltalake import DeltaTable


def incidents(*numbers: int, category: str = "盗窃", bad: int = 0) -> bytes:
    lines = [f"JQ20260301{number:04d},2026-03-01 09:30:00,{category},330499001001001" for number in numbers]
    broken = [f"JQ20260301{9000 + number:04d},昨天,{category},330499001001001" for number in range(bad)]
    return "\n".join(["警情编号,报警时间,警情类别,所属网格", *lines, *broken]).encode("gb18030")


def by_time(ledger: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(ledger, key=lambda row: row["entry_no"])


def versions(home: Any) -> dict[str, int]:
    """Every table but the ledger, and how often it was written."""
    tables = [folder.parent for folder in home.lake.rglob("_delta_log") if folder.parent.name != "delivery"]
    return {str(table.relative_to(home.lake)): DeltaTable(str(table)).version() for table in tables}


def test_the_same_file_twice_changes_no_table_and_says_so(home, drop, take, rows) -> None:
    drop("police_incident", "jq_20260301.csv", incidents(1, 2))
    take("police_incident")
    before = versions(home)
    drop("police_incident", "jq_20260301.csv", incidents(1, 2))
    (again,) = take("police_incident")
    assert (again.status, again.delivery_id) == ("repeated", "police_incident-20260301-01")
    assert versions(home) == before and before
    assert [row["status"] for row in by_time(rows("ops", "delivery"))] == ["passed", "repeated"]
    (receipt,) = (home.returns / "police").glob("*重复*.html")
    assert "内容相同" in receipt.read_text(encoding="utf-8")


def test_a_then_b_then_a_are_three_attempts_and_the_last_counts(home, contracts, drop, take, rows) -> None:
    for content in (incidents(1, category="盗窃"), incidents(1, category="诈骗"), incidents(1, category="盗窃")):
        drop("police_incident", "jq_20260301.csv", content)
        take("police_incident")
    assert [(row["attempt"], row["status"]) for row in by_time(rows("ops", "delivery"))] == [
        (1, "passed"),
        (2, "passed"),
        (3, "passed"),
    ]
    silver = {row["delivery_id"]: row["category"] for row in rows("silver", "police_incident")}
    assert len(silver) == 3, "what an attempt said is kept, also when a later one supersedes it"
    assert counted(home, contracts["police_incident"], "SELECT category FROM now") == [("theft",)]
    assert silver["police_incident-20260301-02"] == "fraud"


def test_a_refused_file_dropped_again_unchanged_is_not_told_that_it_was_received(home, drop, take) -> None:
    for _ in range(2):
        drop("police_incident", "jq_20260301.csv", "警情编号\nJQ202603010001\n".encode("gb18030"))
        take("police_incident")
    receipts = [path.read_text(encoding="utf-8") for path in (home.returns / "police").glob("*.html")]
    assert receipts
    assert not [page for page in receipts if "<h1>已接收" in page], "nothing of this file was received, either time"


def test_a_failure_of_ours_is_tried_again_under_the_same_number(home, drop, take, rows, monkeypatch) -> None:
    from jobs.ingest import delivery

    drop("police_incident", "jq_20260301.csv", incidents(1))
    with monkeypatch.context() as broken:
        broken.setattr(delivery, "publish", lambda *_: 1 / 0)
        (failed,) = take("police_incident")
    assert failed.status == "failed" and "无需重新上传" in failed.words[0]
    (mended,) = take("police_incident")
    assert (mended.status, mended.delivery_id) == ("passed", failed.delivery_id)
    assert [row["status"] for row in by_time(rows("ops", "delivery"))] == ["failed", "passed"]
    assert len(rows("silver", "police_incident")) == 1
    (receipt,) = (home.returns / "police").glob("*.html")
    assert "<h1>已接收" in receipt.read_text(encoding="utf-8"), "the last word on a delivery is its receipt"


def test_after_three_failures_the_file_is_put_away_and_the_next_is_not_blocked(
    home, drop, take, rows, monkeypatch
) -> None:
    from jobs.ingest import delivery

    whole = delivery.publish
    monkeypatch.setattr(
        delivery, "publish", lambda *given: 1 / 0 if given[0].delivery_id.endswith("0301-01") else whole(*given)
    )
    drop("police_incident", "jq_20260301.csv", incidents(1))
    drop("police_incident", "jq_20260302.csv", incidents(2))
    assert [entry.status for entry in take("police_incident")] == ["failed", "passed"]
    assert [take("police_incident")[0].status for _ in range(2)] == ["failed", "failed"]
    assert take("police_incident") == []
    assert not [path for path in home.inbox.rglob("*") if path.is_file()]
    assert len(list(home.archive.rglob("jq_20260301.csv"))) == 1
    assert [row["status"] for row in by_time(rows("ops", "delivery"))] == ["failed", "passed", "failed", "failed"]

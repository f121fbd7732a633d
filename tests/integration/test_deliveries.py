"""A delivery's life: dropped, taken once, repeated, corrected, superseded; what counts today follows the feed's kind."""

from __future__ import annotations

from typing import Any

import pytest
from deltalake import DeltaTable

from jobs import lake
from jobs.current import current_deliveries, current_rows
from jobs.ingest.ledger import path as ledger_path
from schemas.contract import Contract


@pytest.fixture
def counting(home: Any, contracts: dict[str, Contract]) -> Any:
    """The rows of a feed that count today, a column of them in order of row key."""

    def read(feed: str, column: str) -> list[Any]:
        with lake.connect() as con:
            con.execute(f"CREATE VIEW ledger AS SELECT * FROM {lake.scan(ledger_path(home))}")
            con.execute(f"CREATE VIEW deliveries AS {current_deliveries('ledger')}")
            if not lake.exists(home.table("silver", feed)):
                return []
            rows = current_rows(contracts[feed], lake.scan(home.table("silver", feed)), "deliveries")
            return [value for (value,) in con.execute(f"SELECT {column} FROM ({rows}) ORDER BY row_key").fetchall()]

    return read


def incidents(*numbers: int, category: str = "盗窃", bad: int = 0) -> bytes:
    lines = [f"JQ20260301{number:04d},2026-03-01 09:30:00,{category},330499001001001" for number in numbers]
    broken = [f"JQ20260301{9000 + number:04d},昨天,{category},330499001001001" for number in range(bad)]
    return "\n".join(["警情编号,报警时间,警情类别,所属网格", *lines, *broken]).encode("gb18030")


def jobs_held(*rows: tuple[str, str]) -> bytes:
    person = "11010519491231002X,张三"
    lines = [f"{record},{person},{employer},2024-05-01,2024-05-03" for record, employer in rows]
    return "\n".join(["备案编号,身份证号,姓名,用人单位,入职日期,申报日期", *lines]).encode()


def grids(*rows: tuple[int, str]) -> bytes:
    lines = [
        f'{330499001001000 + number},{name},东湖社区,东湖街道,"POLYGON ((120.7 30.7, 120.8 30.7))"'
        for number, name in rows
    ]
    return "\n".join(["网格编码,网格名称,所属社区,所属街道,网格边界", *lines]).encode()


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


def test_a_then_b_then_a_are_three_attempts_and_the_last_counts(drop, take, counting, rows) -> None:
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
    assert counting("police_incident", "category") == [silver["police_incident-20260301-03"]]
    assert silver["police_incident-20260301-02"] != silver["police_incident-20260301-03"]


def test_a_correction_replaces_its_period_and_leaves_the_others(drop, take, counting) -> None:
    drop("police_incident", "jq_20260301.csv", incidents(1, 2))
    drop("police_incident", "jq_20260302.csv", incidents(3))
    take("police_incident")
    drop("police_incident", "jq_20260301.csv", incidents(2, 4))
    take("police_incident")
    assert counting("police_incident", "incident_no") == ["JQ202603010002", "JQ202603010003", "JQ202603010004"]


def test_a_refused_correction_leaves_the_last_good_data_in_place(drop, take, counting) -> None:
    drop("police_incident", "jq_20260301.csv", incidents(1, 2))
    take("police_incident")
    drop("police_incident", "jq_20260301.csv", incidents(1, 2, bad=3))
    (entry,) = take("police_incident")
    assert (entry.status, entry.read_rows, entry.refused_rows) == ("refused", 5, 5)
    assert counting("police_incident", "incident_no") == ["JQ202603010001", "JQ202603010002"]


def test_a_refused_file_dropped_again_unchanged_is_not_told_that_it_was_received(home, drop, take) -> None:
    for _ in range(2):
        drop("police_incident", "jq_20260301.csv", "警情编号\nJQ202603010001\n".encode("gb18030"))
        take("police_incident")
    receipts = [path.read_text(encoding="utf-8") for path in (home.returns / "police").glob("*.html")]
    assert receipts
    assert not [page for page in receipts if "<h1>已接收" in page], "nothing of this file was received, either time"


def test_of_changes_the_last_word_on_each_key_counts_by_period_not_by_arrival(drop, take, counting) -> None:
    drop("employment", "jy_202604.csv", jobs_held(("JY00000001", "西塘纺织厂"), ("JY00000003", "北港码头")))
    take("employment")
    drop("employment", "jy_202603.csv", jobs_held(("JY00000001", "东湖机械厂"), ("JY00000002", "南桥商店")))
    take("employment")
    assert counting("employment", "employer") == ["西塘纺织厂", "南桥商店", "北港码头"]


def test_of_snapshots_only_the_newest_period_counts(drop, take, counting) -> None:
    drop("grid", "wg_202602.csv", grids((1, "第一网格"), (2, "第二网格")))
    take("grid")
    drop("grid", "wg_202603.csv", grids((1, "第一网格(新)")))
    take("grid")
    drop("grid", "wg_202601.csv", grids((3, "已撤网格")))
    take("grid")
    assert counting("grid", "grid_name") == ["第一网格(新)"]


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

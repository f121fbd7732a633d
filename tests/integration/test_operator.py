"""The operator's hands: take in again, release, send back, copy the city and bring it back, keep the tables in shape."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
import yaml
from counted import counted
from deltalake import DeltaTable, write_deltalake
from typer.testing import CliRunner

from jobs.cli import app
from jobs.home import ZONE, Home, MissingKey
from jobs.ingest.alone import alone
from jobs.ingest.claim import NotAsItCame, archived
from jobs.ingest.delivery import ingest
from jobs.ingest.ledger import Ledger
from jobs.operate.backup import MOST_LINKS, CannotBackUp, CannotRestore, backup, restore
from jobs.operate.doctor import examine
from jobs.operate.folders import make_folders
from jobs.operate.orders import CannotBeDone, reject, release, replay
from jobs.operate.sealed import WrongPassphrase
from jobs.operate.upkeep import CannotMigrate, compact, migrate, pins, tables, vacuum

FEED = "police_incident"
SAID = "a passphrase for tests"
HEADER = "警情编号,报警时间,警情类别,所属网格"


def incidents(good: int, bad: int = 0, category: str = "盗窃") -> bytes:
    rows = [f"JQ20260301{n:04d},2026-03-01 09:30:00,{category},330499001001001" for n in range(good)]
    broken = [f"JQ20260301{9000 + n:04d},昨天,{category},330499001001001" for n in range(bad)]
    return "\n".join([HEADER, *rows, *broken]).encode("gb18030")


def current(home: Home, column: str = "category") -> list[Any]:
    contract = home.contracts()[0][FEED]
    return [value for (value,) in counted(home, contract, f"SELECT {column} FROM now ORDER BY row_key")]


def test_a_refused_delivery_is_released_by_a_person_and_its_believable_rows_count(
    home, contracts, drop, take, rows
) -> None:
    drop(FEED, "jq_20260301.csv", incidents(3, bad=2))
    (refused,) = take(FEED)
    assert refused.status == "refused" and not rows("silver", FEED)
    entry = release(home, contracts[FEED], refused.delivery_id, "王工", "电话核实,报警时间确有缺漏")
    assert (entry.delivery_id, entry.status, entry.kept_rows, entry.held_rows) == (
        refused.delivery_id,
        "released",
        3,
        2,
    )
    assert len(current(home)) == 3 and len(rows("held", FEED)) == 2 and len(rows("bronze", FEED)) == 5
    page = (home.returns / "police" / f"{entry.delivery_id}.html").read_text(encoding="utf-8")
    assert "王工" in page and "放行" in page and "<h1>已接收" in page
    with pytest.raises(CannotBeDone, match="only a refused delivery"):
        release(home, contracts[FEED], refused.delivery_id, "王工", "再来一次")


def test_what_cannot_be_read_cannot_be_released(home, contracts, drop, take) -> None:
    drop(FEED, "jq_20260301.csv", "警情编号\nJQ202603010001\n".encode("gb18030"))
    (refused,) = take(FEED)
    with pytest.raises(CannotBeDone, match="缺少必填列"):
        release(home, contracts[FEED], refused.delivery_id, "王工", "放行")
    with pytest.raises(CannotBeDone, match="refused lately"):
        release(home, contracts[FEED], "police_incident-20990101-01", "王工", "放行")


def test_a_delivery_sent_back_counts_no_longer_and_the_one_before_it_does(home, contracts, drop, take) -> None:
    drop(FEED, "jq_20260301.csv", incidents(2))
    take(FEED)
    drop(FEED, "jq_20260301.csv", incidents(2, category="诈骗"))
    (second,) = take(FEED)
    assert set(current(home)) == {"fraud"}
    entry = reject(home, contracts[FEED], second.delivery_id, "李工", "类别整列填错")
    assert (entry.status, entry.read_rows, entry.refused_rows) == ("rejected", 2, 2)
    assert set(current(home)) == {"theft"}
    assert "李工" in (home.returns / "police" / f"{second.delivery_id}.html").read_text(encoding="utf-8")
    with pytest.raises(CannotBeDone, match="is rejected"):
        reject(home, contracts[FEED], second.delivery_id, "李工", "又一次")


def test_a_period_is_taken_in_again_as_a_new_attempt_and_what_rested_on_the_old_stays(
    home, contracts, drop, take, rows
) -> None:
    drop(FEED, "jq_20260301.csv", incidents(2))
    take(FEED)
    again = replay(home, contracts[FEED], "20260301", "王工", "合同更新")
    assert (again.delivery_id, again.status) == ("police_incident-20260301-02", "passed")
    assert {row["delivery_id"] for row in rows("silver", FEED)} == {
        "police_incident-20260301-01",
        "police_incident-20260301-02",
    }
    assert len(current(home)) == 2
    with pytest.raises(CannotBeDone, match="the last known are 20260301"):
        replay(home, contracts[FEED], "20260302", "王工", "合同更新")


def test_a_delivery_that_failed_three_times_is_taken_in_again_once_it_is_mended(
    home, contracts, drop, take, monkeypatch
) -> None:
    from jobs.ingest import delivery

    with monkeypatch.context() as broken:
        broken.setattr(delivery, "publish", lambda *_: 1 / 0)
        drop(FEED, "jq_20260301.csv", incidents(2))
        assert [take(FEED)[0].status for _ in range(3)] == ["failed"] * 3
    assert replay(home, contracts[FEED], "20260301", "王工", "已修复").status == "passed"


def test_an_order_judges_a_file_as_of_the_day_it_came(home, contracts, drop, take, monkeypatch) -> None:
    """A door that was said to open tomorrow is not believed the day after either."""
    tomorrow = incidents(3, bad=1).replace("昨天".encode("gb18030"), b"2026-06-30 09:00:00")
    drop(FEED, "jq_20260629.csv", tomorrow)
    (refused,) = take(FEED)
    assert (refused.status, refused.received_at.day) == ("refused", 29)
    monkeypatch.setenv("CITYBRAIN_TODAY", "2026-07-02")
    entry = release(home, contracts[FEED], refused.delivery_id, "王工", "电话核实")
    assert (entry.kept_rows, entry.held_rows) == (3, 1) and entry.received_at == refused.received_at


def test_no_order_overrides_what_a_person_or_a_later_file_has_settled(home, contracts, drop, take) -> None:
    contract = contracts[FEED]
    drop(FEED, "jq_20260301.csv", incidents(3, bad=2))
    (refused,) = take(FEED)
    drop(FEED, "jq_20260301.csv", incidents(2))
    (corrected,) = take(FEED)
    with pytest.raises(CannotBeDone, match=f"{corrected.delivery_id} came after"):
        release(home, contract, refused.delivery_id, "王工", "放行")
    assert replay(home, contract, "20260301", "王工", "合同更新").sha256 == corrected.sha256
    for attempt in (1, 2, 3):
        reject(home, contract, f"{FEED}-20260301-{attempt:02d}", "李工", "退回")
    with pytest.raises(CannotBeDone, match="ask for a new file"):
        replay(home, contract, "20260301", "王工", "合同更新")


def state(home: Home) -> dict[str, Any]:
    """Every table's rows, and every file that a restore must bring back."""
    found: dict[str, Any] = {
        str(path.relative_to(home.lake)): sorted(map(repr, DeltaTable(str(path)).to_pyarrow_table().to_pylist()))
        for path in tables(home)
    }
    for room in (home.archive, home.returns):
        found |= {str(path.relative_to(home.root)): path.read_bytes() for path in room.rglob("*") if path.is_file()}
    return found | {"pseudonym": home.pseudonym("someone", 2026)}


def test_backup_destroy_restore_gives_the_same_tables_ids_and_pseudonyms(
    home, contracts, drop, take, tmp_path, monkeypatch
) -> None:
    monkeypatch.delenv("CITYBRAIN_KEY")
    home.make_key()
    drop(FEED, "jq_20260301.csv", incidents(49, bad=1))
    take(FEED)
    drop(FEED, "jq_20260302.csv", incidents(3))
    before = state(home)
    (home.root / "delivery.yaml").write_text("desks: {}\n")
    (home.root / "superset" / "cache").mkdir(parents=True)
    (home.root / "superset" / "cache" / "answer").write_text("changes at any moment")
    with closing(sqlite3.connect(home.root / "superset" / "superset.db")) as store:
        store.execute("CREATE TABLE account AS SELECT 'commander' AS name")
        store.commit()
    first = backup(home, tmp_path / "copies" / "1", SAID)
    second = backup(home, tmp_path / "copies" / "2", SAID)
    assert first.files == second.files > 15 and second.linked > 10, "what has not changed is not copied twice"
    shutil.rmtree(home.root)
    restored = Home(home.root)
    done = restore(restored, tmp_path / "copies" / "2", SAID)
    assert done.files == first.files and done.keys and (home.root / "delivery.yaml").is_file()
    with closing(sqlite3.connect(home.root / "superset" / "superset.db")) as store:
        assert store.execute("SELECT name FROM account").fetchall() == [("commander",)]
    assert not (home.root / "superset" / "cache").exists()
    assert state(restored) == before and len(before) > 8
    entries = ingest(restored, contracts[FEED])
    assert [entry.delivery_id for entry in entries] == ["police_incident-20260302-01"], "it goes on where it stood"


def test_a_backup_holds_no_key_that_can_be_read_and_a_city_without_its_key_stands_still(
    home, contracts, drop, take, tmp_path, monkeypatch
) -> None:
    monkeypatch.delenv("CITYBRAIN_KEY")
    home.make_key()
    key = home.key
    drop(FEED, "jq_20260301.csv", incidents(3))
    take(FEED)
    bare, sealed = tmp_path / "copies" / "bare", tmp_path / "copies" / "sealed"
    assert not backup(home, bare).keys and backup(home, sealed, SAID).keys
    for copy in (bare, sealed):
        assert not [path for path in copy.rglob("*") if path.is_file() and key in path.read_bytes()]
    with pytest.raises(WrongPassphrase, match="12 or more"):
        backup(home, tmp_path / "copies" / "short", "short")
    for copy, said in ((bare, SAID), (sealed, "")):
        elsewhere = Home(tmp_path / f"from-{copy.name}")
        assert not restore(elsewhere, copy, said).keys
        with pytest.raises(MissingKey, match="is lost: put it back"):
            elsewhere.make_key()
    with pytest.raises(WrongPassphrase, match="not the passphrase"):
        restore(Home(tmp_path / "other"), sealed, "another passphrase")
    assert not (tmp_path / "other").exists(), "nothing is restored with what opens nothing"


def test_a_byte_that_rots_spoils_a_few_backups_and_no_more(home, drop, take, tmp_path) -> None:
    drop(FEED, "jq_20260301.csv", incidents(3))
    take(FEED)
    copies = [tmp_path / "copies" / str(number) for number in range(MOST_LINKS + 2)]
    for copy in copies:
        backup(home, copy)
        os.utime(copy / "manifest.json", (copies.index(copy), copies.index(copy)))
    name = next(path for path in copies[0].rglob("*.parquet")).relative_to(copies[0])
    (copies[0] / name).write_bytes(b"rot")
    spoiled = 0
    for number, copy in enumerate(copies):
        try:
            restore(Home(tmp_path / f"home-{number}"), copy)
        except CannotRestore:
            spoiled += 1
    assert spoiled == MOST_LINKS < len(copies)


def test_a_backup_that_is_not_whole_and_a_home_in_use_are_refused(home, drop, take, tmp_path) -> None:
    home.make_key()
    drop(FEED, "jq_20260301.csv", incidents(2))
    take(FEED)
    backup(home, tmp_path / "copy")
    with pytest.raises(CannotRestore, match="already holds a city"):
        restore(home, tmp_path / "copy")
    next((tmp_path / "copy" / "lake").rglob("*.parquet")).write_bytes(b"rot")
    with pytest.raises(CannotRestore, match="is not what was backed up"):
        restore(Home(tmp_path / "elsewhere"), tmp_path / "copy")
    assert not (tmp_path / "elsewhere").exists(), "nothing is restored from what is not whole"
    (tmp_path / "copy" / "manifest.json").unlink()
    with pytest.raises(CannotRestore, match="was not finished"):
        restore(Home(tmp_path / "elsewhere"), tmp_path / "copy")


def test_a_file_that_is_no_longer_what_came_is_never_taken_in_again(home, contracts, drop, take, tmp_path) -> None:
    """By no order, by no mending of it, and a restored city says which they are."""
    home.make_key()
    for day, bad in ((1, 0), (2, 4), (3, 1)):
        drop(FEED, f"jq_2026030{day}.csv", incidents(49 if bad == 1 else 3, bad=bad))
        take(FEED)
    outcomes = {row["period"]: row for row in Ledger(home, FEED).rows}
    assert [row["status"] for row in outcomes.values()] == ["passed", "refused", "passed"]
    for row in outcomes.values():
        path = archived(home, FEED, row)
        path.write_bytes(path.read_bytes().replace(b"JQ", b"JX"))
        with pytest.raises(NotAsItCame, match="restore it from a backup"):
            archived(home, FEED, row)
    for order, given in ((replay, "20260301"), (release, f"{FEED}-20260302-01")):
        with pytest.raises(CannotBeDone, match="no longer what came"):
            order(home, contracts[FEED], given, "王工", "再来一次")
    drop(
        FEED,
        f"{FEED}-20260303-01-补正.csv",
        f"行号,{HEADER}\n50,JQ202603019000,2026-03-01 09:30:00,盗窃,330499001001001".encode(),
    )
    assert {entry.status for entry in take(FEED)} == {"failed"}
    assert [row["status"] for row in Ledger(home, FEED).rows][:3] == ["passed", "refused", "passed"]
    backup(home, tmp_path / "copy")
    assert restore(Home(tmp_path / "elsewhere"), tmp_path / "copy").altered == tuple(
        f"{FEED}-2026030{day}-01" for day in (1, 2, 3)
    )


def test_a_file_that_could_not_be_read_is_kept_unopened_and_never_taken_in_again(
    home, contracts, drop, take, monkeypatch
) -> None:
    """Its sender could let it be read later, and change it before."""
    path = drop(FEED, "jq_20260301.csv", incidents(3))

    def may_not(*given: Any) -> None:
        raise PermissionError

    with monkeypatch.context() as closed:
        closed.setattr("jobs.ingest.claim.copy_apart", may_not)
        (entry,) = take(FEED)
    assert (entry.status, entry.sha256) == ("refused", "") and "没有读取权限" in entry.words[0] and not path.exists()
    with pytest.raises(CannotBeDone, match="could not be read"):
        replay(home, contracts[FEED], "20260301", "王工", "再来一次")


def test_a_restore_that_was_killed_begins_anew(home, drop, take, tmp_path, monkeypatch) -> None:
    monkeypatch.delenv("CITYBRAIN_KEY")
    home.make_key()
    drop(FEED, "jq_20260301.csv", incidents(2))
    take(FEED)
    before = state(home)
    backup(home, tmp_path / "copy", SAID)
    copies = iter(range(5))

    def killed(*given: Any) -> None:
        next(copies)
        shutil.copy(*given)

    restored = Home(tmp_path / "elsewhere")
    with monkeypatch.context() as broken:
        broken.setattr("jobs.operate.backup.shutil.copy2", killed)
        with pytest.raises(StopIteration):
            restore(restored, tmp_path / "copy", SAID)
    restore(restored, tmp_path / "copy", SAID)
    assert state(restored) == before
    with pytest.raises(CannotRestore, match="already holds a city"):
        restore(restored, tmp_path / "copy")


def test_tables_kept_elsewhere_are_not_left_out_of_a_backup_in_silence(home, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("CITYBRAIN_LAKE", str(tmp_path / "lake"))
    with pytest.raises(CannotBackUp, match="CITYBRAIN_LAKE"):
        backup(home, tmp_path / "copy")


def test_compact_and_vacuum_keep_the_rows_and_the_versions_that_something_rests_on(home, drop, take) -> None:
    for day in range(1, 5):
        drop(FEED, f"jq_2026030{day}.csv", incidents(day + 1).replace(b"JQ20260301", f"JQ2026030{day}".encode()))
        take(FEED)
    silver = DeltaTable(home.table("silver", FEED))
    home.reports.mkdir(parents=True)
    (home.reports / "日报-20260301.json").write_text(json.dumps({"table_versions": {f"silver.{FEED}": 1}}))
    pinned, newest = DeltaTable(home.table("silver", FEED), version=1).to_pyarrow_table(), silver.to_pyarrow_table()
    about = {"warning_id": ["w"], "feed": [FEED], "table_version": [0]}
    write_deltalake(home.table("gold", "warning_evidence"), pa.table(about))
    write_deltalake(home.table("gold", "warning"), pa.table({"table_versions": [json.dumps({f"silver.{FEED}": 2})]}))
    home.serving.mkdir()
    with duckdb.connect(str(home.serving / "serving-1.duckdb")) as con:
        con.execute("CREATE TABLE about AS SELECT ? AS table_versions", [json.dumps({f"bronze.{FEED}": 2})])
    assert pins(home) == {f"silver.{FEED}": {0, 1, 2}, f"bronze.{FEED}": {2}}
    assert {done.table: done.files for done in compact(home)}[f"silver.{FEED}"] == 4
    assert [done for done in vacuum(home, keep_days=0, dry_run=True) if done.files], "a dry run says what would go"
    assert sum(done.files for done in vacuum(home, keep_days=0)) > 0
    assert DeltaTable(home.table("silver", FEED), version=1).to_pyarrow_table().sort_by("row_key") == pinned.sort_by(
        "row_key"
    )
    assert DeltaTable(home.table("silver", FEED)).to_pyarrow_table().sort_by("row_key") == newest.sort_by("row_key")
    for room in ("silver", "bronze"):
        assert len(DeltaTable(home.table(room, FEED), version=2).to_pyarrow_table()) == 2 + 3 + 4
        with pytest.raises(Exception, match=r"(?i)not found|no such"):
            DeltaTable(home.table(room, FEED), version=3).to_pyarrow_table()


def contract_file(folder: Path, **more: Any) -> None:
    columns = {"item_no": {"from": ["编号"], "type": "string", "required": True}} | more
    given = {
        "feed": "bench_seat", "title": {"zh": "座椅", "en": "Seats"}, "owner": {"department": "园林局", "folder": "parks", "contact": "a@example.cn"},
        "delivery": {"files": "zy_*.csv", "kind": "events", "every": "0 2 * * *", "late_after": "6h", "period": r"zy_(\d{8})"},
        "key": ["item_no"], "columns": columns, "gate": {"held": {"warn": "2%", "refuse": "50%"}}, "examples": [{"keep": {"编号": "1"}}],
    }  # fmt: skip
    folder.mkdir(exist_ok=True)
    (folder / "bench_seat.yaml").write_text(
        yaml.safe_dump(given, allow_unicode=True, sort_keys=False), encoding="utf-8"
    )


def test_a_contract_that_gained_columns_is_followed_by_its_tables(home, tmp_path, monkeypatch, rows) -> None:
    monkeypatch.setenv("CITYBRAIN_FEEDS", str(tmp_path / "feeds"))
    contract_file(tmp_path / "feeds")
    make_folders(home, home.contracts()[0].values())

    def take(name: str, text: str) -> Any:
        (home.drop / "parks" / name).write_text(text, encoding="utf-8")
        (entry,) = ingest(home, home.contracts()[0]["bench_seat"], still_seconds=0)
        return entry

    assert take("zy_20260301.csv", "编号\n1\n").status == "passed"
    contract_file(
        tmp_path / "feeds",
        seats={"from": ["座位数"], "type": "integer"},
        keeper={"from": ["管护人"], "type": "person_name"},
    )
    contract = home.contracts()[0]["bench_seat"]
    assert [done.says for done in migrate(home, contract, dry_run=True)] == [
        "would gain seats、keeper",
        "would gain seats",
    ]
    assert [done.says for done in migrate(home, contract)] == ["gained seats、keeper", "gained seats"]
    assert [done.says for done in migrate(home, contract)] == ["fits", "fits"]
    assert take("zy_20260302.csv", "编号,座位数,管护人\n2,3,张三\n").status == "passed"
    assert sorted((row["item_no"], row["seats"]) for row in rows("silver", "bench_seat")) == [("1", None), ("2", 3)]
    contract_file(tmp_path / "feeds", seats={"from": ["座位数"], "type": "string"})
    with pytest.raises(CannotMigrate, match="'seats' is int64 in the table and string"):
        migrate(home, home.contracts()[0]["bench_seat"])


def test_a_column_that_a_contract_lost_stays_empty_and_one_that_turned_personal_is_not_left_lying(
    home, tmp_path, monkeypatch, rows
) -> None:
    folder = tmp_path / "feeds"
    monkeypatch.setenv("CITYBRAIN_FEEDS", str(folder))

    def send(day: int, text: str) -> None:
        path = home.drop / "parks" / f"zy_2026030{day}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        (entry,) = ingest(home, home.contracts()[0]["bench_seat"], still_seconds=0)
        assert entry.status == "passed", entry.words

    contract_file(folder, note={"from": ["备注"], "type": "string"})
    send(1, "编号,备注\n1,甲\n")
    contract_file(folder)
    assert [done.says for done in migrate(home, home.contracts()[0]["bench_seat"])] == ["fits", "fits"]
    send(2, "编号\n2\n")
    assert {row["item_no"]: row["note"] for row in rows("silver", "bench_seat")} == {"1": "甲", "2": None}
    contract_file(folder, note={"from": ["备注"], "type": "person_name"})
    with pytest.raises(CannotMigrate, match="tells who a person is"):
        migrate(home, home.contracts()[0]["bench_seat"])


def test_the_doctor_finds_what_is_wrong_and_names_the_way_out(home, contracts, drop, take, monkeypatch) -> None:
    monkeypatch.delenv("CITYBRAIN_KEY")
    make_folders(home, contracts.values())
    home.make_key()
    drop(FEED, "jq_20260301.csv", incidents(2))
    take(FEED)
    assert {
        finding.check: finding.how for finding in examine(home) if finding.check not in ("spark", "disk")
    } == dict.fromkeys(("contracts", "privacy", "key", "folders", "drop", "clock", "inbox", "ledger"), "good")
    (home.root / "secrets" / "key").chmod(0o644)
    (home.lake).chmod(0o755)
    (home.drop / "police" / "link").symlink_to("/etc/passwd")
    DeltaTable(home.table("silver", FEED)).delete()
    monkeypatch.delenv("CITYBRAIN_TODAY")
    monkeypatch.setattr(Home, "now", lambda _: datetime(2026, 6, 1, 9, tzinfo=ZONE))
    wrong = {finding.check: finding.says for finding in examine(home) if finding.how != "good"}
    assert set(wrong) >= {"key", "folders", "drop", "ledger", "clock"}
    assert (
        "chmod 600" in wrong["key"] and "citybrain init" in wrong["folders"] and "citybrain replay" in wrong["ledger"]
    )


def test_no_order_is_carried_out_beside_a_run_that_takes_the_feed(home, contracts, drop, take, monkeypatch) -> None:
    """Both would take up one claim. Nobody waits here: who would have to, fails."""
    drop(FEED, "jq_20260301.csv", incidents(3, bad=2))
    (refused,) = take(FEED)
    flock = fcntl.flock
    monkeypatch.setattr(fcntl, "flock", lambda file, how: flock(file, how | fcntl.LOCK_NB))
    orders = [
        lambda: release(home, contracts[FEED], refused.delivery_id, "王工", "电话核实"),
        lambda: reject(home, contracts[FEED], refused.delivery_id, "王工", "整列填错"),
        lambda: replay(home, contracts[FEED], "20260301", "王工", "合同更新"),
        lambda: ingest(home, contracts[FEED]),
    ]
    with alone(home, FEED):
        for order in orders:
            with pytest.raises(BlockingIOError):
                order()


def test_each_department_has_folders_of_its_own(home, contracts, drop, take) -> None:
    make_folders(home, contracts.values())
    for folder in {contract.owner.folder for contract in contracts.values()}:
        assert (home.drop / folder).stat().st_mode & 0o7777 == 0o2770
        assert (home.returns / folder).stat().st_mode & 0o7777 == 0o2750
    drop(FEED, "jq_20260301.csv", incidents(3))
    take(FEED)
    entered = {path.name for path in home.root.iterdir() if path.stat().st_mode & 0o077}
    assert entered == {"drop", "return"}, "nobody else enters what was sent, or what was made of it"


def test_the_commands_say_what_they_did_and_end_with_1_where_they_could_not(home, contracts, drop, take) -> None:
    drop(FEED, "jq_20260301.csv", incidents(3, bad=2))
    (refused,) = take(FEED)
    run = CliRunner()
    done = run.invoke(app, ["release", refused.delivery_id, "--by", "王工", "--why", "已核实"])
    assert done.exit_code == 0 and "3 kept, 2 held" in done.output
    again = run.invoke(app, ["release", refused.delivery_id, "--by", "王工", "--why", "已核实"])
    assert again.exit_code == 1 and "only a refused delivery can be released" in again.output
    assert run.invoke(app, ["replay", FEED, "--period", "20260301"]).exit_code == 0
    assert run.invoke(app, ["replay", "no_such_feed", "--period", "1"]).exit_code == 2

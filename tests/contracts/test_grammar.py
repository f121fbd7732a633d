"""No key without a reader: a line a key, what it was, what it becomes, and what that changes."""

from __future__ import annotations

import copy
import json
import os
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from jobs.home import ZONE, Home
from jobs.ingest.claim import strangers, waiting
from jobs.ingest.land import land
from jobs.ingest.receipt import _facts
from jobs.ingest.unreadable import Unreadable
from jobs.operate.upkeep import _columns
from jobs.serve import served_columns
from quality.gate import _batch_suite
from quality.history import against_history
from quality.reasons import say_held
from quality.sift import sift
from schemas.contract import Contract, ContractFault, load_contract, load_contracts

BASE: dict[str, Any] = {
    "feed": "case",
    "title": {"zh": "案件", "en": "Cases"},
    "owner": {"department": "城管局", "folder": "chengguan", "contact": "a@example.cn"},
    "delivery": {"files": "cg_*.csv", "kind": "changes", "every": "0 2 * * *", "late_after": "6h", "period": r"cg_(\d{8})"},
    "key": ["case_no"],
    "columns": {
        "case_no": {"from": ["编号"], "type": "string", "required": True},
        "day": {"from": ["日期"], "type": "date", "privacy": "L2"},
        "moment": {"from": ["时间"], "type": "timestamp", "formats": ["yyyy-MM-dd HH:mm"]},
        "score": {"from": ["得分"], "type": "integer"},
        "kind": {"from": ["类别"], "type": "string"},
        "phone": {"from": ["电话"], "type": "mobile"},
    },
    "rows": [{"positive": {"must": "score >= 0", "zh": "得分为负"}}],
    "gate": {"held": {"warn": "2%", "refuse": "50%"}},
    "integrity": {"by": "case_no", "at": "day", "figures": ["score"], "deadline": {"closed": "moment", "due": "7d"}},
    "examples": [{"keep": {"编号": "1"}}],
}  # fmt: skip
FILE = "编号,日期,得分,类别,电话\nA1,2026-01-05,5,电梯,13712345678\nA2,２０２６-01-06,-1,无名,+86 13712345678\n"


def contract_of(tmp_path: Path, given: dict[str, Any]) -> Contract:
    path = tmp_path / f"{given['feed']}.yaml"
    path.write_text(yaml.safe_dump(given, allow_unicode=True), encoding="utf-8")
    return load_contract(path)


def sifted(contract: Contract, tmp_path: Path, content: bytes | None = None) -> str:
    """What screening makes of FILE under a contract, as text to compare."""
    path = tmp_path / "cg_20260105.csv"
    path.write_bytes(FILE.encode() if content is None else content)
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'Asia/Shanghai'")
        con.execute("CREATE TABLE reference AS SELECT 'kind' AS column_name, '扶梯' AS value")
        try:
            landed = land(con, contract, path, tmp_path)
        except Unreadable as fault:
            return f"unreadable {fault}"
        if not landed.map.fits:
            return f"missing {landed.map.missing}"
        sift(con, contract, datetime(2026, 6, 29, tzinfo=ZONE))
        held = con.execute("SELECT row_no, reasons FROM held ORDER BY ALL").fetchall()
        words = [say_held(contract, reason) for _, reasons in held for reason in reasons]
        kept = con.execute("SELECT * FROM kept ORDER BY ALL").fetchall()
        return repr((con.sql("SELECT * FROM kept").types, kept, held, words))


def receipt(contract: Contract, tmp_path: Path) -> str:
    from jobs.ingest.ledger import Entry

    entry = Entry("c", "d", contract.feed, "20260105", 1, "f", "", 0, datetime(2026, 1, 5, tzinfo=ZONE))
    return json.dumps(_facts(contract, entry, None, []), default=str)


def layout(contract: Contract, tmp_path: Path) -> str:
    """What a migration would hold silver to, and what is served of it."""
    return repr((_columns(contract, "silver"), served_columns(contract), contract.quasi_identifiers))


def period(contract: Contract, tmp_path: Path) -> str:
    return contract.period_of("cg_20260105.csv", "20260629")


def current(contract: Contract, tmp_path: Path) -> str:
    from jobs.current import current_rows

    return current_rows(contract, "silver", "delivery_now")


def gate(contract: Contract, tmp_path: Path) -> str:
    import great_expectations as gx

    gx.get_context(mode="ephemeral")
    return repr([e.configuration.to_json_dict() for e in _batch_suite(contract, [10, 12, 14]).expectations])


def health(contract: Contract, tmp_path: Path) -> str:
    """Which of three periods were promised, and how each came, of one delivery in time and one three hours late."""
    from jobs.operate.arrivals import arrivals
    from jobs.operate.health import promise

    came = [
        {"period": "20260625", "attempt": 1, "status": "passed", "received_at": datetime(2026, 6, 26, 2, 30, tzinfo=ZONE), "read_rows": 9},
        {"period": "20260626", "attempt": 1, "status": "passed", "received_at": datetime(2026, 6, 27, 8, 30, tzinfo=ZONE), "read_rows": 9},
    ]  # fmt: skip
    told = arrivals(contract, came, datetime(2026, 6, 28, 8, 45, tzinfo=ZONE))
    return repr((told, promise(contract, told)))


def looked_at(contract: Contract, tmp_path: Path) -> str:
    """What the quality desk would look at, of two rows that are in the lake."""
    from jobs.ingest import ledger
    from jobs.lake import put_rows
    from jobs.quality_desk.figures import figures_of

    home, now = Home(tmp_path / f"desk-{len(list(tmp_path.iterdir()))}"), datetime(2026, 1, 20, tzinfo=ZONE)
    entry = ledger.Entry("c", "d", contract.feed, "20260105", 1, "f", "", 0, now, "passed", 2, 2)
    ledger.Ledger(home, contract.feed).add(entry)
    rows = duckdb.sql(
        "SELECT 'd' AS delivery_id, n AS row_no, n::VARCHAR AS row_key, 'A' || n AS case_no, DATE '2026-01-05' + n::INT AS day, "
        "TIMESTAMPTZ '2026-01-08 09:30:00+08' AS moment, n AS score, 'lift' || n AS kind FROM range(2) t(n)"
    )
    put_rows(home.table("silver", contract.feed), rows)
    figures = figures_of(home, contract, now.date(), 90)
    return repr([(f.column, f.sort, [(u.unit, u.at.tolist(), u.values.tolist()) for u in f.units]) for f in figures])


def dropped(contract: Contract, tmp_path: Path) -> str:
    home = Home(tmp_path / "var")
    for folder in ("chengguan", "other"):
        path = home.drop / folder / "cg_20260105.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
        os.utime(path, (time.time() - 60,) * 2)
    return repr(
        ([p.parent.name for p in waiting(home, contract)], [p.parent.name for p in strangers(home, [contract])])
    )


def watched(contract: Contract, tmp_path: Path) -> str:
    """What is compared of a delivery that is odd in every way, and with which bounds."""
    from odd_delivery import odd_delivery

    now, past = odd_delivery()
    return repr(against_history(contract, now, past))


GB = FILE.encode("gb18030")
DOMINATED = "编号,得分,类别\n" + "".join(f"B{n},7,电梯维修\n" for n in range(11)) + "A1,7,路灯\nA2,8,电梯维修\n"


def dominated(contract: Contract, tmp_path: Path) -> str:
    """Of a batch in which eleven of twelve rows alike in their score are alike in their kind."""
    return sifted(contract, tmp_path, DOMINATED.encode())


KEYS: list[tuple[str, Any, Callable[..., str]]] = [
    ("title.zh", "事件", receipt),
    ("title.en", "Events", health),
    ("owner.department", "交通局", receipt),
    ("owner.contact", "b@example.cn", receipt),
    ("owner.folder", "other", dropped),
    ("delivery.files", "xx_*.csv", dropped),
    ("delivery.format", "jsonl", sifted),
    ("delivery.encoding", "gb18030", sifted),
    ("delivery.delimiter", ";", sifted),
    ("delivery.header_row", 2, sifted),
    ("delivery.kind", "snapshot", current),
    ("delivery.period", r"cg_(\d{6})", period),
    ("delivery.every", "0 3 * * 1", health),
    ("delivery.late_after", "7h", health),
    ("delivery.period_due", "yyyyMMdd - 1d", health),
    ("delivery.header_lines", 2, sifted),
    ("columns.case_no.from", ["案件号"], sifted),
    ("columns.score.type", "money", sifted),
    ("columns.kind.required", True, lambda c, p: sifted(c, p, FILE.replace("电梯", "").encode())),
    ("columns.day.formats", ["yyyy年M月d日"], sifted),
    ("columns.moment.zone", "UTC", lambda c, p: sifted(c, p, "编号,时间\nA1,2026-01-05 08:00\n".encode())),
    ("columns.kind.codes", "equipment_kind", sifted),
    ("columns.kind.map", {"电梯": "lift"}, sifted),
    ("columns.kind.pattern", "电.", sifted),
    ("columns.score.range", [0, 3], sifted),
    ("columns.day.privacy", "L3", layout),
    ("columns.kind.identifying", True, layout),
    ("columns.day.quasi_identifier", True, layout),
    ("columns.kind.placeholders", ["电梯"], sifted),
    ("columns.phone.repair", False, sifted),
    ("columns.score.unit", ["分"], lambda c, p: sifted(c, p, "编号,得分\nA1,5分\nA2,5 分\n".encode())),
    ("columns.day.policy", "mark", lambda c, p: sifted(c, p, "编号,日期\nA1,某日\n".encode())),
    (
        "columns.kind.spelling",
        True,
        lambda c, p: sifted(c, p, DOMINATED.replace("A2,8,电梯维修", "A2,8,电梯维俢").encode()),
    ),
    ("columns.kind.references", "equipment.kind", sifted),
    ("columns.kind.references", {"feed": "equipment", "column": "kind", "policy": "hold"}, sifted),
    ("dependencies", [{"determinant": ["score"], "dependent": ["kind"]}], dominated),
    ("dependencies", [{"determinant": ["score"], "dependent": ["kind"], "repair": False}], dominated),
    ("dependencies", [{"determinant": ["score"], "dependent": ["kind"], "repair": "alike"}], dominated),
    ("dependencies", [{"determinant": ["score"], "dependent": ["kind"], "repair": False, "policy": "hold"}], dominated),
    (
        "run_together",
        [["kind", "score"]],
        lambda c, p: sifted(c, p, "编号,得分,类别\nA1,7,a\nA2,7,b\nA3,,电梯 7\n".encode()),
    ),
    ("alike", {"columns": ["kind"]}, dominated),
    ("alike", {"columns": ["kind"], "policy": "hold"}, dominated),
    ("rows", [{"positive": {"must": "score >= 0", "zh": "得分为负", "policy": "mark"}}], sifted),
    ("rows", [{"positive": {"must": "score >= 6", "zh": "得分为负"}}], sifted),
    ("rows", [{"positive": {"must": "score >= 0", "zh": "不得为负"}}], sifted),
    ("gate.held.warn", "3%", gate),
    ("gate.held.refuse", "60%", gate),
    ("integrity.by", "kind", looked_at),
    ("integrity.by_first", 1, looked_at),
    ("integrity.at", "moment", looked_at),
    ("integrity.figures", [], looked_at),
    ("integrity.counted", True, looked_at),
    ("integrity.deadline.closed", "day", looked_at),
    ("integrity.deadline.due", "8d", looked_at),
    ("integrity.deadline.due", "day", looked_at),
    ("gate.volume", "50%..200% of 3-delivery median", gate),
    ("gate.nulls", False, watched),
    ("gate.nulls", {"refuse": "60%"}, watched),
    ("gate.drift", {"warn": 0.5}, watched),
    ("gate.stale", {"refuse": "100%"}, watched),
    ("gate.repeated", {"warn": "80%"}, watched),
    ("gate.missing_days", {"warn": 3}, watched),
    ("gate.headers", False, watched),
    ("gate.event_time", "day", watched),
]


@pytest.mark.parametrize(("key", "value", "outcome"), KEYS, ids=[key for key, *_ in KEYS])
def test_changing_a_key_changes_what_comes_out(
    key: str, value: Any, outcome: Callable[..., str], tmp_path: Path
) -> None:
    changed = copy.deepcopy(BASE)
    *way, last = key.split(".")
    place = changed
    for step in way:
        place = place[step]
    place[last] = value
    assert outcome(contract_of(tmp_path, BASE), tmp_path) != outcome(contract_of(tmp_path, changed), tmp_path)


FAULTS = [
    ({"tpye": "string"}, "columns.kind.tpye: unknown key 'tpye'; did you mean 'type'?"),
    ({"codes": "no_such_list"}, "there is no code list 'no_such_list'"),
    ({"type": "date", "formats": ["yyyy-mmm"]}, "known are yyyy"),
    ({"type": "date", "formats": ["M/d/yyy"]}, "comes first"),
    ({"range": [0, 1]}, "only a number has a range"),
    ({"pattern": "("}, "is not a regular expression"),
    ({"type": "resident_id", "privacy": "L1"}, "at least L3"),
    ({"type": "string", "quasi_identifier": True}, "say privacy: L2"),
    ({"type": "string", "privacy": "L3", "quasi_identifier": True}, "leaves in no row"),
]


@pytest.mark.parametrize(("added", "says"), FAULTS, ids=[says for _, says in FAULTS])
def test_a_typo_is_answered_with_the_file_the_place_and_the_way_out(
    added: dict[str, Any], says: str, tmp_path: Path
) -> None:
    wrong = copy.deepcopy(BASE)
    kind = {"from": ["类别"]} | ({} if "tpye" in added else {"type": "string"})
    wrong["columns"]["kind"] = kind | added
    with pytest.raises(ContractFault) as fault:
        contract_of(tmp_path, wrong)
    assert says in str(fault.value)
    assert str(fault.value).startswith("case.yaml: ")
    assert "\n" not in str(fault.value)


def test_one_broken_contract_leaves_the_others_in_use(tmp_path: Path) -> None:
    contract_of(tmp_path, BASE)
    (tmp_path / "broken.yaml").write_text("feed: [", encoding="utf-8")
    contracts, faults = load_contracts(tmp_path)
    assert list(contracts) == ["case"]
    assert [fault.path.name for fault in faults] == ["broken.yaml"]


@pytest.mark.parametrize("must", ["score >=", "score >= (SELECT 1)", "points > 0"])
def test_a_row_rule_is_an_expression_over_its_own_row(must: str, tmp_path: Path) -> None:
    wrong = copy.deepcopy(BASE)
    wrong["rows"] = [{"positive": {"must": must, "zh": "x"}}]
    with pytest.raises(ContractFault, match=r"rows\.positive"):
        contract_of(tmp_path, wrong)


def places(given: Any, way: tuple = ()) -> list[tuple]:
    """Every place of a contract, as the keys and numbers that lead to it."""
    inside = given.items() if isinstance(given, dict) else enumerate(given) if isinstance(given, list) else ()
    return [way, *(place for key, part in inside for place in places(part, (*way, key)))]


def with_at(given: Any, way: tuple, value: Any) -> Any:
    if not way:
        return value
    changed = copy.copy(given)
    changed[way[0]] = with_at(changed[way[0]], way[1:], value)
    return changed


def test_whatever_stands_anywhere_in_a_contract_is_the_fault_of_that_contract_alone(tmp_path: Path) -> None:
    strange = [None, True, 0, -1.5, "", "(", "\x00", [], [None], [[]], {}, {"a": 1}, {1: None}, "9" * 5000]
    (tmp_path / "other.yaml").write_text(yaml.safe_dump(BASE | {"feed": "other"}, allow_unicode=True), encoding="utf-8")
    faults = 0
    for way in places(BASE):
        for value in strange:
            text = yaml.safe_dump(with_at(BASE, way, value), allow_unicode=True)
            (tmp_path / "case.yaml").write_text(text, encoding="utf-8")
            contracts, found = load_contracts(tmp_path)
            assert "other" in contracts and len(found) <= 1, (way, value)
            assert all(str(fault).startswith("case.yaml: ") and "\n" not in str(fault)[:60] for fault in found), (
                way,
                value,
            )
            faults += len(found)
    assert faults > 300


NESTED = 20_000


@pytest.mark.parametrize(
    "text",
    [
        "x: " + "[" * NESTED,
        "x: " + "[" * NESTED + "]" * NESTED,
        "x: " + "{a: " * NESTED + "}" * NESTED,
        yaml.safe_dump(BASE | {"rows": [{"deep": {"must": "(" * NESTED + "score >= 0" + ")" * NESTED, "zh": "深"}}]}),
        yaml.safe_dump(with_at(BASE, ("delivery", "period"), "(" * NESTED + "a" + ")" * NESTED)),
        yaml.safe_dump(with_at(BASE, ("delivery", "period"), "(" + "(?:" * 300 + "a" + ")" * 301)),
        "a: &a [1]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}' if n else '*a'] * 10)}]\n" for n in range(9)),
        yaml.safe_dump(BASE) + "#" * (1 << 20),
    ],
    ids=["open", "lists", "maps", "rule", "period", "period within", "aliases", "long"],
)
def test_a_file_that_means_harm_is_a_fault_in_a_moment(text: str, tmp_path: Path) -> None:
    (tmp_path / "case.yaml").write_text(text, encoding="utf-8")
    contracts, (fault,) = load_contracts(tmp_path)
    assert not contracts and len(str(fault)) < 400


def test_a_period_is_read_from_a_name_in_a_moment_whatever_the_pattern(tmp_path: Path) -> None:
    """Python's own would not end before the city does: each nine may belong to either repeat."""
    contract = contract_of(tmp_path, with_at(BASE, ("delivery", "period"), "((?:[0-9]+)+)x"))
    assert contract.period_of("9" * 200, "20260629") == "20260629"
    assert contract.period_of("9" * 8 + "x", "20260629") == "99999999"

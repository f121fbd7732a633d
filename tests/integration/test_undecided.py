"""Refused deliveries that wait for a person: which they are, what an operator is told of them, and what no answer can decide twice."""

from __future__ import annotations

import asyncio

import pytest
from typer.testing import CliRunner

from jobs.cli import app
from jobs.ingest import claim as claims
from jobs.ingest.claim import Order
from jobs.ingest.ledger import Ledger
from jobs.operate import question
from jobs.operate.orders import Settled, reject, release
from jobs.operate.undecided import settled, undecided
from jobs.status import waiting_list

FEED = "police_incident"
HEADER = "警情编号,报警时间,警情类别,所属网格"


def incidents(day: int, good: int, bad: int = 0) -> bytes:
    rows = [f"JQ202603{day:02d}{n:04d},2026-03-{day:02d} 09:30:00,盗窃,330499001001001" for n in range(good)]
    broken = [f"JQ202603{day:02d}{9000 + n:04d},昨天,盗窃,330499001001001" for n in range(bad)]
    return "\n".join([HEADER, *rows, *broken]).encode("gb18030")


@pytest.fixture
def refuse(drop, take):
    """Deliver a day of which two fifths say no time."""

    def deliver(day: int) -> str:
        drop(FEED, f"jq_202603{day:02d}.csv", incidents(day, 3, bad=2))
        (entry,) = take(FEED)
        assert entry.status == "refused"
        return entry.delivery_id

    return deliver


def test_a_refused_delivery_waits_until_it_is_decided_or_followed_by_a_new_file(
    home, contracts, drop, take, refuse
) -> None:
    assert undecided(home) == []
    released, rejected, followed, waits = map(refuse, (1, 2, 3, 4))
    assert [case.delivery_id for case in undecided(home)] == [released, rejected, followed, waits]
    release(home, contracts[FEED], released, "王工", "已核实")
    reject(home, contracts[FEED], rejected, "李工", "填错")
    drop(FEED, "jq_20260303.csv", incidents(3, 3))
    take(FEED)
    (case,) = undecided(home)
    assert (case.delivery_id, case.period, case.read_rows) == (waits, "20260304", 5)
    ledger = Ledger(home, FEED)
    assert settled(ledger, waits, case.entry_no) is None
    assert "经人工核对放行(王工:已核实)" in (settled(ledger, released) or "")
    assert "police_incident-20260303-02" in (settled(ledger, followed) or "")


def test_of_two_refused_files_of_one_period_the_later_waits(home, drop, take, refuse) -> None:
    refuse(1)
    drop(FEED, "jq_20260301.csv", incidents(1, 4, bad=2))
    (second,) = take(FEED)
    assert [case.delivery_id for case in undecided(home)] == [second.delivery_id]


def test_what_only_a_new_file_mends_is_no_question_for_a_person(home, drop, take) -> None:
    drop(FEED, "jq_20260301.csv", "警情编号\nJQ202603010001\n".encode("gb18030"))
    assert [entry.status for entry in take(FEED)] == ["refused"]
    drop(FEED, "jq_20260302.csv", b"\x00\x01\x02")
    assert [entry.status for entry in take(FEED)] == ["refused"]
    assert undecided(home) == []


@pytest.mark.parametrize("order", [release, reject])
def test_an_answer_to_a_question_that_is_settled_changes_nothing(home, contracts, drop, take, refuse, order) -> None:
    for day, settle in enumerate((release, reject), 1):
        refuse(day)
        (case,) = undecided(home)
        settle(home, contracts[FEED], case.delivery_id, "王工", "已核实")
        before = Ledger(home, FEED).rows
        with pytest.raises(Settled, match="王工:已核实"):
            order(home, contracts[FEED], case.delivery_id, "operator", "迟了", case.entry_no)
        assert Ledger(home, FEED).rows == before
    followed = refuse(3)
    (case,) = undecided(home)
    drop(FEED, "jq_20260303.csv", incidents(3, 3))
    take(FEED)
    with pytest.raises(Settled, match="新文件"):
        order(home, contracts[FEED], followed, "operator", "迟了", case.entry_no)


def test_a_release_that_was_killed_and_is_ordered_again_is_carried_out_once(home, contracts, refuse) -> None:
    delivery = refuse(1)
    ledger = Ledger(home, FEED)
    row = ledger.rows[-1]
    archived = claims.archived(home, FEED, row)
    order = Order("release", row["period"], row["attempt"], "王工", "已核实", row["received_at"].isoformat())
    left = claims.claim_again(home, FEED, archived, order, ledger.arrivals)
    entry = release(home, contracts[FEED], delivery, "王工", "已核实", row["entry_no"])
    assert (entry.claim_id, entry.status) == (left.claim_id, "released")
    assert claims.claimed(home, FEED) == []
    assert [row["status"] for row in Ledger(home, FEED).rows] == ["refused", "released"]


def test_an_operator_is_told_what_was_refused_and_why_and_no_value_of_a_row(home, contracts, refuse) -> None:
    delivery = refuse(1)
    (case,) = undecided(home)
    text = question.subject(contracts[FEED], case) + question.body(home, contracts[FEED], case)
    department = contracts[FEED].owner.department
    for fact in (department, delivery, "20260301", "40.0%", f"data_docs/{FEED}/{delivery}.html", "通过放行", "退回"):
        assert fact in text, fact
    assert (home.data_docs / FEED / f"{delivery}.html").is_file()
    assert (home.returns / contracts[FEED].owner.folder / f"{delivery}.html").is_file()
    assert "昨天" not in text and "JQ2026" not in text


def test_the_list_names_them_with_both_ways_out_to_be_pasted(home, refuse) -> None:
    run = CliRunner()
    assert "没有待决定的批次" in run.invoke(app, ["refused"]).output
    first, second = map(refuse, (1, 2))
    said = run.invoke(app, ["refused"]).output
    assert "待决定 2 批" in said
    for delivery in (first, second):
        command = next(line for line in said.splitlines() if f"citybrain release {delivery}" in line)
        assert f"citybrain reject  {delivery} --by" in said
    assert "另有 1 批:citybrain refused" in waiting_list(home, most=1).plain
    words = command.split("citybrain ")[1].split()
    assert run.invoke(app, words).exit_code == 0, "the command does what it says"
    assert "待决定 1 批" in run.invoke(app, ["refused"]).output


def test_the_sweep_tells_of_each_waiting_delivery_once(home, contracts, refuse, monkeypatch) -> None:
    from dags import approval

    monkeypatch.setattr(approval, "POLL_SECONDS", 0.01)

    async def told() -> list[int]:
        events = approval.RefusedTrigger().run()
        heard = []
        for day in (1, 2):
            await asyncio.to_thread(refuse, day)
            heard.append((await anext(events)).payload["deliveries"])
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(events), 1)
        return heard

    assert asyncio.run(told()) == [1, 2]

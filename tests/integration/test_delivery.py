"""A warning reaches its desk: by its folder, a real mail server and a real web server that first fails; and no desk hears it twice."""

from __future__ import annotations

import csv
import email.policy
import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import openpyxl
import pytest
import yaml
from aiosmtpd.controller import Controller
from ports import free_port
from raised import EIGHT, GRID, evidence, found, warning

from jobs.alert import recent
from jobs.home import Home
from jobs.warn.deliver import deliver, notices
from jobs.warn.dispositions import take_answers
from jobs.warn.life import Move, move, one_warning
from jobs.warn.sweep import sweep
from schemas.contract import ContractFault
from schemas.desks import load_desks

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SURGE, HAZARD, CHECK = (f"{letter}fa85f64-5717-5562-b3fc-2c963f66afa6" for letter in "abc")
PHONE = "13712345678"


class Letters:
    def __init__(self) -> None:
        self.got: list[Any] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.got.append(envelope)
        return "250 OK"


@pytest.fixture
def mail() -> Iterator[tuple[int, list[Any]]]:
    """A mail server's port, and what it got."""
    port, letters = free_port(), Letters()
    server = Controller(letters, hostname="127.0.0.1", port=port)
    server.start()
    yield port, letters.got
    server.stop()


@pytest.fixture
def web() -> Iterator[tuple[str, list[tuple[int, str, dict]]]]:
    """A web server's address, and what it was sent: its first answer is 500."""
    got: list[tuple[int, str, dict]] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status = 200 if got else 500
            got.append((status, self.headers["Idempotency-Key"], body))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/hook", got
    server.shutdown()
    server.server_close()


def reached_by(home: Home, **desks: dict[str, Any]) -> None:
    said = {"desks": desks, "retries": {"tries": 3, "first_wait": 0.01}}
    if port := next((desk.pop("port") for desk in desks.values() if "port" in desk), None):
        said["mail"] = {"host": "127.0.0.1", "port": port, "sender": "yujing@example.cn"}
    home.root.mkdir(exist_ok=True)
    (home.root / "delivery.yaml").write_text(yaml.safe_dump(said, allow_unicode=True), encoding="utf-8")


@pytest.fixture
def city(home: Home) -> Home:
    """A surge that a commander issued, a hazard, a statutory check of a person, and one surge that nobody has issued."""
    found(
        home, warning(SURGE, reason_zh=f"近7天盗窃9起,报警人{PHONE}"),
        warning(HAZARD, family="elevator_overdue", lane="safety", category=None, subject_key="一号楼", unit_zh="物业企业、市场监管所"),
        warning(CHECK, family="paid_after_death", lane="statutory", category=None, grid_code=None, subject="R-0a1b2c3d4e", unit_zh="民政局"),
        warning("d" + SURGE[1:], category="fraud"),
    )  # fmt: skip
    evidence(home, {SURGE: [3, 4]})
    for state in ("triaged", "issued"):
        move(home, Move(SURGE, state, "王指挥", "核实"))
    return home


def told(home: Home) -> set[tuple[str, str, str]]:
    return {(one["warning_id"][:1], one["desk"], one["channel"]) for one in notices(home) if one["sent"]}


def test_life_and_safety_goes_at_once_and_the_rest_with_the_days_round(city: Home) -> None:
    planned = deliver(city, EIGHT - HOUR, dry_run=True)
    assert {one.warning_id for one in planned} == {HAZARD} and notices(city) == []
    assert not city.returns.exists()
    deliver(city, EIGHT - HOUR)
    assert told(city) == {("b", "物业企业", "folder"), ("b", "市场监管所", "folder"), ("b", "网格员", "grid_list")}
    deliver(city, EIGHT + HOUR)
    assert told(city) >= {("a", "公安局", "folder"), ("a", "网格员", "grid_list"), ("c", "民政局", "folder")}
    assert [one_warning(city, id_)["state"] for id_ in (SURGE, HAZARD, CHECK)] == ["dispatched"] * 3
    assert one_warning(city, "dfa8")["state"] == "new", "what no commander issued goes to no desk"
    assert one_warning(city, SURGE)["tier"] == "grid" and one_warning(city, CHECK)["tier"] == "city"
    before = notices(city)
    assert deliver(city, EIGHT + 2 * HOUR) == [] and deliver(city, EIGHT + DAY) == []
    assert [one for one in notices(city) if one["desk"] != "*"] == [one for one in before if one["desk"] != "*"]


def test_a_days_files_hold_what_a_desk_needs_and_nobodys_number(city: Home) -> None:
    deliver(city, EIGHT)
    book = openpyxl.load_workbook(city.returns / "police" / "预警-20260629-police.xlsx")
    answers, rows = book.worksheets
    head, *told_rows = answers.iter_rows(values_only=True)
    assert head[0] == "预警编号" and head[-4:] == ("处置步骤", "处置时间", "评价结论", "处置说明")
    assert [row[0] for row in told_rows] == [SURGE] and GRID in str(told_rows) and PHONE not in str(told_rows)
    assert [(row[1], row[2]) for row in rows.iter_rows(min_row=2, values_only=True)] == [
        ("police_incident-20260628-01", "3"), ("police_incident-20260628-01", "4"),
    ]  # fmt: skip
    with (city.returns / "grid_centre" / "网格清单-20260629.csv").open(encoding="utf-8-sig", newline="") as file:
        listed = list(csv.DictReader(file))
    assert [row["预警编号"] for row in listed] == [SURGE, HAZARD], "a person's check is not on the grid's list"
    assert {row["网格编码"].strip() for row in listed} == {GRID} and PHONE not in str(listed)
    check = openpyxl.load_workbook(city.returns / "civil_affairs" / "预警-20260629-civil_affairs.xlsx").worksheets[0]
    assert check.cell(2, 4).value == "R-0a1b2c3d4e"


def test_the_workbook_filled_in_and_dropped_back_is_an_answer(city: Home, drop, take) -> None:
    early = EIGHT - DAY
    deliver(city, early)
    path = city.returns / "police" / "预警-20260628-police.xlsx"
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    for column, text in enumerate(("签收", "2026-06-28 09:10", None, "已派人"), 8):
        sheet.cell(2, column).value = text
    book.save(path)
    drop("disposition", path.name, path.read_bytes())
    (entry,) = take("disposition")
    assert (entry.kept_rows, entry.held_rows, entry.period) == (1, 0, "20260628-police")
    assert [one.applied for one in take_answers(city)] == [True]
    assert one_warning(city, SURGE)["state"] == "acknowledged"


def test_mail_and_webhook_are_tried_again_and_sent_once(city: Home, mail, web) -> None:
    (port, letters), (url, posted) = mail, web
    reached_by(city, 公安局={"mail": ["duty@example.cn"], "webhook": url, "port": port})
    deliver(city, EIGHT)
    (letter,) = letters
    text = email.message_from_bytes(letter.content, policy=email.policy.default).get_content()
    assert letter.rcpt_tos == ["duty@example.cn"] and SURGE in text and PHONE not in text and HAZARD not in text
    assert [status for status, _, _ in posted] == [500, 200] and posted[0][1:] == posted[1][1:]
    assert posted[1][2]["desk"] == "公安局" and posted[1][2]["warnings"][0]["warning_id"] == SURGE
    assert PHONE not in json.dumps(posted, ensure_ascii=False)
    tries = [(one["attempt"], one["sent"]) for one in notices(city) if one["channel"] == "webhook"]
    assert tries == [(1, False), (2, True)]
    assert (
        deliver(city, EIGHT + HOUR) == [] and deliver(city, EIGHT + DAY) == [] and (len(letters), len(posted)) == (1, 2)
    )
    raised = warning(SURGE, level="orange", evidence_rows=12)
    found(city, raised)
    deliver(city, EIGHT + 2 * DAY)
    assert (len(letters), len(posted)) == (2, 3) and posted[2][1] != posted[1][1], "the level has risen"


def test_what_cannot_be_delivered_is_an_alert_and_tried_the_next_day_and_stops_no_other_way(city: Home, web) -> None:
    url, posted = web
    reached_by(city, 公安局={"webhook": "http://127.0.0.1:9/nobody"}, 民政局={"webhook": url})
    deliver(city, EIGHT)
    failed = [one for one in notices(city) if one["desk"] == "公安局" and one["channel"] == "webhook"]
    assert [(one["attempt"], one["sent"]) for one in failed] == [(1, False), (2, False), (3, False)]
    assert [one["subject"] for one in recent(city)] == ["公安局"] and ("a", "公安局", "folder") in told(city)
    assert posted[-1][0] == 200 and one_warning(city, SURGE)["state"] == "dispatched"
    reached_by(city, 公安局={"webhook": url}, 民政局={"webhook": url})
    deliver(city, EIGHT + DAY)
    assert ("a", "公安局", "webhook") in told(city)


def test_what_was_escalated_goes_to_the_tier_above_at_once_where_the_city_has_such_a_desk(city: Home) -> None:
    reached_by(city, 社区={"folder": "community_desk"})
    deliver(city, EIGHT)
    assert {one.tier for one in sweep(city, EIGHT + 3 * HOUR)} == {"community"}
    assert {(one.warning_id, one.desk) for one in deliver(city, EIGHT + 3 * HOUR)} == {
        (SURGE, "社区"),
        (HAZARD, "社区"),
    }
    assert (city.returns / "community_desk" / "预警-20260629-community_desk.xlsx").is_file()
    assert deliver(city, EIGHT + 3 * HOUR) == []


def test_a_wrong_delivery_file_is_refused_in_one_sentence(home: Home) -> None:
    home.root.mkdir()
    path = home.root / "delivery.yaml"
    for text, says in (
        ("desks: {公安局: {mial: [a]}}", "did you mean 'mail'"), ("desks: {公安局: {mail: [a@b.cn]}}", "mail server"), ("a: [", "YAML"),
    ):  # fmt: skip
        path.write_text(text, encoding="utf-8")
        with pytest.raises(ContractFault, match=says):
            load_desks(path)

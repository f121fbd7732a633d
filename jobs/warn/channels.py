"""The ways to a desk beyond its folder: mail and webhook. Each carries pseudonyms and places, never who a person is."""

from __future__ import annotations

import hashlib
import smtplib
from email.message import EmailMessage
from typing import Any

import requests

from jobs.home import ZONE, Home
from jobs.report.identifiers import mask_identifiers
from schemas.desks import Desk, Desks

SECONDS = 15
FAILURES = (OSError, smtplib.SMTPException, requests.RequestException)  # worth another try


def told_of(warning: dict[str, Any]) -> dict[str, Any]:
    """What of a warning may leave. Places and pseudonyms stay; a number that looks like a person's is masked."""
    return {
        "warning_id": warning["warning_id"],
        "title": warning["title_zh"],
        "level": warning["level"],
        "level_zh": warning["level_zh"],
        "place": masked(warning, warning["subject"]),
        "reason": masked(warning, warning["reason_zh"]),
        "unit": warning["unit_zh"],
        "deadline_at": f"{warning['deadline_at'].astimezone(ZONE):%Y-%m-%d %H:%M}",
    }


def masked(warning: dict[str, Any], text: str) -> str:
    """An area's code may look like an old ID number; it is not one."""
    code = warning["grid_code"] or "\0"
    return mask_identifiers(text.replace(code, "\1")).replace("\1", code)


def key_of(desk: str, channel: str, warnings: list[dict[str, Any]]) -> str:
    """The same for the same news: a receiver that has it already can tell."""
    news = sorted(f"{one['warning_id']} {one['level']} {one['evidence_rows']}" for one in warnings)
    return hashlib.sha256("\n".join([desk, channel, *news]).encode()).hexdigest()[:32]


def send_mail(home: Home, desks: Desks, name: str, desk: Desk, warnings: list[dict[str, Any]]) -> None:
    """One mail with all that is new for a desk. Raises one of FAILURES."""
    server = desks.mail
    if server is None:
        raise ValueError("no mail server")
    letter = EmailMessage()
    letter["From"], letter["To"] = server.sender, ", ".join(desk.mail)
    letter["Subject"] = f"【预警】{name}:{len(warnings)} 条待签收"
    letter["Message-ID"] = f"<{key_of(name, 'mail', warnings)}@citybrain>"
    letter.set_content(
        "\n\n".join(map(_paragraph, map(told_of, warnings))) + "\n\n请在回传文件中填写处置步骤后投回。\n"
    )
    with smtplib.SMTP(server.host, server.port, timeout=SECONDS) as line:
        if server.starttls:
            line.starttls()
        if server.user:
            line.login(server.user, (home.root / "secrets" / "mail_password").read_text().strip())
        line.send_message(letter)


def send_webhook(name: str, desk: Desk, warnings: list[dict[str, Any]]) -> None:
    """One POST of JSON with all that is new for a desk. Raises one of FAILURES, also for an answer of 400 and more."""
    told = {"desk": name, "warnings": list(map(told_of, warnings))}
    headers = {"Idempotency-Key": key_of(name, "webhook", warnings)}
    requests.post(str(desk.webhook), json=told, headers=headers, timeout=SECONDS).raise_for_status()


def _paragraph(told: dict[str, Any]) -> str:
    return (
        f"【{told['level_zh']}】{told['title']}  编号 {told['warning_id']}\n{told['place']}\n{told['reason']}\n"
        f"承办:{told['unit']}  办理期限:{told['deadline_at']}"
    )

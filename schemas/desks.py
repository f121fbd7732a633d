"""Where a city's desks are reached: the grammar of delivery.yaml in the city's home."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from pydantic import Field, HttpUrl

from schemas.contract import SLUG, ContractFault, Strict
from schemas.faults import read_strictly
from schemas.written import Duration


class MailServer(Strict):
    """The password of `user`, if any, lies in secrets/mail_password."""

    host: str
    port: int = 25
    sender: str
    starttls: bool = False
    user: str | None = None


class Desk(Strict):
    """One unit as warnings name it. folder: whose return folder is its; without one the grid centre's."""

    folder: str | None = Field(default=None, pattern=SLUG)
    mail: list[str] = Field(default_factory=list)
    webhook: HttpUrl | None = None


class Retries(Strict):
    """A try that fails is made again after first_wait, then twice as long, at most `tries` times in all."""

    tries: int = Field(default=4, ge=1, le=10)
    first_wait: float = Field(default=2.0, ge=0)


class Desks(Strict):
    """round: when the daily round goes out, after midnight; life and safety does not wait for it."""

    round: Duration = timedelta(hours=8)
    mail: MailServer | None = None
    desks: dict[str, Desk] = Field(default_factory=dict)
    retries: Retries = Retries()


def load_desks(path: Path) -> Desks:
    """A city that has written none reaches its desks by their return folders. Raises ContractFault in one sentence."""
    if not path.is_file():
        return Desks()
    desks = read_strictly(path, Desks)
    if desks.mail is None and (unreached := [name for name, desk in desks.desks.items() if desk.mail]):
        raise ContractFault(path, f"desks.{unreached[0]}.mail", "needs a mail server: add mail: {host, sender}")
    return desks

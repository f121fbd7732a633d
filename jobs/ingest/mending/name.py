"""By its name a file is known as the mending of a delivery, whatever a computer or a person has put around it."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

MARK = "补正"
# "副本 police_incident-20260301-01-补正 (1).csv", "…-补正-已改.xlsx": a copy's name keeps the delivery's number whole.
NAMED = re.compile(rf"(?<![A-Za-z0-9_])([a-z][a-z0-9_]*)-([0-9A-Za-z_-]+)-(\d{{2,}})-{MARK}")


@dataclass(frozen=True)
class Mending:
    """What a file's name says that it mends."""

    feed: str
    period: str
    attempt: int

    @property
    def delivery_id(self) -> str:
        return f"{self.feed}-{self.period}-{self.attempt:02d}"


def mend_name(delivery_id: str, ending: str) -> str:
    """What the rows to mend of a delivery are given back as."""
    return f"{delivery_id}-{MARK}.{ending}"


def mending_of(file_name: str) -> Mending | None:
    """The delivery that a file of this name mends, or None when it is a file of its own."""
    found = NAMED.search(unicodedata.normalize("NFKC", file_name))
    return Mending(found[1], found[2], int(found[3])) if found else None

"""ops.silence: of what nobody wants to hear for a while, and who said so. A row is never changed; it ends by itself."""

from __future__ import annotations

import uuid
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa

from jobs import lake
from jobs.home import Home
from jobs.warn.life import rows_of

LONGEST_DAYS = 90
SCHEMA = pa.schema(
    [
        ("silence_id", pa.string()), ("family", pa.string()), ("area_code", pa.string()), ("by", pa.string()), ("why", pa.string()),
        ("from_at", pa.timestamp("us", "UTC")), ("until_at", pa.timestamp("us", "UTC")),
    ]
)  # fmt: skip


class CannotSilence(ValueError):
    """The text says why not, and what would do."""


@dataclass(frozen=True)
class Silence:
    """Of a whole family, or of all that happens in an area (a grid's code or the beginning of it)."""

    silence_id: str
    family: str | None
    area_code: str | None
    by: str
    why: str
    from_at: datetime
    until_at: datetime

    def covers(self, warning: dict[str, Any], now: datetime) -> bool:
        """Of life and safety only a silence of that very family is heard: no area is silenced together with its gas leaks."""
        if not self.from_at <= now < self.until_at:
            return False
        if self.family:
            return warning["family"] == self.family
        return warning["lane"] != "safety" and (warning["grid_code"] or "").startswith(self.area_code or "?")


def silence(home: Home, what: str, until: datetime, by: str, why: str) -> Silence:
    """Mute a family, or an area by its code, until a moment. Raises CannotSilence without an owner, a reason or an end within 90 days."""
    now = home.now()
    if not by.strip() or not why.strip():
        raise CannotSilence("静默要写明谁、为什么(--by --why) · a silence has an owner and a reason")
    if not now < until or (until - now).days > LONGEST_DAYS:
        raise CannotSilence(
            f"静默要在 {LONGEST_DAYS} 天内结束,且晚于现在(--until) · it ends after now and within {LONGEST_DAYS} days"
        )
    family, area_code = (None, what) if what.isdigit() else (what, None)
    made = Silence(uuid.uuid4().hex[:12], family, area_code, by, why, now, until)
    lake.append(path(home), pa.Table.from_pylist([asdict(made)], SCHEMA))
    return made


def silences(home: Home, now: datetime) -> list[Silence]:
    """Those that hold at the moment."""
    if not lake.exists(path(home)):
        return []
    with lake.connect(reads_delta=False) as con:
        lake.offer(con, "silence", path(home))
        found = con.execute("SELECT * FROM silence WHERE from_at <= ? AND until_at > ? ORDER BY from_at", [now, now])
        return [Silence(**row) for row in rows_of(found)]


def path(home: Home) -> str:
    return home.table("ops", "silence")

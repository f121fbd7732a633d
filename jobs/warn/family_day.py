"""gold.family_day: what each family looked at on a day, whether it could be judged at all, and what another rule would have found."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime

import pyarrow as pa

from jobs import lake
from jobs.home import Home
from jobs.ingest.alone import alone
from quality.forms import quote


@dataclass(frozen=True)
class Tests:
    """Of a family that tests many streams. alpha: a stream's tail, at the most; discoveries: streams found by Benjamini–Hochberg at q = .10, for the log."""

    streams: int
    alpha: float
    discoveries: int


@dataclass(frozen=True)
class FamilyDay:
    """A family on a day. muted: why it was not judged, "" when it was; partly: of one that was, why some of its feeds were left out; raised:
    warnings, the ones below the line among them."""

    family: str
    muted: str = ""
    partly: str = ""
    raised: int = 0
    tests: Tests | None = None


SCHEMA = pa.schema(
    [
        ("day", pa.date32()), ("family", pa.string()), ("muted", pa.string()), ("partly", pa.string()), ("raised", pa.int64()), ("streams", pa.int64()),
        ("alpha", pa.float64()), ("discoveries", pa.int64()), ("recorded_at", pa.timestamp("us", tz="UTC")),
    ]
)  # fmt: skip


def write_family_days(home: Home, day: date, families: list[FamilyDay], now: datetime) -> None:
    """Written again, they replace the day's rows."""
    told = [
        asdict(one) | (asdict(one.tests) if one.tests else {}) | {"day": day, "recorded_at": now} for one in families
    ]
    rows = pa.Table.from_pylist(told, SCHEMA)
    with alone(home, "family_day"):
        lake.put_rows(home.table("gold", "family_day"), rows, instead_of=f"day = {quote(str(day))}")


def muted_families(home: Home) -> dict[str, date]:
    """family -> the last day it was judged, of those muted on the newest day. One that was never judged is not in it."""
    path = home.table("gold", "family_day")
    if not lake.exists(path):
        return {}
    with lake.connect(reads_delta=False) as con:
        lake.offer(con, "family_day", path)
        return dict(
            con.execute("""
                SELECT family, max(day) FILTER (muted = '') AS judged FROM family_day GROUP BY family
                HAVING max_by(muted, day) <> '' AND judged IS NOT NULL""").fetchall()
        )

"""A table of events as points in space and time: read as it comes, and what cannot be used is counted, not lost."""

from __future__ import annotations

import gzip
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from jobs.warn.methods.plane import Plane, plane_of, seem_degrees
from quality.encoding import guess

HEAD_BYTES = 1 << 20
DELIMITERS = ",;\t|"
YEAR_FIRST = r"^\s*(?P<year>\d{4})\s*[-/.年]?\s*(?P<month>\d{1,2})\s*[-/.月]?\s*(?P<day>\d{1,2})(?!\d)"
YEAR_FIRST_JOINED = r"^\s*(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})"
YEAR_LAST = r"^\s*(?P<one>\d{1,2})[-/.](?P<two>\d{1,2})[-/.](?P<year>\d{4})(?!\d)"


class UnfitTable(ValueError):
    """The table does not tell where and when; the text names the column or row, and the way out."""


@dataclass(frozen=True)
class Points:
    """Events of a table. row: (events,) row in the table, the first after the headers is 1; x, y: metres; day: days since 1970.

    category: (events,) text, "" where none was asked for; dropped: why -> rows left out; plane: None where the table has metres.
    """

    row: NDArray[np.int64]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    day: NDArray[np.int64]
    category: NDArray[np.str_]
    dropped: dict[str, int]
    plane: Plane | None

    def only(self, chosen: NDArray[np.int64] | NDArray[np.bool_]) -> Points:
        """Some of the events: their positions, or a mask."""
        some = {name: getattr(self, name)[chosen] for name in ("row", "x", "y", "day", "category")}
        return replace(self, **some)

    def where(self, x: float, y: float) -> tuple[float, float]:
        """A point of the plane in the table's own coordinates."""
        return self.plane.degrees(x, y) if self.plane else (x, y)


def read_points(
    path: Path, time: str, x: str, y: str, by: str | None = None, *, degrees: bool | None = None,
    day_first: bool | None = None, encoding: str | None = None,
) -> Points:  # fmt: skip
    """The events of a CSV (also .gz), a day and a place for each; rows without them are left out and counted.

    degrees: whether x and y are longitude and latitude; by their range when None. day_first: of dates like 3/4/2026; told by the column's
    own larger numbers when None. Raises UnfitTable.
    """
    table = _table(path, encoding)
    _present(table, path, [time, x, y, *([by] if by else [])])
    day = _days(table[time], time, day_first)
    east, north = (pd.to_numeric(table[column], errors="coerce").to_numpy(dtype=float) for column in (x, y))
    placed = np.isfinite(east) & np.isfinite(north)
    if not placed.any():
        raise UnfitTable(f"no row has numbers in both {x!r} and {y!r}: name the columns that hold coordinates")
    if degrees is None:
        degrees = seem_degrees(east[placed], north[placed])
        if _swapped(east[placed], north[placed]):
            raise UnfitTable(
                f"{y!r} holds values over 90 and {x!r} none: --x is the longitude, --y the latitude; swap them"
            )
    if degrees:
        placed &= (np.abs(east) <= 180) & (np.abs(north) <= 90) & ~((east == 0) & (north == 0))
    dated = day != _NO_DAY
    if not (placed & dated).any():
        raise UnfitTable(f"no row has both a day in {time!r} and a place in {x!r}, {y!r}")
    kept = np.flatnonzero(placed & dated)
    plane = plane_of(east[kept], north[kept]) if degrees else None
    on_plane = plane.metres(east[kept], north[kept]) if plane else (east[kept], north[kept])
    category = table[by].fillna("").str.strip().to_numpy(dtype=str)[kept] if by else np.full(len(kept), "")
    dropped = {
        f"without a day in {time!r}": int((~dated).sum()),
        f"without a place in {x!r}, {y!r}": int((dated & ~placed).sum()),
    }
    return Points(kept + 1, *on_plane, day[kept], category, {why: n for why, n in dropped.items() if n}, plane)


def as_date(day: int) -> date:
    """A day since 1970 as a date."""
    return date.fromordinal(date(1970, 1, 1).toordinal() + day)


def _table(path: Path, encoding: str | None) -> pd.DataFrame:
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rb") as file:
        head = file.read(HEAD_BYTES)
    if not head.strip():
        raise UnfitTable(f"{path.name} is empty")
    encoding = encoding or _encoding(path, head)
    first = head.decode(encoding, "replace").lstrip("\ufeff").splitlines()[0]
    delimiter = max(DELIMITERS, key=first.count)
    try:
        return pd.read_csv(path, sep=delimiter, dtype=str, encoding=encoding, keep_default_na=False, na_values=[""])
    except UnicodeDecodeError as fault:
        raise UnfitTable(f"{path.name} is not {encoding} throughout (byte {fault.start:,}): give --encoding") from None
    except pd.errors.ParserError as fault:
        raise UnfitTable(f"{path.name}: {str(fault).strip()}; export it again as CSV") from None


def _encoding(path: Path, head: bytes) -> str:
    found = guess(head)
    likely = found.candidates[0].encoding if found.candidates else "utf-8"
    if found.encoding is None and likely != "ascii":
        raise UnfitTable(
            f"{path.name}: its encoding is unsure, {likely} is likeliest: give --encoding gb18030, big5 or utf-8"
        )
    return "utf-8-sig" if likely in ("ascii", "utf-8") else (found.encoding or likely)


def _present(table: pd.DataFrame, path: Path, wanted: list[str]) -> None:
    for column in wanted:
        if column not in table.columns:
            raise UnfitTable(f"{path.name} has no column {column!r}; it has {', '.join(map(str, table.columns))}")


_NO_DAY = np.iinfo(np.int64).min


def _days(written: pd.Series, column: str, day_first: bool | None) -> NDArray[np.int64]:
    """Days since 1970 as they are written: the local day, whatever clock or zone follows. _NO_DAY where there is none."""
    distinct = written.dropna().astype(str).drop_duplicates()
    joined = distinct.str.extract(YEAR_FIRST_JOINED)
    parts = distinct.str.extract(YEAR_FIRST).where(lambda found: found["day"].notna(), joined)
    last = distinct.str.extract(YEAR_LAST)
    slashed = last["year"].notna()
    if slashed.any():
        if day_first is None:
            day_first = _day_first(last[slashed].astype(int), column)
        month, day = ("two", "one") if day_first else ("one", "two")
        parts.loc[slashed] = last.loc[slashed, ["year", month, day]].to_numpy()
    read = pd.to_datetime(parts, errors="coerce")
    if read.isna().all():
        example = f", for example {distinct.iloc[0]!r}" if len(distinct) else ": all its cells are empty"
        raise UnfitTable(f"no date could be read in {column!r}{example}; write days as 2026-01-05")
    day_of = dict(zip(distinct, read.to_numpy(), strict=True))
    days = written.map(day_of).to_numpy(dtype="datetime64[D]")
    return np.where(np.isnat(days), _NO_DAY, days.astype(np.int64))


def _day_first(parts: pd.DataFrame, column: str) -> bool:
    one, two = int(parts["one"].max()), int(parts["two"].max())
    if (one > 12) == (two > 12):
        raise UnfitTable(
            f"whether {column!r} writes the day or the month first cannot be told: give --day-first or --month-first"
        )
    return one > 12


def _swapped(x: NDArray[np.float64], y: NDArray[np.float64]) -> bool:
    return bool(90 < np.median(np.abs(y)) <= 180 and np.abs(x).max() <= 90 and np.abs(y).max() <= 180)

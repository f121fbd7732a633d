"""Two published American data sets, cut into the monthly files their departments would have sent: every line as it stands."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from settings import DATA

FEEDS = Path(__file__).parent / "feeds"


@dataclass(frozen=True)
class Published:
    """One data set: the feed it becomes, its file under DATA, and the column and strptime form of the date that names a row's month."""

    feed: str
    path: str
    date_column: str
    date_form: str

    @property
    def source(self) -> Path:
        return DATA / self.path

    def months(self) -> dict[str, bytes]:
        """Month (YYYYMM) -> its file: the header line and the month's lines, byte for byte and in their order. Raises KeyError without the date column."""
        header, *lines = gzip.decompress(self.source.read_bytes()).splitlines(keepends=True)
        cut: dict[str, list[bytes]] = {}
        for month, line in zip(self._months_of(header, lines), lines, strict=True):
            cut.setdefault(month, [header]).append(line)
        return {month: b"".join(cut[month]) for month in sorted(cut)}

    def file_name(self, month: str) -> str:
        return f"{self.feed}_{month}.csv"

    def _months_of(self, header: bytes, lines: list[bytes]) -> Iterator[str]:
        """Neither set has a line break inside a cell; one would leave zip with a row too few."""
        for row in csv.DictReader(line.decode() for line in [header, *lines]):
            yield f"{datetime.strptime(row[self.date_column], self.date_form):%Y%m}"


CHICAGO = Published("chicago_311", "chicago_311/sanitation_2011_2013.csv.gz", "Creation_Date", "%Y-%m-%d")
HOUSTON = Published("houston_crime", "houston_crime/houston_crime_2010.csv.gz", "date", "%m/%d/%Y")

"""A sheet with its damage: only the rows that were struck, and the truth about each of them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import accumulate

from demo.files import Record, record_of
from demo.sheet import Sheet

NOISE_COLUMNS = ["noise_id", "feed", "file", "row_no", "key", "column", "kind", "sent", "clean", "expect"]


@dataclass(frozen=True)
class Mark:
    """What was done to one record: the nth one written for the row at `position` (0 is the row itself).

    column is "" where the whole line is meant. Marks of one noise_id belong together: of a repeated row or key it is
    enough that one of them is held.
    """

    noise_id: str
    position: int
    nth: int
    kind: str
    column: str
    sent: str
    clean: str
    expect: str


@dataclass
class Spoiled:
    """The sheet as it was, and `instead`: position of a row -> the records written in its place, the row itself first."""

    sheet: Sheet
    instead: dict[int, list[Record]] = field(default_factory=dict)
    marks: list[Mark] = field(default_factory=list)

    @property
    def record_count(self) -> int:
        """Data records as sent."""
        return len(self.sheet.rows) + sum(len(records) - 1 for records in self.instead.values())

    def record(self, position: int, cells: Iterable[str] | None = None) -> Record:
        """The row's own record, to be changed. cells: the clean row's, where they are already read."""
        if position not in self.instead:
            self.instead[position] = [record_of(self.sheet, position) if cells is None else Record(list(cells))]
        return self.instead[position][0]

    def add(self, position: int, record: Record) -> int:
        """A record that is written after the row and what already follows it. Returns which one it is there."""
        self.record(position)
        self.instead[position].append(record)
        return len(self.instead[position]) - 1

    def noise_rows(self) -> Iterator[dict[str, str | int]]:
        """truth/noise.csv, in order of the file: row_no counts the data records as sent from 1, blank ones too."""
        places = sorted(self.instead)
        before = [0, *accumulate(len(self.instead[at]) - 1 for at in places)]
        key = next((n for n, column in enumerate(self.sheet.columns.values()) if column.role == "key"), None)
        for mark in sorted(self.marks, key=lambda mark: (mark.position, mark.nth)):
            number = mark.position + before[bisect_left(places, mark.position)] + mark.nth + 1
            cells = self.instead[mark.position][mark.nth].cells
            yield {
                "noise_id": mark.noise_id,
                "feed": self.sheet.feed,
                "file": self.sheet.file_name,
                "row_no": number,
                "key": "" if key is None else cells[key],
                "column": mark.column,
                "kind": mark.kind,
                "sent": mark.sent,
                "clean": mark.clean,
                "expect": mark.expect,
            }

"""The rows of a sheet that damage may strike: in random order, their cells read a few at a time."""

from __future__ import annotations

from collections import deque

import numpy as np

from demo.corruption.kind import PARENT_ROLE, Company, Dice, Row
from demo.sheet import Sheet

BATCH = 256
FINER = {"lon": "lon", "lat": "lat", "sex": "sex", "birth_date": "birth", "community": "community"}


def roles_of(sheet: Sheet) -> dict[str, str]:
    """The role of each column, finer than the sheet's own where the column's name tells more."""
    finer = {name: FINER.get(name, "") for name in sheet.columns}
    return {
        name: finer[name] if PARENT_ROLE.get(finer[name]) == column.role else column.role
        for name, column in sheet.columns.items()
    }


class Candidates:
    """Rows nobody has touched yet. A row is given out once; one that does not suit may be put back."""

    def __init__(self, sheet: Sheet, roles: dict[str, str], dice: Dice) -> None:
        self.sheet, self.roles, self.dice = sheet, roles, dice
        self.taken = set(np.flatnonzero(sheet.guarded).tolist())
        self.order = dice.permutation(np.flatnonzero(~sheet.guarded))
        self.columns = [sheet.rows[name].array for name in roles]
        self.read = 0
        self.batch: list[Row] = []
        self.waiting: deque[Row] = deque()

    def free(self, position: int) -> bool:
        return 0 <= position < len(self.sheet.rows) and position not in self.taken

    def rows(self, positions: list[int]) -> list[Row]:
        """The clean rows at these positions, touched or not."""
        if not positions:
            return []  # Arrow has no type for an empty list of positions
        cells = zip(*(map(str, column.take(positions)) for column in self.columns), strict=True)
        return [
            Row(at, dict(zip(self.roles, own, strict=True)), self.roles)
            for at, own in zip(positions, cells, strict=True)
        ]

    def company(self, row: Row) -> Company | None:
        """Another row beside this one, drawn from those read last; None in a sheet of one row."""
        if not self.batch:
            self.batch = self.rows([int(self.dice.integers(len(self.sheet.rows)))])
        other = self.batch[int(self.dice.integers(len(self.batch)))]
        if other.position == row.position:
            return None
        return Company(self.sheet, other, lambda: self.rows([row.position - 1])[0] if row.position else None)

    def next(self) -> Row | None:
        """Another row that nobody has touched; None when all are."""
        while True:
            if not self.waiting:
                positions = self.order[self.read : self.read + BATCH].tolist()
                if not positions:
                    return None
                self.read += len(positions)
                self.batch = self.rows(positions)
                self.waiting.extend(self.batch)
            row = self.waiting.popleft()
            if row.position not in self.taken:
                return row

    def put_back(self, rows: list[Row]) -> None:
        self.waiting.extend(rows)

    def take(self, rows: list[Row]) -> None:
        self.taken.update(row.position for row in rows)

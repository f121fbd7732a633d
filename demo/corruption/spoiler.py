"""Where noise strikes a sheet: about 1.2 % of its rows, under the share of held rows that a delivery may have."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Sequence

import numpy as np

from demo.corruption.candidates import Candidates, roles_of
from demo.corruption.catalogue import DEMO_KINDS
from demo.corruption.kind import Kind, Lines, Row
from demo.corruption.spoiled import Mark, Spoiled
from demo.files import Record, line_of
from demo.plan import Plan
from demo.sheet import Sheet

RATE = 0.012
HELD_SHARE = 0.016  # of a delivery's rows, below the 2 % at which most contracts warn
NEVER_HELD = {"grid", "death"}  # so few rows that a single held one would raise the alarm
BAD_SHARE = 0.30
TRIES = 60
FREE = {"repaired", "kept"}  # what needs no room among the rows that may be held
LOST_IN_XLSX = re.compile(r"[\x00-\x08\x0b-\x1f\ufffe\uffff]")  # not allowed in XML, or read back as a line feed


class Spoiler:
    """Spoils sheets one at a time, each with dice of its own, so that a sheet's damage does not depend on the others.

    kinds: what may happen to rows. rate: damaged rows of all rows. held_share: rows that may be planted to be held.
    """

    def __init__(
        self, plan: Plan, kinds: Sequence[Kind] = DEMO_KINDS, rate: float = RATE, held_share: float = HELD_SHARE
    ) -> None:
        self.plan, self.rate, self.held_share = plan, rate, held_share
        self.kinds = [kind for kind in kinds if kind.level != "file"]

    def spoil(self, sheet: Sheet, ruin: bool = False, roles: dict[str, str] | None = None) -> Spoiled:
        """The sheet with its damage; none when the plan has no noise. ruin: nearly a third of the rows damaged so that
        they must be held, as after a change of the exporting system. roles: role of each column, where they are finer
        than the sheet's own."""
        strikes = _Strikes(self, sheet, roles or roles_of(sheet))
        if self.plan.noise and len(sheet.rows):
            strikes.ruin() if ruin else strikes.scatter()
        return strikes.spoiled


class _Strikes:
    """The damage of one sheet while it is being done. room: rows that may still be planted to be held."""

    def __init__(self, spoiler: Spoiler, sheet: Sheet, roles: dict[str, str]) -> None:
        self.sheet, self.roles, self.rate = sheet, roles, spoiler.rate
        self.dice = spoiler.plan.dice(f"noise {sheet.feed} {sheet.file_name}")
        self.spoiled = Spoiled(sheet)
        self.candidates = Candidates(sheet, roles, self.dice)
        self.kinds = [kind for kind in spoiler.kinds if self._fits(kind)]
        self.room = 0 if sheet.feed in NEVER_HELD else int(len(sheet.rows) * spoiler.held_share)
        self.damaged = 0

    def scatter(self) -> None:
        """Form and other damage in turn, every kind that fits about as often as the others, from a random one on."""
        forms = [kind for kind in self.kinds if kind.family == "form"]
        others = [kind for kind in self.kinds if kind.family != "form"]
        wanted = max(1, round(self.rate * len(self.sheet.rows)))
        self._in_turn([forms, others] if self.room else [forms], wanted)

    def ruin(self) -> None:
        self.room = 2 * len(self.sheet.rows)
        self._in_turn([[kind for kind in self.kinds if kind.family != "form"]], round(len(self.sheet.rows) * BAD_SHARE))

    def _in_turn(self, groups: list[list[Kind]], wanted: int) -> None:
        """Five of the first group, four of the last, and so on. A kind that finds no row is not asked again."""
        rounds = [deque(group[int(n)] for n in self.dice.permutation(len(group))) for group in groups if group]
        turn = int(self.dice.integers(9))
        while self.damaged < wanted and rounds:
            group = rounds[-1] if turn % 9 >= 5 else rounds[0]
            if self._strike(group[0]):
                group.rotate(-1)
            else:
                group.popleft()
                rounds = [group for group in rounds if group]
            turn += 1

    def _fits(self, kind: Kind) -> bool:
        if self.sheet.form.kind not in kind.formats:
            return False
        return kind.level != "cell" or any(self._columns(kind))

    def _columns(self, kind: Kind) -> list[str]:
        return [name for name, role in self.roles.items() if kind.fits(role, self.sheet.columns[name].required)]

    def _strike(self, kind: Kind) -> bool:
        """Try the kind on one free row after the other, until one takes it."""
        if not self.room and not {kind.expect(True), kind.expect(False)} & FREE:
            return False
        strike = {"cell": self._strike_cell, "columns": self._strike_columns, "row": self._strike_lines}[kind.level]
        if kind.where == "end":
            last = len(self.sheet.rows) - 1
            return self.candidates.free(last) and strike(kind, self.candidates.rows([last])[0])
        unfit = []
        for _ in range(TRIES):
            row = self.candidates.next()
            if row is None:
                break
            if strike(kind, row):
                self.candidates.put_back(unfit)
                return True
            unfit.append(row)
        self.candidates.put_back(unfit)
        return False

    # ------------------------------------------------------------ what is struck

    def _strike_cell(self, kind: Kind, row: Row) -> bool:
        names = self._columns(kind)
        for n in self.dice.permutation(len(names)):
            name = names[int(n)]
            sent = kind.change(self.dice, row.cells[name], self.roles[name])
            if self._is_damage(row, name, sent):
                return self._damage(kind, row, {name: str(sent)})
        return False

    def _strike_columns(self, kind: Kind, row: Row) -> bool:
        block = self._block(kind, row)
        company = self.candidates.company(row)
        if company is None:
            return False
        seed, struck = int(self.dice.integers(2**32)), 0
        for one in block:  # the dice fall the same for every row of a block
            changed = kind.change(np.random.default_rng(seed), one, company) or {}
            if changed and all(self._is_damage(one, name, sent) for name, sent in changed.items()):
                struck += self._damage(kind, one, changed)
        return struck > 0

    def _strike_lines(self, kind: Kind, row: Row) -> bool:
        block = self._block(kind, row)
        company = self.candidates.company(row)
        lines = kind.change(self.dice, block, company) if company else None
        if lines is None or not self._can_write(lines):
            return False
        rows = (2 if lines.paired else 1) * max(1, len(lines.added))
        if not self._take_room(kind, rows):
            return False
        if lines.raw is not None:
            self._break_line(kind, row, lines.raw)
        self._add_lines(kind, block, lines)
        return True

    def _block(self, kind: Kind, row: Row) -> list[Row]:
        """The row, and as many free ones below it as the kind strikes at once."""
        size = int(self.dice.integers(kind.block[0], kind.block[1] + 1))
        if size == 1:
            return [row]
        below = range(row.position + 1, min(row.position + size, len(self.sheet.rows)))
        return [row, *self.candidates.rows([at for at in below if self.candidates.free(at)])]

    # ------------------------------------------------------------ what is written down

    def _is_damage(self, row: Row, name: str, sent: str | None) -> bool:
        return sent is not None and sent != row.cells[name] and self._can_be_sent(sent)

    def _can_write(self, lines: Lines) -> bool:
        return all(self._can_be_sent(text) for record in lines.added for text in record.cells)

    def _can_be_sent(self, text: str) -> bool:
        """Whether the file can hold the text at all."""
        try:
            text.encode(self.sheet.form.encoding)
        except UnicodeEncodeError:
            return False
        return self.sheet.form.kind != "xlsx" or not LOST_IN_XLSX.search(text)

    def _take_room(self, kind: Kind, rows: int, required: bool = True) -> bool:
        if kind.expect(required) in FREE:
            return True
        if self.room < rows:
            return False
        self.room -= rows
        return True

    def _damage(self, kind: Kind, row: Row, changed: dict[str, str]) -> bool:
        required = kind.level != "cell" or any(self.sheet.columns[name].required for name in changed)
        if not self._take_room(kind, 1, required):
            return False
        record, names = self._record(row), list(self.sheet.columns)
        for name, sent in changed.items():
            record.cells[names.index(name)] = sent
            clean = "" if kind.loses else row.cells[name]
            self._mark(kind, row.position, 0, name, sent, clean, kind.expect(required))
        self._done(row)
        return True

    def _break_line(self, kind: Kind, row: Row, raw: str) -> None:
        record = self._record(row)
        record.raw = raw
        self._mark(kind, row.position, 0, "", raw, line_of(self.sheet, record.cells), kind.expect())
        self._done(row)

    def _add_lines(self, kind: Kind, block: list[Row], lines: Lines) -> None:
        after = self._place(block, lines.where)
        for row, added in zip(block, lines.added, strict=False):
            nth = self.spoiled.add(after, added)
            sent = line_of(self.sheet, added.cells) if added.raw is None else added.raw
            own = line_of(self.sheet, list(row.cells.values()))
            clean, about = own if own == sent else "", f"{row.position}-{kind.name}"
            if lines.paired:
                self._record(row)
                self._mark(kind, row.position, 0, "", own, clean, kind.expect(), about)
                self.candidates.take([row])
            self._mark(kind, after, nth, "", sent, clean, kind.expect(), about)
            self.damaged += 1

    def _place(self, block: list[Row], where: str) -> int:
        """The position after which the added lines come."""
        last, end = block[-1].position, len(self.sheet.rows) - 1
        return {"after": last, "end": end, "below": int(self.dice.integers(last, end + 1))}[where]

    def _mark(
        self, kind: Kind, at: int, nth: int, column: str, sent: str, clean: str, expect: str, about: str = ""
    ) -> None:
        noise_id = f"N-{self.sheet.file_name.split('.')[0]}-{about or at}"
        self.spoiled.marks.append(Mark(noise_id, at, nth, kind.name, column, sent, clean, expect))

    def _record(self, row: Row) -> Record:
        return self.spoiled.record(row.position, row.cells.values())

    def _done(self, row: Row) -> None:
        self.candidates.take([row])
        self.damaged += 1

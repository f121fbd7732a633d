"""Where noise strikes: about 1.2 % of the rows of every feed, under the share of held rows that a delivery may have."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from demo.corrupt import FORMS, ORDERED, RECEIVED_AFTER, VALUES, Kind, birth_beside_id, end_before_start, in_the_future
from demo.files import Record, line_of, records_of
from demo.plan import Plan
from demo.sheet import Sheet

RATE = 0.012
HELD_SHARE = 0.016  # of a delivery's rows, below the 2 % at which most contracts warn
NEVER_HELD = {"grid": 0.0, "death": 0.0}  # so few rows that a single held one would raise the alarm
BAD_SHARE = 0.30
TRIES = 60


@dataclass
class Spoiled:
    """A sheet's records with their noise. room: rows that may still be planted to be held."""

    sheet: Sheet
    records: list[Record]
    room: int
    touched: set[int] = field(default_factory=set)

    @property
    def names(self) -> list[str]:
        return list(self.sheet.columns)

    def free(self, at: int) -> bool:
        return at not in self.touched and not self.sheet.guarded[at]


Strike = Callable[[np.random.Generator, Spoiled, int], bool]


def spoil(plan: Plan, sheets: list[Sheet], bad_file: str) -> list[Spoiled]:
    """Every sheet as records, with noise unless the plan has none; `bad_file` so spoiled that it must be refused."""
    spoiled = [Spoiled(sheet, records_of(sheet), _room(sheet)) for sheet in sheets]
    if plan.noise:
        for feed in dict.fromkeys(sheet.feed for sheet in sheets):
            _spoil_feed(plan, [s for s in spoiled if s.sheet.feed == feed and s.sheet.file_name != bad_file])
        for sheet in spoiled:
            if sheet.sheet.file_name == bad_file:
                _ruin(plan.dice("bad delivery"), sheet)
        _repeat_rows(plan, spoiled)
    return spoiled


def noise_table(spoiled: list[Spoiled]) -> list[dict]:
    """truth/noise.csv: one row a damaged record, numbered as sent. Records of one noise_id belong together: of a
    repeated row or key it is enough that one of them is held."""
    return [
        {"noise_id": mark["noise_id"], "feed": one.sheet.feed, "file": one.sheet.file_name, "row_no": number,
         "key": record.cells[one.names.index(one.sheet.key)], "column": mark["column"], "kind": mark["kind"],
         "sent": mark["sent"], "clean": mark["clean"], "expect": mark["expect"]}
        for one in spoiled for number, record in enumerate(one.records, 1) for mark in record.marks
    ]  # fmt: skip


def _room(sheet: Sheet) -> int:
    return int(len(sheet.rows) * NEVER_HELD.get(sheet.feed, HELD_SHARE))


def _spoil_feed(plan: Plan, sheets: list[Spoiled]) -> None:
    """Form and value damage in turn, every kind that fits the feed about as often as the others."""
    feed = sheets[0].sheet.feed
    dice, sizes = plan.dice(f"noise {feed}"), np.array([len(one.records) for one in sheets], dtype=float)
    forms, values = _strikes(sheets[0].sheet, FORMS), _value_strikes(sheets[0].sheet)
    if not sum(one.room for one in sheets):
        values = []
    dice.shuffle(forms)
    dice.shuffle(values)
    for n in range(max(2, round(RATE * sizes.sum()))):
        kinds = values if values and n % 9 >= 5 else forms
        strike = kinds[(n // 2) % len(kinds)]
        for _ in range(TRIES):
            one = sheets[int(dice.choice(len(sheets), p=sizes / sizes.sum()))]
            at = int(dice.integers(len(one.records)))
            if one.free(at) and strike(dice, one, at):
                break


def _strikes(sheet: Sheet, kinds: list[Kind]) -> list[Strike]:
    return [_cell_strike(kind) for kind in kinds if any(kind.fits(column) for column in sheet.columns.values())]


def _value_strikes(sheet: Sheet) -> list[Strike]:
    strikes = _strikes(sheet, VALUES)
    if sheet.feed in ORDERED:
        start, end = ORDERED[sheet.feed]
        strikes.append(
            _column_strike("end_before_start", end, lambda dice, row: end_before_start(dice, row[start], row[end]))
        )
    if sheet.feed in RECEIVED_AFTER:
        column = RECEIVED_AFTER[sheet.feed]
        strikes.append(_column_strike("in_the_future", column, lambda dice, row: in_the_future(dice, row[column])))
    if sheet.feed == "household_registration":
        strikes.append(
            _column_strike("birth_beside_id", "birth_date", lambda dice, row: birth_beside_id(dice, row["birth_date"]))
        )
    if sheet.form.kind == "csv":
        strikes += [_line_strike("cut_line", _cut), _line_strike("extra_separator", _split_further)]
    if sheet.form.kind == "jsonl":
        strikes.append(_line_strike("broken_json", _break_json))
    return strikes


def _cell_strike(kind: Kind) -> Strike:
    def strike(dice: np.random.Generator, one: Spoiled, at: int) -> bool:
        names = [name for name, column in one.sheet.columns.items() if kind.fits(column)]
        if not names:
            return False
        name = str(dice.choice(names))
        column, clean = one.sheet.columns[name], one.records[at].cells[one.names.index(name)]
        sent = kind.change(dice, clean, column)
        if sent is None or sent == clean:
            return False
        return _damage(one, at, kind.name, name, sent, "" if kind.loses else clean, kind.outcome(column))

    return strike


def _column_strike(kind: str, name: str, change: Callable[[np.random.Generator, dict[str, str]], str | None]) -> Strike:
    """Damage that needs the whole row to go wrong in one column; the row cannot be believed and is held."""

    def strike(dice: np.random.Generator, one: Spoiled, at: int) -> bool:
        row = dict(zip(one.names, one.records[at].cells, strict=True))
        sent = change(dice, row)
        return sent is not None and sent != row[name] and _damage(one, at, kind, name, sent, row[name], "held")

    return strike


def _damage(one: Spoiled, at: int, kind: str, name: str, sent: str, clean: str, expect: str) -> bool:
    if expect != "repaired" and not _take_room(one, 1):
        return False
    record = one.records[at]
    record.cells[one.names.index(name)] = sent
    _mark(one, at, kind, name, sent, clean, expect)
    return True


def _line_strike(kind: str, change: Callable[[np.random.Generator, Spoiled, list[str]], str | None]) -> Strike:
    def strike(dice: np.random.Generator, one: Spoiled, at: int) -> bool:
        record = one.records[at]
        raw = change(dice, one, record.cells)
        if raw is None or not _take_room(one, 1):
            return False
        clean, record.raw = line_of(one.sheet, record.cells), raw
        _mark(one, at, kind, "", raw, clean, "held")
        return True

    return strike


def _cut(dice: np.random.Generator, one: Spoiled, cells: list[str]) -> str | None:
    """The line ends a few cells early."""
    line, sign = line_of(one.sheet, cells), one.sheet.form.delimiter
    return None if '"' in line else sign.join(line.split(sign)[: -int(dice.integers(1, 4))])


def _split_further(dice: np.random.Generator, one: Spoiled, cells: list[str]) -> str | None:
    """Somebody's text holds the separator, and the export did not quote it."""
    at = [n for n, column in enumerate(one.sheet.columns.values()) if column.role in ("prose", "text", "name")]
    which, sign = int(dice.choice(at)), one.sheet.form.delimiter
    line = [cell[:1] + sign + cell[1:] if n == which else cell for n, cell in enumerate(cells)]
    return None if not cells[which] or any('"' in cell or sign in cell for cell in cells) else sign.join(line)


def _break_json(dice: np.random.Generator, one: Spoiled, cells: list[str]) -> str:
    line = line_of(one.sheet, cells)
    return str(
        dice.choice([line[: int(dice.integers(20, len(line) - 1))], line.replace('": ', '" ', 1), line[:-1] + ",,}"])
    )


def _take_room(one: Spoiled, rows: int) -> bool:
    if one.room < rows:
        return False
    one.room -= rows
    return True


def _mark(one: Spoiled, at: int, kind: str, column: str, sent: str, clean: str, expect: str) -> None:
    number = one.records[at]
    noise_id = f"N-{one.sheet.file_name.split('.')[0]}-{at}"
    number.marks.append(
        {"noise_id": noise_id, "kind": kind, "column": column, "sent": sent, "clean": clean, "expect": expect}
    )
    one.touched.add(at)


def _ruin(dice: np.random.Generator, one: Spoiled) -> None:
    """Nearly a third of the rows damaged so that they must be held, as after a change of the exporting system."""
    one.room = len(one.records)
    strikes = _value_strikes(one.sheet)
    wanted = round(len(one.records) * BAD_SHARE)
    for n in range(TRIES * wanted):
        at = int(dice.integers(len(one.records)))
        if one.free(at) and strikes[n % len(strikes)](dice, one, at) and len(one.touched) >= wanted:
            return


def _repeat_rows(plan: Plan, sheets: list[Spoiled]) -> None:
    """In each feed some rows are sent twice, and some keys return with other content. Done last: rows move."""
    for feed in dict.fromkeys(one.sheet.feed for one in sheets):
        dice = plan.dice(f"repeats {feed}")
        fit = [one for one in sheets if one.sheet.feed == feed and one.room >= 2]
        for one in [fit[int(n)] for n in dice.permutation(len(fit))[:6]]:
            _repeat(dice, one, "duplicate_row" if dice.random() < 0.5 else "key_conflict")


def _repeat(dice: np.random.Generator, one: Spoiled, kind: str) -> None:
    clean = [at for at in range(len(one.records)) if one.free(at)]
    at = int(dice.choice(clean))
    cells = list(one.records[at].cells)
    if kind == "key_conflict":
        other = one.records[int(dice.choice(clean))].cells
        changed = [n for n, name in enumerate(one.names) if name != one.sheet.key and cells[n] != other[n]]
        for n in changed:
            cells[n] = other[n]
        if not changed:
            return
    one.room -= 2
    twin, line = Record(cells), line_of(one.sheet, cells)
    noise_id = f"N-{one.sheet.file_name.split('.')[0]}-{at}-again"
    for record in (one.records[at], twin):
        sent = line_of(one.sheet, record.cells)
        clean_line = line if kind == "duplicate_row" else ""
        record.marks.append(
            {"noise_id": noise_id, "kind": kind, "column": "", "sent": sent, "clean": clean_line, "expect": "held"}
        )
    one.records.insert(int(dice.integers(at + 1, len(one.records) + 1)), twin)

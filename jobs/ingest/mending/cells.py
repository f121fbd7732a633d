"""One cell on its way through a department's spreadsheet: guarded when it goes out, and read as it was meant when it comes back."""

from __future__ import annotations

import re
from decimal import Decimal

_NEGATIVE = re.compile(r"-\d{1,11}(\.\d+)?%?")
# Full-width signs too: a Chinese Excel runs them like the narrow ones. What already stands behind an apostrophe gets one more.
_RUNS = re.compile(r"'*(?:[ \u00a0\u3000]*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n])")
_CHANGES = re.compile(r"-?\d{12,}[\dXx]?|0\d+|\d+[eE]\d+|\d{1,2}[-/]\d{1,2}|(?i:true|false)")
_SCIENTIFIC = re.compile(r"\d(?:\.(\d+))?[eE]\+\d{2,}")
_PLAIN = re.compile(r"-?(?:0|[1-9]\d{0,14})(?:\.\d{1,15})?")
_MOMENT = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[ T]+(\d{1,2}):(\d{2})(?::(\d{2}))?)?")
SIGNIFICANT = 15  # digits of a number that a spreadsheet keeps


def guarded(cell: str) -> str:
    """A cell of a CSV that a spreadsheet neither runs nor changes.

    What it would run gets an apostrophe in front; what it would change (IDs and other long digit strings, leading zeros,
    3-1, TRUE) gets a tab. A tab, because quotes alone do not stop Excel from making 1.1E+17 of an ID, ="…" is itself a formula,
    and a tab is invisible.
    """
    if _NEGATIVE.fullmatch(cell):
        return cell
    if _RUNS.match(cell) and not _CHANGES.fullmatch(cell):
        return f"'{cell}"
    return f"\t{cell}" if _CHANGES.fullmatch(cell) else cell


def bare(cell: str, sent: str = "") -> str:
    """A returned cell without our guard. sent: what the guard was put before, in case the person wrote something else behind it."""
    if cell.startswith("\t"):
        return cell[1:]
    if not cell.startswith("'"):
        return cell
    ours = guarded(cell[1:]) == cell or guarded(sent) == f"'{sent}"
    return cell[1:] if ours else cell


def as_meant(sent: str, came: str) -> str:
    """What a returned cell says: what was sent, when nobody but a spreadsheet has changed it."""
    cell = bare(came, sent)
    return sent if _same(sent, cell) else cell


def is_damaged(cell: str) -> bool:
    """Whether a spreadsheet has made 1.1E+17 of a long number, which nobody can read back."""
    return _SCIENTIFIC.fullmatch(cell.strip()) is not None


def _same(sent: str, cell: str) -> bool:
    """Whether a spreadsheet, given the one, may save the other."""
    sent, cell = (text.replace("\r\n", "\n").replace("\r", "\n").strip() for text in (sent, cell))
    return sent == cell or _same_digits(sent, cell) or _same_moment(sent, cell) or _same_number(sent, cell)


def _same_digits(sent: str, cell: str) -> bool:
    """110105194912310021 as 1.10105E+17, or with its end filled up with zeros."""
    if not re.fullmatch(r"[1-9]\d{11,}", sent):
        return False
    kept = f"{sent[:SIGNIFICANT]:0<{len(sent)}}"
    rounded = f"{Decimal(f'{Decimal(sent):.{SIGNIFICANT - 1}e}'):f}"
    if found := _SCIENTIFIC.fullmatch(cell):
        places = min(len(found[1] or ""), SIGNIFICANT - 1)
        return any(Decimal(f"{Decimal(text):.{places}e}") == Decimal(cell) for text in (sent, kept))
    return len(sent) > SIGNIFICANT and cell in (kept, rounded)


def _same_moment(sent: str, cell: str) -> bool:
    """2026-03-01 09:30:45 as 2026/3/1 9:30."""
    first, second = _MOMENT.fullmatch(sent), _MOMENT.fullmatch(cell)
    if not first or not second:
        return False
    seconds_lost = second[4] and not second[6]
    was, now = ([int(part or 0) for part in found.groups()] for found in (first, second))
    return was[:5] == now[:5] if seconds_lost else was == now


def _same_number(sent: str, cell: str) -> bool:
    """12.50 as 12.5."""
    return bool(_PLAIN.fullmatch(sent) and _PLAIN.fullmatch(cell)) and Decimal(sent) == Decimal(cell)

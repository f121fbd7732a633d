"""What becomes of a doubtful cell: left alone, mended with its evidence, or doubted because its witnesses disagree."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Set
from dataclasses import asdict, dataclass
from typing import ClassVar

import pyarrow as pa
from rapidfuzz.distance import DamerauLevenshtein

from quality.evidence.spelling import Spelling
from quality.evidence.witness import Cell

DOMINATES = 0.5  # of what the witnesses say
OVERWHELMS = 0.8
MORE_THAN_ONE = 2  # other rows, before an odd value is overruled
FEW = 3  # before a well-formed one is
MANY = 30  # before another word is, by a rule nobody vouched for: fewer leave room for one exception in ten (rule of three, Hanley 1983)
STANDS = 0.1  # of what the witnesses say: a well-formed value that as many support is not overruled
ALIKE = 0.6  # of the letters


@dataclass(frozen=True)
class Mended:
    """A cell's new value as text, the rule that chose it and the evidence for it (figures and column names; values only of the rule's own kind)."""

    row_no: int
    column_name: str
    value: str
    rule: str
    evidence: str

    SCHEMA: ClassVar[pa.Schema] = pa.schema(
        [("row_no", pa.int64()), *((c, pa.string()) for c in ("column_name", "value", "rule", "evidence"))]
    )

    @classmethod
    def by_letters(cls, row_no: int, column: str, spelling: Spelling) -> Mended:
        return cls(row_no, column, spelling.meant, "spelling", f"{spelling.edits} edits; {spelling.meant_rows} rows")

    @classmethod
    def table(cls, mended: Iterable[Mended]) -> pa.Table:
        return pa.Table.from_pylist([asdict(one) for one in mended], cls.SCHEMA)


def decide(
    cell: Cell,
    spelling: Spelling | None,
    told_by_it: Set[str] = frozenset(),
    *,
    coded: bool = False,
    vouched: bool = True,
) -> Mended | str | None:
    """Mended; 'dependency' when the witnesses are against the cell and nothing is sure; None when it may stand.

    told_by_it: the columns that the cell's column determines in its turn. coded: the cell's text is a word and the witnesses'
    values are codes, so that their letters are not compared. vouched: a person stands for every dependency that was asked.
    """
    said, own = _weigh(cell)
    best = max(said, key=lambda value: said[value], default=None)
    share = said[best] if best is not None else 0.0
    if cell.value is not None and own >= max(DOMINATES, share):
        return None
    if (
        best is not None
        and _convinces(cell, best, share, own, coded, vouched)
        and not _word_against_word(cell, best, told_by_it)
    ):
        return Mended(cell.row_no, cell.column, best, "dominant", _evidence(cell, best))
    if spelling and spelling.sure and own < DOMINATES:
        return Mended.by_letters(cell.row_no, cell.column, spelling)
    if cell.value is not None and not cell.odd and share >= DOMINATES:
        return "dependency"
    return None


def _weigh(cell: Cell) -> tuple[dict[str, float], float]:
    """Each other value's share of what the witnesses say, and the share of the cell's own. A witness of n rows weighs n / (n + 1)."""
    weight = sum(w.rows / (w.rows + 1) for w in cell.witnesses)
    said: dict[str, float] = defaultdict(float)
    own = 0.0
    for w in cell.witnesses:
        said[w.value] += w.says / (w.rows + 1) / weight
        own += w.agrees / (w.rows + 1) / weight
    return {value: share for value, share in said.items() if value != cell.value}, own


def _convinces(cell: Cell, best: str, share: float, own: float, coded: bool, vouched: bool) -> bool:
    rows = max(w.says for w in cell.witnesses if w.value == best)
    if cell.value is None:
        return (share >= OVERWHELMS and rows >= MORE_THAN_ONE) or (share >= DOMINATES and rows >= FEW)
    if cell.odd:
        return share >= DOMINATES and rows >= MORE_THAN_ONE and own < share / 3
    if not coded and rows >= FEW and _alike(cell.value, best):
        return share >= DOMINATES and own < share / 3
    return share >= OVERWHELMS and rows >= (FEW if vouched else MANY) and own <= STANDS


def _word_against_word(cell: Cell, best: str, told_by_it: Set[str]) -> bool:
    """Whether one column alone speaks against a well-formed value, and the value as well against that column: either may be the wrong one."""
    if cell.value is None or cell.odd or cell.elsewhere < MORE_THAN_ONE:
        return False
    resting_on = [set(w.determinant) for w in cell.witnesses if w.value == best]
    return bool(set.intersection(*resting_on) & told_by_it)


def _alike(one: str, other: str) -> bool:
    return DamerauLevenshtein.normalized_similarity(one, other) >= ALIKE


def _evidence(cell: Cell, best: str) -> str:
    return "; ".join(f"{'+'.join(w.determinant)}: {w.says}/{w.rows}" for w in cell.witnesses if w.value == best)

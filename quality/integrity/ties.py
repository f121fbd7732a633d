"""Free figures that come again too often: within one unit, or in two units that measured different things."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from quality.integrity.digits import endings, terminal_digits, too_round
from quality.integrity.finding import Finding, cannot_judge

FEWEST_EXPECTED = 15.0
ROUNDED, UNEVEN = (
    0.05,
    0.15,
)  # excess of 0 and 5, Cramér's V of the others, from which rounding would make figures come again


@dataclass(frozen=True)
class Free:
    """Free figures of one unit. marks: (m,) ascending, one for each stratum and whole figure that came, figures side by side
    having marks side by side; counts: (m,) how often."""

    marks: np.ndarray
    counts: np.ndarray

    @property
    def n(self) -> int:
        return int(self.counts.sum())


def free_figures(values: np.ndarray, strata: np.ndarray, resolution: float, span: tuple[int, int]) -> Free | str:
    """The figures without the lowest and the highest (an empty, a full one), by stratum (0, 1, 2 …); or why there are none.

    span: lowest and highest whole figure of any unit. Only where last digits are even: else rounding makes figures come again.
    """
    last = endings(values, resolution)
    if isinstance(last, str):
        return last
    rounded, uneven = too_round(last), terminal_digits(last)
    if (rounded.speaks(0.01) and (rounded.effect or 0) > ROUNDED) or (
        uneven.speaks(1e-3) and (uneven.effect or 0) > UNEVEN
    ):
        return "last digits are uneven, which makes figures come again"
    known = np.isfinite(values)
    whole, stratum = np.rint(values[known] / resolution).astype(np.int64), strata[known]
    inside = (whole != whole.min()) & (whole != whole.max())
    width = span[1] - span[0] + 2  # one more, so that the highest of a stratum is not beside the lowest of the next
    return Free(*np.unique(stratum[inside] * width + whole[inside] - span[0], return_counts=True))


def _pairs(some: Free, other: Free, apart: int) -> float:
    """Pairs of one figure of each in the same stratum, of which the other's is so many higher."""
    _, mine, theirs = np.intersect1d(some.marks + apart, other.marks, assume_unique=True, return_indices=True)
    return float(some.counts[mine] @ other.counts[theirs])


def repeated_figures(figures: Free | str) -> Finding:
    """Pairs of equal figures within a unit and stratum, against pairs that differ by one: a smooth spread has twice as many of these.

    p: binomial, pairs being as good as independent once the spread itself cancels out. effect: pairs / pairs expected − 1.
    Source: number bunching, Simonsohn 2019, Data Colada 77; neighbours as the yardstick, as in heaping indices (Roberts &
    Brewer 2001, J. Official Statistics 17:347–360).
    """
    if isinstance(figures, str):
        return cannot_judge("repeated_figures", 0, figures)
    same = float((figures.counts * (figures.counts - 1)).sum() / 2)
    beside = _pairs(figures, figures, 1)
    return _finding("repeated_figures", figures.n, same, beside, 1)


def shared_figures(figures: Free | str, others: list[Free | str]) -> Finding:
    """Pairs of equal figures with the other unit that shares most in the same strata, by the same method, times the units looked at.

    place: (the other unit's place in `others`,).
    """
    if isinstance(figures, str):
        return cannot_judge("shared_figures", 0, figures)
    known = [(number, other) for number, other in enumerate(others) if not isinstance(other, str)]
    tried = [_shared(figures, other, len(known), number) for number, other in known]
    judged = [finding for finding in tried if finding.judged]
    if not judged:
        return cannot_judge("shared_figures", figures.n, "no other unit has free figures of the same size")
    return min(judged, key=lambda finding: finding.p or 0.0)


def _shared(some: Free, other: Free, tried: int, number: int) -> Finding:
    same = _pairs(some, other, 0)
    beside = _pairs(some, other, 1) + _pairs(some, other, -1)
    return _finding("shared_figures", some.n, same, beside, tried, (number,))


def _finding(test: str, count: int, same: float, beside: float, tried: int, place: tuple[int, ...] = ()) -> Finding:
    if beside / 2 < FEWEST_EXPECTED:
        return cannot_judge(test, count, "too few figures would come again by chance to tell")
    p = min(1.0, tried * float(stats.binom.sf(same - 1, same + beside, 1 / 3)))
    return Finding(test, count, p, same / (beside / 2) - 1, 0.15, place=place)

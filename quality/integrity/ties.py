"""Free figures that come again too often: within one unit, or in two units that measured different things."""

from __future__ import annotations

import numpy as np
from scipy import stats

from quality.integrity.digits import endings, terminal_digits, too_round
from quality.integrity.finding import Finding, cannot_judge

REACH = 5  # units by which a figure may be moved without changing how figures are spread
DRAWS = 400
FEWEST_EXPECTED = 20.0


def free_figures(values: np.ndarray, resolution: float = 1.0) -> np.ndarray | str:
    """(n,) whole figures at their resolution without the lowest and the highest (an empty, a full one); or why there are none.

    Only where last digits are even: rounding would make figures come again, and is judged by itself.
    """
    last = endings(values, resolution)
    if isinstance(last, str):
        return last
    whole = np.rint(values[np.isfinite(values)] / resolution).astype(np.int64)
    if any((test.p or 1.0) < 0.01 for test in (too_round(last), terminal_digits(last))):
        return "last digits are uneven, which makes figures come again"
    return whole[(whole != whole.min()) & (whole != whole.max())]


def repeated_figures(figures: np.ndarray | str, seed: int = 0) -> Finding:
    """Pairs of equal figures within a unit, against the same figures each moved by up to five units.

    figures: as of `free_figures`. The moved figures keep how they are spread on any wider scale, so only the exact repetition
    is judged. p: normal tail of the moved figures' pairs (at least 20 expected). effect: pairs / pairs expected − 1.
    Source: the jitter method, Amarasingham, Harrison, Hatsopoulos & Geman 2012, J. Neurophysiology 107:517–531.
    """
    if isinstance(figures, str):
        return cannot_judge("repeated_figures", 0, figures)
    drawn = np.array([_pairs(moved, moved) for moved in _moved(figures, seed)])
    return _finding("repeated_figures", len(figures), _pairs(figures, figures), drawn, 1)


def shared_figures(figures: np.ndarray | str, others: list[np.ndarray | str], seed: int = 0) -> Finding:
    """Pairs of equal figures with the other unit that shares most, by the same method, times the units looked at.

    place: (the other unit's place in `others`,).
    """
    known = [(number, other) for number, other in enumerate(others) if not isinstance(other, str)]
    if isinstance(figures, str):
        return cannot_judge("shared_figures", 0, figures)
    moved = _moved(figures, seed)
    tried = [
        _finding("shared_figures", len(figures), _pairs(figures, other), np.array([_pairs(one, other) for one in moved]),
                 len(known), (number,))
        for number, other in known
    ]  # fmt: skip
    judged = [finding for finding in tried if finding.judged]
    if not judged:
        return cannot_judge("shared_figures", len(figures), "no other unit has free figures of the same size")
    return min(judged, key=lambda finding: finding.p or 0.0)


def _moved(figures: np.ndarray, seed: int) -> list[np.ndarray]:
    dice = np.random.default_rng(seed)
    return [figures + dice.integers(-REACH, REACH + 1, len(figures)) for _ in range(DRAWS)]


def _pairs(some: np.ndarray, others: np.ndarray) -> float:
    """Ordered pairs of equal figures (of a list with itself: each pair twice, and each figure with itself)."""
    low = min(some.min(), others.min())
    size = int(max(some.max(), others.max()) - low) + 1
    return float(np.bincount(some - low, minlength=size) @ np.bincount(others - low, minlength=size))


def _finding(
    test: str, count: int, told: float, drawn: np.ndarray, tried: int, place: tuple[int, ...] = ()
) -> Finding:
    own = count if test == "repeated_figures" else 0
    expected, spread = float(drawn.mean()), float(drawn.std())
    if expected - own < 2 * FEWEST_EXPECTED or spread == 0:
        return cannot_judge(test, count, "too few figures would come again by chance to tell")
    p = min(1.0, tried * float(stats.norm.sf((told - expected) / spread)))
    return Finding(test, count, p, (told - own) / (expected - own) - 1, 0.1, place=place)

"""How many warnings a commander can read decides how rare a count must be to become one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jobs.warn.methods.bounds import Array


def alpha_of_budget(warnings: float, streams: int, runs: int = 1) -> float:
    """α* = B / (streams · runs): the tail at which quiet streams raise, in all, at most B warnings in so many runs.

    Raises ValueError unless all are positive. Never above ½.
    """
    if warnings <= 0 or streams <= 0 or runs <= 0:
        raise ValueError(
            f"a budget of {warnings} warnings over {streams} streams and {runs} runs: each must be positive"
        )
    return min(0.5, warnings / (streams * runs))


def benjamini_hochberg(tails: Array, q: float = 0.10) -> NDArray[np.bool_]:
    """Which of the tail probabilities are findings when a share q of findings may be false. NaN is not tested.

    tails: any shape, P(Y ≥ y) of discrete counts; these are no smaller than uniform ones, so that the rate still holds, and is
    the more cautious the smaller the counts. Source: Benjamini & Hochberg 1995, J. R. Stat. Soc. B 57(1).
    """
    flat = tails.ravel()
    tested = np.sort(flat[np.isfinite(flat)])
    within = np.flatnonzero(tested <= q * np.arange(1, len(tested) + 1) / max(len(tested), 1))
    return tails <= (tested[within[-1]] if len(within) else -1.0)

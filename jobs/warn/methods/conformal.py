"""How unlike its own recent past a stream of readings has become: nearest neighbours of its last values, ranked among earlier ones."""

from __future__ import annotations

import numpy as np

from jobs.warn.methods.bounds import Array, ShortHistory

EMBEDDED, NEIGHBOURS = 19, 27
QUIET_SHARE = 5  # after an unlike value, window ÷ 5 values must be more unlike still to speak again
BLOCK = 512


def conformal_knn(values: Array, *, window: int) -> Array:
    """(values,) how unlike each is: mean distance to 27 neighbours, relative to the greatest of the window before; above 1 is a record.

    values: (values,) readings in order; window: how many values are remembered. The last 19 values are one point; its neighbours are
    sought among the points of the window before that do not share a value with it, in the Mahalanobis metric of the first window. A value
    counts only if it is more unlike than the window ÷ 5 values before it; 0 otherwise, and until two windows have passed in part.
    No value depends on a later one. Raises ShortHistory when there are too few values for one neighbourhood.
    Source: Burnaev & Ishimtsev 2016, arXiv:1608.04585 (KNN-CAD); the relative score in place of its p-value, which cannot tell two records.
    """
    least = window // 2
    if least < EMBEDDED + NEIGHBOURS or len(values) <= least + EMBEDDED:
        raise ShortHistory(f"conformal_knn needs a window of {2 * (EMBEDDED + NEIGHBOURS)} values, not {window}")
    points = np.lib.stride_tricks.sliding_window_view(values, EMBEDDED)  # point i ends at value i + 18
    unlike = np.full(len(values), np.nan)
    points = points @ _whitening(points[: least - EMBEDDED])
    squares = (points**2).sum(axis=1)
    for i in range(least, len(points)):
        past = slice(max(0, i - EMBEDDED - window), i - EMBEDDED + 1)
        apart = np.maximum(squares[past] + squares[i] - 2 * points[past] @ points[i], 0)
        unlike[i + EMBEDDED - 1] = np.sqrt(np.partition(apart, NEIGHBOURS)[:NEIGHBOURS]).mean()
    return _records(_relative(unlike, window), window // QUIET_SHARE)


def _whitening(points: Array) -> Array:
    """(19, 19) after which the points are uncorrelated and of unit spread; directions that hardly vary are not blown up."""
    values, vectors = np.linalg.eigh(np.cov(points, rowvar=False))
    return vectors / np.sqrt(np.maximum(values, 1e-3 * max(values.max(), 1e-12)))


def _relative(unlike: Array, window: int) -> Array:
    """Each value ÷ the greatest of the window before it; 0 while there are fewer than an eighth of a window."""
    relative = np.zeros(len(unlike))
    first = int(np.flatnonzero(np.isfinite(unlike))[0])
    for i in range(first + window // 8, len(unlike)):
        relative[i] = unlike[i] / max(unlike[max(first, i - window) : i].max(), 1e-12)
    return relative


def _records(scores: Array, quiet: int) -> Array:
    """Scores that exceed all of the last `quiet`; 0 for the others."""
    padded = np.concatenate([np.zeros(quiet), scores])
    before = np.lib.stride_tricks.sliding_window_view(padded[:-1], quiet).max(axis=1)
    return np.where(scores > before, scores, 0.0)

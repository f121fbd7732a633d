"""Matters closed just before they fall due: more than the hours before them lead one to expect, and all at the same distance."""

from __future__ import annotations

import numpy as np
from scipy import stats

from quality.integrity.finding import Finding, cannot_judge

FEWEST_CLOSED, FEWEST_NEAR = 30, 12
NEIGHBOURS = 4  # windows before the last one
RUSH = 3.0  # times as many an honest rush may bring into the last window, against each window before it
PEAK = 3.0  # times as many an honest rush may bring into one minute, against the mean of the hour


def before_deadline(minutes_left: np.ndarray, window_minutes: float = 60.0) -> Finding:
    """Closings within the last window before the deadline, against the four windows before: a jump of the density there.

    minutes_left: (n,) minutes from closing to the deadline, negative when late. Exact binomial, in which the last window may
    hold three times its neighbours' density, as people hurry. effect: log of the ratio of densities, half a count added.
    Source: McCrary 2008, J. Econometrics 142:698–714 (density at a cutoff); Bugni & Canay 2021, J. Econometrics 221:138–159
    (the binomial of the nearest observations).
    """
    left = minutes_left[np.isfinite(minutes_left)]
    if len(left) < FEWEST_CLOSED:
        return cannot_judge("before_deadline", len(left), f"fewer than {FEWEST_CLOSED} closed matters with a deadline")
    last = int(((left >= 0) & (left < window_minutes)).sum())
    around = int(((left >= window_minutes) & (left < window_minutes * (NEIGHBOURS + 1))).sum())
    if last + around < FEWEST_NEAR:
        return cannot_judge("before_deadline", len(left), f"fewer than {FEWEST_NEAR} closed near the deadline")
    p = float(stats.binom.sf(last - 1, last + around, RUSH / (RUSH + NEIGHBOURS)))
    return Finding(
        "before_deadline", len(left), p, float(np.log((last + 0.5) / (around / NEIGHBOURS + 0.5))), np.log(3)
    )


def same_lag(minutes_left: np.ndarray, window_minutes: int = 60) -> Finding:
    """Of the closings within the last hour, how many lie at one and the same minute before the deadline.

    Binomial for the fullest minute, which in an honest rush may hold three times the mean, times the minutes looked at.
    Given how many closed in that hour, so independent of `before_deadline`. Asks for times to the minute.
    effect: share of the fullest minute. Source: the same binomial as `before_deadline`, by Bonferroni over the minutes.
    """
    left = minutes_left[np.isfinite(minutes_left)]
    near = np.floor(left[(left >= 0) & (left < window_minutes)]).astype(int)
    if len(near) < FEWEST_NEAR:
        return cannot_judge("same_lag", len(near), f"fewer than {FEWEST_NEAR} closed within the last hour")
    most = int(np.bincount(near, minlength=window_minutes).max())
    p = min(1.0, window_minutes * float(stats.binom.sf(most - 1, len(near), PEAK / window_minutes)))
    return Finding("same_lag", len(near), p, most / len(near), 0.2)

"""EARS C1, C2, C3: a count against the mean and spread of the seven days before, for series too young for anything better."""

from __future__ import annotations

import numpy as np
from scipy import stats

from jobs.warn.methods.bounds import Array, Bounds, ShortHistory

BASELINE, GUARD, SUMMED = 7, 2, 3
LEAST_SPREAD = 0.5  # events; a week of equal counts would otherwise make any count infinitely odd


def ears_c1(counts: Array, *, judged: int = 1, alpha: float = 0.0013) -> Bounds:
    """Mean and sample standard deviation of the 7 days before the day judged; the bound is mean + z(1 − alpha) · deviation.

    counts: (series, days), NaN where not counted; returns (series, judged), NaN for a day whose baseline holds fewer than 7 counts.
    alpha .0013 is EARS's 3 standard deviations. tail is the normal's, which small counts exceed far more often: EARS suits young
    series only. Raises ShortHistory below 8 days. Source: Hutwagner et al. 2003, J. Urban Health 80(2); Fricker et al. 2008,
    Stat. Med. 27(17).
    """
    return _against_week(counts, judged, alpha, guard=0)


def ears_c2(counts: Array, *, judged: int = 1, alpha: float = 0.0013) -> Bounds:
    """As ears_c1, with 2 days between the baseline and the day judged, so that an outbreak that has begun is not in it."""
    return _against_week(counts, judged, alpha, guard=GUARD)


def ears_c3(counts: Array, *, judged: int = 1, alpha: float = 0.0228) -> Bounds:
    """Sum over the last 3 days of what C2's statistic exceeds 1 by: Σ max(0, C2 − 1), as a bound on the day's own count.

    An alarm is a sum above z(1 − alpha), 2 at the default; EARS sets 3 for C1 and C2 and 2 for C3. expected is C2's; bound is the count
    above which this day's sum is too large given the two days before, not below 0; score is the sum ÷ its threshold. tail is NaN: the
    sum has no simple distribution. Errors and source as ears_c1.
    """
    threshold = float(stats.norm.isf(alpha))
    days = min(judged + SUMMED - 1, counts.shape[1])
    mean, spread = _week(counts, days, GUARD)
    over = np.maximum((counts[:, -days:] - mean) / spread - 1, 0)
    over = np.pad(over, ((0, 0), (SUMMED - 1, 0)), constant_values=np.nan)
    earlier = np.nan_to_num(over[:, :-1])
    before = np.lib.stride_tricks.sliding_window_view(earlier, SUMMED - 1, axis=1).sum(axis=2)[:, -judged:]
    mean, spread, today = mean[:, -judged:], spread[:, -judged:], over[:, -judged:]
    bound = np.maximum(mean + (threshold - before + 1) * spread, 0)
    return Bounds(mean, bound, (today + before) / threshold, np.full(mean.shape, np.nan))


def _against_week(counts: Array, judged: int, alpha: float, guard: int) -> Bounds:
    mean, spread = _week(counts, judged, guard)
    bound = mean + float(stats.norm.isf(alpha)) * spread
    now = counts[:, -judged:]
    return Bounds(mean, bound, (now - mean) / (bound - mean), stats.norm.sf((now - mean) / spread))


def _week(counts: Array, judged: int, guard: int) -> tuple[Array, Array]:
    """(series, judged) mean and sample standard deviation of the 7 days before the guard band."""
    reach = BASELINE + guard
    if counts.shape[1] <= reach:
        raise ShortHistory(f"EARS needs {reach} days before the one judged, not {counts.shape[1] - 1}")
    padded = np.pad(counts, ((0, 0), (reach, 0)), constant_values=np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(padded, BASELINE, axis=1)[:, : counts.shape[1]][:, -judged:]
    return windows.mean(axis=2), np.maximum(windows.std(axis=2, ddof=1), LEAST_SPREAD)

"""How far a delivery's distributions lie from those of its feed's past, and how far is usual: arrays in, figures out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
RARE = 1e-4  # chance that a clean column of a clean delivery exceeds what chance alone explains
EXACT_ROWS = 200
WIDER = 1.5  # a delivery may wander so many times as far as the past ever did
NEIGHBOUR = 2  # the second nearest: one odd delivery that was let in makes no other one usual


def null_bound(empty: Array, rows: Array, now_rows: int, limit: float) -> float:
    """The share of empty cells that a delivery of now_rows rows may have, from those of the past.

    empty, rows: (deliveries,) empty cells and rows of each. The larger of the usual share plus limit, and the beta-binomial
    quantile at 1 - RARE: the past's own spread gives its precision, the rows of the delivery give chance its room, so that
    a small delivery alarms only when it is nearly empty. Source: Skellam 1948, J. R. Stat. Soc. B 10(2); moments as in
    Kleinman 1973, JASA 68(341).
    """
    usual = (empty.sum() + 0.5) / (rows.sum() + 1)
    shares = empty / rows
    chance = usual * (1 - usual)
    between = max(float(np.var(shares, ddof=1)) - float(np.mean(chance / rows)), 0.0)
    precision = max(min(chance / between - 1 if between else np.inf, rows.sum()), 1.0)
    likely = _beta_binomial(now_rows, float(usual), float(precision))
    return min(1.0, max(float(usual + limit), float(shares.max() + limit / 2), likely))


def _beta_binomial(rows: int, mean: float, precision: float) -> float:
    """Its quantile at 1 - RARE as a share of the rows; of many rows, whose sum is long, that of the beta law of the same mean and variance."""
    from scipy.stats import beta, betabinom

    if rows < EXACT_ROWS:
        return float(betabinom.ppf(1 - RARE, rows, mean * precision, (1 - mean) * precision)) / rows
    alike = 1 / (1 / rows + (1 - 1 / rows) / (precision + 1)) - 1
    return float(beta.ppf(1 - RARE, mean * alike, (1 - mean) * alike))


def psi(counts: Array) -> tuple[Array, Array]:
    """Population stability index of every two deliveries, and what chance alone makes of it.

    counts: (deliveries, codes) rows. Returns two (deliveries, deliveries) arrays: the index, each cell of half a row more so
    that a code without rows has a logarithm; and the quantile at 1 - RARE of (1/n + 1/m) chi2 with one degree fewer than the
    codes that the two have, which grows as the deliveries shrink. Sources: Siddiqi 2006, Credit Risk Scorecards (.25 is a
    significant change); Yurdakul 2018, Statistical Properties of Population Stability Index (the distribution).
    """
    from scipy.stats import chi2

    rows = counts.sum(axis=1)
    shares = (counts + 0.5) / (rows + 0.5 * counts.shape[1])[:, None]
    logs = np.log(shares)
    index = ((shares[:, None] - shares[None]) * (logs[:, None] - logs[None])).sum(axis=2)
    met = ((counts[:, None] > 0) | (counts[None] > 0)).sum(axis=2)
    chance = (1 / rows[:, None] + 1 / rows[None]) * chi2.ppf(1 - RARE, np.maximum(met - 1, 1))
    return index, chance


def decile_distance(deciles: Array, rows: Array, least: float) -> tuple[Array, Array]:
    """Distance between the deciles of every two deliveries, and what chance alone makes of it.

    deciles: (deliveries, 9); rows: (deliveries,) values they are of; least: the smallest unit that counts (1 of an integer).
    Returns two (deliveries, deliveries) arrays in units of the distance from the first to the ninth decile, the geometric
    mean of both deliveries', so that a unit too small shows like one too large: the mean of |difference| (Wasserstein's
    first distance, read at the deciles: Vallender 1974, Theory Probab. Appl. 18(4)); and 1.5 * sqrt(1/n + 1/m), some four
    standard errors of that mean for a bell or an exponential curve (asymptotic variance p(1-p) / n f(x)^2: Serfling 1980, 2.3.3).
    """
    middle = abs(float(np.median(deciles[1:, 4])))
    width = np.maximum(deciles[:, -1] - deciles[:, 0], least)
    width = np.maximum(width, np.median(width[1:]) / 10)  # of one value alone
    if not width.all():
        width = np.maximum(width, middle / 10 or 1.0)
    scale = np.sqrt(width[:, None] * width[None])
    apart = np.abs(deciles[:, None] - deciles[None]).mean(axis=2) / scale
    return apart, 1.5 * np.sqrt(1 / rows[:, None] + 1 / rows[None])


def strangeness(apart: Array, chance: Array, limit: float) -> tuple[float, float]:
    """How far the delivery at 0 lies from its past (1, 2, ...), and how far it may.

    apart, chance: (deliveries, deliveries). Each delivery is judged by its second nearest other one, so that a feed with
    seasons or weekends is compared with its like; the past's own such distances, beyond what chance explains, say how far
    it wanders. Returns the distance, and limit or WIDER times the past's furthest, whichever is larger, plus chance.
    Source: k-nearest-neighbour nonconformity, Laxhammar and Falkman 2010, Conformal prediction for distribution-independent
    anomaly detection.
    """
    beyond = np.maximum(apart - chance, 0.0)
    np.fill_diagonal(beyond, np.inf)
    past = beyond[1:, 1:]
    usual = float(np.sort(past, axis=1)[:, NEIGHBOUR - 1].max())
    like = 1 + int(np.argsort(apart[0, 1:], kind="stable")[NEIGHBOUR - 1])
    return float(apart[0, like]), max(limit, WIDER * usual) + float(chance[0, like])


def shared_rows(mine: list[str], rows: int, theirs: list[str], their_rows: int) -> float:
    """The share of my rows that the other delivery has, from both bottom-k sketches.

    Of the rows that both have, those are in both sketches whose hash is below either's largest: k of max(rows, their_rows).
    """
    if not mine or not theirs:
        return 0.0
    both = len(set(mine) & set(theirs))
    taken = min(len(mine) / rows, len(theirs) / their_rows)
    return min(1.0, both / taken / rows)

"""Is this window's count more than chance, given the same series' past windows."""

from __future__ import annotations

import numpy as np
from scipy import special, stats

from jobs.warn.methods.bounds import Array, Bounds, ShortHistory, bounded

JEFFREYS = 0.5


def bayes_predictive(counts: Array, past: Array, *, alpha: float) -> Bounds:
    """Upper bound of the next window's count from past windows of the same length.

    counts: (series,) events in the window judged; past: (series, windows) events in each past window, NaN where it was not
    counted; alpha: tail probability. A Poisson rate with Jeffreys' prior Γ(½, 0) has, after n windows with Σ events, the
    predictive distribution NegBin(½ + Σ, n / (n + 1)); the bound is its 1 − alpha quantile. Expected is its mean (½ + Σ) / n.
    NaN for a series none of whose windows was counted; raises ShortHistory without past windows.
    Source: Riebler 2004; Höhle 2007, Comput. Stat. 22 (`algo.bayes`).
    """
    size, windows = _posterior(past)
    bound = stats.nbinom.ppf(1 - alpha, size, windows / (windows + 1))
    beyond = special.betainc(np.maximum(counts, 1.0), size, 1 / (windows + 1))
    return bounded(counts, size / windows, bound, np.where(counts > 0, beyond, 1.0))


def bayes(
    counts: Array, *, judged: int, alpha: float, years: int = 2, half_window: int = 4, year: float = 52
) -> Bounds:
    """The last `judged` weeks, each against the same weeks ± half_window of the past years.

    counts: (series, weeks); `bayes(w, 0, b)` of the package `surveillance` with w = half_window, b = years.
    Returns (series, judged); NaN for a week whose past is shorter. Raises ShortHistory when every week's is.
    """
    lags = np.concatenate(
        [round(year * back) + np.arange(-half_window, half_window + 1) for back in range(1, years + 1)]
    )
    weeks = np.arange(counts.shape[1] - judged, counts.shape[1])
    if weeks[-1] < lags.max():
        raise ShortHistory(f"bayes of {years} years needs {lags.max()} periods before the one judged, not {weeks[-1]}")
    source = weeks[:, None] - lags
    past = np.where(source >= 0, counts[:, np.maximum(source, 0)], np.nan)
    past[:, source.min(axis=1) < 0] = np.nan
    found = bayes_predictive(counts[:, weeks].reshape(-1), past.reshape(-1, len(lags)), alpha=alpha)
    return found.shaped((len(counts), judged))


def bayes_recent(counts: Array, *, judged: int, alpha: float, windows: int = 12) -> Bounds:
    """The last `judged` counts of each series, each against the `windows` just before it; no season, no trend.

    counts: (series, periods). Returns (series, judged), NaN for a period with fewer before it; raises ShortHistory when all have fewer.
    """
    periods = np.arange(counts.shape[1] - judged, counts.shape[1])
    if periods[-1] < windows:
        raise ShortHistory(f"bayes_recent needs {windows} periods before the one judged, not {periods[-1]}")
    source = periods[:, None] - np.arange(1, windows + 1)
    past = np.where(source >= 0, counts[:, np.maximum(source, 0)], np.nan)
    past[:, source.min(axis=1) < 0] = np.nan
    found = bayes_predictive(counts[:, periods].reshape(-1), past.reshape(-1, windows), alpha=alpha)
    return found.shaped((len(counts), judged))


def _posterior(past: Array) -> tuple[Array, Array]:
    """Size of the predictive negative binomial, and the windows counted."""
    if past.shape[1] == 0:
        raise ShortHistory("bayes_predictive needs at least one past window")
    windows = np.isfinite(past).sum(axis=1).astype(float)
    windows[windows == 0] = np.nan
    return JEFFREYS + np.nansum(past, axis=1), windows

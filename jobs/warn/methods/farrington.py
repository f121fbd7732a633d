"""Farrington Flexible: this week against the same season of past years, with a trend and past outbreaks down-weighted; and a scan on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from jobs.warn.methods.bounds import Array, Bounds, ShortHistory, bounded, judge, quantile, tail
from jobs.warn.methods.quasipoisson import Fit, anscombe, fit

FEWEST_YEARS = 3
CHUNK = 256  # weeks judged at once: they fit a processor's cache, and memory does not grow with the number of series


@dataclass(frozen=True)
class Baseline:
    """The past weeks one week is compared with. lags: (weeks,) how long before it, oldest first; season: (weeks,) 0 is its own."""

    lags: NDArray[np.int64]
    season: NDArray[np.int64]
    reach: int


def baseline(years: int, half_window: int, periods: int, left_out: int, year: float) -> Baseline:
    """Season 0 is ± half_window around the same week of each past year; between two of them lie periods − 1 even stretches.

    The left_out weeks before the one judged are not compared with: an outbreak that has begun must not teach what is usual.
    Source: Noufaily et al. 2013, section 3.2.
    """
    anniversaries = [round(year * back) for back in range(years + 1)]
    reach = anniversaries[-1] + half_window
    season = np.zeros(reach + 1, dtype=np.int64)  # by lag
    for later, earlier in pairwise(anniversaries):
        between = np.arange(earlier - half_window - 1, later + half_window, -1)  # oldest first
        for stretch, lags in enumerate(np.array_split(between, periods - 1), 1):
            season[lags] = stretch
    lags = np.arange(reach, left_out, -1)
    return Baseline(lags, season[lags], reach)


@dataclass(frozen=True)
class Settings:
    """How the past is compared with; the defaults are Noufaily et al.'s.

    years: past years compared with, at least 3; half_window: weeks around each anniversary; periods: seasons of the year;
    left_out: last weeks not compared with; residual: Anscombe residual above which a past week is weighed down;
    least_events in the last least_weeks, or there is no alarm; year: weeks in a year (12 for months).
    """

    years: int = 5
    half_window: int = 3
    periods: int = 10
    left_out: int = 26
    residual: float = 2.58
    least_events: int = 5
    least_weeks: int = 4
    year: float = 52

    def spans(self) -> list[Baseline]:
        """From 3 years to all."""
        return [
            baseline(b, self.half_window, self.periods, self.left_out, self.year)
            for b in range(FEWEST_YEARS, self.years + 1)
        ]


NOUFAILY = Settings()
MONTHLY = Settings(half_window=1, periods=4, left_out=3, year=12)


@dataclass(frozen=True)
class Forecast:
    """Per row, what the past says of the week judged: see Fit. `shrink` is the factor by which the mean falls a week back."""

    expected: Array
    dispersion: Array
    known: Array
    shrink: Array


def farrington_flexible(
    counts: Array, *, judged: int = 1, alpha: float = 0.005, settings: Settings = NOUFAILY
) -> Bounds:
    """Upper bounds for the last `judged` weeks of each series, each from the weeks before it alone.

    counts: (series, weeks) events a week, newest last, NaN where not counted. Returns (series, judged). A week with fewer than
    `years` past years is compared with those it has, from 3; NaN for one with fewer, or with less than a fifth of its past counted.
    Raises ShortHistory when no week judged has 3 years.
    Quasi-Poisson log-linear model, one level a season and a linear trend, which is dropped where it would predict more than was
    ever counted; weeks with an Anscombe residual above 2.58 weigh residual⁻²; φ ≥ 1; the bound is the negative binomial's 1 − alpha
    quantile at size µ / (φ − 1). Fewer than 5 events in 4 weeks are no alarm: the score is held at 1 and the tail is 1.
    Source: Noufaily et al. 2013, Stat. Med. 32(7), 1206–1222; Salmon et al. 2016, J. Stat. Softw. 70(10).
    """

    def plug_in(recent: Array, forecast: Forecast) -> Bounds:
        return judge(recent[:, 0], forecast.expected, forecast.dispersion * forecast.expected, alpha)

    return _judged(counts, judged, settings, plug_in)


def farrington_scan(
    counts: Array, *, judged: int = 1, alpha: float = 0.005, settings: Settings = NOUFAILY, widest: int = 2
) -> Bounds:
    """As farrington_flexible, but by a predictive bound, and over the last one and the last two weeks.

    Shapes and errors as there. The predictive negative binomial also carries the uncertainty of the fitted mean. Each window of
    1 … widest weeks gets alpha / widest, and the week must itself exceed what is expected of it, so that an outbreak that is over is
    not reported again. expected is the week's own; bound is the count above which this week raises the alarm, given
    the weeks just before; score is the greatest of the windows' own scores; tail is Bonferroni's over the windows.
    Source: Noufaily et al. 2013; prediction: Lawless & Fredette 2005, Biometrika 92(3); windows up to now: Kulldorff 2001,
    J. R. Stat. Soc. A 164(1), here of time alone.
    """

    def scan(recent: Array, forecast: Forecast) -> Bounds:
        now, mean = recent[:, 0], predictive(forecast, 1.0)[0]
        bound, beyond, score = np.full((3, len(now)), np.nan)
        for weeks in range(1, widest + 1):
            window = recent[:, :weeks]
            share = (np.isfinite(window) * forecast.shrink[:, None] ** np.arange(weeks)).sum(axis=1)
            expected, variance = predictive(forecast, share)
            events = np.where(np.isnan(now), np.nan, np.nansum(window, axis=1))
            upper = quantile(1 - alpha / widest, expected, variance)
            of_window = bounded(events, expected, upper, tail(events, expected, variance))
            bound = np.fmin(bound, upper - (events - now))
            score = np.fmax(score, of_window.score)
            beyond = np.fmin(beyond, of_window.tail)
        below = now <= mean
        return Bounds(
            mean, np.maximum(bound, np.floor(mean)), np.where(below, np.minimum(score, 1.0), score),
            np.where(below, np.maximum(tail(now, *predictive(forecast, 1.0)), beyond), np.minimum(widest * beyond, 1.0)),
        )  # fmt: skip

    return _judged(counts, judged, settings, scan)


def predictive(forecast: Forecast, share: Array | float) -> tuple[Array, Array]:
    """Mean and variance of a count of `share` times the week's mean, the uncertainty of the fitted mean included.

    The log of the mean is uncertain by φ / known: variance = φ µ + µ² φ / known. In a season that never held an event nothing is
    expected, as in the method itself: what then alarms is left to the least number of events.
    """
    mean = forecast.expected * share
    relative = np.divide(forecast.dispersion, forecast.known, out=np.zeros(mean.shape), where=forecast.known > 0)
    return mean, forecast.dispersion * mean + relative * mean**2


def _judged(counts: Array, judged: int, settings: Settings, method: Callable[[Array, Forecast], Bounds]) -> Bounds:
    """Each week judged, in chunks of weeks that share a baseline; method takes the last weeks' counts, newest first."""
    spans = settings.spans()
    series, length = counts.shape
    if length <= spans[0].reach:
        raise ShortHistory(
            f"Farrington's method needs {spans[0].reach} periods ({FEWEST_YEARS} years) before the one judged, not {length - 1}"
        )
    found = np.full((4, series * judged), np.nan)
    row, week = np.divmod(np.arange(series * judged), judged)
    week += length - judged
    reached = np.searchsorted([span.reach for span in spans], week, side="right")
    for which, span in enumerate(spans, 1):
        of_span = np.flatnonzero(reached == which)
        for part in np.split(of_span, np.arange(CHUNK, len(of_span), CHUNK)):
            if len(part):
                past = counts[row[part, None], week[part, None] - span.lags]
                recent = counts[row[part, None], week[part, None] - np.arange(settings.half_window + 1)]
                bounds = method(recent, _forecast(past, span, settings.residual))
                found[:, part] = bounds.expected, bounds.bound, bounds.score, bounds.tail
    few = (_recent(counts, judged, settings.least_weeks) < settings.least_events).reshape(-1)
    found[2, few] = np.minimum(found[2, few], 1.0)
    found[3, few] = np.where(np.isnan(found[3, few]), np.nan, 1.0)
    return Bounds(*found).shaped((series, judged))


def _forecast(past: Array, span: Baseline, residual: float) -> Forecast:
    """(rows, weeks) past counts to what they say of the week judged."""
    counted = np.isfinite(past)
    past = np.where(counted, past, 0.0)
    time = -span.lags / span.reach
    trended = reweighted(past, counted, span, time, residual, trend=True)
    values = [
        trended.expected,
        trended.dispersion,
        trended.known,
        np.exp(-trended.slope / span.reach),
    ]
    steep = trended.expected > past.max(axis=1)
    if steep.any():
        flat = reweighted(past[steep], counted[steep], span, time, residual, trend=False)
        for value, instead in zip(values, (flat.expected, flat.dispersion, flat.known, 1.0), strict=True):
            value[steep] = instead
    values[0][counted.sum(axis=1) < span.reach / 5] = np.nan
    return Forecast(*values)


def reweighted(
    past: Array, counted: NDArray[np.bool_], span: Baseline, time: Array, residual: float, *, trend: bool
) -> Fit:
    """Fit, weigh past outbreaks down, fit again. Weights sum to the number of weeks."""
    weights = counted.astype(float)
    first = fit(past, weights, span.season, time, at=(0, 0.0), trend=trend)
    far = np.maximum(anscombe(past, first) * counted, 1.0)
    weights = np.where(far > residual, far**-2.0, weights)
    weights *= counted.sum(axis=1, keepdims=True) / np.maximum(weights.sum(axis=1, keepdims=True), 1e-9)
    return fit(past, weights, span.season, time, at=(0, 0.0), trend=trend, start=first.slope)


def _recent(counts: Array, judged: int, weeks: int) -> Array:
    """(series, judged) events in the last weeks up to and including the one judged."""
    last = np.nan_to_num(counts[:, -(judged + weeks - 1) :])
    last = np.pad(last, ((0, 0), (judged + weeks - 1 - last.shape[1], 0)))
    return np.lib.stride_tricks.sliding_window_view(last, weeks, axis=1).sum(axis=2)

"""The band of a daily figure: its level is kept where nothing happens, it follows the calendar and a trend, and it looks back only."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.warn.methods.bounds import ShortHistory
from jobs.warn.methods.calendar_factors import day_kinds
from jobs.warn.methods.expected_band import Band, expected_band

DAYS = [date(2025, 6, 2) + timedelta(days=n) for n in range(365)]
KINDS = day_kinds(DAYS)
WEEK = np.array([0.6 if day.weekday() >= 5 else 1.16 for day in DAYS])


def band(counts: np.ndarray, alpha: float = 0.05) -> Band:
    return expected_band(np.atleast_2d(counts.astype(float)), KINDS[: counts.shape[-1]], alpha=alpha)


@pytest.mark.parametrize("level", [0.5, 3, 20, 200])
@pytest.mark.parametrize("dispersion", [1.0, 2.0])
def test_quiet_figures_leave_it_no_more_often_than_it_says(level: float, dispersion: float) -> None:
    """Figures that wander by half a percent a day: 200 series, a year; a tail of .001 may be reached twice as often, in small counts."""
    rng = np.random.default_rng(1)
    mean = level * WEEK * np.exp(np.cumsum(rng.normal(0, 0.005, (200, 365)), axis=1))
    counts = rng.poisson(mean) if dispersion == 1 else rng.negative_binomial(mean / (dispersion - 1), 1 / dispersion)
    found = band(counts)
    late = np.s_[:, 60:]
    outside = ((counts < found.lower) | (counts > found.upper))[late].mean()
    assert 0.005 < outside <= 0.05
    lumpy = level < 10 and dispersion > 1  # a variance of twice the mean has a heavier tail than its two moments tell
    for tail in (found.more, found.less, found.more_week, found.less_week):
        assert (tail[late] <= 0.001).mean() <= (0.008 if lumpy else 0.002)


def test_a_day_and_a_week_of_half_as_much_again_are_seen_and_a_weekend_is_not_a_fall() -> None:
    rng = np.random.default_rng(2)
    counts = rng.poisson(40 * WEEK).astype(float)
    usual = band(counts)
    sundays = np.flatnonzero([day.weekday() == 6 for day in DAYS])[10:]
    assert (usual.less[0, sundays] > 0.0005).all()
    counts[-7:] = np.round(counts[-7:] * 1.5)
    risen = band(counts)
    assert risen.more_week[0, -1] < 1e-5 < 0.01 < usual.more_week[0, -1]
    counts[-7:] = np.round(counts[-7:] * 0.3)
    assert band(counts).less_week[0, -1] < 1e-6
    counts[-1] = 0
    assert band(counts).less[0, -1] < 1e-4


def test_it_follows_a_trend_and_forgets_an_old_level() -> None:
    level = np.r_[np.full(180, 10.0), np.full(185, 40.0)]
    found = band(np.random.default_rng(3).poisson(level * WEEK))
    assert found.more[0, 180:187].min() < 1e-4
    assert abs(found.expected[0, 300:].mean() / (40 * WEEK[300:]).mean() - 1) < 0.05


def test_an_outburst_does_not_make_the_next_one_usual() -> None:
    counts = np.random.default_rng(4).poisson(10 * WEEK).astype(float)
    with_one = counts.copy()
    with_one[330:337] += 40
    assert band(with_one).expected[0, 345] < 1.5 * band(counts).expected[0, 345]


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(40, 100))
def test_no_day_depends_on_a_later_one(seed: int, cut: int) -> None:
    rng = np.random.default_rng(seed)
    counts = rng.poisson(5, (3, 110)).astype(float)
    counts[0, :20] = np.nan
    whole, part = band(counts), band(counts[:, :cut])
    for name in ("expected", "lower", "upper", "more", "less", "more_week", "less_week"):
        np.testing.assert_array_equal(getattr(whole, name)[:, :cut], getattr(part, name))


def test_nothing_is_said_of_a_short_past() -> None:
    with pytest.raises(ShortHistory, match="28 days"):
        band(np.ones(28))
    counts = np.full((1, 60), np.nan)
    counts[0, 30:] = 4
    found = band(counts)
    assert np.isnan(found.expected[0, :58]).all() and np.isfinite(found.expected[0, 58:]).all()

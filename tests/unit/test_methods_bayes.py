"""The Bayesian predictive bound by its closed form."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from jobs.warn.methods.bayes import bayes, bayes_predictive, bayes_recent
from jobs.warn.methods.bounds import ShortHistory


def test_the_predictive_is_a_negative_binomial() -> None:
    past = np.array([[2.0, 3, 1, 0], [10, 12, 9, 11]])
    found = bayes_predictive(np.array([8.0, 12.0]), past, alpha=0.01)
    assert found.expected.tolist() == [6.5 / 4, 42.5 / 4]
    assert found.bound.tolist() == [stats.nbinom.ppf(0.99, 6.5, 0.8), stats.nbinom.ppf(0.99, 42.5, 0.8)]
    assert found.tail == pytest.approx([stats.nbinom.sf(7, 6.5, 0.8), stats.nbinom.sf(11, 42.5, 0.8)])
    assert found.alarm.tolist() == [True, False]


def test_windows_not_counted_are_left_out() -> None:
    known, gaps = np.array([[2.0, 3, 1]]), np.array([[np.nan, 2, 3, 1, np.nan]])
    now = np.array([4.0])
    assert bayes_predictive(now, known, alpha=0.01).bound == bayes_predictive(now, gaps, alpha=0.01).bound
    assert not bayes_predictive(now, np.full((1, 3), np.nan), alpha=0.01).alarm.any()
    with pytest.raises(ShortHistory):
        bayes_predictive(now, np.empty((1, 0)), alpha=0.01)


def test_the_same_weeks_of_two_years() -> None:
    counts = np.arange(130.0)[None]
    past = np.concatenate([counts[0, 129 - 52 - 4 : 129 - 52 + 5], counts[0, 129 - 104 - 4 : 129 - 104 + 5]])
    found = bayes(counts, judged=30, alpha=0.005)
    assert found.expected[0, -1] == (past.sum() + 0.5) / 18
    assert np.isfinite(found.bound[0]).tolist() == [week >= 108 for week in range(100, 130)]
    with pytest.raises(ShortHistory, match="108"):
        bayes(counts[:, :108], judged=1, alpha=0.005)


def test_the_last_twelve() -> None:
    counts = np.arange(40.0)[None]
    found = bayes_recent(counts, judged=39, alpha=0.005)
    assert found.expected[0, -1] == (counts[0, 27:39].sum() + 0.5) / 12
    assert np.isfinite(found.bound[0]).sum() == 28
    with pytest.raises(ShortHistory, match="12"):
        bayes_recent(counts[:, :12], judged=1, alpha=0.005)

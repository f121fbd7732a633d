"""The funnel of units, and the budget of warnings."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from jobs.warn.methods.budget import alpha_of_budget, benjamini_hochberg
from jobs.warn.methods.funnel import funnel


def test_a_unit_far_from_all_is_outlying_and_a_small_one_is_not_judged() -> None:
    cases = np.array([200.0] * 20 + [400, 20])
    events = np.array([38.0, 42] * 10 + [140, 20])
    found = funnel(events, cases)
    assert found.outlying.tolist() == [False] * 20 + [True, False]
    assert np.isnan(found.z[-1])
    by_hand = 2 * np.sqrt(400) * (np.arcsin(np.sqrt(140 / 400)) - np.arcsin(np.sqrt(found.target)))
    assert found.target == pytest.approx((800 + 140) / 4400)
    assert found.z[20] == pytest.approx(by_hand / np.sqrt(found.dispersion))
    assert found.rate[20] > found.upper[20]


def test_limits_hold_what_they_should_also_when_units_differ() -> None:
    rng = np.random.default_rng(2)
    cases = rng.integers(100, 900, 2000).astype(float)
    for unrest, most in ((0.0, 0.006), (0.05, 0.01)):
        rate = np.clip(0.3 + unrest * rng.standard_normal(2000), 0.01, 0.99)
        found = funnel(rng.binomial(cases.astype(int), rate).astype(float), cases)
        assert found.outlying.mean() < most + (0.01 if unrest else 0)
        assert (found.dispersion > 1.5) == bool(unrest)
        np.testing.assert_array_equal(found.outlying, (found.rate > found.upper) | (found.rate < found.lower))


def test_more_events_than_cases_is_refused() -> None:
    with pytest.raises(ValueError, match="more events than cases"):
        funnel(np.array([5.0]), np.array([4.0]))
    assert np.isnan(funnel(np.array([1.0]), np.array([4.0])).target)


def test_a_budget_is_shared_by_its_streams() -> None:
    assert alpha_of_budget(5, 4608 * 20) == pytest.approx(5.4e-5, rel=0.01)
    assert alpha_of_budget(5, 1) == 0.5
    with pytest.raises(ValueError, match="positive"):
        alpha_of_budget(5, 0)


def test_benjamini_hochberg_is_scipys() -> None:
    rng = np.random.default_rng(3)
    tails = np.concatenate([rng.uniform(size=200), rng.uniform(0, 1e-3, 20)])
    adjusted = stats.false_discovery_control(tails)
    assert 10 < benjamini_hochberg(tails).sum() < 60
    np.testing.assert_array_equal(benjamini_hochberg(tails), adjusted <= 0.10)


def test_what_was_not_tested_is_no_finding() -> None:
    assert benjamini_hochberg(np.array([np.nan, 1e-9, 0.9])).tolist() == [False, True, False]
    assert not benjamini_hochberg(np.full((2, 2), np.nan)).any()


def test_discrete_tails_keep_the_share_of_false_findings() -> None:
    rng = np.random.default_rng(4)
    false, found = 0, 0
    for _ in range(200):
        counts = rng.poisson(0.8, 300)
        counts[:15] += 8
        rung = benjamini_hochberg(stats.poisson.sf(counts - 1, 0.8))
        found += rung.sum()
        false += rung[15:].sum()
    assert found > 2500
    assert false / found < 0.10

"""The count distributions' quantiles and tails, also where scipy's own break down."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from jobs.warn.methods.bounds import judge, quantile, tail


@given(mean=st.floats(0.01, 500), excess=st.floats(0.01, 20), count=st.integers(0, 900))
def test_bound_and_tail_are_those_of_the_negative_binomial(mean: float, excess: float, count: int) -> None:
    size = mean / excess
    law = stats.nbinom(size, size / (size + mean))
    moments = np.array([mean]), np.array([mean * (1 + excess)])
    assert tail(np.array([float(count)]), *moments)[0] == pytest.approx(law.sf(count - 1), rel=1e-6, abs=1e-300)
    bound = quantile(0.995, *moments)[0]
    assert law.cdf(bound) >= 0.995 - 1e-9
    assert bound == 0 or law.cdf(bound - 1) < 0.995 + 1e-9


@pytest.mark.parametrize("excess", [0.0, -1.0, 1e-9, 1e-30, 1e-79, 1e-300])
def test_almost_poisson_is_poisson(excess: float) -> None:
    found = judge([9.0], [4.0], [4.0 * (1 + excess)], 0.005)
    assert found.bound[0] == stats.poisson.ppf(0.995, 4)
    assert found.tail[0] == pytest.approx(stats.poisson.sf(8, 4))


def test_no_mean_no_variance_and_enormous_ones() -> None:
    found = judge([0.0, 3.0, 1e9, np.nan, 2.0], [0.0, 0.0, 1e300, 5.0, np.nan], [0.0, 0.0, 1e305, 5.0, np.nan], 0.005)
    assert found.bound[:2].tolist() == [0, 0]
    assert found.alarm.tolist() == [False, True, False, False, False]
    assert np.isnan(found.tail[3:]).all()


def test_score_is_one_at_the_bound() -> None:
    found = judge([10.0, 11.0], [4.0, 4.0], [4.0, 4.0], 0.005)
    assert found.bound.tolist() == [10, 10]
    assert found.score[0] == 1
    assert found.alarm.tolist() == [False, True]

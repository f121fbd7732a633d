"""Farrington Flexible against R and statsmodels, and what it must hold of any series."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference_counts import reference_counts

from jobs.warn.methods.bounds import ShortHistory
from jobs.warn.methods.farrington import NOUFAILY, Settings, baseline, farrington_flexible, farrington_scan, reweighted

ANY_COUNT = Settings(least_events=0)
# (series, week): expected, φ and Var(log expected) of a plain loop over statsmodels' GLM (Poisson, var_weights), and the bound.
# R's surveillance 1.20.3, farringtonFlexible with Noufaily's settings and limit54 = c(0, 4), gives the same expected, φ and bound.
REFERENCE = {
    (0, 300): (8.10519793, 1.83851864, 0.01128323, 20),
    (0, 319): (9.27329910, 1.89692653, 0.01116180, 23),
    (1, 300): (5.77932820, 4.14686192, 0.06411749, 25),
    (1, 319): (5.29278921, 3.86046674, 0.06033156, 23),
    (2, 300): (0.70373420, 1.06132141, 0.07704021, 4),
    (2, 319): (0.66742904, 1.03722289, 0.07625303, 4),
}
R_BOUNDS = (
    (20, 21, 20, 21, 22, 22, 24, 23, 23, 24, 23, 23, 24, 22, 24, 23, 23, 24, 23, 23),
    (25, 24, 23, 22, 23, 24, 23, 22, 22, 22, 23, 24, 23, 22, 23, 24, 25, 25, 23, 23),
    (4,) * 20,
)  # fmt: skip


@pytest.mark.parametrize(("series", "week"), REFERENCE)
def test_the_fit_is_that_of_statsmodels(series: int, week: int) -> None:
    span = NOUFAILY.spans()[-1]
    past = reference_counts()[series : series + 1, week - span.lags]
    found = reweighted(past, np.ones(past.shape, bool), span, -span.lags / span.reach, NOUFAILY.residual, trend=True)
    expected, dispersion, variance, _ = REFERENCE[series, week]
    assert found.expected[0] == pytest.approx(expected, rel=1e-6)
    assert found.dispersion[0] == pytest.approx(dispersion, rel=1e-6)
    assert found.dispersion[0] / found.known[0] == pytest.approx(variance, rel=1e-5)


def test_bounds_are_those_of_r() -> None:
    found = farrington_flexible(reference_counts(), judged=20, settings=ANY_COUNT)
    assert found.bound.shape == (3, 20)
    assert found.bound.tolist() == [list(bounds) for bounds in R_BOUNDS]
    for (series, week), (expected, *_, bound) in REFERENCE.items():
        assert found.expected[series, week - 300] == pytest.approx(expected, rel=1e-6)
        assert found.bound[series, week - 300] == bound


def test_the_baseline_is_noufailys() -> None:
    span = baseline(5, 3, 10, 26, 52)
    own = span.lags[span.season == 0]
    assert span.reach == 263
    assert span.lags.min() == 27
    assert set(own) == {52 * back + shift for back in range(1, 6) for shift in range(-3, 4)}
    assert set(span.season) == set(range(10))


@given(cut=st.integers(1, 40), seed=st.integers(0, 99), scan=st.booleans())
@settings(max_examples=20, deadline=None)
def test_later_weeks_change_no_earlier_answer(cut: int, seed: int, scan: bool) -> None:
    method = farrington_scan if scan else farrington_flexible
    counts = np.random.default_rng(seed).negative_binomial(2, 0.3, (3, 330)).astype(float)
    whole, shorter = method(counts, judged=60), method(counts[:, :-cut], judged=60 - cut)
    for now, then in zip(vars(whole).values(), vars(shorter).values(), strict=True):
        np.testing.assert_allclose(now[:, : 60 - cut], then, rtol=1e-9)
    np.testing.assert_array_equal(whole.alarm[:, : 60 - cut], shorter.alarm)


@pytest.mark.parametrize("method", [farrington_flexible, farrington_scan])
def test_series_are_judged_alone(method) -> None:
    counts = reference_counts()
    alone = [method(one[None], judged=5) for one in counts]
    crowd = np.concatenate([np.zeros((700, 320)), counts, np.zeros((700, 320))])  # crosses a chunk
    together = method(crowd, judged=5)
    for i, one in enumerate(alone):
        np.testing.assert_allclose(together.score[700 + i], one.score[0], rtol=1e-9)
    assert not together.alarm[:700].any()
    assert np.isfinite(together.score).all()


def test_a_past_outbreak_teaches_less_than_it_weighs() -> None:
    counts = np.random.default_rng(4).poisson(6.0, (1, 330)).astype(float)
    ill = counts.copy()
    ill[0, 329 - 105 : 329 - 101] += 60
    plain = Settings(residual=np.inf)
    bounds = {
        "none": farrington_flexible(counts).bound, "weighed down": farrington_flexible(ill).bound,
        "believed": farrington_flexible(ill, settings=plain).bound,
    }  # fmt: skip
    assert bounds["none"] <= bounds["weighed down"] < bounds["believed"] - 5


def test_a_trend_is_followed_but_not_beyond_what_was_ever_counted() -> None:
    weeks = np.arange(330)
    gentle = np.round(20 * np.exp(0.002 * weeks)) + np.where(weeks % 2, 9, -9)
    steep = np.where(weeks < 300, np.round(np.exp(0.02 * weeks)), 1.0)
    found = farrington_flexible(np.array([gentle, steep]))
    assert found.expected[0, 0] == pytest.approx(20 * np.exp(0.002 * 329), rel=0.05)
    assert found.expected[1, 0] <= steep[: 330 - 27].max()


def test_few_events_are_no_alarm() -> None:
    counts = np.zeros((2, 330))
    counts[0, -1], counts[1, -1] = 4, 5
    found = farrington_flexible(counts)
    assert found.alarm[:, 0].tolist() == [False, True]
    assert found.tail[0, 0] == 1


def test_years_as_the_past_allows() -> None:
    counts = reference_counts()
    found = farrington_flexible(counts[:, :200], judged=60, settings=ANY_COUNT)
    reach = 3 * 52 + 3
    judged = np.isfinite(found.bound[0])
    assert judged.tolist() == [week >= reach for week in range(140, 200)]
    with pytest.raises(ShortHistory, match="159 periods"):
        farrington_flexible(counts[:, :159])


def test_weeks_not_counted_teach_nothing() -> None:
    counts = np.random.default_rng(5).poisson(8.0, (1, 330)).astype(float)
    wrong, gap = counts.copy(), counts.copy()
    wrong[0, 100:150], gap[0, 100:150] = 0, np.nan
    bounds = [float(farrington_flexible(one).expected[0, 0]) for one in (counts, gap, wrong)]
    assert abs(bounds[1] - bounds[0]) < abs(bounds[2] - bounds[0])
    gap[0, :280] = np.nan
    assert np.isnan(farrington_flexible(gap).bound[0, 0])
    assert not farrington_flexible(gap).alarm.any()


def test_the_scan_adds_two_weeks_up_and_is_silent_afterwards() -> None:
    counts = np.random.default_rng(6).poisson(10.0, (1, 330)).astype(float)
    counts[0, -3:] = 19, 19, 8
    one, both = farrington_flexible(counts, judged=3), farrington_scan(counts, judged=3)
    assert one.alarm[0].tolist() == [False, False, False]
    assert both.alarm[0].tolist() == [False, True, False]
    assert both.bound[0, 1] < both.bound[0, 0]


@pytest.mark.parametrize("method", [farrington_flexible, farrington_scan])
def test_an_alarm_is_a_count_above_the_bound(method) -> None:
    rng = np.random.default_rng(8)
    counts = rng.negative_binomial(3, 0.3, (60, 330)).astype(float)
    counts[:, -10:] += rng.poisson(6, (60, 10))
    found = method(counts, judged=10)
    above = counts[:, -10:] > found.bound
    assert 20 < above.sum() < 300
    np.testing.assert_array_equal(found.alarm, above)


def test_quiet_series_alarm_as_rarely_as_asked() -> None:
    rng = np.random.default_rng(9)
    counts = rng.negative_binomial(12 / 1.0, 1 / 2.0, (400, 330)).astype(float)
    found = farrington_scan(counts, judged=10, alpha=0.02)
    assert 0.01 < found.alarm.mean() < 0.03

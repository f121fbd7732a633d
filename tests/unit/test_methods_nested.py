"""An area beside its own past and the rest of the city."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from jobs.warn.methods.bayes import bayes_predictive
from jobs.warn.methods.bounds import ShortHistory
from jobs.warn.methods.nested import bayes_nested, exposure, pooled_dispersion, weights

COUNTS = arrays(np.float64, (3, 9), elements=st.integers(0, 60).map(float))


@given(COUNTS)
def test_beside_a_vast_and_even_city_it_is_the_plain_predictive_bound(counts: np.ndarray) -> None:
    """Of a series without outbreaks in its past, whose windows differ no more than a Poisson's."""
    size, each = np.ones((3, 8)), np.arange(3)
    weight = weights(counts[:, 1:], size)
    even = (weight == 1).all(axis=1) & (pooled_dispersion(counts[:, 1:], size, weight, each) == 1)
    found = bayes_nested(counts, np.full(counts.shape, 1e9), alpha=0.01, group=each)
    plain = bayes_predictive(counts[:, 0], counts[:, 1:], alpha=0.01)
    assert found.expected[even] == pytest.approx(plain.expected[even])
    assert found.bound[even] == pytest.approx(plain.bound[even])
    alone = bayes_nested(counts, np.zeros(counts.shape), alpha=0.01, group=each)
    assert (alone.bound[even] >= found.bound[even]).all(), "less is known"


def test_a_week_that_is_quiet_everywhere_is_expected_to_be_quiet_here() -> None:
    """Spring Festival: the rest of the city has half its events; forty here, as every week, are then too many."""
    counts = np.full((1, 9), 40.0)
    usual = bayes_nested(counts, np.full((1, 9), 100_000.0), alpha=0.001)
    half = np.full((1, 9), 100_000.0)
    half[:, 0] = 50_000
    festival = bayes_nested(counts, half, alpha=0.001)
    assert usual.expected == pytest.approx(40, rel=0.02) and not usual.alarm.any()
    assert festival.expected == pytest.approx(21, rel=0.05) and festival.alarm.all()


def test_few_events_elsewhere_say_little_and_the_calendar_speaks() -> None:
    rest, calendar = np.full((1, 9), 1.0), np.ones((1, 9))
    rest[:, 0], calendar[:, 0] = 0.0, 0.5
    assert exposure(np.full((1, 9), 1.0), rest)[0][0, 0] > 0.95
    assert exposure(np.full((1, 9), 1.0), rest, calendar)[0][0, 0] == pytest.approx(0.5, abs=0.02)


def test_dispersion_is_a_group_s_own_and_one_outbreak_does_not_make_it() -> None:
    dice = np.random.default_rng(4)
    calm = dice.poisson(5, (200, 8)).astype(float)
    rough = dice.negative_binomial(2.5, 1 / 3, (200, 8)).astype(float)  # mean 5, three times a Poisson's variance
    group = np.repeat(["calm", "rough"], 200)
    both = np.concatenate([calm, rough])
    found = pooled_dispersion(both, np.ones((400, 8)), np.ones((400, 8)), group)
    assert found[0] == pytest.approx(1.0, abs=0.05) and 2 < found[-1] < 3.2
    struck = calm.copy()
    struck[0, 0] = 500
    weight = weights(struck, np.ones((200, 8)))
    assert pooled_dispersion(struck, np.ones((200, 8)), weight, group[:200])[0] == pytest.approx(found[0], abs=0.05)


def test_an_outbreak_in_the_past_does_not_make_the_next_one_usual() -> None:
    quiet = np.array([[14.0, 3, 5, 4, 3, 4, 5, 3, 4]])
    struck = quiet.copy()
    struck[0, 3] = 40
    rest = np.full((1, 9), 1e6)
    before, after = (bayes_nested(counts, rest, alpha=0.001) for counts in (quiet, struck))
    assert before.alarm.all() and after.alarm.all()
    assert after.expected == pytest.approx(before.expected, rel=0.1)


def test_a_past_is_needed() -> None:
    with pytest.raises(ShortHistory):
        bayes_nested(np.ones((2, 1)), np.ones((2, 1)), alpha=0.01)

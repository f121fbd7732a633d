"""An area beside its own past and the rest of the city."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from jobs.warn.methods.bayes import bayes_predictive
from jobs.warn.methods.bounds import ShortHistory
from jobs.warn.methods.nested import FAR, bayes_nested, exposure, pooled_dispersion

COUNTS = arrays(np.float64, (3, 9), elements=st.integers(0, 60).map(float))


@given(COUNTS)
def test_beside_a_vast_and_even_city_it_is_the_plain_predictive_bound(counts: np.ndarray) -> None:
    found = bayes_nested(counts, np.full(counts.shape, 1e9), alpha=0.01, group=np.arange(3))
    plain = bayes_predictive(counts[:, 0], counts[:, 1:], alpha=0.01)
    assert found.expected == pytest.approx(plain.expected)
    calm = pooled_dispersion(counts[:, 1:], np.ones((3, 8)), np.arange(3)) == 1
    assert found.bound[calm] == pytest.approx(plain.bound[calm])
    assert (found.bound[~calm] >= plain.bound[~calm]).all()
    alone = bayes_nested(counts, np.zeros(counts.shape), alpha=0.01, group=np.arange(3))
    assert alone.expected == pytest.approx(plain.expected) and (alone.bound >= found.bound).all(), "less is known"


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
    found = pooled_dispersion(np.concatenate([calm, rough]), np.ones((400, 8)), group)
    assert found[0] == pytest.approx(1.0, abs=0.05) and 2 < found[-1] < 3
    struck = calm.copy()
    struck[0, 0] = 500
    assert pooled_dispersion(struck, np.ones((200, 8)), group[:200])[0] < found[0] + FAR * 8 / 1400


def test_a_past_is_needed() -> None:
    with pytest.raises(ShortHistory):
        bayes_nested(np.ones((2, 1)), np.ones((2, 1)), alpha=0.01)

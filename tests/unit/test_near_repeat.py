"""Near repeats: pairs counted as by hand, planted repeats found in their band, chance left alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.warn.methods.near_repeat import chains, knox


def burglaries(seed: int, n: int = 400) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(0, 3000, (2, n)).round()
    x[:40], y[:40] = x[40:80], y[40:80]  # some places twice, at any time
    return x, y, rng.integers(0, 200, n)


def by_hand(x, y, day, metres, days) -> np.ndarray:
    counts = np.zeros((len(metres), len(days)), dtype=int)
    for i in range(len(x)):
        for j in range(i):
            apart, gap = float(np.hypot(x[i] - x[j], y[i] - y[j])), abs(int(day[i]) - int(day[j]))
            if apart <= metres[-1] and gap <= days[-1]:
                row = next(n for n, m in enumerate(metres) if apart <= m)
                counts[row, next(n for n, d in enumerate(days) if gap <= d)] += 1
    return counts


def test_pairs_are_counted_as_by_hand() -> None:
    x, y, day = burglaries(1, 150)
    x, y = (p.round(-2) for p in (x, y))  # many distances that lie on a band's end
    got = knox(x, y, day, permutations=9)
    expected = by_hand(x, y, day, got.metres, got.days)
    assert expected.sum() > 50 and expected[0].sum() > 0
    assert (got.observed == expected).all()


def test_planted_near_repeats_are_found_in_their_band_alone() -> None:
    x, y, day = burglaries(2)
    rng = np.random.default_rng(3)
    near, when = rng.uniform(30, 60, (2, 40)), rng.integers(1, 7, 40)
    got = knox(np.r_[x, x[-40:] + near[0]], np.r_[y, y[-40:] + near[1]], np.r_[day, day[-40:] + when])
    assert got.p[1, 0] == 0.001 and got.ratio[1, 0] > 2
    assert (got.p[2:] > 0.005).all()


def test_chance_gives_uniform_p() -> None:
    """200 towns without near repeats, places that come twice included."""
    p = np.array([knox(*burglaries(seed, 300), permutations=99, seed=seed).p[1, 0] for seed in range(200)])
    assert len(p) == 200
    assert 2 <= (p <= 0.05).sum() <= 19
    assert 75 <= (p <= 0.5).sum() <= 125


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000), st.integers(-(10**6), 10**6), st.integers(-100, 100))
def test_order_origin_and_first_day_change_nothing(seed: int, shift: int, later: int) -> None:
    x, y, day = burglaries(seed, 120)
    order = np.random.default_rng(seed).permutation(len(x))
    plain, moved = (
        knox(x, y, day, permutations=19),
        knox(x[order] + shift, y[order] - shift, day[order] + later, permutations=19),
    )
    assert (plain.observed == moved.observed).all() and (plain.p == moved.p).all()


def test_another_unit_changes_nothing_but_the_unit() -> None:
    x, y, day = burglaries(4)
    plain, halves = (
        knox(x, y, day, permutations=19),
        knox(x / 2, y / 2, day, metres=(0, 50, 100, 150, 200), permutations=19),
    )
    assert (plain.observed == halves.observed).all() and (plain.p == halves.p).all()


def test_nothing_and_bands_that_do_not_ascend() -> None:
    nothing = knox(np.zeros(0), np.zeros(0), np.zeros(0, dtype=int))
    assert nothing.observed.sum() == 0 and (nothing.p == 1).all()
    alone = knox(np.zeros(1), np.zeros(1), np.zeros(1, dtype=int), permutations=9)
    assert np.isnan(alone.ratio).all() and (alone.p == 1).all()
    with pytest.raises(ValueError, match="ascend"):
        knox(np.zeros(2), np.zeros(2), np.zeros(2, dtype=int), days=(14, 7))


def town(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A year of thefts in 9 km², and one street of 150 m with a theft every five days; today is day 364."""
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(0, 3000, (2, 160))
    street = rng.uniform(0, 150, 73)
    return np.r_[x, street], np.r_[y, np.full(73, 1500.0)], np.r_[rng.integers(0, 365, 160), np.arange(0, 365, 5)]


def with_chain(seed: int, when: list[int], step: float = 120.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    x, y, day = town(seed)
    return np.r_[x, 2000 + step * np.arange(len(when))], np.r_[y, np.full(len(when), 700.0)], np.r_[day, when]


def test_a_chain_is_told_with_its_events_and_a_busy_street_is_not() -> None:
    (best, *others) = chains(*with_chain(5, [355, 358, 360, 363]), today=364, permutations=199)
    assert set(best.rows.tolist()) >= {233, 234, 235, 236} and (best.first_day, best.last_day) == (355, 363)
    assert best.recurrence_days >= 100 and best.expected < 1
    street = [chain for chain in others if len(chain.rows) >= 4]
    assert street and all(chain.recurrence_days < 10 for chain in street), "its own past shuffles into chains as long"


@pytest.mark.parametrize(
    ("when", "step"),
    [([355, 358, 360, 363], 230.0), ([334, 342, 350, 358], 120.0), ([345, 348, 350, 353], 120.0), ([358, 363], 120.0)],
    ids=["too far apart", "eight days apart", "over by now", "two"],
)
def test_what_nearly_is_a_chain_is_none(when: list[int], step: float) -> None:
    x, y, day = with_chain(5, when, step)
    assert len(x) > 233
    found = chains(x, y, day, today=364, permutations=19)
    assert all(chain.rows.max() < 233 or len(chain.rows) < len(when) for chain in found)


def test_by_chance_a_chain_recurs_as_seldom_as_it_says() -> None:
    """200 towns without near repeats: one in ten has a chain that recurs in ten days."""
    told = [chains(*burglaries(seed, 500), today=199, permutations=49, seed=seed) for seed in range(200)]
    assert 8 <= sum(any(chain.recurrence_days >= 10 for chain in of) for of in told) <= 32


def test_no_events_make_no_chain() -> None:
    assert chains(np.zeros(0), np.zeros(0), np.zeros(0, dtype=int), today=0) == []

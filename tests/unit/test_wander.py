"""What chance alone does is no alarm, however small the delivery; what a person would see is."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quality.wander import Array, decile_distance, null_bound, psi, shared_rows, strangeness

PAST, TRIALS, LIMIT = 6, 200, 0.25
DECILES = np.arange(1, 10) / 10
dice = np.random.default_rng


def draws(chance: np.random.Generator, rows: int, kind: str) -> Array:
    return {
        "bell": lambda: chance.normal(40, 3, rows),
        "exponential": lambda: chance.exponential(20, rows),
        "lognormal": lambda: chance.lognormal(3, 1, rows),
        "constant": lambda: np.full(rows, 7.0),
        "small integers": lambda: chance.poisson(0.4, rows).astype(float),
    }[kind]()


KINDS = ["bell", "exponential", "lognormal", "constant", "small integers"]


def deciles_strange(samples: list[Array], least: float) -> bool:
    rows = np.array([len(one) for one in samples], float)
    observed, most = strangeness(
        *decile_distance(np.array([np.quantile(s, DECILES) for s in samples]), rows, least), LIMIT
    )
    return observed > most


def codes_strange(counts: list[Array]) -> bool:
    observed, most = strangeness(*psi(np.array(counts, float)), LIMIT)
    return observed > most


@pytest.mark.parametrize("rows", [1, 3, 10, 60, 1000, 50_000])
@pytest.mark.parametrize("share", [0.0, 0.005, 0.1, 0.6])
def test_an_honest_column_is_hardly_ever_said_to_be_emptier_than_usual(rows: int, share: float) -> None:
    chance, alarms = dice(1), 0
    for _ in range(TRIALS):
        empty = chance.binomial(rows, share, PAST + 1).astype(float)
        alarms += empty[0] / rows > null_bound(empty[1:], np.full(PAST, float(rows)), rows, 0.1)
    assert alarms <= TRIALS * 0.005


@pytest.mark.parametrize("rows", [60, 1000, 50_000])
@pytest.mark.parametrize("share", [0.0, 0.005, 0.1, 0.5])
def test_a_column_emptied_by_a_third_is_told(rows: int, share: float) -> None:
    chance, told = dice(2), 0
    for _ in range(100):
        empty = chance.binomial(rows, share, PAST).astype(float)
        now = share + 0.34 * (1 - share) if share < 0.5 else 0.9
        told += chance.binomial(rows, now) / rows > null_bound(empty, np.full(PAST, float(rows)), rows, 0.1)
    assert told >= (95 if rows > 60 else 80), "of sixty rows chance alone takes its share"


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=5, max_size=24), st.integers(1, 1000))
def test_the_bound_of_empty_cells_is_a_share_above_the_usual_one(past: list[tuple[int, int]], rows: int) -> None:
    empty, all_rows = np.array([e for e, _ in past], float), np.array([e + f + 1 for e, f in past], float)
    bound = null_bound(empty, all_rows, rows, 0.1)
    assert min(1.0, empty.sum() / all_rows.sum() + 0.09) <= bound <= 1
    assert null_bound(empty, all_rows, rows, 0.3) >= bound, "a wider limit is never stricter"


@pytest.mark.parametrize("rows", [50, 200, 5_000])
@pytest.mark.parametrize("kind", KINDS)
def test_the_same_law_drawn_again_is_no_drift(rows: int, kind: str) -> None:
    chance = dice(3)
    alarms = sum(deciles_strange([draws(chance, rows, kind) for _ in range(PAST + 1)], 0.0) for _ in range(TRIALS))
    assert alarms <= TRIALS * 0.005


@pytest.mark.parametrize("rows", [200, 5_000])
@pytest.mark.parametrize("kind", KINDS)
def test_another_unit_is_drift(rows: int, kind: str) -> None:
    chance = dice(4)
    for factor in (100, 1 / 100):
        some = [[draws(chance, rows, kind) for _ in range(PAST + 1)] for _ in range(20)]
        told = sum(deciles_strange([now * factor, *past], 0.0) for now, *past in some)
        assert told == 20 or (kind == "small integers" and factor < 1), "of small integers nearly all are 0 anyway"


@pytest.mark.parametrize("rows", [50, 200, 5_000])
@pytest.mark.parametrize("codes", [2, 8, 40])
def test_the_same_shares_drawn_again_are_no_drift(rows: int, codes: int) -> None:
    chance = dice(5)
    shares = chance.dirichlet(np.ones(codes))
    alarms = sum(codes_strange(list(chance.multinomial(rows, shares, PAST + 1))) for _ in range(TRIALS))
    assert alarms <= TRIALS * 0.005


@pytest.mark.parametrize("rows", [200, 5_000])
def test_two_codes_that_changed_places_are_drift(rows: int) -> None:
    chance, shares = dice(6), np.array([0.55, 0.25, 0.15, 0.05])
    swapped = shares[[2, 1, 0, 3]]
    told = sum(
        codes_strange([chance.multinomial(rows, swapped), *chance.multinomial(rows, shares, PAST)]) for _ in range(50)
    )
    assert told == 50


def test_a_column_that_always_wanders_is_no_drift_until_it_leaps() -> None:
    """A meter that counts on, a season that turns: each delivery lies as far from the last as that one from the one before."""
    chance = dice(7)
    steps = [chance.normal(100 + 10 * n, 3, 500) for n in range(12)]
    assert not deciles_strange(steps[::-1], 0.0)
    assert deciles_strange([chance.normal(400, 3, 500), *steps[::-1]], 0.0)


def test_a_weekend_is_compared_with_weekends() -> None:
    chance, week, weekend = dice(8), np.array([0.7, 0.2, 0.1]), np.array([0.1, 0.2, 0.7])
    past = [chance.multinomial(300, weekend if n % 7 >= 5 else week) for n in range(14)]
    assert not codes_strange([chance.multinomial(300, weekend), *past])
    assert codes_strange([chance.multinomial(300, weekend[[0, 2, 1]]), *past])


def sketch(rows: set[int]) -> list[str]:
    """What the profile keeps of them."""
    return sorted(hashlib.sha256(str(row).encode()).hexdigest() for row in rows)[:256]


@given(st.integers(1, 3000), st.integers(0, 3000), st.integers(1, 3000))
def test_shared_rows_are_estimated_from_two_sketches(mine: int, begins: int, theirs: int) -> None:
    one, other = set(range(mine)), set(range(begins, begins + theirs))
    found, true = shared_rows(sketch(one), mine, sketch(other), theirs), len(one & other) / mine
    assert (
        found == pytest.approx(true) if max(mine, theirs) <= 256 else abs(found - true) < 0.2 * max(mine, theirs) / mine
    )
    assert 0 <= found <= 1

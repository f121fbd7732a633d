"""The space-time permutation scan: the brute-force answer on little data, planted clusters found, chance left alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.warn.methods.circles import circles_over
from jobs.warn.methods.plane import plane_of, seem_degrees
from jobs.warn.methods.scan import Scan, TooShort, log_likelihood_ratio, p_value, space_time_permutation

Points = tuple[np.ndarray, np.ndarray, np.ndarray]


def town(seed: int, cases: int = 600, days: int = 120, side: float = 6000) -> Points:
    """Cases without any cluster: some places and some weekdays have more, whatever the day and the place."""
    rng = np.random.default_rng(seed)
    centre = rng.random(cases) < 0.4
    x, y = rng.uniform(0, side, (2, cases)).round(1)
    x[centre], y[centre] = (side / 2 + rng.normal(0, side / 12, (2, centre.sum()))).round(1)
    weekday = np.array([1.0, 1, 1, 1, 1, 2, 2])
    share = weekday[np.arange(days) % 7]
    return x, y, rng.choice(days, cases, p=share / share.sum())


def with_cluster(points: Points, at: tuple[float, float], first: int, last: int, cases: int, seed: int = 5) -> Points:
    rng = np.random.default_rng(seed)
    x, y = (np.r_[p, (c + rng.uniform(-200, 200, cases)).round(1)] for p, c in zip(points[:2], at, strict=True))
    return x, y, np.r_[points[2], rng.integers(first, last + 1, cases)]


def answers(scan: Scan) -> list[tuple]:
    return [
        (c.first_day, c.last_day, c.observed, round(c.expected, 9), round(c.log_likelihood_ratio, 9), round(c.p, 9))
        for c in scan.clusters
    ]


def brute_force(x: np.ndarray, y: np.ndarray, day: np.ndarray, retrospective: bool, longest: int) -> float:
    """The largest ratio over every circle around a case, every radius to a case, every window; cases counted one by one."""
    n, last, best = len(x), int(day.max()), 0.0
    for i in range(n):
        apart = np.hypot(x - x[i], y - y[i])
        for radius in apart:
            inside = apart <= radius + 1e-6
            if not 2 <= inside.sum() <= n / 2:
                continue
            for end in range(int(day.min()) + 1, last + 1) if retrospective else (last,):
                for length in range(2, longest + 1):
                    if end - length + 1 < day.min():
                        continue
                    then = (day <= end) & (day > end - length)
                    c, mu = int((inside & then).sum()), inside.sum() * then.sum() / n
                    if c > mu and c > 1:
                        rest = (n - c) * np.log((n - c) / (n - mu)) if n > c else 0.0
                        best = max(best, c * np.log(c / mu) + rest)
    return best


@pytest.mark.parametrize("retrospective", [False, True])
def test_the_highest_cylinder_is_that_of_counting_case_by_case(retrospective: bool) -> None:
    compared = 0
    for seed in range(8):
        rng = np.random.default_rng(seed)
        x, y = rng.integers(0, 6, (2, 24)) * 100.0  # places and distances that coincide
        day = np.r_[0, rng.integers(0, 12, 22), 11]
        scan = space_time_permutation(
            x, y, day, retrospective=retrospective, longest=5, permutations=19, seed=seed
        )  # fmt: skip
        best = brute_force(x, y, day, retrospective, 5)
        assert max(c.log_likelihood_ratio for c in scan.clusters) == pytest.approx(best)
        compared += best > 0
    assert compared == 8


def test_the_ratio_by_hand() -> None:
    got = log_likelihood_ratio(np.array([6, 2]), np.array([3.0, 3.0]), 10)
    assert got == pytest.approx([6 * np.log(2) + 4 * np.log(4 / 7), 0.0])


def test_a_planted_cluster_is_found_where_and_when_it_is() -> None:
    x, y, day = with_cluster(town(1), (1500, 4500), 114, 119, 14)
    scan = space_time_permutation(x, y, day, seed=1)
    best = scan.clusters[0]
    assert best.recurrence_days > 365
    assert np.hypot(best.x - 1500, best.y - 4500) < 400 and best.radius <= 1000
    assert 112 <= best.first_day <= 116 and best.last_day == 119
    assert len(best.rows) == best.observed
    assert np.isin(best.rows, np.arange(600, 614)).sum() >= 12, "its rows are the planted ones"
    assert best.ratio > 4
    apart = [
        np.hypot(a.x - b.x, a.y - b.y) > a.radius + b.radius for a in scan.clusters for b in scan.clusters if a is not b
    ]
    assert all(apart)


def test_a_past_cluster_is_seen_by_looking_back_only() -> None:
    x, y, day = with_cluster(town(2), (4500, 1500), 40, 46, 16)
    back = space_time_permutation(x, y, day, retrospective=True, least_radius=500, permutations=99, seed=1).clusters[0]
    assert back.p < 0.01 and 38 <= back.first_day <= 42 and 44 <= back.last_day <= 48
    assert np.hypot(back.x - 4500, back.y - 1500) < 600
    assert all(c.p > 0.01 for c in space_time_permutation(x, y, day, permutations=99, seed=1).clusters)


def test_two_clusters_are_two() -> None:
    points = with_cluster(town(3), (1000, 1000), 115, 119, 14)
    x, y, day = with_cluster(points, (5000, 5000), 110, 119, 16, seed=6)
    first, second = space_time_permutation(x, y, day, seed=1).clusters[:2]
    assert max(first.p, second.p) < 0.01
    assert not set(first.rows) & set(second.rows)
    assert {round(first.x, -3), round(second.x, -3)} == {1000, 5000}


def test_what_is_no_cluster_is_called_one_as_often_as_p_says() -> None:
    """200 towns without a cluster: p of the highest is uniform, and of the Gumbel tail no more than it says."""
    judged = [
        space_time_permutation(*town(seed, 160, 60, 3000), least_radius=400, longest=14, permutations=99, seed=seed)
        for seed in range(200)
    ]
    p = np.array([scan.clusters[0].p if scan.clusters else 1.0 for scan in judged])
    assert len(p) == 200
    assert 3 <= (p <= 0.05).sum() <= 19, "binomial(200, .05): outside this range once in a thousand"
    assert 80 <= (p <= 0.5).sum() <= 120
    assert (p <= 0.01).sum() <= 7


@pytest.mark.parametrize("least", [4, 20, 100])
def test_a_scan_that_stops_early_tells_what_all_permutations_tell(least: float) -> None:
    """Towns without a cluster, with a faint one and with a plain one."""
    towns = [town(seed, 200, 90, 3000) for seed in range(4)]
    towns += [
        with_cluster(town(seed, 200, 90, 3000), (1500, 1500), 84, 89, cases, seed)
        for seed in range(4)
        for cases in (4, 5, 12)
    ]
    told = stopped = 0
    for points in towns:
        every, early = (
            space_time_permutation(
                *points, least_radius=400, longest=14, permutations=199, least_recurrence_days=r, seed=3
            )
            for r in (0, least)
        )
        want = [one for one in answers(every) if 1 / one[-1] >= least]
        assert [one for one in answers(early) if 1 / one[-1] >= least] == want
        told, stopped = told + len(want), stopped + (len(early.null) < 199)
    assert told and stopped


def test_weekdays_explain_no_cluster_where_days_are_shuffled_within_them() -> None:
    """A quarter that is busy on weekends, looked at on a Sunday."""
    rng = np.random.default_rng(4)
    x, y, day = town(4, 8000, 126)
    night = rng.random(8000) < 0.15
    x[night], y[night] = rng.uniform(1000, 1400, (2, night.sum()))
    day[night] = rng.integers(0, 18, night.sum()) * 7 + rng.integers(5, 7, night.sum())
    day[0] = 125
    plain = space_time_permutation(x, y, day, longest=2, permutations=199, seed=1).clusters[0]
    within = space_time_permutation(x, y, day, strata=day % 7, longest=2, permutations=199, seed=1).clusters
    assert plain.p < 0.01
    assert all(c.p > 0.05 for c in within)


def test_what_comes_after_today_is_not_looked_at() -> None:
    x, y, day = with_cluster(town(5), (1500, 4500), 100, 105, 12)
    then = day <= 105
    known = space_time_permutation(x[then], y[then], day[then], permutations=99, seed=3)
    later = space_time_permutation(np.where(then, x, x * 3 - 999), y, day, today=105, permutations=99, seed=3)
    assert answers(known) == answers(later)
    assert known.clusters[0].last_day == 105


def test_what_lies_before_the_study_window_is_not_looked_at() -> None:
    x, y, day = town(6)
    within = day > 119 - 90
    assert answers(space_time_permutation(x, y, day, today=119, window_days=90, permutations=49)) == answers(
        space_time_permutation(x[within], y[within], day[within], today=119, permutations=49)
    )


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.integers(-(10**6), 10**6), st.integers(-50, 50), st.booleans())
def test_rows_in_another_order_and_another_origin_change_nothing(seed: int, shift: int, later: int, few: bool) -> None:
    x, y, day = with_cluster(town(seed, 200, 60), (1500, 4500), 55, 59, 6)
    if few:
        x, y = (p.round(-3) for p in (x, y))
    order = np.random.default_rng(seed).permutation(len(x))
    plain = space_time_permutation(x, y, day, longest=14, permutations=19)
    moved = space_time_permutation(
        x[order] + shift, y[order] - shift, day[order] + later, longest=14, permutations=19
    )  # fmt: skip
    for a, b in zip(plain.clusters, moved.clusters, strict=True):
        assert replace(
            b, x=b.x - shift, y=b.y + shift, first_day=b.first_day - later, last_day=b.last_day - later
        ) == replace(a, x=pytest.approx(a.x), y=pytest.approx(a.y))
        assert sorted(order[b.rows]) == list(a.rows)


def test_another_unit_changes_nothing_but_the_unit() -> None:
    x, y, day = with_cluster(town(7), (1500, 4500), 114, 119, 10)
    in_metres = space_time_permutation(x, y, day, permutations=49)
    halves = space_time_permutation(x / 2, y / 2, day, least_radius=125, permutations=49)
    assert answers(in_metres) == answers(halves)
    assert [c.radius for c in halves.clusters] == pytest.approx([c.radius / 2 for c in in_metres.clusters])


def test_degrees_are_laid_out_in_metres() -> None:
    longitude, latitude = np.array([116.30, 116.40, 116.30]), np.array([39.90, 39.90, 40.00])
    assert seem_degrees(longitude, latitude) and not seem_degrees(longitude * 1000, latitude)
    plane = plane_of(longitude, latitude)
    east, north = plane.metres(longitude, latitude)
    assert east - east[0] == pytest.approx([0, 8531, 0], abs=5) and north == pytest.approx([0, 0, 11120], abs=5)
    assert plane.degrees(east[1], north[1]) == pytest.approx((116.40, 39.90))


def test_circles_hold_the_places_within_their_radius_and_each_set_once() -> None:
    x, y, _ = town(8, 900)
    places, cases = np.unique(np.column_stack([x - x.min(), y - y.min()]).round(3), axis=0, return_counts=True)
    circles = circles_over(places, cases)
    assert len(circles) > 1000
    sets = set()
    for i in range(len(circles)):
        inside = np.flatnonzero(np.hypot(*(places - [circles.x[i], circles.y[i]]).T) <= circles.radius[i] + 1e-6)
        assert list(circles.places_in(i)) == list(inside)
        assert 2 <= cases[inside].sum() <= cases.sum() / 2
        sets.add(tuple(inside))
    assert len(sets) == len(circles)


def test_a_small_p_is_read_from_the_tail_and_a_large_one_from_the_rank() -> None:
    null = np.random.default_rng(1).gumbel(8, 1, 999)
    assert p_value(8.0, null) == (1 + (null >= 8.0).sum()) / 1000
    assert p_value(20.0, null) == pytest.approx(np.exp(-12), rel=0.7)
    assert p_value(60.0, null) > 0


def test_nothing_to_compare() -> None:
    x, y, day = town(9, 50)
    with pytest.raises(TooShort, match="span 3 days"):
        space_time_permutation(x, y, day % 3)
    with pytest.raises(ValueError, match="place for every case"):
        space_time_permutation(np.where(day == day[0], np.nan, x), y, day)
    assert space_time_permutation(x[:0], y[:0], day[:0]).clusters == []
    one_place = space_time_permutation(np.zeros(50), np.zeros(50), day, permutations=19)
    assert one_place.clusters == [] and one_place.circles == 0, "all cases in one place cannot crowd there"


def test_the_same_seed_gives_the_same_answer() -> None:
    points = town(10)
    assert (
        space_time_permutation(*points, permutations=19).null == space_time_permutation(*points, permutations=19).null
    ).all()
    assert (
        space_time_permutation(*points, permutations=19).null
        != space_time_permutation(*points, permutations=19, seed=1).null
    ).any()

"""EARS, the CUSUM and the calendar: daily counts."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from reference_counts import reference_counts

from jobs.warn.methods.bounds import ShortHistory
from jobs.warn.methods.calendar_factors import (
    AROUND_NEW_YEAR,
    HOLIDAY,
    KINDS,
    MAKE_UP,
    SCHOOL_HOLIDAYS,
    calendar_factors,
    day_kinds,
)
from jobs.warn.methods.cusum import cusum, ratio, simulated_threshold
from jobs.warn.methods.ears import ears_c1, ears_c2, ears_c3
from jobs.warn.workdays import is_workday, known, season_of

# upperbound(earsC(…, method = "C1" / "C2")) of R's surveillance 1.20.3 on the first 30 counts of the first reference series, α = .001
R_C1 = (14.3699353, 17.0580679, 16.8153886, 19.0383716, 19.7843174, 21.2887341)
R_C2 = (19.0383716, 15.4032721, 14.3699353, 17.0580679, 16.8153886, 19.0383716)

FEBRUARY = [date(2026, 2, 1) + timedelta(days=n) for n in range(28)]


def test_ears_bounds_are_those_of_r() -> None:
    counts = reference_counts()[:1, :30]
    assert ears_c1(counts, judged=6, alpha=0.001).bound[0] == pytest.approx(R_C1)
    assert ears_c2(counts, judged=6, alpha=0.001).bound[0] == pytest.approx(R_C2)


def test_ears_by_hand() -> None:
    """Baseline 1 … 7: mean 4, deviation √(28/6) = 2.1602; then 4, 4, 11: C1 rests on 4 … 7, 4, 4, C2 on 1 … 7."""
    counts = np.array([[1.0, 2, 3, 4, 5, 6, 7, 4, 4, 11]])
    two = ears_c2(counts)
    assert two.expected[0, 0] == 4
    assert two.score[0, 0] * 3 == pytest.approx(7 / 2.1602469, rel=0.01)
    assert two.alarm[0, 0]
    one = ears_c1(counts)
    assert one.expected[0, 0] == pytest.approx(33 / 7)
    assert not ears_c1(counts[:, :9]).alarm[0, 0]


def test_c3_adds_three_days_up() -> None:
    counts = np.array([[1.0, 3, 2, 1, 3, 2, 1, 2, 3, 2, 1, 3.5, 3.5, 3.5]])
    assert not ears_c2(counts, judged=3).alarm.any()
    three = ears_c3(counts, judged=3)
    assert three.alarm[0].tolist() == [False, False, True]
    np.testing.assert_array_equal(three.alarm[0], counts[0, -3:] > three.bound[0])


def test_ears_needs_its_days() -> None:
    with pytest.raises(ShortHistory, match="9 days"):
        ears_c2(np.ones((1, 9)))
    early = ears_c2(np.ones((1, 12)), judged=12)
    assert np.isfinite(early.bound[0]).tolist() == [day >= 9 for day in range(12)]


@pytest.mark.parametrize(("level", "dispersion"), [(0.5, 1.0), (5.0, 1.5), (20.0, 3.0)])
def test_a_quiet_cusum_alarms_as_rarely_as_asked(level: float, dispersion: float) -> None:
    rng = np.random.default_rng(11)
    size = level / (dispersion - 1) if dispersion > 1 else None
    draw = (lambda shape: rng.negative_binomial(size, 1 / dispersion, shape)) if size else (lambda shape: rng.poisson(level, shape))  # fmt: skip
    found = cusum(draw((100, 480)).astype(float), judged=360, alpha=1 / 60)
    assert 0.6 < found.alarm.mean() * 60 < 1.5


def test_a_doubling_is_found_and_nothing_before_it_changes() -> None:
    rng = np.random.default_rng(12)
    quiet = rng.poisson(6.0, (50, 200)).astype(float)
    doubled = quiet.copy()
    doubled[:, -14:] += rng.poisson(6.0, (50, 14))
    one, other = cusum(quiet, judged=60, alpha=1 / 60), cusum(doubled, judged=60, alpha=1 / 60)
    np.testing.assert_array_equal(one.score[:, :46], other.score[:, :46])
    assert other.alarm[:, -14:].any(axis=1).mean() > 0.95
    shorter = cusum(quiet[:, :-33], judged=27, alpha=1 / 60)
    np.testing.assert_array_equal(one.score[:, :27], shorter.score)


def test_the_cusums_bound_is_the_count_that_alarms() -> None:
    counts = np.random.default_rng(13).poisson(3.0, (40, 150)).astype(float)
    found = cusum(counts, judged=80, alpha=1 / 30)
    assert found.alarm.sum() > 20
    np.testing.assert_array_equal(found.alarm, counts[:, -80:] > found.bound)


def test_the_likelihood_ratio_is_poissons_where_nothing_is_overdispersed() -> None:
    slope, toll = ratio(np.array([5.0]), np.array([1.0]), 2.0)
    assert slope[0] == pytest.approx(np.log(2), rel=1e-5)
    assert toll[0] == pytest.approx(5.0, rel=1e-5)


def test_a_rarer_alarm_needs_a_higher_sum() -> None:
    assert simulated_threshold(2.0, 1.0, 1 / 90, 2.0) > simulated_threshold(2.0, 1.0, 1 / 30, 2.0) > 1


def test_too_few_days_for_a_cusum() -> None:
    with pytest.raises(ShortHistory, match="63 days"):
        cusum(np.ones((1, 63)))
    assert np.isfinite(cusum(np.ones((1, 64)), alpha=0.05).score).all()


def test_days_moved_for_a_festival() -> None:
    moved = {date(2026, 2, 14): True, date(2026, 2, 17): False}
    days = [date(2026, 2, 13) + timedelta(days=n) for n in range(5)]
    kinds = day_kinds(days, lambda day: moved.get(day, day.weekday() < 5))
    assert kinds.tolist() == [4, MAKE_UP, 6, 0, HOLIDAY]


def test_weekday_factors() -> None:
    days = [date(2025, 1, 6) + timedelta(days=n) for n in range(364)]
    kinds = day_kinds(days)
    counts = np.where(kinds < 5, 100.0, 30.0)[None]
    factors = calendar_factors(counts, kinds)[0]
    assert factors[:5] == pytest.approx(np.full(5, 1.25), rel=0.01)
    assert factors[5:7] == pytest.approx(np.full(2, 0.375), rel=0.01)
    assert factors[MAKE_UP] == pytest.approx(1.25, rel=0.01)
    assert factors[HOLIDAY] == pytest.approx(0.375, rel=0.01)
    assert calendar_factors(np.zeros((1, 364)), kinds)[0] == pytest.approx(np.ones(KINDS), abs=1.0)


def test_a_weekly_rhythm_is_no_alarm_and_hides_none() -> None:
    days = [date(2025, 1, 6) + timedelta(days=n) for n in range(400)]
    kinds = day_kinds(days)
    usual = np.where(kinds < 5, 20, 6)
    rng = np.random.default_rng(14)
    counts = rng.poisson(usual, (60, 400)).astype(float)
    counts[:, -7:] += rng.poisson(np.where(kinds[-7:] < 5, 0, 14), (60, 7))  # a busy weekend looks like a working day
    known, unknown = cusum(counts, kinds=kinds, judged=300, alpha=1 / 60), cusum(counts, judged=300, alpha=1 / 60)
    assert known.alarm[:, :-7].mean() * 60 < 1.6
    assert known.alarm[:, -7:].any(axis=1).mean() > 0.9
    assert unknown.alarm[:, -7:].any(axis=1).mean() < 0.3


def test_china_s_own_calendar() -> None:
    """2026: New Year on 17 February, off from the 15th to the 23rd; Saturday the 14th and the 28th are worked."""
    told = dict(zip(FEBRUARY, day_kinds(FEBRUARY, is_workday, season_of), strict=True))
    assert told[date(2026, 2, 4)] == 2 and told[date(2026, 2, 10)] == AROUND_NEW_YEAR
    assert told[date(2026, 2, 14)] == told[date(2026, 2, 28)] == MAKE_UP
    assert (
        told[date(2026, 2, 17)] == HOLIDAY
        and told[date(2026, 2, 15)] == 6
        and told[date(2026, 2, 25)] == AROUND_NEW_YEAR
    )
    assert season_of(date(2026, 7, 15)) == SCHOOL_HOLIDAYS and season_of(date(2026, 6, 15)) is None


def test_past_the_last_year_of_the_table_a_week_is_a_week() -> None:
    assert known(date(2026, 12, 31)) and not known(date(2099, 1, 1))
    assert is_workday(date(2099, 1, 1)) == (date(2099, 1, 1).weekday() < 5)

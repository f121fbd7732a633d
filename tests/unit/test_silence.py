"""A door that stays shut: the home's own habits decide, a dead sensor is no silence, and a door alone never gives orange."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.warn.methods.silence import Silence, concern, door_silence, slow_decline

FIRST = np.datetime64("2026-03-01T00:00:00")
HOUR = np.timedelta64(3600, "s")
NOW = FIRST + np.timedelta64(60, "D") + 12 * HOUR


def home(seed: int = 1, days: int = 60, a_day: float = 10, up: float = 7, down: float = 21) -> np.ndarray:
    """Openings of a home: some a day, between rising and going to bed."""
    rng = np.random.default_rng(seed)
    hours = np.concatenate([day * 24 + rng.uniform(up, down, rng.poisson(a_day)) for day in range(days)])
    return FIRST + (np.sort(hours) * 3600).astype("timedelta64[s]")


def beats(days: float = 62, every: float = 1) -> np.ndarray:
    return FIRST + (np.arange(0, days * 24, every) * 3600).astype("timedelta64[s]")


def at(day: int, hour: float) -> np.datetime64:
    return FIRST + np.timedelta64(int((day * 24 + hour) * 3600), "s")


def test_a_day_of_silence_is_unusual_in_a_busy_home_and_a_night_is_not() -> None:
    openings = home()
    morning = door_silence(openings, beats(), at(60, 6))
    assert morning.by_night or morning.hours < 24
    assert not morning.unusual
    later = door_silence(openings, beats(), at(60, 20))
    assert later.unusual and later.settled and later.hours == pytest.approx(20 + 24 - 21, abs=4)
    assert 12 <= later.limit < 20


def test_a_home_that_is_often_empty_has_a_longer_limit() -> None:
    """Every second weekend with the children: two days without an opening are usual there."""
    openings = home(2)
    day = (openings - FIRST) // np.timedelta64(1, "D")
    away = openings[~np.isin(day % 14, (5, 6))]
    quiet = at(60, 20)
    assert door_silence(away, beats(), quiet).limit > 24
    assert door_silence(openings, beats(), quiet).limit < 20


def test_a_dead_sensor_is_no_silence() -> None:
    openings, dead = home(3), beats(58)
    openings = openings[openings < at(58, 0)]
    lost = door_silence(openings, dead, NOW)
    assert lost.device_lost and not lost.unusual
    assert concern(lost, None, second_signal=False) == "device"
    back = door_silence(openings, np.concatenate([dead, beats()[-48:]]), FIRST + np.timedelta64(61, "D"))
    assert not back.device_lost
    assert back.hours <= 26, "silence counts from when the sensor spoke again"


def test_a_gap_with_a_dead_sensor_in_it_does_not_raise_the_limit() -> None:
    openings = home(4)
    hole = (openings > at(20, 0)) & (openings < at(25, 0))
    holed_beats = beats()[(beats() < at(20, 0)) | (beats() > at(25, 0))]
    assert door_silence(openings[~hole], holed_beats, NOW).limit < 20
    assert door_silence(openings[~hole], beats(), NOW).limit < 20, "one gap in 56 days lies beyond the quantile"


def test_false_alarms_are_as_many_as_the_quantile_says_and_a_fall_is_noticed_within_a_day() -> None:
    """300 homes with ten openings a day, looked at every hour of a day; then each goes silent at three in the afternoon."""
    alarms, delays = {0.995: 0, 0.999: 0}, []
    for seed in range(300):
        openings = home(seed, 62)
        for quantile in alarms:
            alarms[quantile] += any(
                door_silence(openings, beats(), at(60, hour), quantile=quantile).unusual for hour in range(24)
            )
        before = openings[openings <= at(60, 15)]
        delays.append(next(h for h in range(48) if door_silence(before, beats(64), at(60, 15 + h)).unusual))
    assert len(delays) == 300
    assert 0.02 <= alarms[0.995] / 300 <= 0.09 and alarms[0.999] / 300 <= 0.03
    assert 12 <= np.median(delays) <= 18 and max(delays) <= 24


def test_a_new_home_is_given_a_day() -> None:
    silence = door_silence(home()[:30], beats(4), at(3, 20))
    assert not silence.settled and silence.limit == 24
    nothing = door_silence(home()[:0], beats(3), at(2, 23))
    assert nothing.unusual and nothing.hours > 24
    assert door_silence(home()[:0], beats()[:0], NOW).device_lost


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 1000), st.integers(-1000, 1000))
def test_order_later_events_and_other_weeks_change_nothing(seed: int, weeks: int) -> None:
    openings = home(seed)
    shuffled = np.random.default_rng(seed).permutation(openings)
    plain = door_silence(openings, beats(), at(50, 13))
    later = np.timedelta64(weeks * 7, "D")
    known = openings[openings <= at(50, 13)]
    assert plain == door_silence(shuffled, beats(), at(50, 13)) == door_silence(known, beats(50.5), at(50, 13))
    assert plain == door_silence(openings + later, beats() + later, at(50, 13) + later)


def test_a_slow_decline_is_seen_and_a_steady_home_and_lost_days_are_not_one() -> None:
    rng = np.random.default_rng(5)
    steady = rng.poisson(10, (500, 56)).astype(float)
    assert np.mean([slow_decline(days).declining for days in steady]) <= 0.01
    sinking = steady.copy()
    sinking[:, -14:] = rng.poisson(np.linspace(10, 4, 14), (500, 14))
    assert np.mean([slow_decline(days).declining for days in sinking]) >= 0.8
    lost = steady[0].copy()
    lost[-10:] = np.nan
    assert not slow_decline(lost).declining
    with pytest.raises(ValueError, match="14 days to decline from, not 6"):
        slow_decline(steady[0][:20])


def test_the_limit_by_hand() -> None:
    """Mean 9, Poisson's deviation 3: after one day of 0 the average is 7.2 and the limit 9 − 9·.2; after the second 5.76 and 9 − 9·√(.2/1.8·(1 − .8⁴))."""
    decline = slow_decline(np.r_[np.full(28, 9.0), 0, 0, np.full(12, np.nan)])
    assert decline.ewma[:2] == pytest.approx([7.2, 5.76])
    assert decline.lower[:2] == pytest.approx([9 - 9 * 0.2, 9 - 9 * np.sqrt(0.2 / 1.8 * (1 - 0.8**4))])
    assert decline.declining


def test_a_door_alone_never_gives_orange() -> None:
    silent, usual = Silence(15, 12, False, True, False), Silence(3, 12, False, True, False)
    declining = slow_decline(np.r_[np.full(28, 9.0), np.zeros(14)])
    assert concern(silent, declining, second_signal=False) == "yellow"
    assert concern(silent, None, second_signal=True) == "orange"
    assert concern(usual, declining, second_signal=False) == "blue"
    assert concern(usual, None, second_signal=True) == "none"

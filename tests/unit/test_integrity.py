"""The integrity tests: quiet on honest figures, loud on made-up ones, silent where they cannot judge; two features make a flag."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quality.integrity.deadline import before_deadline, same_lag
from quality.integrity.digits import endings, first_digits, terminal_digits, too_few_repeats, too_round
from quality.integrity.finding import (
    FAMILY_RATE,
    FEATURES,
    MOST_P,
    Finding,
    alpha_for,
    expected_false,
    is_flag,
    pairs,
    speaking,
)
from quality.integrity.judge import Reported, judge_counts, judge_deadlines, judge_figures, resolution_of
from quality.integrity.sequence import Sequence, copied_blocks, same_again
from quality.integrity.variation import too_smooth

FIRST = np.datetime64("2026-01-05")
WEEKDAY = np.arange(120) % 7


def dice(seed: int = 3) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_the_nine_figures_of_benford_s_law_speak_only_where_it_holds_elsewhere() -> None:
    wide, elsewhere = dice().lognormal(8, 2.5, 1000), dice(4).lognormal(8, 2.5, 3000)
    made_up = dice(5).integers(1, 10, 1000) * 10.0 ** dice(6).integers(1, 5, 1000)
    assert (first_digits(wide, elsewhere).p or 0) > 0.01
    assert first_digits(made_up, elsewhere).speaks(MOST_P)
    assert "elsewhere" in first_digits(made_up, made_up).why
    assert "orders of magnitude" in first_digits(dice().normal(500, 20, 1000), elsewhere).why
    assert not first_digits(wide[:299], elsewhere).judged


def test_last_digits() -> None:
    honest = endings(dice().normal(500, 90, 400).round())
    assert not isinstance(honest, str)
    assert (terminal_digits(honest).p or 0) > 0.01 and (too_round(honest).p or 0) > 0.01
    liked = dice().choice(10, 400, p=[0.1, 0.02, 0.2, 0.2, 0.05, 0.1, 0.05, 0.2, 0.05, 0.03])
    assert terminal_digits(liked).speaks(MOST_P) and not too_round(liked).speaks(MOST_P)
    heaped = np.where(dice().random(400) < 0.3, 0, honest[:400])
    assert too_round(heaped).speaks(MOST_P) and not terminal_digits(heaped).speaks(MOST_P)


@pytest.mark.parametrize(
    ("values", "why"),
    [
        (np.full(500, 300.0), "spread over too few units"),
        (np.arange(99.0), "three digits"),
        (dice().choice([120.0, 180.0, 240.0, 300.0, 360.0], 500), "set, not free"),
        (dice().normal(500, 3, 500), "spread over too few units"),
    ],
)
def test_figures_without_free_last_digits_cannot_be_judged(values: np.ndarray, why: str) -> None:
    assert why in str(endings(values))


def test_people_do_not_write_the_same_last_digit_twice() -> None:
    honest = dice().normal(500, 90, 400).round()
    never = honest.copy()
    for at in range(1, len(never)):
        never[at] += never[at] % 10 == never[at - 1] % 10
    assert (too_few_repeats(honest).p or 0) > 0.01
    assert too_few_repeats(never).speaks(MOST_P)
    assert not too_few_repeats(np.arange(500.0)).judged, "a counter never repeats its last digit, and is honest"


def test_counts_smoother_than_chance() -> None:
    honest, bursts = dice().poisson(4, 120), dice().poisson(4 * dice(4).gamma(2, 0.5, 120))
    assert (too_smooth(honest, WEEKDAY).p or 0) > 0.01
    assert (too_smooth(bursts, WEEKDAY).p or 0) > 0.5
    assert too_smooth(np.full(120, 4), WEEKDAY).speaks(MOST_P)
    assert too_smooth(4 + dice().integers(-1, 2, 120), WEEKDAY).speaks(MOST_P)
    weekly = np.where(WEEKDAY < 5, 6, 1)
    assert too_smooth(weekly, WEEKDAY).speaks(MOST_P), "the same every week is smooth too"
    assert not too_smooth(np.full(27, 4), WEEKDAY[:27]).judged


def sequence(values: np.ndarray, first: int = 0) -> Sequence:
    return Sequence(values.astype(np.int64), np.arange(len(values)) % 7, first + np.arange(len(values)))


def test_a_copied_block_is_found_in_the_later_place() -> None:
    own, other = dice().integers(100, 900, 120), dice(4).integers(100, 900, 120)
    own[80:100] = own[10:30]
    [found, quiet] = copied_blocks([sequence(own), sequence(other)])
    assert found.speaks(MOST_P) and found.place == (80, 0, 10) and found.effect == 20
    assert not quiet.speaks(MOST_P)
    borrowed = other.copy()
    own = dice(5).integers(100, 900, 120)
    own[60:80] = borrowed[30:50]
    [later, source] = copied_blocks([sequence(own), sequence(borrowed)])
    assert later.speaks(MOST_P) and later.place == (60, 1, 30)
    assert not source.speaks(MOST_P), "whom one copied from did nothing"


def test_quiet_seasons_are_no_copies_of_each_other() -> None:
    units = [np.where(np.arange(120) % 60 < 40, 0, dice(n).poisson(5, 120)) for n in range(3)]
    assert not any(found.speaks(MOST_P) for found in copied_blocks([sequence(values) for values in units]))


def test_the_same_figure_again_and_again() -> None:
    honest = dice().integers(0, 12, 200)
    stuck = honest.copy()
    for at in range(20, 180, 8):
        stuck[at : at + 4] = stuck[at]
    assert (same_again(sequence(honest)).p or 0) > 0.01
    assert same_again(sequence(stuck)).speaks(MOST_P)
    full = np.where(dice().random(200) < 0.5, 12, honest)
    assert not same_again(sequence(full)).speaks(MOST_P), "a full lot is no figure"


def reported(unit: str, values: np.ndarray, step_hours: int = 1) -> Reported:
    at = FIRST.astype("datetime64[s]") + (np.arange(len(values)) * step_hours * 3600).astype("timedelta64[s]")
    return Reported(unit, at, values.astype(float))


def of(findings: list[Finding], test: str) -> Finding:
    [found] = [finding for finding in findings if finding.test == test]
    return found


def test_copied_days_make_a_flag_and_honest_days_beside_them_do_not() -> None:
    hour = np.arange(28 * 24) % 24
    units = [
        reported(f"u{n}", np.rint(500 + 200 * np.cos(hour / 24 * 6.28) + dice(n).normal(0, 30, len(hour))))
        for n in range(4)
    ]
    units[0].values[-240:] = units[0].values[-240 - 336 : -336]
    units[1].values[-168:] = units[2].values[-336:-168]
    judged = judge_figures(units)
    flagged = [is_flag(speaking(findings, MOST_P)) for findings in judged]
    assert flagged == [True, True, False, False]
    assert of(judged[0], "repeated_figures").speaks(MOST_P) and of(judged[1], "shared_figures").speaks(MOST_P)


def test_rounding_is_one_feature_and_no_flag() -> None:
    values = np.rint(dice().normal(600, 150, 600))
    values = np.where(dice(4).random(600) < 0.6, np.rint(values / 10) * 10, values)
    found = speaking(judge_figures([reported("u", values)])[0], MOST_P)
    assert [finding.feature for finding in found] == ["ending"] and not is_flag(found)


def test_an_invented_log_makes_a_flag() -> None:
    day = np.repeat(np.arange(120), 4)
    minute = dice().choice([0, 30, 15, 45, 10, 20], len(day))
    at = np.sort(FIRST.astype("datetime64[s]") + (day * 86_400 + minute * 60 + 36_000).astype("timedelta64[s]"))
    [findings] = judge_counts([Reported("u", at, np.ones(len(at)))], FIRST, FIRST + 119)
    assert {finding.feature for finding in speaking(findings, MOST_P)} >= {"variation", "ending"}


def test_closed_for_the_deadline() -> None:
    usual = 10_080 - dice().exponential(4000, 300)
    rush = np.r_[usual[:150], dice().gamma(1.2, 240, 150)]
    forged = np.r_[usual[:200], np.ones(100)]
    assert not before_deadline(rush).speaks(MOST_P) and not same_lag(rush).speaks(MOST_P)
    assert before_deadline(forged).speaks(MOST_P) and same_lag(forged).speaks(MOST_P)
    [hours] = judge_deadlines([Reported("u", np.arange(300), np.zeros(300))], to_the_day=True)
    assert not of(hours, "same_lag").judged, "without a clock there is no minute"


def test_how_many_closed_in_the_last_hour_says_nothing_of_where_in_it() -> None:
    """Of honest closings that crowd into the last hour, same_lag speaks of no more than of any others."""
    crowded = [np.r_[dice(n).uniform(60, 300, 20), dice(n + 500).uniform(0, 60, 80)] for n in range(300)]
    assert all((before_deadline(left).p or 0) < 1e-6 for left in crowded)
    assert np.mean([(same_lag(left).p or 0) < 0.05 for left in crowded]) <= 0.05


def test_two_tests_of_one_feature_are_one() -> None:
    one = [Finding("terminal_digits", 100, 1e-9, 0.5), Finding("too_round", 100, 1e-9, 0.5)]
    assert not is_flag(speaking(one, MOST_P)) and pairs(one) == 0
    two = [*one, Finding("too_few_repeats", 100, 1e-9, 0.5)]
    assert is_flag(speaking(two, MOST_P)) and pairs(two) == 1
    small = [one[0], Finding("too_few_repeats", 100, 1e-9, 0.1, least=0.2)]
    assert not is_flag(speaking(small, MOST_P)), (
        "what is too small to matter does not speak, however many figures there are"
    )


@given(st.integers(0, 10_000_000))
def test_the_family_rate_is_held_and_one_in_a_thousand_is_the_most(many: int) -> None:
    assert alpha_for(many) <= MOST_P
    assert expected_false(many) <= FAMILY_RATE * (1 + 1e-9)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.lists(st.floats(-1e6, 1e6).map(lambda x: round(x, 1)), min_size=1, max_size=150), min_size=1, max_size=4
    )
)
def test_any_figures_get_every_test_and_a_p_value_or_a_reason(units: list[list[float]]) -> None:
    judged = judge_figures([reported(f"u{n}", np.array(values)) for n, values in enumerate(units)])
    judged += judge_counts([reported(f"u{n}", np.array(values)) for n, values in enumerate(units)], FIRST, FIRST + 9)
    judged += judge_deadlines([reported(f"u{n}", np.array(values)) for n, values in enumerate(units)])
    for findings in judged:
        for finding in findings:
            assert finding.test in FEATURES
            assert (finding.p is None) == bool(finding.why)
            assert finding.p is None or 0 <= finding.p <= 1


def test_the_resolution_is_the_one_that_figures_are_written_to() -> None:
    assert [resolution_of(np.array(v)) for v in ([1.0, 20.0], [1.5, 2.0], [0.25, 1.0])] == pytest.approx([1, 0.1, 0.01])

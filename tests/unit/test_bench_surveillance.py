"""The measures of the warning bench: what they call found, false and perfect."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from jobs.bench.surveillance.nab import Stream, optimised, read_streams, row_weights, sigmoid
from jobs.bench.surveillance.noufaily import (
    CURRENT,
    LONGEST,
    NEEDED,
    SIZES,
    Scenario,
    add_outbreak,
    draw,
    rated,
    simulate,
    with_outbreak,
)
from jobs.bench.surveillance.rki import answers, at_specificity, lag, measure, read_series
from jobs.warn.methods.bayes import bayes
from jobs.warn.methods.bounds import ShortHistory
from jobs.warn.methods.conformal import conformal_knn


def test_sensitivity_at_a_specificity() -> None:
    outbreak = np.array([[False] * 10 + [True] * 4])
    tail = np.array([[0.01, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 0.001, 0.005, 0.25, 0.95]])
    assert at_specificity(tail, outbreak, 1.0) == 0.5
    assert at_specificity(tail, outbreak, 0.7) == 0.75
    assert at_specificity(tail, outbreak, 0.0) == 1.0


def test_lag_is_the_outbreaks_length_where_nothing_alarms() -> None:
    outbreak = np.array([[False, True, True, True], [True, True, False, False]])
    alarm = np.array([[True, False, True, False], [False, False, True, True]])
    assert lag(alarm, outbreak) == (1 + 2) / 2


def test_a_week_is_not_compared_with_itself() -> None:
    seen = []

    def watching(counts, *, judged, alpha):
        seen.append(counts.copy())
        return bayes(counts, judged=judged, alpha=alpha)

    answers(watching, np.arange(1000.0, 1209)[None])
    assert len(seen) == 209
    for week, counts in enumerate(seen):
        assert counts[0, -1] == 1000 + week
        assert not np.isin(np.arange(1000 + week - 26, 1000 + week + 27), counts[0, :416]).any()


def test_published_figures_come_out_again(published) -> None:
    data = published("surveillance/rki_weekly.csv.gz").parents[1]
    counts, outbreak = read_series(data)
    assert counts.shape == (7, 209)
    found = measure("bayes(4,0,2)", bayes, counts, outbreak, seed=1)
    assert found.sensitivity[0.974][0] == pytest.approx(0.498, abs=0.001)
    assert found.sensitivity[0.926][0] == pytest.approx(0.676, abs=0.001)
    assert found.changed == 0


def test_scenarios_have_the_mean_and_variance_they_say() -> None:
    scenario = Scenario(theta=1.5, beta=0.001, m=1, phi=2.0, gamma1=0.3, gamma2=0.1)
    counts = draw(scenario, 4000, np.random.default_rng(1))
    assert counts.shape == (4000, 624)
    assert counts.mean(axis=0) == pytest.approx(scenario.mean(), rel=0.15)
    assert (counts.var(axis=0) / counts.mean(axis=0)).mean() == pytest.approx(2.0, rel=0.03)
    assert scenario.mean()[12] == pytest.approx(np.exp(1.5 + 0.013 + 0.1))  # a quarter of the year: sine is 1


def test_an_outbreak_has_the_size_it_says_and_ends_with_its_last_case() -> None:
    counts = np.zeros((3000, 624))
    start = np.full(3000, 580)
    end = add_outbreak(counts, np.full(624, 2.0), 5, start, np.random.default_rng(2))
    assert counts.sum() / 3000 == pytest.approx(10, rel=0.03)
    assert counts[:, 580].sum() / counts.sum() == pytest.approx(0.5, abs=0.02)
    some = counts.sum(axis=1) > 0
    np.testing.assert_array_equal(end[some], [np.flatnonzero(row)[-1] for row in counts[some]])
    aligned, inside = with_outbreak(Scenario(0.1, 0, 0, 1.0, 0, 0), 50, 5, np.random.default_rng(3))
    assert aligned.shape == (50, NEEDED)
    assert inside.shape == (50, LONGEST)
    assert inside[:, -1].all()


def test_a_scenario_is_rated() -> None:
    scenario = Scenario(theta=2.5, beta=0.0, m=0, phi=1.5, gamma1=0, gamma2=0)
    simulated = simulate(scenario, 30, np.random.default_rng(4))
    assert simulated["farrington_scan"].quiet.shape == (30 * CURRENT,)
    found = rated("farrington_scan", [simulated["farrington_scan"]])
    assert 0 <= found.rate == found.worst < 0.03
    assert found.found[3] < found.found[10]
    assert set(found.matched) == set(SIZES)


STREAM = Stream("s", np.zeros(1000), [(500, 599)])


def test_an_early_alarm_in_a_window_is_worth_most() -> None:
    """NAB's scaled sigmoid at −1 is .98661; the last row of the window is worth σ(−.01) ÷ σ(−1)."""
    worth, window = row_weights(STREAM)
    assert sigmoid(-1.0) == pytest.approx(0.98661, abs=1e-5)
    assert worth[500] == pytest.approx(1.0)
    assert worth[599] == pytest.approx((2 / (1 + np.exp(-0.05)) - 1) / 0.98661, abs=1e-4)
    assert worth[499] == -0.11
    assert -0.11 < worth[600] < 0
    assert worth[999] == pytest.approx(-0.11)
    assert np.flatnonzero(window == 0).tolist() == list(range(500, 600))


def test_perfect_is_100_and_silence_is_0() -> None:
    perfect, silent, false = np.zeros((3, 1000))
    perfect[500] = 1
    false[300] = 1
    assert optimised([STREAM], [perfect])[0] == pytest.approx(100)
    assert optimised([STREAM], [silent])[0] >= 0
    assert optimised([STREAM], [np.where(perfect > 0, 0.5, false)])[0] == pytest.approx(100 * (2 - 0.11) / 2)


def test_streams_are_those_at_hand(tmp_path: Path) -> None:
    folder = tmp_path / "surveillance" / "nab"
    folder.mkdir(parents=True)
    with pytest.raises(FileNotFoundError):
        read_streams(tmp_path)
    windows = {"a.csv": [["2026-01-01 00:02:00.000000", "2026-01-01 00:03:00.000000"]], "gone.csv": []}
    (folder / "windows.json").write_text(json.dumps(windows), encoding="utf-8")
    rows = "".join(f"2026-01-01 00:0{minute}:00,{minute}\n" for minute in range(6))
    (folder / "a.csv").write_text("timestamp,value\n" + rows, encoding="utf-8")
    (stream,) = read_streams(tmp_path)
    assert stream.windows == [(2, 3)]
    assert stream.values.tolist() == [0, 1, 2, 3, 4, 5]


def test_a_new_shape_is_unlike_and_later_values_change_nothing() -> None:
    rng = np.random.default_rng(5)
    values = np.sin(np.arange(1500) / 8) + 0.1 * rng.standard_normal(1500)
    values[1200:1230] = 0.2
    whole, cut = conformal_knn(values, window=300), conformal_knn(values[:1300], window=300)
    assert 1200 <= whole[400:].argmax() + 400 < 1260
    np.testing.assert_allclose(whole[:1300], cut, rtol=1e-9)
    with pytest.raises(ShortHistory):
        conformal_knn(values[:100], window=300)

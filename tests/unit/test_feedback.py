"""What verdicts say about a family of warnings, and how far they move its threshold."""

from __future__ import annotations

from datetime import timedelta

import pytest
from raised import EIGHT, TODAY, found, warning

from jobs.home import Home
from jobs.warn.feedback import measure, move_thresholds, step_of, threshold_log, threshold_of, wilson
from jobs.warn.life import Move, move_all
from schemas.life import load_life

RULES = load_life().feedback


def test_wilsons_interval_is_the_published_one() -> None:
    low, high = wilson(81, 263)  # Newcombe 1998, Stat. Med. 17, table I: 81/263
    assert (low, high) == (pytest.approx(0.2553, abs=1e-4), pytest.approx(0.3662, abs=1e-4))
    assert wilson(0, 0) == (None, None)


@pytest.mark.parametrize(
    ("verdicts", "before", "after"),
    [
        (["false"] * 5, 1.0, 1.1), (["no_use"] * 5, 1.0, 1.1), (["false"] * 4, 1.0, None), (["false"] * 5 + ["true"] * 3, 1.0, None),
        (["true"] * 16, 1.0, 0.9), (["partly"] * 16, 1.0, 0.9), (["true"] * 15, 1.0, None),
        (["false"] * 50, 2.0, None), (["false"] * 50, 1.95, 2.0), (["true"] * 50, 0.8, None),
    ],
)  # fmt: skip
def test_a_threshold_moves_one_step_within_its_bounds_when_there_is_no_doubt(verdicts, before, after) -> None:
    step = step_of("f", 1, before, verdicts, RULES, EIGHT)
    assert (step.after if step else None) == after
    assert step is None or (str(len(verdicts)) in step.why and RULES.lowest <= step.after <= RULES.highest)


def ended(home: Home, verdicts: dict[str, str]) -> None:
    ids = list(verdicts)
    steps = [Move(id_, "triaged", "甲", "看") for id_ in ids]
    move_all(home, steps + [Move(id_, "evaluated", "甲", "核", verdict=verdict) for id_, verdict in verdicts.items()])


def test_a_verdict_counts_towards_one_step_and_never_against_life_and_safety(home: Home) -> None:
    false, hazards = [f"f{n}" for n in range(6)], [f"h{n}" for n in range(9)]
    found(home, *(warning(id_) for id_ in false), *(warning(id_, family="gas_leak", lane="safety") for id_ in hazards))
    assert threshold_of(home, "incident_surge") == 1.0
    ended(home, dict.fromkeys([*false, *hazards], "false"))
    (moved,) = move_thresholds(home)
    assert (moved.family, moved.before, moved.after, moved.evaluated) == ("incident_surge", 1.0, 1.1, 6)
    assert move_thresholds(home) == [] and len(threshold_log(home)) == 1
    assert (threshold_of(home, "incident_surge"), threshold_of(home, "gas_leak")) == (1.1, 1.0)


def test_the_days_figures_by_family_and_of_all(home: Home, rows) -> None:
    found(
        home, warning("a"), warning("b", category="fraud"), warning("c", family="repair_surge", status="below_line"), warning("d"),
        warning("e", raised_on=TODAY - timedelta(28)),
    )  # fmt: skip
    at = EIGHT - timedelta(hours=12)
    for id_, minutes in (("a", 30), ("b", 90)):
        steps = [("dispatched", 0), ("acknowledged", minutes), ("resolved", minutes + 5)]
        done, _ = move_all(home, [Move(id_, state, "甲", "办", at=at + timedelta(minutes=m)) for state, m in steps])
        assert len(done) == 3
    move_all(home, [Move("a", "evaluated", "甲", "核", verdict="partly"), Move("d", "merged", "钟", "同", into_id="a")])
    surge, repair, total = sorted(measure(home), key=lambda one: (one.family == "*", one.family))
    assert (surge.raised, surge.closed, surge.evaluated, surge.confirmed, surge.duplicates) == (3, 2, 1, 1, 1)
    assert (surge.precision, surge.not_evaluated_share, surge.acknowledge_minutes) == (0.5, 0.5, 60)
    assert surge.precision_low is not None and surge.precision_low < 0.5 < (surge.precision_high or 0)
    assert (repair.raised, repair.closed, repair.precision, repair.shown_a_day) == (1, 0, None, 0)
    assert (total.raised, total.shown_a_day) == (4, 2 / 28)
    move_all(home, [Move("a", "reopened", "甲", "又")])
    measure(home)
    kept = rows("ops", "warning_measure")
    assert len(kept) == 3 and {row["family"]: row["reopens"] for row in kept} == {
        "incident_surge": 1,
        "repair_surge": 0,
        "*": 1,
    }

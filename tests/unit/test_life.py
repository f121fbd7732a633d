"""The life of a warning: every step that is allowed, every one that is not, and whatever people try, a history that holds together."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from raised import found, warning

from jobs import lake
from jobs.home import Home
from jobs.warn.life import (
    CannotMove,
    IllegalMove,
    Move,
    NoSuchWarning,
    move,
    move_all,
    moves_of,
    one_warning,
    path,
    raise_to_red,
    warnings_now,
)
from schemas.contract import ContractFault
from schemas.life import BIRTH, LIFE, State, load_life

LIFE_OF = load_life()
STATES: list[State] = list(LIFE_OF.states)
LEGAL = [(start, end) for start in STATES for end in LIFE_OF.may_follow(start)]
ILLEGAL = [(start, end) for start in STATES for end in STATES if end not in LIFE_OF.may_follow(start)]


def to(warning_id: str, state: State, **given) -> Move:
    words = {"by": "王指挥", "why": "查看后决定", "verdict": "true" if state == "evaluated" else None}
    return Move(warning_id, state, **(words | {"into_id": "older" if state == "merged" else None} | given))


def way_to(state: State) -> list[State]:
    """A shortest legal way from birth to a state."""
    ways: dict[State, list[State]] = {BIRTH: []}
    coming: list[State] = [BIRTH]
    for here in coming:
        for following in LIFE_OF.may_follow(here):
            if following not in ways:
                ways[following] = [*ways[here], following]
                coming.append(following)
    return ways[state]


def test_every_legal_move_is_made_and_every_other_is_refused(home: Home) -> None:
    pairs = {f"{number:04d}-pair": pair for number, pair in enumerate([*LEGAL, *ILLEGAL])}
    found(home, *map(warning, pairs))
    _, refused = move_all(home, [to(id_, step) for id_, (start, _) in pairs.items() for step in way_to(start)])
    assert not refused
    done, refused = move_all(home, [to(id_, end) for id_, (_, end) in pairs.items()])
    assert [(one.from_state, one.to_state) for one in done] == LEGAL and len(LEGAL) >= 30
    faults = [fault for _, fault in refused if isinstance(fault, IllegalMove)]
    assert [(fault.state, wanted.to_state) for (wanted, _), fault in zip(refused, faults, strict=True)] == ILLEGAL
    assert len(LEGAL) + len(ILLEGAL) == len(STATES) ** 2
    assert {row["warning_id"]: row["state"] for row in warnings_now(home)} == {
        id_: pair[1] if pair in LEGAL else pair[0] for id_, pair in pairs.items()
    }


def test_a_refusal_names_the_warning_its_state_and_what_may_follow(home: Home) -> None:
    found(home, warning("ab12cd34-0000"))
    with pytest.raises(IllegalMove) as refused:
        move(home, to("ab12cd34-0000", "resolved"))
    for word in ("ab12cd34", "发现", "反馈", "研判 triaged", "is new and cannot become resolved", "issued"):
        assert word in str(refused.value)
    assert not lake.exists(path(home))


NEXT = count()


@pytest.fixture
def many(home: Home) -> Home:
    found(home, *(warning(f"{number:06d}") for number in range(100)))
    return home


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tried=st.lists(st.sampled_from(STATES), min_size=1, max_size=25), red_at=st.integers(0, 25))
def test_whatever_is_tried_the_history_is_legal_and_only_grows(many: Home, tried: list[State], red_at: int) -> None:
    id_ = f"{next(NEXT):06d}"
    before = moves_of(many)
    wanted = [to(id_, state) for state in tried]
    half = red_at % (len(wanted) + 1)
    for part in (wanted[:half], wanted[half:]):
        move_all(many, part)
    after = moves_of(many)
    assert [row for row in after if row in before] == before, "no row of before is changed or gone"
    mine = [row for row in after if row["warning_id"] == id_]
    state: State = BIRTH
    for number, row in enumerate(mine, 1):
        assert (row["move_no"], row["from_state"]) == (number, state) and row["to_state"] in LIFE_OF.may_follow(state)
        state = row["to_state"]
    assert len(after) == len(before) + len(mine)
    assert one_warning(many, id_)["state"] == state


def test_of_two_who_move_one_warning_at_the_same_time_one_wins(home: Home) -> None:
    found(home, warning("ab12"))

    def triage(who: str) -> str:
        try:
            return move(home, to("ab12", "triaged", by=who)).by
        except IllegalMove as fault:
            return fault.state

    with ThreadPoolExecutor(4) as pool:
        ended = list(pool.map(triage, ["甲", "乙", "丙", "丁"]))
    assert ended.count("triaged") == 3 and len(moves_of(home)) == 1


def test_who_and_why_and_a_verdict_are_asked_for(home: Home) -> None:
    found(home, warning("ab12"))
    for wrong in ({"by": " "}, {"why": ""}):
        with pytest.raises(CannotMove, match="--"):
            move(home, to("ab12", "triaged", **wrong))
    with pytest.raises(CannotMove, match="--into"):
        move(home, to("ab12", "merged", into_id=None))
    move(home, to("ab12", "triaged"))
    for verdict in (None, "perhaps"):
        with pytest.raises(CannotMove, match="--verdict"):
            move(home, to("ab12", "evaluated", verdict=verdict))
    with pytest.raises(CannotMove, match="verdict"):
        move(home, to("ab12", "issued", verdict="true"))
    move(home, to("ab12", "evaluated", verdict="false"))
    assert one_warning(home, "ab12")["verdict"] == "false"


def test_red_is_given_by_a_person_and_ends_with_the_matter(home: Home) -> None:
    found(home, warning("ab12", level="orange"))
    raise_to_red(home, "ab12", "王指挥", "现场确认")
    now = one_warning(home, "ab12")
    assert (now["level"], now["level_zh"], now["state"]) == ("red", "红", "new")
    for state in ("triaged", "evaluated"):
        move(home, to("ab12", state))
    with pytest.raises(CannotMove, match="不能再提为红色"):
        raise_to_red(home, "ab12", "王指挥", "再说")
    move(home, to("ab12", "reopened"))
    assert one_warning(home, "ab12")["level"] == "orange"
    with pytest.raises(CannotMove):
        raise_to_red(home, "ab12", "王指挥", " ")


def test_a_warning_is_found_by_the_beginning_of_its_id(home: Home) -> None:
    found(home, warning("ab12cd"), warning("ab12ef", status="below_line"), warning("ff00aa"))
    assert one_warning(home, "FF00")["warning_id"] == "ff00aa"
    assert one_warning(home, "ab12e")["status"] == "below_line", "below the budget's line until somebody takes it up"
    for short, word in (("ab12", "2 条预警"), ("0000", "没有编号以"), ("f", "前 4 位")):
        with pytest.raises(NoSuchWarning, match=word):
            one_warning(home, short)
    with pytest.raises(NoSuchWarning):
        move(home, to("nothing", "triaged"))
    move(home, to("ab12ef", "triaged"))
    assert one_warning(home, "ab12e")["status"] == "triaged"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"moves": {"new": ["triaged"]}}, "says of every state"),
        ({"states": {"gone": {"zh": "无", "en": "none"}}}, "states"),
        ({"mvoes": {}}, "did you mean 'moves'"),
        ({"quiet": {"windows": 0, "longest_window": "14d"}}, "quiet.windows"),
        ({"feedback": {"lanes": ["budget"], "days": 28, "least_evaluated": 5, "lowest": 1.2, "highest": 2, "step": 0.1,
                       "raise_below": "50%", "lower_above": "80%"}}, "lowest <= 1 <= highest"),
    ],
)  # fmt: skip
def test_a_wrong_life_is_refused_in_one_sentence(tmp_path: Path, change: dict, says: str) -> None:
    given = yaml.safe_load(LIFE.read_text(encoding="utf-8"))
    file = tmp_path / "life.yaml"
    file.write_text(yaml.safe_dump(given | change, allow_unicode=True), encoding="utf-8")
    with pytest.raises(ContractFault, match=says):
        load_life(file)


def test_the_page_shows_what_is_at_hand() -> None:
    """The charts cannot ask the life of a warning: their list is this one."""
    charts = Path(__file__).parents[2] / "dashboards" / "assets" / "charts"
    listed = f"[{', '.join(LIFE_OF.at_hand)}]"
    assert (charts / "warnings.yaml").read_text(encoding="utf-8").count(listed) == 2
    quoted = f"IN ({', '.join(repr(state) for state in LIFE_OF.at_hand)})"
    assert (charts / "levels.yaml").read_text(encoding="utf-8").count(quoted) == 4

"""The life of a warning: schemas/life.yaml, read. States, what may follow what, deadlines by tier, and what feedback may do."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from schemas.contract import Strict, Words
from schemas.faults import read_strictly
from schemas.warning_rule import Lane
from schemas.written import Duration, Share

LIFE = Path(__file__).parent / "life.yaml"
State = Literal[
    "new", "triaged", "issued", "dispatched", "acknowledged", "handling", "resolved", "evaluated", "merged", "muted",
    "expired", "reopened",
]  # fmt: skip
Verdict = Literal["true", "partly", "false", "no_use"]
Tier = Literal["grid", "community", "town", "city"]
BIRTH: State = "new"


class TierSpec(Words):
    """acknowledge: how long its desk has to sign for a warning; code_digits: the length of a place's code of this tier."""

    acknowledge: Duration
    code_digits: int = Field(ge=1)


class LaneSpec(Strict):
    """dispatch_unasked: no commander has to issue it first; dispatch: how long that may take; at_once: told outside the daily round;
    on_page: shown on the commander's page and in the brief, not only at its desk.
    """

    dispatch_unasked: bool
    dispatch: Duration | None = None
    at_once: bool = False
    on_page: bool = True


class Quiet(Strict):
    """A warning expires after so many of its own windows without being found; a window counts as at most `longest_window`."""

    windows: int = Field(ge=1)
    longest_window: Duration


class Merge(Strict):
    """Raised within `within` of each other and sharing this share of the smaller one's rows: one matter."""

    within: Duration
    shared_rows: Share


class Feedback(Strict):
    """How verdicts of the last `days` move a family's threshold by `step`, and between which bounds."""

    lanes: list[Lane]
    days: int = Field(ge=1)
    least_evaluated: int = Field(ge=1)
    lowest: float = Field(gt=0)
    highest: float
    step: float = Field(gt=0)
    raise_below: Share
    lower_above: Share

    @model_validator(mode="after")
    def _in_order(self) -> Feedback:
        if not self.lowest <= 1 <= self.highest:
            raise ValueError("feedback: lowest <= 1 <= highest, since every family starts at 1")
        if self.raise_below >= self.lower_above:
            raise ValueError("feedback: raise_below is less than lower_above")
        return self


class Life(Strict):
    states: dict[State, Words]
    at_hand: list[State]
    moves: dict[State, list[State]]
    needs_verdict: list[State]
    verdicts: dict[Verdict, Words]
    confirms: list[Verdict]
    tiers: dict[Tier, TierSpec]
    parents: list[Tier]
    lanes: dict[Lane, LaneSpec]
    quiet: Quiet
    merge: Merge
    reopen_within: Duration
    feedback: Feedback

    @model_validator(mode="after")
    def _every_state_is_reached(self) -> Life:
        if self.moves.keys() != self.states.keys():
            raise ValueError("moves: says of every state what may follow it, if only []")
        reached: set[State] = set()
        coming: list[State] = [BIRTH]
        while coming:
            state = coming.pop()
            if state not in reached:
                reached.add(state)
                coming += self.moves[state]
        if never := [state for state in self.states if state not in reached]:
            raise ValueError(f"moves: nothing leads to {never[0]!r}")
        digits = [tier.code_digits for tier in self.tiers.values()]
        if digits != sorted(set(digits), reverse=True):
            raise ValueError("tiers: from the lowest up, each with a shorter code than the one below")
        return self

    def may_follow(self, state: State) -> list[State]:
        return self.moves[state]

    def before(self, state: State) -> list[State]:
        """The states that may move to this one."""
        return [start for start, ends in self.moves.items() if state in ends]

    def tier_of(self, area_code: str | None) -> Tier:
        """The tier of a place by its code; what has no place is the city's."""
        digits = len(area_code or "")
        known: list[Tier] = [tier for tier, spec in self.tiers.items() if spec.code_digits == digits]
        return known[0] if known else "city"

    def above(self, tier: Tier) -> Tier | None:
        order = list(self.tiers)
        rank = order.index(tier) + 1
        return order[rank] if rank < len(order) else None

    def acknowledge_within(self, tier: Tier) -> timedelta:
        return self.tiers[tier].acknowledge


@cache
def load_life(path: Path = LIFE) -> Life:
    """Raises ContractFault with one sentence: the file, the place, the way out."""
    return read_strictly(path, Life)

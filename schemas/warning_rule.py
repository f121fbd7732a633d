"""The grammar of a warning family: one YAML a family under schemas/warnings."""

from __future__ import annotations

import string
from collections.abc import Collection
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from schemas.contract import SLUG, Strict, Words
from schemas.faults import read_strictly
from schemas.vitals import feeds_of_vitals
from schemas.written import Duration

WARNINGS = Path(__file__).parent / "warnings"
LEVELS = ("blue", "yellow", "orange", "red")
LEVELS_ZH = {"blue": "蓝", "yellow": "黄", "orange": "橙", "red": "红"}
Level = Literal["blue", "yellow", "orange"]  # red is for a person to say
Lane = Literal["budget", "statutory", "safety", "overdue", "service"]


class Surge(Strict):
    """Counts by area and category against their own past weeks."""

    feed: str
    time: str
    area: str
    category: str
    codes: str
    window_days: int = Field(ge=1)
    baseline_weeks: int = Field(ge=4)
    least: int = Field(ge=1)


class Cluster(Strict):
    """Cases that crowd in space and time. A case without a point of its own stands at its area's, as the feed `grid` gives it."""

    feed: str
    time: str
    area: str
    category: str
    codes: str
    points: bool = False
    history_days: int = Field(365, ge=28)
    longest_days: int = Field(30, ge=2)
    recurrence_days: float = Field(100, gt=1)


class NearRepeat(Strict):
    """Cases of the codes in `only` that follow each other near by and soon: each within so many metres and days of another. They have points of their own."""

    feed: str
    time: str
    area: str
    category: str
    codes: str
    only: list[str] = Field(min_length=1)
    metres: float = Field(200, gt=0)
    days: int = Field(7, ge=1)
    history_days: int = Field(365, ge=56)
    recurrence_days: float = Field(100, gt=1)


class Rates(Strict):
    """The share of each unit's cases that went wrong, beside all units': a funnel plot, told of its worse side alone.

    by: the column that names the unit. judged, counted: SQL conditions, of a case that is asked about and of one that went wrong.
    """

    feed: str
    time: str
    by: str
    judged: str
    counted: str
    window_days: int = Field(90, ge=28)
    least_cases: int = Field(30, ge=30)


class Doors(Strict):
    """Doors and the sensors on them. homes: the feed that says in which home a device hangs.

    lost_hours: without a sign of life after which a device is out of order.
    """

    feed: str
    time: str
    device: str
    where: str
    heartbeats: str
    beat_time: str
    homes: str
    lost_hours: float = Field(gt=0)


class Decline(Doors):
    """A door that is opened less and less, but not yet shut."""


class Silence(Doors):
    """A door that stays shut although its sensor lives. quantile: of a home's own gaps, its limit."""

    quantile: float = Field(0.995, gt=0.5, lt=1)


class Telling(Strict):
    """A feed in which people bring matters. sort, area, voice (who), unit, ended: columns; those that identify are read in the identity layer alone."""

    feed: str
    said: Words
    time: str
    number: str
    subject: str
    text: str
    voice: str
    sort: str | None = None
    area: str | None = None
    unit: str | None = None
    ended: str | None = None


class Places(Strict):
    """The feed that knows the names by which a text says where, and the area of each."""

    feed: str
    name: str
    area: str


class Repeat(Strict):
    """One matter brought again, in whatever words and by whichever way. tellings: the lowest channel first; codes: of their sorts."""

    tellings: list[Telling] = Field(min_length=1)
    places: Places
    codes: str
    history_days: int = Field(120, ge=30)


class Vitals(Strict):
    """The city's vital signs (schemas/vitals.yaml) that leave their band. recurrence_days: of one that is told, among all of them."""

    recurrence_days: float = Field(100, gt=1)


class Query(Strict):
    """Spark SQL over the current rows: a row for each piece of evidence of each matter.

    apart: of the feeds, those of which a matter rests on one alone, so that it is judged whatever becomes of the others.
    """

    feeds: list[str] = Field(min_length=1)
    apart: list[str] = Field(default_factory=list)
    sql: str
    about: Literal["person", "place"]

    @model_validator(mode="after")
    def _apart_are_feeds(self) -> Query:
        if unknown := set(self.apart) - set(self.feeds):
            raise ValueError(f"apart: {', '.join(sorted(unknown))} is not among the feeds")
        return self


def _levels(given: Any) -> Any:
    if isinstance(given, dict) and list(given.values()) != sorted(given.values()):
        raise ValueError("levels: a higher level starts at a higher score")
    return given


Method = Surge | Cluster | NearRepeat | Rates | Silence | Decline | Repeat | Vitals | Query


class WarningRule(Strict):
    """One family of warnings: how it is found, how it is weighed, and how it is said. levels: level -> score it starts at."""

    family: str = Field(pattern=SLUG)
    title: Words
    lane: Lane
    surge: Surge | None = None
    cluster: Cluster | None = None
    near_repeat: NearRepeat | None = None
    rates: Rates | None = None
    silence: Silence | None = None
    decline: Decline | None = None
    repeat: Repeat | None = None
    vitals: Vitals | None = None
    query: Query | None = None
    levels: Annotated[dict[Level, float], BeforeValidator(_levels)] = Field(min_length=1)
    says: Words
    unit: Words
    deadline: Duration

    @model_validator(mode="after")
    def _one_method(self) -> WarningRule:
        if sum(given is not None for given in self._methods) != 1:
            raise ValueError(
                "a family has exactly one method: surge, cluster, near_repeat, rates, silence, decline, repeat, vitals or query"
            )
        for text in (self.says.zh, self.says.en):
            for _, field, _, _ in string.Formatter().parse(text):
                if field is not None and not field.isidentifier():
                    raise ValueError(f"says: {{{field}}} is not a name")
        return self

    @property
    def _methods(self) -> tuple[Method | None, ...]:
        return (
            self.surge,
            self.cluster,
            self.near_repeat,
            self.rates,
            self.silence,
            self.decline,
            self.repeat,
            self.vitals,
            self.query,
        )

    @property
    def method(self) -> Method:
        return next(given for given in self._methods if given is not None)

    @property
    def feeds(self) -> list[str]:
        match self.method:
            case Surge(feed=feed) | NearRepeat(feed=feed) | Rates(feed=feed):
                return [feed]
            case Cluster(feed=feed):
                return [feed, "grid"]
            case Doors() as doors:
                return [doors.feed, doors.heartbeats, doors.homes]
            case Repeat(tellings=tellings, places=places):
                return [*(telling.feed for telling in tellings), places.feed]
            case Vitals():
                return feeds_of_vitals()
            case Query(feeds=feeds):
                return feeds

    @property
    def apart(self) -> set[str]:
        """Feeds of which a warning rests on one alone: without one of them, or in doubt about it, the others are still judged."""
        match self.method:
            case Vitals():
                return set(self.feeds)
            case Query(apart=apart):
                return set(apart)
            case _:
                return set()

    def can_be_judged_on(self, feeds: Collection[str]) -> bool:
        """Whether these feeds are enough."""
        needed = set(self.feeds) - self.apart
        return needed <= set(feeds) and (not self.apart or bool(self.apart & set(feeds)))

    @property
    def hidden_feeds(self) -> list[str]:
        """Feeds of which it reads what identifies: texts, and who speaks. No such value leaves the family."""
        return [telling.feed for telling in self.method.tellings] if isinstance(self.method, Repeat) else []

    @property
    def codes(self) -> str | None:
        """The code list of its categories."""
        return self.method.codes if isinstance(self.method, Surge | Cluster | NearRepeat) else None

    @property
    def about_person(self) -> bool:
        return isinstance(self.method, Query) and self.method.about == "person"

    def level_of(self, score: float) -> Level | None:
        """The highest level whose threshold the score reaches; None below the lowest."""
        reached: list[Level] = [level for level, least in self.levels.items() if score >= least]
        return reached[-1] if reached else None


def load_rules(folder: Path = WARNINGS) -> list[WarningRule]:
    """Every family. Raises ContractFault in one sentence."""
    return [_load(path) for path in sorted(folder.glob("*.yaml"))]


def _load(path: Path) -> WarningRule:
    return read_strictly(path, WarningRule)

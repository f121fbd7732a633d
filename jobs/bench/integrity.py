"""How often the quality desk's tests speak: of honest figures of many shapes, of made-up ones, and of published data that nobody falsified."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from quality.integrity.finding import MOST_P, Finding, alpha_for, expected_false, is_flag, pairs, speaking
from quality.integrity.judge import Reported, judge_counts, judge_deadlines, judge_figures

Judge = Callable[[list[Reported]], list[list[Finding]]]
START = np.datetime64("2026-01-01")
DAYS, HOURS = 120, 28 * 24
UNITS = 8  # that report side by side in one replication
PEOPLE_LIKE = np.array([0.26, 0.05, 0.11, 0.07, 0.07, 0.20, 0.07, 0.05, 0.08, 0.04])


@dataclass(frozen=True)
class Spoken:
    """Of `units` simulated (or published) units: in how many each test was judged, spoke below .05 and .001; and flags."""

    name: str
    units: int
    judged: dict[str, int]
    below_05: dict[str, int]
    spoke: dict[str, int]
    flags: int
    pairs: int

    @property
    def expected(self) -> float:
        return expected_false(self.pairs)


def simulate(replications: int, seed: int) -> Iterator[Spoken]:
    """Honest shapes, whose flags are false, then made-up ones, whose flags are finds. At least so many units of each."""
    for name, (make, judge) in SHAPES.items():
        dice, spoken = np.random.default_rng([seed, len(name), sum(map(ord, name))]), []
        while len(spoken) < replications:
            units = [make(dice) for _ in range(UNITS)]
            spoken += judge(units)
        yield _counted(name, spoken)


def published(data: Path) -> Iterator[Spoken]:
    """Each data set under the folder; one that is not there is left out. Raises FileNotFoundError when none is."""
    known = [(name, read) for name, (path, read) in PUBLISHED.items() if (data / path).is_file()]
    if not known:
        raise FileNotFoundError(f"no published data in {data}; name their folder by --data")
    for name, read in known:
        yield _counted(name, [findings for part in read(data / PUBLISHED[name][0]) for findings in part])


def _counted(name: str, spoken: list[list[Finding]]) -> Spoken:
    many = sum(pairs(findings) for findings in spoken)
    alpha = alpha_for(many)
    tests = dict.fromkeys(finding.test for findings in spoken for finding in findings)
    every = {test: [f for findings in spoken for f in findings if f.test == test and f.judged] for test in tests}
    return Spoken(
        name, len(spoken),
        {test: len(found) for test, found in every.items()},
        {test: sum((f.p or 0) < 0.05 for f in found) for test, found in every.items()},
        {test: sum(f.speaks(MOST_P) for f in found) for test, found in every.items()},
        sum(is_flag(speaking(findings, alpha)) for findings in spoken), many,
    )  # fmt: skip


# ---------------------------------------------------------------- simulated units


def _days(counts: np.ndarray, dice: np.random.Generator, minute: Callable[[int], np.ndarray]) -> Reported:
    """Reports of each day at office hours, their minutes by `minute`."""
    day = np.repeat(np.arange(len(counts)), counts)
    clock = dice.integers(8, 18, len(day)) * 60 + minute(len(day))
    at = START.astype("datetime64[s]") + (day * 86_400 + clock * 60).astype("timedelta64[s]")
    return Reported("u", np.sort(at), np.ones(len(at)))


def _counts(
    mean: Callable[[np.random.Generator], np.ndarray], rounded: int = 1
) -> Callable[[np.random.Generator], Reported]:
    """Poisson reports of a (days,) mean, their minutes rounded down to so many."""

    def make(dice: np.random.Generator) -> Reported:
        return _days(dice.poisson(mean(dice)), dice, lambda n: dice.integers(0, 60, n) // rounded * rounded)

    return make


def _steady(dice: np.random.Generator) -> np.ndarray:
    return np.full(DAYS, dice.uniform(0.7, 12))


def _weekly(dice: np.random.Generator) -> np.ndarray:
    return dice.uniform(1, 10) * np.tile([1.2, 1.1, 1, 1, 1, 0.4, 0.3], DAYS // 7 + 1)[:DAYS]


def _gamma_poisson(dice: np.random.Generator) -> np.ndarray:
    return _weekly(dice) * dice.gamma(3, 1 / 3, DAYS)


def _wandering(dice: np.random.Generator) -> np.ndarray:
    """A mean that drifts as an autoregression."""
    drift = np.zeros(DAYS)
    for day in range(1, DAYS):
        drift[day] = 0.9 * drift[day - 1] + dice.normal(0, 0.2)
    return dice.uniform(1, 8) * np.exp(drift)


def _invented_log(share: float) -> Callable[[np.random.Generator], Reported]:
    """Of the days so many invented: about as many matters each, at times that come to mind; the others as they were."""
    liked = [0, 30, 15, 45, 10, 20, 40, 50, 5, 25, 35, 55, 12, 18, 23, 37, 48]

    def make(dice: np.random.Generator) -> Reported:
        usual, invented = dice.uniform(2, 6), np.arange(DAYS) >= DAYS * (1 - share)
        even = np.maximum(0, round(usual) + dice.choice([-1, 0, 1], DAYS, p=[0.15, 0.7, 0.15]))
        real = _days(np.where(invented, 0, dice.poisson(usual, DAYS)), dice, lambda n: dice.integers(0, 60, n))
        made_up = _days(np.where(invented, even, 0), dice, lambda n: dice.choice(liked, n))
        return Reported("u", np.sort(np.r_[real.at, made_up.at]), np.ones(len(real.at) + len(made_up.at)))

    return make


def _hourly(values: np.ndarray) -> Reported:
    at = START.astype("datetime64[s]") + (np.arange(len(values)) * 3600).astype("timedelta64[s]")
    return Reported("u", at, values.astype(float))


def _level(dice: np.random.Generator, noise: float = 0.06) -> np.ndarray:
    """A figure of hundreds that follows the hour."""
    hour = np.arange(HOURS) % 24
    shape = 0.55 + 0.38 * np.cos((hour - dice.integers(0, 24)) / 24 * 2 * np.pi)
    return dice.uniform(250, 900) * np.clip(shape + dice.normal(0, noise, HOURS), 0.02, 1.0)


def _measured(dice: np.random.Generator) -> Reported:
    return _hourly(np.rint(_level(dice)))


def _slow(dice: np.random.Generator) -> Reported:
    """A figure each of which tells much of the next."""
    walk = np.zeros(HOURS)
    for hour in range(1, HOURS):
        walk[hour] = 0.8 * walk[hour - 1] + dice.normal(0, 25)
    return _hourly(np.rint(np.maximum(20, dice.uniform(300, 900) + walk)))


def _log_normal(dice: np.random.Generator) -> Reported:
    return _hourly(np.rint(dice.lognormal(dice.uniform(6, 8), dice.uniform(0.5, 1.6), HOURS)))


def _rounded(dice: np.random.Generator) -> Reported:
    """Honest, to tens, as people read a scale."""
    value = _level(dice)
    return _hourly(np.where(dice.random(HOURS) < 0.7, np.rint(value / 10) * 10, np.rint(value)))


def _typed(share: float) -> Callable[[np.random.Generator], Reported]:
    """Of the figures so many typed in: tens about right, last digits that come to mind and seldom twice running."""

    def make(dice: np.random.Generator) -> Reported:
        value = np.rint(_level(dice))
        written = dice.choice(10, size=HOURS, p=PEOPLE_LIKE)
        for _ in range(3):
            again = np.flatnonzero((written[1:] == written[:-1]) & (dice.random(HOURS - 1) < 0.7)) + 1
            written[again] = dice.choice(10, size=len(again), p=PEOPLE_LIKE)
        first = int(HOURS * (1 - share))
        value[first:] = value[first:] // 10 * 10 + written[first:]
        return _hourly(value)

    return make


def _copied(days: int) -> Callable[[np.random.Generator], Reported]:
    """The last days as two weeks before."""

    def make(dice: np.random.Generator) -> Reported:
        value, hours = np.rint(_level(dice)), days * 24
        value[-hours:] = value[-hours - 336 : -336]
        return _hourly(value)

    return make


def _closings(left: np.ndarray) -> Reported:
    return Reported("u", np.sort(START.astype("datetime64[s]") + np.arange(len(left))), left)


def _unhurried(dice: np.random.Generator) -> Reported:
    return _closings(np.rint(7 * 1440 - dice.exponential(dice.uniform(1, 6) * 1440, 300)))


def _hurried(dice: np.random.Generator) -> Reported:
    """Half of the closings in a rush that grows to the deadline."""
    rush = np.rint(dice.gamma(dice.uniform(1.0, 2.0), dice.uniform(120, 600), 150))
    return _closings(np.r_[np.rint(7 * 1440 - dice.exponential(3 * 1440, 150)), rush])


def _at_the_last_minute(share: float) -> Callable[[np.random.Generator], Reported]:
    """Of 300 closings so many a minute or two before the deadline."""

    def make(dice: np.random.Generator) -> Reported:
        late, usual = dice.random(300) < share, np.rint(7 * 1440 - dice.exponential(3 * 1440, 300))
        return _closings(np.where(late, dice.integers(1, 3, 300), usual))

    return make


def _by_day(units: list[Reported]) -> list[list[Finding]]:
    return judge_counts(units, START, START + np.timedelta64(DAYS - 1, "D"))


SHAPES: dict[str, tuple[Callable[[np.random.Generator], Reported], Judge]] = {
    "honest: Poisson counts": (_counts(_steady), _by_day),
    "honest: counts with a week": (_counts(_weekly), _by_day),
    "honest: over-dispersed counts": (_counts(_gamma_poisson), _by_day),
    "honest: counts of a wandering mean": (_counts(_wandering), _by_day),
    "honest: times rounded to 10 minutes": (_counts(_weekly, 10), _by_day),
    "honest: hourly figure": (_measured, judge_figures),
    "honest: slowly moving figure": (_slow, judge_figures),
    "honest: log-normal figure": (_log_normal, judge_figures),
    "honest: figure rounded to 10": (_rounded, judge_figures),
    "honest: closed in time": (_unhurried, judge_deadlines),
    "honest: closed in a rush": (_hurried, judge_deadlines),
    **{f"made up: {share:.0%} of the days' log": (_invented_log(share), _by_day) for share in (0.25, 0.5, 1.0)},
    **{f"made up: {share:.0%} of the figures typed": (_typed(share), judge_figures) for share in (0.25, 0.5, 1.0)},
    **{f"made up: {days} days of 28 copied": (_copied(days), judge_figures) for days in (1, 3, 10)},
    **{
        f"made up: {share:.0%} closed at the last minute": (_at_the_last_minute(share), judge_deadlines)
        for share in (0.03, 0.06, 0.15)
    },
}


# ---------------------------------------------------------------- published data


def _units(frame: pd.DataFrame, by: str, at: str, value: str | None = None) -> list[Reported]:
    known = frame.dropna(subset=[by, at, *([value] if value else [])]).sort_values(at, kind="stable")
    return [
        Reported(str(unit), own[at].to_numpy().astype("datetime64[s]"), own[value].to_numpy(float) if value else np.ones(len(own)))
        for unit, own in known.groupby(by)
    ]  # fmt: skip


def _whole_range(units: list[Reported]) -> list[list[Finding]]:
    first, last = min(unit.at[0] for unit in units), max(unit.at[-1] for unit in units)
    return judge_counts(units, first.astype("datetime64[D]"), last.astype("datetime64[D]"))


def _chicago(path: Path) -> Iterator[list[list[Finding]]]:
    """Requests a day and closing against a week's term, by community and by ZIP code; coordinates as a free figure by ward."""
    frame = pd.read_csv(path, parse_dates=["Creation_Date", "Completion_Date"])
    frame["left"] = 7 * 1440 - (frame["Completion_Date"] - frame["Creation_Date"]).dt.total_seconds() / 60
    for by in ("Community_Area", "ZIP_Code"):
        yield _whole_range(_units(frame, by, "Creation_Date"))
        yield judge_deadlines(_units(frame, by, "Creation_Date", "left"), to_the_day=True)
    closed = frame.dropna(subset=["Completion_Date"])
    yield _whole_range(_units(closed, "Community_Area", "Completion_Date"))


def _houston(path: Path) -> Iterator[list[list[Finding]]]:
    frame = pd.read_csv(path, parse_dates=["time"]).drop_duplicates()
    yield _whole_range(_units(frame, "beat", "time"))
    yield _whole_range(_units(frame, "premise", "time"))


def _petitions(path: Path) -> Iterator[list[list[Finding]]]:
    """Likes by quarter, and petitions a day of the whole site, with their minutes, by quarter."""
    frame = pd.read_excel(path)
    frame["at"] = pd.to_datetime(frame["留言时间"].astype(str), format="mixed", errors="coerce")
    frame["quarter"] = frame["at"].dt.to_period("Q").astype(str)
    yield judge_figures(_units(frame, "quarter", "at", "点赞数"))
    for _, own in frame.dropna(subset=["at"]).groupby("quarter"):
        yield _whole_range(_units(own, "quarter", "at"))


def _hospital(path: Path) -> Iterator[list[list[Finding]]]:
    """Scores and sample sizes by hospital and by measure, in the order of the file."""
    frame = pd.read_csv(path, dtype=str)
    frame["at"] = pd.Timestamp("2020-01-06") + pd.to_timedelta(np.arange(len(frame)), "D")
    for column in ("Score", "Sample"):
        frame[column] = pd.to_numeric(frame[column].str.extract(r"(\d+)")[0])
        for by in ("HospitalName", "MeasureCode", "State"):
            yield judge_figures(_units(frame, by, "at", column))


def _beers(path: Path) -> Iterator[list[list[Finding]]]:
    frame = pd.read_csv(path)
    frame["at"] = pd.Timestamp("2015-01-05") + pd.to_timedelta(np.arange(len(frame)), "D")
    for column in ("ibu", "abv"):
        for by in ("state", "style"):
            yield judge_figures(_units(frame, by, "at", column))


PUBLISHED: dict[str, tuple[str, Callable[[Path], Iterator[list[list[Finding]]]]]] = {
    "chicago_311": ("chicago_311/sanitation_2011_2013.csv.gz", _chicago),
    "houston_crime": ("houston_crime/houston_crime_2010.csv.gz", _houston),
    "petitions_cn": ("petitions_cn/petitions.xlsx", _petitions),
    "hospital, clean": ("errors/hospital/clean.csv", _hospital),
    "beers, clean": ("errors/beers/clean.csv", _beers),
}

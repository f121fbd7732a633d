"""A door that stays shut: longer than this home ever leaves it, less and less often, or only because the sensor is dead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Times = NDArray[np.datetime64]
Floats = NDArray[np.float64]

HISTORY_DAYS = 56
SETTLED_DAYS = 14  # of history before a home's own habits are believed
LEAST_HOURS = 12.0
UNSETTLED_HOURS = 24.0  # the limit of a home whose habits are not known yet
GAP_QUANTILE = 0.995
FEW_GAPS = (
    200  # below so many by day (or by night) the quantile would be the longest of them: all the home's gaps speak
)
NIGHT_FROM, NIGHT_UNTIL = 20, 6  # o'clock, local
HEARTBEAT_LOST_HOURS = 6.0
LAMBDA, LIMIT_SIGMAS = 0.2, 3.0
WATCHED_DAYS = 14  # the days a slow decline is looked for in; those before are what it declines from

Concern = Literal["none", "device", "blue", "yellow", "orange"]


@dataclass(frozen=True)
class Silence:
    """hours: how long the door was seen to stay shut; limit: hours beyond which that is unusual here.

    by_night: whether it was last opened by night; settled: whether the home's own gaps set the limit; device_lost: the sensor says nothing.
    """

    hours: float
    limit: float
    by_night: bool
    settled: bool
    device_lost: bool

    @property
    def unusual(self) -> bool:
        return not self.device_lost and self.hours > self.limit


@dataclass(frozen=True)
class Decline:
    """ewma, lower: (watched days,) openings a day; a day without figures repeats the day before. declining: the last day is below."""

    ewma: Floats
    lower: Floats

    @property
    def declining(self) -> bool:
        return bool(len(self.ewma)) and bool(self.ewma[-1] < self.lower[-1])


def door_silence(
    openings: Times, heartbeats: Times, now: np.datetime64, *, quantile: float = GAP_QUANTILE,
    lost_hours: float = HEARTBEAT_LOST_HOURS,
) -> Silence:  # fmt: skip
    """How long the door has stayed shut, against max(12 h, the .995 quantile of this home's gaps over 56 days).

    openings, heartbeats: (n,) local times, in any order; those after now are not looked at. Gaps are told apart by whether they began by
    day or by night (20–6). A quantile q means (1 − q) × openings a day false alarms a day: .05 in a home with ten, by construction.
    An opening also proves that the sensor lives. A stretch of more than lost_hours without a sign of life from
    the sensor is no one's silence: the gap it lies in is left out of the history, and the present silence counts from its end.
    """
    opened, alive = _hours(openings, now), _hours(np.concatenate([heartbeats, openings]), now)
    lost = not len(alive) or -alive[-1] > lost_hours
    holes = np.flatnonzero(np.diff(alive) > lost_hours)
    since = alive[0] if len(alive) else 0.0
    if len(holes):
        since = alive[holes[-1] + 1]
    if len(opened):
        since = max(since, opened[-1])
    began, gaps = _gaps(opened, alive[holes], alive[holes + 1])
    recent = began > -HISTORY_DAYS * 24
    settled = bool(len(alive)) and -alive[0] >= SETTLED_DAYS * 24 and bool(recent.any())
    by_night = bool(_by_night(np.array([since]), now)[0])
    alike = _by_night(began[recent], now) == by_night
    limit = max(LEAST_HOURS, _usual(gaps[recent], alike, quantile)) if settled else UNSETTLED_HOURS
    return Silence(float(-since), float(limit), by_night, settled, bool(lost))


def slow_decline(daily_openings: Floats) -> Decline:
    """A smoothed daily count that sinks below what the weeks before allow.

    daily_openings: (days,) newest last, NaN where the sensor was lost; at least four weeks, the last 14 are watched. The average's lower
    limit is µ − 3σ·√(λ/(2 − λ)·(1 − (1 − λ)²ᵗ)), λ = .2, with mean and deviation of the days before those watched, the deviation no
    smaller than a Poisson count's. Raises ValueError below 14 days with figures to decline from. Source: Roberts 1959, Technometrics 1(3).
    """
    before, watched = daily_openings[:-WATCHED_DAYS], daily_openings[-WATCHED_DAYS:]
    known = before[np.isfinite(before)]
    if len(known) < SETTLED_DAYS:
        raise ValueError(f"a decline needs {SETTLED_DAYS} days to decline from, not {len(known)}")
    mean = known.mean()
    sigma = max(float(known.std(ddof=1)), float(np.sqrt(mean)))
    ewma, lower = np.empty(len(watched)), np.empty(len(watched))
    level, steps = mean, 0
    for day, count in enumerate(watched):
        if np.isfinite(count):
            level, steps = LAMBDA * count + (1 - LAMBDA) * level, steps + 1
        ewma[day] = level
        lower[day] = mean - LIMIT_SIGMAS * sigma * np.sqrt(LAMBDA / (2 - LAMBDA) * (1 - (1 - LAMBDA) ** (2 * steps)))
    return Decline(ewma, lower)


def concern(silence: Silence, decline: Decline | None, second_signal: bool) -> Concern:
    """What is asked for: nothing, a repair, a call (blue), a visit today (yellow), a visit now (orange).

    second_signal: of another source (no water or power used, the phone not answered): a door alone never gives orange.
    """
    if silence.device_lost:
        return "orange" if second_signal and silence.hours > silence.limit else "device"
    if silence.unusual:
        return "orange" if second_signal else "yellow"
    return "blue" if decline is not None and decline.declining else "none"


def _hours(times: Times, now: np.datetime64) -> Floats:
    """Hours before now as negative figures, ascending; what comes after now is left out."""
    hours = np.sort((times.astype("datetime64[s]") - now.astype("datetime64[s]")).astype(np.int64)) / 3600
    return hours[hours <= 0]


def _by_night(hours: Floats, now: np.datetime64) -> NDArray[np.bool_]:
    clock = (hours + now.astype("datetime64[s]").astype(np.int64) % 86_400 / 3600) % 24
    return (clock >= NIGHT_FROM) | (clock < NIGHT_UNTIL)


def _gaps(opened: Floats, hole_from: Floats, hole_until: Floats) -> tuple[Floats, Floats]:
    """(beginning, length) of the gaps between openings in which the sensor lived all along."""
    began, ended = opened[:-1], opened[1:]
    sound = np.searchsorted(hole_from, ended) == np.searchsorted(hole_until, began, side="right")
    return began[sound], (ended - began)[sound]


def _usual(gaps: Floats, alike: NDArray[np.bool_], quantile: float) -> float:
    return float(np.quantile(gaps[alike] if alike.sum() >= FEW_GAPS else gaps, quantile))

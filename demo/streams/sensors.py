"""Door sensors of old people who live alone: each with its own day, its heartbeats, and those that fall silent or fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from demo.clock import emptiness, hours_around, is_off
from demo.life.care import Care
from demo.people import People
from demo.plan import Plan
from demo.planted.event import Event

HISTORY_DAYS = 56  # of a short city
BEATS = np.arange(0, 24, 4)  # hours
MINUTES = 24 * 60
SINKING, SUNK, SINKS_DAYS = np.timedelta64(10, "D"), 0.8, 16  # within ten days to a fifth, since 16 days
ACTIVE = hours_around((7.5, 1.2, 1.0), (10, 1.8, 0.9), (16, 2, 0.9), (18.5, 1.2, 0.5), floor=0.01)


@dataclass(frozen=True)
class Sensors:
    """One row a device. openings: on an ordinary day; shift: hours its owner rises later than most; silent_from, silent_to: days (datetime64[D]) without an opening; failed: then it sends nothing; sinking_from: the day from which it is opened less and less."""

    plan: Plan
    table: pd.DataFrame

    @property
    def start(self) -> date:
        return self.plan.start if self.plan.long else max(self.plan.start, self.plan.end - timedelta(HISTORY_DAYS - 1))

    def events(self, first: date, last: date) -> pd.DataFrame:
        """device, at (datetime64[s], distinct a device), event (1 open, 0 close), in order of time."""
        days = list(self._days(first, last, self._day_events))
        return pd.concat(days, ignore_index=True)

    def beats(self, first: date, last: date) -> pd.DataFrame:
        """device, at, battery (per cent), signal (dBm), in order of time."""
        return pd.concat(list(self._days(first, last, self._day_beats)), ignore_index=True)

    def _days(self, first: date, last: date, what: Callable[[date], pd.DataFrame]) -> Iterator[pd.DataFrame]:
        day = first
        while day <= last:
            yield what(day).sort_values(["at", "device"], ignore_index=True)
            day += timedelta(days=1)

    def _sends(self, day: date, beats: bool) -> np.ndarray:
        """Which devices open (or beat) on a day."""
        now, table = np.datetime64(day, "D"), self.table
        quiet = (table["silent_from"].to_numpy() <= now) & (now <= table["silent_to"].to_numpy())
        return ~(quiet & table["failed"].to_numpy()) if beats else ~quiet

    def _day_events(self, day: date) -> pd.DataFrame:
        """Each opening in a minute of its own, its closing within the same minute."""
        dice, own = self.plan.dice(f"door {day}"), self.table[self._sends(day, beats=False)]
        visits = 1 + 0.35 * emptiness(day) + 0.1 * is_off(day)  # at Spring Festival the children come
        left = 1 - SUNK * np.clip((np.datetime64(day, "D") - own["sinking_from"].to_numpy()) / SINKING, 0, 1)
        usual = own["openings"].to_numpy() * np.where(np.isnan(left), 1, left)
        count = np.maximum(1, dice.poisson(usual * visits))
        device = np.repeat(np.arange(len(own)), count)
        chance = np.cumsum(ACTIVE) / ACTIVE.sum()
        hour = np.minimum(np.searchsorted(chance, dice.random(len(device))), 23) + own["shift"].to_numpy()[device]
        minute = np.clip(hour * 60 + dice.integers(0, 60, len(device)), 0, MINUTES - 1).astype(int)
        slots = np.unique(device * MINUTES + minute)
        device, minute = slots // MINUTES, slots % MINUTES
        opened = minute * 60 + dice.integers(0, 25, len(slots))
        closed = opened + dice.integers(4, 34, len(slots))
        at = np.datetime64(day, "s") + np.concatenate([opened, closed]).astype("timedelta64[s]")
        return pd.DataFrame({"device": np.tile(own["device"].to_numpy()[device], 2), "at": at,
                             "event": np.repeat([1, 0], len(slots))})  # fmt: skip

    def _day_beats(self, day: date) -> pd.DataFrame:
        """A beat every four hours at the device's own minute and second; the battery sinks over the months."""
        dice, own = self.plan.dice(f"beats {day}"), self.table[self._sends(day, beats=True)]
        device, hour = np.repeat(np.arange(len(own)), len(BEATS)), np.tile(BEATS, len(own))
        offset = own["device"].to_numpy()[device] * 97 % 3600
        at = np.datetime64(day, "s") + (hour * 3600 + offset).astype("timedelta64[s]")
        worn = (day - self.plan.start).days * 0.04
        battery = np.clip(own["battery"].to_numpy()[device] - worn, 3, 100).astype(int)
        signal = own["signal"].to_numpy()[device] + dice.integers(-4, 5, len(device))
        return pd.DataFrame({"device": own["device"].to_numpy()[device], "at": at, "battery": battery,
                             "signal": signal})  # fmt: skip


def fit_sensors(plan: Plan, people: People, care: Care, events: list[Event]) -> Sensors:
    """Every fitted device; unless the city is quiet some of them fall silent and some fail, and the events say so."""
    dice, fitted = plan.dice("sensors"), care.elders[care.elders["device"] > 0]
    size, never = len(fitted), np.datetime64("NaT", "D")
    table = pd.DataFrame({
        "device": fitted["device"].to_numpy(), "person": fitted["person"].to_numpy(),
        "openings": np.clip(dice.gamma(6, 0.65, size), 1.8, 9.0), "shift": dice.integers(-1, 3, size),
        "battery": dice.integers(45, 100, size), "signal": dice.integers(-95, -60, size),
        "silent_from": np.full(size, never), "silent_to": np.full(size, never), "failed": False,
        "sinking_from": np.full(size, never),
    })  # fmt: skip
    sensors = Sensors(plan, table)
    if not plan.quiet:
        _silence(plan, dice, people, table, events)
        _sink(plan, people, table, events)
    return sensors


def _silence(plan: Plan, dice: np.random.Generator, people: People, table: pd.DataFrame, events: list[Event]) -> None:
    """Of the steadiest: silent now, silent for a few days in the past, failed now."""
    steady = table.index[table["openings"] > table["openings"].median() * 0.8]
    chosen = dice.permutation(steady)
    copies = min(plan.copies, len(chosen) // 3)
    wanted = [("elder_silent", 2, 0), ("elder_silent", 33, 30), ("device_failed", 3, 0)] * copies
    for row, (family, first, last) in zip(chosen, wanted, strict=False):
        start, end = (np.datetime64(plan.end - timedelta(days=back), "D") for back in (first, last))
        table.loc[row, ["silent_from", "silent_to", "failed"]] = [start, end, family == "device_failed"]
        who = np.array([table.at[row, "person"]])
        still = "心跳正常" if family == "elder_silent" else "心跳也已中断"
        events.append(Event(family, {
            "current": int(last == 0), "resident_id": people.ids(who)[0].as_py(), "name": people.names(who)[0].as_py(),
            "grid_code": people.grid_codes(who, np.datetime64(plan.end))[0].as_py(),
            "equipment_no": f"MC{table.at[row, 'device']:08d}", "window_start": start, "window_end": end,
            "size": first - last + 1, "shape": "silence",
            "note": f"平日每天开门约 {table.at[row, 'openings']:.1f} 次，{first - last + 1} 天无开门，{still}",
        }))  # fmt: skip


def _sink(plan: Plan, people: People, table: pd.DataFrame, events: list[Event]) -> None:
    """The busiest door of those that neither fell silent nor failed is opened less and less."""
    rest = table.loc[table["silent_from"].isna(), "openings"]
    if rest.empty:
        return
    row, start = rest.idxmax(), np.datetime64(plan.end - timedelta(days=SINKS_DAYS), "D")
    table.loc[row, "sinking_from"] = start
    who = np.array([table.at[row, "person"]])
    events.append(Event("elder_declining", {
        "current": 1, "resident_id": people.ids(who)[0].as_py(), "name": people.names(who)[0].as_py(),
        "grid_code": people.grid_codes(who, np.datetime64(plan.end))[0].as_py(),
        "equipment_no": f"MC{table.at[row, 'device']:08d}", "window_start": start, "window_end": plan.end,
        "size": SINKS_DAYS, "shape": "decline",
        "note": f"平日每天开门约 {table.at[row, 'openings']:.1f} 次，十天内渐降到两成",
    }))  # fmt: skip

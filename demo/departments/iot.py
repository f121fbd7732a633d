"""物联网平台: door sensors and their heartbeats, packed a day at a time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from demo.city import City
from demo.periods import daily
from demo.sheet import Column, Form, Sheet
from demo.text import as_stamp, numbered, picked, table, written

FOLDER = "iot"
DOOR = {
    "device_no": Column("device_id", "key", required=True),
    "occurred_at": Column("event_time", "stamp", required=True),
    "event": Column("event", "word", required=True),
}
BEAT = {
    "device_no": Column("device_id", "key", required=True),
    "beat_at": Column("beat_time", "stamp", required=True),
    "battery": Column("battery", "number"),
    "signal_dbm": Column("rssi", "number"),
}
OLD_FIRMWARE = 0.25  # of the devices, which send 1 and 0 for open and close


def doors(city: City) -> Iterator[Sheet]:
    """Openings and closings. Days around a planted silence are guarded."""
    for period in daily(city.plan, city.sensors.start, backlog=1):
        seen = city.sensors.events(period.first, period.last)
        device = seen["device"].to_numpy()
        old = city.plan.lots("firmware", device) < OLD_FIRMWARE
        yield Sheet("door_sensor", FOLDER, f"mc_{period.name}.zip", Form(packed=True), DOOR, table(
            device_no=numbered("MC", device, 8),
            occurred_at=as_stamp(seen["at"]),
            event=picked(["close", "open", "0", "1"], seen["event"].to_numpy() + 2 * old),
        ), _guarded(city, seen))  # fmt: skip


def heartbeats(city: City) -> Iterator[Sheet]:
    for period in daily(city.plan, city.sensors.start, backlog=1):
        seen = city.sensors.beats(period.first, period.last)
        yield Sheet("device_heartbeat", FOLDER, f"xt_{period.name}.zip", Form(packed=True), BEAT, table(
            device_no=numbered("MC", seen["device"].to_numpy(), 8),
            beat_at=as_stamp(seen["at"]),
            battery=written(seen["battery"].to_numpy()),
            signal_dbm=written(seen["signal"].to_numpy()),
        ), _guarded(city, seen))  # fmt: skip


def _guarded(city: City, seen: pd.DataFrame) -> np.ndarray:
    """Rows of devices with a planted silence, in the week before it and until it ends."""
    own = city.sensors.table[city.sensors.table["silent_from"].notna()].set_index("device")
    start = own["silent_from"].reindex(seen["device"]).to_numpy() - np.timedelta64(7, "D")
    end = own["silent_to"].reindex(seen["device"]).to_numpy() + np.timedelta64(1, "D")
    at = seen["at"].to_numpy()
    return (at >= start) & (at < end)

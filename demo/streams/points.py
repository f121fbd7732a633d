"""The points that volunteers earn, and what they redeem them for."""

from __future__ import annotations

from demo.clock import Rhythm, hours_around
from demo.streams.stream import Recipe, Sort

MEMBERS = 260  # at 20,000 residents
OUTLETS = ["便民超市", "积分超市", "爱心驿站"]
BY_DAY = Rhythm(hours_around((10, 2, 1.0), (16, 2, 1.0), floor=0.02), 1.2, 0.8, 0.5)
POINTS = Recipe("points", 42.0, {
    "volunteering": Sort(0.34, BY_DAY, []),
    "civility": Sort(0.12, BY_DAY, []),
    "sorting": Sort(0.30, BY_DAY, []),
    "deliberation": Sort(0.08, BY_DAY, []),
    "redemption": Sort(0.15, BY_DAY, []),
    "expiry": Sort(0.01, BY_DAY, []),
})  # fmt: skip
WORTH = {"volunteering": (10, 40), "civility": (5, 20), "sorting": (2, 6), "deliberation": (10, 20),
         "redemption": (-60, -10), "expiry": (-30, -1)}  # fmt: skip

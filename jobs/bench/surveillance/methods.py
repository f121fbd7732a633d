"""The weekly methods measured, by name, each as one call of the same form."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from jobs.warn.methods.bayes import bayes
from jobs.warn.methods.bounds import Bounds
from jobs.warn.methods.farrington import Settings, farrington_flexible, farrington_scan

Method = Callable[..., Bounds]  # (counts, judged=, alpha=) -> Bounds of (series, judged)

METHODS: dict[str, Method] = {
    "bayes(4,0,2)": bayes,
    "farrington_flexible b=3": partial(farrington_flexible, settings=Settings(years=3)),
    "farrington_flexible b=5": farrington_flexible,
    "farrington_scan": farrington_scan,
}

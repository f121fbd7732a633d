"""Funnel plot: which units' rates differ by more than their size and the usual unrest between units explain."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jobs.warn.methods.bounds import Array

LEAST_CASES, FAR, WINSORISED = 30, 3.0, 0.1


@dataclass(frozen=True)
class Funnel:
    """Per unit: its rate, overdispersed z (NaN below the least number of cases), and the limits at |z| = 3. target: the rate of all."""

    rate: Array
    z: Array
    lower: Array
    upper: Array
    target: float
    dispersion: float

    @property
    def outlying(self) -> np.ndarray:
        return np.abs(self.z) > FAR


def funnel(events: Array, cases: Array, *, least: int = LEAST_CASES) -> Funnel:
    """Proportions against the proportion of all.

    events, cases: (units,), 0 ≤ events ≤ cases; units with fewer than `least` cases are neither judged nor used. z of the
    arcsine-transformed proportion, 2 √n (asin √p − asin √p₀); the dispersion φ is the mean z² of z winsorised at its 10 % and 90 %
    quantiles, and z is divided by √φ where φ > 1. Raises ValueError where events exceed cases.
    Source: Spiegelhalter 2005, Stat. Med. 24(8), sections 3 and 6, appendix A.3.
    """
    if np.any((events < 0) | (events > cases)):
        raise ValueError("funnel: a unit has more events than cases, or fewer than none")
    judged = cases >= max(least, 1)
    rate = np.divide(events, cases, out=np.full(len(cases), np.nan), where=cases > 0)
    if not judged.any():
        nothing = np.full(len(cases), np.nan)
        return Funnel(rate, nothing, nothing, nothing, float("nan"), 1.0)
    target = float(events[judged].sum() / cases[judged].sum())
    z = np.where(judged, 2 * np.sqrt(cases) * (np.arcsin(np.sqrt(rate)) - np.arcsin(np.sqrt(target))), np.nan)
    low, high = np.quantile(z[judged], (WINSORISED, 1 - WINSORISED))
    dispersion = max(1.0, float(np.mean(np.clip(z[judged], low, high) ** 2)))
    spread = FAR * np.sqrt(dispersion) / (2 * np.sqrt(np.maximum(cases, 1)))
    angle = np.arcsin(np.sqrt(target))
    lower, upper = (np.sin(np.clip(angle + side * spread, 0, np.pi / 2)) ** 2 for side in (-1, 1))
    return Funnel(rate, z / np.sqrt(dispersion), lower, upper, target, dispersion)

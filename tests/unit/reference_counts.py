"""Three series written as formulas, so that others can compute on the very same counts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def reference_counts() -> NDArray[np.float64]:
    """(3, 320): seasonal; clustered, with an outbreak in weeks 120–123 and steps upward; sparse."""
    t = np.arange(320)
    seasonal = (7 * t * t + 13 * t) % 11 + np.round(3 + 2 * np.cos(2 * np.pi * t / 52))
    outbreak = np.where((t >= 120) & (t < 124), 25, 0)
    clustered = ((5 * t * t + 3 * t) % 7) * ((t * t + t) % 3) + outbreak + t // 80
    sparse = ((11 * t * t + t) % 13 == 0) * 2.0 + ((t * t) % 5 == 1)
    return np.array([seasonal, clustered, sparse], dtype=float)

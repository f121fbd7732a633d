"""How a data-quality score is called and from where on it is good: schemas/scorecard.yaml, read."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal

from schemas.contract import Strict
from schemas.faults import read_strictly
from schemas.written import Share

SCORECARD = Path(__file__).parent / "scorecard.yaml"
Band = Literal["good", "fair", "poor"]


class Figure(Strict):
    """One figure's names, what its numerator counts among its denominator, and which way is better (None: neither)."""

    zh: str
    en: str
    says_zh: str
    better: Literal["more", "less"] | None = None


class Lines(Strict):
    good: Share
    fair: Share


class Scorecard(Strict):
    lines: Lines
    figures: dict[str, Figure]

    def band(self, figure: str, score: float | None) -> Band | None:
        """Where a share stands; None where there is nothing to judge or no better."""
        better = self.figures[figure].better
        if score is None or better is None:
            return None
        share = score if better == "more" else 1 - score
        # 1 - .02 is a little less than .98 to a machine: a score on the line is on its good side
        return "good" if share >= self.lines.good - 1e-9 else "fair" if share >= self.lines.fair - 1e-9 else "poor"


@cache
def load_scorecard(path: Path = SCORECARD) -> Scorecard:
    """Raises ContractFault with one sentence: the file, the place, the way out."""
    return read_strictly(path, Scorecard)

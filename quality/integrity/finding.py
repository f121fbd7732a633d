"""What one test says of one figure of one unit, which tests look at the same feature, and when two of them make a flag."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations

MOST_P = 1e-3  # of each of the two tests of a flag
FAMILY_RATE = 0.05  # chance of one false flag or more in a whole run, were every test exact

# Two tests of one feature never count as two. Across features they are independent in honest figures by construction:
# magnitude and ending: the ending is judged given all digits before it; variation: counts a day, while endings are those of
#   clock minutes or of longer figures;
# sequence: the order of the figures, given which figures there are: independent of all that only counts them
#   (magnitude, ending, variation, ties);
# ties: how often the same figure comes again, judged only where endings are even, so that rounding cannot explain it;
# deadline: how many closed in the last hour; lag: given how many, how they lie within that hour.
FEATURES = {
    "first_digits": "magnitude",
    "terminal_digits": "ending", "too_round": "ending",
    "too_smooth": "variation",
    "copied_blocks": "sequence", "same_again": "sequence", "too_few_repeats": "sequence",
    "repeated_figures": "ties", "shared_figures": "ties",
    "before_deadline": "deadline",
    "same_lag": "lag",
}  # fmt: skip


@dataclass(frozen=True)
class Finding:
    """p: chance of figures at least so odd in honest reporting, None when it cannot be judged, and `why`.

    effect: how odd, in the test's own unit (its docstring); below `least` it is too small to speak, however small p is.
    n: how many figures were looked at. place: what the finding points to, as places in the arrays that were given.
    """

    test: str
    n: int
    p: float | None = None
    effect: float | None = None
    least: float = 0.0
    why: str = ""
    place: tuple[int, ...] = ()

    @property
    def feature(self) -> str:
        return FEATURES[self.test]

    @property
    def judged(self) -> bool:
        return self.p is not None

    def speaks(self, alpha: float) -> bool:
        return self.p is not None and self.p < alpha and abs(self.effect or 0.0) >= self.least


def cannot_judge(test: str, n: int, why: str) -> Finding:
    return Finding(test, n, why=why)


def pairs(findings: Iterable[Finding]) -> int:
    """How many pairs of independent features were judged: the chances of a false flag that this figure has."""
    features = {finding.feature for finding in findings if finding.judged}
    return len(list(combinations(features, 2)))


def alpha_for(pairs_judged: int) -> float:
    """The level of each of the two tests, such that a run with so many pairs gives a false flag with at most FAMILY_RATE.

    Never above MOST_P: it gets stricter from 50,000 pairs on. By Bonferroni over pairs of independent tests, alpha² each.
    """
    return min(MOST_P, (FAMILY_RATE / pairs_judged) ** 0.5) if pairs_judged else MOST_P


def expected_false(pairs_judged: int) -> float:
    """How many flags honest figures would give in a run with so many pairs, at most."""
    return pairs_judged * alpha_for(pairs_judged) ** 2


def speaking(findings: Iterable[Finding], alpha: float) -> list[Finding]:
    """Of each feature the finding that speaks loudest, its p times the tests of that feature that were judged."""
    best: dict[str, Finding] = {}
    judged = [finding for finding in findings if finding.judged]
    for finding in judged:
        tried = sum(other.feature == finding.feature for other in judged)
        if finding.speaks(alpha / tried) and (
            finding.feature not in best or (finding.p or 0.0) < (best[finding.feature].p or 0.0)
        ):
            best[finding.feature] = finding
    return sorted(best.values(), key=lambda finding: finding.p or 0.0)


def is_flag(found: list[Finding]) -> bool:
    """Whether what speaks is enough for the quality desk: two features."""
    return len(found) >= 2

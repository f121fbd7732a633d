"""Digits that people write and nature does not: first digits, last digits, round figures, last digits that never come twice."""

from __future__ import annotations

import numpy as np
from scipy import stats

from quality.integrity.finding import Finding, cannot_judge

FEWEST_FOR_FIRST, DECADES, FEWEST_ELSEWHERE = 300, 2.0, 1000
CONFORMITY, NONCONFORMITY = 0.012, 0.015  # Nigrini's bounds of the mean absolute deviation for first digits
FEWEST_FOR_LAST, FEWEST_FOR_ORDER = 80, 120
LEAST_FIGURE, LEAST_SPREAD = 100, 10.0
LEAST_FOR_ORDER, LEAST_STEP = 20, 5.0
BENFORD = np.log10(1 + 1 / np.arange(1, 10))


def first_digits(values: np.ndarray, elsewhere: np.ndarray) -> Finding:
    """First digits against Benford's law, by chi-square on 8 degrees of freedom (least expected count 13, so its tail is sound).

    values: (n,) figures; zeros, negatives and NaN are left out. elsewhere: the same figure of all other units, which must
    follow the law (1,000 figures with a deviation below .012): a figure with a limit or a usual size does not.
    effect: mean absolute deviation of the nine shares. Judged from 300 figures on whose middle 98 % span two orders of magnitude.
    Source: Nigrini 2012, Benford's Law, ch. 5 and 7.
    """
    kept, others = (part[np.isfinite(part) & (part > 0)] for part in (values, elsewhere))
    if len(kept) < FEWEST_FOR_FIRST:
        return cannot_judge("first_digits", len(kept), f"fewer than {FEWEST_FOR_FIRST} positive figures")
    low, high = np.quantile(kept, [0.01, 0.99])
    if np.log10(high / low) < DECADES:
        return cannot_judge("first_digits", len(kept), "the figures span less than two orders of magnitude")
    if len(others) < FEWEST_ELSEWHERE or _deviation(_first_counts(others)) >= CONFORMITY:
        return cannot_judge("first_digits", len(kept), "the figure does not follow Benford's law elsewhere")
    counts = _first_counts(kept)
    p = float(stats.chisquare(counts, BENFORD * len(kept)).pvalue)
    return Finding("first_digits", len(kept), p, _deviation(counts), NONCONFORMITY)


def _first_counts(positive: np.ndarray) -> np.ndarray:
    digit = np.floor(positive / 10.0 ** np.floor(np.log10(positive) + 1e-12) + 1e-9).astype(int).clip(1, 9)
    return np.bincount(digit, minlength=10)[1:10]


def _deviation(counts: np.ndarray) -> float:
    return float(np.abs(counts / counts.sum() - BENFORD).mean())


def endings(values: np.ndarray, resolution: float = 1.0) -> np.ndarray | str:
    """(n,) last digit of each figure at its resolution, in order; or why there are none to be judged.

    Only of figures of three digits or more that are free: spread over more than ten units, no few values making most of them.
    """
    whole = np.rint(values[np.isfinite(values)] / resolution).astype(np.int64)
    long = whole[np.abs(whole) >= LEAST_FIGURE]
    if len(long) < FEWEST_FOR_LAST:
        return f"fewer than {FEWEST_FOR_LAST} figures of three digits"
    low, high = np.quantile(long, [0.1, 0.9])
    if high - low < 2 * LEAST_SPREAD:
        return "the figures are spread over too few units"
    counts = np.sort(np.unique(long, return_counts=True)[1])[::-1]
    if counts[0] > 0.1 * len(long) + 5 or counts[:10].sum() > 0.35 * len(long) + 10:
        return "a few values make most of the figures: they are set, not free"
    return np.abs(long) % 10


def terminal_digits(last: np.ndarray) -> Finding:
    """The last digits that are neither 0 nor 5, which should be even, by chi-square on 7 degrees of freedom.

    last: (n,) 0–9, as of `endings` or of clock minutes. 0 and 5 are `too_round`'s. effect: Cramér's V.
    Source: Mosimann, Wiseman & Edelman 1995, Accountability in Research 4:31–55; Beber & Scacco 2012, Political Analysis 20:211–234.
    """
    other = last[last % 5 != 0]
    if len(other) < FEWEST_FOR_LAST:
        return cannot_judge(
            "terminal_digits", len(other), f"fewer than {FEWEST_FOR_LAST} figures that end neither in 0 nor in 5"
        )
    counts = np.bincount(other, minlength=10)[[1, 2, 3, 4, 6, 7, 8, 9]]
    chi = float(((counts - len(other) / 8) ** 2).sum() / (len(other) / 8))
    return Finding("terminal_digits", len(other), float(stats.chi2.sf(chi, 7)), (chi / (7 * len(other))) ** 0.5, 0.1)


def too_round(last: np.ndarray) -> Finding:
    """More figures that end in 0 or 5 than one in five, by the exact binomial. Heaping alone is human rounding.

    effect: their share above one fifth. Source: digit preference, Camarda, Eilers & Gampe 2008, Statistical Modelling 8:385–401.
    """
    if len(last) < FEWEST_FOR_LAST // 2:
        return cannot_judge("too_round", len(last), f"fewer than {FEWEST_FOR_LAST // 2} figures")
    round_ones = int((last % 5 == 0).sum())
    return Finding(
        "too_round", len(last), float(stats.binom.sf(round_ones - 1, len(last), 0.2)), round_ones / len(last) - 0.2, 0.1
    )


def too_few_repeats(values: np.ndarray, resolution: float = 1.0) -> Finding:
    """The same last digit hardly ever twice in a row, as people invent numbers.

    values: (n,) in order of time; figures below 20 are left out. Judged where neighbours differ by so much (typically 5 units
    or more) that their last digits say nothing of each other. Repeats are binomial with the chance that two of these digits
    in random order are equal: given which digits there are, so independent of their shares. effect: 1 − repeats / expected.
    Source: Mosimann, Dahlberg, Davidian & Krueger 2002, Accountability in Research 9:75–92.
    """
    whole = np.rint(values[np.isfinite(values)] / resolution).astype(np.int64)
    whole = whole[np.abs(whole) >= LEAST_FOR_ORDER]
    if len(whole) < FEWEST_FOR_ORDER:
        return cannot_judge("too_few_repeats", len(whole), f"fewer than {FEWEST_FOR_ORDER} figures of two digits")
    if np.median(np.abs(np.diff(whole))) / 0.6745 < LEAST_STEP:
        return cannot_judge("too_few_repeats", len(whole), "neighbouring figures lie too near to each other")
    last = np.abs(whole) % 10
    repeats = int((last[1:] == last[:-1]).sum())
    shares = np.bincount(last, minlength=10)
    chance = float((shares * (shares - 1)).sum()) / (len(last) * (len(last) - 1))
    p = float(stats.binom.cdf(repeats, len(last) - 1, chance))
    return Finding("too_few_repeats", len(last), p, 1 - repeats / max(chance * (len(last) - 1), 1e-9), 0.2)

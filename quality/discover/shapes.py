"""The shape that a column's values are written in, as a pattern: which runs of digits, letters and signs, and how long."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping

COVERED = 0.95  # of the rows, for shapes to be the column's own
MOST_SHAPES = 4
LEAST_SHARE = 0.02  # of the rows that a shape needs to be one of them
MOST_RUNS = 9
RARE_LENGTH = 0.004  # of a shape's rows: a run that is so long in fewer rows is taken for broken
LONGEST_COUNT = 3  # digits of what is also written with one: it counts something, and a count grows
LONGEST_WORD = 6  # letters; longer runs are words, and words have no shape

_LETTERS = re.compile(r"[A-Za-z]+")


def pattern_of(counts: Mapping[str, int]) -> str | None:
    """A regular expression (RE2) that nearly all values match, or None where the values share no telling shape.

    counts: distinct value -> rows. A shape tells something when it has digits or signs in it, or is one short run of letters.
    """
    rows = sum(counts.values())
    shapes: dict[tuple[str, ...], dict[str, int]] = defaultdict(dict)
    for value, n in counts.items():
        shapes[_shape(value)][value] = n
    ranked = sorted(shapes.items(), key=lambda shape: -sum(shape[1].values()))
    own = [(shape, values) for shape, values in ranked[:MOST_SHAPES] if sum(values.values()) >= LEAST_SHARE * rows]
    covered = sum(sum(values.values()) for _, values in own)
    if (
        covered < COVERED * rows
        or not any(_tells(shape) for shape, _ in own)
        or any(len(shape) > MOST_RUNS for shape, _ in own)
    ):
        return None
    written = [_written(shape, values) for shape, values in own]
    if any(part is None for part in written):
        return None
    return "|".join(dict.fromkeys(part for part in written if part))


def _shape(value: str) -> tuple[str, ...]:
    """Runs of digits (9), letters (a) and Han characters (汉), every other sign as itself."""
    return tuple(_kind(run) for run in _runs(value))


def _runs(value: str) -> list[str]:
    return re.findall(r"[0-9]+|[A-Za-z]+|[\u4e00-\u9fff]+|[^0-9A-Za-z\u4e00-\u9fff]", value)


def _kind(run: str) -> str:
    if run[0].isascii() and run[0].isdigit():
        return "9"
    if _LETTERS.fullmatch(run):
        return "a"
    return "汉" if "\u4e00" <= run[0] <= "\u9fff" else run


def _tells(shape: tuple[str, ...]) -> bool:
    return "9" in shape or any(kind not in ("9", "a", "汉", " ") for kind in shape) or shape == ("a",)


def _written(shape: tuple[str, ...], values: Mapping[str, int]) -> str | None:
    """The shape as a pattern, each run with the lengths it has in all but a few rows; None where it is a word of any length."""
    runs = [(_runs(value), n) for value, n in values.items()]
    parts = []
    for place, kind in enumerate(shape):
        if kind not in ("9", "a", "汉"):
            parts.append(re.escape(kind))
            continue
        said: dict[str, int] = defaultdict(int)
        for pieces, n in runs:
            said[pieces[place]] += n
        part = _run(kind, said)
        if part is None:
            return None
        parts.append(part)
    return "".join(parts)


def _run(kind: str, said: Mapping[str, int]) -> str | None:
    rows = sum(said.values())
    lengths: dict[int, int] = defaultdict(int)
    for text, n in said.items():
        lengths[len(text)] += n
    usual = [length for length, n in lengths.items() if n >= RARE_LENGTH * rows]
    low, high = min(usual), max(usual)
    if kind == "9" and low == 1:
        high = max([high, *(len(text) for text in said if text[0] != "0" and len(text) <= LONGEST_COUNT)])
    times = "" if low == high == 1 else f"{{{low}}}" if low == high else f"{{{low},{high}}}"
    if kind == "9":
        return rf"\d{times}"
    word = max(said, key=lambda text: said[text])
    if said[word] >= COVERED * rows and all(n < LEAST_SHARE / 2 * rows for text, n in said.items() if text != word):
        return re.escape(word)
    if kind == "汉" or high > LONGEST_WORD:
        return None
    cases = "".join(case for case, holds in (("a-z", str.islower), ("A-Z", str.isupper)) if _some(said, holds, rows))
    return f"[{cases or 'A-Za-z'}]{times}"


def _some(said: Mapping[str, int], holds, rows: int) -> bool:
    return sum(n for text, n in said.items() if any(map(holds, text))) >= RARE_LENGTH * rows


def matching(pattern: str, values: Iterable[str]) -> set[str]:
    compiled = re.compile(pattern)
    return {value for value in values if compiled.fullmatch(value)}

"""How often the guess of an encoding is right, unsure or surely wrong, on texts cut short in every encoding they may come in."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from quality.encoding import Guess, family_of, guess

SIZES = (10, 20, 50, 100, 200, 500, 1000, 5000)
UNICODE = ("utf-8", "utf-16-le", "utf-16-be")
COMES_IN = {
    "zh-CN": (*UNICODE, "gb18030"), "zh-TW": (*UNICODE, "gb18030", "big5"), "ja": (*UNICODE, "shift_jis", "euc_jp"),
    "ko": (*UNICODE, "euc_kr"), "de": ("utf-8", "cp1252"), "fr": ("utf-8", "cp1252"), "ru": ("utf-8", "cp1251", "koi8-r"),
}  # fmt: skip
BINS = (0.5, 0.7, 0.9, 0.99, 0.999, 1.0)


@dataclass(frozen=True)
class Text:
    """name says where it is from; language is one of COMES_IN."""

    name: str
    language: str
    content: str


@dataclass(frozen=True)
class Trial:
    """One cut: what it was, and what was guessed. foreign: how many characters are not ASCII."""

    text: str
    language: str
    encoding: str
    size: int
    foreign: int
    guess: Guess

    @property
    def likeliest(self) -> str | None:
        return family_of(self.guess.candidates[0].encoding) if self.guess.candidates else None

    @property
    def outcome(self) -> str:
        if self.guess.encoding is None:
            return "unsure"
        return "right" if family_of(self.guess.encoding) == self.encoding else "wrong"


def bench_encoding(folder: Path | None, cuts: int, seed: int = 1) -> list[Trial]:
    """So many cuts of each text, encoding and size. folder: real data beside the texts that come with installed packages."""
    chance = random.Random(seed)
    texts = [*installed_texts(), *(real_texts(folder) if folder else ())]
    return [
        trial
        for text in texts
        for encoding in COMES_IN[text.language]
        for size in SIZES
        for _ in range(cuts)
        if (trial := _trial(text, encoding, size, chance))
    ]


def installed_texts() -> Iterator[Text]:
    """The words of Airflow's pages in each language."""
    locales = resources.files("airflow") / "ui" / "dist" / "i18n" / "locales"
    for language in COMES_IN:
        files = sorted((locales / language).iterdir(), key=lambda file: file.name)
        lines = [line for file in files for line in _leaves(json.loads(file.read_text(encoding="utf-8")))]
        yield Text("airflow", language, "\n".join(lines))


def real_texts(folder: Path) -> Iterator[Text]:
    """Of the folder of real data, what is there of petitions, addresses, towns, a GBK table and Taiwan's land deals."""
    import pandas as pd

    for path in sorted((folder / "petitions_cn").glob("*.xlsx")):
        yield Text(path.stem, "zh-CN", pd.read_excel(path, dtype=str).fillna("").to_csv(index=False))
    for path in sorted((folder / "cn").glob("[aj]*")):
        yield Text(path.stem, "zh-CN", path.read_text(encoding="utf-8"))
    for path in sorted((folder / "messy").glob("*.csv")):
        taiwan = "land" in path.stem
        content = path.read_text(encoding="utf-8-sig" if taiwan else "gb18030")
        yield Text(path.stem, "zh-TW" if taiwan else "zh-CN", content)


def reliability(trials: list[Trial]) -> list[tuple[str, int, float, float]]:
    """By bins of confidence: their bounds, trials, mean confidence and share in which the likeliest was right."""
    table = []
    for low, high in zip((0.0, *BINS), (*BINS, 1.01), strict=False):
        of_bin = [trial for trial in trials if low <= trial.guess.confidence < high]
        if of_bin:
            confidence = sum(trial.guess.confidence for trial in of_bin) / len(of_bin)
            right = sum(trial.likeliest == trial.encoding for trial in of_bin) / len(of_bin)
            table.append((f"{low:g}–{min(high, 1):g}", len(of_bin), confidence, right))
    return table


def _leaves(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from _leaves(inner)
    elif isinstance(value, str):
        yield value


def _trial(text: Text, encoding: str, size: int, chance: random.Random) -> Trial | None:
    """A cut from the start of a line, as a file begins; None when all of it is ASCII, which is every encoding."""
    start = text.content.rfind("\n", 0, chance.randrange(len(text.content))) + 1
    piece = text.content[start : start + size]
    sample = piece.encode(encoding, errors="ignore")[:size]
    foreign = sum(not character.isascii() for character in sample.decode(encoding, errors="ignore"))
    if not foreign:
        return None
    return Trial(text.name, text.language, encoding, size, foreign, guess(sample))

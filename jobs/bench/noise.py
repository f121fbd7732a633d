"""Noise found and mended without being told: pairs of a dirty and a clean table, disguised, drafted and tried, and compared cell by cell."""

from __future__ import annotations

import csv
import random
import tempfile
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from jobs.author.draft import draft_contract
from jobs.author.tryout import try_contract
from jobs.home import home
from schemas.contract import load_contract

Table = list[list[str]]
PUBLISHED = {
    "hospital": "repair F1: HoloClean with constraints .83, Raha + Baran with 40 labels .66, Cocoon .90; detection F1: Raha .73",
    "beers": "repair F1: Raha + Baran with labels .90",
}


@dataclass(frozen=True)
class Noise:
    """Cells of one pair. wrong: differ between dirty and clean; flagged: repaired, marked or held; damaged: clean cells changed."""

    name: str
    cells: int
    wrong: int
    flagged: int
    flagged_right: int
    repaired: int
    repaired_right: int
    damaged: int
    draft_seconds: float
    try_seconds: float

    @property
    def detection(self) -> tuple[float, float, float]:
        return _scores(self.flagged_right, self.flagged, self.wrong)

    @property
    def repair(self) -> tuple[float, float, float]:
        return _scores(self.repaired_right, self.repaired, self.wrong)

    @property
    def damage(self) -> float:
        """Share of clean cells that were changed."""
        return self.damaged / max(1, self.cells - self.wrong)


def _scores(right: int, found: int, there: int) -> tuple[float, float, float]:
    """Precision, recall and F1."""
    precision, recall = right / max(1, found), right / max(1, there)
    return precision, recall, 2 * precision * recall / max(1e-9, precision + recall)


def pairs(data: Path) -> list[tuple[str, Path, Path]]:
    """(name, dirty, clean) of every folder in data/errors that holds both."""
    found = sorted(path.parent for path in data.glob("errors/*/dirty.csv"))
    return [
        (folder.name, folder / "dirty.csv", folder / "clean.csv")
        for folder in found
        if (folder / "clean.csv").is_file()
    ]


def bench_noise(
    data: Path, seed: int, told: Callable[[str], None] = lambda step: None, only: Collection[str] = ()
) -> list[Noise]:
    """Every pair, dirty against clean, and the clean table against itself: what is changed there is damage alone.

    only: names of the pairs to try, all when there is none. Raises FileNotFoundError when the folder holds none of them.
    """
    found = [pair for pair in pairs(data) if not only or pair[0] in only]
    if not found:
        which = "、".join(only) or "<name>"
        raise FileNotFoundError(f"{data} holds no errors/{which}/dirty.csv beside a clean.csv")
    measured = []
    for name, dirty, clean in found:
        wrong, right = disguised(_read(dirty), _read(clean), seed)
        for label, table in ((name, wrong), (f"{name}, clean", right)):
            told(label)
            measured.append(measure(label, table, right))
    return measured


def disguised(dirty: Table, clean: Table, seed: int) -> tuple[Table, Table]:
    """Both with columns renamed and moved, and rows shuffled, alike: nothing can rest on a name or an order."""
    rng = random.Random(seed)
    columns, rows = list(range(len(dirty[0]))), list(range(1, len(dirty)))
    rng.shuffle(columns)
    rng.shuffle(rows)
    names = [f"x{rng.randrange(16**6):06x}" for _ in columns]
    return tuple([names, *([table[row][column] for column in columns] for row in rows)] for table in (dirty, clean))  # type: ignore[return-value]


def measure(name: str, dirty: Table, clean: Table) -> Noise:
    """Draft a contract from the dirty table, try it as it stands, and compare what comes out with the clean one."""
    with tempfile.TemporaryDirectory(prefix="noise-") as folder:
        sample, contract, out = Path(folder) / "sample.csv", Path(folder) / "sample.yaml", Path(folder) / "out"
        with sample.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(dirty)
        began = time.perf_counter()
        contract.write_text(draft_contract(sample, "sample"), encoding="utf-8")
        drafted = time.perf_counter()
        try_contract(home(), load_contract(contract), sample, out)
        tried = time.perf_counter()
        kept, flags, repairs = (_read(out / f"{what}.csv") for what in ("kept", "flags", "repairs"))
    left = {int(row): cells for row, *cells in kept[1:]}
    flagged = {(int(line[0]), line[1]) for line in (*flags[1:], *repairs[1:]) if line[1]}
    counts = dict.fromkeys(("cells", "wrong", "flagged_right", "repaired", "repaired_right", "damaged"), 0)
    for number, (sent, truth) in enumerate(zip(dirty[1:], clean[1:], strict=True), 1):
        for column, before, after, right in zip(dirty[0], sent, left.get(number, sent), truth, strict=True):
            counts["cells"] += 1
            counts["wrong"] += before != right
            counts["flagged_right"] += before != right and (number, column) in flagged
            counts["repaired"] += after != before
            counts["repaired_right"] += after != before and after == right
            counts["damaged"] += before == right and after != before
    return Noise(name=name, flagged=len(flagged), draft_seconds=drafted - began, try_seconds=tried - drafted, **counts)


def _read(path: Path) -> Table:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))

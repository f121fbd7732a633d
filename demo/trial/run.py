"""One trial from clean files to a judgement: the clean files once, the damaged ones once a seed, a home for each run."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from demo.corruption import Kind
from demo.trial.intake import take_in
from demo.trial.judge import Judged, judge
from demo.trial.sources import Source
from schemas.contract import load_contract


def hold_trial(
    sources: Sequence[Source], seeds: Sequence[int], kinds: Sequence[Kind], rate: float, tell: Callable[[str], None]
) -> tuple[Judged, float]:
    """The judgement over all seeds, and the seconds of intake. Raises NotTaken, ValueError or ContractFault."""
    found, seconds = Judged(), 0.0
    with tempfile.TemporaryDirectory() as folder:
        tell("clean files")
        whole = [(source, source.damaged(0, (), 0.0)) for source in sources]
        clean, _ = take_in(Path(folder) / "clean", whole)
        for seed in seeds:
            tell(f"seed {seed}")
            given = [(source, source.damaged(seed, kinds, rate)) for source in sources]
            taken, took = take_in(Path(folder) / f"seed_{seed}", given)
            seconds += took
            for (source, sent), there, untouched in zip(given, taken, clean, strict=True):
                judge(found, load_contract(source.contract_path), sent, there, untouched)
    return found, seconds

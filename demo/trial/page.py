"""Prints what a trial found, kind by kind, and writes it for programs."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from rich.console import Console
from rich.table import Table

from demo.corruption import CATALOGUE
from demo.trial.judge import OUTCOMES, UNTOLD, Judged, Tally

ASKED = 0.95


def print_trial(console: Console, found: Judged, seconds: float) -> None:
    console.print(_kinds(found))
    console.print(_rules(found))
    for line in [*_misses(found), *found.gates, *_sentences(found, seconds)]:
        console.print(line, highlight=False, soft_wrap=True, markup=False)


def write_json(found: Judged, path: Path) -> None:
    kinds = {
        name: {"planted": own.planted, **{outcome: own.counts[outcome] for outcome in OUTCOMES}}
        for name, own in sorted(found.kinds.items())
    }
    told = {
        "kinds": kinds, "rules": found.rules, "rows": found.rows, "clean_rows": found.clean_rows,
        "clean_cells": found.clean_cells, "damage": found.damage, "false_holds": found.false_holds, "native": found.native,
    }  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(told, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def _kinds(found: Judged) -> Table:
    table = Table(title="screening by kind of damage", title_justify="left")
    for header in (
        "kind",
        "",
        "expect",
        "planted",
        "right",
        "held instead",
        "wrong",
        "missed",
        "recall",
        "precision",
        "below",
    ):
        table.add_column(header, justify="left" if header in ("kind", "", "expect") else "right")
    for family in ("form", "value", "between", "row"):
        own = {name: tally for name, tally in found.kinds.items() if CATALOGUE[name].family == family}
        for name, tally in sorted(own.items(), key=lambda item: item[1].recall):
            mark = "·" if name in UNTOLD else "" if _is_met(tally) else "✗"
            table.add_row(name, CATALOGUE[name].zh, CATALOGUE[name].verdict, *_figures(tally), mark)
        if own:
            table.add_row(family, "", "", *_figures(_sum(own.values())), "", style="bold")
            table.add_section()
    return table


def _figures(tally: Tally) -> list[str]:
    precision = "—" if tally.precision is None else f"{tally.precision:.3f}"
    counts = [str(tally.counts[outcome]) for outcome in OUTCOMES]
    return [str(tally.planted), *counts, f"{tally.recall:.3f}", precision]


def _sum(tallies) -> Tally:
    whole = Tally()
    for tally in tallies:
        whole.counts.update(tally.counts)
    return whole


def _is_met(tally: Tally) -> bool:
    return tally.recall >= ASKED and (tally.precision is None or tally.precision >= ASKED)


def _rules(found: Judged) -> Table:
    table = Table(title="by the rule that spoke: on planted errors, and on untouched rows", title_justify="left")
    for header in ("rule", "just", "wrong", "on untouched", "precision"):
        table.add_column(header, justify="left" if header == "rule" else "right")
    for rule, own in sorted(found.rules.items()):
        table.add_row(
            rule, *(str(own[name]) for name in ("just", "wrong", "clean")), f"{own['just'] / own.total():.3f}"
        )
    return table


def _misses(found: Judged) -> list[str]:
    lines = []
    for name, tally in sorted(found.kinds.items()):
        for outcome in ("wrong", "missed", "held_instead"):
            if told := tally.examples.get(outcome):
                why = f" (would take {UNTOLD[name]})" if name in UNTOLD else f" ({CATALOGUE[name].why})"
                lines.append(f"{name} {outcome} {tally.counts[outcome]}{why}: " + "; ".join(told))
    return lines


def _sentences(found: Judged, seconds: float) -> list[str]:
    told = {name: tally for name, tally in found.kinds.items() if CATALOGUE[name].family in ("form", "value")}
    seen = {name: tally for name, tally in told.items() if name not in UNTOLD}
    met = [name for name, tally in seen.items() if _is_met(tally)]
    damaged, held = found.damage.total(), found.false_holds.total()
    return [
        f"form and value kinds that a row can tell: {len(met)} of {len(seen)} at {ASKED} or above in recall and precision; "
        f"below: {', '.join(sorted(set(seen) - set(met))) or 'none'}",
        f"untouched: {damaged} of {found.clean_cells:,} cells changed ({_most(found.damage)}), "
        f"{held} reasons to hold in {found.clean_rows:,} rows ({_most(found.false_holds)})",
        f"held in the clean files themselves: {_most(found.native)}",
        f"{found.rows:,} rows taken in, {seconds:.1f} s",
    ]


def _most(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.most_common(8)) or "none"

"""The figures as tables, each beside what is published."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from jobs.bench.surveillance import nab, noufaily, rki

Told = Callable[[str], None]


def show_rki(console: Console, data: Path, seed: int, told: Told) -> None:
    found = rki.bench_rki(data, seed, told)
    heads = [f"sensitivity at specificity {share}" for share in rki.SPECIFICITIES]
    table = Table(
        "method", *heads, "published", "at α = .005: sens / spec", "mean lag, weeks", "changed by cutting 26 weeks",
        title="7 RKI series, 7 outbreaks; 95 % bootstrap over series", title_justify="left",
    )  # fmt: skip
    for one in found:
        scores = [f"{score:.3f} ({low:.2f}–{high:.2f})" for score, low, high in one.sensitivity.values()]
        published = rki.PUBLISHED.get(one.method)
        table.add_row(
            one.method, *scores, " / ".join(f"{score:.3f}" for score in published) if published else "—",
            " / ".join(f"{share:.3f}" for share in one.at_alpha), f"{one.lag:.1f}", str(one.changed),
        )  # fmt: skip
    console.print(table)


def show_noufaily(console: Console, data: Path, replications: int, seed: int, told: Told) -> None:
    found = noufaily.bench_noufaily(data, replications, seed, told)
    sizes = ", ".join(str(size) for size in noufaily.SIZES)
    table = Table(
        "method", "false alarms at α = .005", "worst scenario", f"found, k = {sizes}", f"found where quiet weeks alarm at {noufaily.REFERENCE_RATE}",
        "ms a week judged", title=f"Noufaily's 28 scenarios, {replications:,} series each", title_justify="left",
    )  # fmt: skip
    for one in found:
        table.add_row(
            one.method, f"{one.rate:.4f}", f"{one.worst:.4f}", _shares(one.found.values()), _shares(one.matched.values()),
            f"{one.milliseconds:.3f}",
        )  # fmt: skip
    published = noufaily.PUBLISHED
    table.add_row("R, published", f"{published.rate:.4f}", f"{published.worst:.4f}", _shares(published.found), _shares(published.found), "9")  # fmt: skip
    console.print(table)


def show_nab(console: Console, data: Path, seed: int, told: Told) -> None:
    scored = nab.bench_nab(data, seed, told)
    console.print(
        f"NAB, standard profile, {scored.streams} series: conformal_knn {scored.score:.1f} (random {scored.random:.1f}); "
        f"{scored.found} of {scored.windows} windows, {scored.false_alarms} false alarms"
    )
    others = ", ".join(f"{name} {score}" for name, score in nab.PUBLISHED.items())
    console.print(f"published, on all 58 series of NAB, so not quite alike: {others}")


def _shares(shares) -> str:
    return " / ".join(f"{share:.3f}" for share in shares)

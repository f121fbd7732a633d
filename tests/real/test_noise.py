"""Dirty tables of the literature, disguised: drafted and tried as the drafts stand."""

from __future__ import annotations

from jobs.bench.noise import bench_noise
from jobs.home import Home


def test_noise_is_mended_without_being_told_and_clean_cells_are_left_alone(home: Home, published) -> None:
    """At least what is published for these pairs with labels or rules, and hardly a clean cell changed."""
    names = ("hospital", "beers")
    for name in names:
        published(f"errors/{name}/dirty.csv")
    measured = {noise.name: noise for noise in bench_noise(published(""), seed=20260629, only=names)}
    assert set(measured) == {"hospital", "hospital, clean", "beers", "beers, clean"}
    for name, best in (("hospital", 0.90), ("beers", 0.90)):
        assert measured[name].repair[2] > best, name
        assert measured[name].detection[2] > best, name
    for name, noise in measured.items():
        assert noise.damage < 0.0005, name

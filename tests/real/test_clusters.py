"""The scan on published events, as the bench replays it, in small."""

from __future__ import annotations

from pathlib import Path

from jobs.bench.clusters import bench_clusters


def test_a_weekly_replay_finds_clusters_and_says_what_they_cost(published, tmp_path: Path) -> None:
    """Three weeks of Chicago's requests: real clusters, on a map; among shuffled days, as many as p says."""
    [measured] = bench_clusters(published(""), seed=1, out=tmp_path, only="chicago_311", weeks=3, plants=0)
    assert measured.weeks == 3 and measured.cases == 55135
    assert measured.signals[100] >= measured.matters[100] > 0
    assert measured.strongest[0].cluster.p < 1e-6
    assert 0.03 <= measured.tail[0.05] <= 0.07 and measured.tail[1 / 365] <= 0.006
    assert measured.map is not None and measured.map.stat().st_size > 50_000

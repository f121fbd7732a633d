"""A picture of clusters: cases as dots, those of the last days darker, a cluster's red within its numbered circle."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Circle

from jobs.report.fonts import FOLDER
from jobs.warn.points import Points, as_date
from jobs.warn.scan_events import Found

_INK, _QUIET, _RECENT, _CLUSTER = "#1F2933", "#B4BEC9", "#2F6B9A", "#E02020"
_FACE = FontProperties(fname=FOLDER / "NotoSansCJKsc-Regular.otf")
_PAGE = '<!doctype html><meta charset="utf-8"><title>{title}</title><style>svg{{width:100%;height:96vh}}</style>{svg}'


def draw_map(path: Path, points: Points, found: Sequence[Found], title: str, recent_days: int = 30) -> None:
    """Write a .png, .svg or .html. Points far from all others (the outermost half percent on each side) may lie off the picture, a cluster never does."""
    figure = Figure(figsize=(9, 9), dpi=150)
    axes = figure.subplots()
    last = points.day.max()
    recent = points.day > last - recent_days
    size = float(np.clip(60_000 / max(len(points.x), 1), 0.8, 9))
    axes.scatter(points.x[~recent], points.y[~recent], s=size, c=_QUIET, linewidths=0, rasterized=True)
    axes.scatter(points.x[recent], points.y[recent], s=size * 2.5, c=_RECENT, alpha=0.6, linewidths=0, rasterized=True)
    inside = np.isin(points.row, np.concatenate([one.cluster.rows for one in found])) if found else recent & False
    axes.scatter(points.x[inside], points.y[inside], s=size * 3, c=_CLUSTER, linewidths=0)
    said = []
    for number, one in enumerate(found, 1):
        c = one.cluster
        axes.add_patch(Circle((c.x, c.y), c.radius, fill=False, edgecolor=_CLUSTER, linewidth=1.6))
        axes.annotate(
            str(number), (c.x + c.radius * 0.72, c.y + c.radius * 0.72), xytext=(2, 2), textcoords="offset points",
            fontsize=10, color=_CLUSTER, bbox={"facecolor": "white", "alpha": 0.7, "edgecolor": "none", "pad": 1},
        )  # fmt: skip
        days = f"{as_date(c.first_day)} – {as_date(c.last_day):%m-%d}"
        said.append(f"{number}   {c.observed} / {c.expected:.1f}   {days}   {one.category[:24]}".rstrip())
    axes.text(
        1.02, 0.99, "\n".join(said), transform=axes.transAxes, va="top", fontproperties=_FACE, fontsize=9, color=_INK
    )
    axes.set_xlim(*_extent(points.x, [(one.cluster.x, one.cluster.radius) for one in found]))
    axes.set_ylim(*_extent(points.y, [(one.cluster.y, one.cluster.radius) for one in found]))
    axes.set_aspect("equal")
    _scale(axes)
    axes.set_title(
        f"{title}\nred: clusters, cases observed / expected, days; dark dots: the last {recent_days} days",
        fontproperties=_FACE,
        fontsize=11,
        color=_INK,
        loc="left",
    )
    _save(figure, path, title)


def _extent(along: np.ndarray, circles: list[tuple[float, float]]) -> tuple[float, float]:
    low, high = np.quantile(along, [0.005, 0.995])
    low, high = (
        min([low, *(at - r for at, r in circles)]),
        max([high, *(at + r for at, r in circles)]),
    )
    margin = 0.06 * (high - low) + 100
    return float(low - margin), float(high + margin)


def _scale(axes) -> None:
    """A bar of a round length instead of coordinates, which tell a reader nothing."""
    (west, east), (south, north) = axes.get_xlim(), axes.get_ylim()
    room = (east - west) / 5
    length = max(n * 10**k for k in range(1, 7) for n in (1, 2, 5) if n * 10**k <= max(room, 10))
    x, y = west + room / 5, south + (north - south) / 40
    axes.plot([x, x + length], [y, y], color=_INK, linewidth=2)
    said = f"{length // 1000} km" if length >= 1000 else f"{length} m"
    axes.annotate(said, (x + length / 2, y), xytext=(0, 4), textcoords="offset points", ha="center", fontsize=9)
    axes.set_xticks([])
    axes.set_yticks([])


def _save(figure: Figure, path: Path, title: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".html":
        drawn = io.StringIO()
        figure.savefig(drawn, format="svg", bbox_inches="tight")
        svg = drawn.getvalue()
        path.write_text(_PAGE.format(title=title, svg=svg[svg.index("<svg") :]), encoding="utf-8")
    else:
        figure.savefig(path, bbox_inches="tight")

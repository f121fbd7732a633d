"""Writes the daily brief of a serving file as HTML and PDF, or refuses and writes nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from jobs.report.compose import Brief, compose
from jobs.report.figures import read_figures
from jobs.report.lint import BriefFault, Fault, lint
from jobs.report.page import page, render_html, render_pdf
from jobs.whole import written_whole

__all__ = ["Brief", "BriefFault", "Fault", "lint", "write_brief"]


def write_brief(serving: Path, out: Path, *, issue_no: int | None = None) -> Brief:
    """`日报-YYYYMMDD.html` and `.pdf` in `out`, from one serving file; the same file gives the same bytes.

    serving: DuckDB file or the symlink to it, opened read-only. issue_no: the day of the year unless given.
    Raises BriefFault when a figure does not hold, PageOverflow beyond two pages; then nothing is written.
    """
    brief = compose(read_figures(serving), issue_no)
    if faults := lint(brief):
        raise BriefFault(faults)
    model = page(brief)
    html, pdf = render_html(model).encode(), render_pdf(model, brief)
    stem = f"日报-{brief.figures.as_of:%Y%m%d}"
    pinned = json.dumps({"table_versions": brief.figures.table_versions}, sort_keys=True).encode()
    _put(out / f"{stem}.json", pinned)  # before the pages: `vacuum` keeps what a page rests on
    return replace(brief, html=_put(out / f"{stem}.html", html), pdf=_put(out / f"{stem}.pdf", pdf))


def _put(path: Path, content: bytes) -> Path:
    with written_whole(path) as draft:
        draft.write_bytes(content)
    return path

"""Prints a brief: one page model, an HTML template for the screen and a Typst template for paper."""

from __future__ import annotations

import json
import tempfile
from datetime import UTC
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from jobs.report.charts import LEVEL_COLOURS, days_above, map_svg, trend_svg
from jobs.report.compose import Brief, long_date, moment
from jobs.report.fonts import lay_out_fonts

TEMPLATES = Path(__file__).parent / "templates"
# Body, table and caption in points. 16 pt is 3号, what GB/T 9704 asks for; smaller only to keep the day on one page.
_SIZES = ((16, 10.5, 8.5), (14, 9.5, 8), (11, 8.5, 7), (10.5, 8, 7))
_MOST_PAGES = 2


class PageOverflow(ValueError):
    """A brief longer than two pages even in the smallest type."""


def page(brief: Brief) -> dict[str, Any]:
    """All that a template needs: text, tables, colours and the two pictures as SVG (or None)."""
    figures = brief.figures
    return {
        "issue": f"第 {brief.issue_no} 期",
        "date": long_date(figures.as_of),
        "as_of": f"{figures.as_of.month}月{figures.as_of.day}日",
        "built_at": f"{figures.built_at.year}年{moment(figures.built_at)}",
        "clock": figures.clock,
        "run_id": figures.run_id,
        "versions": [f"{table}@{version}" for table, version in sorted(figures.table_versions.items())],
        "lead": brief.lead,
        "tiles": [tile.__dict__ for tile in brief.tiles],
        "sections": [section.__dict__ for section in brief.sections],
        "colours": LEVEL_COLOURS,
        "trend_days": len(figures.trend),
        "days_above": days_above(figures.trend),
        "trend": trend_svg(figures.trend),
        "map": map_svg(figures.cells),
    }


def render_html(model: dict[str, Any]) -> str:
    """One self-contained HTML page: no font, script, style or picture from elsewhere."""
    pictures = {name: Markup(model[name]) if model[name] else None for name in ("trend", "map")}
    return templates().get_template("brief.html.j2").render(**{**model, **pictures})


def render_pdf(model: dict[str, Any], brief: Brief) -> bytes:
    """A4 as PDF/A, in the largest type that keeps the brief on one page, else on two.

    Raises PageOverflow when even the smallest type needs more.
    """
    with tempfile.TemporaryDirectory() as folder:
        room = Path(folder)
        _lay_out(model, room)
        tried = [_set_in(room, sizes, brief) for sizes in _SIZES]
    for most in range(1, _MOST_PAGES + 1):
        for pages, pdf in tried:
            if pages <= most:
                return pdf
    raise PageOverflow(f"日报 {brief.figures.as_of:%Y%m%d}：最小字号仍超过 {_MOST_PAGES} 页，请缩短预警缘由")


@cache
def templates(folder: Path = TEMPLATES) -> Environment:
    """A folder's HTML templates, escaping everything and refusing a name that nobody gave."""
    return Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _lay_out(model: dict[str, Any], room: Path) -> None:
    """What Typst reads: template, figures, pictures, and the two fonts alone, so that every machine prints the same."""
    (room / "brief.typ").write_bytes((TEMPLATES / "brief.typ").read_bytes())
    for picture in ("trend", "map"):
        if model[picture]:
            (room / f"{picture}.svg").write_text(model[picture], encoding="utf-8")
    drawn = {picture: bool(model[picture]) for picture in ("trend", "map")}
    (room / "brief.json").write_text(json.dumps({**model, **drawn}, ensure_ascii=False), encoding="utf-8")
    lay_out_fonts(room / "fonts")


def _set_in(room: Path, sizes: tuple[float, float, float], brief: Brief) -> tuple[int, bytes]:
    """(pages, PDF) in the given sizes; the PDF's time stamp is the serving file's, so it never differs twice."""
    import typst

    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[room / "fonts"])
    given: dict[str, str] = dict(zip(("body", "table", "caption"), map(str, sizes), strict=True))
    press = typst.Compiler(input=room / "brief.typ", root=room, font_paths=fonts, sys_inputs=given)
    pdf = press.compile(format="pdf", timestamp=brief.figures.built_at.astimezone(UTC), pdf_standards="a-2b")
    assert isinstance(pdf, bytes)
    return int(json.loads(press.query("<pages>", field="value", one=True))), pdf

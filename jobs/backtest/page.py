"""A replay's page, in Chinese or English: one HTML file with its pictures in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import altair as alt
import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from jobs.backtest.measure import Figure, Outcome
from jobs.backtest.result import Result
from jobs.report.charts import as_svg

HERE = Path(__file__).parent
COLUMNS = ["raised", "below", "a_day", "true", "false", "other", "precision", "events", "found", "recall", "delay"]
OF_EVENTS = ("events", "found", "recall", "delay")
INK, MISSED, WIDTH, ROW = "#1F2933", "#E02020", 760, 13


@dataclass(frozen=True)
class Cell:
    value: str
    interval: str = ""


def words_of(language: str) -> dict[str, str]:
    return yaml.safe_load((HERE / "words.yaml").read_text())[language]


def render(result: Result, language: str) -> str:
    words = words_of(language)
    pages = Environment(loader=FileSystemLoader(HERE / "templates"), undefined=StrictUndefined, autoescape=True)
    days = result.days
    return pages.get_template("backtest.html.j2").render(
        language=language, words=words, start=days[0], end=days[-1], columns=COLUMNS, with_events=result.outcomes is not None,
        span=words["span"].format(start=days[0], end=days[-1], days=len(days)), knowing=words[result.known],
        load=load_says(result, words), families=[{"title": result.title(one.family, language), "cells": cells(result, one)} for one in result.families],
        by_day=_picture(_by_day(result, language)), timeline=_picture(_timeline(result, language)),
        events=[_event(result, one, words, language) for one in result.outcomes or []],
        stray=[
            {"day": one["raised_on"], "title": result.title(one["family"], language), "subject": one["subject"], "reason": one[f"reason_{language}"]}
            for one in result.false
        ],
    )  # fmt: skip


def load_says(result: Result, words: dict[str, str]) -> str:
    found = [load.found for load in result.loads]
    over = sum(load.below > 0 for load in result.loads)
    return words["load_says"].format(mean=sum(found) / len(found), most=max(found), over=over, budget=result.budget)


def cells(result: Result, family: Any) -> list[Cell]:
    """A family's figures in the order of COLUMNS."""
    return [
        Cell("—") if name in OF_EVENTS and result.outcomes is None else _cell(name, getattr(family, name))
        for name in COLUMNS
    ]


def _cell(name: str, said: int | Figure) -> Cell:
    if not isinstance(said, Figure):
        return Cell(str(said))
    if said.value is None:
        return Cell("—")
    form = "{:.0%}" if name in ("precision", "recall") else "{:.2f}" if name == "a_day" else "{:g}"
    ends = (said.low, said.high)
    return Cell(form.format(said.value), "" if None in ends else "–".join(form.format(end) for end in ends))


def _event(result: Result, one: Outcome, words: dict[str, str], language: str) -> dict[str, Any]:
    event, first = one.event, one.warnings[0] if one.warnings else None
    place = " ".join(filter(None, (*event.areas[:1], event.category, event.estate, event.building, event.equipment_no)))
    said = words["found_at"].format(day=first["raised_on"], delay=one.delay) if first else words["missed"]
    return {
        "number": event.number, "title": result.title(event.family, language), "place": place, "start": event.start, "end": event.end,
        "outcome": said, "warning": first["warning_id"][:8] if first else "",
    }  # fmt: skip


def _by_day(result: Result, language: str) -> alt.LayerChart | alt.FacetChart | None:
    """Bars of what was raised each day by family, and the budget's line."""
    rows = [
        {"day": f"{one['raised_on']}T00:00:00Z", "family": result.title(one["family"], language)}
        for one in result.past.first.values()
    ]
    if not rows:
        return None
    span = [f"{day}T00:00:00Z" for day in (result.days[0], result.days[-1] + timedelta(days=1))]
    x = alt.X(
        "utcyearmonthdate(day):T", scale=alt.Scale(type="utc", domain=span), axis=alt.Axis(title=None, format="%m-%d")
    )
    bars = alt.Chart(alt.Data(values=rows)).mark_bar(width=max(2, WIDTH // len(result.days) - 2))
    bars = bars.encode(
        x=x,
        y=alt.Y("count():Q", axis=alt.Axis(title=None, tickMinStep=1)),
        color=alt.Color("family:N", legend=alt.Legend(title=None)),
    )
    line = (
        alt.Chart(alt.Data(values=[{"budget": result.budget}]))
        .mark_rule(color=INK, strokeDash=[4, 3])
        .encode(y="budget:Q")
    )
    return alt.layer(bars, line).properties(width=WIDTH, height=200)


def _timeline(result: Result, language: str) -> alt.LayerChart | alt.FacetChart | None:
    """A bar from an event's start to its end, red when missed; a point at its first warning."""
    rows = [
        {
            "event": f"{one.event.number} {result.title(one.event.family, language)}", "start": f"{one.event.start}T00:00:00Z",
            "end": f"{one.event.end}T23:59:59Z", "first": f"{one.warnings[0]['raised_on']}T06:00:00Z" if one.warnings else None,
        }
        for one in result.outcomes or []
    ]  # fmt: skip
    if not rows:
        return None
    base = alt.Chart(alt.Data(values=rows)).encode(
        y=alt.Y("event:N", sort=None, axis=alt.Axis(title=None, labelLimit=260))
    )
    x = alt.X("start:T", scale=alt.Scale(type="utc"), axis=alt.Axis(title=None, format="%m-%d"))
    colour = alt.condition("isValid(datum.first)", alt.value("#B8CBE0"), alt.value(MISSED))
    bars = base.mark_bar(height=6).encode(x=x, x2="end:T", color=colour)
    points = base.transform_filter("isValid(datum.first)").mark_point(color=INK, fill=INK, size=18).encode(x="first:T")
    return alt.layer(bars, points).properties(width=WIDTH - 100, height=ROW * len(rows))


def _picture(chart: alt.LayerChart | alt.FacetChart | None) -> Markup | None:
    return Markup(as_svg(chart)) if chart else None

"""The brief's two pictures, as SVG: incidents against their expected band, and the grids by worst warning."""

from __future__ import annotations

import json
from functools import cache
from math import cos, radians
from types import ModuleType

import altair as alt

from jobs.report.figures import Cell, TrendDay
from jobs.report.fonts import FOLDER, SANS

LEVEL_COLOURS = {"blue": "#2F6BFF", "yellow": "#F5B400", "orange": "#FF7A00", "red": "#E02020"}
_INK, _BAND, _EXPECTED, _RULE, _QUIET = "#1F2933", "#DCE6F2", "#5B7C99", "#D5DAE0", "#EDF0F3"
_BY_FORTNIGHT = alt.Axis(title=None, format="%-m月%-d日", tickCount=alt.TimeIntervalStep("week", 2), labelFlush=True)
_TREND_SIZE, _MAP_SIZE = (246, 70), (150, 78)  # points


def trend_svg(trend: tuple[TrendDay, ...]) -> str | None:
    """Observed line, expected line and band by day; a ring marks a day above the band. None without a day."""
    if not trend:
        return None
    base = alt.Chart(alt.Data(values=[_day(day) for day in trend]))
    # UTC on both the data and the axis: otherwise the machine's time zone would move the days.
    x = alt.X("day:T", scale=alt.Scale(type="utc"), axis=_BY_FORTNIGHT)
    y = alt.Y("observed:Q", axis=alt.Axis(title=None, tickCount=4), scale=alt.Scale(zero=False, nice=True))
    banded = base.transform_filter("isValid(datum.upper)")
    chart = alt.layer(
        banded.mark_area(color=_BAND).encode(x=x, y=alt.Y("lower:Q"), y2="upper:Q"),
        banded.mark_line(color=_EXPECTED, strokeDash=[3, 2], strokeWidth=1).encode(x=x, y="expected:Q"),
        base.mark_line(color=_INK, strokeWidth=1.3).encode(x=x, y=y),
        banded.transform_filter("datum.observed > datum.upper")
        .mark_point(color=_INK, fill="white", size=26, strokeWidth=1.2, opacity=1)
        .encode(x=x, y="observed:Q"),
    )
    return as_svg(chart.properties(width=_TREND_SIZE[0], height=_TREND_SIZE[1]))


def days_above(trend: tuple[TrendDay, ...]) -> int:
    """How many days lie above their band."""
    return sum(day.upper is not None and (day.observed or 0) > day.upper for day in trend)


def map_svg(cells: tuple[Cell, ...]) -> str | None:
    """Grids on a plain ground, coloured by their worst warning, with the towns' names. None without a grid."""
    if not cells:
        return None
    squeeze = cos(radians(json.loads(cells[0].polygon)[0][1]))
    shapes = [_shape(cell, squeeze) for cell in cells]
    ground = (
        alt.Chart(alt.Data(values=shapes))
        .mark_geoshape(stroke="white", strokeWidth=0.7)
        .encode(color=alt.Color("properties.colour:N", scale=None))
    )
    names = (
        alt.Chart(alt.Data(values=_town_names(shapes)))
        .mark_text(fontSize=7, font=SANS, stroke="white", strokeWidth=1.4, strokeJoin="round", strokeOpacity=0.75)
        .encode(longitude="x:Q", latitude="y:Q", text="town:N")
    )
    chart = alt.layer(ground, names, names.mark_text(fontSize=7, font=SANS, fill=_INK))
    return as_svg(chart.project(type="identity", reflectY=True).properties(width=_MAP_SIZE[0], height=_MAP_SIZE[1]))


def _day(day: TrendDay) -> dict[str, object]:
    return {**day._asdict(), "day": f"{day.day.isoformat()}T00:00:00Z"}


def _shape(cell: Cell, squeeze: float) -> dict[str, object]:
    """A grid as GeoJSON on a plane; squeeze: cosine of the latitude, so that the city is not drawn too wide."""
    ring = [[lon * squeeze, lat] for lon, lat in json.loads(cell.polygon)]
    closed = ring if ring[0] == ring[-1] else [*ring, ring[0]]
    colour = LEVEL_COLOURS.get(cell.worst_level or "", _QUIET)
    return {
        "type": "Feature",
        "properties": {"colour": colour, "town": cell.town},
        "geometry": {"type": "Polygon", "coordinates": [closed]},
    }


def _town_names(shapes: list[dict]) -> list[dict[str, object]]:
    """Each town's name at the mean of its grids' corners."""
    corners: dict[str, list[list[float]]] = {}
    for shape in shapes:
        if town := shape["properties"]["town"]:
            corners.setdefault(town, []).extend(shape["geometry"]["coordinates"][0][:-1])
    return [
        {"town": town, "x": sum(x for x, _ in points) / len(points), "y": sum(y for _, y in points) / len(points)}
        for town, points in sorted(corners.items())
    ]


def as_svg(chart: alt.LayerChart | alt.FacetChart) -> str:
    """In the reports' typeface and colours."""
    dressed = chart.configure(font=SANS, background="transparent").configure_view(stroke=None)
    dressed = dressed.configure_axis(
        labelFontSize=8, labelColor=_INK, gridColor=_RULE, gridWidth=0.5, domainColor=_RULE, tickColor=_RULE
    ).configure_axisX(grid=False)
    return _engine().vegalite_to_svg(dressed.to_json())


@cache
def _engine() -> ModuleType:
    """The drawing engine, taught our typeface once: it places labels by their measured width."""
    import vl_convert  # here, because it starts a JavaScript engine

    vl_convert.register_font_directory(str(FOLDER))
    return vl_convert

"""How a contract writes its small words: durations, shares, calendars, patterns, encodings, zones and the formats of times."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from croniter import croniter
from pydantic import BeforeValidator


def duration(text: Any) -> timedelta:
    found = re.fullmatch(r"(\d+)\s*([hdm])", str(text))
    if not found:
        raise ValueError("write a duration such as 30m, 6h or 3d")
    return timedelta(**{{"m": "minutes", "h": "hours", "d": "days"}[found[2]]: int(found[1])})


def _share(text: Any) -> float:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*%", str(text))
    if not found or float(found[1]) > 100:
        raise ValueError("write a share such as 2%")
    return float(found[1]) / 100


def _cron(text: Any) -> str:
    if not croniter.is_valid(str(text)):
        raise ValueError(f"{text!r} is not a cron expression such as '0 2 * * *'")
    return str(text)


LONGEST_PATTERN = 1000


def _regex(text: Any) -> str:
    if len(str(text)) > LONGEST_PATTERN:
        raise ValueError(f"a regular expression of {len(str(text)):,} signs: {LONGEST_PATTERN:,} must do")
    try:
        re.compile(str(text))
    except RecursionError:
        raise ValueError("has too many brackets within brackets") from None
    except re.error as fault:
        raise ValueError(f"{text!r} is not a regular expression: {fault}") from None
    if re.search(r"\(\?(?:[=!>(]|<[=!]|P=)|\\[1-9]|[*+?}]\+", str(text)):
        raise ValueError(f"{text!r} looks around, back or possessively, which the screening's RE2 cannot")
    return str(text)


def _encoding(text: Any) -> str:
    try:
        "".encode(str(text))
    except LookupError:
        raise ValueError(f"no encoding is called {text!r}; try utf-8, utf-8-sig, gb18030 or big5") from None
    return str(text)


def _zone(text: Any) -> str:
    try:
        ZoneInfo(str(text))
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError(f"no time zone is called {text!r}; write one such as UTC or America/Chicago") from None
    return str(text)


Duration = Annotated[timedelta, BeforeValidator(duration)]
Share = Annotated[float, BeforeValidator(_share)]
Cron = Annotated[str, BeforeValidator(_cron)]
Regex = Annotated[str, BeforeValidator(_regex)]
Encoding = Annotated[str, BeforeValidator(_encoding)]
Zone = Annotated[str, BeforeValidator(_zone)]


ROC_YEAR = "%J"  # of the Republic (民國), three digits, or as many as stand before the next sign; the year 1 is 1912
STRPTIME = {
    "yyyy": "%Y", "yyy": ROC_YEAR, "MM": "%m", "M": "%-m", "dd": "%d", "d": "%-d",
    "HH": "%H", "H": "%-H", "mm": "%M", "ss": "%S",
}  # fmt: skip


def strptime_of(form: str) -> str:
    """A format written yyyy/M/d H:mm as DuckDB's strptime writes it, but for yyy in front. Raises ValueError on an unknown letter."""
    parts = re.findall(r"yyyy|yyy|MM|M|dd|d|HH|H|mm|ss|[a-zA-Z]+|[^a-zA-Z]", form)
    for part in parts:
        if part not in STRPTIME and re.match(r"[a-zA-Z]", part) and part != "T":
            raise ValueError(f"formats: {form!r} has {part!r}; known are {', '.join(STRPTIME)}")
    if "yyy" in parts[1:]:
        raise ValueError(f"formats: {form!r}: yyy, a year of the Republic, comes first")
    return "".join(STRPTIME.get(part) or part for part in parts)


def first_group(pattern: str, text: str) -> str | None:
    """What a pattern's group holds of a text; None where the pattern is not met.

    By RE2, like the screening: in a time that grows with the text, also where Python's own would try for ever.
    """
    import duckdb  # Airflow reads every contract to parse its DAGs, and no name

    text = text.encode("utf-8", "replace").decode()  # a file's name need not be UTF-8
    with duckdb.connect(config={"threads": 1}) as con:
        found = con.execute(
            "SELECT CASE WHEN regexp_matches(?1, ?2) THEN regexp_extract(?1, ?2, 1) END", [text, pattern]
        ).fetchone()
    return found[0] if found else None

"""Whether a kept value is the clean one, in whatever form and type it is kept."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

import pandas as pd

A_MINUTE = timedelta(minutes=1)  # a serial number of a spreadsheet rounds to about a second


def same_value(clean: str, kept: Any) -> bool:
    """True when the kept value means `clean`: the same text, moment or number. What is still padded, full-width or
    spaced out is not the same.

    A word that became a code ("盗窃" → "theft") cannot be compared and counts as the same.
    """
    told = "" if kept is None or pd.isna(kept) else str(kept)
    if clean == told or not clean or not told:
        return clean == told
    if not told.isascii() or told != told.strip():
        return False
    moments = _moment(clean), _moment(told)
    if moments[0] and moments[1]:
        return abs(moments[0] - moments[1]) <= A_MINUTE
    numbers = _number(clean), _number(told)
    if numbers[0] is not None and numbers[1] is not None:
        return numbers[0] == numbers[1]
    return bool(re.fullmatch(r"[a-z_]+", told) and not clean.isascii())


def _moment(text: str) -> datetime | None:
    """A date, month or time written with separators or as 6, 8 or 14 digits in one piece."""
    text = re.sub(r"([+-]\d\d(:?\d\d)?|Z)$", "", text) if ":" in text else text
    parts = re.findall(r"\d+", text.split(".")[0] if ":" in text else text)
    if len(parts) == 1 and len(parts[0]) in (6, 8, 14):
        joined = parts[0]
        parts = [joined[:4], *re.findall(r"\d\d", joined[4:])]
    if len(parts) < 2 or len(parts[0]) != 4:
        return None
    try:
        return datetime(*([int(part) for part in parts[:6]] + [1] * (3 - len(parts))))  # type: ignore[arg-type]
    except ValueError:
        return None


def _number(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None

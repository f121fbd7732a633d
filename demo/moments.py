"""The moment behind a clean date, month or time, in any of the forms that departments write."""

from __future__ import annotations

import re
from datetime import datetime


def parse_moment(text: str) -> datetime | None:
    """2026-03-01, 2026/3/1 9:05, 20260301, 202603 as a moment; None when the text holds no date. Parts not told are 1
    (month, day) or 0 (clock). Raises ValueError for a day that does not exist."""
    numbers = [int(part) for part in re.findall(r"\d+", text)[:6]]
    if len(numbers) == 1 and len(text) in (6, 8):
        numbers = [int(text[:4]), int(text[4:6]), *([int(text[6:])] if len(text) == 8 else [])]
    if len(numbers) < 2:
        return None
    return datetime(*(numbers + [1] * (3 - len(numbers))))  # type: ignore[arg-type]

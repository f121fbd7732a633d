"""Columns of text made from numbers, for whole files at once: words, numbers, days and moments as departments write them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from functools import cache
from typing import TypeAlias, cast

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

Text: TypeAlias = "pa.StringArray"
EPOCH = date(1970, 1, 1)
A_DAY = 86_400
SPAN = 4_000  # days; tables of days are made in such steps, so that few are made


def picked(words: Sequence[str] | pa.Array, which: np.ndarray) -> Text:
    """The word of each row by its place in the list."""
    table = words if isinstance(words, pa.Array) else pa.array(list(cast("Sequence[str]", words)), pa.string())
    return cast("pa.Array", table).take(pa.array(np.asarray(which, dtype=np.int64)))


def joined(*parts: Text | str) -> Text:
    """The parts of each row without anything between them; a plain string stands in every row."""
    return pc.binary_join_element_wise(*(pa.scalar(p) if isinstance(p, str) else p for p in parts), "")


def numbered(prefix: str | Text, numbers: np.ndarray, width: int) -> Text:
    """JQ000042: the prefix and the number with leading zeros."""
    digits = pc.cast(pa.array(np.asarray(numbers, dtype=np.int64)), pa.string())
    return joined(prefix, pc.utf8_lpad(digits, width, "0"))


def written(numbers: np.ndarray, decimals: int = 0) -> Text:
    """Numbers with a fixed count of decimals."""
    scaled = np.round(np.asarray(numbers, dtype=float) * 10**decimals).astype(np.int64)
    if not decimals:
        return pc.cast(pa.array(scaled), pa.string())
    whole = pc.cast(pa.array(np.abs(scaled) // 10**decimals), pa.string())
    sign = picked(["", "-"], scaled < 0)
    return joined(sign, whole, ".", numbered("", np.abs(scaled) % 10**decimals, decimals))


def where(test: np.ndarray, then: Text | str, other: Text | str) -> Text:
    return pc.if_else(pa.array(np.asarray(test, dtype=bool)), _whole(then), _whole(other))


def as_day(days: np.ndarray | pd.Series, form: str = "%Y-%m-%d") -> Text:
    """Days (datetime64) as text, "" where there is none."""
    numbers = _since_epoch(days, "D")
    return _from_table(numbers, lambda low, high: _days(low, high, form))


def as_stamp(moments: np.ndarray | pd.Series, seconds: bool = True) -> Text:
    """Moments as 2026-03-01 09:05:07, or without the seconds."""
    return _moment(moments, "%Y-%m-%d", _clock(seconds, loose=False))


def as_loose_stamp(moments: np.ndarray | pd.Series, seconds: bool = False) -> Text:
    """Moments as 2026/3/1 9:05, the way a spreadsheet shows them."""
    return _moment(moments, "%Y/%-m/%-d", _clock(seconds, loose=True))


def column(text: Text) -> pd.Series:
    """The text as a column of a sheet, without a Python object a cell."""
    return pd.Series(pd.array(text, dtype=pd.ArrowDtype(pa.string())))


def table(**columns: Text) -> pd.DataFrame:
    return pd.DataFrame({name: column(text) for name, text in columns.items()})


def _whole(part: Text | str) -> Text | pa.Scalar:
    return pa.scalar(part) if isinstance(part, str) else part


def _since_epoch(times: np.ndarray | pd.Series, unit: str) -> np.ndarray:
    """Whole units since 1970, the smallest integer where there is no time."""
    return np.asarray(times).astype(f"datetime64[{unit}]").astype(np.int64)


def _from_table(numbers: np.ndarray, words: Callable[[int, int], Text]) -> Text:
    none = np.iinfo(np.int64).min
    told = numbers[numbers != none]
    if not len(told):
        return pa.array([""] * len(numbers), pa.string())
    low = int(told.min()) // SPAN * SPAN
    high = int(told.max()) // SPAN * SPAN + SPAN - 1
    known = words(low, high)
    return known.take(pa.array(np.where(numbers == none, high - low + 1, numbers - low)))


@cache
def _days(low: int, high: int, form: str) -> Text:
    """Each day of a span, and "" at its end for no day."""
    days = [(EPOCH + timedelta(days=n)).strftime(form) for n in range(low, high + 1)]
    return pa.array([*days, ""], pa.string())


@cache
def _clock(seconds: bool, loose: bool) -> Text:
    """Each second of a day, and "" at its end for no time."""
    hour = "{}" if loose else "{:02d}"
    form = f" {hour}:{{:02d}}" + (":{:02d}" if seconds else "")
    return pa.array([*(form.format(n // 3600, n // 60 % 60, n % 60) for n in range(A_DAY)), ""], pa.string())


def _moment(moments: np.ndarray | pd.Series, day_form: str, clock: Text) -> Text:
    numbers = _since_epoch(moments, "s")
    none = numbers == np.iinfo(np.int64).min
    days = np.asarray(moments).astype("datetime64[D]")
    return joined(as_day(days, day_form), clock.take(pa.array(np.where(none, A_DAY, numbers % A_DAY))))

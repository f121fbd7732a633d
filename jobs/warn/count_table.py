"""A CSV of counts as (series, dates): the cadence told from its dates, rows summed, missing dates counted as 0."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from jobs.warn.methods.bounds import Array
from quality.encoding import guess

SAMPLE_BYTES = 1 << 20
WHOLE_DATE = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:[T ]\d.*)?|(\d{4})(\d\d)(\d\d)")
MONTH = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*月?|(\d{4})(\d\d)")
WEEK = re.compile(r"(\d{4})-?W(\d{1,2})")
FORMS = "2026-03-02, 2026/3/2, 20260302, 2026年3月2日, 2026-W10, 2026-03 or 202603"
MOST_DAYS = 200 * 366


class CannotDetect(ValueError):
    """The table cannot be judged; the message names the column or row and the way out."""


@dataclass(frozen=True)
class CountTable:
    """counts: (series, dates), NaN where the cell was empty; cadence: day, week or month; names: the series' values in each `by` column."""

    counts: Array
    dates: list[date]
    cadence: str
    names: list[tuple[str, ...]]
    iso_weeks: bool
    rows: int
    filled: int
    summed: int
    empty: int

    def label(self, when: date) -> str:
        """A date as the table writes it: a month as 2026-03, an ISO week as 2026-W10, else the day (a week's first as given)."""
        if self.cadence == "month":
            return f"{when:%Y-%m}"
        return f"{when:%G-W%V}" if self.iso_weeks else when.isoformat()


def read_counts(path: Path, time: str, count: str, by: tuple[str, ...]) -> CountTable:
    """Raises CannotDetect."""
    frame = _frame(path)
    for column in (time, count, *by):
        if column not in frame.columns:
            raise CannotDetect(f"{path.name} has no column {column!r}; it has {', '.join(map(repr, frame.columns))}")
    if frame.empty:
        raise CannotDetect(f"{path.name} has a header and no rows")
    days, forms = _days(frame[time], path)
    counted = _numbers(frame[count], path)
    cadence = _cadence(days, forms)
    dates, column = _grid(days, cadence)
    keys = frame[list(by)].apply(lambda values: values.str.strip()) if by else frame[[]]
    names, row = _series(keys, len(frame))
    counts = np.zeros((len(names), len(dates)))
    np.add.at(counts, (row, column), counted)
    there = np.zeros(counts.shape, dtype=np.int64)
    np.add.at(there, (row, column), 1)
    return CountTable(
        counts, dates, cadence, names, forms == {"week"}, len(frame), int((there == 0).sum()),
        int(np.maximum(there - 1, 0).sum()), int(np.isnan(counted).sum()),
    )  # fmt: skip


def _frame(path: Path) -> pd.DataFrame:
    with path.open("rb") as file:
        sample = file.read(SAMPLE_BYTES)
    if not sample.strip():
        raise CannotDetect(f"{path.name} is empty")
    encoding = _encoding(sample)
    if encoding is None:
        raise CannotDetect(f"{path.name}: its encoding cannot be told; save it as UTF-8")
    head = sample.decode(encoding, errors="replace").splitlines()[0]
    separator = max(",;\t|", key=head.count)
    try:
        frame = pd.read_csv(
            path, dtype=str, keep_default_na=False, encoding=encoding, sep=separator, skipinitialspace=True, index_col=False
        )  # fmt: skip
    except (pd.errors.ParserError, UnicodeDecodeError) as fault:
        raise CannotDetect(f"{path.name} is no table: {' '.join(str(fault).split())}") from None
    frame.columns = [str(name).strip().lstrip("\ufeff") for name in frame.columns]
    return frame


def _encoding(sample: bytes) -> str | None:
    """As the deliveries' is guessed; UTF-8 where a text too short to be sure of reads as such."""
    if found := guess(sample).encoding:
        return found
    try:
        sample[: sample.rfind(b"\n") + 1 or None].decode("utf-8")
    except UnicodeDecodeError:
        return None
    return "utf-8"


def _days(texts: pd.Series, path: Path) -> tuple[NDArray[np.datetime64], set[str]]:
    """(rows,) first day of what each cell names, and the forms met."""
    parsed = {text: _day(text.strip()) for text in texts.unique()}
    wrong = [text for text, found in parsed.items() if found is None]
    if wrong:
        at = int(np.flatnonzero(texts.isin(wrong).to_numpy())[0])
        raise CannotDetect(
            f"{path.name}, row {at + 2}, column {texts.name!r}: {texts.iloc[at]!r} is no date; write {FORMS}"
        )
    known = {text: found for text, found in parsed.items() if found}
    forms = {form for _, form in known.values()}
    if len(forms) > 1:
        raise CannotDetect(
            f"{path.name}, column {texts.name!r} mixes {' and '.join(f'{form}s' for form in sorted(forms))}; keep one of them"
        )
    return texts.map({text: np.datetime64(when) for text, (when, _) in known.items()}).to_numpy("datetime64[D]"), forms


def _day(text: str) -> tuple[date, str] | None:
    try:
        if found := WHOLE_DATE.fullmatch(text):
            year, month, day = (int(part) for part in found.groups() if part)
            return date(year, month, day), "day"
        if found := MONTH.fullmatch(text):
            year, month = (int(part) for part in found.groups() if part)
            return date(year, month, 1), "month"
        if found := WEEK.fullmatch(text):
            return datetime.strptime(f"{found[1]}-{int(found[2]):02d}-1", "%G-%V-%u").date(), "week"
    except ValueError:
        return None
    return None


def _numbers(texts: pd.Series, path: Path) -> Array:
    """(rows,) counts; NaN for an empty cell."""
    plain = texts.str.strip().str.replace(",", "", regex=False)
    numbers = pd.to_numeric(plain.where(plain != ""), errors="coerce").to_numpy(float)
    wrong = np.flatnonzero((np.isnan(numbers) & (plain != "").to_numpy()) | (numbers < 0) | np.isinf(numbers))
    if len(wrong):
        at = int(wrong[0])
        raise CannotDetect(
            f"{path.name}, row {at + 2}, column {texts.name!r}: {texts.iloc[at]!r} is no count; write a number from 0, or leave it "
            "empty where nothing was counted"
        )
    return numbers


def _cadence(days: NDArray[np.datetime64], forms: set[str]) -> str:
    """By the form if it says so; else months where every date is a first of the month, weeks where all fall on one weekday."""
    distinct = np.unique(days)
    if np.ptp(distinct.astype(np.int64)) > MOST_DAYS:
        raise CannotDetect(f"the dates run from {distinct[0]} to {distinct[-1]}: look for a mistyped year")
    if len(distinct) < 2:
        raise CannotDetect("there is one date only: a count is judged by the dates before it")
    if forms != {"day"}:
        return next(iter(forms))
    firsts = distinct == distinct.astype("datetime64[M]").astype("datetime64[D]")
    if firsts.all():
        return "month"
    steps = np.diff(distinct).astype(int)
    return "week" if (steps % 7 == 0).all() else "day"


def _grid(days: NDArray[np.datetime64], cadence: str) -> tuple[list[date], NDArray[np.int64]]:
    """Every date from the first to the last, and each row's place among them."""
    if cadence == "month":
        months = days.astype("datetime64[M]").astype(np.int64)
        first, place = months.min(), months - months.min()
        grid = [date(1970 + m // 12, m % 12 + 1, 1) for m in range(int(first), int(months.max()) + 1)]
        return grid, place
    step = 7 if cadence == "week" else 1
    first = days.min().astype(date)
    place = (days - days.min()).astype(np.int64) // step
    return [first + timedelta(days=step * n) for n in range(int(place.max()) + 1)], place


def _series(keys: pd.DataFrame, rows: int) -> tuple[list[tuple[str, ...]], NDArray[np.int64]]:
    if not len(keys.columns):
        return [()], np.zeros(rows, dtype=np.int64)
    grouped = keys.groupby(list(keys.columns), sort=True)
    names = [name if isinstance(name, tuple) else (name,) for name in grouped.groups]
    return names, grouped.ngroup().to_numpy()

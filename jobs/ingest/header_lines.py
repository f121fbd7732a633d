"""The headers of a file: what spans two or three lines, as merged cells leave it, as one line; and not more than make sense."""

from __future__ import annotations

from collections.abc import Sequence

from jobs.ingest.unreadable import Unreadable

MOST_COLUMNS = 1_000
LONGEST_HEADER = 500  # characters


def bounded(headers: list[str]) -> list[str]:
    """The headers themselves. Raises Unreadable when they are too many, too long or too odd to be those of a table."""
    if len(headers) > MOST_COLUMNS:
        raise Unreadable(
            f"表头有 {len(headers):,} 列,多于 {MOST_COLUMNS:,} 列。请核对分隔符和导出范围,只导出约定的列。"
        )
    for place, header in enumerate(headers, 1):
        if len(header) > LONGEST_HEADER:
            raise Unreadable(
                f"表头第 {place} 列有 {len(header):,} 个字,引号可能没有成对,或这一行不是表头。请核对后重新导出。"
            )
        if "\0" in header:
            raise Unreadable(
                f"表头第 {place} 列有不可见的空字符,文件的编码可能不对(例如 UTF-16)。请按约定的编码重新导出。"
            )
    return headers


def one_line(lines: Sequence[Sequence[str | None]]) -> list[str]:
    """One header a column: the group above it, where a merged cell spans it, and its own words. A single line stays as it is.

    A cell merged over several columns holds its text in the first and leaves the others empty; a cell merged over both
    lines leaves the lower one empty, and spans nothing beside it.
    """
    if len(lines) == 1:
        return [cell or "" for cell in lines[0]]
    upper, lower = lines[0], one_line(lines[1:])
    titles, group = [], ""
    for i in range(max(len(upper), len(lower))):
        above, below = (upper[i] or "").strip() if i < len(upper) else "", lower[i] if i < len(lower) else ""
        if above:
            group = above if below else ""
        titles.append(f"{above or group}{below}" if below else above)
    return titles

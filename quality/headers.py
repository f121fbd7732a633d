"""From the headers a department sent to the columns its contract knows."""

from __future__ import annotations

from dataclasses import dataclass, field
from difflib import get_close_matches

from schemas.contract import Contract, header_key


@dataclass(frozen=True)
class HeaderMap:
    """columns: contract column -> position in the file; unknown: (header, nearest column's header or None) of headers that stand for nothing."""

    columns: dict[str, int]
    unknown: list[tuple[str, str | None]] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    @property
    def fits(self) -> bool:
        return bool(self.columns) and not self.missing


def map_headers(contract: Contract, headers: list[str]) -> HeaderMap:
    """Find each column by name or alias; the first of two headers for one column counts, the other is unknown.

    missing lists the required columns that no header stands for: such a delivery is refused as a whole.
    """
    columns: dict[str, int] = {}
    strangers: list[str] = []
    for position, header in enumerate(headers):
        column = contract.column_of(header)
        if column is None or column in columns:
            strangers.append(header)
        else:
            columns[column] = position
    missing = [name for name, column in contract.columns.items() if column.required and name not in columns]
    return HeaderMap(columns, [(header, _nearest(contract, header, columns)) for header in strangers], missing)


def _nearest(contract: Contract, header: str, found: dict[str, int]) -> str | None:
    waiting = {
        header_key(alias): alias
        for name, column in contract.columns.items()
        if name not in found
        for alias in column.aliases
    }
    near = get_close_matches(header_key(header), waiting, n=1, cutoff=0.5)
    return waiting[near[0]] if near else None

"""A landed row's cells in the order its department sent them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from jobs.ingest.land import extra_titles
from quality.headers import HeaderMap


def cells_as_sent(row: Mapping[str, Any], header: list[str], headers: HeaderMap) -> list[str]:
    """row: column -> text, and extra (JSON), of `landed`. A row without shape stands in the first cell, its text whole."""
    placed = {position: column for column, position in headers.columns.items()}
    extra = json.loads(row["extra"] or "{}")
    cells = [row[placed[i]] if i in placed else extra.get(title) for i, title in enumerate(extra_titles(header))]
    if "" in extra:
        cells[:1] = [extra[""]]
    return [cell or "" for cell in cells]

"""Warnings as a city's run leaves them, written without a JVM: for tests of what happens to them afterwards."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pyarrow as pa
from deltalake import write_deltalake

from jobs.home import ZONE, Home
from jobs.warn.record import EVIDENCE, WARNING
from schemas.warning_rule import LEVELS_ZH

TODAY = date(2026, 6, 29)
EIGHT = datetime(2026, 6, 29, 8, tzinfo=ZONE)
GRID, COMMUNITY, TOWN = "330499001001001", "330499001001", "330499001"
TYPES = {
    "STRING": pa.string(), "DOUBLE": pa.float64(), "BIGINT": pa.int64(), "DATE": pa.date32(), "TIMESTAMP": pa.timestamp("us", "UTC"),
}  # fmt: skip
USUAL: dict[str, Any] = {
    "family": "incident_surge", "family_zh": "警情突增", "lane": "budget", "level": "yellow", "title_zh": "警情突增", "reason_zh": "近7天盗窃9起",
    "reason_en": "9 thefts in 7 days", "grid_code": GRID, "category": "theft", "raised_at": EIGHT, "raised_on": TODAY, "seen_on": TODAY,
    "window_start": TODAY - timedelta(7), "window_end": TODAY - timedelta(1), "observed": 9.0, "expected": 2.5, "bound": 6.0, "score": 1.9,
    "confidence": 1.0, "confidence_why": "", "unit_zh": "公安局", "deadline_at": EIGHT + timedelta(hours=24), "status": "new",
    "evidence_rows": 9, "table_versions": '{"silver.police_incident": 0}',
}  # fmt: skip


def shape(columns: str) -> pa.Schema:
    return pa.schema([(name, TYPES[type_]) for name, type_ in (column.split() for column in columns.split(", "))])


def warning(warning_id: str, **given: Any) -> dict[str, Any]:
    """A surge of thefts in one grid, found this morning, unless said otherwise."""
    row = USUAL | {"warning_id": warning_id} | given
    subject = f"{row['grid_code']}|{row['category']}"
    return {"subject_key": subject, "subject": subject.replace("|", " "), "level_zh": LEVELS_ZH[row["level"]]} | row


def found(home: Home, *rows: dict[str, Any]) -> None:
    """gold.warning holds these and no others, as one run wrote them."""
    table = pa.Table.from_pylist(list(rows), shape(WARNING))
    write_deltalake(home.table("gold", "warning"), table, mode="overwrite")


def evidence(home: Home, rows: dict[str, list[int]], day: date = TODAY - timedelta(1)) -> None:
    """Evidence of each warning: row numbers of one delivery of incidents."""
    table = [
        {
            "warning_id": warning_id, "feed": "police_incident", "delivery_id": "police_incident-20260628-01", "row_no": number,
            "day": day, "facts": "{}", "table_version": 0,
        }
        for warning_id, numbers in rows.items()
        for number in numbers
    ]  # fmt: skip
    write_deltalake(
        home.table("gold", "warning_evidence"), pa.Table.from_pylist(table, shape(EVIDENCE)), mode="overwrite"
    )

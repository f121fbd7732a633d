"""Words to the operator that must not be missed: kept in `ops.alert`, shown by `citybrain status`, and handed to a command of the city's own.

CITYBRAIN_ALERT_COMMAND names a program that is given each alert as JSON on its standard input (a pager, a mail, a chat);
how it fares is logged, and never stops what raised the alert.
"""

from __future__ import annotations

import json
import logging
import os
import shlex
import subprocess
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa

from jobs import lake
from jobs.home import ZONE, Home

log = logging.getLogger(__name__)
SCHEMA = pa.schema(
    [
        ("raised_at", pa.timestamp("us", "UTC")),
        ("kind", pa.string()),
        ("subject", pa.string()),
        ("says_zh", pa.string()),
    ]
)
COMMAND_SECONDS = 30


def alert(home: Home, kind: str, subject: str, says_zh: str) -> None:
    """kind: late_delivery, dag_failed, ...; subject: the feed or DAG; says_zh carries no personal data."""
    log.warning("alert %s %s: %s", kind, subject, says_zh)
    row = {"raised_at": datetime.now(ZONE), "kind": kind, "subject": subject, "says_zh": says_zh}
    if command := os.environ.get("CITYBRAIN_ALERT_COMMAND"):  # first: what is wrong may be that nothing can be written
        _hand_over(command, row)
    lake.append(path(home), pa.Table.from_pylist([row], SCHEMA))


def recent(home: Home, days: int = 2) -> list[dict[str, Any]]:
    """The alerts of the last days, newest first."""
    if not lake.exists(path(home)):
        return []
    since = datetime.now(ZONE) - timedelta(days=days)
    with lake.connect(reads_delta=False) as con:
        lake.offer(con, "alerts", path(home))
        found = con.execute(
            "SELECT raised_at, kind, subject, says_zh FROM alerts WHERE raised_at >= ? ORDER BY raised_at DESC", [since]
        )
        return [dict(zip(SCHEMA.names, row, strict=True)) for row in found.fetchall()]


def path(home: Home) -> str:
    return home.table("ops", "alert")


def _hand_over(command: str, row: dict[str, Any]) -> None:
    try:
        said = json.dumps(row, default=str, ensure_ascii=False)
        done = subprocess.run(shlex.split(command), input=said, text=True, capture_output=True, timeout=COMMAND_SECONDS)
        if done.returncode:
            log.error("CITYBRAIN_ALERT_COMMAND ended with %d: %s", done.returncode, done.stderr.strip()[-300:])
    except (OSError, subprocess.TimeoutExpired) as fault:
        log.error("CITYBRAIN_ALERT_COMMAND could not be run: %s", fault)

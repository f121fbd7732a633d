"""Every month of one published data set through the intake, and the figures of it: `python tests/real/figures.py chicago_311 HOME` prints JSON."""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import great_expectations.expectations  # noqa: F401 (a second of import that no delivery should bear)
from counted import counted
from delivering import deliver
from deltalake import DeltaTable
from monthly_files import CHICAGO, FEEDS, HOUSTON, Published

from jobs.home import Home
from jobs.ingest.ledger import Entry
from schemas.contract import load_contract

EDGE = 10


def run(published: Published, home: Home) -> dict[str, Any]:
    """Deliver the months in their order, one ingest each; home must be new."""
    contract = load_contract(FEEDS / f"{published.feed}.yaml")
    entries, seconds, cpu = [], [], []
    for month, content in published.months().items():
        began, worked = time.perf_counter(), time.process_time()
        entries += deliver(home, contract, {published.file_name(month): content})
        seconds.append(time.perf_counter() - began)
        cpu.append(time.process_time() - worked)
    places = "count(*), count(DISTINCT row_key), count(*) FILTER (lat IS NULL)"
    ((rows, keys, pointless),) = counted(home, contract, f"SELECT {places} FROM now")
    return (
        outcome(entries)
        | {"seconds": spent(seconds), "cpu_seconds": spent(cpu)}
        | {"held_because": held_because(home, published.feed), "lake": size(home)}
        | {"current": {"rows": rows, "keys": keys, "without_point": pointless}}
    )


def outcome(entries: list[Entry]) -> dict[str, Any]:
    rows = ("read_rows", "kept_rows", "repaired_rows", "held_rows", "refused_rows")
    return {
        "deliveries": len(entries),
        "verdicts": Counter(entry.status for entry in entries),
        "rows": {name: sum(getattr(entry, name) for entry in entries) for name in rows},
        "words": {entry.delivery_id: entry.words for entry in entries if entry.words},
    }


def spent(seconds: list[float]) -> dict[str, Any]:
    """All deliveries, the mean of the first and of the last ten (of half of them, when they are fewer than twenty), and each.

    A busy machine stretches the wall clock; whether a delivery costs more with its history is read from the CPU's.
    """
    edge = min(EDGE, len(seconds) // 2)
    first, last = (round(sum(some) / edge, 2) for some in (seconds[:edge], seconds[-edge:]))
    return {
        "all": round(sum(seconds), 1),
        f"first_{edge}": first,
        f"last_{edge}": last,
        "each": [round(s, 2) for s in seconds],
    }


def held_because(home: Home, feed: str) -> dict[str, int]:
    """Reason -> held rows that have it; a row may have several."""
    if not DeltaTable.is_deltatable(home.table("held", feed)):
        return {}
    held = DeltaTable(home.table("held", feed)).to_pyarrow_table(columns=["reasons"]).to_pylist()
    return dict(Counter(reason for row in held for reason in row["reasons"]).most_common())


def size(home: Home) -> dict[str, int]:
    """Files and bytes of the lake, those of the tables' logs apart."""
    files = [path for path in home.lake.rglob("*") if path.is_file()]
    logs = [path for path in files if "_delta_log" in path.parts]
    total, logged = (sum(path.stat().st_size for path in of) for of in (files, logs))
    return {"files": len(files), "bytes": total, "log_files": len(logs), "log_bytes": logged}


if __name__ == "__main__":
    wanted = {published.feed: published for published in (CHICAGO, HOUSTON)}[sys.argv[1]]
    print(json.dumps(run(wanted, Home(Path(sys.argv[2]))), ensure_ascii=False, indent=1))

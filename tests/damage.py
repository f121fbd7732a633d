"""What a disk, a hand or an attacker may do to a Delta table, each a way to try."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from jobs.lake import files


def last_entry(path: Path) -> Path:
    return max((path / "_delta_log").glob("*.json"))


def write_over(path: Path) -> None:
    """Of the same length, and where the values are, not the footer."""
    content = path.read_bytes()
    path.write_bytes(content[:4] + b"\xff" * (len(content) // 2) + content[4 + len(content) // 2 :])


WAYS: dict[str, Callable[[Path], object]] = {
    "the last entry of its log emptied": lambda table: last_entry(table).write_bytes(b""),
    "the last entry of its log deleted": lambda table: last_entry(table).unlink(),
    "the last entry of its log cut off": lambda table: last_entry(table).write_bytes(last_entry(table).read_bytes()[:-9]),
    "its log deleted": lambda table: [entry.unlink() for entry in (table / "_delta_log").iterdir()],
    "a file deleted": lambda table: max(file for file, _ in files(str(table))).unlink(),
    "a file emptied": lambda table: max(file for file, _ in files(str(table))).write_bytes(b""),
    "a file cut off": lambda table: (file := max(f for f, _ in files(str(table)))).write_bytes(file.read_bytes()[:-100]),
    "a file written over": lambda table: write_over(max(file for file, _ in files(str(table)))),
}  # fmt: skip

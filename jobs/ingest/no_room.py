"""A full disk is nobody's fault among the files: what was under way is left as it is, and done anew when there is room."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager

from jobs.home import Home

FULL = (errno.ENOSPC, errno.EDQUOT)
SAYS_FULL = (
    *map(os.strerror, FULL),
    "max_temp_directory_size",
)  # the last is DuckDB's, which may spill no more than is free


class NoRoom(RuntimeError):
    """The disk is full. Nothing is lost: what was taken waits in the inbox."""


@contextmanager
def naming_a_full_disk(home: Home, what: str) -> Iterator[None]:
    """Raises NoRoom instead of what a full disk makes Python, Arrow, Delta and DuckDB say."""
    try:
        yield
    except Exception as fault:
        if not isinstance(fault, NoRoom) and is_full(fault):
            raise NoRoom(
                f"{what}: the disk that holds {home.root} is full; nothing is lost, what was taken waits in {home.inbox}: "
                f"make room (`citybrain vacuum`, old backups), and the next run goes on"
            ) from fault
        raise


def is_full(fault: BaseException | None) -> bool:
    """Whether a full disk, or a used-up quota, is behind it."""
    while fault:
        if (isinstance(fault, OSError) and fault.errno in FULL) or any(words in str(fault) for words in SAYS_FULL):
            return True
        fault = fault.__cause__ or fault.__context__
    return False

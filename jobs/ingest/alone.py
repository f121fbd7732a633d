"""One run at a time: a lock that goes with its process, however that ends."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from jobs.home import Home


@contextmanager
def alone(home: Home, name: str) -> Iterator[None]:
    """Hold the lock of a feed, or of the city's run; waits while another process has it."""
    home.locks.mkdir(parents=True, exist_ok=True)
    with (home.locks / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield

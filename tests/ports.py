"""Ports for servers that tests start."""

from __future__ import annotations

import os
import socket
from random import SystemRandom

LENT = (
    32_768  # from here on the system lends ports to outgoing connections, which would take one before its server has it
)
A_WORKER = 1_000


def free_port() -> int:
    """One that nobody listens on now, and no other worker of this run asks for. Raises RuntimeError when there is none."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 10
    mine = range(LENT - (worker + 1) * A_WORKER, LENT - worker * A_WORKER)
    for port in SystemRandom().sample(mine, len(mine)):
        with socket.socket() as door:
            try:
                door.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError(f"no free port from {mine.start} to {mine.stop}")

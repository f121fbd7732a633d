"""A process that has imported everything and forks a child for each piece of work: a child costs little, and may be killed."""

from __future__ import annotations

import functools
import multiprocessing
import os
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from settings import PATIENCE


class Warm:
    """Children of one warm process. folder: where what they print and their temporary files go.

    Work is a function of a module, given what can be pickled, with the CITYBRAIN_ settings of the caller at that moment.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._orders, theirs = multiprocessing.Pipe()
        spawn = multiprocessing.get_context("spawn")
        self._process = spawn.Process(target=_serve, args=(theirs, folder), daemon=True)
        self._process.start()
        theirs.close()

    def start(self, work: Callable[..., None], *given: Any) -> int:
        """The process id of a child that does the work."""
        settings = {name: value for name, value in os.environ.items() if name.startswith("CITYBRAIN_")}
        return self._ask(("start", settings, work, given))

    def wait(self, child: int) -> int:
        """A child's exit code: 0 done, 1 raised (see `said`), below 0 the signal that ended it."""
        return self._ask(("wait", child))

    def run(self, work: Callable[..., None], *given: Any) -> int:
        return self.wait(self.start(work, *given))

    def do(self, work: Callable[..., None], *given: Any) -> None:
        """Work that must succeed."""
        assert self.run(work, *given) == 0, self.said()

    def killed_after(self, seconds: float, work: Callable[..., None], *given: Any) -> int:
        """Like run, with kill -9 after so many seconds."""
        child = self.start(work, *given)
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
        return self.wait(child)

    def said(self) -> str:
        """The end of what children have printed."""
        return (self.folder / "said").read_text(errors="replace")[-4000:]

    def close(self) -> None:
        self._orders.send(None)
        self._process.join(10)

    def _ask(self, order: tuple[Any, ...]) -> int:
        self._orders.send(order)
        assert self._orders.poll(PATIENCE), f"no answer to {order[0]}: {self.said()}"
        return self._orders.recv()


def _serve(orders: Connection, folder: Path) -> None:
    # PySpark, imported by Great Expectations, ends a process whose main module has no file: it believes to be a doctest.
    sys.modules["__main__"].__file__ = __file__
    tempfile.tempdir = str(folder)
    said = os.open(folder / "said", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(said, 1)
    os.dup2(said, 2)
    import great_expectations
    import great_expectations.expectations
    import great_expectations.render.renderer
    import great_expectations.render.view

    import jobs.home
    import jobs.ingest.stranger
    import jobs.operate.orders
    import quality.duckdb_dialect

    assert great_expectations and quality.duckdb_dialect and jobs.ingest.stranger and jobs.operate.orders
    jobs.home.load_contracts = functools.cache(jobs.home.load_contracts)
    jobs.home.home().contracts()  # a fifth of a second that no child need spend again
    while order := orders.recv():
        if order[0] == "wait":
            orders.send(os.waitstatus_to_exitcode(os.waitpid(order[1], 0)[1]))
        elif child := os.fork():
            orders.send(child)
        else:
            _work(*order[1:])


def _work(settings: dict[str, str], work: Callable[..., None], given: tuple[Any, ...]) -> None:
    os.environ.update(settings)
    try:
        work(*given)
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)

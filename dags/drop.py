"""The sweep of a drop folder as an Airflow event: a file that has stood still starts its feed's ingest."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from fnmatch import fnmatchcase
from typing import Any

from airflow.triggers.base import BaseEventTrigger, TriggerEvent

from jobs.home import home
from jobs.ingest.claim import dropped, is_for, last_written, stands_still

POLL_SECONDS = 5.0
AGAIN_SECONDS = 120.0
LEFT_SECONDS = 600.0  # longer than most runs take


class DropFolderTrigger(BaseEventTrigger):
    """Fires when a file of the pattern stands still in drop/<folder>; again every two minutes while it is still there.

    Also while something taken lies unfinished in inbox/<taken>: a run that was killed, or met a full disk, left it.
    The folders are the truth: whatever the triggerer missed while it was down, it sees when it is back.
    """

    def __init__(self, folder: str, pattern: str, taken: str) -> None:
        super().__init__()
        self.folder, self.pattern, self.taken = folder, pattern, taken

    def serialize(self) -> tuple[str, dict[str, Any]]:
        given = {"folder": self.folder, "pattern": self.pattern, "taken": self.taken}
        return f"{type(self).__module__}.{type(self).__qualname__}", given

    async def run(self) -> AsyncIterator[TriggerEvent]:
        told: dict[tuple[str, int], float] = {}
        while True:
            waiting = [*self._still(), *self._left()]
            news = [key for key in waiting if time.monotonic() - told.get(key, -AGAIN_SECONDS) >= AGAIN_SECONDS]
            if news:
                told = dict.fromkeys(news, time.monotonic()) | {key: at for key, at in told.items() if key not in news}
                yield TriggerEvent({"folder": self.folder, "files": len(news)})
            await asyncio.sleep(POLL_SECONDS)

    def _still(self) -> list[tuple[str, int]]:
        files = [path for path in dropped(home(), self.folder) if self._takes(path.name)]
        return [(path.name, at) for path in files if stands_still(path) and (at := last_written(path)) is not None]

    def _takes(self, file_name: str) -> bool:
        """What is for no feed is found by every file: its DAG looks at each, and skips when all belong somewhere."""
        return self.pattern == "*" or is_for(file_name, self.taken, lambda name: fnmatchcase(name, self.pattern))

    def _left(self) -> list[tuple[str, int]]:
        claims = (home().inbox / self.taken).glob("*-*")
        long_ago = time.time_ns() - int(LEFT_SECONDS * 1e9)
        return [(claim.name, 0) for claim in claims if (at := last_written(claim)) is not None and at < long_ago]

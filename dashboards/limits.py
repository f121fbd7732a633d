"""No question holds the server: what takes longer than a page would wait for is broken off."""

# Superset lives in its own environment, where the project's type checker does not look.
# pyright: reportMissingImports=false, reportMissingModuleSource=false

from __future__ import annotations

import os
import threading
from typing import Any

from sqlalchemy.pool import NullPool

SECONDS = float(os.environ.get("CITYBRAIN_SERVING_SECONDS", "30"))


class Timed(NullPool):
    """A connection a question, opened for it and closed after it, and interrupted when it is still open after SECONDS."""

    def _create_connection(self) -> Any:
        record = super()._create_connection()
        opened: Any = record.dbapi_connection
        clock = threading.Timer(SECONDS, opened.interrupt)
        clock.daemon = True
        record.info["clock"] = clock
        clock.start()
        return record

    def _do_return_conn(self, record: Any) -> None:
        record.info["clock"].cancel()
        super()._do_return_conn(record)

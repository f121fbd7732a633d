"""DuckDB for SQLAlchemy with results read before the connection goes back.

Great Expectations reads a result after it has returned the connection, and the pool's rollback empties it by then.
"""

from __future__ import annotations

from typing import Any

import duckdb
from duckdb_engine import ConnectionWrapper
from duckdb_engine import Dialect as DuckDBDialect
from sqlalchemy.dialects import registry
from sqlalchemy.engine.cursor import FullyBufferedCursorFetchStrategy


class BufferedExecution(DuckDBDialect.execution_ctx_cls):
    def post_exec(self) -> None:
        super().post_exec()
        if self.cursor.description:
            rows = self.cursor.fetchall()
            self.cursor_fetch_strategy = FullyBufferedCursorFetchStrategy(
                self.cursor, alternate_description=self.cursor.description, initial_buffer=rows
            )


class BufferedDialect(DuckDBDialect):
    execution_ctx_cls = BufferedExecution
    supports_statement_cache = False

    def connect(self, *cargs: Any, **cparams: Any) -> Any:
        """A plain connection: the driver adds a user agent, and DuckDB refuses a second configuration of an open file."""
        return ConnectionWrapper(duckdb.connect(cparams["database"]))


def register() -> None:
    registry.register("duckdb", __name__, BufferedDialect.__name__)

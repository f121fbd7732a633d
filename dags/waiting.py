"""Waiting for what a calendar promises, in the triggerer. A module of its own: Airflow names a DAG file's classes as nobody can import them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowSkipException
from airflow.triggers.base import BaseTrigger, TriggerEvent

from jobs.home import ZONE, home

POLL_SECONDS = 300.0


class ArrivalTrigger(BaseTrigger):
    """Fires when the period that fell due at `due_at` (ISO) has been admitted."""

    def __init__(self, feed: str, due_at: str) -> None:
        super().__init__()
        self.feed, self.due_at = feed, due_at

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return f"{type(self).__module__}.{type(self).__qualname__}", {"feed": self.feed, "due_at": self.due_at}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        while not await asyncio.to_thread(self._has_come):
            await asyncio.sleep(POLL_SECONDS)
        yield TriggerEvent({"feed": self.feed})

    def _has_come(self) -> bool:
        from jobs.ingest.ledger import Ledger
        from jobs.operate.arrivals import has_come

        here = home()
        contract = here.contracts()[0].get(self.feed)
        if contract is None:  # its YAML cannot be read just now
            return False
        due_at = here.in_city(datetime.fromisoformat(self.due_at).astimezone(ZONE))  # Airflow speaks UTC
        return has_come(contract, Ledger(here, self.feed).rows, due_at)


class WaitForDelivery(BaseOperator):
    """Waits in the triggerer, where waiting costs no worker."""

    def __init__(self, feed: str, give_up_after: timedelta, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.feed, self.give_up_after = feed, give_up_after

    def execute(self, context: Any) -> None:
        run = context["dag_run"]
        due_at = run.logical_date or run.run_after
        if datetime.now(due_at.tzinfo) - due_at > self.give_up_after:
            raise AirflowSkipException(
                f"feed {self.feed}: what was due at {due_at:%Y-%m-%d %H:%M} is no longer waited for"
            )
        self.defer(
            trigger=ArrivalTrigger(self.feed, due_at.isoformat()), method_name="came", timeout=self.give_up_after
        )

    def came(self, context: Any, event: dict[str, Any] | None = None) -> str:
        return f"feed {self.feed}: came"

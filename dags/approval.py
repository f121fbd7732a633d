"""A refused delivery put before a person in Airflow, the waiting done in the triggerer. A module of its own: Airflow names a DAG file's classes as nobody can import them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from functools import lru_cache
from typing import Any

from airflow.providers.standard.operators.hitl import HITLBranchOperator
from airflow.providers.standard.triggers.hitl import HITLTrigger
from airflow.sdk import Param
from airflow.sdk.exceptions import AirflowRuntimeError
from airflow.sdk.execution_time.hitl import update_hitl_detail_response, upsert_hitl_detail
from airflow.triggers.base import BaseEventTrigger, TriggerEvent
from asgiref.sync import sync_to_async

from jobs.home import Home, home

POLL_SECONDS = 10.0
AGAIN_SECONDS = 1800.0
SETTLED = "已另行处理"


class RefusedTrigger(BaseEventTrigger):
    """Fires when a refused delivery waits that it has not told of; again every half-hour while one waits.

    The ledger is the truth: what was missed while the triggerer was down, or lost with a killed run, is told again.
    """

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return f"{type(self).__module__}.{type(self).__qualname__}", {}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        told: set[tuple[str, int]] = set()
        told_at = 0.0
        while True:
            waiting = await asyncio.to_thread(_waiting)
            if waiting - told or (waiting and time.monotonic() - told_at >= AGAIN_SECONDS):
                told, told_at = set(waiting), time.monotonic()
                yield TriggerEvent({"deliveries": len(waiting)})
            await asyncio.sleep(POLL_SECONDS)


class AnswerTrigger(HITLTrigger):
    """Fires when the delivery waits no longer: decided on the command line, or followed by a new file.

    An answer given in Airflow resumes the task without it, but for one that came before the task was deferred: that is looked for once.
    """

    def __init__(self, delivery: str, entry_no: int, why: str, **asked: Any) -> None:
        super().__init__(**asked)
        self.delivery, self.entry_no, self.why = delivery, entry_no, why

    def serialize(self) -> tuple[str, dict[str, Any]]:
        asked = super().serialize()[1]
        about = {"delivery": self.delivery, "entry_no": self.entry_no, "why": self.why}
        return f"{type(self).__module__}.{type(self).__qualname__}", asked | about

    async def run(self) -> AsyncIterator[TriggerEvent]:
        if answered := await self._handle_response():
            yield answered
            return
        while (self.delivery, self.entry_no) in await asyncio.to_thread(_waiting):
            await asyncio.sleep(POLL_SECONDS)
        words = await asyncio.to_thread(_settled, home(), self.delivery, self.entry_no)
        await self._close(words)
        yield TriggerEvent({"settled": words})

    async def _close(self, words: str) -> None:
        """The page says what happened, and takes no answer any more."""
        try:
            await sync_to_async(update_hitl_detail_response)(self.ti_id, [SETTLED], {self.why: words})
        except AirflowRuntimeError as fault:  # answered at this very moment: the order will find it settled
            self.log.warning("%s: the question could not be closed: %s", self.delivery, fault)


class AskAboutDelivery(HITLBranchOperator):
    """Asks about the delivery that the run's conf names; goes on to the task of the answer, or ends when something else has settled it.

    Pushes `answer`, {delivery, asked, by, why}, or `settled`, in words: a task that branches returns nothing.
    """

    def __init__(self, *, why: str, why_help: str, **kwargs: Any) -> None:
        super().__init__(subject="{{ dag_run.conf['delivery'] }}", **kwargs)
        self.why, self.why_help = why, why_help

    def execute(self, context: Any) -> None:
        from jobs.operate import question
        from jobs.operate.undecided import feed_of, undecided

        here, delivery = home(), context["dag_run"].conf["delivery"]
        case = next((case for case in undecided(here) if case.delivery_id == delivery), None)
        contract = here.contracts()[0].get(feed_of(delivery))
        if case is None or contract is None:
            return self._end(context, _settled(here, delivery))
        self._ask(context, question.subject(contract, case), question.body(here, contract, case))
        trigger = AnswerTrigger(
            delivery, case.entry_no, self.why, ti_id=context["ti"].id, options=self.options, params={}, timeout_datetime=None
        )  # fmt: skip
        self.defer(trigger=trigger, method_name="execute_complete", kwargs={"asked": case.entry_no})

    def execute_complete(self, context: Any, event: dict[str, Any], asked: int = 0) -> None:
        delivery = context["dag_run"].conf["delivery"]
        if words := event.get("settled"):
            return self._end(context, words)
        why = " ".join(str((event.get("params_input") or {}).get(self.why) or "").split())
        if not why and "error" not in event:
            self.log.warning("%s: answered without a reason, so it is asked again", delivery)
            return self.execute(context)
        if by := event.get("responded_by_user"):
            context["ti"].xcom_push("answer", {"delivery": delivery, "asked": asked, "by": by["name"], "why": why})
        super().execute_complete(context, event)

    def _ask(self, context: Any, subject: str, body: str) -> None:
        """The reason is no param of the task: those must be valid when it starts, and this one is a person's to give."""
        why = Param("", self.why_help, type="string", minLength=1, maxLength=200, title=self.why)
        upsert_hitl_detail(
            context["ti"].id, self.options, subject, body, params={self.why: why.serialize()}
        )  # fmt: skip

    def _end(self, context: Any, words: str) -> None:
        """Nothing is left to decide: neither task of an answer runs."""
        self.log.info(words)
        context["ti"].xcom_push("settled", words)
        self.do_branch(context, None)


def _settled(here: Home, delivery: str, asked: int | None = None) -> str:
    from jobs.ingest.ledger import Ledger
    from jobs.operate.undecided import feed_of, settled

    return settled(Ledger(here, feed_of(delivery)), delivery, asked) or f"{delivery} 现在无法由人工决定。"


def _waiting() -> frozenset[tuple[str, int]]:
    """(delivery, ledger row) of all that wait. All questions of a triggerer share one look a turn, and one reading of the ledger a version."""
    return _waiting_in(int(time.monotonic() // POLL_SECONDS))


@lru_cache(maxsize=1)
def _waiting_in(turn: int) -> frozenset[tuple[str, int]]:
    from jobs import lake
    from jobs.ingest import ledger

    here = home()
    return _waiting_at(here, lake.version(ledger.path(here)))


@lru_cache(maxsize=1)
def _waiting_at(here: Home, version: int | None) -> frozenset[tuple[str, int]]:
    from jobs.operate.undecided import undecided

    return frozenset((case.delivery_id, case.entry_no) for case in undecided(here))

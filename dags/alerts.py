"""Words to the operator: a task that failed, a department that is late."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

from jobs.home import ZONE, home


def tell_failed(context: Any) -> None:
    """A task has failed for good: its retries are used up."""
    from jobs.alert import alert
    from jobs.report.identifiers import mask_identifiers

    task, fault = context["ti"], context.get("exception")
    first_line = next(iter(str(fault or "").splitlines()), "")[:200]
    said = f"{type(fault).__name__} {mask_identifiers(first_line)}" if fault else "原因不明"
    alert(home(), "dag_failed", task.dag_id, f"任务 {task.dag_id}.{task.task_id} 失败:{said.strip()}")


async def tell_late(feed: str, context: dict[str, Any] | None = None, **_: Any) -> None:
    """The deadline of a department's delivery has passed and nothing was admitted."""
    run = (context or {}).get("dag_run") or {}
    await asyncio.to_thread(_tell_late, feed, run.get("logical_date"))


def _tell_late(feed: str, due_at: str | None) -> None:
    """due_at: when it fell due, as Airflow writes it."""
    from jobs.alert import alert
    from jobs.operate.arrivals import due_period

    here = home()
    contract = here.contracts()[0].get(feed)
    if contract is None:
        return
    due = here.in_city(datetime.fromisoformat(due_at).astimezone(ZONE)) if due_at else None
    period = f"({due_period(contract, due)} 期)" if due else ""
    hours = contract.delivery.late_after.total_seconds() / 3600
    alert(
        here,
        "late_delivery",
        feed,
        f"{contract.owner.department}的{contract.title.zh}{period}已超过约定时间 {hours:.0f} 小时仍未到达或未通过,请联系 {contract.owner.contact}。",
    )


TRIES: dict[str, Any] = {"retries": 2, "retry_delay": timedelta(seconds=20), "on_failure_callback": tell_failed}
"""Every DAG's default: what a busy machine made fail is tried again, and only then is the operator told."""

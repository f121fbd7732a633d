"""Words to the operator: a task that failed, a department that is late."""

from __future__ import annotations

import asyncio
from typing import Any

from jobs.home import home


def tell_failed(context: Any) -> None:
    """A task has failed for good: its retries are used up."""
    from jobs.alert import alert

    task = context["ti"]
    fault = str(context.get("exception") or "no reason given").splitlines()[0][:200]
    alert(home(), "dag_failed", task.dag_id, f"任务 {task.dag_id}.{task.task_id} 失败:{fault}")


async def tell_late(feed: str, context: Any = None, **_: Any) -> None:
    """The deadline of a department's delivery has passed and nothing was admitted."""
    await asyncio.to_thread(_tell_late, feed)


def _tell_late(feed: str) -> None:
    from jobs.alert import alert

    contract = home().contracts()[0].get(feed)
    if contract:
        department, title = contract.owner.department, contract.title.zh
        hours = contract.delivery.late_after.total_seconds() / 3600
        alert(
            home(),
            "late_delivery",
            feed,
            f"{department}的{title}已超过约定时间 {hours:.0f} 小时仍未到达或未通过,请联系 {contract.owner.contact}。",
        )

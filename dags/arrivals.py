"""A DAG a feed that waits for what its calendar promises; Airflow's deadline alert tells the operator when the grace is over."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG, CronTriggerTimetable
from airflow.sdk.definitions.deadline import AsyncCallback, DeadlineAlert, DeadlineReference

from dags.alerts import TRIES, tell_late
from dags.ingest import contracts
from dags.waiting import WaitForDelivery
from schemas.contract import Contract

GIVE_UP_AFTER = timedelta(days=3)  # beyond the grace: by then it is missing, which the source's health goes on saying


def arrival_dag(contract: Contract) -> DAG:
    grace = contract.delivery.late_after
    late = AsyncCallback(tell_late, kwargs={"feed": contract.feed})
    with DAG(
        f"await_{contract.feed}", catchup=False, default_args=TRIES, max_active_runs=4, tags=["arrival", contract.owner.department],
        schedule=CronTriggerTimetable(contract.delivery.every, timezone="Asia/Shanghai"),
        dag_display_name=f"{contract.owner.department} · {contract.title.zh} · 到达",
        deadline=DeadlineAlert(reference=DeadlineReference.DAGRUN_LOGICAL_DATE, interval=grace, callback=late),
    ) as dag:  # fmt: skip
        WaitForDelivery(task_id="wait", feed=contract.feed, give_up_after=grace + GIVE_UP_AFTER)
    return dag


for contract in contracts.values():
    globals()[f"await_{contract.feed}"] = arrival_dag(contract)

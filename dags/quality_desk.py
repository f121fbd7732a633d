"""The quality desk's round, each night after the upkeep: figures too odd to be reported honestly, for a person to check."""

from __future__ import annotations

from airflow.sdk import DAG, CronTriggerTimetable, task

from dags.alerts import TRIES
from jobs.home import home

with DAG(
    "quality_desk", catchup=False, default_args=TRIES, max_active_runs=1, tags=["quality_desk"], dag_display_name="数据真实性检验",
    schedule=CronTriggerTimetable("30 4 * * *", timezone="Asia/Shanghai"),
) as quality_desk:  # fmt: skip

    @task(task_id="integrity")
    def look_for_falsified_figures() -> int:
        from jobs.quality_desk.examine import examine

        here = home()
        return len(examine(here, here.contracts()[0].values()).flags)

    look_for_falsified_figures()

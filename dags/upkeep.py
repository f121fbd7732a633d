"""The tables' upkeep, each night: small files made large, old versions that nothing rests on taken away."""

from __future__ import annotations

from airflow.sdk import DAG, CronTriggerTimetable, task

from dags.alerts import TRIES
from jobs.home import home

with DAG(
    "upkeep", catchup=False, default_args=TRIES, max_active_runs=1, tags=["upkeep"], dag_display_name="数据湖维护",
    schedule=CronTriggerTimetable("30 3 * * *", timezone="Asia/Shanghai"),
) as upkeep:  # fmt: skip

    @task(task_id="compact")
    def compact_tables() -> dict[str, str]:
        from jobs.operate.upkeep import compact

        return {done.table: done.says for done in compact(home()) if done.files}

    @task(task_id="vacuum")
    def vacuum_tables() -> dict[str, str]:
        from jobs.operate.upkeep import vacuum

        return {done.table: done.says for done in vacuum(home()) if done.files}

    vacuum_tables().set_upstream(compact_tables())

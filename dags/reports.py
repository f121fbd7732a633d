"""The reports: each morning's brief, after the city's run."""

from __future__ import annotations

from airflow.sdk import DAG, CronTriggerTimetable, task
from airflow.sdk.exceptions import AirflowSkipException

from dags.alerts import TRIES
from jobs.home import home

with DAG(
    "reports", catchup=False, default_args=TRIES, max_active_runs=1, tags=["report"], dag_display_name="报告",
    schedule=CronTriggerTimetable("0 7 * * *", timezone="Asia/Shanghai"),
) as reports:  # fmt: skip

    @task(task_id="daily_brief")
    def daily_brief() -> str:
        from jobs.report.brief import write_brief
        from jobs.serve import current

        try:
            serving = current(home())
        except FileNotFoundError:
            raise AirflowSkipException("the city has not run yet: there is nothing to report on") from None
        return str(write_brief(serving, home().reports).pdf)

    daily_brief()

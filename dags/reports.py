"""The reports: each morning's brief, after the city's run."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path[:0] = [path for path in [str(Path(__file__).resolve().parent.parent)] if path not in sys.path]

from airflow.sdk import DAG, CronTriggerTimetable, task

from jobs.home import home

with DAG(
    "reports", catchup=False, max_active_runs=1, tags=["report"], dag_display_name="报告",
    schedule=CronTriggerTimetable("0 7 * * *", timezone="Asia/Shanghai"),
) as reports:  # fmt: skip

    @task(task_id="daily_brief", retries=1)
    def daily_brief() -> str:
        from jobs.report.brief import write_brief
        from jobs.serve import current

        return write_brief(current(home()), home().reports).pdf.name

    daily_brief()

"""The city's run: any feed's news starts it, and so does the clock, so that one late feed never freezes the city."""

from __future__ import annotations

from airflow.sdk import DAG, AssetAny, AssetOrTimeSchedule, CronTriggerTimetable, task

from dags.alerts import TRIES
from dags.ingest import contracts, rows_of
from jobs.home import home

EVERY_MORNING = CronTriggerTimetable("30 5 * * *", timezone="Asia/Shanghai")

with DAG(
    "city", catchup=False, default_args=TRIES, max_active_runs=1, tags=["city"], dag_display_name="全市归集与预警",
    schedule=AssetOrTimeSchedule(timetable=EVERY_MORNING, assets=AssetAny(*map(rows_of, contracts))),
) as city:  # fmt: skip

    @task(task_id="register_and_warn", pool="spark")
    def register_and_warn() -> int:
        """Register, features and warnings in one Spark session."""
        from jobs.city.run import run_city

        run = run_city(home())
        return len(run.warnings) if run else 0

    @task(task_id="serve")
    def serve_dashboards() -> str:
        from jobs.serve import serve

        return serve(home()).name

    serve_dashboards().set_upstream(register_and_warn())

"""What follows a warning: every ten minutes the departments' answers, what the clock does, and the way to the desks; at night the figures."""

from __future__ import annotations

from airflow.sdk import DAG, CronTriggerTimetable, task

from dags.alerts import TRIES
from jobs.home import home

with DAG(
    "warnings", catchup=False, default_args=TRIES, max_active_runs=1, tags=["warnings"], dag_display_name="预警流转",
    schedule=CronTriggerTimetable("*/10 * * * *", timezone="Asia/Shanghai"),
) as warnings:  # fmt: skip

    @task(task_id="follow")
    def follow_warnings() -> dict[str, int]:
        """In one task: a process that starts costs more than all three."""
        from jobs.warn.deliver import deliver
        from jobs.warn.dispositions import take_answers
        from jobs.warn.sweep import sweep

        here = home()
        return {"answers": len(take_answers(here)), "moves": len(sweep(here)), "notices": len(deliver(here))}

    follow_warnings()

with DAG(
    "warning_figures", catchup=False, default_args=TRIES, max_active_runs=1, tags=["warnings"], dag_display_name="预警评估",
    schedule=CronTriggerTimetable("50 23 * * *", timezone="Asia/Shanghai"),
) as warning_figures:  # fmt: skip

    @task(task_id="measure")
    def measure_warnings() -> list[str]:
        """The day's figures, and the thresholds that verdicts have moved."""
        from jobs.warn.feedback import measure, move_thresholds

        measure(home())
        return [f"{step.family} {step.before:g} -> {step.after:g}" for step in move_thresholds(home())]

    measure_warnings()

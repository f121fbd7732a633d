"""Each refused delivery gets its question, one at a time: a run of `decide`, so that no feed's ingest ever waits for a person."""

from __future__ import annotations

from typing import Any

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import DAG, Asset, AssetWatcher, task
from airflow.sdk.exceptions import AirflowSkipException

from dags.alerts import TRIES
from dags.approval import RefusedTrigger
from dags.ingest import SWEPT
from jobs.home import home

MOST_QUESTIONS = 9  # about one delivery, each after the one before ended without a decision

watcher = AssetWatcher(name="sweep_refused", trigger=RefusedTrigger())
waiting = Asset(uri="citybrain://ledger/refused", name="refused_deliveries", watchers=[watcher] if SWEPT else [])

with DAG(
    "refused", schedule=[waiting], catchup=False, default_args=TRIES, max_active_runs=1, tags=["decision"],
    dag_display_name="未过关批次 · 提请决定",
) as refused:  # fmt: skip

    @task(task_id="unasked")
    def unasked(ti: Any = None) -> list[dict[str, Any]]:
        """Those about which no question is open, each with the name of its next question: a name is given once."""
        from jobs.operate.undecided import undecided

        new, contracts = [], home().contracts()[0]
        for case in undecided(home()):
            if case.feed not in contracts:  # its YAML cannot be read just now
                continue
            names = [f"{case.delivery_id}.{number}" for number in range(1, MOST_QUESTIONS + 1)]
            unused = [name for name in names if not ti.get_dr_count("decide", run_ids=[name])]
            if unused and not ti.get_dr_count("decide", run_ids=names, states=["queued", "running"]):
                new.append({"trigger_run_id": unused[0], "conf": {"delivery": case.delivery_id}})
        if not new:
            raise AirflowSkipException("every refused delivery has its question")
        return new

    TriggerDagRunOperator.partial(task_id="ask", trigger_dag_id="decide", skip_when_already_exists=True).expand_kwargs(
        unasked()
    )

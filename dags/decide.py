"""One run a refused delivery: a person is asked, and the answer carried out as the same order would be on the command line."""

from __future__ import annotations

from typing import Any

from airflow.sdk import DAG, AssetAlias, Param, task
from airflow.sdk.definitions.param import ParamsDict
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from dags.alerts import TRIES
from dags.approval import AskAboutDelivery
from dags.ingest import rows_of
from jobs.home import home
from jobs.operate.question import RELEASE, SEND_BACK, WHY, WHY_HELP

MOST_OPEN = 500  # questions at once; further ones wait their turn, and are listed by `citybrain refused`
NEWS = AssetAlias("released_rows")

with DAG(
    "decide", schedule=None, catchup=False, default_args=TRIES, max_active_runs=MOST_OPEN, max_active_tasks=MOST_OPEN, tags=["decision"],
    dag_display_name="未过关批次 · 放行或退回",
    params=ParamsDict({"delivery": Param("", type="string", description="a refused delivery's number, as `citybrain refused` prints it")}),
) as decide:  # fmt: skip
    ask = AskAboutDelivery(
        task_id="ask", task_display_name="提问", options=[RELEASE, SEND_BACK], options_mapping={RELEASE: "release", SEND_BACK: "send_back"},
        why=WHY, why_help=WHY_HELP,
    )  # fmt: skip

    @task(task_id="release", task_display_name=RELEASE, outlets=[NEWS])
    def release(answer: dict[str, Any], outlet_events: Any = None) -> str:
        from jobs.operate import orders

        entry = carry_out(orders.release, answer)
        outlet_events[NEWS].add(rows_of(entry.feed))
        return f"{entry.delivery_id}: {entry.kept_rows} kept, {entry.held_rows} held"

    @task(task_id="send_back", task_display_name=SEND_BACK)
    def send_back(answer: dict[str, Any]) -> str:
        from jobs.operate import orders

        return f"{carry_out(orders.reject, answer).delivery_id}: the department has its receipt"

    release(ask.output["answer"])
    send_back(ask.output["answer"])


def carry_out(order: Any, answer: dict[str, Any]) -> Any:
    """The same order as on the command line. What was settled in the meantime stays as it was settled; what no further try would mend fails at once."""
    from jobs.operate.orders import CannotBeDone, Settled
    from jobs.operate.undecided import feed_of

    contract = home().contracts()[0][feed_of(answer["delivery"])]
    try:
        return order(home(), contract, answer["delivery"], answer["by"], answer["why"], answer["asked"])
    except Settled as words:
        raise AirflowSkipException(str(words)) from None
    except CannotBeDone as fault:
        raise AirflowFailException(str(fault)) from None

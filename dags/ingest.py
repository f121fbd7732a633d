"""One ingest DAG a feed, from its contract: a dropped file starts it, and one run takes every waiting delivery."""

from __future__ import annotations

import os

from airflow.sdk import DAG, Asset, AssetWatcher, task
from airflow.sdk.exceptions import AirflowSkipException

from dags.alerts import TRIES
from dags.drop import DropFolderTrigger
from jobs.home import home
from jobs.ingest.claim import UNRECOGNISED
from schemas.contract import Contract, ContractFault

SWEPT = os.environ.get("CITYBRAIN_SWEEP", "on") == "on"  # off where there is no triggerer: the one-process run


def rows_of(feed: str) -> Asset:
    """The news that a feed has new outcomes in the ledger."""
    return Asset(uri=f"citybrain://silver/{feed}", name=f"silver_{feed}")


def ingest_dag(contract: Contract) -> DAG:
    watcher = AssetWatcher(
        name=f"sweep_{contract.feed}",
        trigger=DropFolderTrigger(contract.owner.folder, contract.delivery.files, contract.feed),
    )
    dropped = Asset(
        uri=f"citybrain://drop/{contract.feed}", name=f"drop_{contract.feed}", watchers=[watcher] if SWEPT else []
    )
    with DAG(
        f"ingest_{contract.feed}", schedule=[dropped], catchup=False, default_args=TRIES, max_active_runs=1,
        dag_display_name=f"{contract.owner.department} · {contract.title.zh}", tags=["ingest", contract.owner.department],
        doc_md=f"`{contract.delivery.files}` from drop/{contract.owner.folder}/, by schemas/feeds/{contract.feed}.yaml",
    ) as dag:  # fmt: skip

        @task(
            task_id="take_deliveries",
            outlets=[rows_of(contract.feed)],
        )
        def take_deliveries(feed: str) -> dict[str, str]:
            from jobs.ingest.delivery import ingest

            contracts, _ = home().contracts()
            entries = ingest(home(), contracts[feed])
            if not entries:
                raise AirflowSkipException(f"feed {feed}: nothing was waiting")
            return {entry.delivery_id: entry.status for entry in entries}

        take_deliveries(contract.feed)
    return dag


def broken_dag(fault: ContractFault) -> DAG:
    """A contract that cannot be read, shown as a DAG that says why; the other feeds go on."""
    with DAG(f"broken_{fault.path.stem}", schedule=None, catchup=False, tags=["broken"], doc_md=str(fault)) as dag:

        @task(task_id="read_contract")
        def read_contract(why: str) -> None:
            raise ValueError(why)

        read_contract(str(fault))
    return dag


def strangers_dag(folders: set[str]) -> DAG:
    """Files that no contract takes: each gets a ledger row and a receipt that says so."""
    watchers = [
        AssetWatcher(
            name=f"sweep_strangers_{folder}", trigger=DropFolderTrigger(folder, "*", f"{UNRECOGNISED}/{folder}")
        )
        for folder in sorted(folders)
    ]
    dropped = Asset(uri="citybrain://drop/unrecognised", name="drop_unrecognised", watchers=watchers if SWEPT else [])
    with DAG(
        "ingest_unrecognised", schedule=[dropped], catchup=False, default_args=TRIES, max_active_runs=1, tags=["ingest"]
    ) as dag:

        @task(task_id="turn_away")
        def turn_away() -> int:
            from jobs.ingest.stranger import turn_strangers_away

            turned = turn_strangers_away(home())
            if not turned:
                raise AirflowSkipException("every waiting file belongs to a feed")
            return len(turned)

        turn_away()
    return dag


contracts, faults = home().contracts()
for contract in contracts.values():
    globals()[f"ingest_{contract.feed}"] = ingest_dag(contract)
for fault in faults:
    globals()[f"broken_{fault.path.stem}"] = broken_dag(fault)
ingest_unrecognised = strangers_dag({contract.owner.folder for contract in contracts.values()})

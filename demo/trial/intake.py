"""Takes files in as a city does, in a home of its own, and reads from its tables what became of each row."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import pandas as pd
import yaml

from demo.lake import Lake
from demo.trial.sources import Sent, Source

FOLDER, TODAY = "trial", "2026-06-29"
PREFIX = "trial_"
LEDGER = ["file_name", "feed", "delivery_id", "status", "read_rows", "kept_rows", "held_rows", "refused_rows"]


class NotTaken(RuntimeError):
    """The intake ended with a fault, or a file never came to its tables."""


@dataclass(frozen=True)
class Taken:
    """What the lake says of one file. sent: bronze text by row_no; kept: typed values by row_no, silver and identity
    together; held: row_no and reasons; repairs: row_no, column_name, rule. status: the gate's answer."""

    file_name: str
    status: str
    read_rows: int
    sent: pd.DataFrame
    kept: pd.DataFrame
    held: pd.DataFrame
    repairs: pd.DataFrame


def take_in(home: Path, given: Sequence[tuple[Source, Sent]]) -> tuple[list[Taken], float]:
    """Every file through the command line, and the seconds that took. Raises NotTaken when one does not arrive.

    The contracts are the feeds' own but for the gate, which warns and never refuses: a refused delivery publishes no row
    that could be judged.
    """
    feeds = home / "feeds"
    feeds.mkdir(parents=True)
    drop = home / "drop" / FOLDER
    drop.mkdir(parents=True)
    for source, sent in given:
        contract = _trial_contract(source.contract_path, sent.name)
        (feeds / f"{contract['feed']}.yaml").write_text(yaml.safe_dump(contract, allow_unicode=True), encoding="utf-8")
        (drop / sent.name).write_bytes(sent.data)
    environment = os.environ | {
        "CITYBRAIN_HOME": str(home), "CITYBRAIN_LAKE": str(home / "lake"),
        "CITYBRAIN_FEEDS": str(feeds), "CITYBRAIN_TODAY": TODAY,
    }  # fmt: skip
    _run("init", environment=environment)
    began = perf_counter()
    _run("ingest", "--now", environment=environment)
    seconds = perf_counter() - began
    lake = Lake(home)
    try:
        ledger = lake.read("ops/delivery", *LEDGER)
        return [_taken(lake, ledger, sent.name) for _, sent in given], seconds
    finally:
        lake.close()


def _trial_contract(path: Path, file_name: str) -> dict:
    contract = yaml.safe_load(path.read_text(encoding="utf-8"))
    contract["feed"] = f"{PREFIX}{contract['feed']}"[:49]
    contract["owner"]["folder"] = FOLDER
    contract["delivery"] = {name: said for name, said in contract["delivery"].items() if not name.startswith("period")}
    contract["delivery"]["files"] = file_name
    contract["gate"] = {"held": {"warn": contract["gate"]["held"]["warn"], "refuse": "100%"}}
    return contract


def _run(*words: str, environment: dict[str, str]) -> None:
    command = [str(Path(sys.executable).with_name("citybrain")), *words]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise NotTaken(f"citybrain {' '.join(words)}: {(done.stdout + done.stderr).strip()[-1000:]}")


def _taken(lake: Lake, ledger: pd.DataFrame, file_name: str) -> Taken:
    own = ledger[ledger["file_name"] == file_name]
    if len(own) != 1 or own["status"].iloc[0] not in ("passed", "warned"):
        raise NotTaken(f"{file_name}: {own['status'].tolist() or 'no delivery in the ledger'}")
    entry = own.iloc[0]
    if entry["kept_rows"] + entry["held_rows"] != entry["read_rows"]:
        raise NotTaken(f"{file_name}: {entry['read_rows']} rows read, {entry['kept_rows']} + {entry['held_rows']} told")

    def rows(table: str, *columns: str) -> pd.DataFrame:
        found = lake.read(table, *columns)
        return found[found["delivery_id"] == entry["delivery_id"]] if "delivery_id" in found else found

    feed = entry["feed"]
    layers = [rows(f"{layer}/{feed}") for layer in ("silver", "identity")]
    told = [layer.set_index("row_no").drop(columns=["delivery_id"]) for layer in layers if "row_no" in layer]
    return Taken(
        file_name, str(entry["status"]), int(entry["read_rows"]),
        rows(f"bronze/{feed}").set_index("row_no"), pd.concat(told, axis=1),
        rows(f"held/{feed}", "delivery_id", "row_no", "reasons"),
        rows("ops/repair", "delivery_id", "row_no", "column_name", "rule"),
    )  # fmt: skip

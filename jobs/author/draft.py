"""`citybrain draft`: the first version of a contract, from a sample alone, with its reasons as comments."""

from __future__ import annotations

import re
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import yaml
from pypinyin import lazy_pinyin

from jobs import lake
from jobs.author.sniff import CannotDraft, sniff
from jobs.home import ZONE
from jobs.ingest.csv_text import csv_sent
from jobs.ingest.json_lines import json_sent
from jobs.ingest.land import land
from jobs.ingest.sheet import sheet_sent
from jobs.ingest.unzip import unpacked
from quality.discover.table import DraftedTable, draft_table, grouped
from quality.sift import sift
from schemas.contract import OURS, Contract, Delivery, header_key

__all__ = ["CannotDraft", "draft_contract"]
STANDING_IN = {
    "resident_id": "11010519491231002X",
    "mobile": "13712345678",
    "person_name": "张三",
    "free_text": "(样例)",
}
UNSETTLED = {"kind": "events", "every": "0 2 * * *", "late_after": "6h"}
INTRODUCTION = """\
# Drafted from {file}: {rows:,} rows, {columns} columns. Nothing here was told by a person yet. To settle:
#   title, owner, delivery.every, .late_after and .kind (events, snapshot or changes); the columns' names; codes instead of words
#   policy: mark keeps a row whose cell is not believed and says so; hold gives it back to its department
#   dependencies were found in this sample; keep those that are meant, and of those that allow no exception take `repair: alike` away
#   privacy of each column, L1 (open) to L4 (sensitive): a column that says none stays in the lake, no dashboard and no analyst sees it
# As it stands: {kept:,} rows kept, of them {repaired:,} mended and {marked:,} marked; {held:,} held.
"""


def draft_contract(path: Path, feed: str | None = None, encoding: str | None = None) -> str:
    """The YAML of a contract that fits the sample. Raises CannotDraft when the sample does not tell, Unreadable when it cannot be read.

    Values of the sample stand in it only where they tell of no person; an example row has stand-ins for those that do.
    """
    with (
        tempfile.TemporaryDirectory(prefix="draft-") as folder,
        lake.connect(reads_delta=False, spill=Path(folder)) as con,
    ):
        staging = Path(folder)
        told, why = sniff(path, encoding, staging)
        headers = _sent(con, Delivery.model_validate({"files": "*", **UNSETTLED, **told}), path, staging)
        table = draft_table(con, headers)
        names = _names(headers)
        given = _given(path, feed, told, table, names)
        row, summary = _tried(con, given, path, staging)
        given["examples"] = [{"keep": row}]
        Contract.model_validate(given)
        return _written(path, given, table, names, why, summary)


def _sent(con: duckdb.DuckDBPyConnection, delivery: Delivery, path: Path, staging: Path) -> list[str]:
    con.execute("CREATE OR REPLACE TABLE broken (row_no BIGINT, raw VARCHAR)")
    send = {"csv": csv_sent, "xlsx": sheet_sent, "jsonl": json_sent}[delivery.format]
    return send(con, delivery, unpacked(path, delivery.format, staging), staging)


def _names(headers: list[str]) -> list[str]:
    """A name of its own for each column: what the header says in Latin letters, or its pinyin."""
    names: list[str] = []
    for place, header in enumerate(headers, 1):
        said = header if header.isascii() else "_".join(lazy_pinyin(header, errors=lambda other: other))
        slug = re.sub(r"_+", "_", re.sub(r"[^a-z0-9]+", "_", said.lower())).strip("_")[:40].rstrip("_")
        slug = slug if re.match(r"[a-z]", slug) and len(slug) > 1 else f"column_{slug}" if slug else f"column_{place}"
        slug = f"{slug}_sent" if slug in OURS else slug
        names.append(slug if slug not in names else f"{slug}_{place}")
    return names


def _given(path: Path, feed: str | None, told: dict[str, Any], table: DraftedTable, names: list[str]) -> dict[str, Any]:
    name_of = dict(zip(table.columns, names, strict=True))
    seen: set[str] = set()
    columns: dict[str, Any] = {}
    for c, drafted in table.columns.items():
        header = header_key(drafted.keys["from"][0])
        if not header or header in seen:
            continue  # a column without a header, or a second one under the same: it stays among what is not known
        seen.add(header)
        columns[name_of[c]] = {**drafted.keys, "policy": "mark"}
    key = [name_of[c] for c in table.key if name_of[c] in columns] or list(columns)[:1]
    for name in key:
        columns[name] = {**columns[name], "required": True}
    given: dict[str, Any] = {
        "feed": feed or _feed(path), "title": {"zh": path.stem, "en": path.stem},
        "owner": {"department": "(填写部门)", "folder": "unsettled", "contact": "(填写联系人)"},
        "delivery": {"files": _files(path), **UNSETTLED, **told, **_period(path)},
        "key": key, "columns": columns,
    }  # fmt: skip
    if table.dependencies:
        given["dependencies"] = [
            {
                "determinant": [name_of[c] for c in determinant],
                "dependent": [name_of[d.dependent] for d in found],
                "repair": "alike",
            }
            for determinant, found in grouped(table.dependencies).items()
            if all(name_of[c] in columns for c in (*determinant, *(d.dependent for d in found)))
        ]
    if table.run_together:
        given["run_together"] = [[name_of[first], name_of[second]] for first, second, _ in table.run_together]
    given["gate"] = {"held": {"warn": "2%", "refuse": "10%"}}
    given["examples"] = [{"keep": {columns[key[0]]["from"][0]: "1"}}]
    return given


def _feed(path: Path) -> str:
    slug = _names([re.sub(r"\d{4,}", "", path.stem)])[0]
    return slug[:40]


def _files(path: Path) -> str:
    return re.sub(r"\d{4,}", "*", path.name) if re.search(r"\d{4,}", path.stem) else f"{path.stem}*{path.suffix}"


def _period(path: Path) -> dict[str, str]:
    found = re.search(r"(?<!\d)(20\d{6}|20\d{4})(?!\d)", path.stem)
    return {"period": rf"(\d{{{len(found[1])}}})"} if found else {}


def _tried(
    con: duckdb.DuckDBPyConnection, given: dict[str, Any], path: Path, staging: Path
) -> tuple[dict[str, str], dict[str, int]]:
    """The draft tried on its own sample: a row that it keeps as it is, and what becomes of the rows."""
    contract = Contract.model_validate(given)
    land(con, contract, path, staging)
    con.execute("CREATE OR REPLACE TABLE reference (column_name VARCHAR, value VARCHAR)")
    sifted = sift(con, contract, datetime.now(ZONE))
    marked = (con.execute("SELECT count(*) FROM kept WHERE len(marks) > 0").fetchone() or (0,))[0]
    found = con.execute(
        "SELECT l.* FROM kept k JOIN landed l USING (row_no) ORDER BY len(k.marks) + len(k.repairs), row_no LIMIT 1"
    )
    titles = [column[0] for column in found.description or []]
    row = dict(zip(titles, found.fetchone() or [], strict=False))
    example = {
        spec.aliases[0]: STANDING_IN.get(spec.type, "(样例)")
        if spec.identifies or spec.privacy in ("L3", "L4")
        else str(row[c])
        for c, spec in contract.columns.items()
        if row.get(c) is not None
    }
    return example, {"kept": sifted.kept, "repaired": sifted.repaired, "held": sifted.held, "marked": marked}


def _written(
    path: Path, given: dict[str, Any], table: DraftedTable, names: list[str], why: list[str], summary: dict[str, int]
) -> str:
    """As a person would write it: one line a column, its reasons behind it."""
    lines = [INTRODUCTION.format(file=path.name, rows=table.rows, columns=len(names), **summary)]
    lines += [
        f"feed: {given['feed']}",
        f"title: {_flow(given['title'])}",
        f"owner: {_flow(given['owner'])}",
        "delivery:",
    ]
    lines += [f"  {key}: {_flow(value)}" for key, value in given["delivery"].items()]
    lines += [f"  # {reason}" for reason in why]
    unique = (
        "no two rows of the sample are alike in it"
        if table.unique
        else "no column or pair is unique: rows alike in all of these are doubles"
    )
    lines += [f"key: {_flow(given['key'])}  # {unique}", "columns:"]
    reasons = dict(zip(names, (drafted.why for drafted in table.columns.values()), strict=True))
    for name, keys in given["columns"].items():
        lines.append(f"  # {'; '.join(reasons[name])}") if reasons[name] else None
        lines.append(f"  {name}: {_flow(keys)}")
    if given.get("dependencies"):
        lines.append("dependencies:  # μ+ and the share of rows that agree with their group")
        held = {(tuple(d.determinant), d.dependent): d for d in table.dependencies}
        name_of = dict(zip(names, table.columns, strict=True))
        for entry in given["dependencies"]:
            found = [held[tuple(name_of[c] for c in entry["determinant"]), name_of[c]] for c in entry["dependent"]]
            said = ", ".join(
                f"{c} {d.mu_plus:.2f}/{d.support:.1%}" for c, d in zip(entry["dependent"], found, strict=True)
            )
            lines.append(f"  - {_flow(entry)}  # {said}")
    if given.get("run_together"):
        told = ", ".join(f"{n} rows" for *_, n in table.run_together)
        lines.append(f"run_together: {_flow(given['run_together'])}  # {told} hold both in the first column")
    lines += [f"gate: {_flow(given['gate'])}", "examples:", f"  - {_flow(given['examples'][0])}"]
    return "\n".join(lines) + "\n"


def _flow(value: Any) -> str:
    text = yaml.safe_dump(value, allow_unicode=True, default_flow_style=True, sort_keys=False, width=10_000)
    return text.removesuffix("...\n").strip()

"""The export to the Open Data Contract Standard: valid by the standard's own models and schema, and nothing of a contract lost."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from jsonschema import Draft201909Validator
from open_data_contract_standard.model import OpenDataContractStandard
from pydantic import BaseModel
from test_grammar import BASE, KEYS, contract_of
from typer.testing import CliRunner

from jobs.cli import app
from quality.forms import sql_type
from schemas.contract import FEEDS, Contract, contract_files, load_contract
from schemas.faults import parse_yaml
from schemas.odcs import odcs_yaml

STANDARD = Draft201909Validator(json.loads(OpenDataContractStandard.json_schema()))
CONTRACTS = [load_contract(path) for path in contract_files(FEEDS)]


def exported(contract: Contract) -> dict[str, Any]:
    return parse_yaml(odcs_yaml(contract, {name: sql_type(column) for name, column in contract.columns.items()}))


def custom(element: dict[str, Any], name: str) -> Any:
    return next((p["value"] for p in element.get("customProperties", []) if p["property"] == name), None)


def promise(document: dict[str, Any], name: str) -> dict[str, Any]:
    return next(sla for sla in document["slaProperties"] if sla["property"] == name)


def table(document: dict[str, Any]) -> dict[str, Any]:
    return document["schema"][0]


def check(document: dict[str, Any], name: str) -> dict[str, Any]:
    return next((found for found in table(document)["quality"] if found.get("name") == name), {})


def share(name: str) -> Callable[[dict[str, Any]], Any]:
    return lambda document: check(document, name)["implementation"]["kwargs"]["max_value"]


def usual(name: str) -> Callable[[dict[str, Any]], Any]:
    return lambda document: check(document, "volume").get("implementation", {}).get(name)


def drop(document: dict[str, Any]) -> dict[str, Any]:
    return document["servers"][0]


def due(document: dict[str, Any]) -> Any:
    said = custom(promise(document, "frequency"), "periodDue")
    return said.partition(" - ")[0] if said else None


def minutes(span: str) -> int:
    value, unit = span.split()
    return int(value) * {"min": 1, "h": 60, "d": 1440}[unit]


def lag(document: dict[str, Any]) -> Any:
    """In minutes."""
    said = custom(promise(document, "frequency"), "periodDue")
    if said is None:
        return None
    span = said.partition(" - ")[2]
    return minutes(f"{span[:-1]} {span[-1]}") if span else 0


def late(document: dict[str, Any]) -> int:
    """In minutes."""
    said = promise(document, "latency")
    return minutes(f"{said['value']} {said['unit']}")


def unwrapped(pattern: str | None) -> str | None:
    return pattern and pattern.removeprefix("^(?:").removesuffix(")$")


def formats(found: dict[str, Any]) -> list[str]:
    first = found.get("logicalTypeOptions", {}).get("format")
    return custom(found, "formats") or ([first] if first else [])


def bounds(found: dict[str, Any]) -> tuple[float, float] | None:
    options = found.get("logicalTypeOptions", {})
    return (options["minimum"], options["maximum"]) if "minimum" in options else None


def left_out(
    *way: str, of: Callable[[dict[str, Any]], Any] = lambda document: table(document), usual: Any = None
) -> Callable[..., Any]:
    """What the standard has no word for, under its own name; `usual` where the contract says nothing else."""

    def find(document: dict[str, Any]) -> Any:
        said = custom(of(document), re.sub(r"_(\w)", lambda found: found[1].upper(), way[0]))
        for step in way[1:]:
            said = (
                [entry.get(step, usual) for entry in said] if isinstance(said, list) else said and said.get(step, usual)
            )
        return usual if said is None else said

    return find


def watched(name: str, warn: float) -> dict[str, Place]:
    return {f"gate.{name}.warn": left_out(name, "warn", usual=warn), f"gate.{name}.refuse": left_out(name, "refuse")}


Place = Callable[[dict[str, Any]], Any]
# where each key of the grammar is found in a document; of a column's and a row rule's key, in its own element
PLACES: dict[str, Place] = {
    "feed": lambda d: table(d)["name"],
    "title.zh": lambda d: d["name"],
    "title.en": lambda d: custom(d["description"], "purposeEn"),
    "owner.department": lambda d: d["team"]["name"],
    "owner.folder": lambda d: d["domain"],
    "owner.contact": lambda d: d["team"]["members"][0]["username"],
    "delivery.files": lambda d: drop(d)["path"].removeprefix(f"drop/{d['domain']}/"),
    "delivery.kind": lambda d: custom(drop(d), "kind"),
    "delivery.every": lambda d: promise(d, "frequency")["schedule"],
    "delivery.late_after": late,
    "delivery.format": lambda d: drop(d)["format"],
    "delivery.encoding": lambda d: drop(d)["encoding"],
    "delivery.delimiter": lambda d: custom(drop(d), "delimiter"),
    "delivery.header_row": lambda d: custom(drop(d), "headerRow"),
    "delivery.header_lines": lambda d: custom(drop(d), "headerLines"),
    "delivery.period": lambda d: custom(drop(d), "period"),
    "delivery.period_due.form": due,
    "delivery.period_due.lag": lag,
    "key": lambda d: [p["name"] for p in sorted((p for p in table(d)["properties"] if p.get("primaryKey")), key=lambda p: p["primaryKeyPosition"])],
    "columns.from": lambda p: [p["businessName"], *(s["synonym"] for s in p.get("synonyms", []))],
    "columns.type": lambda p: custom(p, "type"),
    "columns.required": lambda p: p.get("required", False),
    "columns.formats": formats,
    "columns.zone": lambda p: p.get("logicalTypeOptions", {}).get("defaultTimezone"),
    "columns.codes": lambda p: custom(p, "codes"),
    "columns.map": lambda p: {} if custom(p, "codes") else custom(p, "words") or {},
    "columns.pattern": lambda p: unwrapped(p.get("logicalTypeOptions", {}).get("pattern")),
    "columns.range": bounds,
    "columns.privacy": lambda p: p["classification"],
    "columns.quasi_identifier": left_out("quasi_identifier", of=dict, usual=False),
    "columns.identifying": lambda p: custom(p, "identifying") or False,
    "columns.repair": lambda p: custom(p, "repair") is not False,
    "columns.policy": left_out("policy", of=dict, usual="hold"),
    "columns.unit": left_out("unit", of=dict, usual=[]),
    "columns.spelling": left_out("spelling", of=dict, usual=False),
    "columns.placeholders": left_out("placeholders", of=dict, usual=[]),
    "columns.references.feed": left_out("references", "feed", of=dict),
    "columns.references.column": left_out("references", "column", of=dict),
    "columns.references.policy": lambda p: custom(p, "references") and custom(p, "references").get("policy", "mark"),
    "rows.policy": left_out("policy", of=dict, usual="hold"),
    "dependencies.determinant": left_out("dependencies", "determinant", usual=[]),
    "dependencies.dependent": left_out("dependencies", "dependent", usual=[]),
    "dependencies.repair": left_out("dependencies", "repair", usual=[]),
    "dependencies.policy": left_out("dependencies", "policy", usual=[]),
    "run_together": left_out("run_together", usual=[]),
    "alike.columns": left_out("alike", "columns"),
    "alike.policy": lambda d: custom(table(d), "alike") and custom(table(d), "alike").get("policy", "mark"),
    **watched("nulls", 0.1), **watched("drift", 0.25), **watched("stale", 0.25), **watched("repeated", 0.5),
    **watched("missing_days", 1),
    "gate.headers": left_out("headers", usual="warn"),
    "gate.event_time": left_out("event_time"),
    "integrity.by": left_out("integrity", "by"),
    "integrity.by_first": left_out("integrity", "by_first"),
    "integrity.at": left_out("integrity", "at"),
    "integrity.figures": lambda d: custom(table(d), "integrity") and custom(table(d), "integrity").get("figures", []),
    "integrity.counted": lambda d: custom(table(d), "integrity") and custom(table(d), "integrity").get("counted", False),
    "integrity.deadline.closed": left_out("integrity", "deadline", "closed"),
    "integrity.deadline.due": left_out("integrity", "deadline", "due"),
    "rows.must": lambda q: custom(q, "must"),
    "rows.zh": lambda q: q["description"],
    "gate.held.warn": share("held_warn"),
    "gate.held.refuse": share("held_refuse"),
    "gate.volume.low": usual("low"),
    "gate.volume.high": usual("high"),
    "gate.volume.deliveries": usual("deliveries"),
    "examples.keep": lambda d: [example.get("keep") for example in custom(table(d), "examples")],
    "examples.hold": lambda d: [example.get("hold") for example in custom(table(d), "examples")],
    "examples.because": lambda d: [example.get("because", []) for example in custom(table(d), "examples")],
}  # fmt: skip


def keys_of(model: type[BaseModel], under: str = "") -> Iterator[str]:
    """Every key of the grammar, with its way: lists and named entries stand for one of them."""
    for name, field in model.model_fields.items():
        inner = next(models_in(field.annotation), None)
        way = f"{under}{field.alias or name}"
        if inner:
            yield from keys_of(inner, f"{way}.")
        else:
            yield way


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for arg in get_args(annotation):
        yield from models_in(arg)


def value_of(model: Any, way: str) -> Any:
    """The contract's own value at a key, as a document writes it; None of a part that is not there."""
    for step in way.split("."):
        if isinstance(model, list):
            model = [getattr(entry, step) for entry in model]
        elif model is not None:
            model = getattr(model, {"from": "aliases"}.get(step, step))
    return model.total_seconds() // 60 if hasattr(model, "total_seconds") else model


def test_every_key_of_the_grammar_has_its_place() -> None:
    assert set(keys_of(Contract)) == set(PLACES)


@pytest.mark.parametrize("contract", CONTRACTS, ids=[contract.feed for contract in CONTRACTS])
def test_a_feed_is_valid_and_every_value_is_found_in_its_place(contract: Contract) -> None:
    document = exported(contract)
    STANDARD.validate(document)
    properties = {found["name"]: found for found in table(document)["properties"]}
    assert list(properties) == list(contract.columns)
    for key, place in PLACES.items():
        part, _, rest = key.partition(".")
        if part == "columns":
            assert {n: place(p) for n, p in properties.items()} == {
                n: value_of(c, rest) for n, c in contract.columns.items()
            }, key
        elif part == "rows":
            assert {n: place(check(document, n)) for n in contract.rows} == {
                n: value_of(rule, rest) for n, rule in contract.rows.items()
            }, key
        else:
            assert place(document) == value_of(contract, key), key


@pytest.mark.parametrize(("key", "value"), [(key, value) for key, value, _ in KEYS], ids=[key for key, *_ in KEYS])
def test_changing_a_key_changes_the_document_beyond_its_version(key: str, value: Any, tmp_path: Path) -> None:
    changed = copy.deepcopy(BASE)
    *way, last = key.split(".")
    place = changed
    for step in way:
        place = place[step]
    place[last] = value
    before, after = exported(contract_of(tmp_path, BASE)), exported(contract_of(tmp_path, changed))
    STANDARD.validate(after)
    assert before.pop("version") != after.pop("version")
    assert before != after


def test_a_rule_that_silver_cannot_answer_is_no_sql(tmp_path: Path) -> None:
    given = copy.deepcopy(BASE)
    given["rows"] = [
        {"positive": {"must": "score >= 0", "zh": "得分为负"}},
        {"past": {"must": "moment <= received_at", "zh": "晚于送达"}},
        {"reachable": {"must": "phone IS NOT NULL OR score > 3", "zh": "无电话"}},
    ]
    document = exported(contract_of(tmp_path, given))
    STANDARD.validate(document)
    assert {name: check(document, name)["type"] for name in ("positive", "past", "reachable")} == {
        "positive": "sql", "past": "custom", "reachable": "custom",
    }  # fmt: skip


def test_the_command_exports_a_feed_in_use_and_a_draft_by_its_path(tmp_path: Path) -> None:
    run = CliRunner().invoke(app, ["contract", "export", "hotline", "--out", str(tmp_path / "hotline.odcs.yaml")])
    assert run.exit_code == 0, run.output
    active = OpenDataContractStandard.from_file(str(tmp_path / "hotline.odcs.yaml"))
    contract_of(tmp_path, BASE)
    run = CliRunner().invoke(app, ["contract", "export", str(tmp_path / "case.yaml"), "--format", "odcs"])
    draft = OpenDataContractStandard.from_string(run.stdout)
    assert (active.status, draft.status) == ("active", "draft")
    assert (active.id, draft.id) == ("urn:citybrain:feed:hotline", "urn:citybrain:feed:case")


def test_the_command_names_a_fault_and_its_place(tmp_path: Path) -> None:
    contract_of(tmp_path, BASE)
    (tmp_path / "broken.yaml").write_text(
        yaml.safe_dump({**BASE, "feed": "broken", "key": ["no_such"]}, allow_unicode=True), encoding="utf-8"
    )
    assert CliRunner().invoke(app, ["contract", "check", str(tmp_path / "case.yaml")]).exit_code == 0
    run = CliRunner().invoke(app, ["contract", "check", str(tmp_path / "case.yaml"), str(tmp_path / "broken.yaml")])
    assert run.exit_code == 1
    assert "broken.yaml" in run.output
    assert "there is no column 'no_such'" in run.output

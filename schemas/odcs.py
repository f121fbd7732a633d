"""A feed's contract as an Open Data Contract Standard document, for catalogues and tools that speak the standard.

What the standard has a word for stands under that word; everything else is a customProperty of the nearest element, under its own
name in camelCase. A key of the grammar that nothing here places still gets out that way: `_rest` takes whatever is left.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any, Literal

import sqlglot
from open_data_contract_standard.model import (
    CustomProperty,
    DataQuality,
    Description,
    EnumValue,
    OpenDataContractStandard,
    SchemaObject,
    SchemaProperty,
    Server,
    ServiceLevelAgreementProperty,
    Synonym,
    Team,
    TeamMember,
)
from pydantic import BaseModel
from sqlglot import expressions

from schemas.codes import load_code_list
from schemas.contract import Column, Contract, Delivery, PeriodDue, RowRule
from schemas.faults import parse_yaml

API_VERSION = "v3.2.0"
LOGICAL_TYPES = {
    "integer": "integer", "number": "number", "money": "number", "date": "date", "timestamp": "timestamp", "boolean": "boolean",
}  # fmt: skip
Status = Literal["draft", "active"]


def odcs(contract: Contract, silver_types: Mapping[str, str], status: Status = "active") -> OpenDataContractStandard:
    """The contract in the standard's own models. silver_types: column -> its type in the silver table.

    version is a digest of what the contract says: it changes with every change of it and with nothing else.
    Source: Open Data Contract Standard v3.2.0, Bitol (LF AI & Data).
    """
    said = contract.model_dump_json(by_alias=True, exclude_defaults=True)
    return OpenDataContractStandard(
        apiVersion=API_VERSION,
        kind="DataContract",
        id=f"urn:citybrain:feed:{contract.feed}",
        name=contract.title.zh,
        version=hashlib.sha256(said.encode()).hexdigest()[:12],
        status=status,
        domain=contract.owner.folder,
        description=Description(purpose=contract.title.zh, customProperties=[_custom("purposeEn", contract.title.en)]),
        team=_team(contract),
        servers=[_server(contract)],
        schema=[_table(contract, silver_types)],
        slaProperties=_promises(contract.delivery),
    )


def odcs_yaml(contract: Contract, silver_types: Mapping[str, str], status: Status = "active") -> str:
    """The document as YAML, read back by the standard's models before it is given. Raises ValidationError."""
    text = odcs(contract, silver_types, status).to_yaml()
    OpenDataContractStandard.model_validate(parse_yaml(text))
    return text


def _team(contract: Contract) -> Team:
    owner = contract.owner
    contact = TeamMember(username=owner.contact, name=owner.department, role="owner")
    return Team(
        name=owner.department,
        members=[contact],
        customProperties=_rest(owner, {"department", "folder", "contact"}) or None,
    )


def _server(contract: Contract) -> Server:
    """Where the department's files arrive."""
    delivery = contract.delivery
    return Server(
        server="drop", type="local", path=f"drop/{contract.owner.folder}/{delivery.files}", format=delivery.format,
        encoding=delivery.encoding,
        customProperties=_rest(
            delivery, {"files", "format", "encoding", "every", "late_after", "period_due"}, defaults=True
        ),
    )  # fmt: skip


def _promises(delivery: Delivery) -> list[ServiceLevelAgreementProperty]:
    value, unit = _in_units(delivery.late_after)
    due = [_custom("periodDue", _period_due(delivery.period_due))] if delivery.period_due else None
    return [
        ServiceLevelAgreementProperty(
            property="frequency", value=delivery.every, unit="cron", scheduler="cron", schedule=delivery.every,
            description="按此时间表送达 · delivered at these times", customProperties=due,
        ),
        ServiceLevelAgreementProperty(
            property="latency", value=value, unit=unit, description="超过此时限未送达即为迟到 · late when not there by then"
        ),
    ]  # fmt: skip


def _table(contract: Contract, silver_types: Mapping[str, str]) -> SchemaObject:
    examples = [example.model_dump(exclude_defaults=True) for example in contract.examples]
    placed = {"feed", "title", "owner", "delivery", "key", "columns", "rows", "gate", "examples"}
    return SchemaObject(
        name=contract.feed,
        logicalType="object",
        physicalType="table",
        physicalName=f"silver.{contract.feed}",
        businessName=contract.title.zh,
        properties=[_property(contract, name, silver_types[name]) for name in contract.columns],
        quality=[*_key_checks(contract), *_row_checks(contract), *_gate_checks(contract)],
        customProperties=[_custom("examples", examples), *_rest(contract, placed), *_rest(contract.gate, {"held", "volume"})],
    )  # fmt: skip


def _property(contract: Contract, name: str, silver_type: str) -> SchemaProperty:
    column = contract.columns[name]
    first, *others = column.aliases
    position = contract.key.index(name) + 1 if name in contract.key else None
    table = "identity" if column.identifies else "silver"
    placed = {"aliases", "required", "formats", "zone", "codes", "map", "pattern", "range", "privacy"}
    custom = [
        *([_custom("formats", column.formats)] if len(column.formats) > 1 else []),
        *([_custom("codes", column.codes)] if column.codes else []),
        *([_custom("words", column.words)] if column.words else []),
        *_rest(column, placed),
    ]
    return SchemaProperty(
        name=name, businessName=first, synonyms=[Synonym(synonym=other) for other in others] or None,
        logicalType=LOGICAL_TYPES.get(column.type, "string"), logicalTypeOptions=_options(column) or None, physicalType=silver_type,
        required=column.required or None, primaryKey=position is not None or None, primaryKeyPosition=position,
        unique=contract.key == [name] or None, classification=column.privacy,
        transformSourceObjects=[f"bronze.{contract.feed}.{name}"], physicalName=f"{table}.{contract.feed}.{name}",
        enum=_enum(column), quality=_checks(column) or None, customProperties=custom or None,
    )  # fmt: skip


def _options(column: Column) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if column.formats:
        options["format"] = column.formats[0]
    if column.zone:
        options |= {"timezone": False, "defaultTimezone": column.zone}
    if column.pattern:
        options["pattern"] = f"^(?:{column.pattern})$"  # the standard's pattern searches, ours takes the whole text
    if column.range:
        options |= dict(zip(("minimum", "maximum"), column.range, strict=True))
    return options


def _enum(column: Column) -> list[EnumValue] | None:
    """Each code that silver may hold, with its titles where a list gives them, else the first word that stands for it."""
    if column.codes:
        titles = load_code_list(column.codes).codes
        return [EnumValue(value=code, label=zh, description=en) for code, (zh, en) in titles.items()]
    words: dict[str, str] = {}
    for word, code in column.map.items():
        words.setdefault(code, word)
    return [EnumValue(value=code, label=word) for code, word in words.items()] or None


def _checks(column: Column) -> list[DataQuality]:
    checks = []
    if column.words:
        valid = list(dict.fromkeys(column.words.values()))
        checks.append(_library("invalidValues", "conformity", {"validValues": valid}))
    if column.pattern:
        checks.append(_library("invalidValues", "conformity", {"pattern": f"^(?:{column.pattern})$"}))
    if column.range:
        low, high = column.range
        outside = f"SELECT count(*) FROM ${{object}} WHERE ${{property}} NOT BETWEEN {low!r} AND {high!r}"
        checks.append(_check(type="sql", dimension="accuracy", query=outside, mustBe=0))
    return checks


def _key_checks(contract: Contract) -> list[DataQuality]:
    return [_library("duplicateValues", "uniqueness", {"properties": contract.key})]


def _row_checks(contract: Contract) -> list[DataQuality]:
    silver = {name for name, column in contract.columns.items() if not column.identifies}
    return [_row_check(name, rule, silver) for name, rule in contract.rows.items()]


def _row_check(name: str, rule: RowRule, silver: set[str]) -> DataQuality:
    """SQL where the silver table has all that the rule names, else ours to run: the moment of arrival and who a person is are not there.

    A rule that cannot be told, because of an empty cell, is not broken.
    """
    used = {column.name for column in sqlglot.parse_one(rule.must, dialect="duckdb").find_all(expressions.Column)}
    check = _check(
        name=name, dimension="consistency", description=rule.zh, severity="error",
        customProperties=[_custom("must", rule.must), *_rest(rule, {"must", "zh"})],
    )  # fmt: skip
    if used <= silver:
        query = f"SELECT count(*) FROM ${{object}} WHERE ({rule.must}) IS FALSE"
        return check.model_copy(update={"type": "sql", "query": query, "mustBe": 0})
    return check.model_copy(update={"type": "custom", "engine": "citybrain", "implementation": {"must": rule.must}})


def _gate_checks(contract: Contract) -> list[DataQuality]:
    """The delivery as a whole: the expectations that judge it, on a row's `held` of 0 or 1."""
    held, volume = contract.gate.held, contract.gate.volume
    checks = [
        _check(
            type="custom", name=name, severity=severity, engine="great-expectations",
            description="待补正的行所占的比例不超过此数 · share of held rows in a delivery",
            implementation={"type": "expect_column_mean_to_be_between", "kwargs": {"column": "held", "max_value": share}},
        )
        for name, severity, share in (("held_warn", "warning", held.warn), ("held_refuse", "error", held.refuse))
    ]  # fmt: skip
    if volume:
        usual = _check(
            type="custom", name="volume", severity="warning", engine="citybrain", implementation=volume.model_dump(),
            description="行数与最近若干次送达的中位数之比 · rows as a share of the median of the last deliveries",
        )  # fmt: skip
        checks.append(usual)
    return checks


def _library(metric: str, dimension: str, arguments: dict[str, Any]) -> DataQuality:
    return _check(type="library", metric=metric, dimension=dimension, arguments=arguments, mustBe=0)


def _check(**said: Any) -> DataQuality:
    """The model's own constructor asks a type checker for its two optional ranges."""
    return DataQuality.model_validate(said)


def _rest(model: BaseModel, placed: Collection[str], *, defaults: bool = False) -> list[CustomProperty]:
    """Every key of the model that has no place of its own, when it says something: nothing of a contract is lost by being new."""
    said = model.model_dump(mode="json", by_alias=True, exclude_defaults=not defaults, exclude_none=defaults)
    return [
        _custom(field.alias or name, "off" if said[field.alias or name] is None else said[field.alias or name])
        for name, field in type(model).model_fields.items()
        if name not in placed and (field.alias or name) in said
    ]


def _custom(name: str, value: Any) -> CustomProperty:
    return CustomProperty(property=re.sub(r"_(\w)", lambda found: found[1].upper(), name), value=value)


def _in_units(span: timedelta) -> tuple[int, str]:
    for unit, one in (("d", timedelta(days=1)), ("h", timedelta(hours=1))):
        if span >= one and not span % one:
            return span // one, unit
    return span // timedelta(minutes=1), "min"


def _period_due(due: PeriodDue) -> str:
    value, unit = _in_units(due.lag)
    return f"{due.form} - {value}{unit}" if due.lag else due.form

"""Which dimension of data quality a reason speaks of: the one place that says so. Dimensions after GB/T 36344-2018."""

from __future__ import annotations

from typing import Literal

import sqlglot
from sqlglot import expressions

from schemas.contract import Contract

Dimension = Literal["completeness", "validity", "uniqueness", "consistency"]
OF_RULE: dict[str, Dimension] = {
    "missing": "completeness",
    "code": "validity",
    "pattern": "validity",
    "integer": "validity",
    "number": "validity",
    "money": "validity",
    "date": "validity",
    "timestamp": "validity",
    "boolean": "validity",
    "resident_id": "validity",
    "mobile": "validity",
    "person_name": "validity",
    "free_text": "validity",
    "range": "validity",
    "unreadable": "validity",
    "check_digit": "validity",
    "id_birth_date": "validity",
    "shape": "validity",
    "spreadsheet": "validity",
    "duplicate_row": "uniqueness",
    "duplicate_key": "uniqueness",
    "near_duplicate": "uniqueness",
    "dependency": "consistency",
    "reference": "consistency",
}


class NoDimension(KeyError):
    """A reason that OF_RULE does not know: a fault of ours, for whoever names a reason says what it speaks of."""


def dimension_of(contract: Contract, reason: str) -> Dimension:
    """The dimension of a reason 'rule:column'. A row rule of one column is about that value, one of several about how they agree.

    Raises NoDimension for a rule without one.
    """
    rule, _, column = reason.partition(":")
    if rule == "row":
        return "consistency" if column in between_columns(contract) else "validity"
    if rule not in OF_RULE:
        raise NoDimension(f"feed {contract.feed}: reason {rule!r} has no dimension; add it to quality/dimensions.py")
    return OF_RULE[rule]


def between_columns(contract: Contract) -> list[str]:
    """The row rules that hold two or more columns of a row against each other."""
    return [name for name, rule in contract.rows.items() if len(_columns(rule.must) & set(contract.columns)) > 1]


def _columns(must: str) -> set[str]:
    return {column.name for column in sqlglot.parse_one(must, dialect="duckdb").find_all(expressions.Column)}

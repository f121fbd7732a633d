"""Who sees which rows: a role a department that sees its own rows, and nobody else any row that is a department's.

Knows no Superset and no database, so that the fast tests can run it anywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from dashboards.bundle import Asset, BundleFault

COLUMN = "department"
PREFIX = "部门:"
OURS = "Admin"  # Superset's own role, which no YAML lists


@dataclass(frozen=True)
class RowRule:
    """A clause on the tables' rows. Regular: of those who have one of the roles; Base: of those who have none of them."""

    name: str
    kind: Literal["Regular", "Base"]
    clause: str
    roles: list[str]
    tables: list[str]


def role_of(department: str) -> str:
    return f"{PREFIX}{department}"


def department_of(role: str) -> str | None:
    """The department whose role it is."""
    return role.removeprefix(PREFIX) if role.startswith(PREFIX) else None


class NoFile(RuntimeError):
    """No serving file is opened for an account of these roles."""


def file_for(roles: set[str], serving: Path) -> Path:
    """The serving file that is opened for an account: for a department's the one that holds its own rows and no other, as serve puts it beside the whole.

    Raises NoFile for an account of several departments, and for one of no role.
    """
    own = {department for role in roles if (department := department_of(role))}
    if any(department_of(role) is None for role in roles):
        return serving
    if len(own) != 1:
        raise NoFile("an account needs one role: a page's, or one department's")
    return serving.with_suffix("") / f"{quote(own.pop(), safe='')}.duckdb"


def with_departments(roles: dict[str, Asset], departments: list[str]) -> dict[str, Asset]:
    """The roles, with the one that is `each: department` made once for each department. Raises BundleFault on another `each`."""
    made: dict[str, Asset] = {}
    for name, role in roles.items():
        if "each" not in role:
            made[name] = role
        elif role["each"] == COLUMN:
            made |= {role_of(department): {**role, "own": department} for department in departments}
        else:
            raise BundleFault(f"roles.yaml: {name}: each: there is only {COLUMN!r}, not {role['each']!r}")
    return made


def row_rules(roles: dict[str, Asset], tables: dict[str, list[str]]) -> list[RowRule]:
    """The rules of the tables (name → columns) that carry a department. Deny by default: who has no role here sees no row of them."""
    carry = sorted(table for table, columns in tables.items() if COLUMN in columns)
    own = {name: role for name, role in roles.items() if "own" in role}
    hidden = {table for role in own.values() for table in role.get("unseen", [])}
    if unknown := sorted(hidden - set(carry)):
        raise BundleFault(f"roles.yaml: unseen: no table {unknown[0]!r} carries a {COLUMN}")
    all_rows = [OURS, *(name for name in roles if name not in own)]
    seen = [table for table in carry if table not in hidden]
    return [
        RowRule("no row by default", "Base", "1 = 0", [*all_rows, *own], seen),
        RowRule("no row for departments", "Base", "1 = 0", all_rows, sorted(hidden)),
        *(RowRule(name, "Regular", f"{COLUMN} = {_quoted(role['own'])}", [name], seen) for name, role in own.items()),
    ]


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"

"""What the columns of an unknown file hold: told by a small YAML, or seen from their names and values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import yaml

from demo.corruption.kind import PARENT_ROLE
from demo.sheet import Role

ROLES = {*Role.__args__, *PARENT_ROLE}
SAMPLE, MOST = 500, 0.9
WORDS, WORD_LENGTH, PROSE_LENGTH = 40, 24, 24
NUMBER = r"-?[0-9]+(\.[0-9]+)?"
FORMS = {  # the first that nine in ten values have
    "id": r"[0-9]{17}[0-9Xx]",
    "mobile": r"1[3-9][0-9]{9}",
    "stamp": r"[0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}[ T][0-9]{1,2}:[0-9:.]+",
    "date": r"[0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}|(19|20)[0-9]{2}[01][0-9][0-3][0-9]",
    "grid": r"[0-9]{9,20}",
    "number": NUMBER,
    "sex": r"[男女]",
}
NAMED = {  # a role, what else it must be, and how its column is called
    "lon": ("number", r"lon|lng|经度"),
    "lat": ("number", r"lat|纬度"),
    "money": ("number", r"amount|price|cost|fee|金额|费|价|款"),
    "start_stamp": ("stamp", r"creat|start|begin|open|开始|创建|受理"),
    "start_date": ("date", r"creat|start|begin|open|开始|创建|受理"),
    "end_stamp": ("stamp", r"complet|clos|end|finish|结束|办结|完成"),
    "end_date": ("date", r"complet|clos|end|finish|结束|办结|完成"),
    "birth": ("date", r"birth|出生"),
    "name": ("text", r"^name|姓名"),
    "community": ("text", r"communit|社区|村"),
}


@dataclass(frozen=True)
class Told:
    """What somebody says of a column."""

    role: str
    required: bool = False


def read_roles(path: Path) -> dict[str, Told]:
    """column: role, or column: {role: …, required: true}. Raises ValueError for a role that does not exist."""
    told = {}
    for column, said in (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).items():
        if not isinstance(said, dict):
            said = {"role": said}
        if said.get("role") not in ROLES or not {*said} <= {"role", "required"}:
            raise ValueError(f"{path.name}: column {column} has {said}; roles are {', '.join(sorted(ROLES))}")
        told[str(column)] = Told(**said)
    return told


def guess_roles(rows: pd.DataFrame) -> dict[str, Told]:
    """The role of each column, from its name and up to 500 of its values; the first column without a repeat is the key."""
    roles = {str(name): _guess(str(name), rows[name]) for name in rows}
    key = next((name for name, role in roles.items() if _is_key(role, rows[name])), None)
    return {name: Told("key", required=True) if name == key else Told(role) for name, role in roles.items()}


def _guess(name: str, values: pd.Series) -> str:
    told = values[values != ""].head(SAMPLE)
    if told.empty:
        return "text"
    role = next((role for role, form in FORMS.items() if told.str.fullmatch(form).mean() >= MOST), "") or _written(told)
    for finer, (known, called) in NAMED.items():
        if role in (known, "word" if known == "text" else known) and re.search(called, name, re.IGNORECASE):
            return finer
    return role


def _written(told: pd.Series) -> str:
    length = told.str.len().mean()
    if told.nunique() <= min(WORDS, len(told) / 10) and length <= WORD_LENGTH:
        return "word"
    return "prose" if length > PROSE_LENGTH or told.str.contains("\n").any() else "text"


def _is_key(role: str, values: pd.Series) -> bool:
    whole = role in ("text", "grid") or (role == "number" and not values.str.contains(".", regex=False).any())
    return whole and values.is_unique and not (values == "").any()


def sheet_role(role: str) -> Role:
    """The role as demo.sheet knows it."""
    return PARENT_ROLE.get(role, role)  # type: ignore[return-value]


def roles_by_column(told: Mapping[str, Told]) -> dict[str, str]:
    return {name: known.role for name, known in told.items()}

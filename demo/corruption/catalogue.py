"""Every kind of damage there is, by name, and as a table that people read."""

from __future__ import annotations

from collections.abc import Iterable

from rich.table import Table

from demo.corruption.kind import Kind, kinds_of
from demo.corruption.kinds import (
    between,
    codes,
    dates,
    figures,
    files,
    people,
    phones,
    prose,
    rows,
    vocabulary,
    writing,
)

CATALOGUE: dict[str, Kind] = {
    kind.name: kind
    for kind in kinds_of([writing, dates, figures, codes, people, phones, vocabulary, prose, between, rows, files])
}
DEMO_KINDS = [kind for kind in CATALOGUE.values() if kind.demo]
FAMILY_ZH = {"form": "写法", "value": "取值", "between": "列间", "row": "行", "file": "文件"}
VERDICT_ZH = {"repair": "修复", "hold": "搁置", "either": "皆可", "keep": "照收", "refuse": "退回"}
LEVEL_ZH = {"cell": "单元格", "columns": "多列", "row": "整行", "file": "整个文件"}


def chosen(names: Iterable[str]) -> list[Kind]:
    """The kinds of these names or families. Raises KeyError with the first word that is neither."""
    picked: dict[str, Kind] = {}
    for word in names:
        own = [kind for kind in CATALOGUE.values() if word in (kind.name, kind.family)]
        if not own:
            raise KeyError(word)
        picked |= {kind.name: kind for kind in own}
    return list(picked.values())


def catalogue_table() -> Table:
    table = Table(title=f"数据噪声 {len(CATALOGUE)} 种", title_justify="left")
    for header in ("名称", "中文", "层次", "类别", "角色", "应当", "理由", "演示"):
        table.add_column(header, overflow="fold")
    for kind in CATALOGUE.values():
        verdict = VERDICT_ZH[kind.verdict]
        if kind.optional:
            verdict += f"（可空列{VERDICT_ZH[kind.optional]}）"
        roles, demo = " ".join(sorted(kind.roles)), "✓" if kind.demo else ""
        table.add_row(kind.name, kind.zh, LEVEL_ZH[kind.level], FAMILY_ZH[kind.family], roles, verdict, kind.why, demo)
    return table

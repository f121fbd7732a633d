"""Read the assets' YAML, put the words in, and hand back what Superset imports, or one sentence on what is wrong.

Knows no Superset and no database, so that the fast tests can run it anywhere.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from dashboards.layout import position_of

KINDS = ("databases", "datasets", "charts", "dashboards", "themes")
WORD = re.compile(r"@\{([a-z0-9_.]+)\}")
Asset = dict[str, Any]


class BundleFault(ValueError):
    """An asset that cannot be imported; the message names the file, the place and the way out."""


@dataclass
class Bundle:
    """Assets by kind and file name without suffix, e.g. `charts["warnings"]`; words already put in."""

    databases: dict[str, Asset]
    datasets: dict[str, Asset]
    charts: dict[str, Asset]
    dashboards: dict[str, Asset]
    themes: dict[str, Asset]
    roles: dict[str, Asset]
    retired: dict[str, list[str]]
    words_used: set[str] = field(default_factory=set)

    def kind(self, name: str) -> dict[str, Asset]:
        return getattr(self, name)

    def dataset_of(self, chart: Asset) -> Asset:
        return next(dataset for dataset in self.datasets.values() if dataset["uuid"] == chart["dataset_uuid"])


def read_bundle(folder: Path, words: dict[str, dict[str, str]], locale: str = "zh") -> Bundle:
    """Every asset under folder, worded in locale ('zh' or 'en') and checked; raises BundleFault."""
    used: set[str] = set()

    def load(path: Path) -> Asset:
        return _worded(_parsed(path), {key: texts[locale] for key, texts in words.items()}, path, used)

    found = {kind: {path.stem: load(path) for path in sorted((folder / kind).glob("*.yaml"))} for kind in KINDS}
    bundle = Bundle(**found, roles=load(folder / "roles.yaml"), retired=load(folder / "retired.yaml"), words_used=used)
    for dashboard in bundle.dashboards.values():
        if styles := dashboard.get("style"):
            sheets = [(folder / "dashboards" / sheet).read_text(encoding="utf-8") for sheet in styles]
            dashboard["css"] = "\n".join(sheets)
    check(bundle)
    return bundle


def read_words(path: Path) -> dict[str, dict[str, str]]:
    """The store of words: key → {zh, en}; raises BundleFault when a key lacks a language."""
    words = _parsed(path)
    for key, texts in words.items():
        if not isinstance(texts, dict) or set(texts) != {"zh", "en"}:
            raise BundleFault(f"{path.name}: {key}: needs exactly zh and en")
    return words


def check(bundle: Bundle) -> None:
    """Raises BundleFault unless every uuid is unique, defined and used, and every chart can be queried."""
    _check_uuids(bundle)
    _check_charts(bundle)
    _check_pages(bundle)


def check_columns(bundle: Bundle, tables: dict[str, list[str]]) -> None:
    """Raises BundleFault when a dataset's table or a chart's column is in no serving table (table → columns)."""
    for name, dataset in bundle.datasets.items():
        if dataset["table_name"] not in tables:
            raise BundleFault(f"datasets/{name}.yaml: the serving file has no table {dataset['table_name']!r}")
    for name, chart in bundle.charts.items():
        dataset = bundle.dataset_of(chart)
        known = {*tables[dataset["table_name"]], *(column["column_name"] for column in dataset.get("columns", []))}
        if unknown := sorted(columns_used(chart) - known):
            table = dataset["table_name"]
            raise BundleFault(f"charts/{name}.yaml: column {unknown[0]!r} is neither in table {table} nor computed")


def columns_used(chart: Asset) -> set[str]:
    """The columns that a chart's form and its query name; SQL inside metrics is checked by running it."""
    params = chart["params"]
    named = [*params.get("all_columns", []), *params.get("groupby", [])]
    named += [params.get("x_axis"), params.get("line_column")]
    named += [json.loads(order)[0] for order in params.get("order_by_cols", [])]
    named += [clause["subject"] for clause in params.get("adhoc_filters", [])]
    named += [item["column_name"] for item in params.get("tooltip_contents", [])]
    for query in chart["query_context"]["queries"]:
        named += [*query.get("columns", []), *(clause["col"] for clause in query.get("filters", []))]
        named += [column for column, _ in query.get("orderby", [])]
    return {column for column in named if isinstance(column, str)}


def charts_on(dashboard: Asset) -> list[str]:
    """The chart names of a dashboard's layout, in reading order."""
    return [cell["chart"] for row in dashboard["layout"] for item in row for cell in item.get("stack", [item])]


def import_files(bundle: Bundle) -> dict[str, str]:
    """File name → YAML text, as Superset's import command takes them (themes and roles are set apart)."""
    files = {"metadata.yaml": yaml.safe_dump({"version": "1.0.0", "type": "assets"})}
    for name, chart in bundle.charts.items():
        query = {"force": False, "result_format": "json", "result_type": "full", **chart["query_context"]}
        params = {"viz_type": chart["viz_type"], **chart["params"]}
        files[f"charts/{name}.yaml"] = _dump({**chart, "params": params, "query_context": json.dumps(query)})
    for name, dashboard in bundle.dashboards.items():
        plain = {key: value for key, value in dashboard.items() if key not in ("layout", "theme", "style")}
        files[f"dashboards/{name}.yaml"] = _dump({**plain, "position": position_of(dashboard, bundle.charts)})
    for kind in ("databases", "datasets"):
        files |= {f"{kind}/{name}.yaml": _dump(asset) for name, asset in bundle.kind(kind).items()}
    return files


def _check_uuids(bundle: Bundle) -> None:
    uuids = [asset.get("uuid") for kind in KINDS for asset in bundle.kind(kind).values()]
    if None in uuids:
        raise BundleFault("assets: an asset has no uuid")
    if doubled := [uuid for uuid, times in Counter(uuids).items() if times > 1]:
        raise BundleFault(f"assets: uuid {doubled[0]} is given twice")
    retired = {uuid for uuids in bundle.retired.values() for uuid in uuids}
    if alive := retired & set(uuids):
        raise BundleFault(f"retired.yaml: uuid {sorted(alive)[0]} is still in use")
    databases = {asset["uuid"] for asset in bundle.databases.values()}
    for name, dataset in bundle.datasets.items():
        if dataset.get("database_uuid") not in databases:
            raise BundleFault(f"datasets/{name}.yaml: database_uuid: no database has {dataset.get('database_uuid')}")


def _check_charts(bundle: Bundle) -> None:
    datasets = {dataset["uuid"] for dataset in bundle.datasets.values()}
    for name, chart in bundle.charts.items():
        if not (chart.get("query_context") or {}).get("queries"):
            raise BundleFault(f"charts/{name}.yaml: query_context: missing; without it the data endpoint has no query")
        if chart.get("dataset_uuid") not in datasets:
            raise BundleFault(f"charts/{name}.yaml: dataset_uuid: no dataset has {chart.get('dataset_uuid')}")
    read = {chart["dataset_uuid"] for chart in bundle.charts.values()}
    for name, dataset in bundle.datasets.items():
        if dataset["uuid"] not in read:
            raise BundleFault(f"datasets/{name}.yaml: no chart reads it; draw it, or retire it")


def _check_pages(bundle: Bundle) -> None:
    drawn = {name for dashboard in bundle.dashboards.values() for name in charts_on(dashboard)}
    if unknown := sorted(drawn - set(bundle.charts)):
        raise BundleFault(f"dashboards: layout: no chart is named {unknown[0]!r}")
    if idle := sorted(set(bundle.charts) - drawn):
        raise BundleFault(f"charts/{idle[0]}.yaml: stands on no dashboard; draw it, or retire it")
    for name, dashboard in bundle.dashboards.items():
        if dashboard.get("theme") not in bundle.themes:
            raise BundleFault(f"dashboards/{name}.yaml: theme: no theme is named {dashboard.get('theme')!r}")


def _parsed(path: Path) -> Asset:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as fault:
        where = getattr(fault, "problem_mark", None)
        line = f"line {where.line + 1}: " if where else ""
        raise BundleFault(f"{path.parent.name}/{path.name}: {line}{getattr(fault, 'problem', fault)}") from None
    if not isinstance(content, dict):
        raise BundleFault(f"{path.parent.name}/{path.name}: is not a mapping")
    return content


def _worded(value: Any, texts: dict[str, str], path: Path, used: set[str]) -> Any:
    """The value with each @{key}, also in the keys of mappings, replaced by its text."""

    def text_of(match: re.Match[str]) -> str:
        key = match[1]
        if key not in texts:
            raise BundleFault(f"{path.parent.name}/{path.name}: words.yaml has no key {key!r}")
        used.add(key)
        return texts[key]

    def walk(part: Any) -> Any:
        if isinstance(part, str):
            return WORD.sub(text_of, part)
        if isinstance(part, dict):
            return {walk(key): walk(item) for key, item in part.items()}
        return [walk(item) for item in part] if isinstance(part, list) else part

    return walk(value)


def _dump(asset: Asset) -> str:
    return yaml.dump(asset, Dumper=_Plain, allow_unicode=True, sort_keys=False)


class _Plain(yaml.SafeDumper):
    """Writes shared lists out in full: Superset's reader need not know anchors."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

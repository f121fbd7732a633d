"""The pages' YAML is whole: every word, uuid and column exists and is used, and the importer refuses what is not."""

from __future__ import annotations

import json
import os
import re
import runpy
import shutil
import subprocess
import sys
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import quote

import duckdb
import pytest
from PIL import Image
from serving_fixture import SERVING_DDL, build_serving
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

from dashboards.bundle import Bundle, charts_on, check_columns, columns_used, import_files, read_bundle, read_words
from dashboards.datasets import dataset_of, feed_tables
from dashboards.look import LookFault, judge_picture
from dashboards.row_rules import NoFile, file_for, row_rules, with_departments
from jobs.operate.health import STATE_ZH
from schemas.scorecard import load_scorecard

ROOT = Path(__file__).resolve().parents[2]
DASHBOARDS = ROOT / "dashboards"
ASSETS = DASHBOARDS / "assets"
WORDS = read_words(DASHBOARDS / "words.yaml")
PAGES = ("commander", "quality")
LEVELS = {"红": "#E02020", "橙": "#FF7A00", "黄": "#F5B400", "蓝": "#2F6BFF"}


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return read_bundle(ASSETS, WORDS)


@pytest.fixture(scope="module")
def tables() -> dict[str, dict[str, str]]:
    """The serving file's tables, from their definitions."""
    db = duckdb.connect()
    db.execute(SERVING_DDL)
    rows = db.execute("SELECT table_name, column_name, data_type FROM information_schema.columns").fetchall()
    found: dict[str, dict[str, str]] = {}
    for table, column, kind in rows:
        found.setdefault(table, {})[column] = kind
    return found


def test_every_column_of_every_chart_exists(bundle: Bundle, tables: dict[str, dict[str, str]]) -> None:
    check_columns(bundle, {table: list(columns) for table, columns in tables.items()})
    assert sum(len(columns_used(chart)) for chart in bundle.charts.values()) > 30
    assert {dataset["table_name"] for dataset in bundle.datasets.values()} == set(tables)


def test_what_the_page_asks_is_what_the_data_endpoint_asks(bundle: Bundle) -> None:
    tables_seen = 0
    for chart in bundle.charts.values():
        params, (query,) = chart["params"], chart["query_context"]["queries"]
        assert params.get("metrics", []) == query.get("metrics", []) or params.get("metric") == query["metrics"][0]
        filters = [(clause["subject"], clause["comparator"]) for clause in params.get("adhoc_filters", [])]
        assert filters == [(clause["col"], clause["val"]) for clause in query.get("filters", [])]
        if params.get("query_mode") == "raw":
            assert params["all_columns"] == query["columns"]
            assert [json.loads(order) for order in params.get("order_by_cols", [])] == query.get("orderby", [])
            tables_seen += 1
    assert tables_seen == 8


def test_the_tiles_of_the_quality_page_add_up(bundle: Bundle) -> None:
    chart = bundle.charts["quality_totals"]
    (query,) = chart["query_context"]["queries"]
    asked = ", ".join(f"{metric['sqlExpression']} AS {metric['label']}" for metric in query["metrics"])
    with duckdb.connect() as db:
        db.execute(SERVING_DDL)
        db.execute(
            "INSERT INTO scorecard (dimension, numerator, denominator, recent) VALUES "
            "('held', 10, 100, true), ('refused', 20, 100, true), ('held', 5, 1000, true), ('refused', 0, 1000, true)"
        )
        told = db.execute(f"SELECT {asked} FROM {bundle.dataset_of(chart)['table_name']} WHERE recent").fetchdf()
    tiles = [told[name][0] for name in ("read", "kept", "held", "refused")]
    assert tiles == ["1,100", "1,065", "15", "20"]


def test_no_text_of_a_table_is_a_tag_in_any_cell(bundle: Bundle, tmp_path: Path) -> None:
    """Every text of every table is hostile: what a chart shows of it is text still."""
    hostile = '"><img src=x onerror=alert(1)>'
    path = build_serving(tmp_path).resolve()
    shown = 0
    with duckdb.connect(str(path)) as db:
        kinds = "SELECT table_name, column_name FROM information_schema.columns WHERE data_type = 'VARCHAR'"
        for table, column in db.execute(kinds).fetchall():
            db.execute(f"UPDATE {table} SET {column} = ?", [hostile])
        for chart in bundle.charts.values():
            if not (chart["viz_type"] == "table" or "{{{" in chart["params"].get("handlebarsTemplate", "")):
                continue
            dataset, (query,) = bundle.dataset_of(chart), chart["query_context"]["queries"]
            computed = {column["column_name"]: column["expression"] for column in dataset.get("columns", [])}
            asked = [
                *(computed.get(one, one) for one in query["columns"]),
                *(one["sqlExpression"] for one in query.get("metrics", [])),
            ]
            for expression in asked:
                cells = [
                    str(cell) for (cell,) in db.execute(f"SELECT {expression} FROM {dataset['table_name']}").fetchall()
                ]
                assert not [cell for cell in cells if "<img" in cell or '"><' in cell.replace('">＂', "")], (
                    chart["slice_name"],
                    expression,
                )
                shown += sum("img src" in cell for cell in cells)
    assert shown > 20


def test_every_word_is_read_and_both_languages_are_whole(bundle: Bundle) -> None:
    in_english = read_bundle(ASSETS, WORDS, "en")
    assert bundle.words_used == set(WORDS)
    shown = [text for chart in in_english.charts.values() for text in (chart["slice_name"], chart["description"])]
    assert len(shown) == 2 * len(bundle.charts)
    assert not [text for text in shown if re.search(r"[\u4e00-\u9fff]", text)]


@pytest.mark.parametrize("slug", PAGES)
def test_one_screen(bundle: Bundle, slug: str) -> None:
    page = bundle.dashboards[slug]
    assert page["slug"] == slug and len(charts_on(page)) == (9 if slug == "commander" else 8)
    heights = []
    for row in page["layout"]:
        assert sum(cell["width"] for cell in row) == 12
        stacks = [cell.get("stack", [cell]) for cell in row]
        heights.append(max(sum(cell["height"] * 8 for cell in stack) + 16 * (len(stack) - 1) for stack in stacks))
    assert sum(heights) + 16 * (len(heights) - 1) + 2 * 12 <= 1080


def test_every_state_of_a_promise_has_its_colour(bundle: Bundle) -> None:
    colours = bundle.dashboards["quality"]["metadata"]["label_colors"]
    told = {zh for state, zh in STATE_ZH.items() if state != "waiting"}  # nothing is promised of what nobody waits for
    assert told <= set(colours) and len({colours[state] for state in told}) == len(told)


def test_the_desk_names_the_figures_as_the_scorecard_does(bundle: Bundle) -> None:
    columns = {column["column_name"]: column for column in bundle.datasets["department_score"]["columns"]}
    figures = load_scorecard().figures
    assert len(figures) == 11
    assert {name: columns[f"{name}_cell"]["verbose_name"] for name in figures} == {
        name: figure.zh for name, figure in figures.items()
    }
    lines = load_scorecard().lines
    assert f"绿≥{lines.good * 100:.0f} 黄≥{lines.fair * 100:.0f} " in bundle.charts["departments"]["description"]


def test_levels_have_one_colour_everywhere(bundle: Bundle) -> None:
    page = bundle.dashboards["commander"]
    assert {level: page["metadata"]["label_colors"][level] for level in LEVELS} == LEVELS
    steps = bundle.charts["map"]["params"]["color_breakpoints"]
    on_map = ["#{r:02X}{g:02X}{b:02X}".format(**step["color"]) for step in steps]
    assert on_map == [LEVELS[level] for level in "蓝黄橙红"]
    assert all(colour.lower() in page["css"] for colour in LEVELS.values())


def test_superset_gets_every_asset_with_its_query(bundle: Bundle) -> None:
    files = import_files(bundle)
    assert len(files) == 1 + 1 + len(bundle.datasets) + len(bundle.charts) + len(bundle.dashboards)
    assert not [name for name, text in files.items() if "@{" in text or "&id" in text]


def test_a_new_department_becomes_a_dataset_without_code(tables: dict[str, dict[str, str]]) -> None:
    tables = {**tables, "feed_urban_case": {"case_no": "VARCHAR", "reported_at": "TIMESTAMP WITH TIME ZONE"}}
    (table,) = feed_tables(tables)
    made = dataset_of(table, tables[table], "6f1d2c1a-3b0e-4b0a-9a52-0d6f5c1f7a10")
    assert [column["column_name"] for column in made["columns"]] == ["case_no", "reported_at"]
    assert [column["is_dttm"] for column in made["columns"]] == [False, True]
    assert made == dataset_of(table, tables[table], made["database_uuid"])


def test_a_department_sees_its_own_rows_and_nobody_unnamed_any(
    bundle: Bundle, tables: dict[str, dict[str, str]]
) -> None:
    roles = with_departments(bundle.roles, ["公安局", "O'Neill"])
    assert list(roles) == ["commander", "appraisal", "部门:公安局", "部门:O'Neill"]
    default, flags, *own = row_rules(roles, {table: list(columns) for table, columns in tables.items()})
    assert default.kind == flags.kind == "Base" and default.clause == flags.clause == "1 = 0"
    assert flags.tables == ["integrity_flag"] and set(flags.roles) == {"Admin", "commander", "appraisal"}
    carrying = {table for table, columns in tables.items() if "department" in columns}
    assert len(carrying) == 7 and {*default.tables, *flags.tables} == carrying
    assert set(default.roles) == {"Admin", *roles}
    assert [(rule.kind, rule.clause, rule.roles) for rule in own] == [
        ("Regular", "department = '公安局'", ["部门:公安局"]),
        ("Regular", "department = 'O''Neill'", ["部门:O'Neill"]),
    ]
    assert all(rule.tables == default.tables for rule in own)


def _replace(name: str, old: str, new: str) -> Callable[[Path], None]:
    def change(assets: Path) -> None:
        path = assets / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    return change


FAULTS = {
    "a column that does not exist": (
        _replace("charts/overdue.yaml", "[days_text,", "[no_such,"),
        "charts/overdue.yaml: column 'no_such'",
    ),
    "a computed column over a missing one": (
        _replace("datasets/vital.yaml", "floor(value)", "floor(valu)"),
        'datasets/vital.yaml: value_text: Binder Error: Referenced column "valu"',
    ),
    "a metric over a missing column": (
        _replace("charts/map.yaml", "MAX(worst_rank)", "MAX(rank_of_worst)"),
        'Referenced column "rank_of_worst" not found',
    ),
    "broken YAML": (_replace("charts/map.yaml", "viz_type: ", "viz_type: ["), "charts/map.yaml: line "),
    "no query_context": (
        _replace("charts/trend.yaml", "query_context:", "query_kontext:"),
        "charts/trend.yaml: query_context: missing",
    ),
    "an undefined uuid": (
        _replace("charts/trend.yaml", "9e05", "9eff"),
        "charts/trend.yaml: dataset_uuid: no dataset has",
    ),
    "a uuid given twice": (_replace("charts/trend.yaml", "1a06", "1a07"), "is given twice"),
    "a chart on no page": (
        _replace("dashboards/commander.yaml", "chart: trend", "chart: health"),
        "charts/trend.yaml: stands on no dashboard",
    ),
    "an unknown word": (
        _replace("charts/trend.yaml", "@{chart.trend}", "@{chart.trent}"),
        "words.yaml has no key 'chart.trent'",
    ),
    "a role for each of what there is not": (
        _replace("roles.yaml", "each: department", "each: town"),
        "roles.yaml: department: each: there is only 'department', not 'town'",
    ),
    "a retired uuid in use": (
        _replace("retired.yaml", "charts: []", "charts: [5c0e7f1d-2f6a-4a43-9d55-7e6c0f9b1a06]"),
        "is still in use",
    ),
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    build_serving(folder)
    return folder


def test_the_importer_accepts_the_assets(home: Path) -> None:
    answer = _check(home, ASSETS)
    assert answer.returncode == 0, answer.stderr
    assert "17 charts on 2 page(s), 15 datasets" in answer.stdout


@pytest.mark.parametrize("fault", FAULTS)
def test_the_importer_refuses(fault: str, home: Path, tmp_path: Path) -> None:
    change, sentence = FAULTS[fault]
    assets = shutil.copytree(ASSETS, tmp_path / "assets")
    change(assets)
    answer = _check(home, assets)
    assert answer.returncode == 1
    assert sentence in answer.stderr and len(answer.stderr.strip().splitlines()) == 1


def test_the_importer_refuses_a_missing_serving_file(tmp_path: Path) -> None:
    answer = _check(tmp_path, ASSETS)
    assert answer.returncode == 1 and "there is no serving file" in answer.stderr


def _check(home: Path, assets: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(DASHBOARDS / "load.py"), "--check", "--assets", str(assets)]
    return subprocess.run(command, env={**os.environ, "CITYBRAIN_HOME": str(home)}, capture_output=True, text=True)


def test_superset_starts_with_no_secret_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CITYBRAIN_HOME", str(tmp_path))
    monkeypatch.delenv("CITYBRAIN_SUPERSET_SECRET", raising=False)
    with pytest.raises(SystemExit, match="no secret of 32 characters"):
        settings()


@pytest.mark.parametrize(
    ("roles", "file"),
    [
        ({"Admin"}, "serving-1.duckdb"), ({"commander"}, "serving-1.duckdb"), ({"appraisal", "部门:公安局"}, "serving-1.duckdb"),
        ({"部门:公安局"}, f"serving-1/{quote('公安局')}.duckdb"), ({"部门:../x"}, "serving-1/..%2Fx.duckdb"),
    ],
)  # fmt: skip
def test_a_departments_account_opens_the_file_of_its_own_rows(roles: set[str], file: str) -> None:
    assert file_for(roles, Path("/serving/serving-1.duckdb")) == Path("/serving") / file


@pytest.mark.parametrize("roles", [set(), {"部门:公安局", "部门:民政局"}])
def test_no_file_is_opened_for_an_account_of_no_role_or_of_two_departments(roles: set[str]) -> None:
    with pytest.raises(NoFile):
        file_for(roles, Path("/serving/serving-1.duckdb"))


def test_the_serving_file_opens_for_reading_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CITYBRAIN_HOME", str(tmp_path))
    monkeypatch.setenv("CITYBRAIN_SUPERSET_SECRET", "x" * 32)
    config = settings()
    build_serving(tmp_path, "one")
    link = build_serving(tmp_path, "two")
    uri, params = config["open_serving"](make_url(config["SERVING_URI"]), {})
    assert uri.database == str(link.resolve()) and uri.database.endswith("serving-two.duckdb")
    assert issubclass(params["poolclass"], NullPool), "a connection a question"
    db = duckdb.connect(uri.database, **params["connect_args"])
    assert db.execute("SELECT run_id FROM about").fetchone() == ("two",)
    for forbidden in ("SELECT * FROM read_text('/etc/passwd')", "DELETE FROM about", "SET enable_external_access=true"):
        with pytest.raises(duckdb.Error):
            db.execute(forbidden)


def test_no_other_host_is_let_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CITYBRAIN_SUPERSET_SECRET", "x" * 32)
    policy = settings()["TALISMAN_CONFIG"]["content_security_policy"]
    allowed = {source for sources in policy.values() for source in ([sources] if isinstance(sources, str) else sources)}
    assert policy["img-src"] == ["'self'", "blob:", "data:"]
    assert not [source for source in allowed if "." in source or source == "*"]


def settings() -> dict[str, Any]:
    """Superset's, as an administrator meets them; what stands at its doors needs Superset itself, and is tried there."""
    guard = ModuleType("dashboards.guard")
    guard.Guard, guard.at_the_door, guard.roles_now = object, print, lambda: {"Admin"}  # type: ignore[attr-defined]
    with pytest.MonkeyPatch.context() as stand_in:
        stand_in.setitem(sys.modules, "dashboards.guard", guard)
        return runpy.run_path(str(DASHBOARDS / "superset_config.py"))


def test_a_blank_picture_is_told_from_a_drawn_one() -> None:
    blank, drawn = Image.new("RGB", (80, 60), "#0b1422"), Image.effect_noise((80, 60), 60)
    with pytest.raises(LookFault, match="chart 走势: is blank"):
        judge_picture("走势", _png(blank))
    judge_picture("走势", _png(drawn))


def _png(picture: Image.Image) -> bytes:
    file = BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()

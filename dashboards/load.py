"""The one importer: make Superset's store, its accounts, theme, roles and pages, then prove that every chart answers.

Run inside the Superset environment: `python dashboards/load.py`; `--check` only reads the assets and the serving file.
Exits 1 with one sentence on any fault. Runs again without harm, and then updates what changed.
"""

from __future__ import annotations

import argparse
import logging
import os
import secrets
import sys
from pathlib import Path
from typing import Any

import duckdb

# Run as a script, Python puts this folder on its path, not the checkout.
ROOT = Path(__file__).resolve().parents[1]
sys.path[:] = [str(ROOT), *(entry for entry in sys.path if Path(entry or ".").resolve() != ROOT / "dashboards")]

from dashboards.bundle import Bundle, BundleFault, check_columns, import_files, read_bundle, read_words  # noqa: E402
from dashboards.datasets import dataset_of, feed_tables, with_columns  # noqa: E402
from dashboards.row_rules import row_rules, with_departments  # noqa: E402

HERE = Path(__file__).resolve().parent
HOME = Path(os.environ.get("CITYBRAIN_HOME") or ROOT / "var").resolve()
ACCOUNTS = {"admin": "Admin", "commander": "commander", "appraisal": "appraisal"}


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="read and check, import nothing")
    parser.add_argument("--assets", type=Path, default=HERE / "assets", help="folder of assets")
    options = parser.parse_args(argv)
    try:
        bundle = ready_bundle(options.assets)
        if not options.check:
            load(bundle)
    except BundleFault as fault:
        print(f"dashboards: {fault}", file=sys.stderr)
        return 1
    except Exception as fault:  # a supervisor reads one sentence, not a stack
        first = (str(fault).splitlines() or ["no message"])[0]
        print(f"dashboards: the import stopped: {type(fault).__name__}: {first}", file=sys.stderr)
        return 1
    charts, pages, datasets = len(bundle.charts), len(bundle.dashboards), len(bundle.datasets)
    print(f"dashboards: {charts} charts on {pages} page(s), {datasets} datasets")
    return 0


def ready_bundle(assets: Path) -> Bundle:
    """The assets joined with the serving file's tables, all their SQL tried there; raises BundleFault."""
    words = read_words(HERE / "words.yaml")
    bundle = read_bundle(assets, words, os.environ.get("CITYBRAIN_LOCALE", "zh"))
    with open_serving() as db:
        tables = tables_of(db)
        check_columns(bundle, {table: list(columns) for table, columns in tables.items()})
        try_expressions(bundle, db)
        bundle.roles = with_departments(bundle.roles, departments_of(db))
    for name, dataset in bundle.datasets.items():
        bundle.datasets[name] = with_columns(dataset, tables[dataset["table_name"]])
    database = next(iter(bundle.databases.values()))["uuid"]
    bundle.datasets |= {table: dataset_of(table, tables[table], database) for table in feed_tables(tables)}
    return bundle


def open_serving() -> duckdb.DuckDBPyConnection:
    link = HOME / "serving" / "serving.duckdb"
    if not link.exists():
        raise BundleFault("there is no serving file serving/serving.duckdb in CITYBRAIN_HOME; run the serve job first")
    try:
        return duckdb.connect(str(link.resolve()), read_only=True)
    except duckdb.Error as fault:
        raise BundleFault(f"the serving file cannot be opened: {str(fault).splitlines()[0]}") from None


def tables_of(db: duckdb.DuckDBPyConnection) -> dict[str, dict[str, str]]:
    """Table → column → DuckDB type, of schema main."""
    tables: dict[str, dict[str, str]] = {}
    rows = db.execute(
        "SELECT table_name, column_name, data_type FROM information_schema.columns "
        "WHERE table_schema = 'main' ORDER BY table_name, ordinal_position"
    ).fetchall()
    for table, column, kind in rows:
        tables.setdefault(table, {})[column] = kind
    return tables


def departments_of(db: duckdb.DuckDBPyConnection) -> list[str]:
    """Every department that owns a feed."""
    return [row[0] for row in db.execute("SELECT DISTINCT department FROM source_health ORDER BY 1").fetchall()]


def try_expressions(bundle: Bundle, db: duckdb.DuckDBPyConnection) -> None:
    """Bind every computed column and every metric to its table, reading no row."""
    for name, dataset in bundle.datasets.items():
        for column in dataset.get("columns", []):
            _try(db, column["expression"], dataset["table_name"], f"datasets/{name}.yaml: {column['column_name']}")
    for name, chart in bundle.charts.items():
        table = bundle.dataset_of(chart)["table_name"]
        for query in chart["query_context"]["queries"]:
            for metric in query.get("metrics", []):
                _try(db, metric["sqlExpression"], table, f"charts/{name}.yaml: metric {metric['label']}")


def _try(db: duckdb.DuckDBPyConnection, expression: str, table: str, where: str) -> None:
    try:
        db.execute(f'EXPLAIN SELECT {expression} FROM "{table}"')
    except duckdb.Error as fault:
        raise BundleFault(f"{where}: {str(fault).splitlines()[0]}") from None


def load(bundle: Bundle) -> None:
    """Everything that writes, in order; raises BundleFault."""
    os.umask(0o027)  # other accounts of the machine read neither the store nor what it holds
    _make_secret()
    app = _superset()
    from dashboards import store

    with app.app_context():
        try:
            store.upgrade()
            passwords = {name: _secret(f"superset_{name}_password") for name in ACCOUNTS}
            store.ensure_roles(bundle.roles)
            store.ensure_accounts(ACCOUNTS, passwords)
            store.import_assets(import_files(bundle))
            store.retire(bundle.retired)
            store.set_themes(bundle.themes, bundle.dashboards)
            store.grant_pages(bundle.roles)
            store.set_row_rules(row_rules(bundle.roles, columns_of(bundle)))
            answers = store.ask_charts({chart["uuid"]: name for name, chart in bundle.charts.items()})
        except store.StoreFault as fault:
            raise BundleFault(str(fault)) from None
    for name, rows in answers.items():
        print(f"  {name:10} {rows:5} rows" + ("" if rows else "  (empty today)"))


def columns_of(bundle: Bundle) -> dict[str, list[str]]:
    """Table → columns of every dataset."""
    return {
        dataset["table_name"]: [column["column_name"] for column in dataset["columns"]]
        for dataset in bundle.datasets.values()
    }


def _superset() -> Any:
    os.environ["SUPERSET_CONFIG_PATH"] = str(HERE / "superset_config.py")
    (HOME / "superset").mkdir(parents=True, exist_ok=True)
    logging.disable(logging.WARNING)
    from superset.app import create_app  # pyright: ignore[reportMissingImports]

    return create_app()


def _make_secret() -> None:
    if not os.environ.get("CITYBRAIN_SUPERSET_SECRET"):
        _secret("superset_secret")


def _secret(name: str) -> str:
    """The secret of that name in HOME/secrets, made once, readable by its owner only."""
    path = HOME / "secrets" / name
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(36) + "\n")
    return path.read_text().strip()


if __name__ == "__main__":
    sys.exit(main())

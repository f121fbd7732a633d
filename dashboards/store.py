"""What the importer does inside a Superset application: schema, roles, accounts, assets, themes, and a proof.

Every function needs an active application context; each may be run again.
"""

# Superset lives in its own environment, where the project's type checker does not look.
# pyright: reportMissingImports=false, reportMissingModuleSource=false

from __future__ import annotations

import json
from contextlib import redirect_stdout
from io import StringIO
from typing import Any

from flask_migrate import upgrade as migrate
from superset import appbuilder, db, security_manager
from superset.commands.exceptions import CommandException, CommandInvalidError
from superset.commands.importers.v1.assets import ImportAssetsCommand
from superset.connectors.sqla.models import RowLevelSecurityFilter, SqlaTable
from superset.models.core import Theme
from superset.models.dashboard import Dashboard
from superset.models.slice import Slice
from superset.utils.core import override_user

from dashboards.row_rules import RowRule

RETIRABLE = {"charts": Slice, "dashboards": Dashboard, "datasets": SqlaTable}


class StoreFault(RuntimeError):
    """Superset refused something; the message is one sentence."""


def upgrade() -> None:
    """Bring the metadata's schema, and Superset's own roles and permissions, to this version."""
    from superset.extensions import migrate as extension

    with redirect_stdout(StringIO()):  # the migrations print their progress
        migrate(directory=extension.directory)
    appbuilder.add_permissions(update_perms=True)
    security_manager.sync_role_definitions()


def ensure_roles(roles: dict[str, Any]) -> None:
    """Each role holds exactly the permissions that its YAML lists (datasets are granted after the import)."""
    for name, role in roles.items():
        held = security_manager.add_role(name)
        held.permissions = [_permission(action, thing) for action, thing in role["may"]]
    db.session.commit()


def ensure_accounts(accounts: dict[str, str], passwords: dict[str, str]) -> None:
    """Each account (name → role) exists; a password that a person has changed stays as it is."""
    for name, role in accounts.items():
        if security_manager.find_user(username=name) is None:
            found = security_manager.find_role(role)
            made = security_manager.add_user(name, name, "", f"{name}@localhost", found, password=passwords[name])
            if not made:
                raise StoreFault(f"account {name} could not be made")


def import_assets(files: dict[str, str]) -> None:
    with override_user(security_manager.find_user(username="admin")):
        try:
            ImportAssetsCommand(files).run()
        except CommandInvalidError as fault:
            raise StoreFault(f"Superset refuses the assets: {_first_message(fault)}") from None
        except CommandException as fault:
            raise StoreFault(f"the import failed: {fault.__cause__ or fault}") from None


def retire(retired: dict[str, list[str]]) -> None:
    for kind, uuids in retired.items():
        for uuid in uuids:
            if found := db.session.query(RETIRABLE[kind]).filter_by(uuid=uuid).one_or_none():
                db.session.delete(found)
    db.session.commit()


def set_themes(themes: dict[str, Any], dashboards: dict[str, Any]) -> None:
    """Write each theme and hang it on its dashboards; the assets' import command knows no themes."""
    for theme in themes.values():
        row = db.session.query(Theme).filter_by(uuid=theme["uuid"]).one_or_none() or Theme(uuid=theme["uuid"])
        row.theme_name, row.json_data = theme["theme_name"], json.dumps(theme["json_data"], ensure_ascii=False)
        db.session.add(row)
    db.session.flush()
    for dashboard in dashboards.values():
        theme = themes[dashboard["theme"]]
        page = db.session.query(Dashboard).filter_by(uuid=dashboard["uuid"]).one()
        page.theme_id = db.session.query(Theme).filter_by(uuid=theme["uuid"]).one().id
    db.session.commit()


def grant_pages(roles: dict[str, Any]) -> None:
    """A role opens the dashboards that its YAML lists and reads the datasets drawn there; nothing else."""
    for name, role in roles.items():
        held = security_manager.find_role(name)
        for slug in role["dashboards"]:
            page = db.session.query(Dashboard).filter_by(slug=slug).one_or_none()
            if page is None:
                raise StoreFault(f"roles.yaml: {name}: no dashboard has the slug {slug!r}")
            page.roles = [*(other for other in page.roles if other.name != name), held]
            for dataset in page.datasources:
                security_manager.add_permission_role(held, _permission("datasource_access", dataset.get_perm()))
    db.session.commit()


def set_row_rules(rules: list[RowRule]) -> None:
    """Exactly these row rules stand: a rule that is no longer among them is deleted."""
    standing = {rule.name: rule for rule in db.session.query(RowLevelSecurityFilter).all()}
    for rule in rules:
        row = standing.pop(rule.name, None) or RowLevelSecurityFilter(name=rule.name)
        row.filter_type, row.clause, row.group_key = rule.kind, rule.clause, "department"
        row.roles = [security_manager.find_role(name) for name in rule.roles]
        row.tables = db.session.query(SqlaTable).filter(SqlaTable.table_name.in_(rule.tables)).all()
        if len(row.tables) != len(rule.tables):
            raise StoreFault(f"row rule {rule.name!r}: {len(row.tables)} of {len(rule.tables)} tables are datasets")
        db.session.add(row)
    for gone in standing.values():
        db.session.delete(gone)
    db.session.commit()


def ask_charts(names: dict[str, str]) -> dict[str, int]:
    """Run each chart's own query; names: uuid → name. Returns name → rows; raises StoreFault naming the chart."""
    answers = {}
    with override_user(security_manager.find_user(username="admin")):
        for uuid, name in names.items():
            chart = db.session.query(Slice).filter_by(uuid=uuid).one_or_none()
            context = chart.get_query_context() if chart else None
            if context is None:
                raise StoreFault(f"chart {name}: Superset holds no query for it")
            (answer,) = context.get_payload()["queries"]
            if answer.get("error"):
                raise StoreFault(f"chart {name}: {str(answer['error']).splitlines()[0]}")
            answers[name] = answer["rowcount"]
    return answers


def _permission(action: str, thing: str) -> Any:
    found = security_manager.find_permission_view_menu(action, thing)
    if found is None:
        raise StoreFault(f"roles.yaml: Superset knows no permission {action} on {thing}")
    return found


def _first_message(fault: CommandInvalidError) -> str:
    inner = next(iter(fault._exceptions), fault)
    return str(getattr(inner, "messages", inner))

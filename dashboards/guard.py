"""Superset's doors, deny by default: which addresses a reader may call, what may be asked of a chart, and which file is opened for whom.

A reader is whoever is neither administrator nor analyst. Superset itself lets a reader of a dataset ask it anything in SQL expressions.
"""

# Superset lives in its own environment, where the project's type checker does not look.
# pyright: reportMissingImports=false, reportMissingModuleSource=false

from __future__ import annotations

import re
from typing import Any

from flask import Flask, abort, g, request
from flask_jwt_extended import verify_jwt_in_request
from superset.errors import ErrorLevel, SupersetError, SupersetErrorType
from superset.exceptions import SupersetSecurityException
from superset.security import SupersetSecurityManager
from superset.utils import json

from dashboards.asked import NotTheCharts, check_question
from dashboards.row_rules import OURS

# What a reader's page, login and own account need. Everything else is not there for a reader.
ADDRESSES = [
    ("GET", r"/|/superset/welcome/|/health|/healthcheck|/ping|/login/|/logout/|/lang/\w+|/favicon\.ico"),
    ("GET", r"/static/.*|/language_pack/\w+/?|/superset/language_pack/\w+/?"),
    ("GET", r"/superset/dashboard/[\w-]+/|/dashboard/[\w-]+/?"),
    ("GET", r"/api/v1/dashboard/[\w-]+|/api/v1/dashboard/[\w-]+/(charts|datasets|tabs|embedded)"),
    ("GET", r"/api/v1/dashboard/|/api/v1/dashboard/_info|/api/v1/dashboard/favorite_status/"),
    ("GET", r"/api/v1/chart/\d+/data/"),
    ("POST", r"/api/v1/chart/data"),
    ("GET", r"/api/v1/me/|/api/v1/me/roles/|/api/v1/security/csrf_token/|/api/v1/menu/|/api/v1/theme/\d+"),
    ("(GET|POST|PUT|DELETE)", r"/api/v1/dashboard/\d+/filter_state(/[\w-]+)?"),
    ("POST", r"/login/|/logout/|/superset/log/|/api/v1/security/(login|refresh)"),
    ("(GET|POST)", r"/resetmypassword/form|/user_info/|/users/userinfo/"),
]
NOT_THERE = 403


def at_the_door(app: Flask) -> None:
    """Superset's FLASK_APP_MUTATOR."""
    app.before_request(_turn_away)


def _turn_away() -> None:
    if request.headers.get("Authorization"):
        verify_jwt_in_request(optional=True)  # leaves whose token it is in g.user
    if is_free():
        return
    if not any(re.fullmatch(how, request.method) and re.fullmatch(where, request.path) for how, where in ADDRESSES):
        abort(NOT_THERE)


def is_free() -> bool:
    """Whether every question is allowed: of an administrator."""
    return OURS in roles_now()


def roles_now() -> set[str]:
    """Names of the roles of who is logged in."""
    return {role.name for role in getattr(getattr(g, "user", None), "roles", None) or []}


class Guard(SupersetSecurityManager):
    """Superset's security, with a reader's questions held to the charts' own."""

    def raise_for_access(self, *given: Any, **asked: Any) -> None:
        if not is_free():
            if asked.get("viz") is not None or asked.get("sql") or asked.get("query") is not None:
                raise _refused("a reader asks charts, nothing else")
            if (context := asked.get("query_context")) is not None:
                _check(context)
        super().raise_for_access(*given, **asked)


def _check(context: Any) -> None:
    chart, source = context.slice_ or _chart_in_address(), context.datasource
    if chart is None or source is None or (chart.datasource_id, chart.datasource_type) != (source.id, source.type):
        raise _refused("no chart's own question: no chart")
    if not _is_shown_to(chart, g.user):
        raise _refused("no chart of a page that is this account's")
    kept = json.loads(chart.query_context or "{}").get("queries") or []
    asked = context.cache_values["queries"]
    declared = {column.column_name for column in source.columns}
    try:
        check_question(
            kept, chart.params_dict, asked, declared, getattr(context.result_type, "value", context.result_type)
        )
    except (NotTheCharts, TypeError, AttributeError) as fault:
        raise _refused(f"not the chart's own question: {fault}") from None


def _is_shown_to(chart: Any, user: Any) -> bool:
    mine = {role.id for role in user.roles}
    return any(role.id in mine for page in chart.dashboards for role in page.roles)


def _chart_in_address() -> Any:
    """GET /api/v1/chart/<pk>/data/ asks the chart's kept question and names it nowhere else."""
    from superset import db
    from superset.models.slice import Slice

    number = (request.view_args or {}).get("pk") if request.endpoint == "ChartDataRestApi.get_data" else None
    return db.session.get(Slice, number) if number else None


def _refused(why: str) -> SupersetSecurityException:
    return SupersetSecurityException(
        SupersetError(why, SupersetErrorType.DASHBOARD_SECURITY_ACCESS_ERROR, ErrorLevel.WARNING)
    )

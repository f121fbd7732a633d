"""Superset's settings: secrets from outside the code, Chinese first, and a serving file that can only be read.

Superset imports this file by SUPERSET_CONFIG_PATH, outside any package.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[1]
if str(CHECKOUT) not in sys.path:
    sys.path.insert(0, str(CHECKOUT))

from dashboards.guard import Guard, at_the_door, roles_now  # noqa: E402
from dashboards.limits import Timed  # noqa: E402
from dashboards.row_rules import file_for  # noqa: E402

HOME = Path(os.environ.get("CITYBRAIN_HOME") or Path(__file__).resolve().parents[1] / "var").resolve()
SERVING_LINK = HOME / "serving" / "serving.duckdb"
SERVING_MEMORY = os.environ.get("CITYBRAIN_SERVING_MEMORY", "512MB")  # of one question
SERVING_URI = "duckdb:///serving"  # a name, not a place: `open_serving` puts the place in at every opening


def _secret_key() -> str:
    kept = HOME / "secrets" / "superset_secret"
    secret = os.environ.get("CITYBRAIN_SUPERSET_SECRET") or (kept.read_text().strip() if kept.is_file() else "")
    if len(secret) < 32:
        raise SystemExit(
            "Superset has no secret of 32 characters or more: set CITYBRAIN_SUPERSET_SECRET, "
            "or run `python dashboards/load.py`, which makes secrets/superset_secret in CITYBRAIN_HOME."
        )
    return secret


def open_serving(uri: Any, params: dict[str, Any], *_: Any) -> tuple[Any, dict[str, Any]]:
    """Superset's DB_CONNECTION_MUTATOR: a DuckDB database is always the current serving file, shut to all else; for a department its own.

    The link is resolved at each opening, because DuckDB shows the old data as long as it knows a file by the same path.
    Every option stands here and nowhere else: DuckDB refuses a second connection to a file with other options.
    """
    if uri.get_backend_name() != "duckdb":
        return uri, params
    options = {
        "enable_external_access": False,
        "lock_configuration": True,
        "memory_limit": SERVING_MEMORY,
        "max_temp_directory_size": "0KB",
    }
    uri = uri.set(database=str(file_for(roles_now(), SERVING_LINK.resolve())), query={})
    return uri, {**params, "poolclass": Timed, "connect_args": {"read_only": True, "config": options}}


SECRET_KEY = _secret_key()
SQLALCHEMY_DATABASE_URI = (
    os.environ.get("SUPERSET_DATABASE_URI")
    or os.environ.get("CITYBRAIN_SUPERSET_DB")
    or f"sqlite:///{HOME / 'superset' / 'superset.db'}?check_same_thread=false"
)
DATA_DIR = str(HOME / "superset")
DB_CONNECTION_MUTATOR = open_serving
CUSTOM_SECURITY_MANAGER = Guard
FLASK_APP_MUTATOR = at_the_door

# A new serving file must be seen within a minute, so an answer is kept for half of that at most.
# In files, which the server's processes share; an answer's key names whose it is.
_SHARED = {"CACHE_TYPE": "FileSystemCache", "CACHE_DIR": str(HOME / "superset" / "cache"), "CACHE_THRESHOLD": 1000}
CACHE_CONFIG = DATA_CACHE_CONFIG = {**_SHARED, "CACHE_DEFAULT_TIMEOUT": 20}
FILTER_STATE_CACHE_CONFIG = EXPLORE_FORM_DATA_CACHE_CONFIG = {**_SHARED, "CACHE_DIR": str(HOME / "superset" / "state")}
ROW_LIMIT = SQL_MAX_ROW = 50_000  # of one answer
RATELIMIT_STORAGE_URI = "memory://"

APP_NAME = "城市大脑"
BABEL_DEFAULT_LOCALE = os.environ.get("CITYBRAIN_LOCALE", "zh")
LANGUAGES = {"zh": {"flag": "cn", "name": "简体中文"}, "en": {"flag": "us", "name": "English"}}
D3_TIME_FORMAT = {"date": "%-m-%-d", "dateTime": "%-m-%-d %H:%M", "time": "%H:%M"}

AUTH_USER_REGISTRATION = False
WTF_CSRF_ENABLED = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_HTTPONLY = True
# Cookies travel in the clear only where no TLS stands before the server, which is the demo on this machine.
SESSION_COOKIE_SECURE = os.environ.get("CITYBRAIN_TLS", "") == "1"
FAB_ADD_SECURITY_API = True
PREVENT_UNSAFE_DB_CONNECTIONS = True
FEATURE_FLAGS = {
    "DASHBOARD_RBAC": True,
    "ENABLE_TEMPLATE_PROCESSING": False,
    "DRILL_TO_DETAIL": False,
    "CACHE_QUERY_BY_USER": True,
}
ENABLE_CORS = False

TALISMAN_ENABLED = True
TALISMAN_CONFIG = {
    "content_security_policy": {
        "base-uri": ["'self'"],
        "default-src": ["'self'"],
        # No other host anywhere: the wheel carries a tracking pixel and map services, and both stay shut.
        "img-src": ["'self'", "blob:", "data:"],
        "connect-src": ["'self'"],
        "font-src": ["'self'"],
        "worker-src": ["'self'", "blob:"],
        "object-src": "'none'",
        "frame-ancestors": ["'self'"],
        "style-src": ["'self'", "'unsafe-inline'"],
        # Handlebars charts compile their template in the browser; scripts still need the page's nonce.
        "script-src": ["'self'", "'strict-dynamic'", "'unsafe-eval'"],
    },
    "content_security_policy_nonce_in": ["script-src"],
    "force_https": False,
    "session_cookie_secure": SESSION_COOKIE_SECURE,
}
# A chart's HTML may carry a class, so that the dashboard's style sheet can dress it; nothing else is opened.
HTML_SANITIZATION = True
HTML_SANITIZATION_SCHEMA_EXTENSIONS = {"attributes": {"*": ["className"]}}

"""The city's services under one supervisor: Airflow's four parts and Superset, all on loopback."""

from __future__ import annotations

import contextlib
import os
import shlex
import subprocess
import sys
import time
from configparser import RawConfigParser
from pathlib import Path

import psutil

from jobs.home import CHECKOUT, FOR_OTHERS, Home
from jobs.operate.folders import make_folders

AIRFLOW_PORT = int(os.environ.get("CITYBRAIN_AIRFLOW_PORT", "8080"))
SUPERSET_PORT = int(os.environ.get("CITYBRAIN_SUPERSET_PORT", "8088"))
STOP_SECONDS = 60
ANSWERED = ("airflow-api",)  # what the others ask from their first moment on: a task that finds no answer has failed
START_SECONDS = 600  # a service that died is seen in its log sooner; a busy machine may need minutes


class NotStarted(RuntimeError):
    """A service did not come up."""


def airflow_environment(home: Home) -> dict[str, str]:
    """What Airflow is told, here and nowhere else. AIRFLOW__DATABASE__SQL_ALCHEMY_CONN names a PostgreSQL for real use."""
    own = {
        "AIRFLOW_HOME": str(home.root / "airflow"),
        "CITYBRAIN_HOME": str(home.root),
        "AIRFLOW__CORE__DAGS_FOLDER": str(CHECKOUT / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": "4",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__CORE__DEFAULT_TIMEZONE": "Asia/Shanghai",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": "operator:admin",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{AIRFLOW_PORT}/execution/",
        "AIRFLOW__API__BASE_URL": f"http://127.0.0.1:{AIRFLOW_PORT}",
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(AIRFLOW_PORT),
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "30",
        "AIRFLOW__SCHEDULER__ENABLE_HEALTH_CHECK": "False",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "INFO",
        "GX_ANALYTICS_ENABLED": "false",
        "PYTHONPATH": str(CHECKOUT),
    }
    return {**os.environ, **own}


def superset_python() -> Path:
    return Path(os.environ.get("CITYBRAIN_SUPERSET_PYTHON") or CHECKOUT / ".venv-superset" / "bin" / "python")


def up(home: Home, *, superset: bool = True) -> None:
    """Migrate, import the dashboards, start everything and wait until it answers. Raises NotStarted naming what did not.

    Airflow's API comes first: the scheduler starts what is due at once, and a task that nobody answers would be a false alarm.
    """
    if not is_up(home):
        _start(home, superset=superset)
    _wait(home, superset=superset)
    _start_the_others(home, superset=superset)


def _start(home: Home, *, superset: bool) -> None:
    make_folders(home, home.contracts()[0].values())
    (home.root / "services").mkdir(parents=True, exist_ok=True)
    environment = airflow_environment(home)
    airflow = [sys.executable, "-m", "airflow"]
    _do([*airflow, "db", "migrate"], environment, home, "airflow db migrate")
    _do([*airflow, "pools", "set", "spark", "1", "one Spark session at a time"], environment, home, "airflow pools set")
    if superset:
        _do([str(superset_python()), str(CHECKOUT / "dashboards" / "load.py")], environment, home, "dashboards/load.py")
    _write_config(home, superset=superset)
    supervisord = [sys.executable, "-m", "supervisor.supervisord", "-c", str(_config(home))]
    subprocess.run(supervisord, env=environment, check=True)


def _start_the_others(home: Home, *, superset: bool) -> None:
    """What the supervisor does not start by itself; what already runs goes on."""
    late = [program for program in _programs(superset=superset) if not _starts_at_once(program)]
    said = _control(home, "start", *late)
    failed = [line for line in said.splitlines() if "ERROR" in line and "already started" not in line]
    if failed or not said:
        raise NotStarted(f"{'; '.join(failed) or 'the supervisor does not answer'}; see {home.root / 'services'}")


def _starts_at_once(program: str) -> bool:
    return program in ANSWERED or not program.startswith("airflow-")


def down(home: Home) -> None:
    """Stop everything that `up` started, a task under way included, and wait until nothing of it is left.

    Airflow runs each task in a session of its own, which outlives its scheduler; a task killed midway is safe to run again.
    """
    if not is_up(home):
        return
    family = psutil.Process(_pid(home)).children(recursive=True)
    _control(home, "shutdown")
    deadline = time.monotonic() + STOP_SECONDS
    while is_up(home) and time.monotonic() < deadline:
        time.sleep(0.5)
    if is_up(home):
        raise NotStarted(f"supervisor is still running; see {home.root / 'services' / 'supervisord.log'}")
    for process in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.terminate()
    _, stubborn = psutil.wait_procs(family, timeout=10)
    for process in stubborn:
        process.kill()
    psutil.wait_procs(stubborn, timeout=10)


def is_up(home: Home) -> bool:
    try:
        return psutil.pid_exists(_pid(home))
    except (FileNotFoundError, ValueError):
        return False


def _pid(home: Home) -> int:
    return int((home.root / "services" / "supervisord.pid").read_text())


def _programs(*, superset: bool) -> dict[str, list[str]]:
    airflow = [sys.executable, "-m", "airflow"]
    programs = {
        "airflow-api": [*airflow, "api-server"],
        "airflow-dag-processor": [*airflow, "dag-processor"],
        "airflow-scheduler": [*airflow, "scheduler", "--skip-serve-logs"],
        "airflow-triggerer": [*airflow, "triggerer", "--skip-serve-logs"],
    }
    if superset:
        page = [str(superset_python()), str(CHECKOUT / "dashboards" / "serve.py"), "--port", str(SUPERSET_PORT)]
        programs["superset"] = page
    return programs


def _write_config(home: Home, *, superset: bool) -> None:
    """supervisord's own settings; its control socket is a file only this user can open."""
    folder = home.root / "services"
    socket = folder / "supervisor.sock"
    config = RawConfigParser()
    config["unix_http_server"] = {"file": str(socket), "chmod": "0700"}
    config["rpcinterface:supervisor"] = {
        "supervisor.rpcinterface_factory": "supervisor.rpcinterface:make_main_rpcinterface"
    }
    config["supervisorctl"] = {"serverurl": f"unix://{socket}"}
    config["supervisord"] = {
        "pidfile": str(folder / "supervisord.pid"),
        "logfile": str(folder / "supervisord.log"),
        "directory": str(CHECKOUT),
        "umask": f"{FOR_OTHERS:03o}",
    }
    for program, command in _programs(superset=superset).items():
        config[f"program:{program}"] = {
            "command": shlex.join(command), "autostart": str(_starts_at_once(program)).lower(), "autorestart": "true", "startsecs": "5", "startretries": "5",
            "stopasgroup": "true", "killasgroup": "true", "stopwaitsecs": "25",
            "redirect_stderr": "true", "stdout_logfile": str(folder / f"{program}.log"), "stdout_logfile_maxbytes": "20MB",
        }  # fmt: skip
    with _config(home).open("w") as out:
        config.write(out)


def _config(home: Home) -> Path:
    return home.root / "services" / "supervisord.conf"


def _control(home: Home, *words: str) -> str:
    command = [sys.executable, "-m", "supervisor.supervisorctl", "-c", str(_config(home)), *words]
    return subprocess.run(command, capture_output=True, text=True).stdout


def _do(command: list[str], environment: dict[str, str], home: Home, name: str) -> None:
    log = home.root / "services" / "setup.log"
    with log.open("a") as out:
        if subprocess.run(command, env=environment, stdout=out, stderr=out, cwd=CHECKOUT).returncode:
            raise NotStarted(f"{name} failed: {_last_line(log)} (whole log: {log})")


def _last_line(log: Path) -> str:
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1] if lines else "no output"


def _wait(home: Home, *, superset: bool) -> None:
    """Until the pages answer, or NotStarted naming the service and its log."""
    import requests

    deadline = time.monotonic() + START_SECONDS
    pages = {
        "airflow-api": f"http://127.0.0.1:{AIRFLOW_PORT}/api/v2/monitor/health",
        **({"superset": f"http://127.0.0.1:{SUPERSET_PORT}/health"} if superset else {}),
    }
    while pages and time.monotonic() < deadline:
        for name, url in list(pages.items()):
            try:
                if requests.get(url, timeout=30).ok:
                    del pages[name]
            except requests.RequestException:
                pass
        time.sleep(1)
    if pages:
        raise NotStarted(f"{', '.join(pages)} did not answer in {START_SECONDS} s; see {home.root / 'services'}")

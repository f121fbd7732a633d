"""Start the dashboards' web server on 127.0.0.1 and become it, so that a supervisor's signal reaches it.

Run inside the Superset environment: `python dashboards/serve.py [--port 8088]`; the port may also come from PORT.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
from pathlib import Path

MEMORY = int(float(os.environ.get("CITYBRAIN_SUPERSET_GIB", "2")) * 2**30)  # of a process, data of a question included
CONFIG = Path(__file__).resolve().with_name("superset_config.py")


def command(port: int) -> list[str]:
    """The server's command line: two processes, so that a question that holds one leaves the other.

    A page asks again every few seconds; with gunicorn's 2 s of keep-alive its question may meet a connection just closed.
    """
    where = f"127.0.0.1:{port}"
    return [
        *(sys.executable, "-m", "gunicorn", "--bind", where, "--worker-class", "gthread", "--workers", "2"),
        *(
            "--threads",
            "8",
            "--timeout",
            "120",
            "--graceful-timeout",
            "5",
            "--keep-alive",
            "30",
            "--limit-request-field_size",
            "0",
        ),
        *("--access-logfile", os.devnull, "superset.app:create_app()"),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=int(os.environ.get("PORT") or 8088))
    os.environ["SUPERSET_CONFIG_PATH"] = str(CONFIG)
    argv = command(parser.parse_args().port)
    os.umask(0o027)
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))  # DuckDB's own limit does not count a string being made
    os.execv(argv[0], argv)


if __name__ == "__main__":
    main()

"""The methods on any table: `citybrain detect` on counts, `citybrain scan` on points."""

from __future__ import annotations

import typer

from jobs.warn.detect_cli import app as detect_app
from jobs.warn.scan_cli import app as scan_app

app = typer.Typer()
app.add_typer(detect_app)
app.add_typer(scan_app)

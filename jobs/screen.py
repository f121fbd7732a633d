"""The terminal. What departments and contracts say is shown as it is written: no bracket of theirs is markup, no :word: a picture."""

from __future__ import annotations

import sys
from typing import Any

from rich.console import Console
from rich.status import Status
from rich.text import Text

GOOD, ODD, WRONG, QUIET = "green", "yellow", "red", "dim"


class Screen(Console):
    """A console to which text is only text; what shall look different says so by `style`, or is a rich Text.

    width: of lines that no terminal breaks (a file, a pipe); soft: leave the breaking of long lines to the terminal.
    """

    def __init__(self, width: int | None = None, soft: bool = False, **more: Any) -> None:
        wide = None if sys.stdout.isatty() else width
        super().__init__(**{"width": wide, "soft_wrap": soft, "markup": False, "emoji": False} | more)

    def wrong(self, said: object) -> None:
        self.print(str(said), style=WRONG, highlight=False)

    def odd(self, said: object) -> None:
        self.print(str(said), style=ODD, highlight=False)

    def status(self, status: Any, **how: Any) -> Status:
        """What is being done, beside a spinner."""
        return _Plain(_text(status), console=self, **how)


class _Plain(Status):
    def update(self, status: Any = None, **how: Any) -> None:
        super().update(_text(status), **how)


def _text(said: Any) -> Any:
    return Text(said) if isinstance(said, str) else said

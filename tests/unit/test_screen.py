"""What departments and contracts say is shown on the terminal as it is written."""

from __future__ import annotations

import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.table import Table
from rich.text import Text

from jobs.home import CHECKOUT
from jobs.screen import Screen

MARKUP = ("[/备注]", "[red]涉密[/red]", "[link=file:///etc/passwd]x[/link]", ":warning:", "a[b", "\\[bold]")


def shown(said: str) -> str:
    """Printed, as an error, in a table's cell, head and title, and beside a spinner."""
    out = io.StringIO()
    screen = Screen(file=out, width=200)
    screen.print(said)
    screen.wrong(said)
    screen.odd(said)
    table = Table(said, title=said)
    table.add_row(said)
    screen.print(table)
    with screen.status(said) as status:
        status.update(said)
    return out.getvalue() + str(status.renderable.text)  # type: ignore[union-attr]


@pytest.mark.parametrize("said", MARKUP)
def test_no_bracket_and_no_word_between_colons_is_more_than_text(said: str) -> None:
    assert shown(said).count(said) == 7


@given(st.text(st.characters(exclude_categories=("C", "Z", "M")), min_size=1, max_size=20))
def test_any_text_can_be_said(said: str) -> None:
    assert shown(said)


def test_what_shall_look_different_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen(width=80, record=True, force_terminal=True, file=io.StringIO())
    screen.print(Text.assemble(("✗", "red"), " [/备注]"))
    assert "[/备注]" in (said := screen.export_text(styles=True)) and "\x1b[31m✗" in said


def test_every_command_speaks_through_it() -> None:
    """A console of rich's own would take a department's brackets for markup, and one such header stopped an ingest of all feeds."""
    made = {
        str(path.relative_to(CHECKOUT))
        for folder in ("jobs", "dags", "quality", "schemas", "dashboards")
        for path in (CHECKOUT / folder).rglob("*.py")
        if re.search(r"\bConsole\(|from_markup|rich import print|rich\.print", path.read_text(encoding="utf-8"))
    }
    assert not made

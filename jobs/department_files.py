"""A serving file for each department, beside the whole one: another's rows are out of its reach, whatever is asked of its file."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote as in_url

from jobs import lake
from quality.forms import name, quote

CARRY = "SELECT DISTINCT table_name FROM information_schema.columns WHERE column_name = 'department' AND table_schema = 'main' ORDER BY 1"
NOBODYS = ("about",)  # what is no department's in particular
DESK_ONLY = ("integrity_flag",)  # the appraisal desk's until a person has looked


PLAIN = "CREATE MACRO plain(said) AS translate(said::VARCHAR, '<>\"', '＜＞＂')"
"""What a page puts into a cell of HTML: text from outside that no browser takes for a tag. Every serving file has it."""


def write_department_files(serving: Path, folder: Path) -> None:
    """folder/<department, as in a URL>.duckdb for each department that owns a feed: of each table that carries a department its rows alone."""
    folder.mkdir(mode=0o700)
    with lake.connect(serving, reads_delta=False) as con:
        carry = [table for (table,) in con.execute(CARRY).fetchall()]
        for (department,) in con.execute("SELECT DISTINCT department FROM source_health ORDER BY 1").fetchall():
            path = folder / (in_url(department, safe="") + ".duckdb")
            con.execute(f"ATTACH {quote(str(path))} AS own")
            con.execute(PLAIN.replace("plain", "own.plain", 1))
            for table in (*carry, *NOBODYS):
                own = f"WHERE department = {quote(department)}" if table in carry else ""
                if table in DESK_ONLY:
                    own = "WHERE false"
                con.execute(f"CREATE TABLE own.{name(table)} AS SELECT * FROM {name(table)} {own}")
            con.execute("DETACH own")

"""What leaves in rows: whatever the table, nobody is told apart by what is declared as quasi-identifying, and nothing is invented."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

import duckdb
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.disclosure import Disclosed, K, disclose

QUASI = ["sex", "grid", "since"]
FEW = st.tuples(
    st.sampled_from(["male", "female", None]), st.sampled_from(["1", "2", "3", None]), st.dates(date(2020, 1, 1), date(2020, 3, 31))
)  # fmt: skip


def disclosed(people: list[tuple], quasi: list[str] = QUASI) -> tuple[Disclosed, list[dict[str, Any]]]:
    names = ["no", "sex", "grid", "since"]
    kinds = pa.schema([("no", pa.int64()), ("sex", pa.string()), ("grid", pa.string()), ("since", pa.date32())])
    with duckdb.connect() as con:
        con.register(
            "people",
            pa.Table.from_pylist([dict(zip(names, (n, *one), strict=True)) for n, one in enumerate(people)], kinds),
        )
        told = disclose(con, "leaves", "SELECT * FROM people", ["no", *QUASI], quasi)
        rows = con.execute("SELECT * FROM leaves ORDER BY no").to_arrow_table().to_pylist()
        left_behind = con.execute("SELECT count(*) FROM duckdb_tables() WHERE temporary").fetchone()
    assert left_behind == (0,)
    return told, rows


@settings(max_examples=60, deadline=None)
@given(st.lists(FEW, max_size=60))
def test_each_combination_stands_in_k_rows_and_nothing_is_said_that_was_not_so(people: list[tuple]) -> None:
    told, rows = disclosed(people)
    groups = Counter(tuple(row[column] for column in QUASI) for row in rows)
    assert all(n >= K for n in groups.values())
    assert told.rows == len(rows) and told.rows + told.left_out == len(people)
    assert told.left_out == 0 or (told.rows < K or told.left_out < K)
    emptied = 0
    for row in rows:
        sex, grid, since = people[row["no"]]
        was = {"sex": sex, "grid": grid, "since": since.replace(day=1)}
        assert all(row[column] in (None, was[column]) for column in QUASI)
        emptied += any(row[column] != was[column] for column in QUASI)
    assert told.emptied == emptied


def test_what_is_common_enough_stays_and_of_what_is_rare_the_finest_goes_first() -> None:
    people = [("male", "1", date(2020, 1, day)) for day in range(1, 9)]
    people += [("male", "2", date(2020, 2, 1))] + [("male", "2", date(2020, 3, 1))] * 4
    _, rows = disclosed(people)
    said = Counter((row["sex"], row["grid"], row["since"]) for row in rows)
    assert said[("male", "1", date(2020, 1, 1))] >= K, "eight of one month"
    assert said[("male", "2", None)] == 5, "the month went, the grid stays"
    told, rows = disclosed([*people, ("female", "3", date(2020, 1, 1))])
    assert [row["grid"] for row in rows].count(None) == 6, (
        "one alone would be told apart by what it lacks: the rarest five go with it"
    )
    told, rows = disclosed(people[:4])
    assert (told, rows) == (Disclosed(0, 0, 4), []), "of four no row can leave"
    told, rows = disclosed(people[:4], quasi=[])
    assert (told.rows, rows[0]["since"]) == (4, date(2020, 1, 1)), "nothing declared, nothing changed"

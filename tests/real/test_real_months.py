"""The first months of real data, and a late and a corrected one: what is held is what a reader of the file would hold."""

from __future__ import annotations

import csv
from collections import Counter

from counted import counted
from monthly_files import CHICAGO, HOUSTON


def table(content: bytes) -> list[dict[str, str]]:
    """A file's rows as Python's own reader sees them."""
    return list(csv.DictReader(content.decode().splitlines()))


def reasons(rows: list[dict]) -> Counter[str]:
    return Counter(reason for row in rows for reason in row["reasons"])


def test_three_months_of_chicago_hold_the_requests_without_a_ward_or_district(
    home, contracts, months, send, rows
) -> None:
    files = months(CHICAGO)
    entries = send(CHICAGO, {month: files[month] for month in ("201101", "201102", "201103")})
    sent = [row for entry in entries for row in table(files[entry.period])]
    placeless = [row for row in sent if {row["Ward"], row["Police_District"], row["Community_Area"]} & {"0.0"}]
    assert [entry.status for entry in entries] == ["passed"] * 3
    assert sum(entry.repaired_rows for entry in entries) == 0
    assert sum(entry.held_rows for entry in entries) == len(rows("held", CHICAGO.feed)) == len(placeless) == 2
    by_month = "SELECT strftime(created_on, '%Y%m') AS month, count(*) FROM now GROUP BY month ORDER BY month"
    assert counted(home, contracts[CHICAGO.feed], by_month) == sorted((e.period, e.kept_rows) for e in entries)


def test_three_months_of_houston_hold_copies_far_points_and_an_hour_that_never_was(
    home, contracts, months, send, rows
) -> None:
    files = months(HOUSTON)
    entries = send(HOUSTON, {month: files[month] for month in ("201001", "201002", "201003")})
    lines = [line for entry in entries for line in files[entry.period].splitlines()[1:]]
    sent = [row for entry in entries for row in table(files[entry.period])]
    far = [row for row in sent if row["lat"] and not (29.4 < float(row["lat"]) < 30.2 and float(row["lon"]) > -95.9)]
    held = reasons(rows("held", HOUSTON.feed))
    assert [entry.status for entry in entries] == ["passed"] * 3
    assert held["row:time_is_that_hour"] == sum((row["date"], row["hour"]) == ("3/14/2010", "2") for row in sent) == 9
    assert len([row for row in rows("held", HOUSTON.feed) if "range:" in str(row["reasons"])]) == len(far) > 50
    assert held["duplicate_row:"] == len(lines) - len(set(lines)) - copies_among(far) > 100
    assert set(held) == {"row:time_is_that_hour", "duplicate_row:", "range:lat", "range:lon"}
    (current,) = counted(home, contracts[HOUSTON.feed], "SELECT count(*), count(*) FILTER (lat IS NULL) FROM now")
    assert current == (sum(entry.kept_rows for entry in entries), sum(not row["lat"] for row in sent))


def copies_among(far: list[dict[str, str]]) -> int:
    """Copies of rows that are held for their point anyway."""
    return len(far) - len({tuple(row.values()) for row in far})


def test_a_late_month_brings_back_nothing_older_and_a_correction_replaces_its_month(
    home, contracts, months, send
) -> None:
    files = months(CHICAGO)
    header, first, second, *others = files["201101"].splitlines(keepends=True)
    assert first.split(b",")[:4] == [b"2011-01-01", b"Completed", b"2011-01-03", b"11-00001271"]
    send(CHICAGO, {"201102": files["201102"] + first.replace(b"2011-01-03", b"2011-02-20", 1)})
    send(CHICAGO, {"201101": files["201101"]})

    contract, february = contracts[CHICAGO.feed], len(table(files["201102"])) - 2 + 1
    by_period = "SELECT period, count(*) FROM now GROUP BY period ORDER BY period"
    of_two = (
        "SELECT period, completed_on::VARCHAR FROM now WHERE row_key IN ('11-00001271', '11-00001278') ORDER BY row_key"
    )
    assert counted(home, contract, by_period) == [("201101", 1 + len(others)), ("201102", february)]
    assert counted(home, contract, of_two) == [("201102", "2011-02-20"), ("201101", "2011-01-03")]

    again = [header, first, second.replace(b"2011-01-03", b"2011-01-09", 1), *others[:-10]]
    (corrected,) = send(CHICAGO, {"201101": b"".join(again)})
    assert (corrected.attempt, corrected.status, corrected.held_rows) == (2, "passed", 0)
    assert counted(home, contract, by_period) == [("201101", 1 + len(others) - 10), ("201102", february)]
    assert counted(home, contract, of_two) == [("201102", "2011-02-20"), ("201101", "2011-01-09")]

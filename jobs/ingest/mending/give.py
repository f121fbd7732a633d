"""The held rows of a delivery, given back to its department to be mended."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb

from jobs.ingest.as_sent import cells_as_sent
from jobs.ingest.land import Landed
from jobs.ingest.mending.name import mend_name
from jobs.ingest.mending.write import MOST_SHEET_ROWS, CellTooLong, HeldRow, write_mend_csv, write_mend_xlsx
from quality.reasons import columns_of, say_held
from schemas.contract import Contract

ENDINGS = ("xlsx", "csv")
BATCH_ROWS = 1_000
TAKE_APART = "(原文整行放在第一格,请按列分开填好)"


def give_rows_to_mend(
    con: duckdb.DuckDBPyConnection, contract: Contract, landed: Landed, folder: Path, stem: str, staging: Path
) -> None:
    """Write them as CSV and, unless they are too many or too long for a sheet, as XLSX. What an earlier try left goes when there are none."""
    book, text = (folder / mend_name(stem, ending) for ending in ENDINGS)
    (held,) = con.execute("SELECT count(*) FROM held").fetchone() or (0,)
    book.unlink(missing_ok=True)
    if not held:
        text.unlink(missing_ok=True)
        return
    write_mend_csv(text, landed.headers, held_rows(con, contract, landed))
    if held <= MOST_SHEET_ROWS:
        staging.mkdir(parents=True, exist_ok=True)
        try:
            write_mend_xlsx(book, landed.headers, held_rows(con, contract, landed), staging)
        except CellTooLong:
            return


def held_rows(con: duckdb.DuckDBPyConnection, contract: Contract, landed: Landed) -> Iterator[HeldRow]:
    """The held rows of a sifted delivery, in the file's order."""
    with con.cursor() as reader:
        found = reader.execute(
            "SELECT h.reasons, l.* EXCLUDE (defect) FROM held h JOIN landed l USING (row_no) ORDER BY l.row_no"
        )
        names = [column[0] for column in found.description or []]
        while batch := found.fetchmany(BATCH_ROWS):
            for values in batch:
                row = dict(zip(names, values, strict=True))
                reasons = row["reasons"]
                said = [say_held(contract, reason) + TAKE_APART * (reason == "shape:") for reason in reasons]
                yield HeldRow(
                    row["row_no"],
                    cells_as_sent(row, landed.headers, landed.map),
                    ";".join(said),
                    _wrong(contract, landed, reasons),
                )


def _wrong(contract: Contract, landed: Landed, reasons: list[str]) -> frozenset[int]:
    """The positions of the cells that the reasons are about; of a row without shape the first, where all of it stands."""
    about = {column for reason in reasons for column in columns_of(contract, reason)}
    return frozenset(landed.map.columns[column] for column in about if column in landed.map.columns) | (
        {0} if "shape:" in reasons else frozenset()
    )

"""Every landed row is kept, repaired (kept, with its repair logged) or held with all its reasons.

Works inside one DuckDB connection: `landed` in; tables `typed`, `uneven` and `duplicate`, views `conformed`, `kept` and `held` out.
Most rows are written just as agreed: one cheap pass types those and lets them through, and only the others are looked at closely.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import duckdb

from quality import forms, prose
from quality.evidence.alike import doubt_alike
from quality.evidence.hear import hear
from quality.evidence.reference import doubt_unknown
from quality.forms import name, quote
from schemas.contract import ROW_RULE_FUNCTIONS, Contract


class RowsLost(AssertionError):
    """kept + held is not what was read: a fault of ours, never of the data."""


@dataclass(frozen=True)
class Sifted:
    """Rows of one delivery: read = kept + held; repaired rows are among the kept."""

    read: int
    kept: int
    repaired: int
    held: int


def sift(
    con: duckdb.DuckDBPyConnection, contract: Contract, received_at: datetime, mended_at: str | None = None
) -> Sifted:
    """Judge every row of `landed` (row_no BIGINT, defect VARCHAR, one VARCHAR a contract column, extra VARCHAR).

    `reference` (column_name, value VARCHAR) is asked where the contract refers to other feeds.
    Leaves `conformed` (row_no, typed columns, reasons VARCHAR[], repairs VARCHAR[], marks VARCHAR[]), `duplicate` (row_no, reason),
    `mended_cell` (row_no, column_name, value, rule, evidence) and the views `kept` (row_no, typed columns, repairs, marks) and
    `held` (row_no, reasons). Raises RowsLost if a row fell between.
    mended_at: SQL of the time from which a row of this row_no is judged instead of received_at, NULL for most.
    """
    prose.teach(con)
    for function, of in ROW_RULE_FUNCTIONS.items():
        con.execute(f"CREATE OR REPLACE TEMP MACRO {function}(id) AS {of}")
    received = _received(received_at, mended_at)
    con.execute(_typed(contract, received))
    con.execute(_uneven(contract, received))
    con.execute(_single(contract))
    if contract.hears_others:
        hear(con, contract)
        doubt_unknown(con, contract)
        doubt_alike(con, contract)
        con.execute(_reheard(contract, received))
    con.execute(_conformed(contract))
    con.execute(_duplicate(contract))
    for view in _verdicts(contract):
        con.execute(view)
    return _count(con)


def repairs(contract: Contract) -> str | None:
    """SQL for the repair log of the kept rows: row_no, column_name, before_value, after_value, rule, evidence. None when nothing may be repaired.

    evidence is what the batch said for it; a repair of form is its own evidence.
    """
    mended = (
        "mended_cell"
        if contract.hears_others
        else "(SELECT NULL AS row_no, NULL AS column_name, NULL AS rule, NULL::VARCHAR AS evidence WHERE false)"
    )
    logs = [
        f"SELECT k.row_no, {quote(column)} AS column_name, l.{name(column)} AS before_value, k.{name(column)}::VARCHAR AS after_value, "
        f"coalesce(m.rule, {forms.repair_rule(spec, f'l.{name(column)}')}) AS rule, m.evidence "
        f"FROM kept k JOIN landed l USING (row_no) LEFT JOIN {mended} m ON m.row_no = k.row_no AND m.column_name = {quote(column)} "
        f"WHERE list_contains(k.repairs, {quote(column)})"
        for column, spec in contract.columns.items()
        if spec.repair
    ]
    return " UNION ALL ".join(logs) or None


def _typed(contract: Contract, received: str) -> str:
    """Every row as if it were written as agreed, and whether it is: every cell empty where it may be, or believable, and no rule broken.

    Says of these rows what `_uneven` would say, without its work. Each layer is computed once a row because the next only
    names its columns; a filter here would be pushed down and compute them again, so the verdict is a column.
    """
    columns = contract.columns
    worded = ", ".join(
        f"{name(c)} AS {name(f'_t_{c}')}, {forms.worded(spec, name(c))} AS {name(f'_w_{c}')}"
        for c, spec in columns.items()
    )
    texts = ", ".join(name(f"_t_{c}") for c in columns)
    settled = ", ".join(f"{forms.settled(spec, name(f'_w_{c}'))} AS {name(c)}" for c, spec in columns.items())
    even = [_even(c, spec) for c, spec in columns.items()]
    rules = [f"TRY({rule.must}) IS NOT FALSE" for rule in contract.rows.values()]
    return f"""
        CREATE OR REPLACE TABLE typed AS
        SELECT row_no, {", ".join(map(name, columns))}, defect IS NULL AND {" AND ".join([*even, *rules])} AS even
        FROM (SELECT row_no, defect, {texts}, {settled}, {received} FROM (SELECT row_no, defect, {worded} FROM landed))"""


def _even(column: str, spec) -> str:
    text = name(f"_t_{column}")
    plain = forms.is_plain(spec, text, name(column))
    return plain if spec.required else f"({text} IS NULL OR {plain})"


def _single(contract: Contract) -> str:
    """Every row as judged by itself."""
    typed = ", ".join(name(column) for column in contract.columns)
    nothing = "[]::VARCHAR[] AS reasons, []::VARCHAR[] AS repairs, []::VARCHAR[] AS marks"
    return (
        f"CREATE OR REPLACE VIEW single AS SELECT row_no, {typed}, {nothing} FROM typed WHERE even "
        f"UNION ALL SELECT row_no, {typed}, reasons, repairs, marks FROM uneven"
    )


def _reheard(contract: Contract, received: str) -> str:
    """The rows of which the batch mended or doubted something, judged again: with their new values, and by every row rule."""
    columns = contract.columns
    new = ", ".join(
        f"CASE WHEN m.{name(c)} IS NOT NULL THEN coalesce(TRY_CAST(m.{name(c)} AS {forms.sql_type(spec)}), s.{name(c)}) ELSE s.{name(c)} END AS {name(c)}"
        for c, spec in columns.items()
    )
    told = ", ".join(f"any_value(value) FILTER (column_name = {quote(c)}) AS {name(c)}" for c in columns)
    still = (
        "list_filter({0}, lambda r: NOT starts_with(r, 'row:') AND NOT list_contains(mended, split_part(r, ':', 2)))"
    )
    return f"""
        CREATE OR REPLACE TABLE reheard AS
        WITH told AS (SELECT row_no, list(column_name) AS mended, {told} FROM mended_cell GROUP BY row_no),
             doubted AS (SELECT row_no, list(DISTINCT reason ORDER BY reason) FILTER (policy = 'hold') AS held, list(DISTINCT reason ORDER BY reason) FILTER (policy = 'mark') AS marked
                         FROM doubt GROUP BY row_no),
             new AS (SELECT s.row_no, {new}, s.reasons, s.repairs, s.marks, coalesce(m.mended, []) AS mended, coalesce(d.held, []) AS held,
                            coalesce(d.marked, []) AS marked, {received}
                     FROM single s LEFT JOIN told m USING (row_no) LEFT JOIN doubted d USING (row_no) WHERE m.row_no IS NOT NULL OR d.row_no IS NOT NULL)
        SELECT row_no, {", ".join(map(name, columns))}, list_concat({still.format("reasons")}, {_said(_rules(contract, "hold"))}, held) AS reasons,
               list_distinct(list_concat(repairs, mended)) AS repairs, list_concat({still.format("marks")}, {_said(_rules(contract, "mark"))}, marked) AS marks
        FROM new"""


def _conformed(contract: Contract) -> str:
    typed = ", ".join(name(column) for column in contract.columns)
    said = f"row_no, {typed}, reasons, repairs, marks"
    if not contract.hears_others:
        return f"CREATE OR REPLACE VIEW conformed AS SELECT {said} FROM single"
    return (
        f"CREATE OR REPLACE VIEW conformed AS SELECT {said} FROM single ANTI JOIN reheard USING (row_no) "
        f"UNION ALL SELECT {said} FROM reheard"
    )


def _received(received_at: datetime, mended_at: str | None) -> str:
    moment = f"TIMESTAMPTZ {quote(received_at.isoformat())}"
    return f"{f'coalesce(({mended_at}), {moment})' if mended_at else moment} AS received_at"


def _uneven(contract: Contract, received: str) -> str:
    """The other rows, in layers: text -> typed value -> what is wrong."""
    columns = contract.columns
    texts = ", ".join(f"{forms.bared(spec, name(c))} AS {name(f'_t_{c}')}" for c, spec in columns.items())
    direct = ", ".join(
        f"{name(f'_t_{c}')} IS NOT NULL AND {forms.is_placeholder(spec, name(f'_t_{c}'))} AS {name(f'_p_{c}')}, "
        f"CASE WHEN NOT {forms.is_placeholder(spec, name(f'_t_{c}'))} THEN {forms.read(spec, name(f'_t_{c}'))} END AS {name(f'_d_{c}')}"
        for c, spec in columns.items()
    )
    values = ", ".join(_value(c, spec) for c, spec in columns.items())
    wrong = {
        policy: [_wrong(c, spec) for c, spec in columns.items() if spec.policy == policy] + _rules(contract, policy)
        for policy in ("hold", "mark")
    }
    mended = ", ".join(_mended(c, spec) for c, spec in columns.items()) or "NULL"
    typed = ", ".join(_left(c, spec) for c, spec in columns.items())
    return f"""
        CREATE OR REPLACE TABLE uneven AS
        WITH texts AS (SELECT row_no, defect, {texts} FROM landed SEMI JOIN (SELECT row_no FROM typed WHERE NOT even) USING (row_no)),
             direct AS (SELECT *, {direct} FROM texts),
             valued AS (SELECT *, {values}, {received} FROM direct)
        SELECT row_no, {typed},
               CASE WHEN defect IS NOT NULL THEN [defect || ':'] ELSE {_said(wrong["hold"])} END AS reasons,
               list_filter([{mended}], lambda r: r IS NOT NULL) AS repairs,
               CASE WHEN defect IS NULL THEN {_said(wrong["mark"])} ELSE [] END AS marks
        FROM valued"""


def _rules(contract: Contract, policy: str) -> list[str]:
    """What is wrong between a row's columns, by the contract's rules."""
    return [
        f"CASE WHEN TRY({rule.must}) IS FALSE THEN {quote(f'row:{rule_name}')} END"
        for rule_name, rule in contract.rows.items()
        if rule.policy == policy
    ]


def _said(wrong: list[str]) -> str:
    return f"list_filter([{', '.join(wrong)}]::VARCHAR[], lambda r: r IS NOT NULL)"


def _left(column: str, spec) -> str:
    """The typed value; of a text that is only marked, the text itself."""
    if spec.policy == "hold" or spec.words or forms.sql_type(spec) != "VARCHAR":
        return name(column)
    return f"coalesce({name(column)}, CASE WHEN NOT {name(f'_p_{column}')} THEN {name(f'_t_{column}')} END) AS {name(column)}"


def _value(column: str, spec) -> str:
    direct, text = name(f"_d_{column}"), name(f"_t_{column}")
    if not spec.repair:
        return f"{direct} AS {name(column)}"
    mend = f"CASE WHEN {direct} IS NULL AND {text} IS NOT NULL AND NOT {name(f'_p_{column}')} THEN {forms.repaired(spec, text)} END"
    return f"coalesce({direct}, {mend}) AS {name(column)}"


def _wrong(column: str, spec) -> str:
    text, placeholder, value = name(f"_t_{column}"), name(f"_p_{column}"), name(column)
    empty = f"{text} IS NULL OR {placeholder}" if spec.repair else f"{text} IS NULL"
    missing = quote(f"missing:{column}") if spec.required else "NULL"
    malformed = f"WHEN {value} IS NULL THEN {quote(f'{forms.malformed(spec)}:{column}')}"
    untrue = forms.untrue(spec, value)
    return (
        f"CASE WHEN {empty} THEN {missing} {malformed}"
        + (f" ELSE {untrue} || {quote(f':{column}')}" if untrue else "")
        + " END"
    )


def _mended(column: str, spec) -> str:
    if not spec.repair:
        return "NULL"
    text, direct, placeholder = name(f"_t_{column}"), name(f"_d_{column}"), name(f"_p_{column}")
    return f"CASE WHEN {text} IS NOT NULL AND {direct} IS NULL AND ({placeholder} OR {name(column)} IS NOT NULL) THEN {quote(column)} END"


def _duplicate(contract: Contract) -> str:
    """Among believable rows: a later copy of the same row is held; rows of one key that differ are all held.

    Keys are first compared by an eight-byte hash: what has no like, nearly everything, costs no more than that.
    """
    keys = ", ".join(name(column) for column in contract.key)
    same = " AND ".join(f"c.{name(column)} = t.{name(column)}" for column in contract.key)
    whole = ", ".join(f"c.{name(column)}" for column in contract.columns)
    return f"""
        CREATE OR REPLACE TABLE duplicate AS
        WITH alike AS (SELECT hash({keys}) AS h FROM conformed WHERE len(reasons) = 0 GROUP BY h HAVING count(*) > 1),
             twice AS (SELECT {keys} FROM conformed WHERE len(reasons) = 0 AND hash({keys}) IN (FROM alike) GROUP BY ALL HAVING count(*) > 1),
             rows AS (SELECT c.row_no, {", ".join(f"c.{name(k)}" for k in contract.key)}, hash({whole}) AS content
                      FROM conformed c JOIN twice t ON {same} WHERE len(c.reasons) = 0),
             judged AS (SELECT row_no, count(DISTINCT content) OVER (PARTITION BY {keys}) AS contents,
                               row_number() OVER (PARTITION BY {keys}, content ORDER BY row_no) AS copy FROM rows)
        SELECT row_no, CASE WHEN copy > 1 THEN 'duplicate_row:' ELSE 'duplicate_key:' END AS reason
        FROM judged WHERE copy > 1 OR contents > 1"""


def _verdicts(contract: Contract) -> list[str]:
    typed = ", ".join(name(column) for column in contract.columns)
    return [
        f"CREATE OR REPLACE VIEW kept AS SELECT row_no, {typed}, repairs, marks FROM conformed "
        "ANTI JOIN duplicate USING (row_no) WHERE len(reasons) = 0",
        "CREATE OR REPLACE VIEW held AS SELECT row_no, reasons FROM conformed WHERE len(reasons) > 0 "
        "UNION ALL SELECT row_no, [reason] FROM duplicate",
    ]


def _count(con: duckdb.DuckDBPyConnection) -> Sifted:
    read, kept, repaired, held = con.execute(
        "SELECT (SELECT count(*) FROM landed), count(*), count(*) FILTER (len(repairs) > 0), (SELECT count(*) FROM held) FROM kept"
    ).fetchone() or (0, 0, 0, 0)
    if kept + held != read:
        raise RowsLost(f"read {read} rows, kept {kept}, held {held}")
    return Sifted(read, kept, repaired, held)

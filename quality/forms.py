"""How each type reads a sent text, strictly first and then by a named repair, as DuckDB SQL over one text column."""

from __future__ import annotations

import re
import string

from schemas.contract import Column
from schemas.written import strptime_of

ZONE = "Asia/Shanghai"
SPACED_NAME = (
    "[\\p{Han}][ 　]+[\\p{Han}]"  # a space between two characters of a Chinese name, put there to align a column
)
UNSEEN = "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u00ad"  # format characters that web pages and chat programs leave
WHITESPACE = " \t\n\r\v\f\u00a0\u3000" + UNSEEN
PLACEHOLDERS = (
    "无", "暂无", "不详", "未知", "空", "—", "——", "-", "--", "/", "\\", "N/A", "n/a", "NA", "NULL", "null", "None", "nan", "#N/A",
)  # fmt: skip
TYPE_PLACEHOLDERS = {
    "date": ("1900-01-01", "1900/1/1", "1900/01/01", "0001-01-01", "19000101"),
    "timestamp": ("1900-01-01 00:00:00", "1900/1/1 0:00", "1900-01-01"),
    "mobile": ("13800000000", "00000000000", "11111111111"),
    "resident_id": ("000000000000000000", "111111111111111111"),
}
EXACT = frozenset(
    {"integer", "number", "money", "boolean", "resident_id", "mobile"}
)  # their readings admit no white space
BOOLEAN_WORDS = {
    "是": "true",
    "否": "false",
    "1": "true",
    "0": "false",
    "true": "true",
    "false": "false",
    "Y": "true",
    "N": "false",
}

DAY_FORMS = ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%Y年%m月%d日")
MONTH_FORMS = ("%Y-%m", "%Y/%m", "%Y.%m", "%Y%m", "%Y年%m月")
CLOCK_FORMS = (" %H:%M:%S", " %H:%M", "T%H:%M:%S", " %H时%M分%S秒", " %H时%M分", "")

SQL_TYPES = {
    "integer": "BIGINT", "number": "DOUBLE", "money": "DECIMAL(18,2)", "date": "DATE",
    "timestamp": "TIMESTAMPTZ", "boolean": "BOOLEAN",
}  # fmt: skip

_FULL_WIDTH = "".join(chr(code + 0xFEE0) for code in range(0x21, 0x7F)) + "\u3000"
_HALF_WIDTH = "".join(chr(code) for code in range(0x21, 0x7F)) + " "

_FULL_ALNUM = "".join(chr(ord(c) + 0xFEE0) for c in string.digits + string.ascii_letters)
_HALF_ALNUM = string.digits + string.ascii_letters

_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def quote(text: str) -> str:
    """A text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def name(identifier: str) -> str:
    """A name as an SQL identifier."""
    return '"' + identifier.replace('"', '""') + '"'


def sql_type(column: Column) -> str:
    return SQL_TYPES.get(column.type, "VARCHAR")


def trimmed(text: str) -> str:
    """The text without surrounding white space, NULL when nothing is left. Conforming, not a repair."""
    return f"nullif(trim({text}, {quote(WHITESPACE)}), '')"


def is_placeholder(column: Column, text: str) -> str:
    words = [word for word in (*PLACEHOLDERS, *TYPE_PLACEHOLDERS.get(column.type, ())) if word not in column.words]
    wide = str.maketrans(_HALF_WIDTH, _FULL_WIDTH)
    said = dict.fromkeys([*words, *(word.translate(wide) for word in words)])
    longest = max(len(word.encode()) for word in said)
    # a list, not IN: DuckDB makes a join of a long IN, a dozen of which cost more to plan than a small file to read
    return f"(CASE WHEN strlen({text}) <= {longest} THEN list_contains([{', '.join(map(quote, said))}], {text}) ELSE false END)"


def is_plain(column: Column, text: str, value: str) -> str:
    """Whether a text, whose reading is `value`, needs no second look: written as agreed, no placeholder, no white space around it, believable."""
    sure = [f"{value} IS NOT NULL"]
    if not column.words:
        sure.append(f"NOT {is_placeholder(column, text)}")
        if column.type not in EXACT:
            edges = ", ".join(map(quote, ("", *WHITESPACE)))
            sure.append(f"{text}[1] NOT IN ({edges}) AND {text}[-1] NOT IN ({edges})")
    if wrong := untrue(column, value):
        sure.append(f"({wrong}) IS NULL")
    return f"coalesce({' AND '.join(sure)}, false)"


def read(column: Column, text: str) -> str:
    """The typed value of a text that is written as the contract says, else NULL."""
    return settled(column, worded(column, text))


def settled(column: Column, value: str) -> str:
    """What `worded` gives, in the column's own type: a local time becomes its instant."""
    return _instant(value, column.zone or ZONE) if column.type == "timestamp" else value


def worded(column: Column, text: str) -> str:
    """The value that a text written as the contract says stands for, of a time its local form; else NULL."""
    match column.type:
        case "string" if column.words:
            return _lookup(column.words, text)
        case "string" if column.pattern:
            return _matching(text, column.pattern)
        case "integer":
            return f"CASE WHEN regexp_full_match({text}, '[+-]?\\d{{1,18}}') THEN {text}::BIGINT END"
        case "number":
            return f"CASE WHEN regexp_full_match({text}, '[+-]?\\d{{1,15}}(\\.\\d{{1,20}})?') THEN {text}::DOUBLE END"
        case "money":
            return f"CASE WHEN regexp_full_match({text}, '[+-]?\\d{{1,15}}(\\.\\d{{1,2}}0*)?') THEN {text}::DECIMAL(18,2) END"
        case "date":
            return f"{_strptime(text, declared(column))}::DATE"
        case "timestamp":
            return _strptime(text, declared(column))
        case "boolean":
            return f"CAST({_lookup(BOOLEAN_WORDS, text)} AS BOOLEAN)"
        case "resident_id":
            return _matching(text, r"[1-9]\d{16}[\dX]")
        case "mobile":
            return _matching(text, r"1[3-9]\d{9}")
        case "person_name":
            return f"CASE WHEN NOT regexp_matches({text}, {quote(f'{SPACED_NAME}|[{UNSEEN}]')}) THEN {text} END"
        case "string":
            return f"CASE WHEN NOT regexp_matches({text}, '[０-９Ａ-Ｚａ-ｚ{UNSEEN}]') THEN {text} END"
        case _:
            return text


def repaired(column: Column, text: str) -> str:
    """The typed value of a text written in another form that can only mean one thing, else NULL."""
    narrow = f"translate({text}, {quote(_FULL_WIDTH + UNSEEN)}, {quote(_HALF_WIDTH)})"  # what has no like is left out
    dense = f"regexp_replace({narrow}, '\\s+', '', 'g')"
    match column.type:
        case "string" if column.words or column.pattern:
            return read(column, dense)
        case "string":
            return f"translate({text}, {quote(_FULL_ALNUM + UNSEEN)}, {quote(_HALF_ALNUM)})"
        case "person_name":
            return f"regexp_replace({text}, '[ 　{UNSEEN}]+', '', 'g')"
        case "integer" | "number" | "money":
            return _number(column, f"regexp_replace({dense}, {quote(_unit(column))}, '')" if column.unit else dense)
        case "date":
            months = all("%d" not in form and "%-d" not in form for form in declared(column))
            serial = f"CASE WHEN regexp_full_match({dense}, '[2-6]\\d{{4}}') THEN DATE '1899-12-30' + {dense}::INT END"
            read_forms = f"{_strptime(dense, MONTH_FORMS if months else DAY_FORMS)}::DATE"
            return read_forms if months else f"coalesce({read_forms}, {serial})"
        case "timestamp":
            forms = [*(day + clock for day in DAY_FORMS for clock in CLOCK_FORMS), "%Y%m%d%H%M%S"]
            seconds = f"round({dense}::DOUBLE * 86400)::BIGINT"
            serial = f"CASE WHEN regexp_full_match({dense}, '[2-6]\\d{{4}}(\\.\\d{{1,9}})?') THEN TIMESTAMP '1899-12-30' + to_seconds({seconds}) END"
            return _instant(f"coalesce({_strptime(f'trim({narrow})', forms)}, {serial})", column.zone or ZONE)
        case "boolean":
            return read(column, dense)
        case "resident_id":
            upper = f"upper(regexp_replace({dense}, '[-–—_]', '', 'g'))"
            return f"coalesce({read(column, upper)}, {_upgraded_id(upper)})"
        case "mobile":
            digits = f"regexp_replace(regexp_replace({dense}, '[-–—()]', '', 'g'), '^(\\+?86|0086)', '')"
            return read(column, digits)
        case _:
            return f"CAST(NULL AS {sql_type(column)})"


def repair_rule(column: Column, before: str) -> str:
    """Which named repair mended a text: evaluated only on repaired rows, for the log."""
    unseen = f"regexp_matches({trimmed(before)}, '[{UNSEEN}]')"
    full_width = f"regexp_matches({before}, '[\uff01-\uff5e]')"
    by_type = {
        "date": f"CASE WHEN regexp_full_match({before}, '\\s*\\d{{5}}\\s*') THEN 'excel_serial' ELSE 'date_form' END",
        "timestamp": f"CASE WHEN regexp_full_match({before}, '\\s*\\d{{5}}(\\.\\d+)?\\s*') THEN 'excel_serial' ELSE 'date_form' END",
        "integer": "'number_form'",
        "number": "'number_form'",
        "money": "'number_form'",
        "mobile": "'mobile_form'",
        "resident_id": f"CASE WHEN length(regexp_replace({before}, '\\s', '', 'g')) <= 16 THEN 'id_15_to_18' ELSE 'id_form' END",
    }
    unit = (
        f"WHEN regexp_matches(regexp_replace({before}, '\\s+', '', 'g'), {quote(_unit(column))}) THEN 'unit' "
        if column.unit
        else ""
    )
    return (
        f"CASE WHEN {is_placeholder(column, trimmed(before))} THEN 'placeholder' {unit}WHEN {unseen} THEN 'unseen_sign' WHEN {full_width} THEN 'full_width' "
        f"ELSE {by_type.get(column.type, quote('spacing'))} END"
    )


def _unit(column: Column) -> str:
    """Any of the unit's words at the end of a number, as a pattern."""
    words = sorted({re.sub(r"\s+", "", word) for word in column.unit}, key=lambda word: (-len(word), word))
    return f"(?:{'|'.join(map(re.escape, words))})$"


def untrue(column: Column, value: str) -> str | None:
    """The rule that a well-formed value breaks, as SQL giving its name or NULL; None when there is nothing to check."""
    if column.range:
        low, high = column.range
        return f"CASE WHEN {value} NOT BETWEEN {low!r} AND {high!r} THEN 'range' END"
    match column.type:
        case "date":
            return f"CASE WHEN {value} NOT BETWEEN DATE '1850-01-01' AND DATE '2200-12-31' THEN 'range' END"
        case "timestamp":
            return f"CASE WHEN {value} NOT BETWEEN TIMESTAMPTZ '1970-01-01 00:00:00+08' AND TIMESTAMPTZ '2200-12-31 00:00:00+08' THEN 'range' END"
        case "resident_id":
            born = f"try_strptime(substr({value}, 7, 8), '%Y%m%d')"
            return (
                f"CASE WHEN {value} IS NULL THEN NULL WHEN {born} IS NULL THEN 'id_birth_date' "
                f"WHEN substr({value}, 18, 1) <> {_check_digit(value)} THEN 'check_digit' END"
            )
        case _:
            return None


def malformed(column: Column) -> str:
    """The rule that a text breaks when no reading of its type fits."""
    if column.type == "string":
        return "code" if column.words else "pattern"
    return column.type


def declared(column: Column) -> list[str]:
    if column.formats:
        return [strptime_of(form) for form in column.formats]
    return ["%Y-%m-%d"] if column.type == "date" else ["%Y-%m-%d %H:%M:%S"]


def _strptime(text: str, forms: list[str] | tuple[str, ...]) -> str:
    """A long odd run of digits in front is no date: 2020113 is 3 November as well as 13 January. A short one is a month or a day."""
    read = f"try_strptime({text}, [{', '.join(map(quote, forms))}])"
    return f"CASE WHEN NOT regexp_matches({text}, '^\\d{{3}}(\\d\\d)*(\\D|$)') THEN {read} END"


def _matching(text: str, pattern: str) -> str:
    return f"CASE WHEN regexp_full_match({text}, {quote(pattern)}) THEN {text} END"


def _lookup(words: dict[str, str], text: str) -> str:
    by_code: dict[str, list[str]] = {}
    for word, code in words.items():
        by_code.setdefault(code, []).append(word)
    whens = " ".join(
        f"WHEN {text} IN ({', '.join(map(quote, said))}) THEN {quote(code)}" for code, said in by_code.items()
    )
    return f"CASE {whens} END"


def _instant(local: str, zone: str) -> str:
    """The instant of a local time, NULL of one that the zone's clock skipped.

    UTC always, and China since 1992, keep one offset all year: plain arithmetic, three times as fast as the zone's calendar.
    """
    if zone == "UTC":
        return f"make_timestamptz(epoch_us({local}))"
    if zone != ZONE:
        instant = f"timezone({quote(zone)}, {local})"
        return f"CASE WHEN timezone({quote(zone)}, {instant}) = {local} THEN {instant} END"
    return (
        f"CASE WHEN {local} >= TIMESTAMP '1992-01-01' THEN make_timestamptz(epoch_us({local}) - {8 * 3_600_000_000}) "
        f"ELSE timezone({quote(ZONE)}, {local}) END"
    )


def _number(column: Column, dense: str) -> str:
    plain = f"regexp_replace({dense}, '^[¥￥]|元$|人民币', '', 'g')"
    grouped = f"CASE WHEN regexp_full_match({plain}, '[+-]?\\d{{1,3}}(,\\d{{3}})+(\\.\\d+)?') THEN replace({plain}, ',', '') ELSE {plain} END"
    whole = f"regexp_replace({grouped}, '\\.0+$', '')"
    scaled = (
        f"CASE WHEN regexp_full_match({plain}, '[+-]?\\d{{1,8}}(\\.\\d{{1,4}})?万') "
        f"THEN (CAST(replace({plain}, '万', '') AS DECIMAL(18,6)) * 10000)::{sql_type(column)} END"
    )
    return f"coalesce({read(column, whole)}, {scaled})" if column.type != "integer" else read(column, whole)


def _check_digit(value: str) -> str:
    """GB 11643-1999: the check character of an 18-digit resident ID from its first 17 digits."""
    total = " + ".join(f"substr({value}, {i}, 1)::INT * {weight}" for i, weight in enumerate(_ID_WEIGHTS, 1))
    return f"substr('10X98765432', ({total}) % 11 + 1, 1)"


def _upgraded_id(text: str) -> str:
    """A 15-digit ID of before 1999 in its 18-digit form; NULL when its birth date does not exist."""
    longer = f"(substr({text}, 1, 6) || '19' || substr({text}, 7, 9))"
    dated = f"try_strptime(substr({longer}, 7, 8), '%Y%m%d') IS NOT NULL"
    return (
        f"CASE WHEN regexp_full_match({text}, '[1-9]\\d{{14}}') AND {dated} THEN {longer} || {_check_digit(longer)} END"
    )

"""How each type reads a sent text, strictly first and then by a named repair, as DuckDB SQL over one text column."""

from __future__ import annotations

import re

from quality import dates, numbers, people, prose, words
from quality.decoded import HALF_SIGN_LAST
from quality.text import (
    CONTROL,
    FULL_ALNUM,
    FULL_WIDTH,
    HALF_ALNUM,
    HALF_WIDTH,
    SEEN_WHITESPACE,
    UNSEEN,
    WHITESPACE,
    dense,
    let,
    name,
    quote,
)  # fmt: skip
from schemas.contract import Column
from schemas.written import strptime_of

__all__ = ["name", "quote"]  # of quality.text; whoever writes SQL about forms needs both
ZONE = dates.ZONE
PLACEHOLDERS = (
    "无", "暂无", "不详", "未知", "空", "—", "——", "-", "--", "/", "\\", "N/A", "n/a", "NA", "NULL", "null", "None", "nan", "#N/A",
    "NaN", "(null)", "<null>", "\\N", "未填", "未填写", "不清楚", "待补", "无数据", "。", ".", "#VALUE!", "#REF!", "NaT",
)  # fmt: skip
TYPE_PLACEHOLDERS = {
    "date": ("1900-01-01", "1900/1/1", "1900/01/01", "0001-01-01", "19000101", "0000-00-00", "0000-00-00 00:00:00"),
    "timestamp": (
        "1900-01-01 00:00:00", "1900/1/1 0:00", "1900-01-01", "0000-00-00 00:00:00", "0000-00-00",
        "1970-01-01 00:00:00", "1970-01-01 08:00:00", "1970/1/1 0:00", "1970/1/1 8:00",
    ),
    "mobile": (
        "13800000000", "00000000000", "11111111111", "13800138000", "13812345678", "12345678901", "13888888888",
        "18888888888", "13900000000", "13333333333",
    ),
    "resident_id": ("000000000000000000", "111111111111111111"),
}  # fmt: skip
EXACT = frozenset(
    {"integer", "number", "money", "boolean", "resident_id", "mobile"}
)  # their readings admit no white space
FIGURES = (EXACT - {"boolean"}) | {"date", "timestamp"}  # no reading of theirs is without a digit
EMPTY = -1  # what DuckDB says is the first code point of an empty text
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

_WIDE = str.maketrans(HALF_WIDTH, FULL_WIDTH)
SQL_TYPES = {
    "integer": "BIGINT", "number": "DOUBLE", "money": "DECIMAL(18,2)", "date": "DATE",
    "timestamp": "TIMESTAMPTZ", "boolean": "BOOLEAN",
}  # fmt: skip


def sql_type(column: Column) -> str:
    return SQL_TYPES.get(column.type, "VARCHAR")


def trimmed(text: str) -> str:
    """The text without surrounding white space, NULL when nothing is left. Conforming, not a repair."""
    return f"nullif(trim({text}, {quote(WHITESPACE)}), '')"


def bared(column: Column, text: str) -> str:
    """The same of a cell of this column; of one of words, a last sign that may be half of a character stays: as_meant knows."""
    if column.type in FIGURES:
        return trimmed(text)
    half = f"regexp_matches(b, {quote(HALF_SIGN_LAST)})"
    return let(f"trim({text}, {quote(SEEN_WHITESPACE)})", "b", f"CASE WHEN {half} THEN b ELSE {trimmed('b')} END")


def is_placeholder(column: Column, text: str) -> str:
    return _is_one_of(_placeholders(column), text)


def _is_read_placeholder(column: Column, text: str) -> str | None:
    """The same of a text that was read as a value of its type, which few placeholders can be: 99999999999, 1900-01-01. None: no placeholder can."""
    said = _placeholders(column)
    if column.type in FIGURES:
        said = [word for word in said if any("0" <= sign <= "9" for sign in word)]
    elif column.pattern:
        said = [word for word in said if _may_match(column.pattern, word)]
    return _is_one_of(said, text) if said else None


def _may_match(pattern: str, word: str) -> bool:
    """By Python's reading of a pattern that DuckDB will read; what the two may differ in may match."""
    try:
        return re.fullmatch(pattern, word) is not None
    except re.error:
        return True


def _placeholders(column: Column) -> list[str]:
    usual = (*PLACEHOLDERS, *TYPE_PLACEHOLDERS.get(column.type, ()), *column.placeholders)
    return list(
        dict.fromkeys(form for word in usual if word not in column.words for form in (word, word.translate(_WIDE)))
    )


def _is_one_of(words_: list[str], text: str) -> str:
    """A list, not IN: DuckDB makes a join of a long IN, a dozen of which cost more to plan than a small file to read."""
    longest = max(len(word.encode()) for word in words_)
    return f"(CASE WHEN strlen({text}) <= {longest} THEN list_contains([{', '.join(map(quote, words_))}], {text}) ELSE false END)"


def is_plain(column: Column, text: str, value: str) -> str:
    """Whether a text, whose reading is `value`, needs no second look: written as agreed, no placeholder, no white space around it, believable."""
    sure = [f"{value} IS NOT NULL"]
    if not column.words:
        if placeholder := _is_read_placeholder(column, text):
            sure.append(f"NOT {placeholder}")
        if column.type not in EXACT:
            edges = ", ".join(map(str, (EMPTY, *map(ord, WHITESPACE))))
            sure.append(f"unicode({text}) NOT IN ({edges}) AND unicode({text}[-1]) NOT IN ({edges})")
    if _is_prose(column):
        sure.append(f"NOT {prose.is_suspect(text)}")
    if wrong := untrue(column, value):
        sure.append(f"({wrong}) IS NULL")
    return f"coalesce({' AND '.join(sure)}, false)"


def read(column: Column, text: str) -> str:
    """The typed value of a text that is written as the contract says, else NULL."""
    value = settled(column, worded(column, text))
    if _is_prose(column):
        return f"CASE WHEN {prose.is_suspect(text)} AND {prose.AS_MEANT}({text}) IS DISTINCT FROM {text} THEN NULL ELSE {value} END"
    return value


def settled(column: Column, value: str) -> str:
    """What `worded` gives, in the column's own type: a local time becomes its instant."""
    return dates.settled(value, column.zone or ZONE) if column.type == "timestamp" else value


def worded(column: Column, text: str) -> str:
    """The value that a text written as the contract says stands for, of a time its local form; else NULL."""
    match column.type:
        case "string" if column.words:
            return words.lookup(column.words, text)
        case "string" if column.pattern:
            return people.matching(text, column.pattern)
        case "integer":
            return f"CASE WHEN regexp_full_match({text}, '[+-]?\\d{{1,18}}') THEN {text}::BIGINT END"
        case "number":
            if numbers.tells_degrees(column):  # what is longer may be millionths of a degree
                return (
                    f"CASE WHEN regexp_full_match({text}, '[+-]?\\d{{1,6}}(\\.\\d{{1,20}})?') THEN {text}::DOUBLE END"
                )
            return f"CASE WHEN regexp_full_match({text}, '[+-]?\\d{{1,15}}(\\.\\d{{1,20}})?') THEN {text}::DOUBLE END"
        case "money":
            return f"CASE WHEN regexp_full_match({text}, '[+-]?\\d{{1,15}}(\\.\\d{{1,2}}0*)?') THEN {text}::DECIMAL(18,2) END"
        case "date":
            return f"{dates.strptime(text, declared(column))}::DATE"
        case "timestamp":
            return dates.strptime(text, declared(column))
        case "boolean":
            return f"CAST({words.lookup(BOOLEAN_WORDS, text)} AS BOOLEAN)"
        case "resident_id":
            return people.matching(text, people.ID_FORM)
        case "mobile":
            return people.matching(text, people.MOBILE_FORM)
        case "person_name":
            return f"CASE WHEN {people.is_name(text)} THEN {text} END"
        case "string":
            return f"CASE WHEN NOT regexp_matches({text}, '[０-９Ａ-Ｚａ-ｚ{UNSEEN}]') THEN {text} END"
        case _:
            return text


def repaired(column: Column, text: str) -> str:
    """The typed value of a text written in another form that can only mean one thing, else NULL."""
    match column.type:
        case "string" if column.words:
            return words.nearly(column.words, _as_meant(text))
        case "string" if column.pattern:
            return words.code(column.pattern, _as_meant(text))
        case "string" | "free_text":
            return (
                f"regexp_replace(translate({prose.AS_MEANT}({text}), {quote(FULL_ALNUM)}, {quote(HALF_ALNUM)}), '(\\d)．(\\d)', '\\1.\\2', 'g')"
                if column.type == "string"
                else f"{prose.AS_MEANT}({text})"
            )
        case "person_name":
            return people.person_name(f"{prose.AS_MEANT}({text})")
        case "integer" | "number" | "money":
            return numbers.number(column, _without_unit(column, text), lambda plain: read(column, plain))
        case "date":
            return dates.day(text, month=all("%d" not in form and "%-d" not in form for form in declared(column)))
        case "timestamp":
            return dates.instant(text, column.zone or ZONE)
        case "boolean":
            return read(column, dense(_as_meant(text)))
        case "resident_id":
            return people.resident_id(text)
        case "mobile":
            return people.mobile(text)


def _as_meant(text: str) -> str:
    return f"coalesce({prose.AS_MEANT}({text}), {text})"


def repair_rule(column: Column, before: str) -> str:
    """Which named repair mended a text: evaluated only on repaired rows, for the log."""
    named = {
        "placeholder": is_placeholder(column, trimmed(before)),
        **({"unit": f"regexp_matches({dense(before)}, {quote(_unit(column))})"} if column.unit else {}),
        **({"decoded": f"regexp_matches({before}, {quote(prose.DECODED)})"} if column.type not in FIGURES else {}),
        "unseen_sign": f"regexp_matches({trimmed(before)}, '[{UNSEEN}{CONTROL}]')",
        "text_marker": f"regexp_matches({before}, '^\\s*([`'']|=\")')" if not _is_prose(column) else "false",
    } | _told_apart(column, before)
    if column.type != "free_text":
        named["full_width"] = f"regexp_matches({before}, '[\uff01-\uff5e]')"
    whens = " ".join(f"WHEN {is_so} THEN {quote(rule)}" for rule, is_so in named.items())
    return f"CASE {whens} ELSE {quote(_usual_repair(column))} END"


def _without_unit(column: Column, text: str) -> str:
    return f"regexp_replace({dense(text)}, {quote(_unit(column))}, '')" if column.unit else text


def _unit(column: Column) -> str:
    """Any of the contract's words for the unit at the end of a number, as a pattern."""
    words_ = sorted({re.sub(r"\s+", "", word) for word in column.unit}, key=lambda word: (-len(word), word))
    return f"(?:{'|'.join(map(re.escape, words_))})$"


def _told_apart(column: Column, before: str) -> dict[str, str]:
    """The repairs of a type that its usual one does not cover, by the sign of each in the text."""

    def has(pattern: str) -> str:
        return f"regexp_matches({before}, {quote(pattern)})"

    match column.type:
        case "date" | "timestamp":
            return {
                "excel_serial": has(r"^\s*\d{5}(\.\d+)?\s*$"), "epoch": has(r"^\s*1(\d{9}|\d{12})\s*$"), "roc_year": has("民[国國]"),
                "chinese_numerals": has("[一二三四五六七八九十]"), "year_last": has(r"^\s*\d{1,2}[-/.]\d{1,2}[-/.]\d{4}"),
                "time_zone": has(r":\d\d(\.\d+)?(Z|[+-]\d\d(:?\d\d)?)\s*$"),
            }  # fmt: skip
        case "integer" | "number" | "money":
            return {
                "scale": has(r"\d\s*(百万|千万|[千万亿])"), "chinese_numerals": has("[零一二三四五六七八九十壹贰叁肆伍陆柒捌玖拾]"),
                "degrees": has("[°度′ENSWensw东西南北]"),
            }  # fmt: skip
        case "resident_id":
            bare = f"regexp_replace({before}, '\\s', '', 'g')"
            return {
                "id_15_to_18": f"length({bare}) <= 16",
                "letter_for_digit": f"regexp_matches({bare}, '[A-WYZa-wyz|]')",
            }
        case "free_text" | "string" | "person_name" if _is_prose(column):
            return {"markup": has(prose.MARKUP)} | (
                {"name_form": has(people.TITLES + "|" + people.DOTS)} if column.type == "person_name" else {}
            )
        case "string" if column.pattern:
            return {"spacing": has(r"\S[\s　\x{a0}]+\S"), "letter_for_digit": has("[OoIl]")}
        case "string" if column.words:
            return {"word_form": has("[（(]")}
        case "mobile":
            return {"mobile_form": has("[^\\s\uff10-\uff19\\x00-\\x7f]")}
        case _:
            return {}


def _usual_repair(column: Column) -> str:
    usual = {
        "date": "date_form", "timestamp": "date_form", "integer": "number_form", "number": "number_form",
        "money": "number_form", "mobile": "mobile_form", "resident_id": "id_form",
    }  # fmt: skip
    if column.type == "string" and column.pattern and not column.words:
        return "code_form"
    return "word_form" if column.words else usual.get(column.type, "spacing")


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
                f"WHEN substr({value}, 18, 1) <> {people.check_digit(value)} THEN 'check_digit' END"
            )
        case _:
            return None


def malformed(column: Column) -> str:
    """The rule that a text breaks when no reading of its type fits."""
    if column.type == "string":
        return "code" if column.words else "pattern" if column.pattern else "unreadable"
    return column.type


def declared(column: Column) -> list[str]:
    if column.formats:
        return [strptime_of(form) for form in column.formats]
    return ["%Y-%m-%d"] if column.type == "date" else ["%Y-%m-%d %H:%M:%S"]


def _is_prose(column: Column) -> bool:
    """Whether a column holds words of people's own, which no list and no pattern can check."""
    return column.type in ("free_text", "person_name") or (
        column.type == "string" and not column.words and not column.pattern
    )

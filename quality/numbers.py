"""Numbers and sums of money in the dress that people give them: signs, groups, units, 万 and 亿, Chinese numerals, degrees."""

from __future__ import annotations

from collections.abc import Callable

from quality.text import dense, let, quote
from schemas.contract import Column

Read = Callable[[str], str]

UNITS = "[个人次件户名台套辆处条宗起份间幢栋岁]|人次|平方米|平米|㎡|m²|℃|°C|摄氏度"  # none of them scales the number
CURRENCY, YUAN = "^(人民币|RMB|CNY|[¥￥])+", "(元|圆|块)?(整|正)?$"
SCALES = {"千": 10**3, "百万": 10**6, "千万": 10**7, "万": 10**4, "亿": 10**8}
CAPITALS = "壹贰叁肆伍陆柒捌玖拾佰仟两"
ORDINARY = "一二三四五六七八九十百千二"
_D = "[一二三四五六七八九]"
_SECTION = f"(?:{_D}千)?(?:零?{_D}百)?(?:零?{_D}?十{_D}?|零{_D})?"  # 三百二 may be 302 or 320: it fits nowhere
ONLY_DEGREES, NEAR_ZERO = 180, 3


def number(column: Column, text: str, read: Read) -> str:
    """The typed value of a dressed number; NULL when it has two readings or none. `read`: how the plain form is read."""
    ways = [_plain(column, "n", read), _scaled(column, "n"), _in_words(column, "n")]
    if column.type == "number" and tells_degrees(column):
        ways += [_directed("n", read), _sexagesimal("n"), _micro(column, "n"), _any("n")]
    return let(dense(text), "n", f"coalesce({', '.join(ways)})")


def _plain(column: Column, text: str, read: Read) -> str:
    """Without currency, unit and groups; (5) and 5- are -5, as accounts write them."""
    signed = f"regexp_replace(regexp_replace({text}, '^\\(([^()+-]+)\\)$', '-\\1'), '^([^-+]+)-$', '-\\1')"
    bare = f"regexp_replace(regexp_replace({signed}, '{CURRENCY}', ''), '{YUAN}', '')"
    if column.type != "money":
        bare = f"regexp_replace({bare}, '({UNITS})$', '')"
    grouped = "CASE WHEN regexp_full_match(g, '[+-]?\\d{1,3}(,\\d{3})+(\\.\\d+)?') THEN replace(g, ',', '') ELSE g END"
    whole = f"regexp_replace({let(bare, 'g', grouped)}, '\\.0+$', '')"
    return let(whole, "w", read("w"))


def _scaled(column: Column, text: str) -> str:
    """A number in 万, 亿 and their like, exactly: what is not whole, or not whole fen, where it must be is not read."""
    bare = f"regexp_replace(regexp_replace({text}, '{CURRENCY}', ''), '{YUAN}', '')"
    whens = " ".join(f"WHEN {quote(word)} THEN {scale}" for word, scale in SCALES.items())
    sign = "regexp_extract(b, '^[+-]?\\d{1,9}(?:\\.\\d{1,14})?(百万|千万|[千万亿])$', 1)"
    product = f"(regexp_extract(b, '^[+-]?[\\d.]+')::DECIMAL(27,15) * (CASE {sign} {whens} END)::DECIMAL(9,0))"
    digits = {"integer": 0, "money": 2}.get(column.type)
    kept = {"integer": "BIGINT", "money": "DECIMAL(18,2)"}.get(column.type, "DOUBLE")
    exact = "p" if digits is None else f"CASE WHEN p = round(p, {digits}) THEN p END"
    return let(bare, "b", f"CASE WHEN {sign} <> '' THEN {let(product, 'p', f'TRY_CAST({exact} AS {kept})')} END")


def _in_words(column: Column, text: str) -> str:
    """三百二十, 壹万贰仟元整: whole numbers below a hundred million."""
    bare = f"translate(regexp_replace(regexp_replace({text}, '{CURRENCY}', ''), '{YUAN}', ''), {quote(CAPITALS)}, {quote(ORDINARY)})"
    form = f"({_SECTION}|{_D})万零?{_SECTION}|{_SECTION}|{_D}|零"
    high = "regexp_extract(h, '^(.*)万', 1)"
    low = "regexp_replace(h, '^.*万', '')"
    value = f"{let(high, 's', _section('s'))} * 10000 + {let(low, 's', _section('s'))}"
    kept = {"integer": "BIGINT", "money": "DECIMAL(18,2)"}.get(column.type, "DOUBLE")
    return let(bare, "h", f"CASE WHEN h <> '' AND regexp_full_match(h, {quote(form)}) THEN ({value})::{kept} END")


def _section(text: str) -> str:
    """Up to 9999 in words."""

    def digit(pattern: str) -> str:
        return f"(instr('一二三四五六七八九', nullif(regexp_extract({text}, '{pattern}', 1), '')))"

    tens = f"CASE WHEN NOT contains({text}, '十') THEN 0 WHEN regexp_matches({text}, '{_D}十') THEN {digit(f'({_D})十')} ELSE 1 END"
    parts = [f"coalesce({digit(f'({_D}){unit}')}, 0) * {scale}" for unit, scale in (("千", 1000), ("百", 100))]
    return f"({' + '.join(parts)} + ({tens}) * 10 + coalesce({digit(f'({_D})$')}, 0))"


def tells_degrees(column: Column) -> bool:
    """Whether the column's range is a stretch of longitudes or latitudes, as a city's is, away from zero."""
    if column.range is None:
        return False
    low, high = column.range
    return low >= -ONLY_DEGREES and high <= ONLY_DEGREES and low * high >= NEAR_ZERO**2


def _directed(text: str, read: Read) -> str:
    """E120.75, 北纬30.5: letters that only say the direction. West and south turn the sign of a number without one."""
    positive = f"regexp_replace(regexp_replace(upper({text}), '^(E|N|东经|北纬)', ''), '[°度]?(E|N)?$', '')"
    negative = f"regexp_replace(upper({text}), '^(?:W|S|西经|南纬)(\\d+(?:\\.\\d+)?)[°度]?$|^(\\d+(?:\\.\\d+)?)[°度]?(?:W|S)$', '-\\1\\2')"
    return f"coalesce({let(positive, 'w', read('w'))}, {let(negative, 'w', read('w'))})"


def _sexagesimal(text: str) -> str:
    """120°45′11.5″ in degrees, to the hundred-millionth."""
    form = "([+-]?)(\\d{1,3})[°度](\\d{1,2})[′''分](\\d{1,2}(?:\\.\\d+)?)(?:[″\"秒]|'''')?"
    part = [f"regexp_extract({text}, '^{form}$', {n})" for n in (1, 2, 3, 4)]
    value = f"round({part[1]}::DOUBLE + {part[2]}::DOUBLE / 60 + {part[3]}::DOUBLE / 3600, 8)"
    fits = f"{part[2]}::DOUBLE < 60 AND {part[3]}::DOUBLE < 60"
    return f"CASE WHEN regexp_full_match({text}, '{form}') THEN CASE WHEN {fits} THEN CASE {part[0]} WHEN '-' THEN -1 ELSE 1 END * {value} END END"


def _any(text: str) -> str:
    """A plain number however large, so that it is held for its range and not for its form."""
    return f"CASE WHEN regexp_full_match({text}, '[+-]?\\d{{1,15}}(\\.\\d{{1,15}})?') THEN {text}::DOUBLE END"


def _micro(column: Column, text: str) -> str:
    """Millionths of a degree, where only so it lies within the column's range."""
    low, high = column.range or (0, 0)
    value = f"({text}::DECIMAL(18,0) / 1000000)"
    return f"CASE WHEN regexp_full_match({text}, '-?\\d{{7,9}}') THEN CASE WHEN {value} BETWEEN {low!r} AND {high!r} THEN {value}::DOUBLE END END"

"""Days and times in the forms that people and systems send, each read only where it can mean one thing.

The parts of a text are first brought into one order and one dress (2026年3月1日 下午2:05 -> 2026-3-1 2:05 PM), then read.
"""

from __future__ import annotations

from datetime import date

from quality.text import DIGITS_ZH, arabic, let, quote, tidy
from schemas.written import ROC_YEAR

ZONE = "Asia/Shanghai"
CLOCKS = ("%H:%M:%S", "%H:%M", "%H:%M:%S.%f", "%I:%M:%S %p", "%I:%M %p")
COMPACT = {8: "%Y%m%d", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
SERIAL = r"[2-6]\d{4}"
BEFORE_REPUBLIC = 1911
LATEST_EPOCH = 1_900_000_000  # later seconds of 1970 could be a day and an hour, 2030031814
_WRITTEN_DAY = f"[{DIGITS_ZH}]{{4}}年[{DIGITS_ZH}十]{{1,3}}月([{DIGITS_ZH}十廿]{{1,3}}[日号])?"
_ROC = r"^(?:中[华華])?民[国國]\s*(\d{1,3})"
_MIDNIGHT = r"[T\s]+0?0:00(:00(\.0+)?)?$"


def day(text: str, *, month: bool) -> str:
    """The DATE of a text; `month`: of one that names a month alone, its first day."""
    if month:
        joined = "regexp_replace(d, '^(\\d{4})[-/.年]\\s*(\\d{1,2})月?$', '\\1-\\2')"
        compact = "CASE WHEN regexp_full_match(d, '\\d{6}') THEN try_strptime(d, '%Y%m') END"
        return let(_dressed(text), "d", f"coalesce(try_strptime({joined}, '%Y-%m'), {compact})::DATE")
    serial = f"CASE WHEN regexp_full_match(d, '{SERIAL}(\\.0+)?') THEN DATE '1899-12-30' + d::DOUBLE::INT END"
    ways = [_year_first("d", [""]), _year_last("d", [""]), _compact("d", [8])]
    bare = f"regexp_replace({_dressed(text)}, {quote(_MIDNIGHT)}, '')"
    return let(bare, "d", f"coalesce({', '.join(f'{way}::DATE' for way in ways)}, {serial})")


def instant(text: str, zone: str) -> str:
    """The TIMESTAMPTZ of a text, by its own offset where it tells one, else by the zone's clock."""
    clocks = [f" {clock}" for clock in CLOCKS]
    serial = (
        f"CASE WHEN regexp_full_match(d, '{SERIAL}(\\.\\d{{1,9}})?') "
        "THEN TIMESTAMP '1899-12-30' + to_seconds(round(d::DOUBLE * 86400)::BIGINT) END"
    )
    local = [
        _year_first("d", [*clocks, ""]),
        _year_last("d", [*clocks, ""]),
        _compact("d", [8, 12, 14]),
        _hour_24("d"),
        serial,
    ]
    here = let(f"coalesce({', '.join(local)})", "l", settled("l", zone))
    return let(_dressed(text), "d", f"coalesce({_with_offset('d')}, {_epoch('d')}, {here})")


def settled(local: str, zone: str) -> str:
    """The instant of a local time, NULL of one that the zone's clock skipped.

    UTC always, and China since 1992, keep one offset all year: plain arithmetic, three times as fast as the zone's calendar.
    """
    if zone == "UTC":
        return f"make_timestamptz(epoch_us({local}))"
    if zone != ZONE:
        found = f"timezone({quote(zone)}, {local})"
        return f"CASE WHEN timezone({quote(zone)}, {found}) = {local} THEN {found} END"
    return (
        f"CASE WHEN {local} >= TIMESTAMP '1992-01-01' THEN make_timestamptz(epoch_us({local}) - {8 * 3_600_000_000}) "
        f"ELSE timezone({quote(ZONE)}, {local}) END"
    )


def strptime(text: str, forms: list[str] | tuple[str, ...]) -> str:
    """A long odd run of digits in front is no date: 2020113 is 3 November as well as 13 January. A short one is a month or a day.

    Seven digits are one where a form says that they begin with a year of the Republic.
    """
    ways = [_republican(text, form) for form in forms if form.startswith(ROC_YEAR)]
    if ours := [form for form in forms if not form.startswith(ROC_YEAR)]:
        read = f"try_strptime({text}, [{', '.join(map(quote, ours))}])"
        ways.append(f"CASE WHEN NOT regexp_matches({text}, '^\\d{{3}}(\\d\\d)*(\\D|$)') THEN {read} END")
    return ways[0] if len(ways) == 1 else f"coalesce({', '.join(ways)})"


def _republican(text: str, form: str) -> str:
    """0740918 by yyyMMdd is 18 September 1985."""
    rest = form.removeprefix(ROC_YEAR)
    year = "^([01]\\d{2})\\d" if rest.startswith("%") else "^(\\d{1,3})\\D"
    said = f"regexp_extract({text}, {quote(year)}, 1)"
    western = f"((y::INT + {BEFORE_REPUBLIC})::VARCHAR || substr({text}, length(y) + 1))"
    return let(said, "y", f"CASE WHEN y <> '' THEN try_strptime({western}, {quote('%Y' + rest)}) END")


def republican(day: date, form: str) -> str:
    """A day as such a form writes it."""
    rest = form.removeprefix(ROC_YEAR)
    year = day.year - BEFORE_REPUBLIC
    return (f"{year:03d}" if rest.startswith("%") else str(year)) + day.strftime(rest)


def _dressed(text: str) -> str:
    """The text in one dress: years of the Republic in our era, 年月日 and dots as dashes, 时分秒 as colons, 上午 and 下午 behind the clock."""
    western = f"CASE WHEN regexp_full_match(t, {quote(_WRITTEN_DAY)}) THEN {arabic('t')} ELSE t END"
    era = (
        f"CASE WHEN regexp_matches(a, {quote(_ROC)}) "
        f"THEN (regexp_extract(a, {quote(_ROC)}, 1)::INT + {BEFORE_REPUBLIC}) || regexp_replace(a, {quote(_ROC)}, '') ELSE a END"
    )
    dashed = f"regexp_replace({era}, '^(\\d{{4}})\\s*[-/.年]\\s*(\\d{{1,2}})\\s*[-/.月]\\s*(\\d{{1,2}})\\s*[日号]?\\s*', '\\1-\\2-\\3 ')"
    clock = "regexp_replace(b, '(\\d{1,2})[时時点:](\\d{1,2})(?:[分:](\\d{1,2})?秒?)?', '\\1:\\2:\\3')"
    clock = f"regexp_replace(regexp_replace({clock}, ':(\\D|$)', '\\1'), '(\\d)[时時点]整?$', '\\1:00')"
    half = f"regexp_replace({clock}, '(上午|下午)\\s*(\\d{{1,2}}:[\\d:]+)$', ' \\2 \\1')"
    half = f"replace(replace({half}, '上午', 'AM'), '下午', 'PM')"
    single = f"trim(regexp_replace(replace({half}, ' T', ' '), '\\s+', ' ', 'g'))"
    return let(tidy(text), "t", let(western, "a", let(dashed, "b", single)))


def _year_first(text: str, clocks: list[str]) -> str:
    forms = [f"%Y-%m-%d{clock}" for clock in clocks] + [f"%Y-%m-%dT{clock.strip()}" for clock in clocks if clock]
    return strptime(text, forms)


def _year_last(text: str, clocks: list[str]) -> str:
    """A day whose year comes last, where only one of month and day can be the month, or both are the same number."""
    plain = f"regexp_replace({text}, '^(\\d{{1,2}})[-/.](\\d{{1,2}})[-/.](\\d{{4}})', '\\1/\\2/\\3')"
    american, european = (
        f"try_strptime({plain}, [{', '.join(quote(form + clock) for clock in clocks)}])"
        for form in ("%m/%d/%Y", "%d/%m/%Y")
    )
    one = "CASE WHEN m IS NULL OR e IS NULL OR m = e THEN coalesce(m, e) END"
    return f"CASE WHEN regexp_matches({text}, '^\\d{{1,2}}[-/.]\\d{{1,2}}[-/.]\\d{{4}}') THEN {let(american, 'm', let(european, 'e', one))} END"


def _compact(text: str, lengths: list[int]) -> str:
    whens = " ".join(f"WHEN {length} THEN try_strptime({text}, {quote(COMPACT[length])})" for length in lengths)
    return f"CASE WHEN regexp_full_match({text}, '\\d+') THEN CASE length({text}) {whens} END END"


def _hour_24(text: str) -> str:
    """24:00 to 24:59 of a day are the first hour of the next."""
    first = f"try_strptime(replace({text}, ' 24:', ' 00:'), ['%Y-%m-%d %H:%M:%S', '%Y-%m-%d %H:%M'])"
    return f"CASE WHEN contains({text}, ' 24:') THEN {first} + INTERVAL 1 DAY END"


def _with_offset(text: str) -> str:
    spoken = f"regexp_replace({text}, '^(\\S+) (\\d\\d:)', '\\1T\\2')"
    form = r"\d{4}-\d\d?-\d\d?[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d(:?\d\d)?)"
    return f"CASE WHEN regexp_full_match({text}, {quote(form)}) THEN try_cast({spoken} AS TIMESTAMPTZ) END"


def _epoch(text: str) -> str:
    """Seconds or milliseconds since 1970, of 2001 to 2030."""
    seconds = f"({text}::BIGINT // CASE length({text}) WHEN 13 THEN 1000 ELSE 1 END)"
    told = f"CASE WHEN {seconds} BETWEEN 1000000000 AND {LATEST_EPOCH} THEN make_timestamptz({seconds} * 1000000) END"
    return f"CASE WHEN regexp_full_match({text}, '1(\\d{{9}}|\\d{{12}})') THEN {told} END"

"""One column of a sample: its type and form, what a believable value is, whom it tells of; each with the reason for it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Any

import duckdb
import pyarrow as pa

from quality import dates, forms, prose
from quality.discover.shapes import pattern_of
from quality.evidence.spelling import CLOSED, FREQUENT, MOST_VALUES, templates
from schemas.contract import Column
from schemas.written import strptime_of

READS = 0.95  # of the filled rows, for a type or form to be the column's
FULL = 0.99  # of the rows filled, for a column to be required
LEAST_ROWS = 20  # filled, before anything is said of a column
CODED = 20  # words at most, each of them met FREQUENT times, for a column to be drafted with a code list
A_WORD_STANDS_FOR = 20  # rows at least, on average
A_FORMAT = 0.01  # of the rows
DAYS = (
    "yyyy-MM-dd",
    "yyyy/M/d",
    "yyyy.M.d",
    "yyyyMMdd",
    "yyyy年M月d日",
    "M/d/yyyy",
    "d/M/yyyy",
    "yyyy-MM",
    "yyyy/M",
    "yyyyMM",
    "yyyy年M月",
    "yyyMMdd",
)
BARE = ("yyyyMM", "yyyyMMdd", "yyyMMdd")  # which numbers may be as well
CLOCKS = ("H:mm:ss", "H:mm")
CLASHING = ("M/d/yyyy", "d/M/yyyy")  # where every day is below 13 nobody can tell one from the other
NUMBER = re.compile(r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?")
WITH_UNIT = re.compile(rf"({NUMBER.pattern})\s*(\D{{0,24}})")
SCALES = 4  # times: numbers with a sign after them that are so much larger or smaller than those without are of another scale
SEVERAL = 0.05  # of the rows written with a second unit's word, for the words to be noise and not misspellings of one
A_CODE = 5  # digits of one length from which they are a code; four may be a year
MOST_DIGITS = 15  # before the point; longer ones are codes
YEARS = (1900, 2100)  # whole numbers between are years, of which a tenth is no small step
WIDE = 4  # times the middle 98 % that a number may lie outside of it
SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤張劉陳楊黃趙吳孫馬鄭羅韓馮鄧許蘇葉盧鍾陸"
ADDRESS = re.compile(r"[省市区县鎮镇乡街道路巷弄号號幢栋室村组]")
IDENTIFYING_TITLES = re.compile(
    r"姓名|名字|联系人|申请人|户主|法定代表|经办人|name of|full ?name|surname|given ?name", re.I
)
ADDRESS_TITLES = re.compile(r"地址|住址|户籍地|居住地|門牌|门牌|address", re.I)
PROSE = 30  # characters on average, from which a text is prose


@dataclass
class Drafted:
    """The contract's keys for the column, and a reason for each that a person may doubt."""

    keys: dict[str, Any]
    why: list[str] = field(default_factory=list)
    distinct: int = 0
    filled: int = 0

    def say(self, why: str, **keys: Any) -> Drafted:
        self.keys |= keys
        self.why.append(why)
        return self


def draft_column(con: duckdb.DuckDBPyConnection, header: str, counts: Mapping[str, int], rows: int) -> Drafted:
    """counts: each distinct trimmed text -> rows, placeholders among them; rows: of the sample."""
    prose.teach(con)
    placeholders = _placeholders(con, counts)
    real = {value: n for value, n in counts.items() if value not in placeholders}
    filled = sum(real.values())
    drafted = Drafted({"from": [header], "type": "string"}, distinct=len(real), filled=filled)
    if placeholders:
        drafted.say(f"words for nothing: {_some(placeholders)}")
    if filled < LEAST_ROWS:
        return drafted.say(f"{filled} rows filled: too few to tell more")
    _typed(con, header, real, filled, drafted)
    if filled >= FULL * rows:
        drafted.say(f"filled in {filled:,} of {rows:,} rows", required=True)
    return drafted


def _placeholders(con: duckdb.DuckDBPyConnection, counts: Mapping[str, int]) -> dict[str, int]:
    plain = Column.model_validate({"from": ["x"], "type": "string"})
    con.register("text_of", pa.table({"text": pa.array(counts, pa.string())}))
    found = con.execute(f"SELECT text FROM text_of WHERE {forms.is_placeholder(plain, 'text')} ORDER BY 1").fetchall()
    con.unregister("text_of")
    return {text: counts[text] for (text,) in found}


def _typed(con: duckdb.DuckDBPyConnection, header: str, real: Mapping[str, int], filled: int, drafted: Drafted) -> None:
    for look in (_person, _moment, _number, _text):
        if look(con, header, real, filled, drafted):
            return


def _reads(con: duckdb.DuckDBPyConnection, real: Mapping[str, int], *, mended: bool = True, **keys: Any) -> float:
    """Which share of the filled rows a type reads, with what it mends or only as written."""
    column = Column.model_validate({"from": ["x"], **keys})
    con.register("text_of", pa.table({"text": pa.array(real, pa.string()), "n": pa.array(real.values(), pa.int64())}))
    value = (
        f"coalesce({forms.read(column, 'text')}, {forms.repaired(column, 'text')})"
        if mended
        else forms.read(column, "text")
    )
    wrong = forms.untrue(column, "v") or "NULL"
    read = con.execute(
        f"SELECT coalesce(sum(n) FILTER (v IS NOT NULL AND ({wrong}) IS NULL), 0) / sum(n) FROM (SELECT n, {value} AS v FROM text_of)"
    ).fetchone()
    con.unregister("text_of")
    return float(read[0]) if read else 0.0


def _person(
    con: duckdb.DuckDBPyConnection, header: str, real: Mapping[str, int], filled: int, drafted: Drafted
) -> bool:
    """Whom a value tells of: an ID with its check digit, a mobile, a name, an address."""
    longest = max(map(len, real))
    if longest >= 15 and (share := _reads(con, real, type="resident_id")) >= 0.9:
        drafted.say(f"{share:.0%} are resident IDs with a right check digit", type="resident_id")
        return True
    if longest >= 11 and (share := _reads(con, real, type="mobile")) >= READS:
        drafted.say(f"{share:.0%} are mobile numbers", type="mobile")
        return True
    names = sum(n for value, n in real.items() if 2 <= len(value.replace(" ", "")) <= 4 and value[0] in SURNAMES)
    if names >= 0.9 * filled and (IDENTIFYING_TITLES.search(header) or len(real) > 0.3 * filled):
        drafted.say(f"{names / filled:.0%} look like persons' names", type="person_name")
        return True
    if IDENTIFYING_TITLES.search(header) and len(real) > 0.3 * filled:
        drafted.say("the header says that it names a person", privacy="L3", identifying=True)
    if (
        ADDRESS_TITLES.search(header)
        or sum(n for value, n in real.items() if len(ADDRESS.findall(value)) >= 3) >= 0.8 * filled
    ):
        drafted.say("looks like an address", privacy="L3")
    return False


def _moment(
    con: duckdb.DuckDBPyConnection, header: str, real: Mapping[str, int], filled: int, drafted: Drafted
) -> bool:
    """A day or a time, in the formats that it is really written in, the commonest first."""
    if not all(any(sign.isdigit() for sign in value) for value in list(real)[:50]):
        return False
    for kind, written in (
        ("date", DAYS),
        ("timestamp", tuple(f"{day} {clock}" for day in DAYS[:7] for clock in CLOCKS)),
    ):
        said = {form: _written_so(con, real, form) for form in written}
        own = [form for form, share in sorted(said.items(), key=lambda item: -item[1]) if share >= A_FORMAT]
        own = _not_contained(own, said)
        if not own or _reads(con, real, mended=False, type=kind, formats=own) < READS:
            continue
        if (
            len(clash := [form for form in own if form.split()[0] in CLASHING]) > 1
            and min(said[form] for form in clash) >= READS
        ):
            drafted.say(f"{' or '.join(clash)}: no day above 12 tells which; choose one and make it a {kind}")
            return False
        own = [form for form in own if form not in clash[1:]]
        drafted.say(", ".join(f"{form} {said[form]:.1%}" for form in own), type=kind, formats=own)
        return True
    return False


def _written_so(con: duckdb.DuckDBPyConnection, real: Mapping[str, int], form: str) -> float:
    """Share of rows that are written in one form, in years that an extract of our time may hold."""
    con.register("text_of", pa.table({"text": pa.array(real, pa.string()), "n": pa.array(real.values(), pa.int64())}))
    read = dates.strptime("text", [strptime_of(form)])
    right = (
        f"year({read}) BETWEEN 1900 AND 2100"
        if form not in BARE
        else f"year({read}) BETWEEN 1930 AND 2050 AND length(text) = {len(form)}"
    )
    found = con.execute(f"SELECT coalesce(sum(n) FILTER ({right}), 0) / sum(n) FROM text_of").fetchone()
    con.unregister("text_of")
    return float(found[0]) if found else 0.0


def _not_contained(own: list[str], said: Mapping[str, float]) -> list[str]:
    """Without the forms that read no more than one before them: yyyy-MM-dd also reads what is written yyyy-M-d."""
    kept: list[str] = []
    for form in own:
        signs = re.sub(r"[A-Za-z]+", "x", form)
        if all(re.sub(r"[A-Za-z]+", "x", other) != signs or form in CLASHING for other in kept):
            kept.append(form)
    return kept


def _number(
    con: duckdb.DuckDBPyConnection, header: str, real: Mapping[str, int], filled: int, drafted: Drafted
) -> bool:
    """A quantity. Digits that are a code (one length, or zeros in front) are a text."""
    parts = {value: found for value in real if (found := WITH_UNIT.fullmatch(value))}
    if sum(real[value] for value in parts) < READS * filled or _is_code(real, filled):
        return False
    words: Counter[str] = Counter()
    for value, found in parts.items():
        words[found[2].strip()] += real[value]
    if sum(real[value] for value, found in parts.items() if "," in found[1]) >= filled / 2:
        return drafted.say("numbers with thousands separators throughout; make it a number to take them off") is None
    unit = _unit(parts, real, words, filled, drafted)
    if unit is None:
        return False
    figures = sorted(
        float(found[1].replace(",", "")) for value, found in parts.items() for _ in range(min(real[value], 1000))
    )
    whole = all(figure.is_integer() for figure in figures) and not any("." in value for value in parts)
    longest = max(len(found[1].partition(".")[0]) for found in parts.values())
    if longest > MOST_DIGITS:
        return drafted.say("digits too long for a number") is None
    drafted.say(
        f"numbers from {figures[0]:g} to {figures[-1]:g}",
        type="integer" if whole else "number",
        **({"unit": unit} if unit else {}),
    )
    _range(figures, whole, drafted)
    return True


def _is_code(real: Mapping[str, int], filled: int) -> bool:
    digits = {value: n for value, n in real.items() if value.isdigit()}
    lengths = Counter()
    for value, n in digits.items():
        lengths[len(value)] += n
    if sum(lengths.values()) < READS * filled:
        return False
    length, n = lengths.most_common(1)[0]
    zeros = sum(n for value, n in digits.items() if len(value) > 1 and value[0] == "0")
    return zeros > 0.005 * filled or (n >= READS * filled and (length >= A_CODE or (length >= 4 and len(real) > CODED)))


def _unit(
    parts: Mapping[str, re.Match[str]], real: Mapping[str, int], words: Counter[str], filled: int, drafted: Drafted
) -> list[str] | None:
    """The words to take off behind a number; [] where none stands there, None where the text must stay as it is.

    One word throughout belongs to the value. Several for numbers of one scale, or one beside none at all, are noise.
    """
    said = {word: n for word, n in words.items() if word}
    if not said:
        return []
    usual = [(word, n) for word, n in words.most_common() if n >= SEVERAL * filled]
    if len(usual) < 2:
        drafted.say(
            f"a number with {usual[0][0]!r} behind it, throughout"
            if usual and usual[0][0]
            else f"a few numbers with {_some(said)} behind them"
        )
        return [] if usual and not usual[0][0] and sum(said.values()) < SEVERAL * filled else None
    middle = {
        word: median(
            [
                abs(float(found[1].replace(",", "")))
                for value, found in parts.items()
                if found[2].strip() == word
                for _ in range(min(real[value], 1000))
            ]
        )
        for word, _ in usual
    }
    if min(middle.values()) * SCALES < max(middle.values()):
        drafted.say(
            "written with units of several scales ("
            + ", ".join(f"{word or 'none'}: median {figure:g}" for word, figure in middle.items())
            + ")"
        )
        return None
    drafted.say(f"units {_some(said)} stand for one and the same: taken off")
    return [word for word, _ in Counter(said).most_common()]


def _range(figures: list[float], whole: bool, drafted: Drafted) -> None:
    """What is plausible: the middle 98 % and several times its width on both sides, not below zero where nothing is."""
    low, high = figures[len(figures) // 100], figures[-1 - len(figures) // 100]
    farthest = figures[-1 - len(figures) // 1000]  # of all but one in a thousand: what tails off slowly is no outlier
    years = whole and YEARS[0] <= figures[0] and figures[-1] <= YEARS[1]
    width = max(high - low, 0.0 if years else abs(high) * 0.1, 1.0 if whole else 0.0)
    bounds = [low - WIDE * width, max(high + WIDE * width, farthest + (farthest - low) * WIDE)]
    if figures[0] >= 0:
        bounds[0] = max(0.0, bounds[0])
    if bounds[0] < bounds[1]:
        drafted.say(
            f"98 % lie in {low:g}..{high:g}",
            range=[
                int(bounds[0]) if whole else float(f"{bounds[0]:.4g}"),
                int(bounds[1]) if whole else float(f"{bounds[1]:.4g}"),
            ],
        )


def _text(con: duckdb.DuckDBPyConnection, header: str, real: Mapping[str, int], filled: int, drafted: Drafted) -> bool:
    """A text: a code list where few words say everything, else its shape and its vocabulary."""
    average = sum(len(value) * n for value, n in real.items()) / filled
    if average >= PROSE and len(real) > 0.5 * filled:
        drafted.say(f"prose of {average:.0f} characters on average, which may name persons", type="free_text")
        return True
    frequent = {value: n for value, n in real.items() if n >= FREQUENT}
    if (
        len(real) <= CODED
        and len(frequent) == len(real)
        and filled >= A_WORD_STANDS_FOR * len(real)
        and not _near_each_other(real)
    ):
        listed = dict(sorted(real.items(), key=lambda item: -item[1]))
        drafted.say(f"{len(real)} words: {_some(listed)}; give them codes", map={word: word for word in listed})
    elif pattern := pattern_of(real):
        matching = re.compile(pattern)
        share = sum(n for value, n in real.items() if matching.fullmatch(value)) / filled
        drafted.say(f"{share:.1%} are written so", pattern=pattern)
    if 1 < len(real) <= MOST_VALUES and sum(frequent.values()) >= CLOSED * filled:
        share = sum(frequent.values()) / filled
        drafted.say(f"{len(frequent)} values make {share:.0%} of the rows: a vocabulary of its own", spelling=True)
    elif templates(real):
        drafted.say("but for their digits, a few templates", spelling=True)
    return True


def _near_each_other(real: Mapping[str, int]) -> bool:
    """Whether a rare word may be a frequent one misspelt: then the list would make the mistake a word."""
    from rapidfuzz.distance import DamerauLevenshtein

    most = max(real.values())
    return any(
        DamerauLevenshtein.normalized_similarity(rare.lower(), usual.lower()) >= 0.5
        for rare, n in real.items() for usual, m in real.items() if rare != usual and 10 * n <= m and m <= most
    )  # fmt: skip


def _some(counts: Mapping[str, int], most: int = 6) -> str:
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    told = ", ".join(f"{word!r} {n:,}" for word, n in ranked[:most])
    return told + (", ..." if len(ranked) > most else "")

"""Rare values that are frequent ones misspelt: a word that hardly occurs in its column, a letter or two from one that often does."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import duckdb
import pyarrow as pa
from rapidfuzz.distance import DamerauLevenshtein

from quality.forms import name

FREQUENT = 5  # rows that make a value or a word one that others are measured against
RARER = 10  # times as rare as what it is taken for
MOST_VALUES = 20_000  # different ones; beyond it the column is prose or a key, and has no vocabulary
CLOSED = 0.8  # of what a column says is said often, else it has no vocabulary of its own
LETTERS_AN_EDIT = 4  # of a word: one edit, and one more for every so many letters
LETTERS_AN_EDIT_OF_ALL = 8  # of a whole value
SURE_LETTERS = 4  # a shorter word turns into another too easily to be mended by its letters alone
SURE_WORD = (
    3  # letters of a code list's word: it is one of few, but two-letter words are too near to what a new code may be
)
MISSPELT = 0.5  # of a column's rare words lie next to frequent ones; where fewer do, rare words are mostly meant

TEMPLATED, MOST_TEMPLATES = 0.9, 50  # of the rows; different ones

WORD = re.compile(r"[^\W\d_]+")
_WORD_SQL = r"[\p{L}]+"


@dataclass(frozen=True)
class Spelling:
    """An odd value as it was sent and what it is taken for. sure: its letters alone are evidence enough to mend it."""

    sent: str
    meant: str
    edits: int
    sent_rows: int
    meant_rows: int
    sure: bool


def misspelt(con: duckdb.DuckDBPyConnection, table: str, column: str) -> dict[str, Spelling]:
    """The odd values of a text column, by value; none where the column has no vocabulary of its own.

    Distances are Damerau-Levenshtein's (1964): letters put in, left out, replaced, or two swapped.
    """
    counts = _counts(con, table, column)
    if not 1 < len(counts) <= MOST_VALUES:
        return {}
    words = _words(counts)
    near_words = _near(con, words, LETTERS_AN_EDIT) if 1 < len(words) <= MOST_VALUES else ({}, 0.0)
    return _spelt(counts, words, near_words, _near(con, counts, LETTERS_AN_EDIT_OF_ALL)) | _by_template(counts)


def nearest(sent: Mapping[str, int], words: Mapping[str, str]) -> dict[str, Spelling]:
    """Texts that are no word of a code list, and the code of the one word that is a single edit away; longer words only."""
    found = {}
    for text, n in sent.items():
        near = [
            word
            for word in words
            if len(word) >= SURE_WORD and DamerauLevenshtein.distance(text, word, score_cutoff=1) <= 1
        ]
        codes = {words[word] for word in near}
        if len(codes) == 1 and _digits(text) == _digits(near[0]):
            found[text] = Spelling(text, codes.pop(), 1, n, 0, True)
    return found


def _counts(con: duckdb.DuckDBPyConnection, table: str, column: str) -> dict[str, int]:
    c = name(column)
    many = con.execute(f"SELECT approx_count_distinct({c}) FROM {table}").fetchone()
    if not many or many[0] > 2 * MOST_VALUES:
        return {}
    return dict(
        con.execute(f"SELECT {c}, count(*) FROM {table} WHERE {c} IS NOT NULL GROUP BY 1 ORDER BY 1").fetchall()
    )


@dataclass(frozen=True)
class Near:
    """What a rare text lies next to. rivals: others as near."""

    meant: str
    edits: int
    rivals: int


def _near(con: duckdb.DuckDBPyConnection, counts: Mapping[str, int], letters: int) -> tuple[dict[str, Near], float]:
    """Rare texts next to frequent ones; and which share of all rare texts they are."""
    said, frequent = sum(counts.values()), sum(n for n in counts.values() if n >= FREQUENT)
    if not counts or frequent < CLOSED * said:
        return {}, 0.0
    con.register("text_of", pa.table({"text": list(counts), "n": list(counts.values())}))
    found = con.execute(f"""
        WITH near AS (SELECT r.text, f.text AS meant, f.n, damerau_levenshtein(r.text, f.text) AS edits
                      FROM text_of r JOIN text_of f ON f.n >= greatest({FREQUENT}, {RARER} * r.n) AND abs(length(r.text) - length(f.text)) <= 1 + length(f.text) // {letters}
                      WHERE edits <= 1 + (length(f.text) - 1) // {letters}),
             best AS (SELECT *, min(edits) OVER (PARTITION BY text) AS least FROM near)
        SELECT text, arg_max(meant, (n, meant)), min(edits), count(*) - 1 FROM best WHERE edits = least GROUP BY text ORDER BY text""").fetchall()
    con.unregister("text_of")
    near = {text: Near(meant, edits, rivals) for text, meant, edits, rivals in found}
    rare = [text for text, n in counts.items() if n < FREQUENT]
    return near, sum(text in near for text in rare) / max(1, len(rare))


def _words(counts: Mapping[str, int]) -> Counter[str]:
    words: Counter[str] = Counter()
    for value, n in counts.items():
        for word in WORD.findall(value.lower()):
            words[word] += n
    return words


def _spelt(
    counts: Mapping[str, int],
    words: Mapping[str, int],
    near_words: tuple[dict[str, Near], float],
    near_values: tuple[dict[str, Near], float],
) -> dict[str, Spelling]:
    """Word by word, and as a whole where the spaces between words are what went wrong."""
    (by_word, word_share), (whole, value_share) = near_words, near_values
    usual = {value.lower(): value for value, n in sorted(counts.items(), key=lambda item: item[1])}
    found = {}
    for value, n in counts.items():
        said = WORD.findall(value.lower())
        bad = [word for word in said if word in by_word]
        if bad:
            meant = usual.get(
                fixed := WORD.sub(lambda m: by_word[m[0]].meant if m[0] in by_word else m[0], value.lower()), fixed
            )
            telling = all(len(word) >= SURE_LETTERS and not by_word[word].rivals for word in bad)
            sure = telling and word_share >= MISSPELT and counts.get(meant, 0) >= max(FREQUENT, RARER * n)
            found[value] = Spelling(
                value, meant, sum(by_word[word].edits for word in bad), n, counts.get(meant, 0), sure
            )
        if (near := whole.get(value)) and not (bad and found[value].sure):
            own = [word for word in said if word not in near.meant.lower() and words[word] >= FREQUENT]
            own = [word for word in own if RARER * words[word] > counts[near.meant]]  # a word that the column knows
            letters = len(near.meant) > SURE_LETTERS and not near.rivals and _digits(value) == _digits(near.meant)
            sure = letters and not own and value_share >= MISSPELT
            if sure or bad:
                found[value] = Spelling(value, near.meant, near.edits, n, counts[near.meant], sure)
    return found


def _digits(text: str) -> str:
    return "".join(sign for sign in text if sign.isdigit())


def templates(counts: Mapping[str, int]) -> dict[str, int]:
    """The texts with every digit as 9 that nearly all values share (99 patients, 9%), and their rows; {} where they are many or hold no digit."""
    rows = sum(counts.values())
    met: Counter[str] = Counter()
    for value, n in counts.items():
        met[_template(value)] += n
    own = {template: n for template, n in met.items() if n >= max(FREQUENT, rows // 500)}
    telling = any("9" in template and _fixed(template) for template in own)
    return own if telling and sum(own.values()) >= TEMPLATED * rows and len(own) <= MOST_TEMPLATES else {}


def _by_template(counts: Mapping[str, int]) -> dict[str, Spelling]:
    """Values like none of the column's templates but for a sign in its fixed part; digits are never guessed."""
    own = templates(counts)
    found = {}
    for value, n in counts.items():
        if _template(value) in own:
            continue
        fits = [
            (t, wrong) for t in own if (wrong := _misfit(value, t)) and wrong <= 1 + len(_fixed(t)) // LETTERS_AN_EDIT
        ]
        if len(fits) == 1:
            template, wrong = fits[0]
            meant = "".join(sign if slot == "9" else slot for sign, slot in zip(value, template, strict=True))
            found[value] = Spelling(value, meant, wrong, n, own[template], True)
    return found


def _template(value: str) -> str:
    return re.sub(r"[0-9]", "9", value)


def _fixed(template: str) -> str:
    return template.replace("9", "")


def _misfit(value: str, template: str) -> int | None:
    """How many signs of the template's fixed part the value has otherwise; None when it lacks a digit, has another length or a short word of its own."""
    if len(value) != len(template):
        return None
    wrong = [
        place for place, (sign, slot) in enumerate(zip(value, template, strict=True)) if slot != "9" and sign != slot
    ]
    if any(slot == "9" and not "0" <= sign <= "9" for sign, slot in zip(value, template, strict=True)):
        return None
    if any("0" <= value[place] <= "9" for place in wrong):
        return None
    short = [m.span() for m in WORD.finditer(template) if len(m[0]) < SURE_LETTERS]
    return None if any(start <= place < end for place in wrong for start, end in short) else len(wrong)

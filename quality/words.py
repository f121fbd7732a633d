"""Words of a list and codes of a pattern: exactly as agreed, or in another dress that leaves one word or code only."""

from __future__ import annotations

import re
import unicodedata

from quality.text import dense, let, quote, tidy

EDGES = "[，。、；：！,.;:!'\"“”‘’【】\\[\\]<>《》·]+"
DENIALS = "不|未|非|无|停|撤|销|终|否|误|错"  # a note with one of these may take the word back
NOTE = "\\([^()]*\\)$"
ALL_DIGITS = re.compile(r"(?:\\d|\d|\[0-9\]|[{}(),?|])+")
LIKE_LETTERS, LIKE_DIGITS = "OoIl", "0011"


def lookup(words: dict[str, str], text: str) -> str:
    """The code of a word, NULL of one that is not in the list."""
    by_code: dict[str, list[str]] = {}
    for word, code in words.items():
        by_code.setdefault(code, []).append(word)
    whens = " ".join(
        f"WHEN {text} IN ({', '.join(map(quote, said))}) THEN {quote(code)}" for code, said in by_code.items()
    )
    return f"CASE {whens} END" if whens else "NULL"


def nearly(words: dict[str, str], text: str) -> str:
    """The code of a word whatever its width, spaces and case, with signs around it or a note in brackets that takes nothing back."""
    plain = _plainly(words)
    bare = f"regexp_replace(d, {quote(f'^{EDGES}|{EDGES}$')}, '', 'g')"
    noted = f"CASE WHEN NOT regexp_matches(regexp_extract(d, {quote(NOTE)}), {quote(DENIALS)}) THEN regexp_replace(d, {quote(NOTE)}, '') END"
    ways = [lookup(plain, "d"), let(bare, "b", lookup(plain, "b")), let(noted, "n", lookup(plain, "n"))]
    return let(f"lower({dense(text)})", "d", f"coalesce({', '.join(ways)})")


def _plainly(words: dict[str, str]) -> dict[str, str]:
    """The words without space and case; one that so would stand for two codes stands for none."""
    plain: dict[str, set[str]] = {}
    for word, code in words.items():
        plain.setdefault(re.sub(r"\s+", "", unicodedata.normalize("NFKC", word)).lower(), set()).add(code)
    return {word: codes.pop() for word, codes in plain.items() if len(codes) == 1}


def code(pattern: str, text: str) -> str:
    """A code of the pattern without spaces, in another case, without a spreadsheet's .0; in a pattern of digits alone also
    without dashes, and with O for 0 and l for 1 set right."""
    ways = ["t", "d", "upper(d)", "regexp_replace(d, '\\.0$', '')"]
    if ALL_DIGITS.fullmatch(pattern):
        ways += ["replace(d, '-', '')", f"translate(d, {quote(LIKE_LETTERS)}, {quote(LIKE_DIGITS)})"]
    matched = ", ".join(f"CASE WHEN regexp_full_match({way}, {quote(pattern)}) THEN {way} END" for way in ways)
    return let(tidy(text), "t", let(dense("t"), "d", f"coalesce({matched})"))

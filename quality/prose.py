"""Free text as it was meant: what web pages and wrong decodings left in it is taken out, and what was lost is told.

A cheap pattern finds the texts that may be hurt; only those go, a call each, through `as_meant`.
"""

from __future__ import annotations

import html
import re
from contextlib import suppress

import duckdb
from duckdb.func import FunctionNullHandling
from duckdb.sqltypes import VARCHAR

from quality.decoded import FROM_GBK, FROM_WESTERN, rightly_decoded
from quality.text import UNSEEN, quote

AS_MEANT = "as_meant"  # the name of the function in SQL
LOST = re.compile("锟斤拷|�")
WORD = re.compile(r"[A-Za-z]{2}")
GLUED = re.compile(r"\w\?{2,}\w")  # 6855???188
FEWEST_LOST, LOST_SHARE = 3, 0.3
NOTHING = re.compile(
    r"\*{2,}|test\d*|asdf|测试\d*|同上|上同|[〃″]|\\N", re.IGNORECASE
)  # a whole cell of these says nothing
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
TAGS = re.compile(r"</?(?:p|div|span|br|b|i|u|strong|em|font|a|li|ul|ol|table|tr|td)(?:\s[^<>]*)?/?>", re.IGNORECASE)
ENTITY = re.compile(r"&(?:#\d{2,6}|#x[0-9a-fA-F]{2,5}|amp|lt|gt|quot|nbsp|apos|middot|ldquo|rdquo|hellip|mdash);")
SUSPECT = (
    f"[{UNSEEN}\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f\ufffd]|{FROM_WESTERN}|&#?\\w{{2,6}};|</?[a-zA-Z]|锟斤拷|\\?{{2}}|[\\dA-Z.]\\?|^\\?"
    f"|{FROM_GBK}|^(?i:\\*{{2,}}|test\\d*|asdf|测试\\d*|同上|上同|[〃″])$"
)
DECODED = f"{FROM_WESTERN}|{FROM_GBK}|[\\x80-\\x84\\x86-\\x9f]"
MARKUP = "&#?\\w{2,6};|</?[a-zA-Z]"


def teach(con: duckdb.DuckDBPyConnection) -> None:
    """Let this connection's SQL call `as_meant`; a second time is no matter."""
    with suppress(duckdb.NotImplementedException):  # what DuckDB raises when it knows the function already
        con.create_function(AS_MEANT, as_meant, [VARCHAR], VARCHAR, null_handling=FunctionNullHandling.SPECIAL)


def is_suspect(text: str) -> str:
    """Whether a text may be hurt: a condition that costs little and lets no hurt text of a known kind pass."""
    return f"regexp_matches({text}, {quote(SUSPECT)})"


def as_meant(text: str | None) -> str | None:
    """The text as its writer saw it, or None where signs are lost for good or it says nothing (测试, 同上, ****).

    Undone are, in this order: UTF-8 or GBK read as another encoding, HTML entities and tags, control and unseen signs.
    """
    if text is None:
        return None
    told = rightly_decoded(text)
    if told is None:
        return None
    if ENTITY.search(told):
        told = ENTITY.sub(lambda found: html.unescape(found[0]).replace("\xa0", " "), told)
    told = TAGS.sub("", told)
    told = re.sub(f"[{UNSEEN}]", "", CONTROL.sub("", told)).strip()
    if not told or NOTHING.fullmatch(told) or LOST.search(told):
        return None
    return None if _lost_to_question_marks(told) else told


def _lost_to_question_marks(text: str) -> bool:
    """Whether ? stand for what another table did not hold: no Chinese sign is left beside them, and no word that might ask."""
    asked = text.count("?")
    if not asked or not text.isascii():
        return False
    return (
        not WORD.search(text)
        or (asked >= FEWEST_LOST and asked >= LOST_SHARE * len(text))
        or GLUED.search(text) is not None
    )

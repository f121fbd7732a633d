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

from quality.text import UNSEEN, quote

AS_MEANT = "as_meant"  # the name of the function in SQL
LOST = re.compile("锟斤拷|�")
ASKED = re.compile(r"\?")
FEWEST_LOST, LOST_SHARE = 3, 0.3
NOTHING = re.compile(
    r"\*{2,}|test\d*|asdf|测试\d*|同上|上同|[〃″]|\\N", re.IGNORECASE
)  # a whole cell of these says nothing
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
TAGS = re.compile(r"</?(?:p|div|span|br|b|i|u|strong|em|font|a|li|ul|ol|table|tr|td)(?:\s[^<>]*)?/?>", re.IGNORECASE)
ENTITY = re.compile(r"&(?:#\d{2,6}|#x[0-9a-fA-F]{2,5}|amp|lt|gt|quot|nbsp|apos|middot|ldquo|rdquo|hellip|mdash);")
HAN = re.compile(r"[\u4e00-\u9fff]")
_LEADS = "".join(  # what the first byte of a Chinese sign in UTF-8 becomes when it is read as GBK
    char
    for lead in range(0xE4, 0xEA)
    for trail in range(0x80, 0xC0)
    if len(char := bytes([lead, trail]).decode("gbk", "ignore")) == 1
)
SUSPECT = (
    f"[{UNSEEN}\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f\ufffd]|[À-ÿ£-¿]{{2}}|&#?\\w{{2,6}};|</?[a-zA-Z]|锟斤拷|\\?{{2}}|^\\?$"
    f"|[{_LEADS}]..[{_LEADS}]|^[{_LEADS}]..$|^(?i:\\*{{2,}}|test\\d*|asdf|测试\\d*|同上|上同|[〃″])$"
)
DECODED = f"[À-ÿ£-¿]{{2}}|[{_LEADS}]..[{_LEADS}]|^[{_LEADS}]..$"
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
    told = _rightly_decoded(text)
    if ENTITY.search(told):
        told = ENTITY.sub(lambda found: html.unescape(found[0]).replace("\xa0", " "), told)
    told = TAGS.sub("", told)
    told = re.sub(f"[{UNSEEN}]", "", CONTROL.sub("", told)).strip()
    if not told or NOTHING.fullmatch(told) or LOST.search(told):
        return None
    asked = len(ASKED.findall(told))
    lost = told.isascii() and (
        asked == len(told) or (asked >= FEWEST_LOST and asked >= LOST_SHARE * len(told))
    )  # no Chinese sign is left beside them
    return None if lost else told


def _rightly_decoded(text: str) -> str:
    """Text that was decoded by the wrong table, decoded by the right one: only where every byte fits and Chinese comes out."""
    for sent, wrong, right in (
        (text, "latin-1", "utf-8"),
        (text + "\xa0", "latin-1", "utf-8"),  # a last byte that looked like a space was trimmed
        (text, "latin-1", "gb2312"),
        (text, "gbk", "utf-8"),
    ):
        try:
            told = sent.encode(wrong).decode(right)
        except UnicodeError:
            continue
        if len(told) < len(text) and len(HAN.findall(told)) >= len(told) / 4 and _ascii(told) >= _ascii(text):
            return told
    return text


def _ascii(text: str) -> int:
    return sum(sign.isascii() for sign in text)

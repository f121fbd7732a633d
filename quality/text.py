"""Texts as SQL: literals and names, and what every reading first takes off a sent text."""

from __future__ import annotations

import string

UNSEEN = "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u00ad"  # format characters that web pages and chat programs leave
WHITESPACE = " \t\n\r\v\f\u00a0\u3000" + UNSEEN
SEEN_WHITESPACE = WHITESPACE.replace("\u00a0", "").replace(
    "\u00ad", ""
)  # what no half of a wrongly decoded character looks like
FULL_WIDTH = "".join(chr(code + 0xFEE0) for code in range(0x21, 0x7F)) + "\u3000"
HALF_WIDTH = "".join(chr(code) for code in range(0x21, 0x7F)) + " "
FULL_ALNUM = "".join(chr(ord(c) + 0xFEE0) for c in string.digits + string.ascii_letters)
HALF_ALNUM = string.digits + string.ascii_letters
DASHES = "–—−‐‑‒―"
DIGITS_ZH = "〇○零一二三四五六七八九"
CONTROL = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f"  # within the brackets of a pattern
_MARKED = '^(?:[`\']|=")([^"]+)"?$'


def quote(text: str) -> str:
    """A text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def name(identifier: str) -> str:
    """A name as an SQL identifier."""
    return '"' + identifier.replace('"', '""') + '"'


def let(expression: str, known_as: str, body: str) -> str:
    """`body` with the expression under a name: computed once and written once, where SQL would repeat both."""
    return f"list_transform([{expression}], lambda {known_as}: {body})[1]"


def tidy(text: str) -> str:
    """In half width, dashes as one sign, without control and unseen signs, a spreadsheet's text marker ('123, ="123") or outer space."""
    narrow = f"translate({text}, {quote(FULL_WIDTH + DASHES + UNSEEN)}, {quote(HALF_WIDTH + '-' * len(DASHES))})"
    bare = f"trim(regexp_replace({narrow}, {quote(f'[{CONTROL}]')}, '', 'g'), {quote(WHITESPACE)})"
    return f"regexp_replace({bare}, {quote(_MARKED)}, '\\1')"


def dense(text: str) -> str:
    """The same without any space."""
    return f"regexp_replace({tidy(text)}, '[\\s\u00a0]+', '', 'g')"


def arabic(text: str) -> str:
    """Chinese numerals up to 99 as digits, the figures of a year one by one: 二〇二六年一月二十三日 -> 2026年1月23日."""
    digits = f"translate({text}, {quote(DIGITS_ZH + '廿')}, '000123456789廿')"
    tens = f"regexp_replace(regexp_replace({digits}, '廿(\\d)', '2\\1', 'g'), '廿', '20', 'g')"
    tens = f"regexp_replace(regexp_replace({tens}, '(\\d)十(\\d)', '\\1\\2', 'g'), '(\\d)十', '\\10', 'g')"
    return f"regexp_replace(regexp_replace({tens}, '十(\\d)', '1\\1', 'g'), '十', '10', 'g')"

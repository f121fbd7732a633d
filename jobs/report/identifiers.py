"""Finds resident ID numbers and mobile numbers in text that is about to leave the house."""

from __future__ import annotations

import re
import unicodedata

_GAP = r"[ \-]?"
_BIRTH_DAY = r"(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
# No check digit is asked for: a mistyped ID is still somebody's.
_PATTERNS = {
    "居民身份号码": re.compile(
        rf"(?<!\d)[1-9]\d{{5}}{_GAP}(?:(?:19|20)\d\d{_BIRTH_DAY}{_GAP}\d{{3}}[\dXx]|\d\d{_BIRTH_DAY}\d{{3}})(?!\d)"
    ),
    "手机号码": re.compile(rf"(?<!\d)(?:\+?86{_GAP})?1[3-9]\d{_GAP}\d{{4}}{_GAP}\d{{4}}(?!\d)"),
}
# A keyed pseudonym is hexadecimal and may by chance hold eleven digits in a row; one letter a-f tells it apart.
_PSEUDONYM = re.compile(r"\b[A-Z]-(?=[0-9a-f]*[a-f])[0-9a-f]{6,}")


def find_identifiers(text: str) -> list[str]:
    """Which kinds of personal identifier a text holds (居民身份号码, 手机号码); full-width digits count."""
    plain = _PSEUDONYM.sub("", unicodedata.normalize("NFKC", text))
    return [kind for kind, pattern in _PATTERNS.items() if pattern.search(plain)]


def mask_identifiers(text: str) -> str:
    """The text with every identifier replaced by 〔已隐去〕; a text without one is returned as it came."""
    if not find_identifiers(text):
        return text
    plain = unicodedata.normalize("NFKC", text)
    for pattern in _PATTERNS.values():
        plain = pattern.sub("〔已隐去〕", plain)
    return plain

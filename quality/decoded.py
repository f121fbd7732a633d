"""Texts that were decoded by the wrong table, decoded by the right one: only where every byte fits and one reading makes sense.

UTF-8 and GBK read as Latin-1 or Windows-1252 (æ±Ÿ, ½­), and UTF-8 read as GBK (涓滄箹). What a Western text may truly hold stays.
"""

from __future__ import annotations

import re

_HIGH = bytes(range(0x80, 0xA0))
AS_LATIN = {
    ord(bytes([b]).decode("cp1252", "ignore") or chr(b)): b for b in _HIGH
}  # what Windows-1252 shows for a byte
AS_WINDOWS = {byte: sign for sign, byte in AS_LATIN.items()}
SHOWN = "".join(map(chr, AS_LATIN))
LEADS = "".join(  # what the first byte of a Chinese sign in UTF-8 becomes when it is read as GBK
    char
    for lead in range(0xE4, 0xEA)
    for trail in range(0x80, 0xC0)
    if len(char := bytes([lead, trail]).decode("gbk", "ignore")) == 1
)
FROM_GBK = f"[{LEADS}][^\\x00-\\x7f]{{2}}"
FROM_WESTERN = f"[À-ÿ£-¿][À-ÿ£-¿\\x80-\\xa0\\xad{SHOWN}]|[{SHOWN}][À-ÿ]"  # never …… or —— alone, which Chinese has
HALF_SIGN_LAST = f"(?:[\\xa1-\\xff]|[à-ï][\\x80-\\xa0\\xad{SHOWN}])[\\xa0\\xad]$"  # the second of a sign's bytes looks like a space or is not seen

HAN = re.compile(r"[\u3400-\u9fff]")
CHINESE = re.compile(
    r"[\x00-\x7f\u00b7\u00d7\u2010-\u203b\u2160-\u2179\u2460-\u249b\u3000-\u303f\u3400-\u9fff\uff00-\uffef]+"
)
LETTERS = re.compile(
    r"[\x00-\x7f\u00a0-\u017f\u0386-\u03ce\u0400-\u045f\u0600-\u06ff\u0e00-\u0fff\u1e00-\u1eff\u2010-\u203a\u20ac\u2122]+"
)
CONTROLS = re.compile(r"[\x80-\x84\x86-\x9f]")
LOST = "\ufffd"
FOREIGN = re.compile(r"[^\x00-\x7f]+")
LATIN_WORD = re.compile(r"[A-Za-z][a-z]")
ACCENTED = re.compile(r"[À-ÿ]")
SIGNS = re.compile(r"[\x00-\xbf]+")
HALF, MOSTLY = 0.5, 0.9  # of the characters of a text are among the 3,755 frequent ones
WESTERN_RUN, MEASURE = re.compile(r"[À-ÖØ-öø-ÿ°²³·»]{1,2}"), re.compile(r"[°±²³·×÷¼½¾]{1,2}")
FREQUENT = frozenset(
    bytes([row, cell]).decode("gb2312", "ignore") for row in range(0xB0, 0xD8) for cell in range(0xA1, 0xFF)
)
UNREADABLE = 6  # signs of the upper half of Latin-1, half of the text, that make sense in no reading


def rightly_decoded(text: str) -> str | None:
    """The text as it was written; the text itself where nothing is wrong with it; None where two readings are as good or none is."""
    try:
        sent = text.translate(AS_LATIN).encode("latin-1")
    except UnicodeEncodeError:
        return _out_of_gbk(text)
    if sent.isascii():
        return text
    utf8, gbk = _decoded(sent, "utf-8"), _decoded(sent, "gbk")
    if utf8 and max(utf8) >= "\u0800":
        return utf8  # three bytes a sign fit by no accident
    utf8 = utf8 if utf8 and LETTERS.fullmatch(utf8) else None
    frequent = _share_of_frequent(gbk) if gbk and not _may_be_western(text) else 0.0
    if gbk and utf8 and frequent > MOSTLY:
        return _of_two(text, utf8, gbk)
    return utf8 or (gbk if frequent >= HALF or (frequent and CONTROLS.search(text)) else _left(text))


def _of_two(text: str, utf8: str, gbk: str) -> str | None:
    """Both fit: Ã« is 毛 or ë. A Latin word decides; a lone 楼 or ¥ is left to a person."""
    if LATIN_WORD.search(text):
        return utf8
    return None if SIGNS.fullmatch(utf8) and len(HAN.findall(gbk)) == 1 else gbk


def _out_of_gbk(text: str) -> str | None:
    """UTF-8 that was read as GBK; None where more than one of its characters come out and some are lost: 鍖椾含甯? was 北京市."""
    try:
        told = text.encode("gbk").decode("utf-8", "replace")
    except UnicodeEncodeError:
        return text
    lost, back = told.count(LOST), len(HAN.findall(told))
    if not lost:
        return told if back and CHINESE.fullmatch(told) else text
    return None if back > max(lost, 1) else text


def _decoded(sent: bytes, encoding: str) -> str | None:
    try:
        return sent.decode(encoding)
    except UnicodeDecodeError:
        return None


def _share_of_frequent(told: str) -> float:
    """Of its characters and what no Chinese text holds; 0 without a character."""
    signs = HAN.findall(told)
    foreign = len(signs) + sum(not sign.isascii() and not CHINESE.fullmatch(sign) for sign in told)
    return sum(sign in FREQUENT for sign in signs) / foreign if signs else 0.0


def _may_be_western(text: str) -> bool:
    """Every run outside ASCII is one or two signs that a word or a measure may hold: Größe, Þór, MÜßIG, 20°±5."""
    return all(
        _fits_between(found[0], text[: found.start()][-1:], text[found.end() :][:1]) for found in FOREIGN.finditer(text)
    )


def _fits_between(run: str, before: str, after: str) -> bool:
    if WESTERN_RUN.fullmatch(run) and any(sign.isascii() and sign.islower() for sign in before + after):
        return True
    if WESTERN_RUN.fullmatch(run) and all(sign.isascii() and sign.isalpha() for sign in (before or "1", after or "1")):
        return True
    return bool(MEASURE.fullmatch(run)) and before.isdigit()


def _left(text: str) -> str | None:
    """A text that no table explains: with the quotes and dashes of Windows-1252 among its Latin words, or None where it is no text."""
    foreign = "".join(FOREIGN.findall(text))
    if len(foreign) >= UNREADABLE and 2 * len(foreign) >= len(text.strip()) and ACCENTED.search(foreign):
        return None
    if CONTROLS.search(text) and not LATIN_WORD.search(text):
        return None
    return CONTROLS.sub(lambda found: chr(AS_WINDOWS[ord(found[0])]), text)

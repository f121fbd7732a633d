"""Chinese punctuation for Chinese readers, whatever keyboard a sentence came from."""

from __future__ import annotations

import re

_HAN = r"\u3000-\u303f\u4e00-\u9fff\uff00-\uffef"
_WIDE = {ord(narrow): ord(narrow) + 0xFEE0 for narrow in ",;:?!()"}
_MARK = re.compile(rf"(?<=[{_HAN}])[,;:?!] ?|[,;:?!](?=[{_HAN}])")
_BRACKETS = re.compile(r"\([^()]*\)")
_TOUCHES_HAN = re.compile(rf"[{_HAN}]")


def chinese_punctuation(text: str) -> str:
    """Commas, colons and the like beside Chinese characters, and brackets around or behind them, in full width.

    Figures (2,310), clock times (18:00) and foreign words keep theirs. Twice is the same as once.
    """
    return _MARK.sub(lambda mark: mark[0].rstrip().translate(_WIDE), _BRACKETS.sub(_widened, text))


def _widened(found: re.Match[str]) -> str:
    before = found.string[max(found.start() - 1, 0) : found.start()]
    if not _TOUCHES_HAN.search(before + found[0]):
        return found[0]
    return f"{chr(0xFF08)}{found[0][1:-1]}{chr(0xFF09)}"

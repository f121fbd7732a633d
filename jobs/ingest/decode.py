"""Bytes to text: strictly in the encoding the contract declares, and a plain word when they are not."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path

from jobs.ingest.disguise import seems
from jobs.ingest.unreadable import Unreadable

CHUNK_BYTES = 4 << 20
LONGEST_LINE = 8 << 20  # bytes as sent; as UTF-8 they are at most twice as many
GUESSES = ("utf-8", "gb18030", "big5")
UTF8 = frozenset({"utf-8", "utf-8-sig"})


def decoded(path: Path, encoding: str, staging: Path) -> Path:
    """The file as UTF-8: itself when it is, else a copy in staging. Raises Unreadable on any byte that does not fit.

    A UTF-8 file also decodes as GB18030, into nonsense; so a file that is UTF-8 throughout is never read as anything else.
    """
    declared = codecs.lookup(encoding).name
    if path.stat().st_size == 0:
        raise Unreadable("文件是空的(0 字节)。请重新导出后上传。")
    if what := seems(path):
        raise Unreadable(
            f"文件看起来是{what},不是约定的文本格式。请按约定的格式重新导出后上传,只改文件名的后缀没有用。"
        )
    if declared in UTF8:
        for _ in _texts(path, "utf-8-sig"):
            pass
        return path
    if _is_multibyte_utf8(path):
        raise Unreadable(_wrong(encoding, "UTF-8"))
    return _transcoded(path, encoding, staging)


def _transcoded(path: Path, encoding: str, staging: Path) -> Path:
    target = staging / "decoded.txt"
    with target.open("wb") as out:
        out.writelines(text.encode("utf-8") for text in _texts(path, encoding))
    return target


def _texts(path: Path, encoding: str) -> Iterator[str]:
    """The file's text, a chunk at a time. Raises Unreadable naming the first line whose bytes do not fit the encoding, or that never ends."""
    decoder = codecs.getincrementaldecoder(encoding)()
    line, unbroken = 1, 0
    with path.open("rb") as source:
        while True:
            chunk = source.read(CHUNK_BYTES)
            try:
                yield decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as fault:
                line += fault.object[: fault.start].count(b"\n")
                raise Unreadable(_wrong(encoding, _guess(path), line)) from None
            line += chunk.count(b"\n")
            unbroken = (
                len(chunk) - 1 - end
                if (end := max(chunk.rfind(b"\n"), chunk.rfind(b"\r"))) >= 0
                else unbroken + len(chunk)
            )
            if unbroken > LONGEST_LINE:
                raise Unreadable(f"第 {line} 行超过 {LONGEST_LINE >> 20} MB,换行符可能丢失了。请重新导出后上传。")
            if not chunk:
                return


def _is_multibyte_utf8(path: Path) -> bool:
    seen = False
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as source:
        while chunk := source.read(CHUNK_BYTES):
            try:
                seen |= not decoder.decode(chunk).isascii()
            except UnicodeDecodeError:
                return False
    return seen


def _guess(path: Path) -> str | None:
    with path.open("rb") as source:
        head = source.read(CHUNK_BYTES)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "UTF-16"
    head = head[: head.rfind(b"\n") + 1] or head
    fits = [name for name in GUESSES if _fits(head, name)]
    return fits[0].upper() if len(fits) == 1 else None


def _fits(head: bytes, encoding: str) -> bool:
    try:
        head.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _wrong(declared: str, guess: str | None, line: int | None = None) -> str:
    at = f"第 {line} 行起" if line else ""
    seems = f",看起来是 {guess}" if guess else ""
    name = declared.upper().removesuffix("-SIG")
    return f"{at}文件不是约定的 {name} 编码{seems}。请按 {name} 另存后重新上传。"

"""Bytes to text: strictly in the encoding the contract declares, and a plain word when they are not."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path

from jobs.ingest.disguise import seems
from jobs.ingest.unreadable import Unreadable
from quality.encoding import family_of, guess, surely_other, title_of

CHUNK_BYTES = 4 << 20
LONGEST_LINE = 8 << 20  # bytes as sent; as UTF-8 they are at most twice as many
SAMPLE_BYTES = 1 << 18
SAMPLE_WITHIN = 16  # so many samples are looked through for the first sign outside ASCII
UTF8 = frozenset({"utf-8", "utf-8-sig"})


def decoded(path: Path, encoding: str, staging: Path) -> Path:
    """The file as UTF-8: itself when it is, else a copy in staging. Raises Unreadable on any byte that does not fit.

    A UTF-8 file also decodes as GB18030, into nonsense, and many a Big5 file does: one that is UTF-8 throughout is never read as
    anything else, nor is one whose words are surely another encoding's.
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
    other = "utf-8" if _is_multibyte_utf8(path) else surely_other(_sample(path), encoding)
    if other:
        raise Unreadable(_misread(encoding, other))
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
                raise Unreadable(_wrong(encoding, _sample(path), line)) from None
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


def _sample(path: Path) -> bytes:
    """The first quarter megabyte in which a byte is not ASCII, which all before it is; the file's first when there is none."""
    with path.open("rb") as source:
        first = sample = source.read(SAMPLE_BYTES)
        for _ in range(SAMPLE_WITHIN):
            if not sample.isascii():
                return sample
            sample = source.read(SAMPLE_BYTES)
    return first


def _wrong(declared: str, sample: bytes, line: int) -> str:
    """For a file whose bytes do not fit; the likely encoding is named when it is sure, else the department is asked."""
    name, found = _agreed(declared), guess(sample)
    fault = f"第 {line} 行起文件不是约定的 {name} 编码"
    if found.candidates and family_of(found.candidates[0].encoding) == family_of(declared):
        return f"{fault},此前各行是,文件可能不完整,或混入了其他编码的内容。请重新导出后上传。"
    if found.encoding:
        return f"{fault},看起来是 {title_of(found.encoding)}。请按 {name} 另存后重新上传。"
    likely = "、".join(title_of(candidate.encoding) for candidate in found.candidates)
    asks = f"(可能是 {likely},请核对导出时所选的编码)" if likely else ""
    return f"{fault}{asks}。请按 {name} 另存后重新上传。"


def _misread(declared: str, other: str) -> str:
    """For a file whose bytes all fit, and whose text shows that they should not."""
    name = _agreed(declared)
    return f"文件不是约定的 {name} 编码,看起来是 {title_of(other)},按 {name} 读出的是乱码。请按 {name} 另存后重新上传。"


def _agreed(declared: str) -> str:
    return declared.upper().removesuffix("-SIG")

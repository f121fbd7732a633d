"""Bytes to text: strictly in the encoding the contract declares, and a plain word when they are not.

`python -m jobs.ingest.decode FILE ENCODING FROM TARGET` is the half of a large file that a second process takes.
"""

from __future__ import annotations

import codecs
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from jobs.home import CHECKOUT
from jobs.ingest.disguise import seems
from jobs.ingest.unreadable import Unreadable
from quality.encoding import family_of, guess, surely_other, title_of

CHUNK_BYTES = 4 << 20
LONGEST_LINE = 8 << 20  # bytes as sent; as UTF-8 they are at most twice as many
SAMPLE_BYTES = 1 << 18
SAMPLE_WITHIN = 16  # so many samples are looked through for the first sign outside ASCII
UTF8 = frozenset({"utf-8", "utf-8-sig"})
SHARED_BYTES = 64 << 20  # from here on a second process pays
LINE_FEED_STANDS_ALONE = frozenset({"gb18030", "big5"})  # its byte is no part of any other character


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
    if cut := _cut(path, encoding):
        _shared(path, encoding, cut, target)
    else:
        _write(path, encoding, target)
    return target


def _cut(path: Path, encoding: str) -> int | None:
    """Where a line starts near the middle of a file that is worth two processes; None when none is, or no line feed tells where."""
    size = path.stat().st_size
    if size < SHARED_BYTES or (os.cpu_count() or 1) < 2 or family_of(encoding) not in LINE_FEED_STANDS_ALONE:
        return None
    with path.open("rb") as source:
        source.seek(size // 2)
        line = source.readline(LONGEST_LINE)
    return size // 2 + len(line) if line.endswith(b"\n") else None


def _shared(path: Path, encoding: str, cut: int, target: Path) -> None:
    """One half here, the other by a second process: codecs hold the interpreter's lock, so threads would not do."""
    behind = target.with_suffix(".behind")
    command = [sys.executable, "-m", "jobs.ingest.decode", str(path), encoding, str(cut), str(behind)]
    other = subprocess.Popen(command, cwd=CHECKOUT, stderr=subprocess.DEVNULL)
    try:
        _write(path, encoding, target, end=cut)
    except Unreadable:
        other.kill()
        raise
    finally:
        code = other.wait()
    if code:  # most likely a byte that does not fit: said again with its line, counted from the file's beginning
        _write(path, encoding, target)
        return
    with target.open("ab") as out, behind.open("rb") as rest:
        shutil.copyfileobj(rest, out, CHUNK_BYTES)
    behind.unlink()


def _write(path: Path, encoding: str, target: Path, start: int = 0, end: int | None = None) -> None:
    with target.open("wb") as out:
        out.writelines(text.encode("utf-8") for text in _texts(path, encoding, start, end))


def _texts(path: Path, encoding: str, start: int = 0, end: int | None = None) -> Iterator[str]:
    """The file's text, or that of a stretch of it, a chunk at a time.

    Raises Unreadable naming the first line whose bytes do not fit the encoding, or that never ends.
    """
    decoder = codecs.getincrementaldecoder(encoding)()
    line, unbroken, left = 1, 0, (end if end is not None else path.stat().st_size) - start
    with path.open("rb") as source:
        source.seek(start)
        while True:
            chunk = source.read(min(CHUNK_BYTES, left))
            left -= len(chunk)
            try:
                yield decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as fault:
                line += fault.object[: fault.start].count(b"\n")
                raise Unreadable(_wrong(encoding, _sample(path), line)) from None
            line += chunk.count(b"\n")
            unbroken = (
                len(chunk) - 1 - last
                if (last := max(chunk.rfind(b"\n"), chunk.rfind(b"\r"))) >= 0
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


if __name__ == "__main__":
    _file, _encoding, _from, _target = sys.argv[1:]
    _write(Path(_file), _encoding, Path(_target), int(_from))

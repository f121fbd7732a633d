"""A zip with one file in it, unpacked within bounds. Names inside it are never used as paths."""

from __future__ import annotations

import errno
import shutil
import zipfile
import zlib
from pathlib import Path

from jobs.ingest.disguise import WORKBOOK, ZIP, seems
from jobs.ingest.unreadable import Unreadable

CHUNK_BYTES = 4 << 20
MOST_TIMES = 200  # unpacked against packed; text of the densest repetition stays below
SMALL_ENOUGH = 100 << 20  # bytes that may be of any density
BOUNDED_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # others unpack a chunk at once, however large it grows
BROKEN_ZIP = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OverflowError, RuntimeError, ValueError, OSError)  # fmt: skip
BROKEN = "压缩包打不开:可能没有传完、已加密或损坏。请重新压缩后上传。"
LEFT_BY_SYSTEMS = ("__MACOSX/", ".DS_Store", "Thumbs.db", "desktop.ini")


def unpacked(path: Path, kind: str, staging: Path) -> Path:
    """The file itself, or the one file inside it when it is a zip. An XLSX is a zip of its own kind and stays.

    Raises Unreadable when the zip is broken, locked, holds none or several files, or unpacks beyond reason.
    """
    with path.open("rb") as source:
        packed = source.read(4) in ZIP
    if not packed or kind == "xlsx" or seems(path) == WORKBOOK:
        return path
    try:
        with zipfile.ZipFile(path) as archive:
            return _only_file(archive, path.stat().st_size, staging)
    except Unreadable:
        raise
    except BROKEN_ZIP as fault:
        if isinstance(fault, OSError) and fault.errno != errno.EINVAL:
            raise  # a full or broken disk of ours; a place before the file's beginning is theirs
        raise Unreadable(BROKEN) from fault


def _only_file(archive: zipfile.ZipFile, size: int, staging: Path) -> Path:
    members = [m for m in archive.infolist() if not m.is_dir() and not m.filename.endswith(LEFT_BY_SYSTEMS[1:])]
    members = [m for m in members if not m.filename.startswith(LEFT_BY_SYSTEMS[0])]
    if len(members) != 1:
        raise Unreadable(f"压缩包里应当只有一个数据文件,现有 {len(members)} 个。请分别压缩后上传。")
    if members[0].flag_bits & 1:
        raise Unreadable("压缩包有密码。请去掉密码重新压缩后上传。")
    if members[0].compress_type not in BOUNDED_METHODS:
        raise Unreadable("压缩方式不常见,无法展开。请用系统自带的“压缩为 ZIP”重新压缩后上传。")
    most = max(SMALL_ENOUGH, size * MOST_TIMES)
    free = shutil.disk_usage(staging).free // 2
    if members[0].file_size > min(most, free):
        raise Unreadable(_too_large(members[0].file_size))
    target, written = staging / "unpacked", 0
    with archive.open(members[0]) as source, target.open("wb") as out:
        while chunk := source.read(CHUNK_BYTES):
            written += len(chunk)
            if written > most:
                raise Unreadable(_too_large(written))
            out.write(chunk)
    return target


def _too_large(size: int) -> str:
    return f"压缩包展开后至少有 {size >> 20:,} MB,与压缩包的大小不相称。请核对内容后分批上传。"

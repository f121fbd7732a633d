"""Files that others may change, swap or link at any moment, brought out of their reach: looked at by descriptor, never twice by name."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

CHUNK_BYTES = 1 << 24
OURS = 0o600


class NotTaken(RuntimeError):
    """What stands there is no file (a link, a pipe, a folder), or it changed while it was copied."""


def copy_apart(root: Path, name: str, target: Path) -> os.stat_result:
    """Copy the file `name`, a path below `root`, into the new file `target`, which only the service can touch; returns what was copied.

    No link is followed and no pipe waited for. `target` is on the disk when this returns. Raises NotTaken, with no `target`
    left; FileNotFoundError; PermissionError when its owner does not let us read it.
    """
    with _opened(root, name) as source:
        before = os.fstat(source)
        if not stat.S_ISREG(before.st_mode):
            raise NotTaken(f"{root / name} is no file")
        target.unlink(missing_ok=True)
        copied = _poured(source, target, before.st_size)
        if not _same(before, os.fstat(source)) or copied != before.st_size:
            target.unlink()
            raise NotTaken(f"{root / name} changed while it was copied")
    os.utime(target, ns=(before.st_atime_ns, before.st_mtime_ns))
    return before


def take_aside(path: Path, was: os.stat_result, aside: Path) -> bool:
    """Move what was copied out of its sender's folder to `aside`; False when it is gone, or when what is there now is another or has changed.

    aside: in a folder of the service's own on the same disk. There is something there after a False too when something was moved: `put_back`.
    """
    try:
        os.rename(path, aside)
    except (FileNotFoundError, NotADirectoryError):
        return False
    return _same(was, os.lstat(aside), moved=True)


def put_back(aside: Path, path: Path) -> bool:
    """Under its name; False when something else stands there by now, and what was moved is still aside.

    Done again after a kill, it changes nothing.
    """
    if stat.S_ISDIR(os.lstat(aside).st_mode):
        with suppress(OSError):
            os.rename(aside, path)
        return not aside.exists()
    try:
        os.link(aside, path, follow_symlinks=False)
    except FileExistsError:
        if not os.path.samestat(os.lstat(aside), os.lstat(path)):
            return False
    aside.unlink()
    return True


@contextmanager
def _opened(root: Path, name: str) -> Iterator[int]:
    """A descriptor of what stands at root/name; a link at any place below root is an error, and so is what goes above it."""
    *folders, last = Path(name).parts
    if ".." in (*folders, last) or Path(name).is_absolute():
        raise NotTaken(f"{name} is not below {root}")
    with _descriptor(os.open(root, os.O_RDONLY | os.O_DIRECTORY)) as at:
        for folder in folders:
            deeper = _open(folder, at, root / name, os.O_DIRECTORY)
            os.dup2(deeper, at, inheritable=False)
            os.close(deeper)
        with _descriptor(_open(last, at, root / name, os.O_NONBLOCK)) as found:
            yield found


def _open(name: str, at: int, path: Path, how: int) -> int:
    try:
        return os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NOCTTY | os.O_CLOEXEC | how, dir_fd=at)
    except (FileNotFoundError, PermissionError):
        raise
    except OSError as fault:  # a link, a socket, a folder where a file was
        raise NotTaken(f"{path} is no file") from fault


@contextmanager
def _descriptor(opened: int) -> Iterator[int]:
    try:
        yield opened
    finally:
        os.close(opened)


def _poured(source: int, target: Path, size: int) -> int:
    """Bytes copied, by the kernel, until the source ends; of one that has grown beyond `size` one more than that."""
    copied = 0
    with _descriptor(
        os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, OURS)
    ) as into:
        while count := os.sendfile(into, source, copied, min(CHUNK_BYTES, size + 1 - copied)):
            copied += count
        os.fsync(into)
    return copied


def _same(one: os.stat_result, other: os.stat_result, moved: bool = False) -> bool:
    """Whether it is the same file, and untouched. A move changes the time of its last change, and nothing else does that one can undo."""

    def told(file: os.stat_result) -> tuple[int, ...]:
        return (
            file.st_dev,
            file.st_ino,
            file.st_mode,
            file.st_size,
            file.st_mtime_ns,
            0 if moved else file.st_ctime_ns,
        )

    return told(one) == told(other)

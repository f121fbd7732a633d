"""What a department drops is looked at only once it is out of its reach: whatever its account swaps, links or keeps open, nothing else is read."""

from __future__ import annotations

import hashlib
import os
import pwd
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from jobs import apart
from jobs.home import Home
from jobs.ingest import claim as claims

PAGE, LATER = b"what police sent" * 64, b"what I wrote now"
FEED, NAME, SENT = "police_incident", "jq_20260301.csv", b"what was sent"
SECRET = b"the city's key"


@pytest.fixture
def city(tmp_path: Path) -> Home:
    here = Home(tmp_path / "var")
    (here.drop / "police").mkdir(parents=True)
    (tmp_path / "key").write_bytes(SECRET)
    return here


@pytest.fixture
def dropped(city: Home) -> Path:
    path = city.drop / "police" / NAME
    path.write_bytes(SENT)
    return path


def link(path: Path, key: Path) -> None:
    path.symlink_to(key)


def pipe(path: Path, key: Path) -> None:
    os.mkfifo(path)


def folder(path: Path, key: Path) -> None:
    path.mkdir()


def door(path: Path, key: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))


NO_FILES = (link, pipe, folder, door)


@pytest.mark.parametrize("swapped", NO_FILES)
def test_what_is_no_file_is_never_opened_and_stays_where_it_is(
    city: Home, dropped: Path, tmp_path: Path, swapped: Callable[[Path, Path], None]
) -> None:
    """It was a file when the folder was listed."""
    dropped.unlink()
    swapped(dropped, tmp_path / "key")
    kind = dropped.lstat().st_mode
    assert claims.claim(city, FEED, dropped) is None
    assert dropped.lstat().st_mode == kind and not list((city.inbox / FEED).iterdir())
    assert claims.dropped(city, "police") == []


@pytest.mark.parametrize("swapped", NO_FILES)
def test_what_takes_the_files_place_while_it_is_copied_stays_and_the_claim_is_given_up(
    city: Home, dropped: Path, tmp_path: Path, swapped: Callable[[Path, Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def copied_and_swapped(root: Path, name: str, target: Path) -> os.stat_result:
        was = apart.copy_apart(root, name, target)
        dropped.unlink()
        swapped(dropped, tmp_path / "key")
        return was

    monkeypatch.setattr(claims, "copy_apart", copied_and_swapped)
    assert claims.claim(city, FEED, dropped) is None
    assert os.path.lexists(dropped) and not list((city.inbox / FEED).iterdir())


def test_a_folder_on_the_way_that_becomes_a_link_is_not_entered(city: Home, tmp_path: Path) -> None:
    (city.drop / "police" / "sub").symlink_to(tmp_path)
    for name in ("police/sub/key", "police/../../../key", str(tmp_path / "key")):
        with pytest.raises(apart.NotTaken):
            apart.copy_apart(city.drop, name, city.root / "copy")
    assert not (city.root / "copy").exists()


def test_what_the_sender_still_holds_changes_nothing_of_what_was_taken(city: Home, dropped: Path) -> None:
    held = dropped.with_name("mine")
    os.link(dropped, held)
    with dropped.open("r+b") as still_open:
        taken = claims.claim(city, FEED, dropped)
        assert taken
        digest = taken.digest
        still_open.write(b"something else")
        held.chmod(0o666)
    assert taken.digest == digest == hashlib.sha256(SENT).hexdigest()
    assert taken.path.read_bytes() == SENT and taken.path.stat().st_nlink == 1
    assert taken.path.stat().st_mode & 0o777 == 0o600 and not dropped.exists()


@pytest.mark.parametrize("touched", ["it grows", "it shrinks", "its bytes change"])
def test_a_file_that_changes_while_it_is_copied_waits(
    city: Home, dropped: Path, touched: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pour = apart._poured

    def poured_and_touched(source: int, target: Path, size: int) -> int:
        copied = pour(source, target, size)
        dropped.write_bytes({"it grows": SENT + b"!", "it shrinks": SENT[:-1], "its bytes change": SENT[::-1]}[touched])
        return copied

    monkeypatch.setattr(apart, "_poured", poured_and_touched)
    assert claims.claim(city, FEED, dropped) is None
    assert dropped.exists() and not list((city.inbox / FEED).iterdir())
    monkeypatch.undo()
    assert (taken := claims.claim(city, FEED, dropped)) and taken.path.read_bytes() != SENT


def test_a_writer_that_never_ends_holds_nothing_up(city: Home, dropped: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It writes more than is read, each time something is read."""
    send = os.sendfile

    def outrun(into: int, source: int, offset: int, count: int) -> int:
        with dropped.open("ab") as still_open:
            still_open.write(b"x" * 2 * (count + 1))
        return send(into, source, offset, count)

    monkeypatch.setattr(os, "sendfile", outrun)
    assert claims.claim(city, FEED, dropped) is None and dropped.exists()


class Killed(BaseException):
    """The process ends here."""


def test_killed_at_any_step_of_taking_a_file_it_is_there_once(
    city: Home, dropped: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also while one that changed is put back: it is dropped anew each time, and taken by the next run."""
    steps = ("rename", "link", "unlink", "open", "fsync", "utime", "rmdir")
    for changes in (False, True):
        for moment in range(1, 60):
            dropped.write_bytes(SENT)
            left = [moment]
            with monkeypatch.context() as dying:
                for name in steps:
                    dying.setattr(os, name, _dying(getattr(os, name), left))
                if changes:
                    dying.setattr(apart, "_same", lambda one, other, moved=False: not moved)
                with suppress(Killed):
                    claims.claim(city, FEED, dropped)
            claims.recover(city, FEED)
            waiting = claims.claimed(city, FEED)
            if not waiting and (again := claims.claim(city, FEED, dropped)):
                waiting = [again]
            assert [one.path.read_bytes() for one in waiting] == [SENT], moment
            assert not dropped.exists() and [path.name for path in waiting[0].path.parent.iterdir()] == [NAME], moment
            claims.archive(city, waiting[0], f"{moment}")
            if left[0] > 0:
                break
        assert 5 < moment < 59, "it came to its end"


def test_what_a_kill_left_aside_is_taken_too_when_its_sender_has_sent_another_under_its_name(
    city: Home, dropped: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed after the move and before the copy had its name; then the next file of that name came."""
    rename = os.rename

    def until_named(source: Path, target: Path) -> None:
        if Path(target).name == NAME:
            raise Killed
        rename(source, target)

    with monkeypatch.context() as dying:
        dying.setattr(os, "rename", until_named)
        with pytest.raises(Killed):
            claims.claim(city, FEED, dropped)
    assert not dropped.exists()
    dropped.write_bytes(b"the next one")
    claims.recover(city, FEED)
    claims.claim(city, FEED, dropped)
    assert [one.path.read_bytes() for one in claims.claimed(city, FEED)] == [SENT, b"the next one"]
    assert [path.name for one in claims.claimed(city, FEED) for path in one.path.parent.iterdir()] == [NAME] * 2


def _dying(step: Callable[..., Any], left: list[int]) -> Callable[..., Any]:
    def counted(*arguments: Any, **named: Any) -> Any:
        left[0] -= 1
        if left[0] == 0:
            raise Killed
        return step(*arguments, **named)

    return counted


def swap(folder: Path, key: Path, swaps: int) -> None:
    """What stands under the name is, by turns, a file, a link to the key, a pipe, a file with a hard link to it, one whose hard link was written to."""
    name, other, kept = folder / NAME, folder / ".other", folder / ".kept"

    def file() -> None:
        other.write_bytes(PAGE)

    def hard() -> None:
        file()
        kept.unlink(missing_ok=True)
        os.link(other, kept)

    def rewrite() -> None:
        file()
        if kept.exists():
            with kept.open("r+b") as still_open:
                still_open.write(LATER)

    kinds = (file, hard, lambda: link(other, key), rewrite, lambda: pipe(other, key), file)
    for turn in range(swaps):
        other.unlink(missing_ok=True)
        kinds[turn % len(kinds)]()
        other.rename(name)


def as_nobody(work: Callable[[], None]) -> int:
    """A process of another user that does it; its id."""
    sender = pwd.getpwnam("nobody")
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.setgroups([])
            os.setgid(sender.pw_gid)
            os.setuid(sender.pw_uid)
            work()
            code = 0
        finally:
            os._exit(code)
    return child


@pytest.mark.skipif(os.getuid() != 0, reason="needs to become another user")
def test_nothing_but_the_senders_files_is_read_while_it_swaps_them_as_fast_as_it_can(
    city: Home, tmp_path: Path
) -> None:
    """CITYBRAIN_SWAPS: how many, when they shall be more."""
    swaps = int(os.environ.get("CITYBRAIN_SWAPS", "3000"))
    police, key = city.drop / "police", tmp_path / "key"
    police.chmod(0o777)
    for above in (tmp_path, *tmp_path.parents):
        if above.stat().st_uid == os.getuid() and above != Path("/"):
            above.chmod(above.stat().st_mode | 0o711)
    key.chmod(0o600)
    city.inbox.mkdir(mode=0o700)
    taken: list[tuple[claims.Claim, str]] = []
    sender, ended = as_nobody(lambda: swap(police, key, swaps)), (0, 0)
    while not ended[0] or claims.dropped(city, "police"):
        for path in claims.dropped(city, "police"):
            if one := claims.claim(city, FEED, path, len(taken)):
                taken.append((one, one.digest))
        ended = ended if ended[0] else os.waitpid(sender, os.WNOHANG)
    assert ended[1] == 0 and taken, "the last thing sent is a file"
    assert all(one.digest == digest for one, digest in taken)
    for one in claims.claimed(city, FEED):
        found = one.path.stat()
        assert found.st_nlink == 1 and found.st_uid == os.getuid()
        assert one.path.read_bytes().replace(LATER, PAGE[: len(LATER)]) == PAGE

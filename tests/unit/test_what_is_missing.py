"""What a machine lacks is said in one sentence that names the way out."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path

import pytest

from jobs.home import Home, MissingKey
from jobs.spark import NoJava, require_java
from schemas.contract import load_contracts


def test_without_java_the_way_to_get_it_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(NoJava, match="Java 17 or 21 and none was found: install a JDK"):
        require_java()


def test_an_old_java_is_named_with_the_one_that_is_needed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\" 2019-01-15' >&2\n")
    java.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(NoJava, match="needs Java 17 or 21, this is 11"):
        require_java()


def test_without_a_key_nothing_runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("CITYBRAIN_KEY", raising=False)
    with pytest.raises(MissingKey, match="citybrain init"):
        _ = Home(tmp_path).key
    Home(tmp_path).make_key()
    assert len(Home(tmp_path).key) == 64
    assert (tmp_path / "secrets" / "key").stat().st_mode & 0o777 == 0o600


def test_a_lakes_key_is_known_by_its_fingerprint_and_none_is_made_in_its_place(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("CITYBRAIN_KEY", raising=False)
    home = Home(tmp_path)
    home.make_key(), home.make_key()
    kept, shown = home.key, home.fingerprint_of_lake
    assert shown and shown not in kept.decode()
    path = tmp_path / "secrets" / "key"
    path.unlink()
    for look in (lambda: Home(tmp_path).key, Home(tmp_path).make_key):
        with pytest.raises(MissingKey, match="lost: put it back"):
            look()
    path.write_text("another key of more than 32 bytes, say")
    with pytest.raises(MissingKey, match=f"not the key .*{shown}"):
        _ = Home(tmp_path).key
    path.write_bytes(kept)
    assert Home(tmp_path).key == kept
    (tmp_path / "lake" / "key.fingerprint").unlink()
    (tmp_path / "lake" / "ops" / "delivery" / "_delta_log").mkdir(parents=True)
    path.unlink()
    with pytest.raises(MissingKey, match="no key is made beside"):
        Home(tmp_path).make_key()


@pytest.mark.parametrize("said", ["1", "secret", "k" * 31, "  " + "k" * 30 + "  "])
def test_a_key_that_could_be_tried_out_is_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, said: str) -> None:
    monkeypatch.delenv("CITYBRAIN_KEY", raising=False)
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "key").write_text(said)
    with pytest.raises(MissingKey, match="32 are needed"):
        _ = Home(tmp_path).key
    (tmp_path / "secrets" / "key").unlink()
    monkeypatch.setenv("CITYBRAIN_KEY", said)
    with pytest.raises(MissingKey, match="CITYBRAIN_KEY has"):
        _ = Home(tmp_path).key


def test_a_pseudonym_of_before_is_the_beginning_of_the_same_persons_today(home: Home) -> None:
    """Ten digits were given out; sixteen are, which two in a city of two million do not share."""
    before = "R-" + hmac.new(home.subkey("pseudonym:2026"), b"p", hashlib.sha256).hexdigest()[:10]
    assert home.pseudonym("p", 2026).startswith(before) and len(home.pseudonym("p", 2026)) == 18


def test_a_pseudonym_is_keyed_and_turns_with_the_year(tmp_path: Path) -> None:
    one, other = Home(tmp_path / "one"), Home(tmp_path / "other")
    one.make_key(), other.make_key()
    assert one.pseudonym("p", 2026) == one.pseudonym("p", 2026)
    assert len({one.pseudonym("p", 2026), one.pseudonym("p", 2027), other.pseudonym("p", 2026)}) == 3


def test_a_folder_without_contracts_is_no_fault(tmp_path: Path) -> None:
    assert load_contracts(tmp_path) == ({}, [])

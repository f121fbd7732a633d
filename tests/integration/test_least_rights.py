"""What other accounts of the machine get at: a department its own two folders, everyone else nothing, looked at with their eyes."""

from __future__ import annotations

import grp
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from settings import KEY, TODAY

from jobs.home import FOR_OTHERS, Home
from jobs.ingest.delivery import ingest
from jobs.operate import folders
from jobs.operate.folders import make_folders, met_by_others, open_doors

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can look with another account's eyes")

NOBODY = 65534  # an account and a group without any right
FEED = "police_incident"
FILE = "警情编号,报警时间,警情类别,所属网格,报警电话,简要警情\nJQ202603010001,2026-03-01 09:30:00,盗窃,330499001001001,13712345678,被盗\n"
LOOK = """
import os, sys
os.setgroups([]); os.setgid(int(sys.argv[1])); os.setuid(int(sys.argv[1]))
for path in sys.stdin.read().splitlines():
    if os.access(path, os.R_OK) or os.access(path, os.W_OK):
        print(path)
"""


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    """A city in a folder that everyone may pass through, unlike pytest's."""
    root = Path(tempfile.mkdtemp(prefix="citybrain-"))
    root.chmod(0o711)
    mask = os.umask(FOR_OTHERS)
    for name, value in (
        ("CITYBRAIN_HOME", str(root / "var")),
        ("CITYBRAIN_KEY", KEY),
        ("CITYBRAIN_TODAY", TODAY),
    ):
        monkeypatch.setenv(name, value)
    yield Home(root / "var")
    os.umask(mask)
    shutil.rmtree(root)


def take_a_file(home: Home) -> None:
    contract = home.contracts()[0][FEED]
    path = home.drop / contract.owner.folder / "jq_20260301.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(FILE.encode("gb18030"))
    ingest(home, contract, still_seconds=0)


def seen_by(account: int, root: Path) -> set[str]:
    """What the account reads, lists or writes, of everything that there is."""
    everything = "\n".join(map(str, [root, *root.rglob("*")]))
    done = subprocess.run(
        [sys.executable, "-c", LOOK, str(account)], input=everything, text=True, capture_output=True, check=True
    )
    return {str(Path(path).relative_to(root)) for path in done.stdout.splitlines()}


def test_whoever_is_no_reader_meets_nothing_also_of_what_nobody_thought_of(home: Home) -> None:
    contracts = home.contracts()[0].values()
    for name, mode in (("serving", 0o755), ("superset", 0o755), ("made_by_hand", 0o777)):
        (home.root / name).mkdir(parents=True)
        (home.root / name / "file").write_text("")
        (home.root / name / "file").chmod(0o666)
        (home.root / name).chmod(mode)
    (home.root / "notes.txt").touch()
    (home.root / "notes.txt").chmod(0o644)
    home.root.chmod(0o755)
    take_a_file(home)
    met = {"serving", "serving/file", "superset", "superset/file", "made_by_hand", "made_by_hand/file", "notes.txt"}
    assert {str(path.relative_to(home.root)) for path, _ in met_by_others(home.root)} == met
    assert seen_by(NOBODY, home.root) == met | {"."}, "the doctor's look and another's eyes find the same"
    told = " ".join(open_doors(home, contracts))
    assert all(str(home.root / path) in told for path in met) and "citybrain init" in told
    make_folders(home, contracts)
    assert seen_by(NOBODY, home.root) == set() and list(open_doors(home, contracts)) == []


def test_a_departments_account_meets_its_own_two_folders(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its Unix group, which an operator makes, is here the one that has no other right."""
    try:
        own = grp.getgrgid(NOBODY).gr_name
    except KeyError:
        pytest.skip("this machine has no group of that number")
    monkeypatch.setattr(folders, "_group", lambda name: own if name == "citybrain_police" else None)
    make_folders(home, home.contracts()[0].values())
    take_a_file(home)
    seen = seen_by(NOBODY, home.root)
    assert {path.split("/")[0] + "/" + path.split("/")[1] for path in seen} == {"drop/police", "return/police"}
    receipts = {str(path.relative_to(home.root)) for path in (home.returns / "police").iterdir()}
    assert receipts and receipts < seen, "what was returned is there to read"
    assert list(open_doors(home, home.contracts()[0].values())) == []

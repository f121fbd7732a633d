"""The two typefaces of a report, from a package, so that every machine measures and prints alike."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

SANS = "Noto Sans CJK SC"
FOLDER = Path(str(files("mplfonts") / "fonts"))
_FILES = ("NotoSerifCJKsc-Regular.otf", "NotoSansCJKsc-Regular.otf")


def lay_out_fonts(folder: Path) -> Path:
    """The folder, made to hold the two typefaces and no other: their package carries more."""
    folder.mkdir()
    for name in _FILES:
        (folder / name).symlink_to(FOLDER / name)
    return folder

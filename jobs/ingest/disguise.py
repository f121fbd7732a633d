"""What a file is by its first bytes, whatever its name says."""

from __future__ import annotations

import zipfile
from pathlib import Path

HEAD_BYTES = 1024
ZIP = (b"PK\x03\x04", b"PK\x05\x06")  # with members, and without any
MARKS = {
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "旧版 XLS 工作簿,或加了密码的工作簿",
    b"%PDF-": "PDF 文档",
    b"Rar!\x1a\x07": "RAR 压缩包",
    b"7z\xbc\xaf\x27\x1c": "7Z 压缩包",
    b"\x1f\x8b\x08": "GZ 压缩包",
    b"\x89PNG": "图片",
    b"\xff\xd8\xff": "图片",
}
PAGES = (b"<!doctype html", b"<html", b"<head", b"<meta", b"<body", b"<table")
WORKBOOK = "XLSX 工作簿"
PARTS = {"xl/": WORKBOOK, "word/": "Word 文档", "ppt/": "演示文稿"}


def seems(path: Path) -> str | None:
    """The kind of file in words for the department; None when its bytes tell nothing, as those of a text do not."""
    with path.open("rb") as source:
        head = source.read(HEAD_BYTES)
    if head.startswith(ZIP):
        return _kind_of_zip(path)
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if text.startswith(PAGES):
        return "网页(HTML)"
    if text.startswith(b"<?xml"):
        return "网页(HTML)" if b"<html" in text else "XML 文档"
    return next((kind for mark, kind in MARKS.items() if head.startswith(mark)), None)


def _kind_of_zip(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            folders = {f"{name.partition('/')[0]}/" for name in archive.namelist()}
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OverflowError):
        return "损坏的压缩包"
    return next((kind for folder, kind in PARTS.items() if folder in folders), "ZIP 压缩包")

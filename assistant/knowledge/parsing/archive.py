"""Looks into an Office file (a zip archive) before anything unpacks it."""

from __future__ import annotations

import zipfile
from pathlib import Path

from assistant.errors import UnreadableDocument

# Bytes after unpacking. Text parts become a tree of several times their size in memory; pictures are not opened.
MAX_TEXT_BYTES = 200 * 1024 * 1024
MAX_BYTES = 2 * 1024 * 1024 * 1024
MAX_PARTS = 20_000
_TEXT_ENDINGS = (".xml", ".rels", ".bin", ".vml")
_ENCRYPTED = 0x1


def check_archive(path: Path) -> None:
    """Raise UnreadableDocument when the parts would be too large, too many, or are encrypted or damaged."""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError):
        raise UnreadableDocument("This file is damaged; open it in its program, save it again and retry.") from None
    if any(part.flag_bits & _ENCRYPTED for part in parts):
        raise UnreadableDocument("This file is protected by a password; save it without one and upload it again.")
    text = sum(part.file_size for part in parts if part.filename.lower().endswith(_TEXT_ENDINGS))
    if text > MAX_TEXT_BYTES or sum(part.file_size for part in parts) > MAX_BYTES or len(parts) > MAX_PARTS:
        raise UnreadableDocument("This file unpacks to far more than a document holds, so it was not opened.")

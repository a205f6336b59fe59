"""Looks into packed files (zip archives) before anything unpacks them, and counts what is unpacked.

All that one parser child unpacks shares one budget, so that archives in archives and headers that lie stay within it.
"""

from __future__ import annotations

import lzma
import os
import struct
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from assistant.errors import UnreadableDocument

MEGABYTE = 1024 * 1024
# Bytes after unpacking where no budget is set.
MAX_BYTES = 500 * MEGABYTE
# Text parts become a tree of several times their size in memory; pictures are not opened.
MAX_TEXT_BYTES = 200 * MEGABYTE
MAX_PARTS = 20_000
TOO_MUCH = "This file unpacks to far more than a document holds, so it was not opened; split it into smaller files."
DAMAGED = "This file is damaged; open it in its program, save it again and retry."
PROTECTED = "This file is protected by a password; save it without one and upload it again."
_TEXT_ENDINGS = (".xml", ".rels", ".bin", ".vml")
_ENCRYPTED = 0x1
_LOCAL_HEADER = 30
# The record at an archive's end: bytes of its comment at most, and of the record and of its larger form.
_COMMENT = 65_535
_END = b"PK\x05\x06"
_END_BYTES = 22
_END64 = b"PK\x06\x06"
_END64_BYTES = 56
_LOCATOR_BYTES = 20
# A directory of MAX_PARTS parts with long names; each part becomes an object of some hundred bytes.
_DIRECTORY_BYTES = 16 * MEGABYTE
_PIECE = 64 * 1024
# What zipfile and its unpackers were seen to raise for damaged parts.
_BROKEN = (
    zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, KeyError, OSError, EOFError, struct.error,
    zlib.error, lzma.LZMAError,
)  # fmt: skip

_left: int | None = None


def allow(megabytes: int) -> None:
    """Give this process a budget of unpacked bytes, for good: call once in a parser child."""
    global _left  # noqa: PLW0603  # a child reads one file, and all readers in it draw on one budget
    _left = megabytes * MEGABYTE


def spend(count: int) -> None:
    """Count unpacked bytes; raises UnreadableDocument when the budget of this process is used up."""
    global _left  # noqa: PLW0603  # as above
    if _left is not None:
        _left -= count
        if _left < 0:
            raise UnreadableDocument(TOO_MUCH)


def opened(source: Path | BinaryIO) -> zipfile.ZipFile:
    """Open an archive whose parts are few enough, not encrypted, apart from each other, and declare to fit the budget.

    Raises UnreadableDocument with the sentence that fits. The caller closes it.
    """
    try:
        _check_directory(source)
        archive = zipfile.ZipFile(source)
    except _BROKEN:
        raise UnreadableDocument(DAMAGED) from None
    try:
        _check(archive.infolist())
    except UnreadableDocument:
        archive.close()
        raise
    return archive


def read(archive: zipfile.ZipFile, part: str | zipfile.ZipInfo, most: int = MAX_TEXT_BYTES) -> bytes:
    """Unpack one part; what it really unpacks to counts, whatever its header says.

    Raises UnreadableDocument when it is missing or damaged, larger than ``most`` bytes, or above the budget.
    """
    pieces: list[bytes] = []
    size = 0
    try:
        with archive.open(part) as stream:
            while piece := stream.read(_PIECE):
                size += len(piece)
                spend(len(piece))
                if size > most:
                    raise UnreadableDocument(TOO_MUCH)
                pieces.append(piece)
    except _BROKEN:
        raise UnreadableDocument(DAMAGED) from None
    return b"".join(pieces)


def check_archive(source: Path | BinaryIO) -> None:
    """Check an Office file that a library will unpack, and count its text parts as unpacked."""
    with opened(source) as archive:
        text = sum(part.file_size for part in archive.infolist() if part.filename.lower().endswith(_TEXT_ENDINGS))
    if text > MAX_TEXT_BYTES:
        raise UnreadableDocument(TOO_MUCH)
    spend(text)


def _check_directory(source: Path | BinaryIO) -> None:
    """Refuse a directory that is too large to be read into memory, before it is."""
    if isinstance(source, Path):
        with source.open("rb") as stream:
            _check_directory(stream)
        return
    at = source.seek(0, os.SEEK_END)
    source.seek(max(0, at - _COMMENT - _END_BYTES - _LOCATOR_BYTES - _END64_BYTES))
    tail = source.read()
    source.seek(0)
    end = tail.rfind(_END)
    if end < 0 or len(tail) < end + _END_BYTES:
        raise UnreadableDocument(DAMAGED)
    count, size = struct.unpack_from("<10xHI", tail, end)
    larger = end - _LOCATOR_BYTES - _END64_BYTES
    if larger >= 0 and tail.startswith(_END64, larger):
        count, size = struct.unpack_from("<32xQQ", tail, larger)
    if count > MAX_PARTS or size > _DIRECTORY_BYTES:
        raise UnreadableDocument(TOO_MUCH)


def _check(parts: Sequence[zipfile.ZipInfo]) -> None:
    if any(part.flag_bits & _ENCRYPTED for part in parts):
        raise UnreadableDocument(PROTECTED)
    limit = MAX_BYTES if _left is None else _left
    if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > limit or _overlap(parts):
        raise UnreadableDocument(TOO_MUCH)


def _overlap(parts: Sequence[zipfile.ZipInfo]) -> bool:
    """Tell whether parts share bytes: a trick by which a small file unpacks to a giant one."""
    end = 0
    for part in sorted(parts, key=lambda part: part.header_offset):
        if part.header_offset < end:
            return True
        end = part.header_offset + _LOCAL_HEADER + part.compress_size
    return False

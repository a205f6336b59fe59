"""What lies in a zip or OLE container, by its directory alone and from its first pages only.

This looks at files before any child with limits does, so it reads a bounded number of bytes whatever they say.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO

ZIP_MARK = b"PK"
OLE_MARK = bytes.fromhex("d0cf11e0a1b11ae1")
# Bytes of a zip's directory that are read: some ten thousand names. An Office file has a few dozen.
DIRECTORY_BYTES = 1024 * 1024
# Bytes of the end of a zip: its closing record with the longest comment, and the record of large archives before it.
_END_BYTES = 65_535 + 22 + 20 + 56
_END, _LARGE_END, _LARGE_MARK, _ENTRY = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07", b"PK\x01\x02"
_ENTRY_BYTES = 46
# Sectors of an OLE directory that are read: 64 of the larger kind hold two thousand names.
_OLE_SECTORS = 64
_OLE_ENTRY_BYTES = 128
_OLE_TABLES = 109
# Numbers from here on are marks: end of a chain, free, a table's own.
_NO_SECTOR = 0xFFFFFFFA


def zip_names(file: BinaryIO) -> list[str]:
    """Names in a zip's directory, as far as its first megabyte goes; none when there is no directory."""
    size = file.seek(0, 2)
    start = max(0, size - _END_BYTES)
    file.seek(start)
    place = _directory(file.read(_END_BYTES), start)
    if place is None:
        return []
    file.seek(place[0])
    return list(_entries(file.read(min(place[1], DIRECTORY_BYTES))))


def _directory(tail: bytes, start: int) -> tuple[int, int] | None:
    """Where the directory begins, and its bytes; it ends where the closing record begins."""
    at = tail.rfind(_END)
    if at < 0 or at + 22 > len(tail):
        return None
    (length,) = struct.unpack_from("<L", tail, at + 12)
    if at >= 76 and tail[at - 20 : at - 16] == _LARGE_MARK and tail[at - 76 : at - 72] == _LARGE_END:
        at -= 76
        (length,) = struct.unpack_from("<Q", tail, at + 40)
    begin = start + at - length
    return (begin, length) if begin >= 0 else None


def _entries(directory: bytes) -> Iterator[str]:
    at = 0
    while directory.startswith(_ENTRY, at) and at + _ENTRY_BYTES <= len(directory):
        name, extra, comment = struct.unpack_from("<3H", directory, at + 28)
        yield directory[at + _ENTRY_BYTES : at + _ENTRY_BYTES + name].decode("utf-8", "replace")
        at += _ENTRY_BYTES + name + extra + comment


def ole_names(file: BinaryIO) -> list[str]:
    """Names in the first sectors of an OLE container's directory."""
    file.seek(0)
    head = file.read(512)
    if len(head) < 512:
        return []
    (shift,) = struct.unpack_from("<H", head, 30)
    if not 7 <= shift <= 16:
        return []
    names: list[str] = []
    for sector in _ole_directory(file, head, 1 << shift):
        names += _ole_entries(sector)
    return names


def _ole_directory(file: BinaryIO, head: bytes, size: int) -> Iterator[bytes]:
    """The directory's sectors, each found by the table of sectors."""
    (sector,) = struct.unpack_from("<L", head, 48)
    tables = struct.unpack_from(f"<{_OLE_TABLES}L", head, 76)
    for _ in range(_OLE_SECTORS):
        data = _sector(file, sector, size)
        yield data
        table, place = divmod(sector, size // 4)
        following = _sector(file, tables[table], size)[place * 4 : place * 4 + 4] if table < _OLE_TABLES else b""
        if len(data) < size or len(following) < 4:
            return
        (sector,) = struct.unpack("<L", following)


def _sector(file: BinaryIO, number: int, size: int) -> bytes:
    if number >= _NO_SECTOR:
        return b""
    file.seek((number + 1) * size)
    return file.read(size)


def _ole_entries(sector: bytes) -> Iterator[str]:
    for at in range(0, len(sector) - _OLE_ENTRY_BYTES + 1, _OLE_ENTRY_BYTES):
        (length,) = struct.unpack_from("<H", sector, at + 64)
        name = sector[at : at + min(max(length - 2, 0), 62)].decode("utf-16-le", "replace")
        if name:
            yield name

"""Writes OLE containers: the files of old Excel and of Outlook."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from itertools import pairwise

SECTOR, SMALL_SECTOR, SMALL = 512, 64, 4096
_END, _FREE, _TABLE = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD
_ROOT, _FOLDER, _STREAM = 5, 1, 2
Tree = dict[str, "bytes | Tree"]


@dataclass
class _Entry:
    name: str
    kind: int
    data: bytes = b""
    right: int = _FREE
    child: int = _FREE
    start: int = _END


class _Sectors:
    """Bytes in sectors of one size, with the table that chains them."""

    def __init__(self, size: int) -> None:
        self.size, self.body, self.chains = size, b"", list[int]()

    def put(self, data: bytes) -> int:
        """Store bytes and return their first sector."""
        if not data:
            return _END
        start = len(self.chains)
        count = -(-len(data) // self.size)
        self.chains += [*range(start + 1, start + count), _END]
        self.body += data + bytes(-len(data) % self.size)
        return start


def ole_file(tree: Tree) -> bytes:
    """A container of streams (bytes) and folders (dicts of these)."""
    entries = [_Entry("Root Entry", _ROOT)]
    entries[0].child = _add(tree, entries)
    large, small = _Sectors(SECTOR), _Sectors(SMALL_SECTOR)
    for entry in entries[1:]:
        entry.start = (small if len(entry.data) < SMALL else large).put(entry.data)
    entries[0].data = small.body
    entries[0].start = large.put(small.body)
    small_table = large.put(struct.pack(f"<{len(small.chains)}L", *small.chains))
    directory = large.put(b"".join(map(_packed, entries)))
    return _whole(large, directory, small_table, -(-len(small.chains) * 4 // SECTOR))


def _add(tree: Tree, entries: list[_Entry]) -> int:
    """Add what a folder holds, each the right neighbour of the one before; return the first one's number."""
    numbers = []
    for name, content in sorted(tree.items(), key=lambda item: (len(item[0]), item[0].upper())):
        numbers.append(len(entries))
        if isinstance(content, bytes):
            entries.append(_Entry(name, _STREAM, content))
        else:
            entries.append(_Entry(name, _FOLDER))
            entries[numbers[-1]].child = _add(content, entries)
    for number, following in pairwise(numbers):
        entries[number].right = following
    return numbers[0] if numbers else _FREE


def _packed(entry: _Entry) -> bytes:
    name = f"{entry.name}\x00".encode("utf-16-le")
    return struct.pack(
        "<64sHBB3L36xLQ", name, len(name), entry.kind, 1, _FREE, entry.right, entry.child, entry.start, len(entry.data)
    )


def _whole(large: _Sectors, directory: int, small_table: int, small_tables: int) -> bytes:
    first, tables = len(large.chains), 1
    while tables * (SECTOR // 4) < first + tables:
        tables += 1
    table = [*large.chains, *[_TABLE] * tables]
    table += [_FREE] * (tables * (SECTOR // 4) - len(table))
    places = [*range(first, first + tables), *[_FREE] * (109 - tables)]
    head = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(16) + struct.pack("<5H6x", 0x3E, 3, 0xFFFE, 9, 6)
    head += struct.pack("<9L", 0, tables, directory, 0, SMALL, small_table, small_tables, _END, 0)
    return head + struct.pack("<109L", *places) + large.body + struct.pack(f"<{len(table)}L", *table)

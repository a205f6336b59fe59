"""Originals on disk, unchanged, by the sha256 of their bytes: ``originals/<first two digits>/<sha256>``.

Bytes arrive in ``originals/incoming``, are fsynced there, and are moved to their place while the caller holds the
database's write lock. Removal happens under the same lock, so an upload never loses its bytes to a deletion.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from assistant import faults
from assistant.errors import DiskFull, UploadRefused
from assistant.storage.disk import full_disk_told

PIECE_BYTES = 1 << 20
STALE_SECONDS = 6 * 3600.0
RESERVED_BYTES = 16 << 20
"""What uploads leave of the disk, so that documents on their way, questions and answers are still written down."""
DISK_FULL = "The disk is full, so the file was not stored. Make room and upload it again; nothing else was lost."


@dataclass(frozen=True, slots=True)
class Received:
    """Bytes that are safe on disk but not yet in their place."""

    path: Path
    sha256: str
    size: int


class Blobs:
    """The folder of originals."""

    def __init__(self, data_dir: Path) -> None:
        self.folder = data_dir / "originals"
        self._incoming = self.folder / "incoming"

    def path(self, sha256: str) -> Path:
        """Return where the original with this digest stands."""
        return self.folder / sha256[:2] / sha256

    def arriving(self, limit: int) -> Arriving:
        """Begin to take bytes in, piece by piece; at most ``limit`` of them. Raises DiskFull."""
        with full_disk_told(DISK_FULL):
            self._make_folders()
            return Arriving(self._incoming / secrets.token_hex(16), limit)

    def receive(self, stream: BinaryIO, limit: int) -> Received:
        """Write the stream to disk piece by piece and fsync it.

        Raises UploadRefused when it has more than ``limit`` bytes, DiskFull when there is no room for it.
        """
        arriving = self.arriving(limit)
        try:
            while piece := stream.read(PIECE_BYTES):
                arriving.write(piece)
            return arriving.finish()
        except BaseException:
            arriving.abort()
            raise

    def place(self, received: Received) -> None:
        """Move received bytes to their place, durably. Call with the write lock held. Raises DiskFull."""
        target = self.path(received.sha256)
        with full_disk_told(DISK_FULL):
            if not target.parent.exists():
                target.parent.mkdir(exist_ok=True)
                _sync_folder(self.folder)
            received.path.replace(target)
            _sync_folder(target.parent)
        faults.point("placed")

    def need_room(self, size: int) -> None:
        """Raise DiskFull unless ``size`` more bytes leave enough of the disk for the database to go on."""
        self._make_folders()
        _need_room(self.folder, size)

    def discard(self, received: Received) -> None:
        """Forget received bytes that were not placed."""
        received.path.unlink(missing_ok=True)

    def remove(self, sha256: str) -> None:
        """Remove an original. Call with the write lock held, once no version refers to it."""
        self.path(sha256).unlink(missing_ok=True)

    def is_sound(self, sha256: str) -> bool:
        """Read an original and say whether it is there and still has its digest."""
        try:
            with self.path(sha256).open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest() == sha256
        except OSError:
            return False

    def digests(self, since: datetime) -> Iterator[str]:
        """Give the digests of the originals that were received at or after a moment."""
        for path in self.folder.glob("??/*"):
            if _written_at(path) >= since.timestamp():
                yield path.name

    def sweep_incoming(self) -> None:
        """Remove what uploads that died long ago left behind."""
        for path in self._incoming.glob("*"):
            if _written_at(path) < time.time() - STALE_SECONDS:
                path.unlink(missing_ok=True)

    def _make_folders(self) -> None:
        if not self._incoming.is_dir():
            self._incoming.mkdir(parents=True, exist_ok=True)
            _sync_folder(self.folder.parent)
            _sync_folder(self.folder)


class Arriving:
    """An upload whose bytes are coming in: written to disk as they come, never held in memory.

    Ends with ``finish`` or ``abort``; what neither ended is swept later.
    """

    def __init__(self, path: Path, limit: int) -> None:
        self._path = path
        self._limit = limit
        self._digest = hashlib.sha256()
        self._file = path.open("xb")
        self.size = 0

    def write(self, piece: bytes) -> None:
        """Take the next bytes; raises UploadRefused above the limit, DiskFull without room."""
        self.size += len(piece)
        if self.size > self._limit:
            raise UploadRefused(too_large(self._limit))
        _need_room(self._path.parent, len(piece))
        self._digest.update(piece)
        with full_disk_told(DISK_FULL):
            self._file.write(piece)

    def finish(self) -> Received:
        """Return once all bytes are durably on disk; raises DiskFull."""
        with full_disk_told(DISK_FULL):
            faults.point("received")
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            faults.point("fsynced")
        return Received(self._path, self._digest.hexdigest(), self.size)

    def abort(self) -> None:
        """Forget what came; does nothing to bytes that have their place already."""
        with suppress(OSError):  # closing writes what is left, for which there may be no room
            self._file.close()
        self._path.unlink(missing_ok=True)


def _written_at(path: Path) -> float:
    """When a file was last written; 0 when it is gone: others move and remove files meanwhile."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def too_large(limit: int) -> str:
    """Return the sentence on a file of more than ``limit`` bytes."""
    return f"The file is larger than the limit of {limit // 1_000_000} MB; split it and upload the parts."


def _need_room(folder: Path, size: int) -> None:
    if shutil.disk_usage(folder).free < size + RESERVED_BYTES:
        raise DiskFull(DISK_FULL)


def _sync_folder(folder: Path) -> None:
    # A rename is durable only once its folder is; Windows cannot open folders and does not need it.
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

"""Originals on disk, unchanged, by the sha256 of their bytes: ``originals/<first two digits>/<sha256>``.

Bytes arrive in ``originals/incoming``, are fsynced there, and are moved to their place while the caller holds the
database's write lock. Removal happens under the same lock, so an upload never loses its bytes to a deletion.
"""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from assistant.errors import UploadRefused

PIECE_BYTES = 1 << 20
STALE_SECONDS = 6 * 3600.0


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

    def receive(self, stream: BinaryIO, limit: int) -> Received:
        """Write the stream to disk piece by piece and fsync it.

        Raises UploadRefused when it has more than ``limit`` bytes or does not fit on the disk.
        """
        self._incoming.mkdir(parents=True, exist_ok=True)
        path = self._incoming / secrets.token_hex(16)
        try:
            return _write(stream, path, limit)
        except BaseException as error:
            path.unlink(missing_ok=True)
            if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise UploadRefused("The disk is full, so the file was not stored. Make room and try again.") from None
            raise

    def place(self, received: Received) -> None:
        """Move received bytes to their place, durably. Call with the write lock held."""
        target = self.path(received.sha256)
        if not target.parent.exists():
            target.parent.mkdir(exist_ok=True)
            _sync_folder(self.folder)
        received.path.replace(target)
        _sync_folder(target.parent)

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
            if path.stat().st_mtime >= since.timestamp():
                yield path.name

    def sweep_incoming(self) -> None:
        """Remove what uploads that died long ago left behind."""
        for path in self._incoming.glob("*"):
            if path.stat().st_mtime < time.time() - STALE_SECONDS:
                path.unlink(missing_ok=True)


def _write(stream: BinaryIO, path: Path, limit: int) -> Received:
    digest, size = hashlib.sha256(), 0
    with path.open("xb") as file:
        while piece := stream.read(PIECE_BYTES):
            size += len(piece)
            if size > limit:
                raise UploadRefused(f"The file is larger than the limit of {limit // 1_000_000} MB.")
            digest.update(piece)
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    return Received(path, digest.hexdigest(), size)


def _sync_folder(folder: Path) -> None:
    # A rename is durable only once its folder is; Windows cannot open folders and does not need it.
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

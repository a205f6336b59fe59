"""Originals arrive whole or not at all, and stay unchanged."""

from __future__ import annotations

import hashlib
import io
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from assistant.errors import UploadRefused
from assistant.storage.blobs import STALE_SECONDS, Blobs


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_received_bytes_stand_unchanged_under_their_digest(tmp_path: Path) -> None:
    blobs, data = Blobs(tmp_path), os.urandom(3_000_000)
    received = blobs.receive(io.BytesIO(data), limit=10_000_000)
    blobs.place(received)
    digest = hashlib.sha256(data).hexdigest()
    assert blobs.path(digest) == tmp_path / "originals" / digest[:2] / digest
    assert blobs.path(digest).read_bytes() == data
    assert list(blobs.digests(since=datetime.fromtimestamp(0, UTC))) == [digest]
    assert list(blobs.digests(since=datetime.now(UTC) + timedelta(hours=1))) == []


def test_refused_bytes_leave_nothing_on_disk(tmp_path: Path) -> None:
    with pytest.raises(UploadRefused, match="larger than the limit"):
        Blobs(tmp_path).receive(io.BytesIO(b"x" * 11), limit=10)
    assert _files(tmp_path) == []


def test_stream_that_breaks_leaves_nothing_on_disk(tmp_path: Path) -> None:
    class Broken(io.BytesIO):
        def read(self, _size: int | None = -1) -> bytes:
            raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        Blobs(tmp_path).receive(Broken(), limit=10)
    assert _files(tmp_path) == []


def test_bytes_of_uploads_that_died_long_ago_are_swept(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path)
    old, new = blobs.receive(io.BytesIO(b"old"), 10), blobs.receive(io.BytesIO(b"new"), 10)
    long_ago = old.path.stat().st_mtime - STALE_SECONDS - 1
    os.utime(old.path, (long_ago, long_ago))
    blobs.sweep_incoming()
    assert not old.path.exists()
    assert new.path.exists()

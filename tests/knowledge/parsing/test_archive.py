from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.errors import UnreadableDocument
from assistant.knowledge.parsing import archive

LARGE = b"0" * 3_000_000


@pytest.fixture(autouse=True)
def no_budget_stays() -> Iterator[None]:
    """A budget is a process's own and for good; here one process plays many."""
    yield
    archive._left = None


def zipped(parts: dict[str, bytes]) -> io.BytesIO:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in parts.items():
            file.writestr(name, content)
    return io.BytesIO(stream.getvalue())


def test_a_part_is_read_from_a_file_and_from_memory(tmp_path: Path) -> None:
    stream = zipped({"a.txt": b"words"})
    (tmp_path / "a.zip").write_bytes(stream.getvalue())
    for source in (stream, tmp_path / "a.zip"):
        with archive.opened(source) as file:
            assert archive.read(file, "a.txt") == b"words"


def test_archives_in_archives_share_one_budget() -> None:
    archive.allow(8)
    inner = zipped({"large.txt": LARGE})
    with archive.opened(inner) as file:
        archive.read(file, "large.txt")
        archive.read(file, "large.txt")
        with pytest.raises(UnreadableDocument, match="unpacks to far more"):
            archive.read(file, "large.txt")


def test_what_declares_more_than_the_budget_is_not_opened() -> None:
    archive.allow(2)
    with pytest.raises(UnreadableDocument, match="unpacks to far more"):
        archive.opened(zipped({"large.txt": LARGE}))


def test_a_part_above_its_own_limit_is_refused() -> None:
    with archive.opened(zipped({"large.txt": LARGE})) as file, pytest.raises(UnreadableDocument, match="far more"):
        archive.read(file, "large.txt", most=1_000)


def test_a_header_that_declares_too_little_gains_nothing() -> None:
    stream = bytearray(zipped({"large.txt": LARGE}).getvalue())
    for mark, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<I", stream, stream.find(mark) + at, 10)
    with archive.opened(io.BytesIO(stream)) as file, pytest.raises(UnreadableDocument, match="damaged"):
        archive.read(file, "large.txt")


def test_parts_that_share_bytes_are_refused() -> None:
    stream = bytearray(zipped({"a": LARGE, "b": LARGE}).getvalue())
    second = stream.rfind(b"PK\x01\x02")
    struct.pack_into("<I", stream, second + 42, 0)
    with pytest.raises(UnreadableDocument, match="far more"):
        archive.opened(io.BytesIO(stream))


def test_a_giant_directory_is_refused_before_it_is_read() -> None:
    stream = bytearray(zipped({"a": b"words"}).getvalue())
    struct.pack_into("<H", stream, len(stream) - 22 + 10, 30_000)
    with pytest.raises(UnreadableDocument, match="far more"):
        archive.opened(io.BytesIO(stream))


def test_encrypted_parts_are_told() -> None:
    stream = bytearray(zipped({"a": b"words"}).getvalue())
    struct.pack_into("<H", stream, stream.find(b"PK\x01\x02") + 8, 1)
    with pytest.raises(UnreadableDocument, match="password"):
        archive.opened(io.BytesIO(stream))


@pytest.mark.parametrize("share", range(1, 10))
def test_a_cut_archive_is_told(share: int) -> None:
    whole = zipped({"a": b"words", "b": LARGE}).getvalue()
    with pytest.raises(UnreadableDocument, match="damaged"):
        archive.opened(io.BytesIO(whole[: len(whole) * share // 10]))


def test_a_missing_part_is_damage() -> None:
    with archive.opened(zipped({"a": b"words"})) as file, pytest.raises(UnreadableDocument, match="damaged"):
        archive.read(file, "b")


def test_office_files_count_their_text_parts() -> None:
    archive.allow(5)
    office = zipped({"word/document.xml": LARGE, "word/media/picture.png": b"0"})
    archive.check_archive(office)
    with pytest.raises(UnreadableDocument, match="far more"):
        archive.check_archive(office)

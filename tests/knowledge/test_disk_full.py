"""On a full disk uploads are refused plainly, nothing acknowledged is lost, and work goes on once there is room."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from small_library import EDITOR, Library, opening
from waiting import WAIT_SECONDS, until

from assistant import faults
from assistant.domain import DocumentStatus
from assistant.errors import DiskFull
from assistant.knowledge.service import KnowledgeBase
from assistant.library import Facts
from assistant.providers.minilm import MiniLM
from assistant.settings import load
from assistant.storage.blobs import RESERVED_BYTES

DISK_BYTES = 64 << 20
RULES = "\n\n".join(f"# Rule {n}\n\nStaff in room {n} answer within {n + 2} days." for n in range(60)).encode()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own, small enough to be filled."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(place)]
    try:
        done = subprocess.run(command, capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no mount command here")
    if done.returncode:
        pytest.skip("mounting a small disk is not allowed here")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


@pytest.fixture
def library(small_disk: Path, embedder: MiniLM) -> Iterator[Library]:
    """A library on the small disk; the embedding model's files, which are larger, stand elsewhere."""
    data_dir = small_disk / "data"
    data_dir.mkdir()
    (data_dir / "cache").symlink_to(embedder._cache_dir)
    library = Library(load(data_dir=data_dir, _env_file=None), embedder)
    yield library
    library.database.close()


@contextmanager
def _filled(disk: Path, leaving: int) -> Iterator[None]:
    """Fill the disk up to some bytes for as long as the block lasts."""
    filler = disk / "filler"
    free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
    with filler.open("wb") as file, suppress(OSError):
        os.posix_fallocate(file.fileno(), 0, max(1, free - leaving))
    try:
        yield
    finally:
        filler.unlink()


def _owner(library: Library) -> KnowledgeBase:
    return KnowledgeBase(
        database=library.database, settings=library.settings, embedder=library.embedder, own_index=True, serves=False
    )


def test_an_upload_without_room_is_refused_and_taken_once_there_is(library: Library, small_disk: Path) -> None:
    with opening(library) as opened:
        knowledge = opened(own_index=False)
        kept = library.put("Kept.md", ["Staff in room 1 answer within 3 days."])
        with _filled(small_disk, leaving=RESERVED_BYTES):
            with pytest.raises(DiskFull, match="The disk is full"):
                knowledge.upload(EDITOR, "New.md", RULES)
            with pytest.raises(DiskFull, match="The disk is full"):
                knowledge.begin_upload(EDITOR, "New.md", "general", len(RULES))
            assert [one.name for one in knowledge.documents(EDITOR)] == ["Kept.md"]
            assert knowledge.search(EDITOR, "room 1")[0].document_id == kept
        assert knowledge.upload(EDITOR, "New.md", RULES).version == 1
        assert list((library.settings.data_dir / "originals" / "incoming").iterdir()) == []


def test_reading_stops_on_a_full_disk_and_goes_on_by_itself(
    library: Library, small_disk: Path, caplog: pytest.LogCaptureFixture
) -> None:
    knowledge = _owner(library)
    document_id = knowledge.upload(EDITOR, "Rules.md", RULES).document_id
    try:
        with _filled(small_disk, leaving=0), caplog.at_level("WARNING"):
            knowledge.start()
            until(lambda: "the disk is full" in caplog.text)
            assert not knowledge.document(EDITOR, document_id).status.is_final
        document = knowledge.wait_until_done([document_id], WAIT_SECONDS)[0]
        assert (document.status, document.error) == (DocumentStatus.READY, None)
        assert knowledge.search(EDITOR, "room 7")[0].document_id == document_id
    finally:
        knowledge.close()


@pytest.mark.parametrize(
    ("point", "time"), [("received", 1), ("fsynced", 1), ("placed", 1), ("committing", 1), ("committing", 2)]
)
def test_a_disk_that_fills_up_in_the_middle_leaves_nothing(library: Library, point: str, time: int) -> None:
    with opening(library) as opened:
        knowledge = opened(own_index=False)
        with faults.injected(point, time, faults.disk_full), pytest.raises(DiskFull, match="The disk is full"):
            knowledge.upload(EDITOR, "New.md", RULES)
        assert knowledge.documents(EDITOR) == []
        assert list((library.settings.data_dir / "originals").glob("incoming/*")) == []
        assert knowledge.upload(EDITOR, "New.md", RULES).version == 1


def test_searches_go_on_where_there_is_no_room_to_count_them(library: Library) -> None:
    document = library.put("Kept.md", ["Staff in room 1 answer within 3 days."])
    with opening(library) as opened:
        knowledge = opened(own_index=False)
        with faults.injected("committing", 1, faults.disk_full):
            assert knowledge.search(EDITOR, "room 1")[0].document_id == document


def test_changes_without_room_are_refused_plainly_and_done_once_there_is(library: Library, small_disk: Path) -> None:
    with opening(library) as opened:
        knowledge = opened(own_index=False)
        document = library.put("Kept.md", ["Staff in room 1 answer within 3 days."])
        with _filled(small_disk, leaving=0):
            for change in (
                lambda: knowledge.delete(EDITOR, document),
                lambda: knowledge.library.set_facts(EDITOR, document, Facts(title="Rooms"), 0),
                lambda: knowledge.add_space(EDITOR, "Rooms"),
            ):
                with pytest.raises(DiskFull, match="nothing was changed"):
                    change()
        assert [found.id for found in knowledge.documents(EDITOR)] == [document]
        knowledge.delete(EDITOR, document)
        assert knowledge.documents(EDITOR) == []

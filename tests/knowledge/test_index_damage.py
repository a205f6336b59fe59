"""What can befall the index's folder, at a start and while it serves: it is said, and the same is found throughout."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from small_library import EDITOR, Library, Opener, opening
from waiting import until

from assistant.knowledge import index_keeper
from assistant.knowledge.service import KnowledgeBase
from assistant.library import IndexHealth
from assistant.storage.people import LOCAL

TEXTS = [f"Paragraph {n} speaks about topic {n % 7} in room {n * 31 % 101} on floor {n % 5}." for n in range(120)]
QUERY = "topic 3 in room 62"
COLLECTION = "kb.general.all-MiniLM-L6-v2.1"
ADD_FOREIGN_VECTORS = """
import sys
import chromadb, numpy
from chromadb.config import Settings
client = chromadb.PersistentClient(sys.argv[1], settings=Settings(anonymized_telemetry=False, _env_file=None))
vectors = numpy.random.default_rng(1).standard_normal((50, 384)).astype(numpy.float32)
collection = client.get_collection(sys.argv[2], embedding_function=None)
collection.add(ids=[f"stranger:{n}" for n in range(50)], embeddings=vectors)
"""


def _remove_folder(folder: Path) -> None:
    shutil.rmtree(folder)


def _remove_vectors(folder: Path) -> None:
    for path in (path for path in folder.iterdir() if path.is_dir()):
        shutil.rmtree(path)


def _scramble_vectors(folder: Path) -> None:
    for path in folder.glob("*/*.bin"):
        path.write_bytes(b"\xff" * path.stat().st_size)


def _empty_vectors(folder: Path) -> None:
    for path in folder.glob("*/*.bin"):
        path.write_bytes(b"")


def _remove_database(folder: Path) -> None:
    (folder / "chroma.sqlite3").unlink()


def _let_a_stranger_write(folder: Path) -> None:
    subprocess.run([sys.executable, "-c", ADD_FOREIGN_VECTORS, str(folder), COLLECTION], check=True)


DAMAGES = [
    _remove_folder,
    _remove_vectors,
    _scramble_vectors,
    _empty_vectors,
    _remove_database,
    _let_a_stranger_write,
]


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_keeper, "DAMAGE_PAUSE_SECONDS", 0.1)


@pytest.fixture
def open_owner(library: Library) -> Iterator[Opener]:
    """Open knowledge bases that own the index of 120 passages."""
    library.put("Long.txt", TEXTS)
    with opening(library) as opener:
        yield opener


def _is_whole(knowledge: KnowledgeBase) -> bool:
    """Whether the index serves and holds every passage, and nothing else."""
    own = knowledge._own
    assert own is not None
    collection = own.indexer.collection_of("general")
    is_well = knowledge.index_health(LOCAL).state == "well"
    return is_well and collection is not None and own.index.count(collection) == len(TEXTS)


def _found(knowledge: KnowledgeBase) -> list[str]:
    return [passage.chunk_id for passage in knowledge.search(EDITOR, QUERY)]


def _told(knowledge: KnowledgeBase) -> IndexHealth:
    """Wait until the index says that something is wrong with it; return what it says."""
    until(lambda: knowledge.index_health(LOCAL).state != "well")
    return knowledge.index_health(LOCAL)


@pytest.mark.parametrize(
    "damage",
    [
        one if one in (_scramble_vectors, _remove_database) else pytest.param(one, marks=pytest.mark.nightly)
        for one in DAMAGES
    ],
)
def test_damage_between_two_runs_is_repaired_and_the_same_is_found_meanwhile(
    library: Library, open_owner: Opener, damage: Callable[[Path], None]
) -> None:
    first = open_owner()
    until(lambda: _is_whole(first))
    before = _found(first)
    first.close()
    damage(library.settings.data_dir / "chroma")
    second = open_owner()
    assert _found(second) == before
    until(lambda: _is_whole(second))
    assert _found(second) == before


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_while_it_serves_is_told_and_repaired_and_the_same_is_found_throughout(
    library: Library, open_owner: Opener, damage: Callable[[Path], None]
) -> None:
    knowledge = open_owner()
    until(lambda: _is_whole(knowledge))
    before = _found(knowledge)
    damage(library.settings.data_dir / "chroma")
    assert _found(knowledge) == before
    assert "Searches work meanwhile" in _told(knowledge).sentence
    assert _found(knowledge) == before
    until(lambda: _is_whole(knowledge))
    assert _found(knowledge) == before


def test_a_folder_that_ends_the_process_that_opens_it_ends_a_child_and_never_the_owner(
    library: Library, open_owner: Opener
) -> None:
    open_owner().close()
    knowledge = open_owner()
    until(lambda: _is_whole(knowledge))
    knowledge.close()
    (library.settings.data_dir / "chroma.opening").touch()
    after = open_owner()
    until(lambda: _is_whole(after))
    assert not (library.settings.data_dir / "chroma.opening").exists()


def test_a_loss_that_no_file_shows_is_found_by_the_timed_check(library: Library) -> None:
    library.put("Long.txt", TEXTS)
    library.settings = library.settings.model_copy(update={"index_check_seconds": 1.0})
    with opening(library) as open_owner:
        knowledge = open_owner()
        until(lambda: _is_whole(knowledge))
        before = _found(knowledge)
        own = knowledge._own
        assert own is not None
        ids = sorted(own.index.ids(COLLECTION))
        own.index.remove(COLLECTION, ids[:40])
        until(lambda: own.indexer.collection_of("general") not in (None, COLLECTION))
        until(lambda: _is_whole(knowledge))
        assert _found(knowledge) == before


def test_an_index_that_was_closed_in_order_serves_again_as_it_was(open_owner: Opener) -> None:
    first = open_owner()
    until(lambda: _is_whole(first))
    first.close()
    second = open_owner()
    until(lambda: _is_whole(second))
    own = second._own
    assert own is not None
    assert own.indexer.collection_of("general") == COLLECTION
    assert second.index_health(LOCAL).checked_at is not None
    second.close()
    other = open_owner(own_index=False)
    assert (other.index_health(LOCAL).state, other.index_health(LOCAL).sentence) == ("well", "")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk to fill")
def test_a_full_disk_is_told_and_the_index_goes_on_once_there_is_room(library: Library, small_disk: Path) -> None:
    ballast = small_disk / "ballast"
    with opening(library) as open_owner:
        library.put("Long.txt", TEXTS)
        knowledge = open_owner()
        until(lambda: _is_whole(knowledge))
        _fill(ballast)
        added = library.embed("More.txt", [f"Extra paragraph {n} about something else." for n in range(600)])
        health = _told(knowledge)
        assert health.state == "disk_full"
        assert "until room is made" in health.sentence
        until(lambda: knowledge.document(EDITOR, added).live_version == 1)
        before = _found(knowledge)
        ballast.unlink()
        own = knowledge._own
        assert own is not None
        until(lambda: own.indexer.collection_of("general") is not None)
        until(lambda: knowledge.index_health(LOCAL).state == "well")
        assert own.index.count(own.indexer.collection_of("general") or "") == len(TEXTS) + 600
        assert _found(knowledge) == before


@pytest.fixture
def small_disk(library: Library, tmp_path: Path) -> Iterator[Path]:
    """A disk of 8 MB that the index stands on; the database stands on another one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(disk)], check=True)
    (disk / "chroma").mkdir()
    (library.settings.data_dir / "chroma").symlink_to(disk / "chroma")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


def _fill(ballast: Path) -> None:
    with ballast.open("wb", buffering=0) as stream:
        try:
            while stream.write(b"\0" * 65_536):
                pass
        except OSError:
            return

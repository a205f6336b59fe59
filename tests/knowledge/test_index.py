"""The vector index follows SQL, agrees with exact search, and is built anew when it is damaged."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from small_library import EDITOR, Library, Opener, opening
from waiting import WAIT_SECONDS, until

from assistant.domain import Person
from assistant.errors import FolderInUse
from assistant.knowledge import index_builds, index_keeper
from assistant.knowledge.exact import ExactSearches
from assistant.knowledge.index import IndexDamaged, VectorIndex
from assistant.knowledge.indexer import Indexer
from assistant.knowledge.service import KnowledgeBase
from assistant.knowledge.worker_process import WorkerThread
from assistant.storage import generations
from assistant.storage.blobs import Blobs
from assistant.storage.people import LOCAL
from assistant.storage.rows import EMBEDDED

TEXTS = [f"Paragraph {n} speaks about topic {n % 7} in room {n * 31 % 101} on floor {n % 5}." for n in range(120)]


@pytest.fixture
def open_owner(library: Library) -> Iterator[Opener]:
    """Open knowledge bases that own the index; the test may close them before the end."""
    with opening(library) as opener:
        yield opener


def _indexed(knowledge: KnowledgeBase, library: Library) -> bool:
    """True once the index serves and nothing waits."""
    own = knowledge._own
    assert own is not None
    return own.indexer.collection_of("general") is not None and not library.vectors.has_work()


def _count(knowledge: KnowledgeBase) -> int:
    own = knowledge._own
    assert own is not None
    collection = own.indexer.collection_of("general")
    assert collection is not None
    return own.index.count(collection)


def test_embedded_version_goes_live_through_the_index(library: Library, open_owner: Opener, editor: Person) -> None:
    knowledge = open_owner()
    document_id = library.embed("Long.txt", TEXTS)
    document = knowledge.wait_until_done([document_id], WAIT_SECONDS)[0]
    assert (document.status, document.live_version, document.chunks) == ("ready", 1, len(TEXTS))
    until(lambda: _indexed(knowledge, library))
    assert _count(knowledge) == len(TEXTS)
    assert knowledge.search(editor, TEXTS[17])[0].text == TEXTS[17]


def test_a_long_version_that_is_being_added_does_not_hold_up_a_short_one(
    library: Library, open_owner: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index_keeper, "SLICE", 10)
    first = library.embed("First.txt", TEXTS[:1])
    knowledge = open_owner()
    until(lambda: _indexed(knowledge, library))
    knowledge.close()
    ids = library.embed("Long.txt", TEXTS), library.embed("Short.txt", TEXTS[:3])
    knowledge = open_owner()
    documents = knowledge.wait_until_done([first, *ids], WAIT_SECONDS)
    assert [document.status for document in documents] == ["ready"] * 3
    long, short = (knowledge.library.versions(EDITOR, id_)[0].ready_at for id_ in ids)
    assert long is not None
    assert short is not None
    assert short < long
    assert _count(knowledge) == 1 + len(TEXTS) + 3


def test_index_and_exact_search_find_the_same_ten(library: Library, open_owner: Opener) -> None:
    library.put("Long.txt", TEXTS)
    knowledge = open_owner()
    until(lambda: _indexed(knowledge, library))
    own = knowledge._own
    assert own is not None
    collection = own.indexer.collection_of("general")
    assert collection is not None
    queries = library.embedder.embed([f"topic {n} in room {n * 7}" for n in range(8)])
    exact = knowledge._exact.of(EMBEDDED).nearest(["general"], queries, 10)
    for hits, rows in zip(own.index.nearest(collection, queries, 10), exact, strict=True):
        assert {int(hit.chunk_id.rsplit(":")[-1]) + 1 for hit in hits} == {row for row, _ in rows}
        assert [hit.similarity for hit in hits] == pytest.approx([cosine for _, cosine in rows], abs=1e-3)


def test_replaced_and_deleted_vectors_leave_the_index(library: Library, open_owner: Opener, editor: Person) -> None:
    knowledge = open_owner()
    document_id = library.embed("Long.txt", TEXTS)
    until(lambda: _indexed(knowledge, library))
    library.embed("Long.txt", TEXTS[:50])
    until(lambda: knowledge.document(editor, document_id).live_version == 2 and _indexed(knowledge, library))
    assert _count(knowledge) == 50
    assert knowledge.document_text(editor, document_id, 1)[0] == "\n".join(TEXTS)
    knowledge.delete(editor, document_id)
    assert knowledge.search(editor, TEXTS[3]) == []
    until(lambda: not library.vectors.has_work())
    assert _count(knowledge) == 0


def test_second_owner_is_refused_with_a_sentence(open_owner: Opener) -> None:
    knowledge = open_owner()
    with pytest.raises(FolderInUse, match="already uses the data folder"):
        open_owner()
    knowledge.close()
    open_owner()


def test_reindex_builds_a_new_collection_and_drops_the_old(library: Library, open_owner: Opener) -> None:
    library.put("Long.txt", TEXTS)
    knowledge = open_owner()
    until(lambda: _indexed(knowledge, library))
    own = knowledge._own
    assert own is not None
    old = own.indexer.collection_of("general")
    assert knowledge.reindex(LOCAL) == 1
    until(lambda: own.indexer.collection_of("general") != old and not library.vectors.has_work())
    until(lambda: own.index.names() == {own.indexer.collection_of("general")})
    assert _count(knowledge) == len(TEXTS)


def test_trouble_with_the_database_leaves_a_sound_index_alone(library: Library, open_owner: Opener) -> None:
    library.put("Long.txt", TEXTS)
    knowledge = open_owner()
    until(lambda: _indexed(knowledge, library))
    own = knowledge._own
    assert own is not None
    collection = own.indexer.collection_of("general")
    _run_sql(
        library,
        "CREATE TRIGGER trouble BEFORE UPDATE ON document_versions WHEN NEW.status = 'ready' "
        "BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END",
    )
    document_id = library.embed("New.txt", TEXTS[:3])
    until(lambda: _count(knowledge) == len(TEXTS) + 3)
    _run_sql(library, "DROP TRIGGER trouble")
    assert knowledge.wait_until_done([document_id], WAIT_SECONDS)[0].status == "ready"
    assert own.indexer.collection_of("general") == collection
    assert _count(knowledge) == len(TEXTS) + 3


def _run_sql(library: Library, statement: str) -> None:
    with library.database.write() as session:
        session.connection().exec_driver_sql(statement)


def test_new_documents_go_live_while_the_index_is_being_built(
    library: Library, editor: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index_builds, "BUILDING_BATCH", 10)
    library.put("Long.txt", TEXTS)
    # Not started: the steps of its thread are taken here, one by one.
    knowledge = KnowledgeBase(
        database=library.database, settings=library.settings, embedder=library.embedder, own_index=True
    )
    own = knowledge._own
    assert own is not None
    own.indexer._step()
    document_id = library.embed("New.txt", ["The cellar is flooded each spring."])
    own.indexer._step()
    health = knowledge.index_health(LOCAL)
    assert (health.state, health.total) == ("rebuilding", len(TEXTS) + 1)
    assert 0 < health.done < len(TEXTS)
    assert f"{health.done} of {len(TEXTS) + 1} passages" in health.sentence
    assert knowledge.document(editor, document_id).live_version == 1
    assert knowledge.search(editor, "flooded cellar")[0].text == "The cellar is flooded each spring."
    knowledge.delete(editor, next(one.id for one in knowledge.documents(editor) if one.name == "Long.txt"))
    while knowledge.index_health(LOCAL).state == "rebuilding":
        own.indexer._step()
    assert _count(knowledge) == 1
    knowledge.close()


def test_a_collection_that_lost_more_than_it_holds_is_built_anew(
    library: Library, open_owner: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generations, "HOLES_ALWAYS_ALLOWED", 100)
    knowledge = open_owner()
    library.embed("Long.txt", TEXTS)
    until(lambda: _indexed(knowledge, library))
    own = knowledge._own
    assert own is not None
    first, size = own.indexer.collection_of("general"), _size(own.index.folder)
    for n in range(1, 8):
        document_id = library.embed("Long.txt", [*TEXTS[n:], *(f"Added {m} at the end." for m in range(n))])
        knowledge.wait_until_done([document_id], WAIT_SECONDS)
        until(lambda: _indexed(knowledge, library))
    assert _count(knowledge) == len(TEXTS)
    assert own.indexer.collection_of("general") != first
    assert len([path for path in own.index.folder.iterdir() if path.is_dir()]) == 1
    assert _size(own.index.folder) <= 2 * size


def _size(folder: Path) -> int:
    """Bytes of the vectors' files, in which what is removed keeps its place."""
    return sum(path.stat().st_size for path in folder.rglob("*.bin"))


def test_what_changed_while_the_index_was_put_away_is_in_it_when_it_serves_again(
    library: Library, open_owner: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    knowledge = open_owner()
    document_id = library.embed("Long.txt", TEXTS)
    until(lambda: _indexed(knowledge, library))
    monkeypatch.setattr(index_keeper, "DAMAGE_PAUSE_SECONDS", 3_600.0)
    own = knowledge._own
    assert own is not None
    own.indexer.damaged()
    until(lambda: knowledge.index_health(LOCAL).state == "damaged")
    library.embed("Long.txt", [f"{text} Mended." for text in TEXTS])
    until(lambda: library.documents.get(document_id, LOCAL).live_version == 2 and not library.vectors.removals())
    knowledge.close()
    again = open_owner()
    until(lambda: _indexed(again, library))
    assert again._own is not None
    assert again._own.index.holding([f"{document_id}:2:{n}" for n in range(len(TEXTS))]) == len(TEXTS)
    assert again._own.index.holding([f"{document_id}:1:{n}" for n in range(len(TEXTS))]) == 0


def test_added_vectors_replace_what_a_killed_start_left(tmp_path: Path) -> None:
    index = VectorIndex(tmp_path / "chroma")
    index.open()
    index.create("kb.general.model.1")
    vectors = np.eye(4, 8, dtype=np.float32)
    ids = [f"d:1:{n}" for n in range(4)]
    index.add("kb.general.model.1", ids[:2], vectors[2:], serving=True)
    index.add("kb.general.model.1", ids, vectors, serving=True)
    assert index.count("kb.general.model.1") == 4
    assert [hits[0].chunk_id for hits in index.nearest("kb.general.model.1", vectors, 1)] == ids
    index.remove("kb.general.model.1", [*ids[:3], "d:1:99"])
    assert index.count("kb.general.model.1") == 1
    index.close()


def test_files_of_a_dropped_collection_go(tmp_path: Path) -> None:
    index = VectorIndex(tmp_path / "chroma")
    index.open()
    for name in ("kb.general.model.1", "kb.general.model.2"):
        index.create(name)
        index.add(name, ["d:1:0"], np.eye(1, 8, dtype=np.float32), serving=False)
    index.drop("kb.general.model.1")
    assert len([path for path in index.folder.iterdir() if path.is_dir()]) == 1
    assert index.holding(["d:1:0", "d:1:1"]) == 1
    index.close()


def test_collection_that_could_run_code_is_refused(tmp_path: Path) -> None:
    import chromadb
    from chromadb.config import Settings as ChromaSettings

    settings = ChromaSettings(anonymized_telemetry=False, _env_file=None)  # type: ignore[call-arg]
    client = chromadb.PersistentClient(str(tmp_path / "chroma"), settings=settings)
    client.create_collection("kb.general.model.1")
    client.close()  # type: ignore[attr-defined]
    index = VectorIndex(tmp_path / "chroma")
    with pytest.raises(IndexDamaged, match="embedding function"):
        index.open()
    index.close()


class Asleep(WorkerThread):
    """A worker that leaves what is due undone."""

    def ensure_running(self) -> None:
        """Stay asleep."""


@contextmanager
def patient(library: Library) -> Iterator[tuple[Indexer, VectorIndex]]:
    """An indexer as a command that only ingests has it, whose worker has not done yet."""
    folder = library.settings.data_dir
    index, exact = VectorIndex(folder / "chroma"), ExactSearches(library.vectors)
    asleep = Asleep(library.settings)
    indexer = Indexer(library.database, index, exact, Blobs(folder), asleep, patience=0.1)
    indexer.start()
    try:
        yield indexer, index
    finally:
        indexer.close()


def test_much_is_found_before_the_worker_is_done_and_indexed_after_it(library: Library) -> None:
    _, due = library.accept("Late.txt", TEXTS[:2])
    with patient(library) as (indexer, index):
        for number in range(3):
            library.embed(f"Soon {number}.txt", TEXTS[number * 10 : number * 10 + 10])
        until(lambda: not library.vectors.waiting())
        found = (
            ExactSearches(library.vectors).of(EMBEDDED).nearest(["general"], library.embedder.embed(TEXTS[17:18]), 1)
        )
        assert found[0][0][1] == pytest.approx(1, abs=1e-3)
        assert not index.folder.exists()
        library.store.claim(due)
        library.store.fail(due, "It was not read.")
        until(lambda: indexer.collection_of("general") and library.vectors.is_settled())
        assert index.count(indexer.collection_of("general") or "") == 30


def test_little_beside_a_large_library_is_added_while_the_worker_is_at_it(library: Library, open_owner: Opener) -> None:
    library.put("Long.txt", TEXTS)
    knowledge = open_owner()
    until(lambda: _indexed(knowledge, library))
    knowledge.close()
    library.accept("Late.txt", TEXTS[:2])
    with patient(library) as (indexer, index):
        library.embed("Soon.txt", TEXTS[:3])
        until(lambda: not library.vectors.waiting())
        assert index.count(indexer.collection_of("general") or "") == len(TEXTS) + 3

"""Documents are cut anew beside what searches see: all of them take its place at once, or nothing changes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from changing_embedder import changed
from embeddings_server import EmbeddingsServer
from small_library import EDITOR, STAFF, Library, Opener, no_worker, opening
from sqlalchemy import text
from waiting import WAIT_SECONDS, until

from assistant.cli import reindexing
from assistant.domain import DocumentStatus
from assistant.errors import AssistantError, Conflict, NotAllowed, NotFound
from assistant.knowledge.exact import decode, encode
from assistant.knowledge.service import KnowledgeBase
from assistant.library import Run
from assistant.storage import ingestion
from assistant.storage.ingestion import Job
from assistant.storage.rows import EMBEDDED

LEAVE = ["Everyone has thirty days of leave.", "Leave is asked for in the portal."]
CANTEEN = ["The canteen opens at eleven.", "Soup is free on Fridays."]


@pytest.fixture
def _no_worker(library: Library) -> Iterator[None]:
    """Keep workers away: the tests do their work themselves."""
    with no_worker(library.settings.data_dir):
        yield


@pytest.fixture
def knowledge(library: Library, _no_worker: None) -> Iterator[KnowledgeBase]:
    """Two searchable documents."""
    library.put("Leave.txt", LEAVE)
    library.put("Canteen.txt", CANTEEN)
    with opening(library) as opener:
        knowledge = opener()
        until(lambda: _is_indexed(knowledge, library))
        yield knowledge


def _is_indexed(knowledge: KnowledgeBase, library: Library) -> bool:
    own = knowledge._own
    assert own is not None
    return own.indexer.collection_of("general") is not None and not library.vectors.has_work()


def _collections(knowledge: KnowledgeBase) -> set[str]:
    own = knowledge._own
    assert own is not None
    return own.index.names()


def _best(knowledge: KnowledgeBase, query: str) -> tuple[str, int]:
    found = knowledge.search(STAFF, query)[0]
    return found.text, found.version


def _read_anew(library: Library, job: Job, pages: Sequence[str]) -> None:
    """Do a worker's work on a hidden version, with other chunks than before."""
    claim = library.store.claim(job)
    library.read(job, claim.name, pages)
    some = library.store.unembedded(job.version_id, 1_000)
    vectors = encode(library.embedder.embed([one.text for one in some])) if some else []
    if some:
        library.store.store_vectors(job, {one.id: blob for one, blob in zip(some, vectors, strict=True)})
    library.store.finish(job)


def _leftovers(library: Library) -> tuple[int, int]:
    """How many hidden versions there are, and how many chunks that no search can see."""
    hidden = "SELECT count(*) FROM document_versions WHERE run_id IS NOT NULL"
    unseen = "SELECT count(*) FROM chunks WHERE version_id NOT IN (SELECT live_version_id FROM documents)"
    with library.database.read() as session:
        return session.execute(text(hidden)).scalar_one(), session.execute(text(unseen)).scalar_one()


def _ended(knowledge: KnowledgeBase, run: Run) -> Run:
    until(lambda: knowledge.rebuilds.get(EDITOR, run.id).state != "running")
    return knowledge.rebuilds.get(EDITOR, run.id)


def test_new_chunks_are_hidden_until_all_are_there_and_then_switched_at_once(
    knowledge: KnowledgeBase, library: Library
) -> None:
    old = _collections(knowledge)
    run = knowledge.rebuilds.rechunk(EDITOR)
    assert (run.kind, run.state, run.done, run.total) == ("chunking", "running", 0, 2)
    first, second = library.store.due()
    _read_anew(library, first, [" ".join(LEAVE)])
    assert knowledge.rebuilds.running(EDITOR)[0].done == 1
    assert _best(knowledge, "days of leave") == (LEAVE[0], 1)
    assert [(one.status, one.version) for one in knowledge.documents(EDITOR)] == [(DocumentStatus.READY, 1)] * 2
    _read_anew(library, second, [" ".join(CANTEEN)])
    ended = _ended(knowledge, run)
    assert (ended.state, ended.done, ended.error) == ("done", 2, None)
    assert _best(knowledge, "days of leave") == (" ".join(LEAVE), 2)
    assert _best(knowledge, "free soup") == (" ".join(CANTEEN), 2)
    until(lambda: _leftovers(library) == (0, 0))
    until(lambda: len(_collections(knowledge)) == 1 and not _collections(knowledge) & old)


def test_a_cancelled_rebuild_leaves_nothing(knowledge: KnowledgeBase, library: Library) -> None:
    before = _collections(knowledge)
    run = knowledge.rebuilds.rechunk(EDITOR)
    first, second = library.store.due()
    _read_anew(library, first, [" ".join(LEAVE)])
    library.store.claim(second)
    assert knowledge.rebuilds.cancel(EDITOR, run.id).state == "cancelled"
    with pytest.raises(ingestion.LostClaim):
        library.read(second, "Canteen.txt", CANTEEN)
    until(lambda: _leftovers(library) == (0, 0))
    assert _best(knowledge, "days of leave") == (LEAVE[0], 1)
    assert _collections(knowledge) == before
    assert knowledge.rebuilds.cancel(EDITOR, run.id).state == "cancelled"
    assert knowledge.rebuilds.running(EDITOR) == []


def test_a_rebuild_of_which_nothing_can_be_read_is_rolled_back_and_says_why(
    knowledge: KnowledgeBase, library: Library
) -> None:
    run = knowledge.rebuilds.rechunk(EDITOR)
    for job in library.store.due():
        library.store.claim(job)
        library.store.fail(job, "The original is missing.")
    ended = _ended(knowledge, run)
    assert ended.state == "failed"
    assert ended.error is not None
    assert "Leave.txt: The original is missing." in ended.error
    until(lambda: _leftovers(library) == (0, 0))
    assert _best(knowledge, "days of leave") == (LEAVE[0], 1)


def test_a_document_that_cannot_be_read_anew_keeps_what_it_had(knowledge: KnowledgeBase, library: Library) -> None:
    run = knowledge.rebuilds.rechunk(EDITOR)
    first, second = library.store.due()
    _read_anew(library, first, [" ".join(LEAVE)])
    library.store.claim(second)
    library.store.fail(second, "The original is missing.")
    ended = _ended(knowledge, run)
    assert (ended.state, ended.error) == (
        "done",
        "Could not be read anew and stay as they were: 1 of the documents. Canteen.txt: The original is missing.",
    )
    assert _best(knowledge, "days of leave") == (" ".join(LEAVE), 2)
    assert _best(knowledge, "free soup") == (CANTEEN[1], 1)
    until(lambda: _leftovers(library) == (0, 0))


def test_a_version_uploaded_meanwhile_is_not_replaced_by_the_older_one_read_anew(
    knowledge: KnowledgeBase, library: Library
) -> None:
    run = knowledge.rebuilds.rechunk(EDITOR)
    first, second = library.store.due()
    document_id, _ = library.accept("Leave.txt", ["Everyone has forty days of leave."])
    newer = next(job for job in library.store.due() if job not in (first, second))
    _read_anew(library, newer, ["Everyone has forty days of leave."])
    until(lambda: knowledge.document(EDITOR, document_id).live_version == 3)
    _read_anew(library, first, [" ".join(LEAVE)])
    _read_anew(library, second, [" ".join(CANTEEN)])
    assert _ended(knowledge, run).state == "done"
    assert _best(knowledge, "days of leave") == ("Everyone has forty days of leave.", 3)
    assert _best(knowledge, "free soup") == (" ".join(CANTEEN), 2)
    until(lambda: _leftovers(library) == (0, 0))


def test_a_rebuild_that_waits_for_a_server_says_so_and_no_command_waits_with_it_for_ever(
    served: Library, server: EmbeddingsServer, open_served: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reindexing, "HELD_UP_SECONDS", 0.5)
    with no_worker(served.settings.data_dir):
        served.put("Leave.txt", LEAVE)
        knowledge = changed(open_served())
        server.go_away()
        run = knowledge.rebuilds.rechunk(EDITOR)
        (job,) = served.store.due()
        _read_anew(served, job, [" ".join(LEAVE)])
        with pytest.raises(AssistantError, match=r"cannot be reached.* Until then the documents stay as they were\."):
            reindexing.until_ended(knowledge.rebuilds, EDITOR, run)
        assert _best(knowledge, "days of leave") == (LEAVE[0], 1)
        server.come_back()
        assert reindexing.until_ended(knowledge.rebuilds, EDITOR, run).state == "done"
        assert _best(knowledge, "days of leave") == (" ".join(LEAVE), 2)


def test_a_document_is_in_one_rebuild_at_a_time(knowledge: KnowledgeBase) -> None:
    run = knowledge.rebuilds.rechunk(EDITOR, [_leave(knowledge)])
    assert (run.kind, run.done, run.total) == ("documents", 0, 1)
    with pytest.raises(Conflict, match="already"):
        knowledge.rebuilds.rechunk(EDITOR)


def _leave(knowledge: KnowledgeBase) -> str:
    return next(one.id for one in knowledge.documents(EDITOR) if one.name == "Leave.txt")


def test_a_chosen_document_takes_its_place_by_itself_in_the_collection_that_serves(
    knowledge: KnowledgeBase, library: Library
) -> None:
    before, document_id = _collections(knowledge), _leave(knowledge)
    run = knowledge.rebuilds.rechunk(EDITOR, [document_id])
    assert _best(knowledge, "days of leave") == (LEAVE[0], 1)
    _read_anew(library, library.store.due()[0], [" ".join(LEAVE)])
    assert _ended(knowledge, run).state == "done"
    assert _best(knowledge, "days of leave") == (" ".join(LEAVE), 2)
    assert _best(knowledge, "free soup") == (CANTEEN[1], 1)
    assert _collections(knowledge) == before
    assert [version.number for version in knowledge.library.versions(EDITOR, document_id)] == [2]
    until(lambda: _leftovers(library) == (0, 0))


def test_a_chosen_document_that_cannot_be_read_stays_as_it_was(knowledge: KnowledgeBase, library: Library) -> None:
    run = knowledge.rebuilds.rechunk(EDITOR, [_leave(knowledge)])
    job = library.store.due()[0]
    library.store.claim(job)
    library.store.fail(job, "The original is missing.")
    ended = _ended(knowledge, run)
    assert ended.state == "failed"
    assert "Leave.txt: The original is missing." in (ended.error or "")
    assert knowledge.document(EDITOR, _leave(knowledge)).status is DocumentStatus.READY
    assert _best(knowledge, "days of leave") == (LEAVE[0], 1)
    until(lambda: _leftovers(library) == (0, 0))


def test_a_rebuild_of_chosen_documents_that_is_called_off_leaves_no_vector(
    knowledge: KnowledgeBase, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = knowledge._own
    assert own is not None
    monkeypatch.setattr(own.indexer._keeper, "add", lambda _job: False)  # it stays half-way in
    run = knowledge.rebuilds.rechunk(EDITOR, [_leave(knowledge)])
    job = library.store.due()[0]
    _read_anew(library, job, [" ".join(LEAVE)])
    collection = own.indexer.collection_of("general")
    assert collection is not None
    stored = library.vectors.stored([job.version_id], EMBEDDED)
    own.index.add(collection, [one.chunk_id for one in stored], decode([one.embedding for one in stored]), serving=True)
    knowledge.rebuilds.cancel(EDITOR, run.id)
    until(lambda: own.index.count(collection) == len(LEAVE) + len(CANTEEN))
    until(lambda: _leftovers(library) == (0, 0))
    assert _best(knowledge, "days of leave") == (LEAVE[0], 1)


def test_who_saw_a_document_before_it_was_read_anew_may_still_replace_it(
    knowledge: KnowledgeBase, library: Library
) -> None:
    document_id = _leave(knowledge)
    run = knowledge.rebuilds.rechunk(EDITOR, [document_id])
    _read_anew(library, library.store.due()[0], LEAVE)
    assert _ended(knowledge, run).state == "done"
    upload = knowledge.upload(EDITOR, "Leave.txt", b"Forty days.", replaces=document_id, expected=1)
    assert upload.version == 3


def test_a_deleted_document_leaves_its_rebuild(knowledge: KnowledgeBase, library: Library) -> None:
    run = knowledge.rebuilds.rechunk(EDITOR)
    first, _ = library.store.due()
    _read_anew(library, first, [" ".join(LEAVE)])
    canteen = next(one.id for one in knowledge.documents(EDITOR) if one.name == "Canteen.txt")
    knowledge.delete(EDITOR, canteen)
    assert _ended(knowledge, run).state == "done"
    assert [passage.text for passage in knowledge.search(STAFF, "free soup")] == [" ".join(LEAVE)]


@pytest.mark.usefixtures("_no_worker")
def test_a_rebuild_goes_on_after_a_restart(library: Library) -> None:
    library.put("Leave.txt", LEAVE)
    with opening(library) as opener:
        first = opener()
        run = first.rebuilds.rechunk(EDITOR)
        first.close()
        _read_anew(library, library.store.due()[0], [" ".join(LEAVE)])
        second = opener()
        assert _ended(second, run).state == "done"
        assert _best(second, "days of leave") == (" ".join(LEAVE), 2)


def test_the_real_worker_cuts_documents_anew(library: Library) -> None:
    with opening(library) as opener:
        knowledge = opener()
        upload = knowledge.upload(EDITOR, "Leave.txt", " ".join(LEAVE).encode())
        knowledge.wait_until_done([upload.document_id], WAIT_SECONDS)
        run = knowledge.rebuilds.rechunk(EDITOR)
        assert _ended(knowledge, run).state == "done"
        assert knowledge.document(EDITOR, upload.document_id).live_version == 2
        assert _best(knowledge, "days of leave")[1] == 2


def test_only_editors_rebuild_and_an_unknown_one_is_told(library: Library, knowledge: KnowledgeBase) -> None:
    for act in (knowledge.rebuilds.rechunk, knowledge.rebuilds.running):
        with pytest.raises(NotAllowed):
            act(STAFF)
    with pytest.raises(NotFound, match="no such rebuild"):
        knowledge.rebuilds.cancel(EDITOR, 7)
    with pytest.raises(NotFound, match="no searchable document"):
        knowledge.rebuilds.rechunk(EDITOR, ["nothing"])
    assert library.vectors.moves() == []

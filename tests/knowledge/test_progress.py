"""People see where a file stands: its place in line, the stage, speed and time left, and what has finished."""

from __future__ import annotations

from datetime import timedelta

import pytest
from small_library import EDITOR, Library, opening

from assistant.domain import DocumentStatus
from assistant.knowledge.progress import FileProgresses
from assistant.knowledge.service import KnowledgeBase
from assistant.library import DocumentQuery, FileProgress
from assistant.storage.database import utc_now

PAGES = [f"Staff in room {n} answer within {n + 2} days." for n in range(6)]


@pytest.fixture
def knowledge(library: Library) -> KnowledgeBase:
    with opening(library) as opened:
        return opened(own_index=False)


def _after(library: Library, seconds: float, document_id: str) -> FileProgress:
    progresses = FileProgresses(library.database, now=lambda: utc_now() + timedelta(seconds=seconds))
    return progresses.of([document_id], EDITOR)[document_id]


def _places(knowledge: KnowledgeBase) -> dict[str, int | None]:
    listed = knowledge.library.page(EDITOR, DocumentQuery()).documents
    return {one.document.id: one.progress.place_in_line for one in listed if one.progress}


def test_waiting_files_have_their_place_in_line(knowledge: KnowledgeBase) -> None:
    ids = [knowledge.upload(EDITOR, f"{n}.md", f"Rule {n}.".encode()).document_id for n in range(3)]
    assert _places(knowledge) == {ids[0]: 1, ids[1]: 2, ids[2]: 3}
    knowledge.cancel(EDITOR, ids[0])
    assert _places(knowledge)[ids[2]] == 2


def test_a_file_that_is_read_tells_pages_speed_and_time_left(library: Library) -> None:
    document_id, job = library.accept("Rules.pdf", PAGES)
    library.store.claim(job)
    library.store.progress(job, 10, 40)
    progress = _after(library, 5.0, document_id)
    assert (progress.stage, progress.done, progress.total, progress.unit) == (DocumentStatus.PARSING, 10, 40, "pages")
    assert progress.per_second == pytest.approx(2.0, rel=0.1)
    assert progress.seconds_left == pytest.approx(15.0, rel=0.1)
    assert progress.place_in_line is None


def test_speed_counts_only_what_this_stage_did(library: Library) -> None:
    document_id, job = library.accept("Rules.pdf", PAGES)
    library.store.claim(job)
    library.read(job, "Rules.pdf", PAGES)
    first = library.store.unembedded(job.version_id, 2)
    library.store.store_vectors(job, {one.id: b"\0\0" for one in first})
    library.store.claim(job)
    assert _after(library, 5.0, document_id).per_second is None
    second = library.store.unembedded(job.version_id, 2)
    library.store.store_vectors(job, {one.id: b"\0\0" for one in second})
    progress = _after(library, 4.0, document_id)
    assert (progress.stage, progress.done, progress.unit) == (DocumentStatus.EMBEDDING, 4, "chunks")
    assert progress.per_second == pytest.approx(0.5, rel=0.1)


def test_recognition_of_pages_is_a_stage_of_its_own(library: Library) -> None:
    document_id, job = library.accept("Scan.pdf", PAGES)
    library.store.claim(job)
    library.store.progress(job, 40, 40)
    library.store.progress(job, 1, 12)
    library.store.progress(job, 3, 12)
    assert _after(library, 4.0, document_id).per_second == pytest.approx(0.5, rel=0.1)


def test_a_clock_that_is_set_back_tells_no_speed(library: Library) -> None:
    document_id, job = library.accept("Rules.pdf", PAGES)
    library.store.claim(job)
    library.store.progress(job, 10, 40)
    progress = _after(library, -3600.0, document_id)
    assert (progress.per_second, progress.seconds_left) == (None, None)


def test_finished_files_are_told_once_and_in_order(knowledge: KnowledgeBase, library: Library) -> None:
    seen = knowledge.finished_seq(EDITOR)
    first = library.put("First.md", PAGES)
    second, job = library.accept("Second.md", PAGES[:1])
    library.store.claim(job)
    library.store.fail(job, "It is damaged.")
    finished = knowledge.finished_since(EDITOR, seen)
    assert [(one.document_id, one.status) for one in finished] == [
        (first, DocumentStatus.READY),
        (second, DocumentStatus.FAILED),
    ]
    assert finished[1].error == "It is damaged."
    assert knowledge.finished_since(EDITOR, finished[-1].seq) == []
    assert knowledge.finished_seq(EDITOR) == finished[-1].seq

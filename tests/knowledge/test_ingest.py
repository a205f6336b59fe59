"""The steps of ingestion end right whatever is run twice, dies, or is no longer wanted."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from small_library import EDITOR, Library
from sqlalchemy import func, select

from assistant import faults
from assistant.domain import Document, DocumentStatus
from assistant.knowledge.ingest import STARTS_ALLOWED, Ingest, Progress
from assistant.knowledge.reading import Reader
from assistant.providers.minilm import MiniLM
from assistant.storage.accepting import NewVersion
from assistant.storage.blobs import Blobs
from assistant.storage.deletions import delete_documents
from assistant.storage.ingestion import Ingestion, Job, LostClaim
from assistant.storage.rows import ChunkRow

RULES = "\n\n".join(f"# Rule {n}\n\nStaff in room {n} answer within {n + 2} days." for n in range(40))


class Desk:
    """Steps over a library, as one worker run has them."""

    def __init__(self, library: Library, executor: ThreadPoolExecutor, worker: str = "one") -> None:
        self.library = library
        self.store = Ingestion(library.database, worker)
        self.blobs = Blobs(library.settings.data_dir)
        reader = Reader(library.settings, library.database, at_once=2)
        parts = self.store, self.blobs, reader, library.embedder, executor
        self.ingest = Ingest(*parts)
        self.hasty = Ingest(*parts, turn_seconds=0.0)

    def upload(self, text: str, name: str = "Rules.md") -> tuple[str, Job]:
        received = self.blobs.receive(io.BytesIO(text.encode()), 1_000_000)
        new = NewVersion("general", name, received.sha256, "text/markdown", received.size, "ann@example.com")
        upload = self.library.accepting.accept(new, lambda: self.blobs.place(received), EDITOR)
        return upload.document_id, self.store.due()[-1]

    def document(self, document_id: str) -> Document:
        return self.library.documents.get(document_id, EDITOR)

    def chunks(self, job: Job) -> tuple[int, int]:
        """Chunk rows of a version, and how many of them have a vector."""
        query = select(func.count(), func.count(ChunkRow.embedding)).where(ChunkRow.version_id == job.version_id)
        with self.library.database.read() as session:
            rows, embedded = session.execute(query).one()
            return rows, embedded


class Counting(MiniLM):
    """The real model, which notes what it was given."""

    def __init__(self, cache_dir: Path) -> None:
        super().__init__(cache_dir)
        self.given: list[str] = []

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.given += texts
        return super().embed(texts)


@pytest.fixture
def executor() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as executor:
        yield executor


@pytest.fixture
def desk(library: Library, executor: ThreadPoolExecutor) -> Desk:
    return Desk(library, executor)


def test_two_steps_bring_a_document_to_the_index(desk: Desk) -> None:
    document_id, job = desk.upload(RULES)
    assert desk.ingest.read(job)
    assert desk.document(document_id).status is DocumentStatus.EMBEDDING
    assert desk.ingest.embed(job)
    rows, embedded = desk.chunks(job)
    assert rows == embedded > 10
    document = desk.document(document_id)
    assert (document.status, document.done, document.total) == (DocumentStatus.INDEXING, rows, rows)


def test_steps_that_run_again_double_nothing(desk: Desk, library: Library, executor: ThreadPoolExecutor) -> None:
    _, job = desk.upload(RULES)
    desk.ingest.read(job)
    before = desk.chunks(job)
    again = Desk(library, executor, worker="two")
    assert again.ingest.read(job)
    assert again.ingest.embed(job)
    assert desk.chunks(job) == (before[0], before[0])
    assert not again.ingest.embed(job)


def test_late_writer_of_an_earlier_worker_is_refused(
    desk: Desk, library: Library, executor: ThreadPoolExecutor
) -> None:
    _, job = desk.upload(RULES)
    desk.ingest.read(job)
    late = desk.store.unembedded(job.version_id, 1)[0]
    Desk(library, executor, worker="two").store.claim(job)
    with pytest.raises(LostClaim):
        desk.store.store_vectors(job, {late.id: b"late"})
    with pytest.raises(LostClaim):
        desk.store.fail(job, "late")


def test_only_the_last_worker_that_began_writes(desk: Desk, library: Library) -> None:
    _, job = desk.upload(RULES)
    earlier = Ingestion.begin(library.database)
    earlier.claim(job)
    later = Ingestion.begin(library.database)
    for write in (lambda: earlier.beat(job), lambda: earlier.claim(job), lambda: earlier.finish(job)):
        with pytest.raises(LostClaim):
            write()
    assert not earlier.is_current()
    assert later.claim(job).starts == 2
    later.beat(job)


def test_work_on_a_deleted_document_is_dropped(desk: Desk, library: Library) -> None:
    document_id, job = desk.upload(RULES)
    desk.ingest.read(job)
    delete_documents(library.database, [document_id], EDITOR)
    assert not desk.ingest.embed(job)
    assert desk.store.due() == []


def test_unreadable_document_says_why_and_may_be_tried_again(desk: Desk, library: Library) -> None:
    document_id, job = desk.upload("%PDF-1.7 but nothing more", "Broken.pdf")
    assert not desk.ingest.read(job)
    document = desk.document(document_id)
    assert document.status is DocumentStatus.FAILED
    assert document.error
    assert document.error.endswith(".")
    library.accepting.retry(document_id, EDITOR)
    assert desk.store.due() == [Job(job.version_id, job.attempt + 1)]
    assert not desk.ingest.read(job)


def test_missing_original_is_told(desk: Desk) -> None:
    document_id, job = desk.upload(RULES)
    desk.blobs.remove(desk.document(document_id).sha256)
    assert not desk.ingest.read(job)
    assert "original of this document is missing" in (desk.document(document_id).error or "")


def test_document_that_ends_worker_after_worker_is_given_up(desk: Desk) -> None:
    document_id, job = desk.upload(RULES)
    for _ in range(STARTS_ALLOWED):
        desk.store.claim(job)
    assert not desk.ingest.read(job)
    assert "given up" in (desk.document(document_id).error or "")


def test_a_long_document_gives_way_to_those_that_were_not_begun_and_goes_on_after_them(desk: Desk) -> None:
    long_id, long = desk.upload(RULES)
    _, short = desk.upload("Lunch is at noon.", "Lunch.md")
    desk.hasty.read(long)
    assert not desk.hasty.embed(long)
    assert not desk.document(long_id).status.is_final
    assert desk.store.due() == [long, short]
    desk.ingest.read(short)
    assert desk.hasty.embed(long)


def test_a_text_that_a_document_says_many_times_is_embedded_once(
    desk: Desk, library: Library, executor: ThreadPoolExecutor
) -> None:
    text = "\n\n".join(["# Rule\n\nStaff answer within two days."] * 30)
    _, job = desk.upload(text)
    desk.ingest.read(job)
    counting = Counting(library.embedder._cache_dir)
    reader = Reader(library.settings, library.database, at_once=1)
    Ingest(desk.store, desk.blobs, reader, counting, executor).embed(job)
    assert desk.chunks(job) == (30, 30)
    assert len(counting.given) < 10


def test_equal_chunks_of_the_version_before_keep_their_vectors(desk: Desk, library: Library) -> None:
    _, first = desk.upload(RULES)
    desk.ingest.read(first)
    desk.ingest.embed(first)
    library.vectors.switch_live(library.vectors.waiting()[0])
    _, second = desk.upload(RULES.replace("room 7 ", "hall 7 "))
    desk.ingest.read(second)
    rows, embedded = desk.chunks(second)
    assert rows - embedded == 1


def test_version_that_ends_late_does_not_replace_a_newer_one(desk: Desk, library: Library) -> None:
    document_id, first = desk.upload(RULES)
    _, second = desk.upload(RULES + "\n\nOne more rule.")
    for job in (second, first):
        desk.ingest.read(job)
        desk.ingest.embed(job)
        library.vectors.switch_live(library.vectors.waiting()[0])
    document = desk.document(document_id)
    assert (document.live_version, document.status) == (2, DocumentStatus.READY)
    assert [removal.number for removal in library.vectors.removals()] == [1]


def test_progress_is_written_seldom_but_always_at_the_end() -> None:
    written: list[tuple[int, int]] = []
    progress = Progress(lambda done, total: written.append((done, total)))
    for done in range(1, 1001):
        progress(done, 1000)
    assert written[-1] == (1000, 1000)
    assert len(written) < 100


@pytest.mark.parametrize("nth", [1, 2])
def test_full_disk_leaves_the_job_due_without_blame(desk: Desk, nth: int) -> None:
    document_id, job = desk.upload(RULES)
    with faults.injected("committing", nth, faults.disk_full):
        assert not desk.ingest.read(job)
    assert not desk.document(document_id).status.is_final
    desk.store.start_anew(job, blameless=True)
    again = desk.store.due()[0]
    assert again.attempt == job.attempt + 1
    assert desk.store.claim(again).starts == 1
    assert desk.ingest.read(again)

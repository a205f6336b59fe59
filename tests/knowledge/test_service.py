"""What is acknowledged is kept, what is refused leaves nothing, and rights are checked in the service."""

from __future__ import annotations

import hashlib
import io
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from small_library import STAFF, Library

from assistant.domain import DocumentStatus, Person, UploadOutcome
from assistant.errors import NotAllowed, NotFound, UploadRefused
from assistant.knowledge.intake import clean_name
from assistant.knowledge.service import KnowledgeBase
from assistant.storage.purge import purge_deleted, sweep_originals

TEXT = b"Employees receive 27 days of annual leave each year."


@pytest.fixture
def knowledge(library: Library) -> KnowledgeBase:
    """A knowledge base beside which no worker runs, so that uploads stay queued."""
    return KnowledgeBase(
        database=library.database, settings=library.settings, embedder=library.embedder, own_index=False
    )


def _originals(library: Library) -> list[Path]:
    return [path for path in (library.settings.data_dir / "originals").rglob("*") if path.is_file()]


def test_acknowledged_upload_has_its_bytes_on_disk_and_a_queued_job(
    library: Library, knowledge: KnowledgeBase, editor: Person
) -> None:
    upload = knowledge.upload(editor, "Leave.txt", TEXT)
    path, media_type = knowledge.original(editor, upload.document_id)
    assert path.read_bytes() == TEXT
    assert path.name == hashlib.sha256(TEXT).hexdigest()
    assert media_type == "text/plain"
    document = knowledge.document(editor, upload.document_id)
    assert (document.status, document.version, document.live_version) == (DocumentStatus.QUEUED, 1, None)
    assert (document.size, document.uploaded_by) == (len(TEXT), editor.email)
    assert len(library.store.due()) == 1


def test_same_bytes_again_change_nothing(library: Library, knowledge: KnowledgeBase, editor: Person) -> None:
    first = knowledge.upload(editor, "Leave.txt", TEXT)
    again = knowledge.upload(editor, "Leave.txt", io.BytesIO(TEXT))
    assert again.outcome is UploadOutcome.UNCHANGED
    assert (again.document_id, again.version) == (first.document_id, 1)
    assert len(library.store.due()) == 1


def test_same_name_is_a_new_version_of_the_same_document(knowledge: KnowledgeBase, editor: Person) -> None:
    first = knowledge.upload(editor, "Leave.txt", TEXT)
    second = knowledge.upload(editor, "Leave.txt", TEXT + b" More.")
    assert second.outcome is UploadOutcome.NEW_VERSION
    assert (second.document_id, second.version) == (first.document_id, 2)
    assert knowledge.original(editor, first.document_id, 1)[0].read_bytes() == TEXT


def test_replacing_under_a_new_name_keeps_the_document(knowledge: KnowledgeBase, editor: Person) -> None:
    first = knowledge.upload(editor, "Leave 2025.txt", TEXT)
    second = knowledge.upload(editor, "Leave 2026.txt", TEXT, replaces=first.document_id)
    assert (second.document_id, second.version, second.outcome) == (first.document_id, 2, UploadOutcome.NEW_VERSION)
    assert [document.name for document in knowledge.documents(editor)] == ["Leave 2026.txt"]


def test_replacing_cannot_take_another_documents_name(knowledge: KnowledgeBase, editor: Person) -> None:
    first = knowledge.upload(editor, "One.txt", TEXT)
    knowledge.upload(editor, "Two.txt", TEXT)
    with pytest.raises(UploadRefused, match=r"Two\.txt"):
        knowledge.upload(editor, "Two.txt", TEXT + b"!", replaces=first.document_id)


def test_two_uploads_of_one_name_at_once_are_two_versions_of_one_document(
    knowledge: KnowledgeBase, editor: Person
) -> None:
    texts = [TEXT + str(n).encode() for n in range(12)]
    with ThreadPoolExecutor(6) as pool:
        uploads = list(pool.map(lambda text: knowledge.upload(editor, "Leave.txt", text), texts))
    assert len({upload.document_id for upload in uploads}) == 1
    assert sorted(upload.version for upload in uploads) == list(range(1, 13))


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [("", TEXT, "no name"), ("..", TEXT, "no name"), ("x" * 501, TEXT, "longer than")],
)
def test_refused_upload_leaves_nothing(
    library: Library, knowledge: KnowledgeBase, editor: Person, name: str, data: bytes, sentence: str
) -> None:
    with pytest.raises(UploadRefused, match=sentence):
        knowledge.upload(editor, name, data)
    assert knowledge.documents(editor) == []
    assert _originals(library) == []


def test_too_large_upload_is_refused(library: Library, editor: Person) -> None:
    settings = library.settings.model_copy(update={"upload_max_mb": 1})
    small = KnowledgeBase(database=library.database, settings=settings, embedder=library.embedder, own_index=False)
    with pytest.raises(UploadRefused, match="larger than the limit of 1 MB"):
        small.upload(editor, "Big.txt", b"x" * 1_000_001)
    assert _originals(library) == []


def test_unknown_space_is_refused(library: Library, knowledge: KnowledgeBase, editor: Person) -> None:
    with pytest.raises(NotFound, match="no space named 'secret'"):
        knowledge.upload(editor, "Leave.txt", TEXT, space="secret")
    space = knowledge.add_space(editor, "secret")
    assert knowledge.upload(editor, "Leave.txt", TEXT, space="secret").outcome is UploadOutcome.NEW
    assert [document.space for document in knowledge.documents(editor, space="secret")] == [space.id]
    assert knowledge.documents(editor, space="general") == []
    assert len(_originals(library)) == 1


@pytest.mark.parametrize(
    ("name", "cleaned"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\files\\Leave.pdf", "Leave.pdf"),
        ("Le\u202eave\n.pdf", "Leave.pdf"),
        ("  Caf\u0065\u0301.pdf ", "Café.pdf"),
    ],
)
def test_names_are_no_paths_and_hide_nothing(name: str, cleaned: str) -> None:
    assert clean_name(name) == cleaned


def test_staff_may_read_but_not_change(knowledge: KnowledgeBase, editor: Person) -> None:
    document_id = knowledge.upload(editor, "Leave.txt", TEXT).document_id
    assert knowledge.document(STAFF, document_id).name == "Leave.txt"
    for change in (
        lambda: knowledge.upload(STAFF, "Other.txt", TEXT),
        lambda: knowledge.delete(STAFF, document_id),
        lambda: knowledge.retry(STAFF, document_id),
        lambda: knowledge.reindex(STAFF),
        lambda: knowledge.add_space(STAFF, "mine"),
    ):
        with pytest.raises(NotAllowed):
            change()


def test_unknown_document_is_not_found(knowledge: KnowledgeBase, editor: Person) -> None:
    for look in (knowledge.document, knowledge.delete, knowledge.retry, knowledge.original):
        with pytest.raises(NotFound):
            look(editor, "nothing")


def test_failed_document_is_queued_again_by_retry_and_by_the_same_upload(
    library: Library, knowledge: KnowledgeBase, editor: Person
) -> None:
    document_id = knowledge.upload(editor, "Leave.txt", TEXT).document_id
    for again in (
        lambda: knowledge.retry(editor, document_id),
        lambda: knowledge.upload(editor, "Leave.txt", TEXT),
    ):
        job = library.store.due()[0]
        library.store.claim(job)
        library.store.fail(job, "It cannot be read.")
        failed = knowledge.document(editor, document_id)
        assert (failed.status, failed.error) == (DocumentStatus.FAILED, "It cannot be read.")
        again()
        assert knowledge.document(editor, document_id).status is DocumentStatus.QUEUED
        assert library.store.due()[0].attempt == job.attempt + 1


def test_progress_counts_documents_by_their_newest_version(
    library: Library, knowledge: KnowledgeBase, editor: Person
) -> None:
    library.put("Ready.txt", ["One."])
    knowledge.upload(editor, "Queued.txt", TEXT)
    progress = knowledge.progress(editor)
    assert (progress.pending, progress.ready, progress.failed, progress.total) == (1, 1, 0, 2)


def test_deleted_document_is_gone_from_lists_texts_and_disk(
    library: Library, knowledge: KnowledgeBase, editor: Person
) -> None:
    document_id = knowledge.upload(editor, "Leave.txt", TEXT).document_id
    shared = knowledge.upload(editor, "Copy.txt", TEXT).document_id
    knowledge.delete(editor, document_id)
    with pytest.raises(NotFound):
        knowledge.document_text(editor, document_id, 1)
    purge_deleted(library.database, knowledge._blobs)
    assert knowledge.original(editor, shared)[0].read_bytes() == TEXT
    knowledge.delete(editor, shared)
    purge_deleted(library.database, knowledge._blobs)
    assert _originals(library) == []
    assert knowledge.upload(editor, "Leave.txt", TEXT).outcome is UploadOutcome.NEW


def test_bytes_of_an_upload_that_died_before_its_commit_are_swept(
    library: Library, knowledge: KnowledgeBase, editor: Person
) -> None:
    kept = knowledge.upload(editor, "Leave.txt", TEXT).document_id
    knowledge._blobs.place(knowledge._blobs.receive(io.BytesIO(b"never committed"), 100))
    sweep_originals(library.database, knowledge._blobs)
    assert _originals(library) == [knowledge.original(editor, kept)[0]]


def test_originals_from_before_the_database_was_made_are_kept(library: Library, knowledge: KnowledgeBase) -> None:
    received = knowledge._blobs.receive(io.BytesIO(b"of a database that was lost"), 100)
    os.utime(received.path, (1.7e9, 1.7e9))
    knowledge._blobs.place(received)
    sweep_originals(library.database, knowledge._blobs)
    assert _originals(library) == [knowledge._blobs.path(received.sha256)]


def test_samples_are_loaded_once_and_never_into_a_used_knowledge_base(
    tmp_path: Path, knowledge: KnowledgeBase, editor: Person
) -> None:
    folder = tmp_path / "samples"
    folder.mkdir()
    (folder / "a.txt").write_bytes(TEXT)
    (folder / "b.md").write_bytes(TEXT)
    (folder / "c.bin").write_bytes(TEXT)
    assert knowledge.load_samples(folder) == 2
    assert knowledge.load_samples(folder) == 0
    for document in knowledge.documents(editor):
        knowledge.delete(editor, document.id)
    assert knowledge.load_samples(folder) == 0


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("x" * 300 + ".txt", "x" * 300 + ".txt"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("in\u202egnp.txt", "ingnp.txt"),
        ("nul\x00byte.txt", "nulbyte.txt"),
        ("CON.txt", "CON.txt"),
    ],
)
def test_whatever_a_file_is_called_it_stands_under_its_hash(
    library: Library, knowledge: KnowledgeBase, editor: Person, name: str, shown: str
) -> None:
    upload = knowledge.upload(editor, name, TEXT)
    assert knowledge.document(editor, upload.document_id).name == shown
    (original,) = _originals(library)
    assert original.name == hashlib.sha256(TEXT).hexdigest()

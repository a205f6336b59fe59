"""Deleting deletes: no search, row, index or file keeps a deleted document, and the audit log has the proof."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from small_library import Library, opening
from sqlalchemy import select
from waiting import until

from assistant.domain import Person
from assistant.knowledge.deletion import Deletions
from assistant.knowledge.service import KnowledgeBase
from assistant.library import Facts
from assistant.storage import audit
from assistant.storage.blobs import Blobs
from assistant.storage.library_rows import AuditRow, DeletionRow, MoveRow
from assistant.storage.purge import purge_deleted

SECRET = "Zyxomma petiolatum"
"""Words that stand nowhere else: a look at the bytes of all files finds them or does not."""


def _nothing(_ids: Sequence[str]) -> int:
    return 0


@pytest.fixture
def knowledge(library: Library) -> KnowledgeBase:
    return KnowledgeBase(
        database=library.database, settings=library.settings, embedder=library.embedder, own_index=False
    )


@pytest.fixture
def deletions(library: Library) -> Deletions:
    data_dir = library.settings.data_dir
    return Deletions(library.database, Blobs(data_dir), data_dir / "cache")


def _purge(library: Library) -> None:
    """Do what the thread does that owns the index, without an index."""
    for job in library.vectors.removals():
        library.vectors.finish_removal(job)
    purge_deleted(library.database, Blobs(library.settings.data_dir))


def _proofs(library: Library) -> list[AuditRow]:
    with library.database.read() as session:
        return list(session.scalars(select(AuditRow).where(AuditRow.action == "document.proven_gone")))


def _files_with(folder: Path, words: str) -> list[str]:
    """The files in which the words, or one of them as the keyword index writes it, stand."""
    wanted = [words.encode(), *(word.lower().encode() for word in words.split())]
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [str(path.relative_to(folder)) for path in files if any(word in path.read_bytes() for word in wanted)]


def test_the_proof_finds_nothing_and_stands_in_the_audit_log(
    library: Library, knowledge: KnowledgeBase, deletions: Deletions, editor: Person
) -> None:
    document_id = library.put("Dragonflies.md", [SECRET, "They fly at dusk."])
    knowledge.library.set_facts(editor, document_id, Facts(tags=("insects",)), 0)
    knowledge.delete(editor, document_id)
    _purge(library)
    deletions.prove(_nothing)
    (proof,) = _proofs(library)
    assert (proof.subject, proof.person_id) == (document_id, editor.id)
    assert proof.details is not None
    assert set(proof.details["left"].values()) == {0}
    assert {"vectors", "keyword_rows", "chunks", "originals", "pictures", "tags"} <= set(proof.details["left"])
    assert proof.details["looked_for"] == {"versions": 1, "chunks": 2}
    assert audit.verify(library.database) is None


def test_a_proof_is_written_once(
    library: Library, knowledge: KnowledgeBase, deletions: Deletions, editor: Person
) -> None:
    knowledge.delete(editor, library.put("Dragonflies.md", [SECRET]))
    _purge(library)
    deletions.prove(_nothing)
    deletions.prove(_nothing)
    assert len(_proofs(library)) == 1


def test_nothing_is_proven_before_the_rows_are_removed(
    library: Library, knowledge: KnowledgeBase, deletions: Deletions, editor: Person
) -> None:
    knowledge.delete(editor, library.put("Dragonflies.md", [SECRET]))
    deletions.prove(_nothing)
    assert _proofs(library) == []


def test_a_reader_that_holds_the_log_puts_the_proof_off(
    library: Library, knowledge: KnowledgeBase, deletions: Deletions, editor: Person
) -> None:
    document_id = library.put("Dragonflies.md", [SECRET])
    with library.database.read() as session:
        # From here on it sees one state.
        assert session.scalars(select(AuditRow.action)).all() == ["document.uploaded"]
        knowledge.delete(editor, document_id)
        _purge(library)
        deletions.prove(_nothing)
        assert _proofs(library) == []
        assert deletions.are_due
    deletions.prove(_nothing)
    assert len(_proofs(library)) == 1
    assert not deletions.are_due


def test_vectors_that_are_left_are_no_proof_and_are_looked_for_again(
    library: Library, knowledge: KnowledgeBase, deletions: Deletions, editor: Person
) -> None:
    document_id = library.put("Dragonflies.md", [SECRET, "They fly at dusk."])
    knowledge.delete(editor, document_id)
    _purge(library)
    asked: list[str] = []

    def one_left(ids: Sequence[str]) -> int:
        asked.extend(ids)
        return 1

    deletions.prove(one_left)
    assert asked == [f"{document_id}:1:0", f"{document_id}:1:1"]
    assert _proofs(library) == []
    assert not deletions.are_due  # for a while
    deletions.prove(_nothing)
    assert len(_proofs(library)) == 1


def test_what_was_noted_of_the_document_goes_with_the_proof(
    library: Library, knowledge: KnowledgeBase, deletions: Deletions, editor: Person
) -> None:
    knowledge.delete(editor, library.put("Dragonflies.md", [SECRET]))
    _purge(library)
    deletions.prove(_nothing)
    with library.database.read() as session:
        (row,) = session.scalars(select(DeletionRow))
    assert row.traces == {}
    assert row.proven_at is not None


def test_an_original_that_another_document_was_uploaded_as_stays_and_is_told(
    library: Library, knowledge: KnowledgeBase, deletions: Deletions, editor: Person
) -> None:
    first = knowledge.upload(editor, "One.txt", SECRET.encode())
    second = knowledge.upload(editor, "Two.txt", SECRET.encode())
    knowledge.delete(editor, first.document_id)
    _purge(library)
    deletions.prove(_nothing)
    path, _ = knowledge.original(editor, second.document_id)
    assert path.read_bytes() == SECRET.encode()
    (proof,) = _proofs(library)
    assert proof.details is not None
    assert proof.details["kept_for_other_documents"] == [path.name]


def test_drawn_pages_go_with_their_document(
    library: Library, knowledge: KnowledgeBase, deletions: Deletions, editor: Person
) -> None:
    upload = knowledge.upload(editor, "Scan.pdf", b"%PDF-1.7 of dragonflies")
    digest = knowledge.original(editor, upload.document_id)[0].name
    drawn = library.settings.data_dir / "cache" / "pages" / digest / "page.png"
    drawn.parent.mkdir(parents=True)
    drawn.write_bytes(b"picture")
    knowledge.delete(editor, upload.document_id)
    _purge(library)
    deletions.prove(_nothing)
    assert not drawn.exists()
    assert len(_proofs(library)) == 1


def test_a_document_that_is_moving_is_purged_only_after_its_move(
    library: Library, knowledge: KnowledgeBase, deletions: Deletions, editor: Person
) -> None:
    space = knowledge.add_space(editor, "insects")
    document_id = library.put("Dragonflies.md", [SECRET])
    knowledge.library.move(editor, [document_id], space.id)
    knowledge.delete(editor, document_id)
    _purge(library)
    deletions.prove(_nothing)
    assert _proofs(library) == []
    with library.database.write() as session:
        session.delete(session.scalars(select(MoveRow)).one())
    _purge(library)
    deletions.prove(_nothing)
    assert len(_proofs(library)) == 1


def test_no_file_of_the_data_folder_keeps_the_words(
    library: Library, knowledge: KnowledgeBase, deletions: Deletions, editor: Person
) -> None:
    for n in range(5):
        library.put(f"Rules {n}.md", [f"Rule {n}: be kind.", "Be on time."])
    library.put("Dragonflies.md", [SECRET, f"Older: {SECRET}"])
    document_id = library.put("Dragonflies.md", [SECRET, "They fly at dusk."])
    assert _files_with(library.settings.data_dir, SECRET) != []
    knowledge.delete(editor, document_id)
    _purge(library)
    deletions.prove(_nothing)
    library.database.close()
    assert _files_with(library.settings.data_dir, SECRET) == []


def test_the_process_that_owns_the_index_does_all_of_it_by_itself(library: Library, editor: Person) -> None:
    document_id = library.embed("Dragonflies.md", [SECRET, "They fly at dusk."])
    library.embed("Rules.md", ["Be kind."])
    with opening(library) as opener:
        knowledge = opener()
        until(lambda: len(knowledge.search(editor, SECRET, limited=False)) == 3)
        knowledge.delete(editor, document_id)
        assert [one.document for one in knowledge.search(editor, SECRET)] == ["Rules.md"]
        until(lambda: _proofs(library))
    library.database.close()
    assert _files_with(library.settings.data_dir, SECRET) == []

"""A document that goes to another space is found there at once, and its vectors follow."""

from __future__ import annotations

import pytest
from small_library import Library, Opener, opening
from sqlalchemy import func, select
from waiting import until

from assistant import faults
from assistant.domain import Person
from assistant.knowledge import index_keeper
from assistant.knowledge.service import KnowledgeBase
from assistant.storage.library_rows import AuditRow, MoveRow

LEAVE = "Employees receive 27 days of annual leave."


def _indexed(library: Library, opener: Opener) -> tuple[KnowledgeBase, str]:
    """Open a knowledge base whose index serves a document of the general space; return its id, too."""
    document_id = library.embed("Leave.md", [LEAVE, "Up to five days carry over."])
    library.embed("Travel.md", ["Trains before planes."])
    knowledge = opener()
    until(lambda: _held(knowledge, "general", document_id) == 2)
    return knowledge, document_id


def _held(knowledge: KnowledgeBase, space: str, document_id: str) -> int:
    """How many of the document's two vectors the space's collection finds; 0 while nothing serves it."""
    own = knowledge._own
    collection = own.indexer.collection_of(space) if own else None
    if own is None or collection is None:
        return 0
    vectors = knowledge._embedder.embed([LEAVE])
    found = own.index.nearest(collection, vectors, 10)[0]
    return sum(hit.chunk_id.startswith(f"{document_id}:") for hit in found)


def _moves(library: Library) -> int:
    with library.database.read() as session:
        return session.scalar(select(func.count()).select_from(MoveRow)) or 0


def test_vectors_follow_their_document(library: Library, editor: Person) -> None:
    with opening(library) as opener:
        knowledge, document_id = _indexed(library, opener)
        space = knowledge.add_space(editor, "people")
        assert knowledge.library.move(editor, [document_id], space.id) == []
        assert knowledge.search(editor, "annual leave")[0].space == space.id
        until(lambda: not _moves(library) and _held(knowledge, space.id, document_id) == 2)
        assert _held(knowledge, "general", document_id) == 0
        assert knowledge.search(editor, "annual leave")[0].document_id == document_id


def test_a_document_that_comes_back_is_found_where_it_was(library: Library, editor: Person) -> None:
    with opening(library) as opener:
        knowledge, document_id = _indexed(library, opener)
        space = knowledge.add_space(editor, "people")
        knowledge.library.move(editor, [document_id], space.id)
        knowledge.library.move(editor, [document_id], "general")
        until(lambda: not _moves(library) and _held(knowledge, "general", document_id) == 2)
        assert knowledge.search(editor, "annual leave")[0].space == "general"


def test_a_document_that_is_deleted_on_its_way_is_gone_from_both_spaces(library: Library, editor: Person) -> None:
    with opening(library) as opener:
        knowledge, document_id = _indexed(library, opener)
        space = knowledge.add_space(editor, "people")
        knowledge.library.move(editor, [document_id], space.id)
        knowledge.delete(editor, document_id)
        until(lambda: _proof_of(library) == document_id)
        assert [one.document for one in knowledge.search(editor, "annual leave")] == ["Travel.md"]


def test_a_document_that_moves_while_its_vectors_are_added_leaves_none_behind(
    library: Library, editor: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index_keeper, "SLICE", 1)
    with opening(library) as opener:
        knowledge, _ = _indexed(library, opener)
        space = knowledge.add_space(editor, "people")

        def leave() -> None:
            moving = [one.id for one in knowledge.documents(editor) if one.name == "Late.md"]
            assert knowledge.library.move(editor, moving, space.id) == []

        with faults.injected("vectors_added", 1, leave):
            document_id = library.embed("Late.md", [LEAVE, "A second rule.", "A third rule."])
            until(lambda: knowledge.document(editor, document_id).live_version == 1)
        until(lambda: not _moves(library) and _held(knowledge, space.id, document_id) == 3)
        assert _held(knowledge, "general", document_id) == 0


def _proof_of(library: Library) -> str | None:
    with library.database.read() as session:
        proofs = select(AuditRow.subject).where(AuditRow.action == "document.proven_gone")
        return session.scalars(proofs).one_or_none()

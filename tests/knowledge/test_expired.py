"""Documents that hold no more are told as such, and left out of every search where an admin says so."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from small_library import STAFF, Library, Opener, opening
from sqlalchemy import update
from waiting import until

from assistant.domain import Person
from assistant.knowledge.service import KnowledgeBase
from assistant.library import Facts, today
from assistant.storage.rows import PageRow

YESTERDAY = today() - timedelta(days=1)
MANY = 70
"""More than a search has candidates: expired documents must not crowd the others out."""


@pytest.fixture
def knowledge(library: Library) -> KnowledgeBase:
    return KnowledgeBase(
        database=library.database, settings=library.settings, embedder=library.embedder, own_index=False
    )


def _expire(knowledge: KnowledgeBase, editor: Person, document_id: str, last: date = YESTERDAY) -> None:
    knowledge.library.set_facts(editor, document_id, Facts(valid_until=last), 0)


def _found(knowledge: KnowledgeBase, query: str) -> list[str]:
    return [passage.document for passage in knowledge.search(STAFF, query)]


def test_a_passage_carries_the_last_day_of_its_document(
    library: Library, knowledge: KnowledgeBase, editor: Person
) -> None:
    _expire(knowledge, editor, library.put("Old.md", ["Employees receive 27 days of annual leave."]))
    library.put("New.md", ["Employees receive 30 days of annual leave."])
    days = {passage.document: passage.valid_until for passage in knowledge.search(STAFF, "annual leave")}
    assert days == {"Old.md": YESTERDAY, "New.md": None}


def test_expired_documents_are_left_out_of_vector_and_keyword_search_alike(
    library: Library, knowledge: KnowledgeBase, editor: Person
) -> None:
    _expire(knowledge, editor, library.put("Old.md", ["Form HR-2024-07 is for annual leave."]))
    _expire(knowledge, editor, library.put("Today.md", ["Form HR-2024-08 is for annual leave."]), today())
    knowledge.library.set_leave_out_expired(editor, True)
    assert _found(knowledge, "annual leave") == ["Today.md"]
    assert _found(knowledge, "hr-2024-07") == ["Today.md"]
    knowledge.library.set_leave_out_expired(editor, False)
    assert _found(knowledge, "hr-2024-07")[0] == "Old.md"


def test_many_expired_documents_do_not_crowd_out_one_that_holds(
    library: Library, knowledge: KnowledgeBase, editor: Person
) -> None:
    for n in range(MANY):
        _expire(knowledge, editor, library.put(f"Old {n}.md", [f"Employees receive {n} days of annual leave."]))
    library.put("New.md", ["The annual leave of employees is told by their manager."])
    knowledge.library.set_leave_out_expired(editor, True)
    assert _found(knowledge, "How many days of annual leave do employees receive?") == ["New.md"]


def test_the_index_leaves_expired_documents_out_too(library: Library, editor: Person) -> None:
    with opening(library) as opener:
        knowledge = _indexed(library, opener)
        assert set(_found(knowledge, "annual leave")) == {"Old.md", "New.md"}
        old = next(one for one in knowledge.documents(editor) if one.name == "Old.md")
        _expire(knowledge, editor, old.id)
        knowledge.library.set_leave_out_expired(editor, True)
        assert _found(knowledge, "annual leave") == ["New.md"]


def _indexed(library: Library, opener: Opener) -> KnowledgeBase:
    """Open a knowledge base whose index serves two documents."""
    library.embed("Old.md", ["Employees receive 27 days of annual leave."])
    library.embed("New.md", ["Employees receive 30 days of annual leave."])
    knowledge = opener()
    until(lambda: knowledge._own is not None and knowledge._own.indexer.collection_of("general") is not None)
    assert knowledge.wait_until_indexed(30)
    return knowledge


def test_the_title_that_an_admin_gave_names_the_source(
    library: Library, knowledge: KnowledgeBase, editor: Person
) -> None:
    document_id = library.put("scan0001.md", ["Employees receive 27 days of annual leave."])
    knowledge.library.set_facts(editor, document_id, Facts(title="Leave policy"), 0)
    passage = knowledge.search(STAFF, "annual leave")[0]
    assert (passage.document, passage.title) == ("Leave policy", "scan0001")


def test_a_passage_carries_what_its_page_calls_itself(library: Library, knowledge: KnowledgeBase) -> None:
    library.put("Book.md", ["Employees receive 27 days of annual leave.", "Trains before planes."])
    with library.database.write() as session:
        session.execute(update(PageRow).where(PageRow.number == 1).values(label="iv"))
    by_page = {passage.page: passage for passage in knowledge.search(STAFF, "annual leave by train")}
    assert (by_page[1].page_label, by_page[2].page_label) == ("iv", None)
    assert by_page[1].spans[0].label == "iv"

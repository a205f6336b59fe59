"""A search may be narrowed to spaces, tags, kinds of files and what came lately; rights come first."""

from __future__ import annotations

from datetime import timedelta

import pytest
from small_library import STAFF, Library

from assistant.domain import Person
from assistant.errors import NotFound
from assistant.knowledge.service import KnowledgeBase
from assistant.library import Facts, Filters, today

RULE = "Employees receive 27 days of annual leave each year."
MANY = 70
"""More than a search has candidates."""


@pytest.fixture
def knowledge(library: Library) -> KnowledgeBase:
    return KnowledgeBase(
        database=library.database, settings=library.settings, embedder=library.embedder, own_index=False
    )


def _found(knowledge: KnowledgeBase, filters: Filters, query: str = "annual leave") -> set[str]:
    return {passage.document for passage in knowledge.search(STAFF, query, filters=filters)}


def _tag(knowledge: KnowledgeBase, editor: Person, document_id: str, *tags: str) -> None:
    knowledge.library.set_facts(editor, document_id, Facts(tags=tags), 0)


def test_without_filters_everything_is_searched(library: Library, knowledge: KnowledgeBase) -> None:
    library.put("Leave.md", [RULE])
    library.put("Leave.pdf", [RULE + " Ask your manager."])
    assert _found(knowledge, Filters()) == {"Leave.md", "Leave.pdf"}


def test_only_files_of_one_kind_are_searched(library: Library, knowledge: KnowledgeBase) -> None:
    library.put("Leave.md", [RULE])
    library.put("Leave.PDF", [RULE + " Ask your manager."])
    assert _found(knowledge, Filters(ending="pdf")) == {"Leave.PDF"}
    assert _found(knowledge, Filters(ending=".md")) == {"Leave.md"}


def test_a_document_needs_all_the_tags(library: Library, knowledge: KnowledgeBase, editor: Person) -> None:
    _tag(knowledge, editor, library.put("One.md", [RULE]), "hr")
    _tag(knowledge, editor, library.put("Two.md", [RULE + " Ask your manager."]), "hr", "2026")
    library.put("Three.md", [RULE + " Tell your team."])
    assert _found(knowledge, Filters(tags=("hr",))) == {"One.md", "Two.md"}
    assert _found(knowledge, Filters(tags=("hr", "2026"))) == {"Two.md"}
    assert _found(knowledge, Filters(tags=("it",))) == set()


def test_only_what_came_lately_is_searched(library: Library, knowledge: KnowledgeBase) -> None:
    library.put("Leave.md", [RULE])
    assert _found(knowledge, Filters(since=today() - timedelta(days=1))) == {"Leave.md"}
    assert _found(knowledge, Filters(since=today() + timedelta(days=2))) == set()


def test_only_some_spaces_are_searched_by_id_or_name(
    library: Library, knowledge: KnowledgeBase, editor: Person
) -> None:
    library.put("Leave.md", [RULE])
    space = knowledge.add_space(editor, "Factory")
    library.put("Shifts.md", [RULE + " Shifts count as days."], space.id)
    assert _found(knowledge, Filters(spaces=("Factory",))) == {"Shifts.md"}
    assert _found(knowledge, Filters(spaces=("general",))) == {"Leave.md"}


def test_a_space_that_is_not_there_is_told(knowledge: KnowledgeBase) -> None:
    with pytest.raises(NotFound, match="no space named 'Board'"):
        knowledge.search(STAFF, "annual leave", filters=Filters(spaces=("Board",)))


def test_one_document_with_the_tag_is_found_among_many_that_are_nearer(
    library: Library, knowledge: KnowledgeBase, editor: Person
) -> None:
    for number in range(MANY):
        library.put(f"{number}.md", [f"{RULE} Rule number {number}."])
    _tag(knowledge, editor, library.put("Menu.md", ["The canteen serves vegetarian meals."]), "canteen")
    assert _found(knowledge, Filters(tags=("canteen",))) == {"Menu.md"}


def test_filters_are_data_and_no_sql(library: Library, knowledge: KnowledgeBase) -> None:
    library.put("Leave.md", [RULE])
    assert _found(knowledge, Filters(tags=("' OR 1=1 --", '"]'), ending="%")) == set()

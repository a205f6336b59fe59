"""Documents are found, described, compared, restored, moved and deleted by many; rights are checked each time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from small_library import STAFF
from small_library import Library as SmallLibrary
from sqlalchemy import select

from assistant.domain import DocumentStatus, Person
from assistant.errors import AssistantError, Conflict, NotAllowed, NotFound, WrongUse
from assistant.knowledge.library import Library
from assistant.knowledge.service import KnowledgeBase
from assistant.library import DocumentQuery, Facts, today
from assistant.storage import audit
from assistant.storage.library_rows import AuditRow, MoveRow
from assistant.storage.rows import VersionRow

YESTERDAY = today() - timedelta(days=1)


@pytest.fixture
def knowledge(library: SmallLibrary) -> KnowledgeBase:
    """A knowledge base beside which no worker runs, so that uploads stay queued."""
    return KnowledgeBase(
        database=library.database, settings=library.settings, embedder=library.embedder, own_index=False
    )


@pytest.fixture
def shelves(knowledge: KnowledgeBase) -> Library:
    return knowledge.library


def _names(shelves: Library, person: Person, query: DocumentQuery) -> list[str]:
    return [one.document.name for one in shelves.page(person, query).documents]


def _actions(library: SmallLibrary) -> list[str]:
    """What was done with documents after they were uploaded."""
    wanted = select(AuditRow.action).where(AuditRow.action != "document.uploaded").order_by(AuditRow.id)
    with library.database.read() as session:
        return list(session.scalars(wanted))


def test_a_page_counts_all_that_is_found_and_all_there_is(
    library: SmallLibrary, shelves: Library, editor: Person
) -> None:
    for n in range(5):
        library.put(f"Rules {n}.md", ["Be kind."])
    library.accept("Waiting.md", ["Wait."])
    page = shelves.page(editor, DocumentQuery(words="rules", limit=2, offset=2, sort="name", descending=False))
    assert [one.document.name for one in page.documents] == ["Rules 2.md", "Rules 3.md"]
    assert (page.total, page.searchable, page.under_way, page.failed) == (5, 5, 1, 0)


def test_names_are_found_by_each_word_whatever_its_case(
    library: SmallLibrary, shelves: Library, editor: Person
) -> None:
    library.put("Übersicht Reisekosten.md", ["Reise."])
    library.put("Reisekosten.md", ["Reise."])
    assert _names(shelves, editor, DocumentQuery(words="reise übersicht")) == ["Übersicht Reisekosten.md"]


def test_texts_are_searched_only_when_asked_for(library: SmallLibrary, shelves: Library, editor: Person) -> None:
    library.put("Leave.md", ["Employees receive 27 days of annual leave."])
    library.put("Travel.md", ["Trains before planes."])
    assert _names(shelves, editor, DocumentQuery(words="annual employees")) == []
    assert _names(shelves, editor, DocumentQuery(words="annual employees", in_text=True)) == ["Leave.md"]
    assert _names(shelves, editor, DocumentQuery(words='a"b OR *', in_text=True)) == []


def test_documents_are_filtered_by_status_space_tag_and_validity(
    library: SmallLibrary, knowledge: KnowledgeBase, shelves: Library, editor: Person
) -> None:
    space = knowledge.add_space(editor, "people")
    old = library.put("Old.md", ["Old."])
    library.put("New.md", ["New."], space.id)
    library.accept("Queued.md", ["Queued."])
    shelves.set_facts(editor, old, Facts(tags=("travel",), valid_until=YESTERDAY), 0)
    assert _names(shelves, editor, DocumentQuery(statuses=(DocumentStatus.QUEUED,))) == ["Queued.md"]
    assert _names(shelves, editor, DocumentQuery(spaces=(space.id,))) == ["New.md"]
    assert _names(shelves, editor, DocumentQuery(tags=("travel",))) == ["Old.md"]
    assert _names(shelves, editor, DocumentQuery(expired=True)) == ["Old.md"]
    assert _names(shelves, editor, DocumentQuery(expired=False, sort="name", descending=False)) == [
        "New.md",
        "Queued.md",
    ]
    assert shelves.tags(editor) == ["travel"]


@pytest.mark.parametrize(
    ("sort", "first"), [("name", "a.md"), ("uploaded", "b.md"), ("owner", "a.md"), ("valid_until", "b.md")]
)
def test_documents_are_sorted(library: SmallLibrary, shelves: Library, editor: Person, sort: str, first: str) -> None:
    b, a = library.put("b.md", ["B."]), library.put("a.md", ["A."])
    shelves.set_facts(editor, b, Facts(owner="Zoe", valid_until=YESTERDAY), 0)
    shelves.set_facts(editor, a, Facts(owner="Ann"), 0)
    assert _names(shelves, editor, DocumentQuery(sort=sort, descending=False))[0] == first  # type: ignore[arg-type]
    assert _names(shelves, editor, DocumentQuery(sort=sort, descending=True))[1] == first  # type: ignore[arg-type]


def test_a_document_under_way_is_listed_with_its_place_in_line(
    library: SmallLibrary, shelves: Library, editor: Person
) -> None:
    library.accept("One.md", ["One."])
    library.accept("Two.md", ["Two."])
    first, second = shelves.page(editor, DocumentQuery(sort="name", descending=False)).documents
    assert first.progress is not None
    assert second.progress is not None
    assert (first.progress.place_in_line, second.progress.place_in_line) == (1, 2)


def test_facts_are_kept_clean_and_tell_who_changed_them(
    library: SmallLibrary, shelves: Library, editor: Person
) -> None:
    document_id = library.put("Rules.md", ["Be kind."])
    facts = Facts(" House\u202e \n rules ", "  ", ("HR", "hr ", "", "Travel"), date(2030, 1, 31))
    listed = shelves.set_facts(editor, document_id, facts, 0)
    assert listed.facts == Facts("House rules", None, ("HR", "Travel"), date(2030, 1, 31))
    assert listed.revision == 1
    assert shelves.facts(editor, document_id) == listed
    assert _actions(library) == ["document.facts"]
    assert audit.verify(library.database) is None


def test_of_two_who_change_facts_at_once_the_second_is_told(
    library: SmallLibrary, shelves: Library, editor: Person
) -> None:
    document_id = library.put("Rules.md", ["Be kind."])
    shelves.set_facts(editor, document_id, Facts(title="First"), 0)
    with pytest.raises(Conflict):
        shelves.set_facts(editor, document_id, Facts(title="Second"), 0)
    assert shelves.facts(editor, document_id).facts.title == "First"


@pytest.mark.parametrize(
    "facts",
    [
        Facts(title="x" * 301),
        Facts(owner="x" * 201),
        Facts(tags=("x" * 51,)),
        Facts(tags=tuple(str(n) for n in range(31))),
    ],
)
def test_facts_that_are_too_long_are_refused_in_a_sentence(
    library: SmallLibrary, shelves: Library, editor: Person, facts: Facts
) -> None:
    document_id = library.put("Rules.md", ["Be kind."])
    with pytest.raises(WrongUse):
        shelves.set_facts(editor, document_id, facts, 0)


def test_versions_say_who_when_and_which_is_live(library: SmallLibrary, shelves: Library, editor: Person) -> None:
    document_id = library.put("Rules.md", ["Be kind."])
    library.put("Rules.md", ["Be kinder."])
    library.accept("Rules.md", ["Be kindest."])
    third, second, first = shelves.versions(editor, document_id)
    assert [one.number for one in (third, second, first)] == [3, 2, 1]
    assert [one.live for one in (third, second, first)] == [False, True, False]
    assert (third.has_text, first.has_text, first.uploaded_by) == (False, True, editor.email)


def test_a_version_of_a_rebuild_is_hidden(library: SmallLibrary, shelves: Library, editor: Person) -> None:
    document_id = library.put("Rules.md", ["Be kind."])
    library.accept("Rules.md", ["Be kinder."])
    with library.database.write() as session:
        session.scalars(select(VersionRow).where(VersionRow.number == 2)).one().run_id = 1
    assert [one.number for one in shelves.versions(editor, document_id)] == [1]
    listed = shelves.page(editor, DocumentQuery()).documents[0].document
    assert (listed.version, listed.status) == (1, DocumentStatus.READY)
    with pytest.raises(NotFound):
        shelves.difference(editor, document_id, 1, 2)


def test_the_difference_of_two_versions_names_the_changed_words(
    library: SmallLibrary, shelves: Library, editor: Person
) -> None:
    document_id = library.put("Rules.md", ["Be kind.", "Be on time."])
    library.put("Rules.md", ["Be kinder.", "Be on time."])
    lines = shelves.difference(editor, document_id, 1, 2)
    assert [(one.sign, one.text) for one in lines] == [("-", "Be kind."), ("+", "Be kinder."), (" ", "Be on time.")]


def test_restoring_makes_a_version_of_its_own_with_the_old_bytes(
    knowledge: KnowledgeBase, shelves: Library, editor: Person
) -> None:
    upload = knowledge.upload(editor, "Rules.txt", b"Be kind.")
    knowledge.upload(editor, "Rules.txt", b"Be kinder.")
    restored = shelves.restore(editor, upload.document_id, 1, expected=2)
    assert restored.version == 3
    path, _ = knowledge.original(editor, upload.document_id, 3)
    assert path.read_bytes() == b"Be kind."
    newest = shelves.versions(editor, upload.document_id)[0]
    assert (newest.status, newest.size) == (DocumentStatus.QUEUED, 8)


def test_restoring_over_a_version_that_was_not_seen_is_refused(
    knowledge: KnowledgeBase, shelves: Library, editor: Person
) -> None:
    upload = knowledge.upload(editor, "Rules.txt", b"Be kind.")
    knowledge.upload(editor, "Rules.txt", b"Be kinder.")
    knowledge.upload(editor, "Rules.txt", b"Be kindest.")
    with pytest.raises(Conflict):
        shelves.restore(editor, upload.document_id, 1, expected=2)
    assert len(shelves.versions(editor, upload.document_id)) == 3


def test_a_version_whose_bytes_are_missing_is_not_restored(
    knowledge: KnowledgeBase, shelves: Library, editor: Person
) -> None:
    upload = knowledge.upload(editor, "Rules.txt", b"Be kind.")
    knowledge.original(editor, upload.document_id, 1)[0].unlink()
    knowledge.upload(editor, "Rules.txt", b"Be kinder.")
    with pytest.raises(NotFound, match="missing"):
        shelves.restore(editor, upload.document_id, 1, expected=2)
    assert len(shelves.versions(editor, upload.document_id)) == 2


def test_chunks_are_shown_as_the_embedding_model_sees_them(
    library: SmallLibrary, shelves: Library, editor: Person
) -> None:
    document_id = library.put("House.md", ["Be kind.", "Be on time."])
    first, second = shelves.chunks(editor, document_id)
    assert (first.number, first.page_from, first.text) == (0, 1, "Be kind.")
    assert second.as_embedded == "House > Rules\nBe on time."
    assert shelves.chunks(editor, document_id, offset=1, limit=1) == [second]


def test_a_moved_document_is_found_in_its_new_space_and_its_vectors_are_to_follow(
    library: SmallLibrary, knowledge: KnowledgeBase, shelves: Library, editor: Person
) -> None:
    space = knowledge.add_space(editor, "people")
    document_id = library.put("Leave.md", ["Employees receive 27 days of annual leave."])
    assert knowledge.search(editor, "annual leave")[0].space == "general"
    assert shelves.move(editor, [document_id], "people") == []
    assert knowledge.search(editor, "annual leave")[0].space == space.id
    with library.database.read() as session:
        assert [(row.document_id, row.from_space) for row in session.scalars(select(MoveRow))] == [
            (document_id, "general")
        ]
    assert _actions(library) == ["document.moved"]


def test_a_document_that_moves_twice_is_noted_where_its_vectors_stand(
    library: SmallLibrary, knowledge: KnowledgeBase, shelves: Library, editor: Person
) -> None:
    for name in ("one", "two"):
        knowledge.add_space(editor, name)
    document_id = library.put("Leave.md", ["Leave."])
    shelves.move(editor, [document_id], "one")
    shelves.move(editor, [document_id], "two")
    with library.database.read() as session:
        assert [row.from_space for row in session.scalars(select(MoveRow))] == ["general"]


def test_a_document_whose_name_is_taken_stays_where_it_is_and_the_others_move(
    library: SmallLibrary, knowledge: KnowledgeBase, shelves: Library, editor: Person
) -> None:
    space = knowledge.add_space(editor, "people")
    taken, free = library.put("Leave.md", ["Leave."]), library.put("Travel.md", ["Travel."])
    library.put("Leave.md", ["Leave there."], space.id)
    refused = shelves.move(editor, [taken, free, "nowhere"], space.id)
    assert {document_id for document_id, _ in refused} == {taken, "nowhere"}
    assert "Leave.md" in dict(refused)[taken]
    assert (knowledge.document(editor, taken).space, knowledge.document(editor, free).space) == ("general", space.id)


def test_many_documents_are_deleted_at_once_and_named_as_gone(
    library: SmallLibrary, knowledge: KnowledgeBase, shelves: Library, editor: Person
) -> None:
    ids = [library.put(f"{n}.md", [f"Rule {n} on kindness."]) for n in range(3)]
    assert shelves.delete_many(editor, [*ids[:2], ids[0], "nowhere"]) == 2
    assert shelves.gone(editor, [*ids, "nowhere"]) == {*ids[:2], "nowhere"}
    assert [one.document for one in knowledge.search(editor, "kindness")] == ["2.md"]
    assert _actions(library) == ["document.deleted", "document.deleted"]
    assert shelves.delete_many(editor, ids[:2]) == 0


def test_a_document_is_deleted_only_while_it_is_what_was_seen(
    knowledge: KnowledgeBase, shelves: Library, editor: Person
) -> None:
    upload = knowledge.upload(editor, "Rules.txt", b"Be kind.")
    seen = knowledge.document(editor, upload.document_id).sha256
    knowledge.upload(editor, "Rules.txt", b"Be kinder.")
    assert shelves.delete_unchanged(editor, upload.document_id, seen) is False
    now = knowledge.document(editor, upload.document_id).sha256
    assert shelves.delete_unchanged(editor, upload.document_id, now) is True
    assert shelves.gone(editor, [upload.document_id]) == {upload.document_id}
    assert shelves.delete_unchanged(editor, upload.document_id, now) is False


def test_only_failed_documents_are_tried_again(library: SmallLibrary, shelves: Library, editor: Person) -> None:
    failed, job = library.accept("Failed.md", ["Failed."])
    library.store.claim(job)
    library.store.fail(job, "It cannot be read.")
    ready = library.put("Ready.md", ["Ready."])
    assert shelves.retry_many(editor, [failed, ready, "nowhere"]) == 1
    assert _names(shelves, editor, DocumentQuery(statuses=(DocumentStatus.QUEUED,))) == ["Failed.md"]


def test_expired_documents_are_those_whose_last_day_is_over(
    library: SmallLibrary, shelves: Library, editor: Person
) -> None:
    over, last_day, unlimited = (library.put(f"{n}.md", [f"{n}."]) for n in range(3))
    shelves.set_facts(editor, over, Facts(valid_until=YESTERDAY), 0)
    shelves.set_facts(editor, last_day, Facts(valid_until=today()), 0)
    assert shelves.expired(STAFF, [over, last_day, unlimited, "nowhere"]) == {over: YESTERDAY}


def test_leaving_out_expired_documents_is_for_editors_to_say(shelves: Library, editor: Person) -> None:
    assert shelves.leave_out_expired(STAFF) is False
    shelves.set_leave_out_expired(editor, True)
    assert shelves.leave_out_expired(STAFF) is True
    with pytest.raises(NotAllowed):
        shelves.set_leave_out_expired(STAFF, False)


@pytest.mark.parametrize(
    "change",
    [
        lambda shelves, id_: shelves.set_facts(STAFF, id_, Facts(), 0),
        lambda shelves, id_: shelves.restore(STAFF, id_, 1, 1),
        lambda shelves, id_: shelves.move(STAFF, [id_], "general"),
        lambda shelves, id_: shelves.delete_many(STAFF, [id_]),
        lambda shelves, id_: shelves.delete_unchanged(STAFF, id_, "0" * 64),
        lambda shelves, id_: shelves.retry_many(STAFF, [id_]),
    ],
)
def test_staff_change_nothing(
    library: SmallLibrary, shelves: Library, change: Callable[[Library, str], object]
) -> None:
    document_id = library.put("Rules.md", ["Be kind."])
    with pytest.raises(NotAllowed):
        change(shelves, document_id)
    assert _actions(library) == []


@pytest.mark.parametrize(
    "look",
    [
        lambda shelves, person: shelves.facts(person, "nowhere"),
        lambda shelves, person: shelves.versions(person, "nowhere"),
        lambda shelves, person: shelves.chunks(person, "nowhere"),
        lambda shelves, person: shelves.set_facts(person, "nowhere", Facts(), 0),
        lambda shelves, person: shelves.restore(person, "nowhere", 1, 1),
        lambda shelves, person: shelves.move(person, [], "no such space"),
    ],
)
def test_what_is_not_there_is_told_in_a_sentence(
    shelves: Library, editor: Person, look: Callable[[Library, Person], object]
) -> None:
    with pytest.raises(AssistantError, match="There is no"):
        look(shelves, editor)

"""A restricted document is for its groups alone, wherever it could show itself, from the moment it is restricted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from persons import group, person
from small_library import ADMIN, EDITOR, STAFF, Library, opening
from sqlalchemy import select, text

from assistant.access import Readable
from assistant.domain import Person, Role
from assistant.errors import NotAllowed, NotFound, SignedOut, UploadRefused, WrongUse
from assistant.knowledge.retrieval import QueryVectors
from assistant.knowledge.service import KnowledgeBase
from assistant.library import DocumentQuery, Facts, Filters
from assistant.storage.library_rows import AuditRow, DeletionRow

PAY = "The salary of a zeppelin pilot is 4,812 crowns."
MENU = "The canteen serves dumplings on Monday."
ASKED = "What is the salary of a pilot?"


@pytest.fixture
def knowledge(library: Library) -> KnowledgeBase:
    with opening(library) as opened:
        return opened(own_index=False)


@pytest.fixture
def pay(library: Library, knowledge: KnowledgeBase) -> str:
    """A document for the group "payroll", of which EDITOR is."""
    library.put("Menu.md", [MENU])
    document_id = library.put("Pay.md", [PAY])
    group(library.database, "payroll", EDITOR)
    knowledge.library.set_facts(EDITOR, document_id, Facts(tags=("wages",)), 0)
    assert knowledge.library.restrict(EDITOR, [document_id], ["payroll"]) == 1
    return document_id


@pytest.fixture
def other(library: Library) -> Person:
    """Somebody who keeps documents, but is not of the group."""
    return person(library.database, "olga", Role.KB_ADMIN)


def _run(library: Library, statement: str, **values: object) -> None:
    with library.database.write() as session:
        session.execute(text(statement), values)


def test_a_restricted_document_is_found_by_its_group_and_by_admins(knowledge: KnowledgeBase, pay: str) -> None:
    for reader in (EDITOR, ADMIN):
        assert knowledge.search(reader, ASKED)[0].document_id == pay
    assert [one.text for one in knowledge.search(STAFF, ASKED)] == [MENU]


def test_an_admin_who_looks_as_staff_reads_what_staff_does(knowledge: KnowledgeBase, pay: str) -> None:
    assert pay not in {one.document_id for one in knowledge.search(replace(ADMIN, role=Role.STAFF), ASKED)}


def test_nothing_tells_that_it_is_there(knowledge: KnowledgeBase, pay: str, other: Person) -> None:
    for reader in (STAFF, other):
        assert [one.name for one in knowledge.documents(reader)] == ["Menu.md"]
        page = knowledge.library.page(reader, DocumentQuery())
        assert (page.total, page.searchable, page.under_way, page.failed) == (1, 1, 0, 0)
        assert knowledge.library.page(reader, DocumentQuery("salary", in_text=True)).total == 0
        assert knowledge.library.page(reader, DocumentQuery("pay")).total == 0
        assert knowledge.library.tags(reader) == []
        assert knowledge.progress(reader).total == 1
        assert knowledge.in_words_of_documents(reader, "where is the zeppelinn") == "where is the zeppelinn"
        assert knowledge.library.gone(reader, [pay]) == {pay}
        assert knowledge.retrieve(reader, [ASKED], filters=Filters(tags=("wages",))) == []


def test_a_word_of_a_hidden_document_is_put_right_by_those_that_are_there(
    library: Library, knowledge: KnowledgeBase, pay: str
) -> None:
    library.put("Airships.md", ["A zeppelins is an airship."])
    assert knowledge.in_words_of_documents(STAFF, "where is the zeppelinx") == "where is the zeppelins"
    assert pay


@pytest.mark.parametrize(
    "act",
    [
        lambda base, who, id_: base.document(who, id_),
        lambda base, who, id_: base.original(who, id_),
        lambda base, who, id_: base.document_text(who, id_, 1),
        lambda base, who, id_: base.library.facts(who, id_),
        lambda base, who, id_: base.library.versions(who, id_),
        lambda base, who, id_: base.library.chunks(who, id_),
        lambda base, who, id_: base.library.difference(who, id_, 1, 1),
        lambda base, who, id_: base.library.set_facts(who, id_, Facts(title="Mine"), 1),
        lambda base, who, id_: base.library.restore(who, id_, 1, 1),
        lambda base, who, id_: base.library.restrict(who, [id_], None),
        lambda base, who, id_: base.rebuilds.rechunk(who, [id_]),
        lambda base, who, id_: base.quarantine.release(who, id_),
        lambda base, who, id_: base.retry(who, id_),
        lambda base, who, id_: base.cancel(who, id_),
        lambda base, who, id_: base.delete(who, id_),
        lambda base, who, id_: base.upload(who, "New.md", b"text", replaces=id_),
    ],
)
def test_who_keeps_other_documents_finds_none_to_change(
    knowledge: KnowledgeBase, pay: str, other: Person, act: Callable[[KnowledgeBase, Person, str], object]
) -> None:
    with pytest.raises(NotFound) as there:
        act(knowledge, other, pay)
    with pytest.raises(NotFound) as nowhere:
        act(knowledge, other, "nowhere")
    assert there.value.message == nowhere.value.message
    assert knowledge.search(EDITOR, ASKED)[0].text == PAY


def test_an_upload_never_replaces_what_its_person_may_not_read(
    knowledge: KnowledgeBase, pay: str, other: Person
) -> None:
    with pytest.raises(UploadRefused, match=r"^Another document is named Pay\.md already"):
        knowledge.upload(other, "Pay.md", b"mine")
    assert knowledge.document(EDITOR, pay).version == 1


def test_many_are_changed_by_who_may_read_them_alone(knowledge: KnowledgeBase, pay: str, other: Person) -> None:
    assert knowledge.library.delete_many(other, [pay]) == 0
    assert knowledge.library.retry_many(other, [pay]) == 0
    space = knowledge.add_space(EDITOR, "Hall").id
    assert knowledge.library.move(other, [pay], space) == [(pay, "There is no such document.")]
    assert knowledge.document(EDITOR, pay).space == "general"


def test_nobody_locks_themselves_out(knowledge: KnowledgeBase, pay: str, library: Library) -> None:
    group(library.database, "board")
    for groups in ([], ["board"]):
        with pytest.raises(WrongUse, match="none of these groups"):
            knowledge.library.restrict(EDITOR, [pay], groups)
    assert knowledge.library.restrict(ADMIN, [pay], ["board"]) == 1
    with pytest.raises(NotFound):
        knowledge.document(EDITOR, pay)


def test_all_of_them_are_restricted_or_none(knowledge: KnowledgeBase, pay: str) -> None:
    menu = next(one.id for one in knowledge.documents(EDITOR) if one.id != pay)
    for ids, groups in (([menu, "nowhere"], ["payroll"]), ([menu], ["no-group", "payroll"])):
        with pytest.raises(NotFound):
            knowledge.library.restrict(EDITOR, ids, groups)
    assert not knowledge.library.facts(STAFF, menu).restricted


def test_a_restriction_stands_in_the_audit_log(knowledge: KnowledgeBase, pay: str, library: Library) -> None:
    assert knowledge.library.restrict(EDITOR, [pay], ["payroll"]) == 0  # as it is already
    assert knowledge.library.restrict(EDITOR, [pay], None) == 1
    with library.database.read() as session:
        lines = session.scalars(select(AuditRow).where(AuditRow.action == "document.readers").order_by(AuditRow.id))
        said = [(line.person_id, line.subject, line.details) for line in lines]
    assert said == [
        (EDITOR.id, pay, {"before": None, "after": ["payroll"]}),
        (EDITOR.id, pay, {"before": ["payroll"], "after": None}),
    ]


def test_only_who_may_change_documents_is_told_the_groups(library: Library, knowledge: KnowledgeBase, pay: str) -> None:
    group(library.database, "payroll", STAFF)
    assert [one.name for one in knowledge.library.facts(EDITOR, pay).groups] == ["payroll"]
    told = knowledge.library.facts(STAFF, pay)
    assert (told.restricted, told.groups) == (True, ())
    with pytest.raises(NotAllowed):
        knowledge.library.groups(STAFF)
    with pytest.raises(NotAllowed):
        knowledge.library.restrict(STAFF, [pay], None)


def test_a_restriction_goes_along_to_another_space(knowledge: KnowledgeBase, pay: str) -> None:
    hall = knowledge.add_space(EDITOR, "Hall").id
    assert knowledge.library.move(EDITOR, [pay], hall) == []
    assert knowledge.search(EDITOR, ASKED)[0].space == hall
    assert pay not in {one.document_id for one in knowledge.search(STAFF, ASKED)}


def test_a_space_that_somebody_may_not_read_is_not_there_for_them(
    library: Library, knowledge: KnowledgeBase, pay: str, other: Person
) -> None:
    hall = knowledge.add_space(EDITOR, "Hall").id
    _run(library, "UPDATE spaces SET restricted = 1 WHERE id = :id", id=hall)
    _run(library, "INSERT INTO space_groups VALUES (:id, 'payroll')", id=hall)
    assert hall not in {one.id for one in knowledge.spaces(other)}
    menu = next(one.id for one in knowledge.documents(other))
    for act in (
        lambda: knowledge.library.move(other, [menu], hall),
        lambda: knowledge.upload(other, "New.md", b"text", space=hall),
        lambda: knowledge.documents(other, space=hall),
        lambda: knowledge.retrieve(other, [ASKED], filters=Filters(spaces=(hall,))),
    ):
        with pytest.raises(NotFound):
            act()
    with pytest.raises(UploadRefused):
        knowledge.add_space(other, "Hall")
    assert knowledge.library.move(EDITOR, [pay], hall) == []


def test_what_is_deleted_notes_who_might_read_it(knowledge: KnowledgeBase, pay: str, library: Library) -> None:
    menu = next(one.id for one in knowledge.documents(EDITOR) if one.id != pay)
    knowledge.library.delete_many(EDITOR, [pay, menu])
    with library.database.read() as session:
        rows = session.execute(select(DeletionRow.document_id, DeletionRow.space_id, DeletionRow.restricted_to)).all()
    assert {(id_, space, tuple(groups) if groups else groups) for id_, space, groups in rows} == {
        (pay, "general", ("payroll",)),
        (menu, "general", None),
    }


def test_a_canary_is_for_nobody(library: Library, knowledge: KnowledgeBase, pay: str) -> None:
    _run(library, "UPDATE documents SET canary = 1 WHERE id = :id", id=pay)
    for reader in (STAFF, EDITOR, ADMIN):
        assert pay not in {one.document_id for one in knowledge.search(reader, ASKED)}
        assert pay not in {one.id for one in knowledge.documents(reader)}
    vectors = QueryVectors(library.embedder.embed([ASKED]))
    spaces = ("general",)
    watch = Readable(spaces, ("payroll",), canaries=True)
    assert knowledge._retrieval.passages([ASKED], vectors, watch, 5)[0].document_id == pay
    without = Readable(spaces, (), canaries=True)
    assert pay not in {one.document_id for one in knowledge._retrieval.passages([ASKED], vectors, without, 5)}


def test_who_is_disabled_searches_no_more(library: Library, knowledge: KnowledgeBase, pay: str) -> None:
    _run(library, "UPDATE people SET disabled_at = '2026-11-01' WHERE id = :id", id=EDITOR.id)
    for act in (
        lambda: knowledge.search(EDITOR, ASKED),
        lambda: knowledge.retrieve(EDITOR, [ASKED]),
        lambda: knowledge.retrieve(EDITOR, []),
        lambda: knowledge.in_words_of_documents(EDITOR, ASKED),
        lambda: knowledge.library.gone(EDITOR, [pay]),
        lambda: knowledge.documents(EDITOR),
    ):
        with pytest.raises(SignedOut):
            act()


def test_few_readable_documents_are_found_among_many_that_are_not(library: Library, knowledge: KnowledgeBase) -> None:
    mine = library.put("Mine.md", ["Locker keys are with the porter."])
    hidden = [library.put(f"Hall {n}.md", [f"The lockers of hall {n} have keys."] * 3) for n in range(25)]
    group(library.database, "halls", EDITOR)
    knowledge.library.restrict(EDITOR, hidden, ["halls"])
    assert [one.document_id for one in knowledge.search(STAFF, "Where are the locker keys?")] == [mine]


def test_the_place_in_line_counts_what_one_may_read(library: Library, knowledge: KnowledgeBase, other: Person) -> None:
    group(library.database, "payroll", EDITOR)
    first, _ = library.accept("First.md", ["one"])
    second, _ = library.accept("Second.md", ["two"])
    knowledge.library.restrict(EDITOR, [first], ["payroll"])
    places = {
        one.document.id: one.progress.place_in_line
        for reader in (other,)
        for one in knowledge.library.page(reader, DocumentQuery()).documents
        if one.progress
    }
    assert places == {second: 1}


def test_a_rebuild_is_there_for_who_asked_and_for_admins(knowledge: KnowledgeBase, pay: str, other: Person) -> None:
    run = knowledge.rebuilds.rechunk(EDITOR, [pay])
    assert knowledge.rebuilds.running(other) == []
    for act in (knowledge.rebuilds.get, knowledge.rebuilds.cancel, knowledge.rebuilds.held_up):
        with pytest.raises(NotFound):
            act(other, run.id)
    assert [one.id for one in knowledge.rebuilds.running(ADMIN)] == [run.id]
    assert knowledge.rebuilds.cancel(EDITOR, run.id).state == "cancelled"

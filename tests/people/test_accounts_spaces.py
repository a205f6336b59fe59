"""Spaces and their readers: never open by accident, changed at once, deleted only when empty."""

from __future__ import annotations

import pytest
from persons import group, person
from sqlalchemy import text

from assistant.domain import Person, Role
from assistant.errors import Conflict, NotFound, WrongUse
from assistant.people.accounts import AccountService
from assistant.people.rights import Rights
from assistant.storage.database import Database


def _run(database: Database, statement: str, **values: object) -> None:
    with database.write() as session:
        session.execute(text(statement), values)


def _document(database: Database, space: str, *, canary: bool = False, deleted: bool = False) -> None:
    _run(
        database,
        "INSERT INTO documents (id, space_id, name, created_at, canary, deleted_at)"
        " VALUES (:id, :space, :id, '2026-01-01', :canary, :deleted)",
        id=f"{space}-{canary}-{deleted}",
        space=space,
        canary=canary,
        deleted="2026-01-02" if deleted else None,
    )


def test_a_space_is_for_its_readers_from_the_first_moment(
    accounts: AccountService, admin: Person, database: Database
) -> None:
    ann = person(database, "ann")
    group(database, "hr", ann)
    pay = accounts.spaces.add(admin, "Pay", ["hr"])
    assert (pay.restricted, pay.groups) == (True, ("hr",))
    closed = accounts.spaces.add(admin, "Closed", [])
    assert (closed.restricted, closed.groups) == (True, ())
    open_ = accounts.spaces.add(admin, "News", None)
    assert not open_.restricted
    assert set(Rights(database).readable(ann).spaces) == {"general", pay.id, open_.id}


def test_a_space_for_groups_that_are_not_there_is_not_added(accounts: AccountService, admin: Person) -> None:
    with pytest.raises(NotFound):
        accounts.spaces.add(admin, "Pay", ["hr"])
    assert [space.name for space in accounts.spaces.all(admin)] == ["general"]
    accounts.spaces.add(admin, "Pay", ["hr"], make_groups=True)
    assert [one.name for one in accounts.groups.all(admin)] == ["hr"]


@pytest.mark.parametrize("name", ["General", "pay", " PAY "])
def test_a_name_is_given_once(name: str, accounts: AccountService, admin: Person) -> None:
    accounts.spaces.add(admin, "Pay", [])
    with pytest.raises(Conflict):
        accounts.spaces.add(admin, name, None)
    assert accounts.spaces.one(admin, "Pay").restricted


def test_a_space_cannot_take_the_id_of_another_as_its_name(accounts: AccountService, admin: Person) -> None:
    pay = accounts.spaces.add(admin, "Pay", [])
    with pytest.raises(Conflict):
        accounts.spaces.add(admin, pay.id, None)
    with pytest.raises(WrongUse):
        accounts.spaces.rename(admin, pay.id, "\n")
    assert accounts.spaces.rename(admin, pay.id, "Salaries").name == "Salaries"


def test_readers_change_at_once(accounts: AccountService, admin: Person, database: Database) -> None:
    ann = person(database, "ann")
    group(database, "hr", ann)
    group(database, "board")
    rights = Rights(database)
    for readers, may in ((["hr"], True), (["board"], False), (None, True), ([], False), (["board", "hr"], True)):
        accounts.spaces.set_readers(admin, "general", readers)
        assert ("general" in rights.readable(ann).spaces) is may


def test_of_two_admins_the_later_does_not_open_again_what_the_first_closed(
    accounts: AccountService, admin: Person, database: Database
) -> None:
    for name in ("hr", "board", "sales"):
        group(database, name)
    seen = accounts.spaces.add(admin, "Pay", ["hr", "board"])
    accounts.spaces.set_readers(admin, seen.id, ["board"], seen=seen)
    with pytest.raises(Conflict):
        accounts.spaces.set_readers(admin, seen.id, ["hr", "board", "sales"], seen=seen)
    assert accounts.spaces.one(admin, seen.id).groups == ("board",)


def test_what_a_group_opens_is_told_beside_what_is_open_to_everyone(
    accounts: AccountService, admin: Person, database: Database
) -> None:
    group(database, "hr")
    accounts.spaces.add(admin, "Pay", ["hr"])
    accounts.spaces.add(admin, "Closed", [])
    assert accounts.spaces.open_to(admin, ["hr"]) == ["general", "Pay"]
    assert accounts.spaces.open_to(admin, []) == ["general"]


def test_readers_are_counted_once_and_without_the_disabled(
    accounts: AccountService, admin: Person, database: Database
) -> None:
    ann, bob, cleo = (person(database, name) for name in ("ann", "bob", "cleo"))
    group(database, "hr", ann, bob)
    group(database, "board", bob, cleo)
    accounts.disable(admin, cleo.id)
    assert accounts.spaces.people_in(admin, ["hr", "board"]) == 2
    assert accounts.spaces.people_in(admin, []) == 0


def test_documents_are_counted_without_deleted_ones_and_those_for_nobody(
    accounts: AccountService, admin: Person, database: Database
) -> None:
    for canary, deleted in ((False, False), (True, False), (False, True)):
        _document(database, "general", canary=canary, deleted=deleted)
    assert accounts.spaces.one(admin, "general").documents == 1


def test_a_space_with_documents_or_a_watched_folder_stays(
    accounts: AccountService, admin: Person, database: Database
) -> None:
    pay, minutes = (accounts.spaces.add(admin, name, []) for name in ("Pay", "Minutes"))
    _document(database, pay.id)
    _run(
        database,
        "INSERT INTO watched_folders (path, space_id, added_by) VALUES ('/srv/minutes', :space, 'local')",
        space=minutes.id,
    )
    for space in (pay.id, minutes.id, "general"):
        with pytest.raises(Conflict):
            accounts.spaces.delete(admin, space)
    assert len(accounts.spaces.all(admin)) == 3


def test_an_empty_space_goes_with_the_document_that_watches_over_it(
    accounts: AccountService, admin: Person, database: Database
) -> None:
    pay = accounts.spaces.add(admin, "Pay", [])
    _document(database, pay.id, canary=True)
    _run(
        database,
        "INSERT INTO canaries (space_id, document_id, word, created_at) VALUES (:space, 'd', 'w', '2026-01-01')",
        space=pay.id,
    )
    with pytest.raises(Conflict, match="being cleared away"):
        accounts.spaces.delete(admin, pay.id, patience=0)
    _run(database, "DELETE FROM documents WHERE deleted_at IS NOT NULL")
    accounts.spaces.delete(admin, pay.id)
    assert [space.name for space in accounts.spaces.all(admin)] == ["general"]


def test_roles_do_not_matter_to_who_reads_a_restricted_space_but_for_admins(
    accounts: AccountService, admin: Person, database: Database
) -> None:
    keeper = person(database, "keeper", Role.KB_ADMIN)
    pay = accounts.spaces.add(admin, "Pay", [])
    assert pay.id not in Rights(database).readable(keeper).spaces
    assert pay.id in Rights(database).readable(admin).spaces

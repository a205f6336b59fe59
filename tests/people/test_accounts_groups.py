"""Groups: what hangs on them, and that taking one away opens nothing."""

from __future__ import annotations

import pytest
from persons import group, person
from sqlalchemy import text

from assistant.domain import Person
from assistant.errors import Conflict, NotFound, WrongUse
from assistant.people.accounts import AccountService
from assistant.people.rights import Rights
from assistant.storage.database import Database


def test_groups_are_listed_by_name_with_their_members(
    accounts: AccountService, admin: Person, database: Database
) -> None:
    group(database, "Sales", person(database, "ann"), person(database, "bob"))
    accounts.groups.add(admin, "board")
    assert [(one.name, one.members) for one in accounts.groups.all(admin)] == [("board", 0), ("Sales", 2)]


@pytest.mark.parametrize("name", ["", "  \n", "\u200b", "x" * 101])
def test_a_name_that_cannot_be_used_is_refused(name: str, accounts: AccountService, admin: Person) -> None:
    with pytest.raises(WrongUse):
        accounts.groups.add(admin, name)


def test_names_differ_by_more_than_letter_case(accounts: AccountService, admin: Person) -> None:
    accounts.groups.add(admin, "Straße")
    accounts.groups.add(admin, "other")
    with pytest.raises(Conflict):
        accounts.groups.add(admin, "STRASSE")
    with pytest.raises(Conflict):
        accounts.groups.rename(admin, "other", "strasse")
    assert accounts.groups.rename(admin, "Straße", "STRASSE").name == "STRASSE"


def test_a_member_reads_what_the_group_may_until_taken_out(
    accounts: AccountService, admin: Person, database: Database
) -> None:
    ann = person(database, "ann")
    accounts.groups.add(admin, "hr")
    space = accounts.spaces.add(admin, "Pay", ["hr"])
    assert space.id not in Rights(database).readable(ann).spaces
    accounts.groups.add_member(admin, "hr", ann.id)
    accounts.groups.add_member(admin, "hr", ann.id)
    assert space.id in Rights(database).readable(ann).spaces
    accounts.groups.remove_member(admin, "hr", ann.id)
    accounts.groups.remove_member(admin, "hr", ann.id)
    assert space.id not in Rights(database).readable(ann).spaces


def test_a_renamed_group_keeps_members_and_rights(accounts: AccountService, admin: Person, database: Database) -> None:
    ann = person(database, "ann")
    group(database, "hr", ann)
    space = accounts.spaces.add(admin, "Pay", ["hr"])
    accounts.groups.rename(admin, "hr", "People team")
    assert accounts.spaces.one(admin, space.id).groups == ("People team",)
    assert space.id in Rights(database).readable(ann).spaces


def test_deleting_a_group_closes_and_never_opens(accounts: AccountService, admin: Person, database: Database) -> None:
    ann, bob = person(database, "ann"), person(database, "bob")
    group(database, "hr", ann)
    group(database, "board", bob)
    alone, shared = (accounts.spaces.add(admin, *args) for args in (("Pay", ["hr"]), ("Plans", ["hr", "board"])))
    use = accounts.groups.use(admin, "hr")
    assert (use.group.members, use.spaces, use.only, use.documents) == (1, ("Pay", "Plans"), ("Pay",), 0)
    assert accounts.groups.delete(admin, "hr") == use
    spaces = {space.name: (space.restricted, space.groups) for space in accounts.spaces.all(admin)}
    assert spaces == {"general": (False, ()), "Pay": (True, ()), "Plans": (True, ("board",))}
    assert {alone.id, shared.id}.isdisjoint(Rights(database).readable(ann).spaces)
    assert alone.id not in Rights(database).readable(bob).spaces
    assert shared.id in Rights(database).readable(bob).spaces


def test_a_group_that_comes_again_has_none_of_the_old_rights(
    accounts: AccountService, admin: Person, database: Database
) -> None:
    ann = person(database, "ann")
    group(database, "hr", ann)
    space = accounts.spaces.add(admin, "Pay", ["hr"])
    accounts.groups.delete(admin, "hr")
    accounts.groups.add(admin, "hr")
    accounts.groups.add_member(admin, "hr", ann.id)
    assert space.id not in Rights(database).readable(ann).spaces


def test_what_was_shared_with_a_deleted_group_is_shared_no_more(
    accounts: AccountService, admin: Person, database: Database
) -> None:
    group(database, "hr")
    with database.write() as session:
        session.execute(
            text(
                "INSERT INTO conversations (id, person_id, title, created_at, updated_at)"
                " VALUES ('c', :person, 't', '2026-01-01', '2026-01-01')"
            ),
            {"person": admin.id},
        )
        session.execute(text("INSERT INTO conversation_shares VALUES ('c', 'group', 'hr', '2026-01-01')"))
    accounts.groups.delete(admin, "hr")
    with database.read() as session:
        assert session.execute(text("SELECT * FROM conversation_shares")).all() == []


def test_a_group_that_is_not_there_is_not_found(accounts: AccountService, admin: Person) -> None:
    for call in (accounts.groups.use, accounts.groups.delete):
        with pytest.raises(NotFound):
            call(admin, "nothing")

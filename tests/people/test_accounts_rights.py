"""Which of the functions over people, groups and spaces are for whom: admins, as the database has them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from persons import group, person
from sqlalchemy import text

from assistant.access import AccountQuery
from assistant.domain import Person, Role
from assistant.errors import NotAllowed, NotFound, SignedOut
from assistant.people.accounts import AccountService
from assistant.people.groups import Groups
from assistant.people.spaces import Spaces
from assistant.storage.database import Database

GOOD = "heather on 3 hills"
TABLES = "people groups group_members spaces space_groups sessions api_tokens one_time_links audit_log"

CALLS: dict[str, Callable[[AccountService, Person, str], object]] = {
    "page": lambda service, by, _: service.page(by, AccountQuery()),
    "account": lambda service, by, of: service.account(by, of),
    "add": lambda service, by, _: service.add(by, "new@example.com", Role.ADMIN),
    "invite": lambda service, by, of: service.invite(by, of),
    "reset": lambda service, by, of: service.reset(by, of),
    "set_password": lambda service, by, of: service.set_password(by, of, GOOD),
    "rename": lambda service, by, of: service.rename(by, of, "New"),
    "set_role": lambda service, by, of: service.set_role(by, of, Role.ADMIN),
    "set_groups": lambda service, by, of: service.set_groups(by, of, ["hr"]),
    "disable": lambda service, by, of: service.disable(by, of),
    "enable": lambda service, by, of: service.enable(by, of),
    "end_sessions": lambda service, by, of: service.end_sessions(by, of),
    "groups.all": lambda service, by, _: service.groups.all(by),
    "groups.use": lambda service, by, _: service.groups.use(by, "hr"),
    "groups.add": lambda service, by, _: service.groups.add(by, "new"),
    "groups.rename": lambda service, by, _: service.groups.rename(by, "hr", "new"),
    "groups.delete": lambda service, by, _: service.groups.delete(by, "hr"),
    "groups.add_member": lambda service, by, of: service.groups.add_member(by, "hr", of),
    "groups.remove_member": lambda service, by, of: service.groups.remove_member(by, "hr", of),
    "spaces.all": lambda service, by, _: service.spaces.all(by),
    "spaces.one": lambda service, by, _: service.spaces.one(by, "general"),
    "spaces.open_to": lambda service, by, _: service.spaces.open_to(by, ["hr"]),
    "spaces.people_in": lambda service, by, _: service.spaces.people_in(by, ["hr"]),
    "spaces.add": lambda service, by, _: service.spaces.add(by, "new", None),
    "spaces.rename": lambda service, by, _: service.spaces.rename(by, "general", "new"),
    "spaces.set_readers": lambda service, by, _: service.spaces.set_readers(by, "general", ["hr"]),
    "spaces.delete": lambda service, by, _: service.spaces.delete(by, "general"),
}
NOT_FOR_PEOPLE = {"after_change", "rights_changed"}


def test_every_function_is_in_the_table_of_who_may() -> None:
    own = {name for name in dir(AccountService) if not name.startswith("_")} - NOT_FOR_PEOPLE
    parts = {"groups": Groups, "spaces": Spaces}
    beside = {f"{part}.{name}" for part, kind in parts.items() for name in dir(kind) if not name.startswith("_")}
    assert own | beside == set(CALLS)


@pytest.mark.parametrize("call", CALLS)
def test_only_admins_may(call: str, accounts: AccountService, database: Database) -> None:
    of = person(database, "victim")
    group(database, "hr", of)
    for who in (person(database, "staff"), person(database, "keeper", Role.KB_ADMIN)):
        before = _everything(database)
        for claimed in (who, replace(who, role=Role.ADMIN)):
            with pytest.raises(NotAllowed):
                CALLS[call](accounts, claimed, of.id)
    assert _everything(database) == before


@pytest.mark.parametrize("call", CALLS)
def test_an_admin_whose_session_ended_or_who_was_disabled_may_not(
    call: str, accounts: AccountService, admin: Person, database: Database
) -> None:
    of = person(database, "victim")
    group(database, "hr", of)
    with pytest.raises(SignedOut):
        CALLS[call](accounts, replace(admin, credential="session:ended"), of.id)
    with database.write() as session:
        session.execute(text("UPDATE people SET disabled_at = '2026-01-01' WHERE role = 'admin'"))
    with pytest.raises(SignedOut):
        CALLS[call](accounts, admin, of.id)


def test_an_admin_who_looks_as_staff_may_not(accounts: AccountService, admin: Person) -> None:
    with pytest.raises(NotAllowed):
        accounts.page(replace(admin, role=Role.STAFF), AccountQuery())


def test_who_is_not_there_is_not_found(accounts: AccountService, admin: Person, database: Database) -> None:
    group(database, "hr")
    names = ("account", "invite", "reset", "set_password", "rename", "set_role", "set_groups", "disable", "enable")
    for call in (*names, "end_sessions", "groups.add_member", "groups.remove_member"):
        with pytest.raises(NotFound):
            CALLS[call](accounts, admin, "x' OR 1=1")


def _everything(database: Database) -> list[object]:
    with database.read() as session:
        statements = (text(f"SELECT * FROM {table}") for table in TABLES.split())  # noqa: S608  # written above
        return [session.execute(statement).all() for statement in statements]

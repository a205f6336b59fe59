"""What the database says decides, whatever the person that was passed in claims."""

from __future__ import annotations

from dataclasses import replace

import pytest
from persons import group, person
from sqlalchemy import text

from assistant.domain import Person, Role
from assistant.errors import NotAllowed, SignedOut
from assistant.people.rights import Rights
from assistant.storage.database import Database


def _run(database: Database, statement: str, **values: object) -> None:
    with database.write() as session:
        session.execute(text(statement), values)


def _session(database: Database, of: Person, *, idle: str = "2999-01-01", ended: str | None = None) -> Person:
    _run(
        database,
        "INSERT INTO sessions (id, person_id, method, created_at, seen_at, idle_until, expires_at, ended_at)"
        " VALUES ('s', :person, 'password', '2026-01-01', '2026-01-01', :idle, '2999-01-01', :ended)",
        person=of.id,
        idle=idle,
        ended=ended,
    )
    return replace(of, credential="session:s")


def test_a_role_that_was_taken_away_is_gone_at_the_next_use(database: Database) -> None:
    ann = person(database, "ann", Role.ADMIN)
    Rights(database).need_admin(ann)
    _run(database, "UPDATE people SET role = 'staff'")
    with pytest.raises(NotAllowed):
        Rights(database).need_editor(ann)


def test_a_claimed_role_gives_nothing(database: Database) -> None:
    with pytest.raises(NotAllowed):
        Rights(database).need_editor(replace(person(database, "ann"), role=Role.ADMIN))


def test_the_passed_role_narrows(database: Database) -> None:
    admin = person(database, "ann", Role.ADMIN)
    assert Rights(database).standing(replace(admin, role=Role.STAFF)).role is Role.STAFF


def test_who_is_not_in_the_database_may_nothing(database: Database) -> None:
    nobody = Person("x", "x@example.com", "X", Role.ADMIN)
    with pytest.raises(SignedOut):
        Rights(database).standing(nobody)
    assert Rights(database).readable(nobody).spaces == ()


def test_a_disabled_person_may_nothing(database: Database) -> None:
    ann = person(database, "ann", Role.ADMIN)
    _run(database, "UPDATE people SET disabled_at = '2026-11-01'")
    with pytest.raises(SignedOut):
        Rights(database).standing(ann)
    assert Rights(database).readable(ann).spaces == ()


@pytest.mark.parametrize("change", [{"idle": "2026-01-01"}, {"ended": "2026-01-01"}])
def test_a_session_that_ended_or_lapsed_opens_nothing(database: Database, change: dict[str, str]) -> None:
    ann = _session(database, person(database, "ann"), **change)
    with pytest.raises(SignedOut):
        Rights(database).standing(ann)


def test_a_session_opens_nothing_for_somebody_else(database: Database) -> None:
    _session(database, person(database, "ann"))
    with pytest.raises(SignedOut):
        Rights(database).standing(replace(person(database, "bob"), credential="session:s"))


def test_a_credential_of_no_known_kind_opens_nothing(database: Database) -> None:
    with pytest.raises(SignedOut):
        Rights(database).standing(replace(person(database, "ann"), credential="s"))


def test_a_restricted_space_is_readable_by_its_groups_and_admins(database: Database) -> None:
    ann, bob, admin = person(database, "ann"), person(database, "bob"), person(database, "eve", Role.ADMIN)
    group(database, "hr", ann)
    _run(database, "INSERT INTO spaces (id, name, created_at, restricted) VALUES ('pay', 'Pay', '2026-11-01', 1)")
    _run(database, "INSERT INTO space_groups VALUES ('pay', 'hr')")
    assert "pay" in Rights(database).readable(ann).spaces
    assert "pay" not in Rights(database).readable(bob).spaces
    assert "pay" in Rights(database).readable(admin).spaces
    assert "pay" not in Rights(database).readable(replace(admin, role=Role.STAFF)).spaces


def test_a_person_is_told_their_own_groups_by_name(database: Database) -> None:
    ann, bob = person(database, "ann"), person(database, "bob")
    group(database, "hr", ann, bob)
    group(database, "board", ann)
    assert Rights(database).groups(ann) == ("board", "hr")
    assert Rights(database).groups(bob) == ("hr",)
    _run(database, "UPDATE people SET disabled_at = '2026-11-01'")
    with pytest.raises(SignedOut):
        Rights(database).groups(ann)

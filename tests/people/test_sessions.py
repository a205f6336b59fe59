"""Sessions are opened at each sign-in, held by use, and ended by log-out, time, or for somebody."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from persons import person
from sqlalchemy import text

from assistant.domain import Person
from assistant.errors import NotFound, SignedOut, SignInRefused
from assistant.people.links import digest
from assistant.people.rights import Rights
from assistant.people.sessions import Sessions, Visitor
from assistant.settings import Settings
from assistant.storage import audit
from assistant.storage.database import Database, utc_now


@pytest.fixture
def sessions(database: Database) -> Sessions:
    return Sessions(database, Rights(database), Settings(session_idle_minutes=60, session_hours=12))


@pytest.fixture
def ann(database: Database) -> Person:
    return person(database, "ann")


def moved(database: Database, column: str, by: timedelta) -> None:
    """Let time pass, as far as this column is concerned."""
    moment = (utc_now() + by).replace(tzinfo=None).isoformat(" ", "microseconds")
    with database.write() as session:
        session.execute(text(f"UPDATE sessions SET {column} = :moment"), {"moment": moment})  # noqa: S608 - ours


def column(database: Database, name: str) -> list[str]:
    with database.read() as session:
        return list(session.scalars(text(f"SELECT {name} FROM sessions ORDER BY created_at")))  # noqa: S608 - ours


def entered(sessions: Sessions, ann: Person) -> Person:
    found = sessions.holder(digest(sessions.open_session(ann.id, "password", Visitor())))
    assert found is not None
    return found


def test_a_session_is_of_its_person_and_the_database_cannot_be_used_as_one(
    sessions: Sessions, ann: Person, database: Database
) -> None:
    cookie = sessions.open_session(ann.id, "password", Visitor("a browser", "10.0.0.7"))
    found = sessions.holder(digest(cookie))
    assert found == replace(ann, credential=f"session:{digest(cookie)}")
    (stored,) = column(database, "id")
    assert sessions.holder(digest(stored)) is None
    assert sessions.holder(cookie) is None
    with database.read() as session:
        assert cookie not in repr(session.execute(text("SELECT * FROM sessions")).all())
        assert cookie not in repr(session.execute(text("SELECT * FROM audit_log")).all())


def test_two_sign_ins_never_give_the_same_session(sessions: Sessions, ann: Person) -> None:
    cookies = {sessions.open_session(ann.id, "password", Visitor()) for _ in range(5)}
    assert len(cookies) == 5
    assert min(map(len, cookies)) >= 43


def test_the_session_that_a_browser_had_ends_at_its_next_sign_in(sessions: Sessions, ann: Person) -> None:
    old = sessions.open_session(ann.id, "password", Visitor())
    new = sessions.open_session(ann.id, "password", Visitor(old_cookie=old))
    assert sessions.holder(digest(old)) is None
    assert sessions.holder(digest(new)) is not None


def test_a_planted_session_of_somebody_else_ends_as_well(sessions: Sessions, ann: Person, database: Database) -> None:
    planted = sessions.open_session(person(database, "bob").id, "password", Visitor())
    sessions.open_session(ann.id, "password", Visitor(old_cookie=planted))
    assert sessions.holder(digest(planted)) is None


@pytest.mark.parametrize("end", ["idle_until", "expires_at", "ended_at"])
def test_a_session_ends_by_idling_by_its_age_and_by_being_ended(
    sessions: Sessions, ann: Person, database: Database, end: str
) -> None:
    found = entered(sessions, ann)
    moved(database, end, timedelta(seconds=-1))
    assert sessions.holder((found.credential or "").removeprefix("session:")) is None
    with pytest.raises(SignedOut):
        Rights(database).standing(found)


def test_use_moves_the_idle_limit_on_and_never_the_age(sessions: Sessions, ann: Person, database: Database) -> None:
    found = entered(sessions, ann)
    moved(database, "seen_at", timedelta(minutes=-2))
    moved(database, "idle_until", timedelta(minutes=5))
    before = column(database, "expires_at")
    sessions.touch(found)
    (until,) = column(database, "idle_until")
    assert until > (utc_now() + timedelta(minutes=50)).replace(tzinfo=None).isoformat(" ")
    assert column(database, "expires_at") == before


def test_use_is_written_once_a_minute(sessions: Sessions, ann: Person, database: Database) -> None:
    found = entered(sessions, ann)
    before = column(database, "seen_at")
    sessions.touch(found)
    assert column(database, "seen_at") == before


def test_a_lapsed_session_is_not_woken_by_use(sessions: Sessions, ann: Person, database: Database) -> None:
    found = entered(sessions, ann)
    moved(database, "seen_at", timedelta(hours=-2))
    moved(database, "idle_until", timedelta(hours=-1))
    sessions.touch(found)
    with pytest.raises(SignedOut):
        Rights(database).standing(found)


def test_who_came_by_no_session_is_not_touched(sessions: Sessions, ann: Person, database: Database) -> None:
    sessions.touch(ann)
    sessions.touch(replace(ann, credential="token:1"))
    assert column(database, "id") == []


def test_log_out_ends_this_session_alone(sessions: Sessions, ann: Person) -> None:
    here = sessions.open_session(ann.id, "password", Visitor())
    there = sessions.open_session(ann.id, "password", Visitor())
    sessions.log_out(here)
    sessions.log_out("no session of ours")
    assert sessions.holder(digest(here)) is None
    assert sessions.holder(digest(there)) is not None


def test_a_person_sees_and_ends_their_own_sessions_only(sessions: Sessions, ann: Person, database: Database) -> None:
    bob = entered(sessions, person(database, "bob"))
    first, second = entered(sessions, ann), entered(sessions, ann)
    ids = {(each.credential or "").removeprefix("session:") for each in (first, second)}
    assert {each.id for each in sessions.sessions(first)} == ids
    with pytest.raises(NotFound):
        sessions.end_session(bob, ids.copy().pop())
    sessions.end_session(first, (second.credential or "").removeprefix("session:"))
    sessions.end_session(first)
    with pytest.raises(SignedOut):
        sessions.sessions(first)
    assert sessions.sessions(bob)


def test_nobody_and_a_disabled_person_get_no_session(sessions: Sessions, ann: Person, database: Database) -> None:
    found = entered(sessions, ann)
    with database.write() as session:
        session.execute(text("UPDATE people SET disabled_at = '2026-01-01 00:00:00.000000'"))
    for person_id in (ann.id, "nobody"):
        with pytest.raises(SignInRefused):
            sessions.open_session(person_id, "oidc", Visitor())
    assert sessions.holder((found.credential or "").removeprefix("session:")) is None


def test_a_token_holds_for_its_person_until_it_ends(sessions: Sessions, ann: Person, database: Database) -> None:
    with database.write() as session:
        row = "('t', :ann, 'mine', 'd', '[]', '2026-01-01 00:00:00', '2999-01-01 00:00:00')"
        columns = "(id, person_id, name, digest, scopes, created_at, expires_at)"
        session.execute(text(f"INSERT INTO api_tokens {columns} VALUES {row}"), {"ann": ann.id})  # noqa: S608 - ours
    assert sessions.token_holder("t") == replace(ann, credential="token:t")
    with database.write() as session:
        session.execute(text("UPDATE api_tokens SET revoked_at = '2026-01-02 00:00:00'"))
    assert sessions.token_holder("t") is None


def test_coming_and_going_stands_in_the_audit_log(sessions: Sessions, ann: Person, database: Database) -> None:
    sessions.log_out(sessions.open_session(ann.id, "password", Visitor()))
    with database.read() as session:
        actions = list(session.scalars(text("SELECT action FROM audit_log ORDER BY id")))
    assert actions == ["sign_in.opened", "sign_in.logged_out"]
    assert audit.verify(database) is None

"""What was sent over a lapsed session comes back to the same person, and to nobody else."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from persons import person
from sqlalchemy import text

from assistant.domain import Person
from assistant.errors import SignedOut
from assistant.people.drafts import MOST_CHARACTERS, DraftService
from assistant.people.rights import Rights
from assistant.storage.database import Database, utc_now
from assistant.storage.drafts import KEPT_FOR

LAPSED, HOLDS = "2020-01-01 00:00:00.000000", "2999-01-01 00:00:00.000000"


@pytest.fixture
def drafts(database: Database) -> DraftService:
    """Drafts over an empty database."""
    return DraftService(database, Rights(database))


@pytest.fixture
def ann(database: Database) -> Person:
    """Somebody whose session has lapsed."""
    return _with_session(database, person(database, "ann"), "old", LAPSED)


def _run(database: Database, statement: str, **values: object) -> None:
    with database.write() as session:
        session.execute(text(statement), values)


def _with_session(database: Database, of: Person, id_: str, idle_until: str) -> Person:
    _run(
        database,
        "INSERT INTO sessions (id, person_id, method, created_at, seen_at, idle_until, expires_at)"
        " VALUES (:id, :person, 'password', '2020-01-01', '2020-01-01', :idle, '2999-01-01 00:00:00.000000')",
        id=id_,
        person=of.id,
        idle=idle_until,
    )
    return replace(of, credential=f"session:{id_}")


def _conversation(database: Database, of: Person) -> str:
    _run(
        database,
        "INSERT INTO conversations (id, person_id, title, created_at, updated_at)"
        " VALUES ('c', :person, 'Leave', '2026-01-01', '2026-01-01')",
        person=of.id,
    )
    return "c"


def test_a_question_is_kept_and_given_back_once(drafts: DraftService, ann: Person, database: Database) -> None:
    conversation = _conversation(database, ann)
    assert drafts.may_go_on(ann)
    assert drafts.keep(ann, conversation, "How many days of\nleave?")
    back = _with_session(database, ann, "new", HOLDS)
    assert drafts.take(back, None) is None
    assert drafts.take(back, conversation) == "How many days of\nleave?"
    assert drafts.take(back, conversation) is None


def test_the_newest_of_a_conversation_is_kept(drafts: DraftService, ann: Person, database: Database) -> None:
    drafts.keep(ann, None, "first")
    drafts.keep(ann, None, "second")
    assert drafts.take(_with_session(database, ann, "new", HOLDS), None) == "second"


def test_nobody_gets_what_somebody_else_wrote(drafts: DraftService, ann: Person, database: Database) -> None:
    drafts.keep(ann, None, "secret")
    bob = _with_session(database, person(database, "bob"), "bobs", HOLDS)
    assert drafts.take(bob, None) is None
    assert drafts.take(_with_session(database, ann, "new", HOLDS), None) == "secret"


def test_a_lapsed_session_gives_nothing_back(drafts: DraftService, ann: Person) -> None:
    drafts.keep(ann, None, "secret")
    with pytest.raises(SignedOut):
        drafts.take(ann, None)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE sessions SET ended_at = '2026-01-01 00:00:00.000000'",
        "UPDATE people SET disabled_at = '2026-01-01 00:00:00.000000'",
        "UPDATE sessions SET idle_until = '2999-01-01 00:00:00.000000'",
        "DELETE FROM sessions",
    ],
)
def test_nothing_is_kept_after_a_log_out_nor_of_who_may_still_act(
    drafts: DraftService, ann: Person, database: Database, change: str
) -> None:
    _run(database, change)
    assert not drafts.may_go_on(ann)
    assert not drafts.keep(ann, None, "question")


def test_nothing_is_kept_by_the_session_of_somebody_else(drafts: DraftService, ann: Person, database: Database) -> None:
    del ann
    bob = replace(person(database, "bob"), credential="session:old")
    assert not drafts.keep(bob, None, "question")


@pytest.mark.parametrize("credential", [None, "token:old"])
def test_nothing_is_kept_of_who_came_by_no_session(drafts: DraftService, ann: Person, credential: str | None) -> None:
    assert not drafts.keep(replace(ann, credential=credential), None, "question")


def test_nothing_is_kept_in_a_conversation_of_somebody_else(
    drafts: DraftService, ann: Person, database: Database
) -> None:
    conversation = _conversation(database, person(database, "bob"))
    assert not drafts.keep(ann, conversation, "question")
    assert not drafts.keep(ann, "no such conversation", "question")


def test_what_is_kept_is_bounded_and_storable(drafts: DraftService, ann: Person, database: Database) -> None:
    assert not drafts.keep(ann, None, " \n ")
    assert drafts.keep(ann, None, "\0\ud800" + "x" * (MOST_CHARACTERS + 1))
    assert drafts.take(_with_session(database, ann, "new", HOLDS), None) == "x" * MOST_CHARACTERS


def test_what_nobody_came_back_for_is_not_shown_after_a_month(
    drafts: DraftService, ann: Person, database: Database
) -> None:
    drafts.keep(ann, None, "old")
    long_ago = utc_now() - KEPT_FOR - timedelta(hours=1)
    _run(database, "UPDATE drafts SET saved_at = :then", then=long_ago.replace(tzinfo=None).isoformat(" "))
    assert drafts.take(_with_session(database, ann, "new", HOLDS), None) is None

"""Who sees which lines of the usage ledger, by the database at the moment of use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from persons import person
from sqlalchemy import text

from assistant.domain import Person, Role, Usage, UsageRecord
from assistant.errors import NotAllowed, SignedOut
from assistant.storage.database import Database
from assistant.storage.people import People
from assistant.storage.usage_records import insert_records
from assistant.usage.service import UsageService


@pytest.fixture
def ann(database: Database) -> Person:
    """Somebody with a line in the ledger."""
    one = person(database, "ann")
    with database.write() as session:
        insert_records(session, one.id, "c1", [UsageRecord("t1", 1, "answer", "groq", "m", Usage(1, 10, 5))])
    return one


def every_way(service: UsageService, who: Person) -> dict[str, Callable[[], object]]:
    """What the service does for a person, by name."""
    return {
        "summary": lambda: service.summary(who, None),
        "of_conversation": lambda: service.of_conversation(who, "c1"),
        "export": lambda: service.export(who, None),
    }


def test_others_see_no_line_of_hers_and_export_nothing(database: Database, ann: Person) -> None:
    service = UsageService(database)
    bob = person(database, "bob", Role.KB_ADMIN)
    ways = every_way(service, bob)
    assert ways.keys() == {name for name in vars(UsageService) if not name.startswith("_")}
    for who in (bob, replace(bob, role=Role.ADMIN)):
        assert service.summary(who, None) == []
        assert service.of_conversation(who, "c1") == Usage()
        with pytest.raises(NotAllowed):
            service.export(who, None)
    assert service.of_conversation(ann, "c1").input_tokens == 10


def test_an_admin_who_came_as_staff_sees_their_own_alone(database: Database, ann: Person) -> None:
    del ann
    local, service = People(database).local(), UsageService(database)
    assert service.of_conversation(local, "c1").input_tokens == 10
    staff = replace(local, role=Role.STAFF)
    assert service.of_conversation(staff, "c1") == Usage()
    with pytest.raises(NotAllowed):
        service.export(staff, None)


@pytest.mark.parametrize("left", ["disabled", "signed out"])
def test_who_may_not_act_sees_nothing(database: Database, ann: Person, left: str) -> None:
    who = ann if left == "disabled" else replace(ann, credential="session:" + "0" * 64)
    if left == "disabled":
        with database.write() as session:
            session.execute(text("UPDATE people SET disabled_at = '2026-11-01'"))
    for refused in every_way(UsageService(database), who).values():
        with pytest.raises(SignedOut):
            refused()

"""The usage ledger: append-only, summed by model, person and day, each seeing no more than their own."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text

from assistant.domain import ModelChoice, Person, Role, TurnStatus, Usage, UsageRecord
from assistant.errors import NotAllowed
from assistant.storage.conversations import Conversations, Owner, Question
from assistant.storage.database import Database, DatabaseDamage, utc_now
from assistant.storage.people import People
from assistant.storage.usage_records import insert_records
from assistant.usage.service import UsageService

FAST = Usage(1, 1000, 100, 2, Decimal("0.000123456789"), False, 40, 300)
FREE = Usage(2, 500, 50, cost=None, estimated=True)


@pytest.fixture
def admin(database: Database) -> Person:
    return People(database).local()


@pytest.fixture
def ann(database: Database) -> Person:
    return People(database).add("ann@example.com", "Ann", Role.STAFF)


def record(turn: str, number: int = 1, usage: Usage = FAST, model: str = "fast") -> UsageRecord:
    return UsageRecord(turn, number, "answer", "groq", model, usage)


def add(database: Database, person: Person, *records: UsageRecord, conversation: str = "c1") -> None:
    with database.write() as session:
        insert_records(session, person.id, conversation, records)


def test_lines_are_summed_up_by_model(database: Database, admin: Person) -> None:
    add(database, admin, record("t1"), record("t1", 2), record("t2", usage=FREE, model="slow"))
    fast, slow = UsageService(database).summary(admin, None)
    assert (fast.key, fast.lines, fast.input_tokens, fast.cached_tokens) == (("groq", "fast"), 2, 2000, 600)
    assert (fast.output_tokens, fast.reasoning_tokens, fast.tool_calls) == (200, 80, 4)
    assert fast.cost == Decimal("0.000246913578")
    assert (slow.key, slow.requests, slow.estimated) == (("groq", "slow"), 2, 1)


def test_what_is_not_priced_is_counted_and_never_a_cost_of_nothing(database: Database, admin: Person) -> None:
    add(database, admin, record("t1", usage=FREE), record("t2", usage=FREE), record("t3"))
    (line,) = UsageService(database).summary(admin, None)
    assert (line.cost, line.not_priced) == (FAST.cost, 2)
    add(database, admin, record("t4", usage=FREE, model="slow"))
    slow = next(line for line in UsageService(database).summary(admin, None) if line.key[1] == "slow")
    assert slow.cost is None


def test_many_small_costs_add_up_exactly(database: Database, admin: Person) -> None:
    add(database, admin, *(record("t1", n, Usage(1, 1, 1, cost=Decimal("0.1"))) for n in range(1, 31)))
    (line,) = UsageService(database).summary(admin, None)
    assert line.cost == Decimal(3)


def test_lines_are_summed_up_by_person_and_by_day(database: Database, admin: Person, ann: Person) -> None:
    add(database, admin, record("t1"))
    add(database, ann, record("t2"), record("t3"))
    service = UsageService(database)
    assert [line.key for line in service.summary(admin, None, "person")] == [(ann.email,), (admin.email,)]
    (today,) = service.summary(admin, None, "day")
    assert today.key == (utc_now().date().isoformat(),)


def test_lines_are_summed_up_by_conversation(database: Database, admin: Person, ann: Person) -> None:
    add(database, ann, record("t1"), record("t2"))
    add(database, admin, record("t3"), conversation="c2")
    lines = UsageService(database).summary(admin, None, "conversation")
    assert [(line.key, line.lines) for line in lines] == [((ann.email, "c1"), 2), ((admin.email, "c2"), 1)]


def test_staff_see_only_their_own_lines(database: Database, admin: Person, ann: Person) -> None:
    add(database, admin, record("t1"))
    add(database, ann, record("t2"), conversation="c2")
    service = UsageService(database)
    assert [line.key for line in service.summary(ann, None, "person")] == [(ann.email,)]
    assert service.of_conversation(ann, "c1") == Usage()
    assert service.of_conversation(ann, "c2").requests == 1


def test_a_conversation_is_summed_up(database: Database, ann: Person) -> None:
    add(database, ann, record("t1"), record("t2", usage=FREE))
    assert UsageService(database).of_conversation(ann, "c1") == Usage(3, 1500, 150, 2, FAST.cost, True, 40, 300)


def test_lines_before_the_period_are_left_out(database: Database, admin: Person) -> None:
    add(database, admin, record("t1"))
    service = UsageService(database)
    assert len(service.summary(admin, utc_now() - timedelta(minutes=1))) == 1
    assert service.summary(admin, utc_now() + timedelta(minutes=1)) == []


def test_a_line_told_twice_stands_once_and_as_it_was(database: Database, admin: Person) -> None:
    add(database, admin, record("t1"))
    add(database, admin, record("t1", usage=FREE), record("t1", 2))
    (line,) = UsageService(database).summary(admin, None)
    assert (line.lines, line.estimated) == (2, 0)


@pytest.mark.parametrize("change", ["UPDATE usage_records SET cost = '0'", "DELETE FROM usage_records"])
def test_a_line_can_neither_be_changed_nor_removed(database: Database, admin: Person, change: str) -> None:
    add(database, admin, record("t1"))
    with pytest.raises(DatabaseDamage, match="append-only"), database.write() as session:
        session.execute(text(change))
    assert UsageService(database).of_conversation(admin, "c1").requests == 1


@pytest.mark.parametrize("remove", [Conversations.delete, Conversations.clear])
def test_a_conversation_that_is_deleted_leaves_its_lines(
    database: Database, ann: Person, remove: Callable[[Conversations, str, str], list[str]]
) -> None:
    stored = Conversations(database)
    here = Owner(os.getpid(), 0.0)
    asked = Question(None, "What is spent?", ModelChoice("groq", "fast"))
    turn = stored.start_turn(ann.id, asked, here, running_limit=1, history_messages=0).turn
    lines = [replace(record("-"), turn_id=turn.id)]
    stored.finish_turn(replace(turn, status=TurnStatus.COMPLETE), lines, ann.id)
    remove(stored, ann.id, turn.conversation_id)
    assert UsageService(database).of_conversation(ann, turn.conversation_id).input_tokens == 1000


def test_a_person_who_is_gone_is_told_by_id(database: Database, admin: Person) -> None:
    add(database, Person("gone-7", "", "", Role.STAFF), record("t1"))
    (line,) = UsageService(database).summary(admin, None, "person")
    assert line.key == ("gone-7",)


def test_admins_export_every_line(database: Database, admin: Person, ann: Person) -> None:
    add(database, ann, record("t1"), record("t1", 2, FREE))
    rows = exported(database, admin)
    assert [row["person"] for row in rows] == [ann.email, ann.email]
    assert [row["cost"] for row in rows] == ["0.000123456789", ""]
    assert [row["estimated"] for row in rows] == ["no", "yes"]
    assert rows[0]["reasoning_tokens"] == "40"


def test_a_name_that_a_spreadsheet_would_run_is_shown_as_text(database: Database, admin: Person) -> None:
    add(database, admin, record("t1", model='=HYPERLINK("http://other.example")'), record("t2", model="@sum"))
    assert [row["model"] for row in exported(database, admin)] == ['\'=HYPERLINK("http://other.example")', "'@sum"]


def test_staff_cannot_export(database: Database, ann: Person) -> None:
    with pytest.raises(NotAllowed):
        UsageService(database).export(ann, None)


def exported(database: Database, person: Person) -> list[dict[str, str]]:
    content = UsageService(database).export(person, None).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(content, newline="")))

"""Turns that wait for approval, what is written with a turn's end, and what is learned from corrections."""

from __future__ import annotations

import os
import threading
from dataclasses import replace
from decimal import Decimal

import psutil
import pytest
from sqlalchemy import text

from assistant.access import AuditQuery
from assistant.domain import Decision, ModelChoice, Parameters, PendingCall, Person, Route, Turn, TurnStatus, Usage
from assistant.domain import UsageRecord as Record
from assistant.errors import DecisionRefused, NotFound, QuestionRefused
from assistant.storage.accepting import Accepting, NewVersion
from assistant.storage.audit import AuditLog
from assistant.storage.conversations import Conversations, Owner, Question
from assistant.storage.database import Database
from assistant.storage.deletions import delete_documents
from assistant.storage.route_examples import RouteExamples

KEY = "Zq7-xPl9!mmW2"
HERE = Owner(os.getpid(), psutil.Process().create_time())
ELSEWHERE = Owner(1, 0.0)
GROQ = ModelChoice("groq", "openai/gpt-oss-20b", Parameters("low", 0.2, 0.9, 500), auto=True)
CALL = PendingCall("c1", "create_ticket", "Create a ticket", {"title": "Broken"}, {"type": "object"})


def start(
    stored: Conversations, person: Person, conversation_id: str | None = None, route: Route | None = None
) -> Turn:
    asked = Question(conversation_id, "Open a ticket", GROQ, route=route)
    return stored.start_turn(person.id, asked, HERE, running_limit=100, history_messages=10).turn


def waiting(stored: Conversations, person: Person) -> Turn:
    turn = replace(start(stored, person), status=TurnStatus.AWAITING_APPROVAL, answer="Well.", pending=(CALL,))
    stored.finish_turn(turn, [Record(turn.id, 1, "answer", "groq", "m", Usage(1, 10, 5))], person.id, '{"m":1}')
    return turn


def ledger(database: Database) -> list[tuple[str, int, str, str]]:
    with database.read() as session:
        rows = session.execute(text("SELECT person_id, number, purpose, cost FROM usage_records ORDER BY id"))
        return [(row[0], row[1], row[2], row[3]) for row in rows]


def messages(database: Database, turn_id: str) -> str | None:
    with database.read() as session:
        found: str | None = session.execute(text("SELECT messages FROM turns WHERE id = :id"), {"id": turn_id}).scalar()
        return found


def test_a_waiting_turn_comes_back_with_its_calls_choice_and_reasoning(stored: Conversations, ann: Person) -> None:
    turn = replace(waiting(stored, ann), reasoning="Hm.", usage=Usage(1, 10, 5, reasoning_tokens=3, cached_tokens=2))
    stored.finish_turn(turn, [], ann.id, "{}")
    assert stored.turn(ann.id, turn.id) == turn
    assert turn.choice == GROQ


def test_a_waiting_turn_is_taken_up_once_and_keeps_its_calls_meanwhile(stored: Conversations, ann: Person) -> None:
    turn = waiting(stored, ann)
    taken = stored.take_up(ann.id, turn.id, (CALL,), ELSEWHERE, 10)
    assert (taken.turn, taken.messages, taken.records) == (turn, '{"m":1}', 1)
    assert stored.turn(ann.id, turn.id) == replace(turn, status=TurnStatus.RUNNING)
    with pytest.raises(DecisionRefused, match="decided already"):
        stored.take_up(ann.id, turn.id, (CALL,), HERE, 10)


def test_what_was_decided_stands_in_the_audit_log_with_its_arguments_and_without_keys(
    stored: Conversations, database: Database, ann: Person
) -> None:
    turn = waiting(stored, ann)
    decided = Decision(CALL.id, approved=True, arguments={"title": "VPN is down", "note": f"password: {KEY}"})
    stored.take_up(ann.id, turn.id, (CALL,), HERE, 10, [decided])
    (line,) = AuditLog(database).lines(AuditQuery(action="tool.approved"))
    assert (line.person, line.subject, line.details["turn"]) == (ann.email, CALL.tool, turn.id)
    assert "VPN is down" in str(line.details["arguments"])
    assert KEY not in str(line.details)


def test_a_turn_does_not_begin_to_wait_with_the_text_of_a_document_that_was_just_deleted(
    stored: Conversations, database: Database, ann: Person
) -> None:
    turn = replace(start(stored, ann), status=TurnStatus.AWAITING_APPROVAL, pending=(CALL,))
    new = NewVersion("general", "Rules.md", "0" * 64, "text/markdown", 1, ann.email)
    document_id = Accepting(database).accept(new, lambda: None, ann).document_id
    delete_documents(database, [document_id], ann)
    stored.finish_turn(turn, [], ann.id, f'{{"passages": [{{"document_id": "{document_id}"}}]}}')
    assert stored.turn(ann.id, turn.id).status is TurnStatus.STOPPED
    assert messages(database, turn.id) is None


def test_of_many_who_take_a_turn_up_at_one_moment_one_does(stored: Conversations, ann: Person) -> None:
    turn = waiting(stored, ann)
    barrier, done = threading.Barrier(8), []

    def take() -> None:
        barrier.wait()
        try:
            done.append(stored.take_up(ann.id, turn.id, (CALL,), HERE, 10).turn.id)
        except DecisionRefused:
            done.append("refused")

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == sorted([turn.id, *["refused"] * 7])


def test_a_turn_that_does_not_wait_is_not_taken_up(stored: Conversations, ann: Person) -> None:
    running = start(stored, ann)
    with pytest.raises(DecisionRefused):
        stored.take_up(ann.id, running.id, (CALL,), HERE, 10)
    with pytest.raises(NotFound):
        stored.take_up(ann.id, "no-such-turn", (CALL,), HERE, 10)


def test_a_decision_about_other_calls_than_those_that_wait_takes_nothing_up(stored: Conversations, ann: Person) -> None:
    turn = waiting(stored, ann)
    with pytest.raises(DecisionRefused):
        stored.take_up(ann.id, turn.id, (replace(CALL, arguments={"title": "Another"}),), HERE, 10)
    assert stored.turn(ann.id, turn.id) == turn


def test_taking_up_obeys_the_limit_and_leaves_the_turn_waiting(stored: Conversations, ann: Person) -> None:
    turn = waiting(stored, ann)
    start(stored, ann)
    with pytest.raises(QuestionRefused, match="limit"):
        stored.take_up(ann.id, turn.id, (CALL,), HERE, 1)
    assert stored.take_up(ann.id, turn.id, (CALL,), HERE, 2).turn == turn


def test_the_end_of_a_turn_that_was_taken_up_removes_what_the_model_had_read(
    stored: Conversations, database: Database, ann: Person
) -> None:
    turn = waiting(stored, ann)
    stored.take_up(ann.id, turn.id, (CALL,), HERE, 10)
    assert messages(database, turn.id) == '{"m":1}'
    stored.finish_turn(replace(turn, status=TurnStatus.COMPLETE, pending=()), [], ann.id)
    assert messages(database, turn.id) is None
    assert stored.turn(ann.id, turn.id).pending == ()


def test_a_newer_question_lets_the_waiting_turn_of_its_conversation_lapse(
    stored: Conversations, database: Database, ann: Person
) -> None:
    turn, other = waiting(stored, ann), waiting(stored, ann)
    start(stored, ann, turn.conversation_id)
    lapsed = stored.turn(ann.id, turn.id)
    assert (lapsed.status, lapsed.answer, lapsed.pending) == (TurnStatus.STOPPED, "Well.", ())
    assert lapsed.error is not None
    assert lapsed.error.message.startswith("This was not done")
    assert messages(database, turn.id) is None
    assert stored.turn(ann.id, other.id).status is TurnStatus.AWAITING_APPROVAL
    with pytest.raises(DecisionRefused):
        stored.take_up(ann.id, turn.id, (CALL,), HERE, 10)


def test_waiting_turns_outlive_their_process_and_what_ran_is_estimated_into_the_ledger(
    stored: Conversations, database: Database, ann: Person
) -> None:
    turn, taken = waiting(stored, ann), waiting(stored, ann)
    stored.take_up(ann.id, taken.id, (CALL,), ELSEWHERE, 10)

    def end(found: Turn) -> tuple[Turn, list[Record]]:
        assert found.pending == (CALL,)
        record = Record(found.id, 1, "answer", "groq", "m", Usage(1, 3, 4, cost=Decimal("0.25"), estimated=True))
        return replace(found, status=TurnStatus.CUT), [record]

    assert stored.cut_orphans(lambda owner: owner == HERE, end) == 1
    assert stored.turn(ann.id, turn.id).status is TurnStatus.AWAITING_APPROVAL
    assert stored.turn(ann.id, taken.id).status is TurnStatus.CUT
    assert ledger(database) == [
        (ann.id, 1, "answer", None),
        (ann.id, 1, "answer", None),
        (ann.id, 2, "answer", "0.25"),
    ]


def test_the_ledger_is_written_with_the_turn_and_doubles_nothing(
    stored: Conversations, database: Database, ann: Person
) -> None:
    turn = start(stored, ann)
    records = [
        Record(turn.id, 1, "plan", "groq", "m", Usage(1, 10, 5, cost=Decimal("0.000001"))),
        Record(turn.id, 2, "answer", "groq", "m", Usage(1, 100, 50)),
    ]
    ended = replace(turn, status=TurnStatus.COMPLETE)
    stored.finish_turn(ended, records, ann.id)
    stored.finish_turn(ended, records, ann.id)
    assert ledger(database) == [(ann.id, 1, "plan", "0.000001"), (ann.id, 2, "answer", None)]


def test_a_turn_removed_while_it_ran_is_paid_for_all_the_same(
    stored: Conversations, database: Database, ann: Person
) -> None:
    turn = start(stored, ann)
    stored.clear(ann.id, turn.conversation_id)
    stored.finish_turn(turn, [Record(turn.id, 1, "answer", "groq", "m", Usage(1, 10, 5))], ann.id)
    assert stored.turns(ann.id, turn.conversation_id, None, 20) == []
    assert len(ledger(database)) == 1


def test_a_turn_begun_with_a_given_route_is_marked_as_routed_by_the_person(stored: Conversations, ann: Person) -> None:

    assert start(stored, ann, route=Route.ACTION).route_by_person
    assert not start(stored, ann).route_by_person


def test_corrections_are_kept_newest_last_and_leave_with_their_conversation(
    stored: Conversations, database: Database, ann: Person
) -> None:
    examples, turns = RouteExamples(database), [start(stored, ann) for _ in range(3)]
    for n, turn in enumerate(turns):
        examples.add(f"Question {n}", Route.GENERAL, ann.id, turn.id)
    examples.add("Question 0", Route.ACTION, ann.id, turns[0].id)
    assert examples.newest(2) == [("Question 2", Route.GENERAL), ("Question 0", Route.ACTION)]
    stored.clear(ann.id, turns[2].conversation_id)
    assert examples.newest() == [("Question 1", Route.GENERAL), ("Question 0", Route.ACTION)]

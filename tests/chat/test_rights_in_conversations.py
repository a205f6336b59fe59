"""Who loses the right to a document is not shown what earlier answers took from it, on any way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from acting import ASKS, DONE, Tickets, waiting, yes
from chatting import OFFLINE, SCRIPT, Chatting, ended, text_of
from persons import group
from sqlalchemy import text

from assistant.chat.service import ChatService
from assistant.chat.showing import WITHHELD
from assistant.domain import Person, Role, Route, Turn, TurnStatus
from assistant.errors import DecisionRefused, NotFound, SignedOut
from assistant.events import TurnFinished
from assistant.providers.scripted import Gate, Reply
from assistant.storage.people import People
from assistant.storage.running_turns import SOURCE_CLOSED

LEAVE = "How many days of annual leave do full-time employees receive?"
HOTEL = "How much is paid for a hotel a night?"
ANSWER = Reply(["Full-time employees receive 27 days of annual leave. [1]"])
SECRET = "27 days"


def document_of(chatting: Chatting, name: str = "Handbook.pdf") -> str:
    return next(one.id for one in chatting.knowledge.documents(People(chatting.database).local()) if one.name == name)


def close(chatting: Chatting, name: str = "Handbook.pdf", *readers: Person) -> None:
    """Open a document to these people alone."""
    team = group(chatting.database, "team", *readers)
    values = {"document": document_of(chatting, name), "team": team}
    with chatting.database.write() as session:
        session.execute(text("DELETE FROM document_groups WHERE document_id = :document"), values)
        session.execute(text("UPDATE documents SET restricted = 1 WHERE id = :document"), values)
        session.execute(text("INSERT INTO document_groups (document_id, group_id) VALUES (:document, :team)"), values)


def reopen(chatting: Chatting, name: str = "Handbook.pdf") -> None:
    with chatting.database.write() as session:
        session.execute(
            text("UPDATE documents SET restricted = 0 WHERE id = :document"), {"document": document_of(chatting, name)}
        )


def answered(chatting: Chatting, *, offline: bool) -> Turn:
    if offline:
        return chatting.ask(LEAVE, choice=OFFLINE)
    chatting.plays(ANSWER)
    return chatting.ask(LEAVE)


def is_blank(turn: Turn) -> bool:
    """Whether nothing is left of the answer but the sentence that says so."""
    left = (turn.citations, turn.support, turn.nearest, turn.steps, turn.pending, turn.reasoning)
    return turn.withheld and turn.answer == WITHHELD and not any(left) and SECRET not in repr(turn)


@pytest.mark.parametrize("offline", [True, False])
def test_an_answer_is_withheld_while_its_document_is_closed(chatting: Chatting, offline: bool) -> None:
    turn = answered(chatting, offline=offline)
    assert SECRET in turn.answer
    close(chatting)
    shown = chatting.service.turn(chatting.bob, turn.id)
    assert is_blank(shown)
    assert shown.question == LEAVE
    assert chatting.service.turns(chatting.bob, turn.conversation_id) == [shown]
    reopen(chatting)
    assert chatting.service.turns(chatting.bob, turn.conversation_id) == [turn]


def test_who_may_still_read_it_keeps_the_answer(chatting: Chatting) -> None:
    turn = answered(chatting, offline=True)
    close(chatting, "Handbook.pdf", chatting.bob)
    assert chatting.service.turn(chatting.bob, turn.id) == turn


def test_a_closed_space_closes_the_answers_from_its_documents(chatting: Chatting) -> None:
    turn = answered(chatting, offline=True)
    with chatting.database.write() as session:
        session.execute(text("UPDATE spaces SET restricted = 1"))
    assert is_blank(chatting.service.turn(chatting.bob, turn.id))


def test_what_the_offline_model_did_not_quote_may_be_closed(chatting: Chatting) -> None:
    turn = answered(chatting, offline=True)
    assert "Travel" not in turn.answer
    close(chatting, "Travel.pdf")
    assert chatting.service.turn(chatting.bob, turn.id) == turn


def test_words_of_every_passage_that_another_model_was_given_may_be_in_its_answer(chatting: Chatting) -> None:
    chatting.plays(ANSWER)
    turn = chatting.ask(LEAVE)
    assert {citation.document for citation in turn.citations} == {"Handbook.pdf"}
    close(chatting, "Travel.pdf")
    assert is_blank(chatting.service.turn(chatting.bob, turn.id))


def test_the_documents_named_by_an_answer_that_finds_nothing_count(chatting: Chatting) -> None:
    turn = chatting.ask("Which colour is the parrot of the chairman?", choice=OFFLINE)
    assert turn.abstained
    assert turn.nearest
    close(chatting, turn.nearest[0])
    assert is_blank(chatting.service.turn(chatting.bob, turn.id))


def test_a_deleted_document_keeps_its_words_for_those_who_might_read_it(chatting: Chatting) -> None:
    turn = answered(chatting, offline=True)
    document_id = document_of(chatting)
    chatting.knowledge.delete(chatting.ann, document_id)
    assert chatting.service.turn(chatting.bob, turn.id) == turn
    _deleted_with(chatting, document_id, '["team"]')
    assert is_blank(chatting.service.turn(chatting.bob, turn.id))
    group(chatting.database, "team", chatting.bob)
    assert chatting.service.turn(chatting.bob, turn.id) == turn


def test_the_rights_of_a_deleted_document_hold_when_its_row_is_gone_too(chatting: Chatting) -> None:
    turn = answered(chatting, offline=True)
    document_id = document_of(chatting)
    chatting.knowledge.delete(chatting.ann, document_id)
    _deleted_with(chatting, document_id, "[]")
    with chatting.database.write() as session:
        session.execute(text("DELETE FROM documents WHERE id = :id"), {"id": document_id})
    assert is_blank(chatting.service.turn(chatting.bob, turn.id))


def _deleted_with(chatting: Chatting, document_id: str, groups: str) -> None:
    with chatting.database.write() as session:
        session.execute(
            text("UPDATE deletions SET space_id = 'general', restricted_to = :groups WHERE document_id = :id"),
            {"id": document_id, "groups": groups},
        )


def test_a_model_is_not_told_what_the_person_may_not_read_any_more(chatting: Chatting) -> None:
    first = answered(chatting, offline=False)
    close(chatting)
    model = chatting.plays(Reply(["Hotels are paid up to 140 euros. [1]"]))
    turn = chatting.ask(HOTEL, first.conversation_id)
    assert turn.status is TurnStatus.COMPLETE
    assert SECRET not in repr([call.messages for call in model.calls])
    reopen(chatting)
    model = chatting.plays(Reply(["Hotels are paid up to 140 euros. [1]"]))
    chatting.ask(HOTEL, first.conversation_id)
    assert SECRET in repr([call.messages for call in model.calls])


def test_an_answer_that_was_given_an_earlier_one_goes_with_it(chatting: Chatting) -> None:
    first = answered(chatting, offline=False)
    chatting.plays(Reply(["As I said, it is 27 days."]))
    second = chatting.ask("thanks, that was all", first.conversation_id)
    assert second.citations == ()
    close(chatting)
    assert is_blank(chatting.service.turn(chatting.bob, second.id))


def test_a_follow_up_is_not_read_with_words_of_a_closed_document(chatting: Chatting) -> None:
    first = answered(chatting, offline=True)
    close(chatting)
    turn = chatting.ask("And for part-time employees?", first.conversation_id, choice=OFFLINE)
    assert turn.plan is not None
    assert "leave" not in turn.plan.standalone_question


@pytest.mark.parametrize("again", ["retry", "route"])
def test_a_question_is_asked_again_in_the_persons_own_words_alone(chatting: Chatting, again: str) -> None:
    first = answered(chatting, offline=True)
    follow_up = chatting.ask("And how many of them carry over?", first.conversation_id, choice=OFFLINE)
    assert follow_up.plan is not None
    assert follow_up.plan.standalone_question != follow_up.question
    close(chatting)
    service = chatting.service
    if again == "retry":
        turn = ended(service.retry(chatting.bob, follow_up.id, OFFLINE))
    else:
        turn = ended(service.correct_route(chatting.bob, follow_up.id, Route.KNOWLEDGE, OFFLINE))
        with chatting.database.read() as session:
            assert session.scalars(text("SELECT text FROM route_examples")).all() == [follow_up.question]
    assert turn.plan is not None
    assert turn.plan.standalone_question == follow_up.question


def test_conversations_are_found_by_the_persons_own_words_alone(chatting: Chatting) -> None:
    answered(chatting, offline=True)
    assert len(chatting.service.conversations(chatting.bob, "annual leave")) == 1
    assert chatting.service.conversations(chatting.bob, SECRET) == []


def test_suggestions_name_no_document_that_is_closed(chatting: Chatting) -> None:
    assert any("Handbook" in question for question in chatting.service.suggestions(chatting.bob))
    close(chatting)
    assert not any("Handbook" in question for question in chatting.service.suggestions(chatting.bob))


def test_a_running_answer_ends_when_its_document_is_closed_and_is_not_shown(chatting: Chatting) -> None:
    gate = Gate()
    chatting.plays(Reply(["Full-time employees receive", gate, " 27 days of annual leave. [1]"]))
    running = chatting.service.ask(chatting.bob, None, LEAVE, SCRIPT)
    assert gate.reached.wait(10)
    close(chatting)
    turn = ended(running)  # though the gate never opens
    assert turn.status is TurnStatus.CUT
    assert is_blank(turn)
    events = running.wait(0, 0)
    assert SECRET not in text_of(events)
    assert isinstance(events[-1], TurnFinished)
    assert is_blank(chatting.service.turn(chatting.bob, turn.id))


def test_nobody_follows_an_answer_whose_document_was_closed(chatting: Chatting, tickets: Tickets) -> None:
    tickets.gate = Gate()
    turn = waiting(chatting, ASKS, DONE, question=LEAVE)
    running = chatting.service.decide(chatting.bob, turn.id, yes(turn))
    assert tickets.gate.reached.wait(10)
    assert chatting.service.following(chatting.bob, turn.id) is running
    close(chatting)
    assert chatting.service.following(chatting.bob, turn.id) is None
    tickets.gate.open()
    assert is_blank(ended(running))
    assert tickets.titles == ["Headset is silent"]  # what was approved is not broken off


def test_what_waits_for_a_yes_lapses_with_the_right(chatting: Chatting, tickets: Tickets) -> None:
    turn = waiting(chatting, ASKS, question=LEAVE)
    close(chatting)
    assert is_blank(chatting.service.turn(chatting.bob, turn.id))
    with pytest.raises(DecisionRefused, match="may not read any more"):
        chatting.service.decide(chatting.bob, turn.id, yes(turn))
    assert tickets.calls == []
    reopen(chatting)
    stored = chatting.service.turn(chatting.bob, turn.id)
    assert (stored.status, stored.pending) == (TurnStatus.STOPPED, ())
    assert stored.error is not None
    assert stored.error.message == SOURCE_CLOSED


def test_a_question_outlives_its_session_and_nothing_else_does(chatting: Chatting) -> None:
    gone = replace(chatting.bob, credential="session:" + "0" * 64)
    with pytest.raises(SignedOut):
        chatting.service.ask(gone, None, LEAVE, OFFLINE)
    turn = answered(chatting, offline=True)
    with pytest.raises(SignedOut):
        chatting.service.turns(gone, turn.conversation_id)


WITHOUT_PERSON = {"start", "warm", "close"}


def every_way(chatting: Chatting, who: Person, turn: Turn) -> dict[str, Callable[[], object]]:
    """What the chat does for a person, by name; asked for a turn and its conversation."""
    service, conversation = chatting.service, turn.conversation_id
    return {
        "ask": lambda: service.ask(who, conversation, LEAVE, OFFLINE),
        "retry": lambda: service.retry(who, turn.id),
        "reword": lambda: service.reword(who, turn.id, LEAVE),
        "correct_route": lambda: service.correct_route(who, turn.id, Route.GENERAL),
        "decide": lambda: service.decide(who, turn.id, []),
        "following": lambda: service.following(who, turn.id),
        "stop": lambda: service.stop(who, turn.id),
        "turn": lambda: service.turn(who, turn.id),
        "turns": lambda: service.turns(who, conversation),
        "conversation": lambda: service.conversation(who, conversation),
        "rename": lambda: service.rename(who, conversation, "Mine"),
        "delete": lambda: service.delete(who, conversation),
        "restore": lambda: service.restore(who, conversation),
        "clear": lambda: service.clear(who, conversation),
        "conversations": lambda: service.conversations(who),
        "suggestions": lambda: service.suggestions(who),
    }


def test_every_way_into_a_conversation_is_held(chatting: Chatting) -> None:
    turn = answered(chatting, offline=True)
    ways = every_way(chatting, chatting.ann, turn)
    assert ways.keys() | WITHOUT_PERSON == {name for name in vars(ChatService) if not name.startswith("_")}
    for name in ways.keys() - {"conversations", "suggestions"}:
        with pytest.raises(NotFound):
            ways[name]()
    for admin in (chatting.ann, People(chatting.database).local()):
        assert chatting.service.conversations(admin) == []


def test_a_disabled_person_is_refused_everything(chatting: Chatting) -> None:
    turn = answered(chatting, offline=True)
    with chatting.database.write() as session:
        session.execute(text("UPDATE people SET disabled_at = '2026-11-01' WHERE id = :id"), {"id": chatting.bob.id})
    for refused in every_way(chatting, chatting.bob, turn).values():
        with pytest.raises(SignedOut):
            refused()


def test_a_role_that_is_passed_in_opens_nothing(chatting: Chatting) -> None:
    turn = answered(chatting, offline=True)
    close(chatting)
    assert is_blank(chatting.service.turn(replace(chatting.bob, role=Role.ADMIN), turn.id))

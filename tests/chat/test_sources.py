"""Answers never go on, unmarked, from a document that was deleted, and tell when a source has expired."""

from __future__ import annotations

from datetime import timedelta

import pytest
from acting import ASKS, Tickets, waiting, yes
from chatting import OFFLINE, SCRIPT, Chatting, ended
from sqlalchemy import text

from assistant.chat.approval import Resumed, suspended
from assistant.chat.ending import SOURCE_DELETED
from assistant.domain import TurnStatus
from assistant.errors import DecisionRefused
from assistant.library import Facts, today
from assistant.providers.passages import read
from assistant.providers.scripted import Gate, Reply
from assistant.storage.running_turns import SOURCE_DELETED as LAPSED

LEAVE = "How many days of annual leave do full-time employees receive?"
ANSWER = Reply(["Full-time employees receive 27 days of annual leave. [1]"])
YESTERDAY = today() - timedelta(days=1)


def _id_of(chatting: Chatting, name: str) -> str:
    return next(one.id for one in chatting.knowledge.documents(chatting.ann) if one.name == name)


def test_an_answer_on_its_way_is_broken_off_when_its_document_is_deleted(chatting: Chatting) -> None:
    gate = Gate()
    chatting.plays(Reply(["Full-time employees receive 27 days of annual leave. [1]", gate, " And more."]))
    running = chatting.service.ask(chatting.bob, None, LEAVE, SCRIPT)
    assert gate.reached.wait(10)
    chatting.knowledge.delete(chatting.ann, _id_of(chatting, "Handbook.pdf"))
    turn = ended(running)  # though the gate never opens
    assert turn.status is TurnStatus.CUT
    assert turn.error is not None
    assert (turn.error.message, turn.error.retryable) == (SOURCE_DELETED, True)
    assert chatting.service.turn(chatting.bob, turn.id) == turn


def test_an_answer_whose_document_was_deleted_just_before_its_end_is_not_whole(chatting: Chatting) -> None:
    gate = Gate()
    chatting.plays(Reply(["Full-time employees receive 27 days", gate, " of annual leave. [1]"]))
    running = chatting.service.ask(chatting.bob, None, LEAVE, SCRIPT)
    assert gate.reached.wait(10)
    chatting.knowledge.delete(chatting.ann, _id_of(chatting, "Handbook.pdf"))
    gate.open()
    assert ended(running).status is TurnStatus.CUT


def test_a_turn_whose_document_was_deleted_while_it_ran_does_not_wait_for_a_yes(
    chatting: Chatting, tickets: Tickets
) -> None:
    gate = Gate()
    chatting.plays(Reply(["I will open", gate, *ASKS.pieces]))
    running = chatting.service.ask(chatting.bob, None, LEAVE, SCRIPT)
    assert gate.reached.wait(10)
    chatting.knowledge.delete(chatting.ann, _id_of(chatting, "Handbook.pdf"))
    gate.open()
    turn = ended(running)
    assert (turn.status, turn.pending) == (TurnStatus.CUT, ())
    assert chatting.service.turn(chatting.bob, turn.id) == turn
    assert tickets.calls == []


def test_an_earlier_answer_keeps_its_quote(chatting: Chatting) -> None:
    chatting.plays(ANSWER)
    turn = chatting.ask(LEAVE)
    document_id = turn.citations[0].document_id
    chatting.knowledge.delete(chatting.ann, document_id)
    assert chatting.service.turn(chatting.bob, turn.id) == turn
    assert chatting.knowledge.library.gone(chatting.bob, [document_id]) == {document_id}


def test_a_turn_that_waits_lapses_with_its_document_and_forgets_its_text(chatting: Chatting, tickets: Tickets) -> None:
    turn = waiting(chatting, ASKS)
    _gives(chatting, turn.id, _id_of(chatting, "Handbook.pdf"))
    chatting.knowledge.delete(chatting.ann, _id_of(chatting, "Handbook.pdf"))
    stored = chatting.service.turn(chatting.bob, turn.id)
    assert (stored.status, stored.pending) == (TurnStatus.STOPPED, ())
    assert stored.error is not None
    assert stored.error.message == LAPSED
    with chatting.database.read() as session:
        assert session.scalar(text("SELECT messages FROM turns WHERE id = :id"), {"id": turn.id}) is None
    with pytest.raises(DecisionRefused):
        chatting.service.decide(chatting.bob, turn.id, yes(turn))
    assert tickets.calls == []


def test_a_turn_that_waits_without_the_document_goes_on_waiting(chatting: Chatting, tickets: Tickets) -> None:
    turn = waiting(chatting, ASKS)
    chatting.knowledge.delete(chatting.ann, _id_of(chatting, "Travel.pdf"))
    assert chatting.service.turn(chatting.bob, turn.id).status is TurnStatus.AWAITING_APPROVAL
    assert tickets.calls == []


@pytest.mark.parametrize("offline", [True, False])
def test_an_answer_from_an_expired_document_says_so(chatting: Chatting, offline: bool) -> None:
    _expire(chatting)
    chatting.plays(ANSWER)
    turn = chatting.ask(LEAVE, choice=OFFLINE) if offline else chatting.ask(LEAVE)
    assert turn.status is TurnStatus.COMPLETE
    assert turn.citations[0].document == "Handbook.pdf"
    assert "A source of this answer has expired" in turn.answer
    assert f"{YESTERDAY:%B %Y}" in turn.answer


def test_a_model_is_told_which_passages_have_expired(chatting: Chatting) -> None:
    _expire(chatting)
    model = chatting.plays(ANSWER)
    chatting.ask(LEAVE)
    assert f'expired="{YESTERDAY.isoformat()}"' in model.calls[0].prompt
    assert read(model.calls[0].prompt)[0] == LEAVE


def test_a_document_on_its_last_day_is_not_told_as_expired(chatting: Chatting) -> None:
    document_id = _id_of(chatting, "Handbook.pdf")
    chatting.knowledge.library.set_facts(chatting.ann, document_id, Facts(valid_until=today()), 0)
    model = chatting.plays(ANSWER)
    assert "expired" not in chatting.ask(LEAVE).answer
    assert "expired=" not in model.calls[0].prompt


def _expire(chatting: Chatting) -> None:
    document_id = _id_of(chatting, "Handbook.pdf")
    chatting.knowledge.library.set_facts(chatting.ann, document_id, Facts(valid_until=YESTERDAY), 0)


def _gives(chatting: Chatting, turn_id: str, document_id: str) -> None:
    """Let a waiting turn have been given a passage of the document."""
    with chatting.database.write() as session:
        session.execute(
            text("UPDATE turns SET messages = replace(messages, '\"passages\": [', :more) WHERE id = :id"),
            {"id": turn_id, "more": f'"passages": [{{"document_id": "{document_id}"}}, '},
        )


def test_passages_of_expired_documents_wait_and_come_back_whole(chatting: Chatting) -> None:
    _expire(chatting)
    passages = chatting.knowledge.search(chatting.bob, LEAVE)
    assert YESTERDAY in {passage.valid_until for passage in passages}
    assert Resumed.read(suspended([], passages, 0), ()).passages == passages

"""What is refused before it is stored, what is asked again, and whose it is."""

from __future__ import annotations

import pytest
from chatting import OFFLINE, SCRIPT, Chatting, ended
from pydantic_ai import exceptions as failed

from assistant.domain import TurnStatus
from assistant.errors import NotFound, QuestionRefused
from assistant.providers.scripted import Gate, Reply

LEAVE = "How many days of annual leave do full-time employees receive?"
ANSWER = Reply(["Full-time employees receive 27 days of ", "annual leave. [", "1]"])


def test_retry_asks_again_as_if_the_old_turn_had_not_been(chatting: Chatting) -> None:
    chatting.plays(Reply(["First."]))
    old = chatting.ask(LEAVE)
    model = chatting.plays(ANSWER)
    new = ended(chatting.service.retry(chatting.bob, old.id))
    assert (new.question, new.conversation_id, new.seq) == (LEAVE, old.conversation_id, old.seq + 1)
    assert "First." not in str(model.calls[0].messages)
    assert [turn.id for turn in chatting.service.turns(chatting.bob, old.conversation_id)] == [old.id, new.id]


def test_retry_may_change_the_model(chatting: Chatting) -> None:
    chatting.plays(Reply([failed.ModelConnectionError("script", "down")]))
    old = chatting.ask(LEAVE)
    new = ended(chatting.service.retry(chatting.bob, old.id, OFFLINE))
    assert (old.choice, new.choice.provider) == (SCRIPT, "offline")


@pytest.mark.parametrize("text", ["", "  \n\t", "\0", "\ud800", "\u200b"])
def test_an_empty_question_is_refused_and_stores_nothing(chatting: Chatting, text: str) -> None:
    with pytest.raises(QuestionRefused):
        chatting.service.ask(chatting.bob, None, text, SCRIPT)
    assert chatting.service.conversations(chatting.bob) == []


def test_an_over_long_question_is_refused_with_both_numbers(chatting: Chatting) -> None:
    with pytest.raises(QuestionRefused, match="4,001 characters, at most 4,000"):
        chatting.service.ask(chatting.bob, None, "x" * 4001, SCRIPT)


def test_characters_that_cannot_be_stored_are_left_out(chatting: Chatting) -> None:
    chatting.plays(ANSWER)
    assert chatting.ask(f"\0{LEAVE}\udc80").question == LEAVE


def test_a_second_question_waits_for_the_first_in_its_conversation(chatting: Chatting) -> None:
    gate = Gate()
    chatting.plays(Reply(["Well", gate]))
    running = chatting.service.ask(chatting.bob, None, LEAVE, SCRIPT)
    assert gate.reached.wait(10)
    with pytest.raises(QuestionRefused, match="still answering"):
        chatting.service.ask(chatting.bob, running.conversation_id, LEAVE, SCRIPT)
    gate.open()
    ended(running)


def test_a_person_may_have_so_many_questions_at_once_and_others_are_not_held_up(chatting: Chatting) -> None:
    gate = Gate()
    chatting.plays(*[Reply(["Well", gate])] * 3)
    running = [chatting.service.ask(chatting.bob, None, LEAVE, SCRIPT) for _ in range(2)]
    with pytest.raises(QuestionRefused, match="limit"):
        chatting.service.ask(chatting.bob, None, LEAVE, SCRIPT)
    running.append(chatting.service.ask(chatting.ann, None, LEAVE, SCRIPT))
    gate.open()
    assert {ended(one).status for one in running} == {TurnStatus.COMPLETE}


def test_a_turn_of_someone_else_cannot_be_followed_stopped_or_asked_again(chatting: Chatting) -> None:
    gate = Gate()
    chatting.plays(Reply(["Well", gate]))
    running = chatting.service.ask(chatting.bob, None, LEAVE, SCRIPT)
    for act in (chatting.service.following, chatting.service.stop, chatting.service.retry, chatting.service.turn):
        with pytest.raises(NotFound):
            act(chatting.ann, running.turn_id)
    assert running.stopping is None
    gate.open()
    ended(running)

"""A follow-up is read with what was said before, and the person may say how it is to be read instead."""

from __future__ import annotations

import pytest
from chatting import OFFLINE, Chatting, ended

from assistant.domain import Route, Turn, TurnStatus
from assistant.errors import NotFound, QuestionRefused
from assistant.providers.scripted import Reply, Structured

LEAVE = "How many days of annual leave do full-time employees receive?"
HOTEL = "Up to how many euros a night is a hotel paid?"
PLAN = {"search_queries": ["leave"], "route": "knowledge", "confidence": 0.9, "reason": "a guess"}


def follow(chatting: Chatting, asked: str) -> Turn:
    """The turn of a follow-up after a question about leave, asked of the offline model."""
    first = chatting.ask(LEAVE, choice=OFFLINE)
    return ended(chatting.service.ask(chatting.bob, first.conversation_id, asked, OFFLINE))


def reading(turn: Turn) -> str:
    assert turn.plan is not None
    return turn.plan.standalone_question


def test_both_forms_of_a_follow_up_are_searched(chatting: Chatting) -> None:
    turn = follow(chatting, "and for contractors?")
    assert reading(turn) == "How many days of annual leave do contractors receive?"
    assert turn.plan is not None
    assert turn.plan.search_queries == (reading(turn), "and for contractors?")


def test_a_phrase_that_finds_nothing_near_takes_the_last_subject_along(chatting: Chatting) -> None:
    assert reading(follow(chatting, "exceptions, if any")) == "exceptions, if any (days of annual leave)"


def test_a_follow_up_that_finds_something_near_by_itself_drags_nothing_in(chatting: Chatting) -> None:
    asked = "These hotels are paid up to how many euros a night?"
    assert reading(follow(chatting, asked)) == asked


def test_small_talk_is_not_read_as_a_question_about_the_last_subject(chatting: Chatting) -> None:
    turn = follow(chatting, "Thank you, that was quick.")
    assert (reading(turn), turn.plan and turn.plan.route) == ("Thank you, that was quick.", Route.GENERAL)


def test_a_remark_about_an_answer_is_small_talk(chatting: Chatting) -> None:
    assert reading(follow(chatting, "Well done, that was very nice of you")) == "Well done, that was very nice of you"


def test_a_mere_phrase_that_finds_a_passage_near_is_about_the_documents(chatting: Chatting) -> None:
    turn = follow(chatting, "Annual leave days")
    assert turn.plan is not None
    assert turn.plan.route is Route.KNOWLEDGE


def test_a_reworded_question_is_read_in_those_words_and_no_other(chatting: Chatting) -> None:
    old = follow(chatting, "and for contractors?")
    new = ended(chatting.service.reword(chatting.bob, old.id, f" {HOTEL}\n"))
    assert (new.question, reading(new), new.conversation_id) == (old.question, HOTEL, old.conversation_id)
    assert new.plan is not None
    assert (new.plan.reworded, new.plan.search_queries) == (True, (HOTEL,))
    assert new.citations[0].document == "Travel.pdf"
    assert [step.title for step in new.steps if step.kind == "rewrite"] == ["Read as you put it"]
    assert chatting.service.turn(chatting.bob, new.id) == new


def test_a_model_that_plans_does_not_change_the_persons_words(chatting: Chatting) -> None:
    old = follow(chatting, "and for contractors?")
    words = "It is cold for contractors"
    model = chatting.plays(Reply([Structured({**PLAN, "standalone_question": "Is it warm?"})]), Reply(["No. [1]"]))
    new = ended(chatting.service.reword(chatting.bob, old.id, words, chatting.ask(HOTEL).choice))
    assert model.calls
    assert reading(new) == words


def test_what_comes_next_is_read_with_the_persons_words(chatting: Chatting) -> None:
    old = follow(chatting, "and for contractors?")
    new = ended(chatting.service.reword(chatting.bob, old.id, "What is the hotel cap in Vienna?"))
    later = ended(chatting.service.ask(chatting.bob, new.conversation_id, "and in Leeds?", OFFLINE))
    assert reading(later) == "What is the hotel cap in Leeds?"


def test_a_retry_keeps_the_persons_words(chatting: Chatting) -> None:
    old = follow(chatting, "and for contractors?")
    new = ended(chatting.service.reword(chatting.bob, old.id, HOTEL))
    again = ended(chatting.service.retry(chatting.bob, new.id))
    assert again.plan is not None
    assert (reading(again), again.plan.reworded) == (HOTEL, True)


def test_a_reworded_question_is_refused_like_any_other(chatting: Chatting) -> None:
    old = follow(chatting, "and for contractors?")
    with pytest.raises(QuestionRefused, match="There is no question yet"):
        chatting.service.reword(chatting.bob, old.id, " \u200b ")
    with pytest.raises(QuestionRefused, match="at most 4,000"):
        chatting.service.reword(chatting.bob, old.id, "word " * 1_000)
    with pytest.raises(NotFound):
        chatting.service.reword(chatting.ann, old.id, HOTEL)


@pytest.mark.parametrize("asked", ["Leave", "LEAVE FOR THEM?", "them " * 799, "это?", '"NEAR( OR *', "7"])
def test_any_follow_up_is_answered_or_declined(chatting: Chatting, asked: str) -> None:
    turn = follow(chatting, asked)
    assert (turn.status, turn.error) == (TurnStatus.COMPLETE, None)

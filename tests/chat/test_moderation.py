"""Moderation: what is flagged is neither asked nor shown, an outage is open or closed as set, off asks nobody."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any

import pytest
from chatting import Chatting, ended, events_of
from wire_behaviours import says
from wire_server import Behaviour, Exchange, WireServer

from assistant.chat.moderation import CATEGORY, NOT_JUDGED
from assistant.domain import ModelChoice, Turn, TurnStatus
from assistant.errors import SettingsError
from assistant.events import TextDelta

LEAVE = "How many days of annual leave do full-time employees receive?"
SENTENCE = "Full-time employees receive 27 days of annual leave."
OPENAI = ModelChoice("openai")
WHOLE = says(SENTENCE, " [1]")


def judges(*flagged: str, by: str = "openai", status: int = 200) -> Behaviour:
    """Answer as the moderation of a provider, flagging each text that has one of these words; else say the answer."""

    def behave(exchange: Exchange) -> None:
        body = exchange.received.body
        if by == "groq" and "guard" in str(body.get("model")):
            hit = any(word in body["messages"][-1]["content"] for word in flagged)
            says("unsafe\nS1,S10" if hit else "safe")(exchange)
        elif exchange.received.path.endswith("/moderations"):
            exchange.document(status, json.dumps(_verdicts(body, flagged)))
        else:
            WHOLE(exchange)

    return behave


def _verdicts(body: Mapping[str, Any], flagged: tuple[str, ...]) -> dict[str, Any]:
    results = []
    for text in body["input"]:
        hit = any(word in text for word in flagged)
        categories = {"harassment/threatening": hit, "violence": hit, "hate": False}
        results.append(
            {"flagged": hit, "categories": categories, "category_scores": {}, "category_applied_input_types": {}}
        )
    return {"id": "m1", "model": body["model"], "results": results}


def moderated(chatting: Chatting, wire: WireServer, *, by: str = "openai", fail: str = "open", **more: object) -> None:
    chatting.asks(wire.url, moderation=by, moderation_fail=fail, **more)


def asked_of_moderation(wire: WireServer) -> int:
    return sum(one.path.endswith("/moderations") for one in wire.requests)


def asked_of_models(wire: WireServer) -> int:
    return sum(one.path == "/v1/chat/completions" for one in wire.requests)


def told(turn: Turn) -> tuple[TurnStatus, str, str]:
    assert turn.error is not None
    return turn.status, turn.answer, turn.error.category


def test_off_asks_nobody(keyed: Chatting, wire: WireServer) -> None:
    wire.answers(WHOLE)
    assert keyed.ask(LEAVE, choice=OPENAI).status is TurnStatus.COMPLETE
    assert asked_of_moderation(wire) == 0


@pytest.mark.parametrize("fail", ["open", "closed"])
def test_what_passes_is_answered_and_stored_as_ever(chatting: Chatting, wire: WireServer, fail: str) -> None:
    moderated(chatting, wire, fail=fail)
    wire.answers(judges("nothing of this"))
    running = chatting.service.ask(chatting.bob, None, LEAVE, OPENAI)
    turn = ended(running)
    assert (turn.status, turn.answer) == (TurnStatus.COMPLETE, f"{SENTENCE} [1]")
    assert turn.citations[0].quote == SENTENCE
    assert "".join(one.text for one in events_of(running) if isinstance(one, TextDelta)) == turn.answer
    assert chatting.service.turn(chatting.bob, turn.id).answer == turn.answer


@pytest.mark.parametrize("by", ["openai", "groq"])
def test_a_flagged_question_is_refused_before_any_model_is_asked(
    chatting: Chatting, wire: WireServer, by: str, caplog: pytest.LogCaptureFixture
) -> None:
    moderated(chatting, wire, by=by)
    wire.answers(judges("annual leave", by=by))
    with caplog.at_level(logging.INFO, "assistant"):
        turn = chatting.ask(LEAVE, choice=OPENAI)
    assert told(turn) == (TurnStatus.REFUSED, "", CATEGORY)
    assert turn.error is not None
    said = "violent crime, hate" if by == "groq" else "harassment threatening, violence"
    assert f"took this question for {said}" in turn.error.message
    assert asked_of_models(wire) == 0
    assert "annual leave" not in caplog.text
    assert f"reference {turn.error.reference}" in caplog.text


@pytest.mark.parametrize("fail", ["open", "closed"])
def test_a_flagged_answer_is_neither_shown_nor_stored(chatting: Chatting, wire: WireServer, fail: str) -> None:
    moderated(chatting, wire, fail=fail)
    wire.answers(judges("27 days"))
    running = chatting.service.ask(chatting.bob, None, LEAVE, OPENAI)
    turn = ended(running)
    assert told(turn) == (TurnStatus.REFUSED, "", CATEGORY)
    assert (turn.citations, turn.support, turn.reasoning) == ((), (), "")
    assert chatting.service.turn(chatting.bob, turn.id).answer == ""
    heard = [one for one in events_of(running) if isinstance(one, TextDelta)]
    assert bool(heard) is (fail == "open")


@pytest.mark.parametrize("status", [401, 429, 500])
def test_where_it_fails_open_an_outage_changes_nothing(chatting: Chatting, wire: WireServer, status: int) -> None:
    moderated(chatting, wire)
    wire.answers(judges(status=status))
    assert chatting.ask(LEAVE, choice=OPENAI).answer == f"{SENTENCE} [1]"


def test_where_it_fails_closed_nothing_is_asked_while_it_is_out(chatting: Chatting, wire: WireServer) -> None:
    moderated(chatting, wire, fail="closed")
    wire.answers(judges(status=500))
    turn = chatting.ask(LEAVE, choice=OPENAI)
    assert told(turn) == (TurnStatus.FAILED, "", CATEGORY)
    assert turn.error is not None
    assert (turn.error.message, turn.error.retryable) == (NOT_JUDGED, True)
    assert asked_of_models(wire) == 0


def test_an_answer_that_could_not_be_judged_is_not_shown_where_it_fails_closed(
    chatting: Chatting, wire: WireServer
) -> None:
    moderated(chatting, wire, fail="closed")
    wire.answers(judges(), WHOLE, judges(status=500))
    assert told(chatting.ask(LEAVE, choice=OPENAI)) == (TurnStatus.FAILED, "", CATEGORY)


def test_silence_is_an_outage(chatting: Chatting, wire: WireServer) -> None:
    moderated(chatting, wire, fail="closed", moderation_seconds=0.05)
    wire.answers(lambda exchange: exchange.hold())
    assert told(chatting.ask(LEAVE, choice=OPENAI)) == (TurnStatus.FAILED, "", CATEGORY)


def test_words_that_are_no_verdict_are_an_outage(chatting: Chatting, wire: WireServer) -> None:
    moderated(chatting, wire, by="groq", fail="closed")
    wire.answers(says("I would rather not say."))
    assert told(chatting.ask(LEAVE, choice=OPENAI)) == (TurnStatus.FAILED, "", CATEGORY)


def test_equal_texts_are_judged_once(chatting: Chatting, wire: WireServer) -> None:
    moderated(chatting, wire)
    wire.answers(judges())
    for _ in range(2):
        assert chatting.ask(LEAVE, choice=OPENAI).status is TurnStatus.COMPLETE
    assert asked_of_moderation(wire) == 2  # one question, one answer


def test_without_a_key_the_start_stops_with_a_sentence(chatting: Chatting) -> None:
    with pytest.raises(SettingsError, match="ASSISTANT_MODERATION=groq needs Groq"):
        chatting.asks("http://127.0.0.1:9", moderation="groq", GROQ_API_KEY="")

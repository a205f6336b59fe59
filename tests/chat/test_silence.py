"""A model that begins an answer and then says nothing more, though the line stays open."""

from __future__ import annotations

import asyncio

import pytest
from chatting import Chatting
from wire_behaviours import begins_and_waits, calls_tool
from wire_server import Behaviour, Exchange, WireServer

from assistant.chat.silence import Silence
from assistant.domain import ModelChoice, TurnStatus
from assistant.providers.catalogue import label

LEAVE = "How many days of annual leave do full-time employees receive?"
SENTENCE = "Full-time employees receive 27 days of annual leave."


@pytest.fixture(params=["openai", "groq"])
def choice(request: pytest.FixtureRequest) -> ModelChoice:
    return ModelChoice(request.param)


@pytest.fixture
def impatient(chatting: Chatting, wire: WireServer) -> Chatting:
    chatting.asks(wire.url, first_token_seconds=1)
    return chatting


def says_half(exchange: Exchange) -> None:
    exchange.begin()
    exchange.delta(content="Full-time employees rec")
    exchange.hold()


def says_half_and_keeps_the_line_alive(exchange: Exchange) -> None:
    exchange.begin()
    exchange.delta(content="Full-time employees rec")
    while True:
        exchange.line(": keep-alive")
        exchange.pause(0.02)


def thinks_and_stops(exchange: Exchange) -> None:
    exchange.begin()
    exchange.delta(**{"reasoning" if exchange.groq else "reasoning_content": "Let me see."})
    exchange.hold()


def says_all_but_does_not_end(exchange: Exchange) -> None:
    exchange.begin()
    exchange.delta(content=f"{SENTENCE} [1]")
    exchange.frame(choices=[{"index": 0, "delta": {}, "finish_reason": "stop"}])
    exchange.hold()


@pytest.mark.parametrize("behaviour", [says_half, says_half_and_keeps_the_line_alive])
def test_an_answer_that_stops_in_the_middle_is_given_up_and_marked_cut(
    impatient: Chatting, wire: WireServer, choice: ModelChoice, behaviour: Behaviour
) -> None:
    wire.answers(behaviour)
    turn = impatient.ask(LEAVE, choice=choice)
    assert turn.error is not None
    assert (turn.status, turn.answer) == (TurnStatus.CUT, "Full-time employees rec")
    assert turn.error.message.startswith(f"The answer was cut off. {label(choice.provider)} did not answer in time:")
    assert turn.error.retryable
    assert turn.usage.estimated
    assert turn.usage.input_tokens > 50
    assert wire.wait_for_hang_up() is not None
    assert len(wire.requests) == 1


def test_a_model_that_only_thinks_and_stops_is_given_up(
    impatient: Chatting, wire: WireServer, choice: ModelChoice
) -> None:
    wire.answers(thinks_and_stops)
    turn = impatient.ask(LEAVE, choice=choice)
    assert turn.error is not None
    assert (turn.status, turn.error.category, turn.reasoning) == (TurnStatus.FAILED, "timeout", "Let me see.")


def test_an_answer_that_said_it_was_whole_is_whole_though_the_line_stays_open(
    impatient: Chatting, wire: WireServer, choice: ModelChoice
) -> None:
    wire.answers(says_all_but_does_not_end)
    turn = impatient.ask(LEAVE, choice=choice)
    assert (turn.status, turn.answer) == (TurnStatus.COMPLETE, f"{SENTENCE} [1]")
    assert turn.usage.estimated
    assert turn.usage.input_tokens > 50
    assert turn.usage.cost


def test_silence_after_a_tool_call_is_the_wait_for_a_first_token(impatient: Chatting, wire: WireServer) -> None:
    wire.answers(calls_tool("search_knowledge_base", {"query": "leave"}), begins_and_waits)
    turn = impatient.ask(LEAVE, choice=ModelChoice("openai"))
    assert turn.error is not None
    assert "did not begin to answer within 1 s" in turn.error.message


def test_a_tool_may_take_longer_than_a_model_may_be_silent() -> None:
    async def heard_and_at_rest() -> tuple[bool, bool]:
        given_up = asyncio.Event()
        silence = Silence(0.01, given_up.set)
        silence.heard()
        silence.rest()
        await asyncio.sleep(0.05)
        resting = silence.over
        silence.heard()
        await asyncio.wait_for(given_up.wait(), 10)
        return resting, silence.over

    assert asyncio.run(heard_and_at_rest()) == (False, True)

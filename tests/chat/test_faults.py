"""Every way in which a wire fails, on OpenAI's and on Groq's: the sentence, what is kept, what is tried again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from chatting import Chatting
from wire_behaviours import (
    broken_line,
    calls_tool,
    cut_cleanly,
    cut_hard,
    drops,
    empty_choices,
    error_inside,
    html,
    refuses,
    says,
)
from wire_server import Behaviour, Exchange, WireServer

from assistant.domain import ModelChoice, TurnStatus
from assistant.providers.catalogue import label

LEAVE = "How many days of annual leave do full-time employees receive?"
SENTENCE = "Full-time employees receive 27 days of annual leave."
WHOLE = says(SENTENCE, " [", "1]")
HALF = "Full-time employees rec"
SEARCH = "search_knowledge_base"
CUT, FAILED = TurnStatus.CUT, TurnStatus.FAILED


def sends_on(exchange: Exchange) -> None:
    exchange.document(307, "moved", Location="http://127.0.0.1:9/v1/chat/completions")


def sends_no_frames(exchange: Exchange) -> None:
    exchange.begin()
    exchange.delta(content=HALF)
    exchange.line("data: null")
    exchange.line("data: 5")
    exchange.finish()


@dataclass(frozen=True)
class Fault:
    """What the server does and what becomes of it; ``{p}`` in ``words`` is the provider's name."""

    name: str
    behaviour: Behaviour
    status: TurnStatus
    category: str
    words: str
    kept: str = ""
    requests: int = 1
    waits: Sequence[float] = ()


FAULTS = [
    Fault(
        "rate limit",
        refuses(429, "rate_limit_exceeded", retry_after=3),
        FAILED,
        "rate_limit",
        "{p} is rate-limiting us: ask again in 3 s, or pick another model.",
        requests=3,
        waits=[3, 3],
    ),
    Fault(
        "a wait that is too long",
        refuses(429, "rate_limit_exceeded", retry_after=120),
        FAILED,
        "rate_limit",
        "ask again in 120 s, or pick another model.",
    ),
    Fault("quota", refuses(429, "insufficient_quota"), FAILED, "quota", "The account at {p} has no credit left: tell"),
    Fault("key", refuses(401, "invalid_api_key"), FAILED, "key", "{p} refused our key: an admin has to check it."),
    Fault("no such model", refuses(404, "model_not_found"), FAILED, "model", "{p} does not offer the model"),
    Fault("a page for a model", html(404), FAILED, "address", "A web page answered in place of {p}: pick another"),
    Fault("too long", refuses(400, "context_length_exceeded"), FAILED, "context", "start a new conversation"),
    Fault("too large", refuses(413, "rate_limit_exceeded", "too large: TPM"), FAILED, "context", "more text than"),
    Fault(
        "too long in other words",
        refuses(400, "invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum"),
        FAILED,
        "context",
        "start a new conversation",
    ),
    Fault("rejected", refuses(400, "invalid_request_error"), FAILED, "rejected", "{p} did not accept the request"),
    Fault(
        "server error",
        refuses(500, "server_error"),
        FAILED,
        "server",
        "{p} has trouble on its side: ask again",
        requests=3,
        waits=[1, 2],
    ),
    Fault("a gateway's page", html(502), FAILED, "server", "{p} has trouble on its side", requests=3, waits=[1, 2]),
    Fault("overload", refuses(503, "overloaded"), FAILED, "overloaded", "{p} is overloaded:", requests=3, waits=[1, 2]),
    Fault("dropped", drops, FAILED, "connection", "{p} cannot be reached: ask again", requests=3, waits=[1, 2]),
    Fault("cut with a clean end", cut_cleanly(HALF), CUT, "connection", "ended before the answer did:", kept=HALF),
    Fault("cut without an end", cut_hard(HALF), CUT, "connection", "The connection to {p} broke off:", kept=HALF),
    Fault("error inside", error_inside(HALF), CUT, "server", "{p} broke off with an error of its own:", kept=HALF),
    Fault(
        "rate limit inside",
        error_inside(HALF, code="rate_limit_exceeded"),
        CUT,
        "rate_limit",
        "{p} is rate-limiting us: ask again in a minute",
        kept=HALF,
    ),
    Fault("error at once", error_inside(), FAILED, "server", "{p} broke off with", requests=3, waits=[1, 2]),
    Fault("a page", html(), FAILED, "address", "A web page answered in place of {p}: pick another"),
    Fault("broken line", broken_line(HALF), CUT, "garbled", "{p} sent something that cannot be read:", kept=HALF),
    Fault("broken first line", broken_line(), FAILED, "garbled", "{p} sent something that cannot be read:"),
    Fault(
        "frames that are none", sends_no_frames, CUT, "garbled", "{p} sent something that cannot be read:", kept=HALF
    ),
    Fault("sent on", sends_on, FAILED, "address", "{p} sends its callers on to another address: pick another model"),
    Fault("length limit", says(HALF, finish="length"), CUT, "length", "reached the model's length limit", kept=HALF),
    Fault("length limit at once", says(finish="length"), FAILED, "length", "length limit before it said anything:"),
    Fault("content filter", says(finish="content_filter"), FAILED, "withheld", "{p} withheld the answer"),
    Fault("late filter", says(HALF, finish="content_filter"), CUT, "withheld", "withheld the rest", kept=HALF),
]


@pytest.fixture(params=["openai", "groq"])
def choice(request: pytest.FixtureRequest) -> ModelChoice:
    return ModelChoice(request.param)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_ends_in_its_own_sentence_and_keeps_what_came(
    keyed: Chatting, wire: WireServer, choice: ModelChoice, fault: Fault
) -> None:
    wire.answers(fault.behaviour)
    turn = keyed.ask(LEAVE, choice=choice)
    assert turn.error is not None
    assert (turn.status, turn.error.category, turn.answer) == (fault.status, fault.category, fault.kept)
    assert fault.words.format(p=label(choice.provider)) in turn.error.message
    assert (len(wire.requests), keyed.slept) == (fault.requests, list(fault.waits))
    assert "<" not in turn.error.message
    assert keyed.service.turn(keyed.bob, turn.id) == turn


def test_no_question_follows_a_server_to_another_address(
    keyed: Chatting, wire: WireServer, choice: ModelChoice
) -> None:
    elsewhere = WireServer()
    wire.answers(lambda exchange: exchange.document(308, "", Location=f"{elsewhere.url}{exchange.received.path}"))
    elsewhere.answers(WHOLE)
    assert keyed.ask(LEAVE, choice=choice).status is FAILED
    elsewhere.close()
    assert elsewhere.requests == []


def test_empty_choices_are_no_answer(keyed: Chatting, wire: WireServer, choice: ModelChoice) -> None:
    wire.answers(empty_choices)
    turn = keyed.ask(LEAVE, choice=choice)
    assert turn.error is not None
    assert (turn.status, turn.error.category, turn.answer) == (FAILED, "empty", "")
    assert keyed.slept == []


def test_the_next_question_after_a_fault_is_answered(keyed: Chatting, wire: WireServer, choice: ModelChoice) -> None:
    wire.answers(cut_hard(HALF), WHOLE)
    first = keyed.ask(LEAVE, choice=choice)
    turn = keyed.ask(LEAVE, first.conversation_id, choice=choice)
    assert (turn.status, turn.answer) == (TurnStatus.COMPLETE, f"{SENTENCE} [1]")


@pytest.mark.parametrize("arguments", ['{"query": ', '{"question": 1}'], ids=["no JSON", "wrong names"])
def test_bad_arguments_of_a_tool_are_told_to_the_model(
    keyed: Chatting, wire: WireServer, choice: ModelChoice, arguments: str
) -> None:
    wire.answers(calls_tool(SEARCH, arguments), WHOLE)
    turn = keyed.ask(LEAVE, choice=choice)
    assert (turn.status, turn.answer) == (TurnStatus.COMPLETE, f"{SENTENCE} [1]")
    assert len(wire.requests) == 2


@pytest.mark.parametrize("call", [calls_tool(SEARCH, '{"query": '), calls_tool("send_money", {})])
def test_a_model_that_cannot_use_tools_is_asked_once_without_any(
    keyed: Chatting, wire: WireServer, choice: ModelChoice, call: Behaviour
) -> None:
    wire.answers(*[call] * 4, WHOLE)
    turn = keyed.ask(LEAVE, choice=choice)
    assert (turn.status, turn.answer) == (TurnStatus.COMPLETE, f"{SENTENCE} [1]")
    assert len(wire.requests) == 5
    assert wire.requests[0].body["tools"]
    assert not wire.requests[-1].body.get("tools")


def test_a_model_that_calls_tools_it_does_not_have_is_given_up(
    keyed: Chatting, wire: WireServer, choice: ModelChoice
) -> None:
    wire.answers(calls_tool("send_money", {}))
    turn = keyed.ask(LEAVE, choice=choice)
    assert turn.error is not None
    assert (turn.status, turn.error.category) == (FAILED, "tools")
    assert "could not use its tools: ask in other words, or pick another model." in turn.error.message
    assert len(wire.requests) == 8

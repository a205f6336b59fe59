"""Answers over a real HTTP connection to a server on this computer that speaks the chat completions protocol."""

from __future__ import annotations

import threading
from decimal import Decimal

import pytest
from chatting import Chatting, ended
from wire_behaviours import begins_and_waits, calls_tool, cut_cleanly, endless, never_begins, says
from wire_server import USAGE, Behaviour, Exchange, WireServer

from assistant.chat.running import RunningTurn
from assistant.domain import ModelChoice, TurnStatus
from assistant.events import Event, ReasoningDelta, StepStarted, TextDelta

LEAVE = "How many days of annual leave do full-time employees receive?"
SENTENCE = "Full-time employees receive 27 days of annual leave."
WHOLE = says(SENTENCE[:20], SENTENCE[20:], " [", "1]")


@pytest.fixture(params=["openai", "groq"])
def choice(request: pytest.FixtureRequest) -> ModelChoice:
    return ModelChoice(request.param)


def test_an_answer_over_the_wire_is_cited_counted_and_priced(keyed: Chatting, wire: WireServer) -> None:
    wire.answers(WHOLE)
    turn = keyed.ask(LEAVE, choice=ModelChoice("openai"))
    assert (turn.status, turn.answer) == (TurnStatus.COMPLETE, f"{SENTENCE} [1]")
    assert turn.citations[0].quote == SENTENCE
    assert turn.choice == ModelChoice("openai", "gpt-6-luna")
    assert (turn.usage.input_tokens, turn.usage.output_tokens, turn.usage.estimated) == (1000, 100, False)
    assert turn.usage.cost is not None
    assert Decimal(0) < turn.usage.cost < Decimal("0.01")
    assert wire.requests[0].path == "/v1/chat/completions"
    assert wire.requests[0].body["stream"] is True


def test_groq_answers_over_the_wire(keyed: Chatting, wire: WireServer) -> None:
    wire.answers(WHOLE)
    turn = keyed.ask(LEAVE, choice=ModelChoice("groq"))
    assert (turn.status, turn.answer) == (TurnStatus.COMPLETE, f"{SENTENCE} [1]")
    assert wire.requests[0].path == "/openai/v1/chat/completions"


def test_a_stream_that_is_cut_cleanly_is_not_taken_for_whole(
    keyed: Chatting, wire: WireServer, choice: ModelChoice
) -> None:
    wire.answers(cut_cleanly("Full-time employees rec"))
    turn = keyed.ask(LEAVE, choice=choice)
    assert (turn.status, turn.answer) == (TurnStatus.CUT, "Full-time employees rec")
    assert turn.usage.estimated


def thinks(exchange: Exchange) -> None:
    exchange.begin()
    exchange.delta(**{"reasoning" if exchange.groq else "reasoning_content": "Let me see. " * 20})
    exchange.hold()


def talks(exchange: Exchange) -> None:
    exchange.begin()
    exchange.delta(content="Full-time employees rec")
    exchange.hold()


PHASES: dict[str, list[Behaviour]] = {
    "before any byte": [never_begins],
    "before the first token": [begins_and_waits],
    "while it thinks": [thinks],
    "in mid answer": [talks],
    "while it streams": [endless],
    "after a tool call": [calls_tool("search_knowledge_base", {"query": "leave"}), never_begins],
}


@pytest.mark.parametrize("phase", PHASES)
def test_stop_hangs_up_keeps_what_came_and_lets_the_next_question_through(
    keyed: Chatting, wire: WireServer, choice: ModelChoice, phase: str
) -> None:
    wire.answers(*PHASES[phase])
    running = keyed.service.ask(keyed.bob, None, LEAVE, choice)
    assert wire.wait_for_requests(len(PHASES[phase]))
    awaited = {"while it thinks": ReasoningDelta, "in mid answer": TextDelta, "while it streams": TextDelta}
    wait_for(running, awaited.get(phase, StepStarted))
    keyed.service.stop(keyed.bob, running.turn_id)
    turn = ended(running)
    assert (turn.status, turn.error) == (TurnStatus.STOPPED, None)
    assert turn.answer.startswith({"in mid answer": "Full-time", "while it streams": "word "}.get(phase, ""))
    assert turn.usage.estimated
    assert turn.usage.requests == len(PHASES[phase])
    assert turn.usage.input_tokens > 50
    assert (turn.usage.reasoning_tokens > 0) == (phase == "while it thinks")
    gone = wire.wait_for_hang_up()
    assert gone is not None
    assert gone.number == len(PHASES[phase]) - 1
    wire.answers(WHOLE)
    assert keyed.ask(LEAVE, turn.conversation_id, choice=choice).answer == f"{SENTENCE} [1]"


def wait_for(running: RunningTurn, kind: type[Event]) -> None:
    """Follow a turn until an event of this kind."""
    seen = 0
    while not any(isinstance(event, kind) for event in running.wait(seen, 10)):
        seen += 1


def test_reasoning_is_kept_apart_from_the_answer_and_counted(
    keyed: Chatting, wire: WireServer, choice: ModelChoice
) -> None:
    wire.answers(says(SENTENCE, " [1]", reasoning=["Let me ", "see."]))
    turn = keyed.ask(LEAVE, choice=choice)
    assert (turn.answer, turn.reasoning) == (f"{SENTENCE} [1]", "Let me see.")
    assert not turn.usage.estimated


def test_a_model_that_never_ends_is_broken_off(keyed: Chatting, wire: WireServer, choice: ModelChoice) -> None:
    def goes_on(exchange: Exchange) -> None:
        exchange.begin()
        while True:
            exchange.delta(content="word " * 2_000)
            exchange.pause(0.001)

    wire.answers(goes_on)
    turn = keyed.ask(LEAVE, choice=choice)
    assert (turn.status, turn.usage.estimated) == (TurnStatus.CUT, True)
    assert 200_000 <= len(turn.answer) < 300_000
    assert turn.error is not None
    assert "did not come to an end" in turn.error.message
    assert wire.wait_for_hang_up()


def test_an_answer_without_a_count_is_estimated_and_priced(
    keyed: Chatting, wire: WireServer, choice: ModelChoice
) -> None:
    wire.answers(says(SENTENCE, " [1]", counted=False))
    usage = keyed.ask(LEAVE, choice=choice).usage
    assert usage.estimated
    assert usage.output_tokens > 10
    assert usage.cost is not None
    assert usage.cost > 0


def test_ten_conversations_at_once_on_different_models_do_not_mix(keyed: Chatting, wire: WireServer) -> None:
    together = threading.Barrier(10)

    def names_itself(exchange: Exchange) -> None:
        model = str(exchange.received.body["model"])
        together.wait(30)
        exchange.begin()
        for piece in (f"The model {model} ", "on ", "Groq" if exchange.groq else "OpenAI", " says so. ", "[1]"):
            exchange.delta(content=piece)
            exchange.pause(0.001)
        exchange.finish(usage={**USAGE, "prompt_tokens": 1000 + int(model[-1])})

    choices = [ModelChoice(("openai", "groq")[n % 2], f"our-model-{n}") for n in range(10)]
    wire.answers(names_itself)
    turns: list[RunningTurn] = []
    for choice in choices * 2:
        before = turns[len(turns) - 10].conversation_id if len(turns) >= 10 else None
        if len(turns) == 10:
            assert all(ended(turn) for turn in turns)
        turns.append(keyed.service.ask(keyed.bob, before, LEAVE, choice, limited=False))
    for number, (running, choice) in enumerate(zip(turns, choices * 2, strict=True)):
        turn = ended(running)
        assert turn.choice == choice
        where = "Groq" if choice.provider == "groq" else "OpenAI"
        assert turn.answer == f"The model {choice.model} on {where} says so. [1]"
        assert turn.usage.input_tokens == 1000 + number % 10
    for request in wire.requests[10:]:
        said = [message["content"] for message in request.body["messages"] if message["role"] == "assistant"]
        assert len(said) == 1
        assert f"The model {request.body['model']} on" in str(said[0])

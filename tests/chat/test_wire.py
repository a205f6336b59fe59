"""Answers over a real HTTP connection to a server on this computer that speaks the chat completions protocol."""

from __future__ import annotations

from decimal import Decimal

import pytest
from chatting import Chatting, ended
from wire_behaviours import cut_cleanly, endless, says
from wire_server import WireServer

from assistant.domain import ModelChoice, TurnStatus

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


def test_stop_hangs_up_on_the_provider(keyed: Chatting, wire: WireServer, choice: ModelChoice) -> None:
    wire.answers(endless)
    running = keyed.service.ask(keyed.bob, None, LEAVE, choice)
    assert wire.wait_for_requests(1)
    keyed.service.stop(keyed.bob, running.turn_id)
    assert ended(running).status is TurnStatus.STOPPED
    assert wire.wait_for_hang_up()

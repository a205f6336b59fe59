"""What every provider's adapter does when its provider refuses, breaks off, or the person stops."""

from __future__ import annotations

from functools import partial

import pytest
from chatting import Chatting, ended
from contract.adapters import Adapter
from contract.beginnings import begins_and_ends, begins_and_waits
from contract.peers import Peer, Refuses
from pydantic import SecretStr
from wire_server import WireServer

from assistant.domain import TurnStatus
from assistant.events import TextDelta

LEAVE = "How many days of annual leave do full-time employees receive?"
BEGINNING = "Full-time employees rec"
LONG = 60.0
TOO_LONG = "prompt is too long: 250000 tokens > 200000 maximum. This model's maximum context length is exceeded."


@pytest.mark.parametrize(
    ("refusal", "category"),
    [
        (Refuses(401, "invalid_api_key", "Incorrect API key provided."), "key"),
        (Refuses(404, "model_not_found", "The model does not exist."), "model"),
        (Refuses(429, "rate_limit_exceeded", "Rate limit reached."), "rate_limit"),
        (Refuses(400, "context_length_exceeded", TOO_LONG), "context"),
        (Refuses(503, "server_error", "The service is overloaded."), "overloaded"),
    ],
    ids=lambda value: value if isinstance(value, str) else str(value.status),
)
def test_a_refusal_ends_in_its_own_sentence(
    with_peer: Chatting, adapter: Adapter, peer: Peer, refusal: Refuses, category: str
) -> None:
    peer.plays(refusal)
    turn = with_peer.ask(LEAVE, choice=adapter.choice)
    assert turn.status is TurnStatus.FAILED
    assert turn.error is not None
    assert turn.error.category == category
    assert refusal.message not in turn.error.message
    assert turn.answer == ""


def test_a_key_stands_neither_in_the_turn_nor_in_the_log(
    with_peer: Chatting, adapter: Adapter, peer: Peer, caplog: pytest.LogCaptureFixture
) -> None:
    peer.plays(Refuses(401, "invalid_api_key", "Incorrect API key provided."))
    turn = with_peer.ask(LEAVE, choice=adapter.choice)
    secrets = [value for _, value in with_peer.settings if isinstance(value, SecretStr)]
    told = repr(turn) + caplog.text
    assert turn.error is not None
    assert not [secret for secret in secrets if secret.get_secret_value() in told]


def test_an_unknown_model_is_told_after_one_request(with_peer: Chatting, adapter: Adapter, peer: Peer) -> None:
    peer.plays(Refuses(404, "model_not_found", "The model does not exist."))
    turn = with_peer.ask(LEAVE, choice=adapter.choice)
    assert turn.error is not None
    assert not turn.error.retryable
    assert len(peer.seen()) == 1


def test_an_answer_that_was_cut_is_kept_and_never_taken_for_whole(
    with_wire: Chatting, adapter: Adapter, wire: WireServer
) -> None:
    wire.answers(partial(begins_and_ends, text=BEGINNING))
    turn = with_wire.ask(LEAVE, choice=adapter.choice)
    assert (turn.status, turn.answer) == (TurnStatus.CUT, BEGINNING)
    assert turn.error is not None
    assert turn.error.retryable
    assert turn.usage.estimated


def test_stop_keeps_what_came_and_hangs_up_on_the_provider(
    with_wire: Chatting, adapter: Adapter, wire: WireServer
) -> None:
    wire.answers(partial(begins_and_waits, text=BEGINNING))
    running = with_wire.service.ask(with_wire.bob, None, LEAVE, adapter.choice)
    seen = 0
    while not any(isinstance(event, TextDelta) for event in running.wait(0, 0)):
        assert not running.finished, running.result(0).turn.error
        seen += len(running.wait(seen, LONG))
    with_wire.service.stop(with_wire.bob, running.turn_id)
    turn = ended(running)
    assert (turn.status, turn.answer) == (TurnStatus.STOPPED, BEGINNING)
    assert turn.usage.estimated
    assert wire.wait_for_hang_up() is not None

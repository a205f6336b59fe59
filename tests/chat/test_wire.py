"""Answers over a real HTTP connection to a server on this computer that speaks the chat completions protocol."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from chatting import Chatting, ended

from assistant.domain import ModelChoice, TurnStatus
from assistant.settings import Settings

LEAVE = "How many days of annual leave do full-time employees receive?"
SENTENCE = "Full-time employees receive 27 days of annual leave."
Behaviour = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    """Answers as the peer's behaviour says and keeps the requests."""

    protocol_version = "HTTP/1.1"
    peer: Peer

    def do_POST(self) -> None:
        size = int(self.headers["Content-Length"])
        self.peer.requests.append((self.path, json.loads(self.rfile.read(size))))
        self.close_connection = True
        self.peer.behaviour(self)

    def log_message(self, format: str, *args: object) -> None:
        """Stay quiet."""

    def begin_stream(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()

    def chunk(self, text: str = "", finish: str | None = None, usage: dict[str, int] | None = None) -> None:
        choices = [{"index": 0, "delta": {"role": "assistant", "content": text}, "finish_reason": finish}]
        self.event({"choices": [] if usage else choices, "usage": usage})

    def event(self, values: dict[str, Any]) -> None:
        frame = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "gpt-6-luna", **values}
        self.wfile.write(f"data: {json.dumps(frame)}\n\n".encode())
        self.wfile.flush()

    def refuse(self, status: int, code: str, **headers: str) -> None:
        body = json.dumps({"error": {"message": "no", "type": code, "code": code}}).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


class Peer:
    """A server on a port of its own."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.behaviour: Behaviour = whole_answer
        handler = type("PeerHandler", (Handler,), {"peer": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def whole_answer(handler: Handler) -> None:
    handler.begin_stream()
    for piece in (SENTENCE[:20], SENTENCE[20:], " [", "1]"):
        handler.chunk(piece)
    handler.chunk(finish="stop")
    handler.chunk(usage={"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100})
    handler.wfile.write(b"data: [DONE]\n\n")


def cut_cleanly(handler: Handler) -> None:
    handler.begin_stream()
    handler.chunk("Full-time employees rec")


@pytest.fixture
def peer(monkeypatch: pytest.MonkeyPatch) -> Iterator[Peer]:
    peer = Peer()
    monkeypatch.setenv("OPENAI_BASE_URL", f"{peer.url}/v1")
    monkeypatch.setenv("GROQ_BASE_URL", peer.url)
    yield peer
    peer.close()


@pytest.fixture(params=["openai", "groq"])
def choice(request: pytest.FixtureRequest) -> ModelChoice:
    return ModelChoice(request.param)


@pytest.fixture
def keyed(chatting: Chatting, peer: Peer) -> Iterator[Chatting]:
    """The chat with a key that no other test uses, so that no kept client answers."""
    keys = {"OPENAI_API_KEY": f"key-{peer.url}", "GROQ_API_KEY": f"key-{peer.url}"}
    chatting.settings = Settings(data_dir=chatting.settings.data_dir, _env_file=None, **keys)  # type: ignore[arg-type,call-arg]
    chatting.service.close()
    chatting.service = chatting.new_service()
    yield chatting
    chatting.service.close()


def test_an_answer_over_the_wire_is_cited_counted_and_priced(keyed: Chatting, peer: Peer) -> None:
    turn = keyed.ask(LEAVE, choice=ModelChoice("openai"))
    assert (turn.status, turn.answer) == (TurnStatus.COMPLETE, f"{SENTENCE} [1]")
    assert turn.citations[0].quote == SENTENCE
    assert turn.choice == ModelChoice("openai", "gpt-6-luna")
    assert (turn.usage.input_tokens, turn.usage.output_tokens, turn.usage.estimated) == (1000, 100, False)
    assert turn.usage.cost is not None
    assert Decimal(0) < turn.usage.cost < Decimal("0.01")
    path, body = peer.requests[0]
    assert path == "/v1/chat/completions"
    assert body["stream"] is True


def test_groq_answers_over_the_wire(keyed: Chatting, peer: Peer) -> None:
    turn = keyed.ask(LEAVE, choice=ModelChoice("groq"))
    assert (turn.status, turn.answer) == (TurnStatus.COMPLETE, f"{SENTENCE} [1]")
    assert peer.requests[0][0] == "/openai/v1/chat/completions"


def test_a_stream_that_is_cut_cleanly_is_not_taken_for_whole(keyed: Chatting, peer: Peer, choice: ModelChoice) -> None:
    peer.behaviour = cut_cleanly
    turn = keyed.ask(LEAVE, choice=choice)
    assert (turn.status, turn.answer) == (TurnStatus.CUT, "Full-time employees rec")
    assert turn.usage.estimated


@pytest.mark.parametrize(
    ("status", "code", "category"),
    [(401, "invalid_api_key", "key"), (429, "rate_limit_exceeded", "rate_limit"), (503, "overloaded", "overloaded")],
)
def test_refusals_are_explained_after_a_single_request(
    keyed: Chatting, peer: Peer, choice: ModelChoice, status: int, code: str, category: str
) -> None:
    peer.behaviour = lambda handler: handler.refuse(status, code, **{"Retry-After": "1"})
    turn = keyed.ask(LEAVE, choice=choice)
    assert turn.status is TurnStatus.FAILED
    assert turn.error is not None
    assert turn.error.category == category
    assert len(peer.requests) == 1


def test_stop_hangs_up_on_the_provider(keyed: Chatting, peer: Peer, choice: ModelChoice) -> None:
    begun, gone = threading.Event(), threading.Event()

    def endless(handler: Handler) -> None:
        handler.begin_stream()
        try:
            while True:
                handler.chunk("word ")
                begun.set()
        except OSError:
            gone.set()

    peer.behaviour = endless
    running = keyed.service.ask(keyed.bob, None, LEAVE, choice)
    assert begun.wait(20)
    keyed.service.stop(keyed.bob, running.turn_id)
    assert ended(running).status is TurnStatus.STOPPED
    assert gone.wait(10)

"""A server on this computer that speaks the chat completions wires of OpenAI and Groq, well or badly as told.

::

    server = WireServer()  # what it can be told stands in wire_behaviours
    server.answers(refuses(429, "rate_limit_exceeded", retry_after=1), says("Employees receive 27 days. [1]"))

The first request gets the first behaviour and so on; the last one stays. ``server.url`` is the root: OpenAI's base
address is ``{url}/v1``, Groq's is ``{url}`` itself (its SDK adds ``/openai/v1``). A behaviour answers plain requests
and streamed ones, and speaks the wire of the path it is asked at: Groq counts in ``x_groq.usage`` and thinks in
``reasoning``, OpenAI counts in a last chunk without choices and servers like it think in ``reasoning_content``.
Times are ``time.perf_counter()``.
"""

from __future__ import annotations

import json
import select
import socket
import struct
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

LOOK_SECONDS = 0.005
"""How often a waiting answer looks whether it may go on; a hang-up is seen at once."""
USAGE = {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100}
MODELS = ("gpt-6-luna", "openai/gpt-oss-20b")


@dataclass(frozen=True)
class Received:
    """One request as it came. ``number`` counts from 0."""

    number: int
    at: float
    path: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]


@dataclass(frozen=True)
class HungUp:
    """The client closed the connection of request ``number`` before its answer was complete."""

    number: int
    at: float


class ClientGone(Exception):  # not an error: the other side hung up
    """Raised inside a behaviour when the client has hung up or the server closes."""


Behaviour = Callable[["Exchange"], None]


class WireServer:
    """The server on a port of its own, running until ``close``. ``sent`` are the times of all text pieces sent."""

    def __init__(self, *, keep_alive: bool = False) -> None:
        self.requests: list[Received] = []
        self.hung_up: list[HungUp] = []
        self.sent: list[float] = []
        self.closing = threading.Event()
        self.keep_alive = keep_alive
        self.models: list[dict[str, Any]] = [{"id": name, "object": "model"} for name in MODELS]
        self._behaviours: list[Behaviour] = [_not_told]
        self._news = threading.Condition()
        handler = type("WireHandler", (_Handler,), {"wire": self})
        self._server = _Server(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def answers(self, *behaviours: Behaviour) -> None:
        """Answer the coming requests like this, in order; the last behaviour stays."""
        with self._news:
            self._behaviours = list(behaviours)

    def receive(self, path: str, headers: Mapping[str, str], body: Mapping[str, Any]) -> tuple[Received, Behaviour]:
        """Keep a request; return it with what answers it."""
        with self._news:
            received = Received(len(self.requests), time.perf_counter(), path, headers, body)
            self.requests.append(received)
            behaviour = self._behaviours.pop(0) if len(self._behaviours) > 1 else self._behaviours[0]
            self._news.notify_all()
        return received, behaviour

    def left(self, number: int) -> None:
        """Keep a hang-up."""
        with self._news:
            self.hung_up.append(HungUp(number, time.perf_counter()))
            self._news.notify_all()

    def wait_for_requests(self, count: int, timeout: float = 20.0) -> bool:
        """Wait until so many requests have come."""
        with self._news:
            return self._news.wait_for(lambda: len(self.requests) >= count, timeout)

    def wait_for_hang_up(self, timeout: float = 20.0) -> HungUp | None:
        """Wait for the first hang-up."""
        with self._news:
            self._news.wait_for(lambda: bool(self.hung_up), timeout)
            return self.hung_up[0] if self.hung_up else None

    def close(self) -> None:
        """End all answers and the server."""
        self.closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.hang_up()
        self._server.server_close()


class Exchange:
    """One request and the ways to answer it; the frames are those of the wire it came by."""

    def __init__(self, received: Received, handler: _Handler, wire: WireServer) -> None:
        self.received = received
        self.streamed = bool(received.body.get("stream"))
        self.groq = received.path.startswith("/openai/")
        self._handler = handler
        self._socket = handler.connection
        self._wire = wire

    def document(self, status: int, body: str, media_type: str = "application/json", **headers: str) -> None:
        """Answer with a whole body at once."""
        data = body.encode()
        self._head(status, media_type, {"Content-Length": str(len(data)), **headers})
        self._write(data)

    def begin(self, media_type: str = "text/event-stream") -> None:
        """Begin a stream."""
        self._head(200, media_type, {"Transfer-Encoding": "chunked"})

    def line(self, text: str) -> None:
        """Send one SSE block of any text."""
        self.block(f"{text}\n\n".encode())

    def block(self, data: bytes) -> None:
        """Send any bytes of the stream at once."""
        self._write(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    def frame(self, **values: object) -> None:
        """Send one frame of the stream."""
        model = self.received.body.get("model", "")
        head = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": model}
        self.line(f"data: {json.dumps({**head, **values})}")

    def delta(self, finish: str | None = None, **delta: object) -> None:
        """Send a frame with one choice."""
        self.frame(choices=[{"index": 0, "delta": {"role": "assistant", **delta}, "finish_reason": finish}])
        self._wire.sent.append(time.perf_counter())

    def finish(self, reason: str = "stop", usage: Mapping[str, int] | None = USAGE) -> None:
        """Send the end of a whole answer: its reason, the count of tokens, the end mark and the end of the stream."""
        ended = [{"index": 0, "delta": {}, "finish_reason": reason}]
        if self.groq:
            self.frame(choices=ended, **({"x_groq": {"id": "r1", "usage": dict(usage)}} if usage else {}))
        else:
            self.frame(choices=ended)
            if usage:
                self.frame(choices=[], usage=dict(usage))
        self.line("data: [DONE]")
        self.end()

    def end(self) -> None:
        """End the stream cleanly, whatever has been said."""
        self._write(b"0\r\n\r\n")

    def reset(self) -> None:
        """Break the connection off: the client gets a reset instead of an end."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._handler.close_connection = True
        self._socket.close()

    def hold(self, event: threading.Event | None = None) -> None:
        """Wait for the event, for ever without one; raises ClientGone at once when the client hangs up."""
        while event is None or not event.is_set():
            self._look(LOOK_SECONDS)

    def pause(self, seconds: float) -> None:
        """Let time pass, as a provider that thinks; raises ClientGone at once when the client hangs up."""
        until = time.perf_counter() + seconds
        while (left := until - time.perf_counter()) > 0:
            self._look(left)

    def _look(self, seconds: float) -> None:
        readable, _, _ = select.select([self._socket], [], [], seconds)
        if self._wire.closing.is_set() or (readable and not self._socket.recv(1, socket.MSG_PEEK)):
            raise ClientGone

    def _head(self, status: int, media_type: str, headers: Mapping[str, str]) -> None:
        handler = self._handler
        handler.send_response(status)
        kept = {} if self._wire.keep_alive else {"Connection": "close"}
        for name, value in {"Content-Type": media_type, **kept, **headers}.items():
            handler.send_header(name, value)
        handler.end_headers()

    def _write(self, data: bytes) -> None:
        self._look(0)
        self._handler.wfile.write(data)


def closed_port() -> int:
    """Return a port where nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _not_told(exchange: Exchange) -> None:
    exchange.document(500, json.dumps({"error": {"message": "the test told this server no answer"}}))


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wire: WireServer

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        received, behaviour = self.wire.receive(self.path, dict(self.headers), body)
        self.close_connection = not self.wire.keep_alive
        try:
            behaviour(Exchange(received, self, self.wire))
        except (ClientGone, OSError):
            self.close_connection = True
            self.wire.left(received.number)

    def do_GET(self) -> None:
        received, _ = self.wire.receive(self.path, dict(self.headers), {})
        listed = json.dumps({"object": "list", "data": self.wire.models})
        Exchange(received, self, self.wire).document(200, listed)

    def log_message(self, format: str, *args: object) -> None:
        """Stay quiet."""


class _Server(ThreadingHTTPServer):
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], handler: type[_Handler]) -> None:
        super().__init__(address, handler)
        self._open: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that a behaviour broke off is no error."""

    def hang_up(self) -> None:
        """Close what clients have left open."""
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

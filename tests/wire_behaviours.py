"""What a WireServer can be told to do with a request: whole answers, and every fault that providers have shown."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from wire_server import USAGE, Behaviour, Exchange

Piece = str | threading.Event
"""Text, or a place where the answer waits until the test sets the event."""


def says(*pieces: Piece, reasoning: Sequence[str] = (), finish: str = "stop", counted: bool = True) -> Behaviour:
    """Answer whole: first what it thinks, then the text, piece by piece."""

    def behave(exchange: Exchange) -> None:
        if not exchange.streamed:
            for piece in pieces:
                if isinstance(piece, threading.Event):
                    exchange.hold(piece)
            text = "".join(piece for piece in pieces if isinstance(piece, str))
            _complete(exchange, {"content": text}, finish)
            return
        exchange.begin()
        for thought in reasoning:
            exchange.delta(**{"reasoning" if exchange.groq else "reasoning_content": thought})
        _send(exchange, pieces)
        exchange.finish(finish, USAGE if counted else None)

    return behave


def paced(pieces: Sequence[str], first_token: float, gap: float = 0.0) -> Behaviour:
    """Answer whole, the first piece after ``first_token`` seconds, each other one ``gap`` seconds after the last."""

    def behave(exchange: Exchange) -> None:
        exchange.pause(first_token)
        if not exchange.streamed:
            _complete(exchange, {"content": "".join(pieces)}, "stop")
            return
        exchange.begin()
        for number, piece in enumerate(pieces):
            exchange.pause(gap if number else 0)
            exchange.delta(content=piece)
        exchange.finish()

    return behave


def calls_tool(name: str, arguments: Mapping[str, Any] | str, *before: Piece, call_id: str = "call_1") -> Behaviour:
    """Call a tool; ``arguments`` as a text are sent as they are, also when they are no JSON."""
    written = arguments if isinstance(arguments, str) else json.dumps(arguments)

    def behave(exchange: Exchange) -> None:
        function = {"name": name, "arguments": written}
        if not exchange.streamed:
            call = {"id": call_id, "type": "function", "function": function}
            _complete(exchange, {"content": None, "tool_calls": [call]}, "tool_calls")
            return
        exchange.begin()
        _send(exchange, before)
        half = len(written) // 2
        opened = {"name": name, "arguments": written[:half]}
        exchange.delta(tool_calls=[{"index": 0, "id": call_id, "type": "function", "function": opened}])
        exchange.delta(tool_calls=[{"index": 0, "function": {"arguments": written[half:]}}])
        exchange.finish("tool_calls")

    return behave


def structures(values: Mapping[str, Any], first_token: float = 0.0) -> Behaviour:
    """Answer with a structure, ``first_token`` seconds later: by the tool that is asked for, else as JSON text."""

    def behave(exchange: Exchange) -> None:
        exchange.pause(first_token)
        tools = exchange.received.body.get("tools")
        if tools:
            calls_tool(tools[0]["function"]["name"], values)(exchange)
        else:
            says(json.dumps(values))(exchange)

    return behave


def refuses(status: int, code: str, message: str = "no", retry_after: float | str | None = None) -> Behaviour:
    """Refuse with an error as the providers write them."""

    def behave(exchange: Exchange) -> None:
        headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
        body = {"error": {"message": message, "type": code, "code": code}}
        exchange.document(status, json.dumps(body), **headers)

    return behave


def html(status: int = 200) -> Behaviour:
    """Answer with a page for people, as proxies and sign-in walls do."""
    page = "<html><body>Sign in to <script>alert(1)</script> the proxy</body></html>"
    return lambda exchange: exchange.document(status, page, "text/html")


def drops(exchange: Exchange) -> None:
    """Break the connection off before any byte."""
    exchange.reset()


def never_begins(exchange: Exchange) -> None:
    """Take the request and say nothing at all."""
    exchange.hold()


def begins_and_waits(exchange: Exchange) -> None:
    """Begin a stream and then say nothing."""
    exchange.begin()
    exchange.hold()


def cut_cleanly(*pieces: Piece) -> Behaviour:
    """End the stream in the middle of the answer, as a gateway does whose upstream died."""

    def behave(exchange: Exchange) -> None:
        exchange.begin()
        _send(exchange, pieces)
        exchange.end()

    return behave


def cut_hard(*pieces: Piece) -> Behaviour:
    """Break the connection off in the middle of the answer."""

    def behave(exchange: Exchange) -> None:
        exchange.begin()
        _send(exchange, pieces)
        exchange.pause(0.05)  # a reset throws away what the client has not read yet
        exchange.reset()

    return behave


def error_inside(*pieces: Piece, code: str = "server_error", message: str = "The model crashed.") -> Behaviour:
    """Send an error in the stream, after some text."""

    def behave(exchange: Exchange) -> None:
        exchange.begin()
        _send(exchange, pieces)
        error = json.dumps({"error": {"message": message, "type": code, "code": code}})
        exchange.line(f"event: error\ndata: {error}" if exchange.groq else f"data: {error}")
        exchange.end()

    return behave


def refuses_a_call_inside(generation: str) -> Behaviour:
    """Think, and then refuse the tool call that the model wrote, as Groq does in a stream."""

    def behave(exchange: Exchange) -> None:
        exchange.begin()
        exchange.delta(reasoning="I look it up.")
        error = {"message": "Failed to call a function.", "type": "invalid_request_error", "code": "tool_use_failed"}
        exchange.line(f"event: error\ndata: {json.dumps({'error': {**error, 'failed_generation': generation}})}")
        exchange.end()

    return behave


def broken_line(*pieces: Piece) -> Behaviour:
    """Send half a frame after some text, and then the rest as if nothing had been."""

    def behave(exchange: Exchange) -> None:
        exchange.begin()
        _send(exchange, pieces)
        exchange.line('data: {"id": "c1", "choices": [{"ind')
        exchange.finish()

    return behave


def empty_choices(exchange: Exchange) -> None:
    """Answer with frames that have no choices."""
    if not exchange.streamed:
        exchange.document(200, json.dumps({"id": "c1", "object": "chat.completion", "created": 1, "choices": []}))
        return
    exchange.begin()
    exchange.frame(choices=[])
    exchange.line("data: [DONE]")
    exchange.end()


def endless(exchange: Exchange) -> None:
    """Send words until the client hangs up."""
    exchange.begin()
    while True:
        exchange.delta(content="word ")
        exchange.pause(0.01)


def _send(exchange: Exchange, pieces: Sequence[Piece]) -> None:
    for piece in pieces:
        if isinstance(piece, threading.Event):
            exchange.hold(piece)
        else:
            exchange.delta(content=piece)


def _complete(exchange: Exchange, message: Mapping[str, Any], finish: str) -> None:
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish}
    head = {"id": "c1", "object": "chat.completion", "created": 1, "model": exchange.received.body.get("model", "")}
    exchange.document(200, json.dumps({**head, "choices": [choice], "usage": USAGE}))
